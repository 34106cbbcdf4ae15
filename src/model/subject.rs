//! The subject of a review: an instance of this machine.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// An instance, by its config file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subject {
    /// Empty if only the file is known.
    pub instance: String,
    /// The node config, or `OctopusServer.config`.
    pub config: PathBuf,
    /// Who made it.
    pub maker: Maker,
}

/// Who made an instance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Maker {
    /// This wizard, which left a node config.
    Wizard,
    /// Octopus Server itself, or its own tools: there is only `OctopusServer.config`, which is read and never written.
    Octopus,
}
