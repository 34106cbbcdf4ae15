//! Octopus Server itself on this machine: its program, its instances, its service.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::Fact;
use crate::model::untrusted::Untrusted;

/// What the survey of Octopus Server learns. Its program is run to tell its version and its instances; nothing is changed.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct OctopusFacts {
    /// The program; `None` where there is none in any of the usual places.
    pub program: Fact<Option<PathBuf>>,
    /// The version that it tells.
    pub version: Fact<Untrusted>,
    /// The instances that it knows: name and config file.
    pub instances: Fact<Vec<(Untrusted, Untrusted)>>,
    /// The service of this instance: its name, where there is one.
    pub service: Fact<Option<Untrusted>>,
}
