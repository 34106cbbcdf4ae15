//! What was observed: of the server, the database, the host and the home directory.
//!
//! Facts are snapshots. A survey sends a new snapshot whenever something more is known, and every check judges the
//! latest one; so the live list on a screen is only a rendering.

use serde::{Deserialize, Serialize};

use crate::model::registry::CanaryRow;

mod cluster;
mod machine;
mod node;
mod sql_server;
mod storage;
mod trouble;

pub use cluster::*;
pub use machine::*;
pub use node::*;
pub use sql_server::*;
pub use storage::*;
pub use trouble::*;

/// One thing that a survey looks for.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum Fact<T> {
    /// Not looked for yet, or still being looked for.
    #[default]
    Unknown,
    Seen(T),
    /// It could not be learnt, and why. One missing view costs only its own fact.
    Missing(Trouble),
}

impl<T> Fact<T> {
    pub fn seen(&self) -> Option<&T> {
        match self {
            Self::Seen(value) => Some(value),
            Self::Unknown | Self::Missing(_) => None,
        }
    }

    /// Converts what was seen.
    pub fn map<U>(self, form: impl FnOnce(T) -> U) -> Fact<U> {
        match self {
            Self::Unknown => Fact::Unknown,
            Self::Seen(value) => Fact::Seen(form(value)),
            Self::Missing(trouble) => Fact::Missing(trouble),
        }
    }

    pub fn trouble(&self) -> Option<&Trouble> {
        match self {
            Self::Missing(trouble) => Some(trouble),
            Self::Unknown | Self::Seen(_) => None,
        }
    }

    /// Returns whether it is neither seen nor known to be missing.
    pub fn is_unknown(&self) -> bool {
        matches!(self, Self::Unknown)
    }
}

impl<T> From<Result<T, Trouble>> for Fact<T> {
    fn from(read: Result<T, Trouble>) -> Self {
        match read {
            Ok(value) => Self::Seen(value),
            Err(trouble) => Self::Missing(trouble),
        }
    }
}

/// All facts at hand for the current answers.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Facts {
    pub machine: Machine,
    /// The home directory asked for.
    pub home: HomeFacts,
    /// The service account asked for.
    pub service: ServiceFacts,
    /// The server and the database asked for.
    pub server: ServerFacts,
    /// The ports asked for.
    pub ports: PortsFacts,
    /// The cluster in the database.
    pub cluster: ClusterFacts,
    /// The master key's verdict.
    pub key: KeyFacts,
    /// The file that the master key is to be saved to.
    pub key_file: KeyFileFacts,
    /// The node under review.
    pub node: NodeFacts,
    /// The shared folders.
    pub storage: StorageFacts,
    /// Canaries of the registry that the folders did not have, as long as no second look at the registry has confirmed them: another
    /// node's run may leave or take back its own at this moment.
    pub doubted_canaries: Vec<CanaryRow>,
    pub licence: LicenceFacts,
    /// Octopus Server on this machine.
    pub octopus: OctopusFacts,
    /// The health of the node under review.
    pub health: HealthFacts,
}
