//! The steps in the database.

use std::sync::Arc;

use super::database::{ClusterDatabase, Created, Proven, Removed};
use super::instance_lock::InstanceLock;
use super::{config, key, prove, row};
use crate::catalog::steps::{self, StepTarget as Changes};
use crate::model::cluster::ClusterId;
use crate::model::facts::{Content, Trouble};
use crate::model::journal::StorageRecord;
use crate::model::licence::Licence;
use crate::model::master_key::{MasterKey, Verifier};
use crate::model::plan::{Failure, Plan, StepKind, StepState};
use crate::model::registry::{InitialiseOutcome, NewCluster};
use crate::model::storage::SharedStorage;
use crate::model::target::Target;
use crate::world::seal::Sealer;
use crate::world::toml_file::shown;
use crate::world::{node_config, random};

/// Creates the database. One that is there was there before us, unless an earlier start was cut off while it made it:
/// a plan has this step only where the survey saw no such database.
pub(super) async fn create_database(
    database: &impl ClusterDatabase,
    target: &Target,
    earlier: StepState,
) -> Result<StepState, Failure> {
    match database.create_database(target).await.map_err(Failure::Server)? {
        Created::Made => Ok(StepState::Done),
        Created::WasThere if matches!(earlier, StepState::Begun | StepState::Done) => Ok(StepState::Done),
        Created::WasThere => Ok(StepState::Already),
    }
}

/// Initialises the cluster, with what its nodes share. Whether this start made it: then all that it was told is in it.
pub(super) async fn initialise(
    lock: &Arc<InstanceLock>,
    database: &impl ClusterDatabase,
    plan: &Plan,
    key: &MasterKey,
    owner: &key::Owner,
    shared: Option<&StorageRecord>,
) -> Result<bool, Failure> {
    let mut cluster = new_cluster(lock, plan, key, owner).await?;
    if let Some(StorageRecord { storage, canaries, .. }) = shared {
        cluster.storage.clone_from(storage);
        cluster.canaries.clone_from(canaries);
    }
    initialised(database.initialise(&plan.node.target, &cluster).await)
}

/// Creates the registry in a database that Octopus made. What it will tell every later joiner is whether their key is
/// this one; so a key that nothing has confirmed must never get there.
pub(super) async fn adopt(
    lock: &Arc<InstanceLock>,
    database: &impl ClusterDatabase,
    plan: &Plan,
    key: &MasterKey,
    owner: &key::Owner,
) -> Result<StepState, Failure> {
    if plan.key_unverified {
        return Err(Failure::Defect("A registry cannot be made from a master key that nothing has confirmed.".into()));
    }
    let cluster = new_cluster(lock, plan, key, owner).await?;
    initialised(database.adopt(&plan.node.target, &cluster).await).map(|_| StepState::Done)
}

/// The cluster that is to be made. Its key is on disk: this looks once more, because nothing may depend on an order of
/// steps that somebody changes one day.
async fn new_cluster(lock: &Arc<InstanceLock>, plan: &Plan, key: &MasterKey, owner: &key::Owner) -> Result<NewCluster, Failure> {
    let (owner, key, plan) = (owner.clone(), key.clone(), plan.clone());
    lock.run_blocking(move |places| {
        if key::find(places, &owner)?.is_none() {
            return Err(Failure::ReadBack { what: shown(&key::path(&owner.home)) });
        }
        let salt = random::bytes().map_err(|error| Failure::Defect(error.to_string().into()))?;
        let verifier = Verifier::derive(&key, salt);
        let licence = plan.licence.as_ref();
        Ok(NewCluster {
            id: plan.cluster,
            verifier,
            fingerprint: plan.fingerprint,
            node: row::of(places, &plan),
            node_limit: licence.map(|licence| licence.nodes),
            licence_ends: licence.and_then(Licence::ends),
            storage: SharedStorage::None,
            canaries: Vec::new(),
        })
    })
    .await
}

fn initialised(answer: Result<InitialiseOutcome, Trouble>) -> Result<bool, Failure> {
    match answer.map_err(Failure::Server)? {
        InitialiseOutcome::Made => Ok(true),
        InitialiseOutcome::Ours => Ok(false),
        InitialiseOutcome::Taken(seen) => Err(Failure::AlreadyInitialised(Box::new(seen))),
        InitialiseOutcome::Occupied(content) => Err(Failure::ContentChanged(Box::new(content))),
    }
}

/// Reads the config back from the disk and connects with what it says and nothing else.
pub(super) async fn connect(lock: &Arc<InstanceLock>, database: &impl ClusterDatabase, plan: &Plan) -> Result<(), Failure> {
    let (home, cluster, fingerprint) = (plan.node.home.clone(), plan.cluster, plan.fingerprint);
    let (target, node) = lock
        .run_blocking(move |places| {
            let path = node_config::path(&home);
            let config = node_config::read(&home)?;
            if config.cluster.id != cluster || config.cluster.fingerprint != fingerprint {
                return Err(Failure::ReadBack { what: shown(&path) });
            }
            let sealer = Sealer::open(places).map_err(|error| config::sealing(&path, &error))?;
            let target = node_config::target(&config, &sealer).map_err(|error| config::opening(&path, &error))?;
            Ok((target, config.node.name))
        })
        .await?;
    match database.prove(&target, cluster, &node).await.map_err(Failure::Server)? {
        Proven::Member => Ok(()),
        Proven::NotThere(Content::Octopus { .. }) if prove::goes_without_registry(plan) => Ok(()),
        Proven::NodeMissing => Err(Failure::ReadBack { what: format!("the row of node {node} in the registry").into() }),
        Proven::NotThere(content) => Err(Failure::ContentChanged(Box::new(content))),
    }
}

/// Takes the cluster away again.
pub(super) async fn undo_initialise(database: &impl ClusterDatabase, target: &Target, cluster: ClusterId) -> Result<(), Failure> {
    match database.undo_initialise(target, cluster).await {
        // What is there is somebody else's, so ours is not.
        Ok(Removed::Kept(Content::Cluster(seen))) if seen.id != cluster => Ok(()),
        Ok(Removed::Kept(Content::Octopus { .. } | Content::Foreign { .. } | Content::RegistryOnly | Content::Empty)) => Ok(()),
        answer => removed(answer),
    }
}

/// Takes the registry away again that was made beside Octopus' tables. One in which other nodes have joined since is theirs:
/// it stays, and nothing of this run's is left in it. Whoever calls this has taken its own row back.
pub(super) async fn undo_adopt(database: &impl ClusterDatabase, target: &Target, cluster: ClusterId) -> Result<(), Failure> {
    match undo_initialise(database, target, cluster).await {
        Err(Failure::ContentChanged(content)) if matches!(&*content, Content::Cluster(_)) => Ok(()),
        undone => undone,
    }
}

/// Drops the database that this run made, if it is empty. One that somebody else has filled since is theirs now: it
/// stays, and nothing of this run's is left to undo in it.
pub(super) async fn drop_database(database: &impl ClusterDatabase, target: &Target, ours: ClusterId) -> Result<(), Failure> {
    match database.drop_database(target).await {
        Ok(Removed::Kept(Content::Cluster(seen))) if seen.id != ours => Ok(()),
        Ok(Removed::Kept(Content::Octopus { .. } | Content::Foreign { .. })) => Ok(()),
        answer => removed(answer),
    }
}

fn removed(answer: Result<Removed, Trouble>) -> Result<(), Failure> {
    match answer {
        Ok(Removed::Gone) => Ok(()),
        Ok(Removed::Kept(content)) => Err(Failure::ContentChanged(Box::new(content))),
        Err(trouble) => Err(Failure::Server(trouble)),
    }
}

/// Whether a step that failed so is to be taken as not begun. They err in opposite directions, each in its safe
/// one.
///
/// A database that we may not have made must not be dropped: so what was refused, or never reached, was not made, unless
/// the connection was lost in between or an earlier start was cut off (`fresh` is false then). A cluster that we may have
/// made must not lose its key: so it counts as begun until the transaction itself has seen that another is there. A row is
/// its run's own business only: where the transaction refused it, nothing was done, and whether an earlier start did, the
/// history tells by the run; so undo asks where there was one.
pub(super) fn left_nothing(kind: StepKind, failure: &Failure, fresh: bool) -> bool {
    match (kind, failure) {
        (StepKind::InitialiseCluster | StepKind::AdoptCluster, Failure::AlreadyInitialised(_) | Failure::ContentChanged(_)) => {
            true
        }
        (StepKind::CreateDatabase, Failure::Server(trouble)) => {
            fresh && !matches!(trouble, Trouble::ConnectionLost | Trouble::Silent { .. } | Trouble::Io(_))
        }
        (kind, failure) => fresh && steps::row(kind).target == Changes::Row && row::was_refused(failure),
    }
}
