//! `OctopusServer.config`, as far as it is compared with a node config. Read and never written.

use serde::{Deserialize, Serialize};

use super::answers::Raw;
use super::field::FieldId;
use super::untrusted::Untrusted;

/// The settings of one instance of Octopus Server (facts/octopus.md section 2).
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct OctopusConfig {
    /// The file.
    pub path: Untrusted,
    /// What it says, as answers. A setting that is not in the file is not here: Octopus then takes its own default.
    pub said: Vec<(FieldId, Raw)>,
    /// Whether it has a connection string that could be read.
    pub has_connection: bool,
    /// Whether `Octopus.Storage.MasterKey` is there. It is protected by the machine and is not opened.
    pub has_master_key: bool,
    /// What could not be used, as sentences.
    pub unused: Vec<Untrusted>,
}

impl OctopusConfig {
    /// What it says of a setting.
    pub fn get(&self, field: FieldId) -> Option<&Raw> {
        self.said.iter().find(|(other, _)| *other == field).map(|(_, raw)| raw)
    }

    /// The same as text, which a secret has none of.
    pub fn text(&self, field: FieldId) -> Option<&str> {
        match self.get(field)? {
            Raw::Text(text) => Some(text.trim()),
            Raw::Secret(_) => None,
        }
    }
}
