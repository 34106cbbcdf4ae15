//! The licence: read from its file, parsed, and the day on which that was.

use crate::model::facts::{Fact, LicenceFacts, Trouble};
use crate::model::survey::LicenceSource;

/// Reads a licence.
pub async fn licence(_source: &LicenceSource) -> LicenceFacts {
    LicenceFacts { licence: Fact::Missing(Trouble::Unasked), ..LicenceFacts::default() }
}
