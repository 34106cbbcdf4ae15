//! The run's journal while the run works on it.

use std::sync::Arc;

use super::answers;
use super::key;
use super::site::{Site, file};
use crate::model::cluster::ClusterId;
use crate::model::field::FieldId;
use crate::model::journal::Journal;
use crate::model::plan::{Failure, Plan, StepKind, StepState};
use crate::world::places::Places;
use crate::world::{clock, folder, journals};

/// The journal, written and synced at every change.
#[derive(Debug)]
pub(super) struct Ledger {
    site: Arc<Site>,
    pub(super) journal: Journal,
}

impl Ledger {
    /// The journal of this plan's run: begun now, or gone on with.
    pub(super) async fn open(site: &Arc<Site>, plan: &Plan) -> Result<Self, Failure> {
        let old = Self::load(site, &plan.node.instance).await?;
        let journal = if let Some(Self { journal, .. }) = old {
            go_on(site, journal, plan).await?
        } else {
            let cluster = plan.cluster;
            site.off(move |places| nobody_else_is_at(places, cluster)).await?;
            begin(plan)
        };
        let mut ledger = Self { site: Arc::clone(site), journal };
        ledger.write().await?;
        Ok(ledger)
    }

    /// The journal of an instance's run, if there is one.
    pub(super) async fn load(site: &Arc<Site>, instance: &str) -> Result<Option<Self>, Failure> {
        let instance = instance.to_owned();
        let journal = site.off(move |places| Ok(journals::read(places, &instance)?)).await?;
        Ok(journal.map(|journal| Self { site: Arc::clone(site), journal }))
    }

    /// Where a step stands.
    pub(super) fn state(&self, kind: StepKind) -> StepState {
        self.journal.state(kind)
    }

    /// Records where a step stands; on disk when this returns.
    pub(super) async fn mark(&mut self, kind: StepKind, state: StepState) -> Result<(), Failure> {
        if kind == StepKind::CreateHome && state == StepState::Begun && self.journal.folders.is_empty() {
            // Before they are made: afterwards nobody could tell which of them were there.
            let home = self.home();
            self.journal.folders = self.site.off(move |_| Ok(folder::missing(&home))).await?;
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
        self.site.off(move |places| journals::remove(places, &instance).map_err(file(&places.journal(&instance)))).await
    }

    async fn write(&mut self) -> Result<(), Failure> {
        self.journal.written = clock::rfc3339(clock::now());
        let journal = self.journal.clone();
        self.site.off(move |places| journals::write(places, &journal).map_err(file(&places.journal(&journal.instance)))).await
    }
}

/// One cluster has one unfinished run. Gone on with under another instance's name, it would have two, and undoing the
/// one that was left would take the cluster from the other.
fn nobody_else_is_at(places: &Places, cluster: ClusterId) -> Result<(), Failure> {
    match journals::list(places).into_iter().flatten().find(|journal| journal.cluster == cluster) {
        Some(journal) => Err(Failure::OtherRun { instance: journal.instance.into() }),
        None => Ok(()),
    }
}

fn begin(plan: &Plan) -> Journal {
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
        run: String::new(),
        before: plan.before.clone(),
        folders: Vec::new(),
        steps: Vec::new(),
    };
    take_over(&mut journal, plan);
    journal
}

/// Whether a step has, or may have, left something.
pub(super) fn touched(state: StepState) -> bool {
    matches!(state, StepState::Begun | StepState::Done)
}

/// Goes on with an earlier start's journal, unless the plan would leave something behind that only the journal knows:
/// another home or database than the one that was touched, or another key than the one that is sealed.
async fn go_on(site: &Arc<Site>, mut journal: Journal, plan: &Plan) -> Result<Journal, Failure> {
    let answers = answers::of(plan);
    let same = |field: FieldId| journal.answers.get(field.id()) == answers.get(field.id());
    let any = |kinds: &[StepKind]| kinds.iter().any(|kind| touched(journal.state(*kind)));
    let other_home = any(&[StepKind::CreateHome, StepKind::SealMasterKey, StepKind::WriteNodeConfig]) && !same(FieldId::Home);
    let other_database =
        any(&[StepKind::CreateDatabase, StepKind::InitialiseCluster]) && !(same(FieldId::Server) && same(FieldId::Database));
    let same_key = journal.cluster == plan.cluster && journal.fingerprint == plan.fingerprint;
    let depends_on_key = any(&[StepKind::InitialiseCluster]) || {
        let sealed = key::path(&plan.node.home);
        any(&[StepKind::SealMasterKey]) && site.off(move |_| Ok(sealed.exists())).await?
    };
    if other_home || other_database || (depends_on_key && !same_key) {
        return Err(Failure::OtherRun { instance: journal.instance.into() });
    }
    journal.answers = answers;
    take_over(&mut journal, plan);
    Ok(journal)
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
