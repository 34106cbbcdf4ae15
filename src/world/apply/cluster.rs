//! The database steps: the cluster, its registry and this node's row in it.

use std::path::Path;

use super::database::{ClusterDatabase, Proven, Removed};
use super::deeds::{StepRun, StepUndo};
use super::files::{self, Owner};
use super::unfinished::Undoing;
use super::{Run, storage};
use crate::catalog::checks::is_case_sensitive;
use crate::catalog::dba::COLLATION;
use crate::catalog::steps::{self, StepTarget as Changes};
use crate::model::facts::{Content, Heartbeat, NodeSeen, Trouble};
use crate::model::flow::Flow;
use crate::model::journal::Journal;
use crate::model::key_evidence::KeyVerdict;
use crate::model::licence::Licence;
use crate::model::master_key::{MasterKey, Verifier};
use crate::model::plan::{Failure, Plan, Progress, StepKind, StepState};
use crate::model::registry::{
    GivenCollation, InitialiseOutcome, KeptRow, NewCluster, NodeRow, RowChange, RowChangeOutcome, RowOperation, VerifiedCluster,
};
use crate::model::storage::SharedStorage;
use crate::model::target::Target;
use crate::world::host;
use crate::world::node_config;
use crate::world::places::Places;
use crate::world::random;
use crate::world::seal::Sealer;
use crate::world::toml_file::shown;

/// Checks again, on a new connection, that the cluster and its key are still what the checks saw. If the key was not
/// typed again, because it is sealed on this machine, the sealed key is checked.
pub(super) async fn prove_again(step: StepRun<'_, impl ClusterDatabase>) -> Result<StepState, Failure> {
    let Run { lock, database, plan, journal, .. } = step.run;
    let target = step.target()?;
    let owner = Owner::of_plan(plan);
    let key = if step.run.key.is_some() {
        Some(step.key()?.clone())
    } else {
        let find = move |places: &Places, folder: &Path| files::find_key(places, folder, &owner);
        lock.run_in_home(&plan.node.home, find).await?
    };
    let Some(key) = key else {
        return Err(Failure::Defect("The plan came without its master key.".into()));
    };
    let VerifiedCluster { content, verdict } = database.verify(target, &key).await.map_err(Failure::Server)?;
    if !is_as_planned(&content, plan) {
        return Err(Failure::ContentChanged(Box::new(content)));
    }
    match verdict {
        KeyVerdict::Correct(_) => {}
        KeyVerdict::Wrong(_) => return Err(Failure::WrongKey),
        KeyVerdict::Unverifiable(_) if plan.key_unverified => {}
        KeyVerdict::Unverifiable(_) => return Err(Failure::KeyUnverified),
    }
    // Once this node has joined, a heartbeat under this name is its own.
    let is_in = journal.is_begun_or_done(StepKind::JoinCluster) || journal.is_begun_or_done(StepKind::WriteNodeConfig);
    if plan.flow == Flow::Join && !is_in {
        let before = plan.before.as_ref();
        let name = before.map_or(plan.node.name.as_str(), |kept| &kept.row.name);
        expect_dead(*database, target, name, before).await?;
    }
    Ok(StepState::Done)
}

fn is_as_planned(content: &Content, plan: &Plan) -> bool {
    match content {
        // This also holds for a plan that adopts: an earlier start may have adopted the cluster already.
        Content::Cluster(seen) => seen.id == plan.cluster,
        Content::Octopus { .. } => plan.has(StepKind::AdoptCluster) || goes_without_registry(plan),
        _ => false,
    }
}

/// Returns whether the plan is about a cluster that Octopus made by itself and that stays without a registry: the plan
/// has no registry row and creates none.
fn goes_without_registry(plan: &Plan) -> bool {
    let registering = [StepKind::InitialiseCluster, StepKind::AdoptCluster, StepKind::JoinCluster, StepKind::UpdateRow];
    plan.before.is_none() && !registering.into_iter().any(|kind| plan.has(kind))
}

/// Creates the database. A plan has this step only if the survey saw no such database. So one that exists now was
/// created by somebody else, or by an earlier start that was cut off.
pub(super) async fn create_database(step: StepRun<'_, impl ClusterDatabase>) -> Result<StepState, Failure> {
    let created = step.run.database.create_database(step.target()?).await.map_err(Failure::Server)?;
    let said = match created.collation {
        GivenCollation::Ours => None,
        GivenCollation::Other(collation) if is_case_sensitive(collation.as_str()) => {
            return Err(Failure::CaseSensitive { collation });
        }
        GivenCollation::Other(collation) => {
            Some(format!("The database has the collation {collation}, which the server gave it, and not {COLLATION}."))
        }
        GivenCollation::Unknown => Some(format!(
            "Cannot tell whether the database has the collation {COLLATION}: the server did not say. Octopus does not start on one that \
             tells upper from lower case."
        )),
    };
    if let Some(said) = said {
        (step.report)(Progress::Said(step.kind, vec![said.as_str().into()]));
    }
    Ok(if created.made || step.earlier.is_begun_or_done() { StepState::Done } else { StepState::Already })
}

/// Drops the database that this run created, if it is empty. If somebody else has used it since, it stays, and nothing
/// of this run is left in it to undo.
pub(super) async fn undo_create_database(step: StepUndo<'_, impl ClusterDatabase>) -> Result<(), Failure> {
    let target = step.target()?;
    if step.run.journal.is_begun_or_done(StepKind::InitialiseCluster) {
        return Err(Failure::Kept { what: format!("database {}", target.database).into() });
    }
    match step.run.database.drop_database(target).await {
        Ok(Removed::Kept(Content::Cluster(seen))) if seen.id != step.run.journal.journal.cluster => Ok(()),
        Ok(Removed::Kept(Content::Octopus { .. } | Content::Foreign { .. })) => Ok(()),
        answer => removed(answer),
    }
}

/// Creates the registry and the cluster, including the shared storage.
pub(super) async fn initialise(step: StepRun<'_, impl ClusterDatabase>) -> Result<StepState, Failure> {
    let Run { database, plan, journal, .. } = step.run;
    let target = step.target()?;
    let shared = if plan.has(StepKind::ShareStorage) { Some(journal.storage()?) } else { None };
    let mut cluster = new_cluster(step.run, step.key()?).await?;
    if let Some(record) = shared {
        cluster.storage.clone_from(&record.storage);
        cluster.canaries.clone_from(&record.canaries);
    }
    let made = initialised(database.initialise(target, &cluster).await)?;
    match shared {
        Some(record) if !made => storage::tell_again(*database, target, plan.cluster, record).await,
        _ => Ok(StepState::Done),
    }
}

/// Removes the cluster again.
pub(super) async fn undo_initialise(step: StepUndo<'_, impl ClusterDatabase>) -> Result<(), Failure> {
    let (journal, target) = (&step.run.journal.journal, step.target()?);
    let began = journal.state(StepKind::OctopusDatabase) != StepState::Planned;
    match drop_cluster(step.run, target).await {
        // Octopus Server has encrypted its data with the key by now, so the cluster and its key must stay.
        Err(Failure::ContentChanged(content)) if began && is_cluster(&content, journal) => {
            let (cluster, database) = (journal.cluster.short(), &target.database);
            Err(Failure::Kept { what: format!("Cluster {cluster} in database {database}").into() })
        }
        undone => undone,
    }
}

fn is_cluster(content: &Content, journal: &Journal) -> bool {
    matches!(content, Content::Cluster(seen) if seen.id == journal.cluster)
}

async fn drop_cluster(run: &Undoing<'_, impl ClusterDatabase>, target: &Target) -> Result<(), Failure> {
    let journal = &run.journal.journal;
    match run.database.undo_initialise(target, journal.cluster).await {
        // The database now contains something of somebody else's, so this run's cluster is gone.
        Ok(Removed::Kept(Content::Cluster(seen))) if seen.id != journal.cluster => Ok(()),
        Ok(Removed::Kept(Content::Octopus { .. } | Content::Foreign { .. } | Content::RegistryOnly | Content::Empty)) => Ok(()),
        answer => removed(answer),
    }
}

/// Creates the registry in a database that Octopus made. Later joining nodes compare their key with this one, so an
/// unconfirmed key must never be written there.
pub(super) async fn adopt(step: StepRun<'_, impl ClusterDatabase>) -> Result<StepState, Failure> {
    if step.run.plan.key_unverified {
        return Err(Failure::Defect("A registry cannot be made from a master key that nothing has confirmed.".into()));
    }
    let cluster = new_cluster(step.run, step.key()?).await?;
    initialised(step.run.database.adopt(step.target()?, &cluster).await).map(|_| StepState::Done)
}

/// Removes the registry beside Octopus' tables again, once this run's own row is gone. If other nodes have joined
/// since, the registry stays, and nothing of this run is left in it.
pub(super) async fn undo_adopt(step: StepUndo<'_, impl ClusterDatabase>) -> Result<(), Failure> {
    let target = step.target()?;
    if step.run.journal.is_begun_or_done(StepKind::JoinCluster) {
        return Err(Failure::Kept { what: format!("the registry in database {}", target.database).into() });
    }
    match drop_cluster(step.run, target).await {
        Err(Failure::ContentChanged(content)) if matches!(&*content, Content::Cluster(_)) => Ok(()),
        undone => undone,
    }
}

/// Builds the new cluster. Checks again that its key is on disk, so that this does not depend on the order of the
/// steps.
async fn new_cluster<D>(run: &Run<'_, D>, key: &MasterKey) -> Result<NewCluster, Failure> {
    let (key, plan) = (key.clone(), run.plan.clone());
    run.lock
        .run_in_home(&run.plan.node.home, move |places, folder| {
            if files::find_key(places, folder, &Owner::of_plan(&plan))?.is_none() {
                return Err(Failure::ReadBack { what: shown(&files::key_path(folder)) });
            }
            let salt = random::bytes().map_err(|error| Failure::Defect(error.to_string().into()))?;
            let licence = plan.licence.as_ref();
            Ok(NewCluster {
                id: plan.cluster,
                verifier: Verifier::derive(&key, salt),
                fingerprint: plan.fingerprint,
                node: planned_row(places, &plan),
                node_limit: licence.map(|licence| licence.nodes),
                licence_ends: licence.and_then(Licence::ends),
                storage: SharedStorage::None,
                canaries: Vec::new(),
            })
        })
        .await
}

/// Returns whether this start created the cluster; if so, the cluster contains everything that was passed.
fn initialised(answer: Result<InitialiseOutcome, Trouble>) -> Result<bool, Failure> {
    match answer.map_err(Failure::Server)? {
        InitialiseOutcome::Made => Ok(true),
        InitialiseOutcome::Ours => Ok(false),
        InitialiseOutcome::Taken(seen) => Err(Failure::AlreadyInitialised(Box::new(seen))),
        InitialiseOutcome::Occupied(content) => Err(Failure::ContentChanged(Box::new(content))),
    }
}

/// Reads the node config back from disk and connects using only its contents.
pub(super) async fn connect(step: StepRun<'_, impl ClusterDatabase>) -> Result<StepState, Failure> {
    let plan = step.run.plan;
    let owner = Owner::of_plan(plan);
    let (target, node) = step
        .run
        .lock
        .run_in_home(&plan.node.home, move |places, folder| {
            let path = node_config::path(folder);
            let config = node_config::read(folder)?;
            if config.cluster.id != owner.cluster || config.cluster.fingerprint != owner.fingerprint {
                return Err(Failure::ReadBack { what: shown(&path) });
            }
            let sealer = Sealer::open(places).map_err(|error| files::sealing_failure(&path, &error))?;
            let target = node_config::target(&config, &sealer).map_err(|error| files::opening_failure(&path, &error))?;
            Ok((target, config.node.name))
        })
        .await?;
    match step.run.database.prove(&target, plan.cluster, &node).await.map_err(Failure::Server)? {
        Proven::Member => Ok(StepState::Done),
        Proven::NotThere(Content::Octopus { .. }) if goes_without_registry(plan) => Ok(StepState::Done),
        Proven::NodeMissing => Err(Failure::ReadBack { what: format!("the row of node {node} in the registry").into() }),
        Proven::NotThere(content) => Err(Failure::ContentChanged(Box::new(content))),
    }
}

fn removed(answer: Result<Removed, Trouble>) -> Result<(), Failure> {
    match answer {
        Ok(Removed::Gone) => Ok(()),
        Ok(Removed::Kept(content)) => Err(Failure::ContentChanged(Box::new(content))),
        Ok(Removed::Held(obstacle)) => Err(Failure::DropRefused(obstacle)),
        Err(trouble) => Err(Failure::Server(trouble)),
    }
}

/// Inserts or removes the row of a node that must be dead.
pub(super) async fn change_dead_row(step: StepRun<'_, impl ClusterDatabase>) -> Result<StepState, Failure> {
    let change = row_change(&step.run.journal.journal, step.kind)?;
    if let Some(before) = change.operation.before() {
        expect_dead(step.run.database, step.target()?, &before.row.name, Some(before)).await?;
    }
    change_row(step).await
}

/// Marks a node as drained. If this run has begun to remove the node's row, there may be no row to mark any more.
pub(super) async fn drain(step: StepRun<'_, impl ClusterDatabase>) -> Result<StepState, Failure> {
    if step.run.journal.is_begun_or_done(StepKind::RemoveRow) { Ok(StepState::Done) } else { change_row(step).await }
}

/// Makes a change, or detects that an earlier start made it.
pub(super) async fn change_row(step: StepRun<'_, impl ClusterDatabase>) -> Result<StepState, Failure> {
    let change = row_change(&step.run.journal.journal, step.kind)?;
    match step.run.database.change(step.target()?, &change).await.map_err(Failure::Server)? {
        RowChangeOutcome::Made | RowChangeOutcome::Ours => Ok(StepState::Done),
        RowChangeOutcome::Taken(row) => Err(Failure::RowTaken(row)),
        // The row that an earlier start was to remove is gone. Undo finds out from the history who removed it.
        RowChangeOutcome::Gone if matches!(change.operation, RowOperation::Remove { .. }) && step.earlier.is_begun_or_done() => {
            Ok(StepState::Done)
        }
        RowChangeOutcome::Gone => Err(Failure::RowGone { node: change.operation.node().into() }),
        RowChangeOutcome::NotThere(content) => Err(Failure::ContentChanged(Box::new(content))),
    }
}

pub(super) async fn undo_row(step: StepUndo<'_, impl ClusterDatabase>) -> Result<(), Failure> {
    let target = step.target()?;
    take_row_back(step.run.database, target, &row_change(&step.run.journal.journal, step.kind)?).await
}

/// Returns whether any row step except `but` has, or may have, changed something.
pub(super) fn has_changed_row(journal: &Journal, but: Option<StepKind>) -> bool {
    steps::kinds_on(Changes::Row).any(|kind| Some(kind) != but && journal.state(kind).is_begun_or_done())
}

/// Builds this machine's row from the plan and the host.
pub(super) fn planned_row(places: &Places, plan: &Plan) -> NodeRow {
    let web = &plan.node.web;
    let prefixes: Vec<String> = web.prefixes.iter().map(ToString::to_string).collect();
    NodeRow {
        name: plan.node.name.as_str().into(),
        address: prefixes.first().map(String::as_str).unwrap_or_default().into(),
        host: host::name().into(),
        system: host::system(&places.os_release).into(),
        program: env!("CARGO_PKG_VERSION").into(),
        prefixes: prefixes.join(",").into(),
        comms_port: web.comms_port,
        grpc_port: web.grpc_port,
        task_cap: plan.node.task_cap,
    }
}

/// Returns a step's row operation from the journal, so that a later start and undo use the same operation.
pub(super) fn row_change(journal: &Journal, kind: StepKind) -> Result<RowChange, Failure> {
    let operation = match (kind, journal.before.clone(), journal.after.clone()) {
        (StepKind::JoinCluster, None, Some(row)) => RowOperation::Insert(row),
        (StepKind::JoinCluster, Some(before), Some(after)) => RowOperation::Replace { before, after },
        (StepKind::UpdateRow, Some(before), Some(after)) => RowOperation::Update { before, after },
        (StepKind::DrainNode, Some(before), _) => RowOperation::Drain { before },
        (StepKind::RemoveRow | StepKind::RemoveNode, Some(before), _) => RowOperation::Remove { before },
        _ => return Err(Failure::Defect(format!("The row for {} is not in the plan.", kind.id()).into())),
    };
    Ok(RowChange { cluster: journal.cluster, run: journal.run.clone(), host: host::name(), operation })
}

/// Fails if the node whose row or name is to be taken has a recent heartbeat, or one that cannot be read.
///
/// The survey saw the node dead, but perhaps an hour ago. The transaction compares the registry's row with what was
/// seen, but a node that comes back to life changes only Octopus' own tables, so those are read again. If the row
/// differs from what was seen, it belongs to another node or to this run, whose node may be alive; then the transaction
/// decides.
async fn expect_dead(
    database: &impl ClusterDatabase,
    target: &Target,
    name: &str,
    before: Option<&KeptRow>,
) -> Result<(), Failure> {
    let Some(node) = database.node(target, name).await.map_err(Failure::Server)? else { return Ok(()) };
    let as_seen = match (before, &node.row) {
        (None, None) => true,
        (Some(before), Some(now)) => {
            (&before.row.host, &before.joined, &before.last_seen) == (&now.row.host, &now.joined, &now.last_seen)
        }
        _ => false,
    };
    let beat = match node.beat {
        Heartbeat::Ago(age) if age <= NodeSeen::BEAT => Some(age),
        Heartbeat::Unreadable => None,
        Heartbeat::Ago(_) | Heartbeat::Never => return Ok(()),
    };
    if as_seen { Err(Failure::NodeAlive { node: node.name, beat }) } else { Ok(()) }
}

/// Reverts a change. Succeeds if the change was never made or if its cluster no longer exists.
pub(super) async fn take_row_back(database: &impl ClusterDatabase, target: &Target, change: &RowChange) -> Result<(), Failure> {
    match database.unchange(target, change).await.map_err(Failure::Server)? {
        RowChangeOutcome::Taken(row) => Err(Failure::RowTaken(row)),
        RowChangeOutcome::NotThere(content) if may_hold_the_row(&content, change) => {
            Err(Failure::ContentChanged(Box::new(content)))
        }
        RowChangeOutcome::Made | RowChangeOutcome::Ours | RowChangeOutcome::Gone | RowChangeOutcome::NotThere(_) => Ok(()),
    }
}

/// Returns whether the database may still contain the row although it could not be reverted.
fn may_hold_the_row(content: &Content, change: &RowChange) -> bool {
    match content {
        Content::Cluster(seen) => seen.id == change.cluster,
        Content::NewerRegistry { .. } => true,
        Content::Empty | Content::RegistryOnly | Content::Octopus { .. } | Content::Foreign { .. } => false,
    }
}

/// Returns whether the failure means that the database was reached but not changed.
pub(super) fn was_refused(failure: &Failure) -> bool {
    matches!(failure, Failure::RowTaken(_) | Failure::RowGone { .. } | Failure::ContentChanged(_) | Failure::NodeAlive { .. })
}

/// Returns whether a failed step counts as not begun. Each kind of step errs on its own safe side.
///
/// A database that this run may not have created must not be dropped. So a refused or unreachable `CREATE DATABASE`
/// counts as not begun, unless the connection was lost in between or an earlier start was cut off (`fresh` is `false`
/// then). A cluster that this run may have created must not lose its key. So it counts as begun until the transaction
/// itself has seen another cluster. A row change is recorded in the history with its run, so undo can ask whether an
/// earlier start made it. Without an earlier start, a refused row change counts as not begun.
pub(super) fn left_nothing(kind: StepKind, failure: &Failure, fresh: bool) -> bool {
    match (kind, failure) {
        (StepKind::InitialiseCluster | StepKind::AdoptCluster, Failure::AlreadyInitialised(_) | Failure::ContentChanged(_)) => {
            true
        }
        (StepKind::CreateDatabase, Failure::Server(trouble)) => {
            fresh
                && !matches!(
                    trouble,
                    Trouble::ConnectionLost | Trouble::Silent { .. } | Trouble::NotUnderstood(_) | Trouble::Io(_)
                )
        }
        (kind, failure) => fresh && steps::row(kind).target == Changes::Row && was_refused(failure),
    }
}
