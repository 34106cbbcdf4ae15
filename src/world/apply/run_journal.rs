//! The run's journal while the run works on it.

use std::sync::Arc;

use data_encoding::HEXLOWER;

use super::instance_lock::{InstanceLock, file};
use super::{answers, key, octopus};
use crate::catalog::steps::{self, StepTarget};
use crate::model::field::FieldId;
use crate::model::journal::{Journal, StorageRecord};
use crate::model::names::instance_key;
use crate::model::plan::{Failure, Plan, StepKind, StepState};
use crate::model::registry::{KeptRow, NodeRow};
use crate::world::places::Places;
use crate::world::{clock, folder, journals, random};

/// The journal, written and synced at every change.
#[derive(Debug)]
pub(super) struct RunJournal {
    lock: Arc<InstanceLock>,
    pub(super) journal: Journal,
}

impl RunJournal {
    /// The journal of this plan's run: begun now, or gone on with. Nothing is on the disk yet that was not.
    pub(super) async fn open(lock: &Arc<InstanceLock>, plan: &Plan) -> Result<Self, Failure> {
        // A run of another flow that has left nothing is over.
        let old = Self::load(lock, &plan.node.instance).await?;
        let old =
            old.filter(|old| old.journal.flow == plan.flow || StepKind::ALL.into_iter().any(|kind| touched(old.state(kind))));
        let journal = if let Some(Self { journal, .. }) = old {
            go_on(lock, journal, plan).await?
        } else {
            let (plan, journal) = (plan.clone(), begin(plan)?);
            lock.run_blocking(move |places| nobody_else_is_at(places, &plan)).await?;
            journal
        };
        Ok(Self { lock: Arc::clone(lock), journal })
    }

    /// The journal of an instance's run, if there is one.
    pub(super) async fn load(lock: &Arc<InstanceLock>, instance: &str) -> Result<Option<Self>, Failure> {
        let instance = instance.to_owned();
        let journal = lock.run_blocking(move |places| Ok(journals::read(places, &instance)?)).await?;
        Ok(journal.map(|journal| Self { lock: Arc::clone(lock), journal }))
    }

    /// Where a step stands.
    pub(super) fn state(&self, kind: StepKind) -> StepState {
        self.journal.state(kind)
    }

    /// Agrees on what is done to the row, before the step is marked as begun. A deed that an earlier start may have done
    /// is what this one is about too, whatever a later survey made of it: that may have seen this very run's row.
    pub(super) fn agree_on_row(&mut self, before: Option<KeptRow>, after: Option<NodeRow>) -> Result<(), Failure> {
        self.journal.before = before;
        self.journal.after = after;
        // A run of its own for each deed: one that was taken back is in the history too.
        self.journal.run = draw_run()?;
        Ok(())
    }

    /// What is made of the shared storage, as it was agreed on.
    pub(super) fn storage(&self) -> Result<&StorageRecord, Failure> {
        self.journal.storage.as_ref().ok_or_else(|| Failure::Defect("The storage is not in the journal.".into()))
    }

    /// Records where a step stands; on disk when this returns.
    pub(super) async fn mark(&mut self, kind: StepKind, state: StepState) -> Result<(), Failure> {
        if kind == StepKind::CreateHome && state == StepState::Begun && self.journal.folders.is_empty() {
            // Before they are made: afterwards nobody could tell which of them were there.
            let home = self.home();
            self.journal.folders = self.lock.run_blocking(move |_| Ok(folder::missing(&home))).await?;
        }
        if kind == StepKind::CreateHome && state == StepState::Undone {
            self.journal.folders.clear();
        }
        self.journal.mark(kind, state);
        self.write().await
    }

    /// The home directory that the journal is about.
    pub(super) fn home(&self) -> std::path::PathBuf {
        self.journal.answers.get(FieldId::Home.id()).cloned().unwrap_or_default().into()
    }

    /// Removes the journal: the run is over.
    pub(super) async fn close(self) -> Result<(), Failure> {
        let instance = self.journal.instance;
        self.lock.run_blocking(move |places| journals::remove(places, &instance).map_err(file(&places.journal(&instance)))).await
    }

    /// Writes the journal; on disk when this returns.
    pub(super) async fn write(&mut self) -> Result<(), Failure> {
        self.journal.written = clock::rfc3339(clock::now());
        let journal = self.journal.clone();
        self.lock
            .run_blocking(move |places| journals::write(places, &journal).map_err(file(&places.journal(&journal.instance))))
            .await
    }
}

/// A cluster that is being made has one unfinished run. Gone on with under another instance's name, it would have two,
/// and undoing the one that was left would take the cluster from the other. Two that join hurt each other in no way.
fn nobody_else_is_at(places: &Places, plan: &Plan) -> Result<(), Failure> {
    let makes = plan.steps.iter().any(|step| steps::row(step.kind).target == StepTarget::Cluster);
    let own = instance_key(&plan.node.instance);
    let in_the_way = |journal: &Journal| {
        journal.cluster == plan.cluster
            && instance_key(&journal.instance) != own
            && (makes || journal.steps.iter().any(|step| steps::row(step.kind).target == StepTarget::Cluster))
    };
    // A run that ended between its journal and its copies left them behind.
    let instance = &plan.node.instance;
    journals::forget_copies(places, instance).map_err(file(&places.journal(instance)))?;
    match journals::list(places).into_iter().flatten().find(in_the_way) {
        Some(journal) => Err(Failure::OtherRun { instance: journal.instance.into() }),
        None => Ok(()),
    }
}

fn begin(plan: &Plan) -> Result<Journal, Failure> {
    let now = clock::rfc3339(clock::now());
    let mut journal = Journal {
        format: Journal::FORMAT,
        program: env!("CARGO_PKG_VERSION").to_owned(),
        flow: plan.flow,
        instance: plan.node.instance.clone(),
        begun: now.clone(),
        written: now,
        cluster: plan.cluster,
        fingerprint: plan.fingerprint,
        accepted: Vec::new(),
        answers: answers::of(plan),
        run: draw_run()?,
        before: plan.before.clone(),
        after: None,
        folders: Vec::new(),
        storage: None,
        steps: Vec::new(),
    };
    take_over(&mut journal, plan);
    Ok(journal)
}

/// Draws what tells this run's changes from those of others in the registry's history.
fn draw_run() -> Result<String, Failure> {
    let bytes: [u8; 16] = random::bytes().map_err(|error| Failure::Defect(error.to_string().into()))?;
    Ok(HEXLOWER.encode(&bytes))
}

/// Whether a step has, or may have, left something.
pub(super) fn touched(state: StepState) -> bool {
    matches!(state, StepState::Begun | StepState::Done)
}

/// Goes on with an earlier start's journal, unless the plan would leave something behind that only the journal knows:
/// another home, database, storage or row than the one that was touched, another key than the one that is sealed, or another
/// flow's steps.
async fn go_on(lock: &Arc<InstanceLock>, mut journal: Journal, plan: &Plan) -> Result<Journal, Failure> {
    let answers = answers::of(plan);
    let same = |field: FieldId| journal.answers.get(field.id()) == answers.get(field.id());
    let any = |targets: &[StepTarget]| {
        StepKind::ALL.into_iter().any(|kind| targets.contains(&steps::row(kind).target) && touched(journal.state(kind)))
    };
    let other_flow = journal.flow != plan.flow;
    let other_home = any(&[StepTarget::Home, StepTarget::Key, StepTarget::Config]) && !same(FieldId::Home);
    let in_database = any(&[StepTarget::Database, StepTarget::Cluster, StepTarget::Row, StepTarget::Storage]);
    let other_storage =
        any(&[StepTarget::Storage]) && journal.storage.as_ref().is_some_and(|record| record.storage != plan.node.storage);
    let other_database = in_database && !(same(FieldId::Server) && same(FieldId::Database));
    let other_cluster = any(&[StepTarget::Row]) && journal.cluster != plan.cluster;
    let same_key = journal.cluster == plan.cluster && journal.fingerprint == plan.fingerprint;
    let depends_on_key = any(&[StepTarget::Cluster]) || {
        let sealed = key::path(&plan.node.home);
        any(&[StepTarget::Key]) && lock.run_blocking(move |_| Ok(sealed.exists())).await?
    };
    let other_key = depends_on_key && !same_key;
    let other_row = is_about_another_row(&journal, plan);
    if other_flow || other_home || other_database || other_cluster || other_key || other_row || other_storage {
        return Err(Failure::OtherRun { instance: journal.instance.into() });
    }
    if journal.answers != answers {
        // Octopus Server was told the older ones. In the journal, since a start that is cut off now leaves the new ones.
        for kind in octopus::CONFIGURE {
            if journal.state(kind) == StepState::Done {
                journal.mark(kind, StepState::Begun);
            }
        }
    }
    journal.answers = answers;
    take_over(&mut journal, plan);
    Ok(journal)
}

/// Whether the plan takes another node's row away, or changes another's, than an earlier start of the run did. A join
/// under another name is no such case: the row of the first name is taken back before the second is entered.
fn is_about_another_row(journal: &Journal, plan: &Plan) -> bool {
    let mut kinds = steps::kinds_on(StepTarget::Row).filter(|kind| *kind != StepKind::JoinCluster);
    let name = |kept: &Option<KeptRow>| kept.as_ref().map(|kept| kept.row.name.to_lowercase());
    // Once a row is gone, a survey sees none.
    let other = plan.before.is_some() && name(&plan.before) != name(&journal.before);
    other && kinds.any(|kind| touched(journal.state(kind)))
}

/// Writes what the plan decides into the journal; steps that an earlier start took stay as they are.
fn take_over(journal: &mut Journal, plan: &Plan) {
    journal.cluster = plan.cluster;
    journal.fingerprint = plan.fingerprint;
    journal.flow = plan.flow;
    journal.accepted = plan.accepted.iter().map(|check| check.id().to_owned()).collect();
    for step in &plan.steps {
        journal.mark(step.kind, journal.state(step.kind));
    }
}
