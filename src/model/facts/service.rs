//! The service account that was asked for.

use serde::{Deserialize, Serialize};

use super::{Access, Fact};

/// What the survey of the service account screen learns.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ServiceFacts {
    /// Whether this host knows the account; missing where it cannot tell.
    pub account: Fact<bool>,
    /// What the account may do in the home directory, or in the one that the wizard would make; missing where the host cannot
    /// tell.
    pub home: Fact<Access>,
    /// Whether the wizard runs with the rights that installing a service takes (root or an elevated administrator).
    pub elevated: Fact<bool>,
}
