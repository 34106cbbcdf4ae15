//! What the installer asks of the cluster's database, and its answers from a real server.

use std::future::Future;

use crate::model::cluster::ClusterId;
use crate::model::facts::{Content, NodeSeen, Trouble};
use crate::model::master_key::MasterKey;
use crate::model::registry::{
    CreatedDatabase, DropObstacle, InitialiseOutcome, NewCluster, RegisterOutcome, RowChange, RowChangeOutcome, StorageRows,
    VerifiedCluster,
};
use crate::model::target::Target;
use crate::world::sqlserver::{Membership, SqlServer, Undone};

/// The database side of a plan. The real one is [`crate::world::sqlserver`]; tests script one, so that a crash can be
/// put before, into and behind every call without a server.
pub trait ClusterDatabase: Sync {
    /// Creates the database, unless it is there.
    fn create_database(&self, target: &Target) -> impl Future<Output = Result<CreatedDatabase, Trouble>> + Send;

    /// Creates the registry and the cluster in one transaction, unless something is there.
    fn initialise(
        &self,
        target: &Target,
        cluster: &NewCluster,
    ) -> impl Future<Output = Result<InitialiseOutcome, Trouble>> + Send;

    /// Connects anew and reads what proves that this node belongs to its cluster.
    fn prove(&self, target: &Target, cluster: ClusterId, node: &str) -> impl Future<Output = Result<Proven, Trouble>> + Send;

    /// Looks once more, on a connection of its own, what the database holds and whether this is its master key.
    fn verify(&self, target: &Target, key: &MasterKey) -> impl Future<Output = Result<VerifiedCluster, Trouble>> + Send;

    /// Creates the registry with its cluster row, and no node, in a database that Octopus made, unless one is there.
    fn adopt(&self, target: &Target, cluster: &NewCluster) -> impl Future<Output = Result<InitialiseOutcome, Trouble>> + Send;

    /// What the registry and Octopus know of the node of this name right now; `None` where neither knows it.
    fn node(&self, target: &Target, name: &str) -> impl Future<Output = Result<Option<NodeSeen>, Trouble>> + Send;

    /// Changes one node's row, in one transaction, unless it stands otherwise than it was seen.
    fn change(&self, target: &Target, change: &RowChange) -> impl Future<Output = Result<RowChangeOutcome, Trouble>> + Send;

    /// Takes back what this very change did, as far as the row still stands as it left it. One that was never made is
    /// [`RowChangeOutcome::Gone`].
    fn unchange(&self, target: &Target, change: &RowChange) -> impl Future<Output = Result<RowChangeOutcome, Trouble>> + Send;

    /// Enters what all nodes share (of the node that sets it), and a node's canaries, in one transaction; run twice, the rows
    /// are the same. Nothing is entered where the registry says otherwise what is shared, or does not know the node.
    fn register(&self, target: &Target, rows: &StorageRows) -> impl Future<Output = Result<RegisterOutcome, Trouble>> + Send;

    /// Takes back exactly what these rows say: canaries of these nonces; the storage only where these rows set it and no other
    /// node has a canary.
    fn unregister(&self, target: &Target, rows: &StorageRows) -> impl Future<Output = Result<RegisterOutcome, Trouble>> + Send;

    /// Takes the cluster of this id away again, and its registry, as long as it has no second node.
    fn undo_initialise(&self, target: &Target, cluster: ClusterId) -> impl Future<Output = Result<Removed, Trouble>> + Send;

    /// Drops the database, as long as it holds nothing.
    fn drop_database(&self, target: &Target) -> impl Future<Output = Result<Removed, Trouble>> + Send;
}

/// What a fresh connection found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Proven {
    /// The cluster, and the node's row in it.
    Member,
    /// The cluster, without the node.
    NodeMissing,
    /// Another cluster, or none.
    NotThere(Content),
}

/// How taking something away ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Removed {
    /// It is not there, because it was taken away or never was.
    Gone,
    /// It stays, because more depends on it or is in it than this run made.
    Kept(Content),
    /// It stays, because the server would refuse to drop it.
    Held(DropObstacle),
}

impl ClusterDatabase for SqlServer {
    async fn create_database(&self, target: &Target) -> Result<CreatedDatabase, Trouble> {
        Self::create_database(self, target).await
    }

    async fn initialise(&self, target: &Target, cluster: &NewCluster) -> Result<InitialiseOutcome, Trouble> {
        Self::initialise(self, target, cluster).await
    }

    async fn prove(&self, target: &Target, cluster: ClusterId, node: &str) -> Result<Proven, Trouble> {
        Ok(match Self::prove(self, target, cluster, node).await? {
            Membership::Member(_) => Proven::Member,
            Membership::NodeMissing(_) => Proven::NodeMissing,
            Membership::OtherCluster(seen) => Proven::NotThere(Content::Cluster(seen)),
            Membership::NoCluster(content) => Proven::NotThere(content),
        })
    }

    async fn verify(&self, target: &Target, key: &MasterKey) -> Result<VerifiedCluster, Trouble> {
        Self::verify_key(self, target, key).await
    }

    async fn adopt(&self, target: &Target, cluster: &NewCluster) -> Result<InitialiseOutcome, Trouble> {
        Self::adopt_cluster(self, target, cluster).await
    }

    async fn node(&self, target: &Target, name: &str) -> Result<Option<NodeSeen>, Trouble> {
        Self::node(self, target, name).await
    }

    async fn change(&self, target: &Target, change: &RowChange) -> Result<RowChangeOutcome, Trouble> {
        Self::change_row(self, target, change).await
    }

    async fn unchange(&self, target: &Target, change: &RowChange) -> Result<RowChangeOutcome, Trouble> {
        Self::undo_row_change(self, target, change).await
    }

    async fn register(&self, target: &Target, rows: &StorageRows) -> Result<RegisterOutcome, Trouble> {
        Self::register_storage(self, target, rows).await
    }

    async fn unregister(&self, target: &Target, rows: &StorageRows) -> Result<RegisterOutcome, Trouble> {
        Self::unregister_storage(self, target, rows).await
    }

    async fn undo_initialise(&self, target: &Target, cluster: ClusterId) -> Result<Removed, Trouble> {
        Self::undo_initialise(self, target, cluster).await.map(removed)
    }

    async fn drop_database(&self, target: &Target) -> Result<Removed, Trouble> {
        Self::drop_database(self, target).await.map(removed)
    }
}

fn removed(undone: Undone) -> Removed {
    match undone {
        Undone::Gone | Undone::NothingThere => Removed::Gone,
        Undone::LeftAlone(content) => Removed::Kept(content),
        Undone::Held(obstacle) => Removed::Held(obstacle),
    }
}
