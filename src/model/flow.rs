//! The flows.

use serde::{Deserialize, Serialize};

use super::choice::ids;

ids! {
    /// A path through the screens. Its id is its word on the command line.
    #[derive(Serialize, Deserialize)]
    #[serde(rename_all = "kebab-case")]
    pub enum Flow {
        /// Getting started: the first node of a new cluster.
        FirstNode = "first-node",
        /// Add this server as a node of an existing cluster.
        Join = "join",
        /// Review a node that exists: everything is looked at, and nothing is written.
        Review = "review",
        /// Change what may be changed of a node that exists.
        Edit = "edit",
        /// This node leaves its cluster.
        Leave = "leave",
        /// A dead node of somebody else's goes from the cluster's registry.
        Remove = "remove",
    }
}

impl Flow {
    /// Returns whether it begins with a node that exists, and changes it or its cluster.
    pub const fn changes_a_node(self) -> bool {
        match self {
            Self::Edit | Self::Leave | Self::Remove => true,
            Self::FirstNode | Self::Join | Self::Review => false,
        }
    }
}
