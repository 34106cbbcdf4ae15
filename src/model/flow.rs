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
    /// Review a node that exists: everything is looked at, and nothing is written.
    Review,
    /// Change what may be changed of a node that exists.
    Edit,
    /// This node leaves its cluster.
    Leave,
    /// A dead node of somebody else's goes from the cluster's registry.
    Remove,
}

impl Flow {
    /// Every flow.
    pub const ALL: [Self; 6] = [Self::FirstNode, Self::Join, Self::Review, Self::Edit, Self::Leave, Self::Remove];

    /// Its word on the command line.
    pub const fn id(self) -> &'static str {
        match self {
            Self::FirstNode => "first-node",
            Self::Join => "join",
            Self::Review => "review",
            Self::Edit => "edit",
            Self::Leave => "leave",
            Self::Remove => "remove",
        }
    }
}
