//! The run's journal while the run works on it.

use std::collections::BTreeMap;
use std::sync::Arc;

use data_encoding::HEXLOWER;

use super::files::Owner;
use super::instance_lock::{InstanceLock, file, state_file};
use super::{files, octopus};
use crate::catalog::steps::{self, StepTarget};
use crate::model::field::FieldId;
use crate::model::flow::Flow;
use crate::model::journal::{Journal, StorageRecord};
use crate::model::names::instance_key;
use crate::model::plan::{Failure, Plan, StepKind, StepState};
use crate::model::registry::{KeptRow, NodeRow};
use crate::world::places::Places;
use crate::world::toml_file::own_record;
use crate::world::{clock, departed, folder, journals, random};

/// The journal, written and synced at every change.
#[derive(Debug)]
pub(super) struct RunJournal {
    lock: Arc<InstanceLock>,
    pub(super) journal: Journal,
}

impl RunJournal {
    /// Returns the journal of this plan's run, a new one or that of an earlier start. Writes nothing yet.
    pub(super) async fn open(lock: &Arc<InstanceLock>, plan: &Plan) -> Result<Self, Failure> {
        // A run of another flow that has left nothing is over.
        let old = Self::load(lock, &plan.node.instance).await?;
        let old =
            old.filter(|old| old.journal.flow == plan.flow || StepKind::ALL.into_iter().any(|kind| old.is_begun_or_done(kind)));
        let journal = if let Some(Self { journal, .. }) = old {
            continue_run(lock, journal, plan).await?
        } else {
            let (plan, journal) = (plan.clone(), begin(plan)?);
            lock.run_blocking(move |places| refuse_second_run(places, &plan)).await?;
            journal
        };
        Ok(Self { lock: Arc::clone(lock), journal })
    }

    /// Reads the journal of an instance's run, if there is one.
    pub(super) async fn load(lock: &Arc<InstanceLock>, instance: &str) -> Result<Option<Self>, Failure> {
        let instance = instance.to_owned();
        let journal = lock.run_blocking(move |places| journals::read(places, &instance).map_err(own_record)).await?;
        Ok(journal.map(|journal| Self { lock: Arc::clone(lock), journal }))
    }

    pub(super) fn state(&self, kind: StepKind) -> StepState {
        self.journal.state(kind)
    }

    pub(super) fn is_begun_or_done(&self, kind: StepKind) -> bool {
        self.state(kind).is_begun_or_done()
    }

    /// Records what is done to the row, before the step is marked as begun. What an earlier start may have done stays what
    /// this run is about: a later survey may have seen this very run's row.
    pub(super) fn agree_on_row(&mut self, before: Option<KeptRow>, after: Option<NodeRow>) -> Result<(), Failure> {
        self.journal.before = before;
        self.journal.after = after;
        // A run of its own for each deed: one that was taken back is in the history too.
        self.journal.run = draw_run()?;
        Ok(())
    }

    /// Returns what is done to the shared storage.
    pub(super) fn storage(&self) -> Result<&StorageRecord, Failure> {
        self.journal.storage.as_ref().ok_or_else(|| Failure::Defect("The storage is not in the journal.".into()))
    }

    /// Records where a step stands; on disk when this returns.
    pub(super) async fn mark(&mut self, kind: StepKind, state: StepState) -> Result<(), Failure> {
        if kind == StepKind::CreateHome && state == StepState::Begun && self.journal.folders.is_empty() {
            // Before they are made: afterwards nobody could tell which of them were there.
            let home = self.owner().home;
            self.journal.folders = self.lock.run_blocking(move |_| Ok(folder::missing(&home))).await?;
        }
        if kind == StepKind::CreateHome && state == StepState::Undone {
            self.journal.folders.clear();
        }
        self.journal.mark(kind, state);
        self.write().await
    }

    /// Whose files the run's are.
    pub(super) fn owner(&self) -> Owner {
        let Journal { instance, answers, cluster, fingerprint, .. } = &self.journal;
        let home = answers.get(FieldId::Home.id()).cloned().unwrap_or_default().into();
        Owner { instance: instance.clone(), home, cluster: *cluster, fingerprint: *fingerprint }
    }

    /// Removes the journal: the run is over. Lists the instance as departed first if it is not on this machine any more.
    pub(super) async fn close(self) -> Result<(), Failure> {
        let is_undone = !StepKind::ALL.into_iter().any(|kind| self.is_begun_or_done(kind));
        let has_departed = match self.journal.flow {
            Flow::FirstNode | Flow::Join => is_undone,
            Flow::Leave => !is_undone,
            Flow::Edit | Flow::Remove | Flow::Review => false,
        };
        let instance = self.journal.instance;
        self.lock
            .run_blocking(move |places| {
                let listed = if has_departed { departed::enter(places, &instance) } else { departed::strike(places, &instance) };
                listed.map_err(state_file(&places.departure(&instance)))?;
                journals::remove(places, &instance).map_err(state_file(&places.journal(&instance)))
            })
            .await
    }

    /// Writes the journal; on disk when this returns.
    pub(super) async fn write(&mut self) -> Result<(), Failure> {
        self.journal.written = clock::rfc3339(clock::now());
        let journal = self.journal.clone();
        self.lock
            .run_blocking(move |places| journals::write(places, &journal).map_err(state_file(&places.journal(&journal.instance))))
            .await
    }
}

/// Refuses a second unfinished run about a cluster that is being created, under another instance's name: undoing the first
/// would take the cluster from the second. Two runs that join do not disturb each other.
fn refuse_second_run(places: &Places, plan: &Plan) -> Result<(), Failure> {
    let makes = plan.steps.iter().any(|step| steps::row(step.kind).target == StepTarget::Cluster);
    let own = instance_key(&plan.node.instance);
    let in_the_way = |journal: &Journal| {
        journal.cluster == plan.cluster
            && instance_key(&journal.instance) != own
            && (makes || journal.steps.iter().any(|step| steps::row(step.kind).target == StepTarget::Cluster))
    };
    // A run that ended between its journal and its copies left them behind.
    let instance = &plan.node.instance;
    journals::forget_copies(places, instance).map_err(state_file(&places.journal(instance)))?;
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
        answers: recorded_answers(plan),
        run: draw_run()?,
        before: plan.before.clone(),
        after: None,
        folders: Vec::new(),
        storage: None,
        kept_passwords: Vec::new(),
        changes: Vec::new(),
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

/// Continues an earlier start's journal, unless the plan would leave something behind that only the journal knows:
/// another home, database, storage or row than the one that was touched, another key than the one that is sealed, or another
/// flow's steps.
async fn continue_run(lock: &Arc<InstanceLock>, mut journal: Journal, plan: &Plan) -> Result<Journal, Failure> {
    let answers = recorded_answers(plan);
    let same = |field: FieldId| journal.answers.get(field.id()) == answers.get(field.id());
    let any = |targets: &[StepTarget]| {
        StepKind::ALL.into_iter().any(|kind| targets.contains(&steps::row(kind).target) && journal.state(kind).is_begun_or_done())
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
        let sealed = files::key_path(&plan.node.home);
        // One that cannot be looked at is not absent.
        any(&[StepTarget::Key]) && lock.run_blocking(move |_| sealed.try_exists().map_err(file(&sealed))).await?
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

/// Returns whether the plan removes or changes another node's row than an earlier start of the run did. A join under another
/// name does not count: the row of the first name is taken back before the second is entered.
fn is_about_another_row(journal: &Journal, plan: &Plan) -> bool {
    let mut kinds = steps::kinds_on(StepTarget::Row).filter(|kind| *kind != StepKind::JoinCluster);
    let name = |kept: &Option<KeptRow>| kept.as_ref().map(|kept| kept.row.name.to_lowercase());
    // Once a row is gone, a survey sees none.
    let other = plan.before.is_some() && name(&plan.before) != name(&journal.before);
    other && kinds.any(|kind| journal.state(kind).is_begun_or_done())
}

/// Writes what the plan decides into the journal; steps that an earlier start took stay as they are.
fn take_over(journal: &mut Journal, plan: &Plan) {
    journal.cluster = plan.cluster;
    journal.fingerprint = plan.fingerprint;
    journal.flow = plan.flow;
    journal.kept_passwords.clone_from(&plan.kept_passwords);
    journal.changes.clone_from(&plan.changes);
    journal.accepted = plan.accepted.iter().map(|check| check.id().to_owned()).collect();
    for step in &plan.steps {
        journal.mark(step.kind, journal.state(step.kind));
    }
}

/// Returns the plan's answers. Those by which a later start finds what this one made are taken from the node, which has them
/// in one form only: `tcp:SQL01` and `sql01` may be the same server, but are not the same text.
fn recorded_answers(plan: &Plan) -> BTreeMap<String, String> {
    let node = &plan.node;
    let exact = [
        (FieldId::Instance, node.instance.clone()),
        (FieldId::Home, node.home.to_string_lossy().into_owned()),
        (FieldId::Server, node.target.address.to_string()),
        (FieldId::Database, node.target.database.to_string()),
    ];
    // The plan holds no secret; that none gets into a file must not hang on that alone.
    let mut answers = plan.answers.clone();
    answers.retain(|id, _| FieldId::from_id(id).is_some_and(|field| !field.is_secret() && field != FieldId::KeyProof));
    answers.extend(exact.map(|(field, text)| (field.id().to_owned(), text)));
    // Undo has the journal and no plan, and takes the instance back by the very program that has registered it.
    let program = plan.hand_over.as_ref().map(|hand_over| hand_over.program.to_string_lossy().into_owned());
    answers.extend(program.map(|program| (FieldId::OctopusServer.id().to_owned(), program)));
    answers
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world::apply::sample;

    #[test]
    fn the_node_has_the_last_word_and_no_secret_gets_in() {
        let mut plan = sample::plan(std::path::Path::new("/opt/o"));
        for (id, text) in [("home", " /opt/o "), ("password", sample::PASSWORD), ("comms-port", "10943"), ("news", "x")] {
            plan.answers.insert(id.into(), text.into());
        }
        let answers = recorded_answers(&plan);
        let expected = [
            ("comms-port", "10943"),
            ("database", "OctopusDeploy"),
            ("home", "/opt/o"),
            ("instance", "My Node"),
            ("server", "sql01"),
        ];
        assert_eq!(answers.iter().map(|(id, text)| (id.as_str(), text.as_str())).collect::<Vec<_>>(), expected);
    }
}
