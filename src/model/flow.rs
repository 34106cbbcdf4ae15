//! The flows.

use serde::{Deserialize, Serialize};

/// A path through the screens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Flow {
    /// Getting started: the first node of a new cluster.
    FirstNode,
    /// Add this server as a node of an existing cluster.
    Join,
    /// Review a node that exists.
    Review,
}

impl Flow {
    /// Its word on the command line.
    pub const fn id(self) -> &'static str {
        match self {
            Self::FirstNode => "first-node",
            Self::Join => "join",
            Self::Review => "review",
        }
    }
}
