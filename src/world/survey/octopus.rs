//! Octopus Server itself on this machine.

use std::path::Path;

use crate::model::facts::{Fact, OctopusFacts, Trouble};
use crate::world::places::Places;

/// Looks for the program, and asks it for its version and its instances.
pub async fn octopus(_places: &Places, _program: Option<&Path>, _instance: &str, mut report: impl FnMut(OctopusFacts) + Send) {
    report(OctopusFacts {
        program: Fact::Seen(None),
        version: Fact::Missing(Trouble::Unasked),
        instances: Fact::Missing(Trouble::Unasked),
        service: Fact::Missing(Trouble::Unasked),
    });
}
