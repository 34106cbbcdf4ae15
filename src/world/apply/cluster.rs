//! The steps in the database: the cluster, its registry and this node's row in it.

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
    InitialiseOutcome, KeptRow, NewCluster, NodeRow, RowChange, RowChangeOutcome, RowOperation, VerifiedCluster,
};
use crate::model::storage::SharedStorage;
use crate::model::target::Target;
use crate::world::host;
use crate::world::node_config;
use crate::world::places::Places;
use crate::world::random;
use crate::world::seal::Sealer;
use crate::world::toml_file::shown;

/// Looks once more, on a connection of its own, whether the cluster and its key still are what the checks saw. Where nobody
/// typed the key again, because this machine has it sealed, the sealed one is what is proven.
pub(super) async fn prove_again(step: StepRun<'_, impl ClusterDatabase>) -> Result<StepState, Failure> {
    let Run { lock, database, plan, journal, .. } = step.run;
    let target = step.target()?;
    let owner = Owner::of_plan(plan);
    let key = match step.run.key {
        Some(_) => Some(step.key()?.clone()),
        None => lock.run_blocking(move |places| files::find_key(places, &owner)).await?,
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
    // Once this node is in, a heart of this name is its own.
    let is_in = journal.is_begun_or_done(StepKind::JoinCluster) || journal.is_begun_or_done(StepKind::WriteNodeConfig);
    if plan.flow == Flow::Join && !is_in {
        let before = plan.before.as_ref();
        let name = before.map_or(&plan.node.name, |kept| &kept.row.name);
        expect_dead(*database, target, name, before).await?;
    }
    Ok(StepState::Done)
}

fn is_as_planned(content: &Content, plan: &Plan) -> bool {
    match content {
        // Also where the plan adopts: an earlier start of it may have done so.
        Content::Cluster(seen) => seen.id == plan.cluster,
        Content::Octopus { .. } => plan.has(StepKind::AdoptCluster) || goes_without_registry(plan),
        _ => false,
    }
}

/// Whether the plan is about a cluster that Octopus made by itself and that is to stay without a registry: it knows no
/// row of one, and makes none.
fn goes_without_registry(plan: &Plan) -> bool {
    let registering = [StepKind::InitialiseCluster, StepKind::AdoptCluster, StepKind::JoinCluster, StepKind::UpdateRow];
    plan.before.is_none() && !registering.into_iter().any(|kind| plan.has(kind))
}

/// Creates the database. One that is there was there before us, unless an earlier start was cut off while it made it:
/// a plan has this step only where the survey saw no such database.
pub(super) async fn create_database(step: StepRun<'_, impl ClusterDatabase>) -> Result<StepState, Failure> {
    let created = step.run.database.create_database(step.target()?).await.map_err(Failure::Server)?;
    if let Some(collation) = created.collation {
        if is_case_sensitive(collation.as_str()) {
            return Err(Failure::CaseSensitive { collation });
        }
        let said = format!("The database has the collation {collation}, which the server gave it, and not {COLLATION}.");
        (step.report)(Progress::Said(step.kind, vec![said.as_str().into()]));
    }
    Ok(if created.made || step.earlier.is_begun_or_done() { StepState::Done } else { StepState::Already })
}

/// Drops the database that this run made, if it is empty. One that somebody else has filled since is theirs now: it
/// stays, and nothing of this run's is left to undo in it.
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

/// Creates the registry and the cluster, with what its nodes share.
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

/// Takes the cluster away again.
pub(super) async fn undo_initialise(step: StepUndo<'_, impl ClusterDatabase>) -> Result<(), Failure> {
    let (journal, target) = (&step.run.journal.journal, step.target()?);
    let began = journal.state(StepKind::OctopusDatabase) != StepState::Planned;
    match drop_cluster(step.run, target).await {
        // Octopus Server has encrypted its own with the key by now; so the cluster stays, and its key with it.
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
        // What is there is somebody else's, so ours is not.
        Ok(Removed::Kept(Content::Cluster(seen))) if seen.id != journal.cluster => Ok(()),
        Ok(Removed::Kept(Content::Octopus { .. } | Content::Foreign { .. } | Content::RegistryOnly | Content::Empty)) => Ok(()),
        answer => removed(answer),
    }
}

/// Creates the registry in a database that Octopus made. What it will tell every later joiner is whether their key is
/// this one; so a key that nothing has confirmed must never get there.
pub(super) async fn adopt(step: StepRun<'_, impl ClusterDatabase>) -> Result<StepState, Failure> {
    if step.run.plan.key_unverified {
        return Err(Failure::Defect("A registry cannot be made from a master key that nothing has confirmed.".into()));
    }
    let cluster = new_cluster(step.run, step.key()?).await?;
    initialised(step.run.database.adopt(step.target()?, &cluster).await).map(|_| StepState::Done)
}

/// Takes the registry away again that was made beside Octopus' tables, once this run's own row is out of it. One in which
/// other nodes have joined since is theirs: it stays, and nothing of this run's is left in it.
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

/// The cluster that is to be made. Its key is on disk: this looks once more, because nothing may depend on an order of
/// steps that somebody changes one day.
async fn new_cluster<D>(run: &Run<'_, D>, key: &MasterKey) -> Result<NewCluster, Failure> {
    let (key, plan) = (key.clone(), run.plan.clone());
    run.lock
        .run_blocking(move |places| {
            let owner = Owner::of_plan(&plan);
            if files::find_key(places, &owner)?.is_none() {
                return Err(Failure::ReadBack { what: shown(&files::key_path(&owner.home)) });
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

/// Whether this start made the cluster: then all that it was told is in it.
fn initialised(answer: Result<InitialiseOutcome, Trouble>) -> Result<bool, Failure> {
    match answer.map_err(Failure::Server)? {
        InitialiseOutcome::Made => Ok(true),
        InitialiseOutcome::Ours => Ok(false),
        InitialiseOutcome::Taken(seen) => Err(Failure::AlreadyInitialised(Box::new(seen))),
        InitialiseOutcome::Occupied(content) => Err(Failure::ContentChanged(Box::new(content))),
    }
}

/// Reads the config back from the disk and connects with what it says and nothing else.
pub(super) async fn connect(step: StepRun<'_, impl ClusterDatabase>) -> Result<StepState, Failure> {
    let plan = step.run.plan;
    let owner = Owner::of_plan(plan);
    let (target, node) = step
        .run
        .lock
        .run_blocking(move |places| {
            let path = node_config::path(&owner.home);
            let config = node_config::read(&owner.home)?;
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

/// Enters or removes the row of a node that has to be dead.
pub(super) async fn change_dead_row(step: StepRun<'_, impl ClusterDatabase>) -> Result<StepState, Failure> {
    let change = row_change(&step.run.journal.journal, step.kind)?;
    if let Some(before) = change.operation.before() {
        expect_dead(step.run.database, step.target()?, &before.row.name, Some(before)).await?;
    }
    change_row(step).await
}

/// Sets the mark that a node is drained, unless its row is on its way out: then there is no mark to set any more.
pub(super) async fn drain(step: StepRun<'_, impl ClusterDatabase>) -> Result<StepState, Failure> {
    if step.run.journal.is_begun_or_done(StepKind::RemoveRow) { Ok(StepState::Done) } else { change_row(step).await }
}

/// Makes a change, or finds it made by an earlier start.
pub(super) async fn change_row(step: StepRun<'_, impl ClusterDatabase>) -> Result<StepState, Failure> {
    let change = row_change(&step.run.journal.journal, step.kind)?;
    match step.run.database.change(step.target()?, &change).await.map_err(Failure::Server)? {
        RowChangeOutcome::Made | RowChangeOutcome::Ours => Ok(StepState::Done),
        RowChangeOutcome::Taken(row) => Err(Failure::RowTaken(row)),
        // What an earlier start was to take away is away. By whom, the history tells undo.
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

/// Whether any step on a row has, or may have, done something, `but` left out.
pub(super) fn has_changed_row(journal: &Journal, but: Option<StepKind>) -> bool {
    steps::kinds_on(Changes::Row).any(|kind| Some(kind) != but && journal.state(kind).is_begun_or_done())
}

/// This machine's row, as the plan and the host have it.
pub(super) fn planned_row(places: &Places, plan: &Plan) -> NodeRow {
    let web = &plan.node.web;
    let prefixes: Vec<String> = web.prefixes.iter().map(ToString::to_string).collect();
    NodeRow {
        name: plan.node.name.clone(),
        address: prefixes.first().cloned().unwrap_or_default(),
        host: host::name(),
        system: host::system(&places.os_release),
        program: env!("CARGO_PKG_VERSION").to_owned(),
        prefixes: prefixes.join(","),
        comms_port: web.comms_port,
        grpc_port: web.grpc_port,
        task_cap: plan.node.task_cap,
    }
}

/// What a step does to the row, as the journal knows it; so a later start, and undo, mean the same operation.
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

/// Refuses to take the row or the name of a node whose heart beats, or that nobody can tell of any more.
///
/// The survey saw it dead, perhaps an hour ago. The transaction compares the registry's row with what was seen, but a node
/// that comes back to life changes only Octopus' own tables: so those are looked at again. A row that stands otherwise than
/// it was seen is another's by now, or this very run's, whose heart may beat; the transaction tells which.
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

/// Takes a change back. One that was never made is taken back already, and so is one whose cluster is not there any more.
pub(super) async fn take_row_back(database: &impl ClusterDatabase, target: &Target, change: &RowChange) -> Result<(), Failure> {
    match database.unchange(target, change).await.map_err(Failure::Server)? {
        RowChangeOutcome::Taken(row) => Err(Failure::RowTaken(row)),
        RowChangeOutcome::NotThere(content) if may_hold_the_row(&content, change) => {
            Err(Failure::ContentChanged(Box::new(content)))
        }
        RowChangeOutcome::Made | RowChangeOutcome::Ours | RowChangeOutcome::Gone | RowChangeOutcome::NotThere(_) => Ok(()),
    }
}

/// Whether the row may be in there although the database did not get to it.
fn may_hold_the_row(content: &Content, change: &RowChange) -> bool {
    match content {
        Content::Cluster(seen) => seen.id == change.cluster,
        Content::NewerRegistry { .. } => true,
        Content::Empty | Content::RegistryOnly | Content::Octopus { .. } | Content::Foreign { .. } => false,
    }
}

/// Whether a failure says that the database was reached and nothing was changed in it.
pub(super) fn was_refused(failure: &Failure) -> bool {
    matches!(failure, Failure::RowTaken(_) | Failure::RowGone { .. } | Failure::ContentChanged(_) | Failure::NodeAlive { .. })
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
            fresh
                && !matches!(
                    trouble,
                    Trouble::ConnectionLost | Trouble::Silent { .. } | Trouble::NotUnderstood(_) | Trouble::Io(_)
                )
        }
        (kind, failure) => fresh && steps::row(kind).target == Changes::Row && was_refused(failure),
    }
}
