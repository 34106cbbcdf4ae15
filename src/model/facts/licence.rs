//! The licence that was pasted or is in a file.

use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use time::Date;

use super::Fact;
use crate::model::licence::{Licence, NotALicence};

/// What the survey of the licence screen learns.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct LicenceFacts {
    /// The licence, or why it is none.
    pub licence: Fact<Result<Licence, NotALicence>>,
    /// Its XML, as Octopus Server takes it.
    #[serde(with = "crate::model::stand_in::presence")]
    pub text: Option<SecretString>,
    /// The day, UTC, by this machine's clock.
    #[serde(with = "crate::model::day::optional")]
    pub today: Option<Date>,
}

/// Texts are compared by what was read in them: equal XML is equal licences.
impl PartialEq for LicenceFacts {
    fn eq(&self, other: &Self) -> bool {
        self.licence == other.licence && self.text.is_some() == other.text.is_some() && self.today == other.today
    }
}
