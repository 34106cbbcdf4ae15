//! The database side of a plan, on a real server.

use super::database::{ClusterDatabase, Created, Proven, Removed};
use crate::model::cluster::ClusterId;
use crate::model::facts::{Content, NodeSeen, Trouble};
use crate::model::master_key::MasterKey;
use crate::model::registry::{
    InitialiseOutcome, NewCluster, RegisterOutcome, RowChange, RowChangeOutcome, StorageRows, VerifiedCluster,
};
use crate::model::target::Target;
use crate::world::sqlserver::{Membership, SqlServer, Undone};

impl ClusterDatabase for SqlServer {
    async fn create_database(&self, target: &Target) -> Result<Created, Trouble> {
        let made = Self::create_database(self, target).await?;
        Ok(if made { Created::Made } else { Created::WasThere })
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
    }
}
