//! The steps of the shared storage for a node that is in its cluster already: a single node whose files were moved.

use super::database::ClusterDatabase;
use super::storage;
use crate::catalog::steps;
use crate::model::cluster::ClusterId;
use crate::model::journal::StorageRecord;
use crate::model::plan::{Failure, StepKind};
use crate::model::target::Target;

/// Makes the folders, leaves the node's canaries in them, and enters both in the registry. Run twice, all is the same: the nonces that
/// the registry has are those of the record, and whatever stands otherwise is a failure and stays.
///
/// # Errors
/// The step that failed, and why.
pub async fn share(
    database: &impl ClusterDatabase,
    target: &Target,
    cluster: ClusterId,
    mut record: StorageRecord,
) -> Result<(), (StepKind, Failure)> {
    for kind in steps::kinds_on(steps::StepTarget::Storage) {
        let failed = |failure| (kind, failure);
        storage::agree(kind, &mut record).await.map_err(failed)?;
        storage::act(database, target, cluster, kind, &record).await.map_err(failed)?;
    }
    Ok(())
}
