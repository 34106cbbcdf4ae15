//! The cluster in the database: its nodes, the evidence that a master key is judged by, and changes of its rows.

mod evidence;
mod verify;

use super::handle::SqlServer;
use crate::model::facts::{ClusterFacts, Trouble};
use crate::model::key_verdict::KeyVerdict;
use crate::model::master_key::MasterKey;
use crate::model::registry::{Changed, Initialised, NewCluster, RowChange};
use crate::model::target::Target;

impl SqlServer {
    /// Looks at the cluster and its nodes. One round trip on the kept session.
    pub async fn cluster(&self, _target: &Target, _fresh: bool) -> ClusterFacts {
        ClusterFacts::default()
    }

    /// Judges a master key by what the database holds.
    ///
    /// # Errors
    /// The way to the server, or an error of the server: then there is no verdict.
    pub async fn key_verdict(&self, _target: &Target, _key: &MasterKey) -> Result<KeyVerdict, Trouble> {
        Err(Trouble::Unasked)
    }

    /// Creates the registry in a database that Octopus made.
    pub async fn adopt(&self, _target: &Target, _cluster: &NewCluster) -> Result<Initialised, Trouble> {
        Err(Trouble::Unasked)
    }

    /// Changes one node's row.
    pub async fn change(&self, _target: &Target, _change: &RowChange) -> Result<Changed, Trouble> {
        Err(Trouble::Unasked)
    }

    /// Takes a change back.
    pub async fn unchange(&self, _target: &Target, _change: &RowChange) -> Result<Changed, Trouble> {
        Err(Trouble::Unasked)
    }
}
