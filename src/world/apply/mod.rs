//! The installer: applies a plan. Each step is written into the journal, done, verified, and written into the journal again;
//! so whatever ends the program, the next start knows what is there, and goes on with it or undoes it.

mod cluster;
mod database;
mod deeds;
mod files;
mod instance_lock;
mod octopus;
mod run_journal;
#[cfg(test)]
pub(super) mod sample;
mod storage;
mod unfinished;

use std::sync::Arc;
use std::time::Instant;

use tokio::sync::watch;

pub use database::{ClusterDatabase, Proven, Removed};
pub use storage::share;
pub use unfinished::{close, remove_copies, resume, sealed_password, undo};

use self::deeds::{Report, StepRun, deed};
use self::files::Owner;
use self::instance_lock::InstanceLock;
use self::run_journal::RunJournal;
use self::unfinished::Undoing;
use super::places::Places;
use crate::catalog::steps::{self, StepTarget};
use crate::model::facts::{ClusterSeen, Content};
use crate::model::journal::StorageRecord;
use crate::model::master_key::MasterKey;
use crate::model::plan::{Failure, Plan, Progress, StepKind, StepState};
use crate::render::ClearSecrets;

/// Stops an installer before its next step, or in the middle of one that may take minutes. Clones stop the same one.
#[derive(Debug, Clone, Default)]
pub struct Cancel(Arc<watch::Sender<bool>>);

impl Cancel {
    /// Asks the installer to stop. The running step is finished first: the journal is there for a step that was cut off, but
    /// a key press should not cause one. Only a command of Octopus Server's, which may hang, is killed with all that it
    /// started, and waiting ends, also for a database in the making: the next start may begin any of them anew.
    pub fn ask(&self) {
        self.0.send_replace(true);
    }

    fn is_asked(&self) -> bool {
        *self.0.borrow()
    }

    /// Does the work, unless the installer is asked to stop before it ends.
    async fn or<T>(&self, work: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
        let mut asked = self.0.subscribe();
        tokio::select! {
            biased;
            done = work => done,
            // The sender lives as long as this does, so there is no error.
            _ = asked.wait_for(|asked| *asked) => Err(Failure::Cancelled),
        }
    }
}

/// Runs a plan's steps, or the remaining ones, and reports each. The journal stays when all are done; see [`close`]. The
/// error is reported too.
pub async fn install<D: ClusterDatabase>(
    places: &Places,
    database: &D,
    plan: &Plan,
    key: Option<&MasterKey>,
    cancel: &Cancel,
    mut report: impl FnMut(Progress) + Send,
) -> Result<(), Failure> {
    // Before the first step there is only the first step to report a failure of.
    let mut at = plan.steps.first().map_or(StepKind::CreateHome, |step| step.kind);
    let mut release = None;
    let mut lost = false;
    let outcome = async {
        if key.is_some_and(|key| key.fingerprint() != plan.fingerprint) {
            return Err(Failure::Defect("The plan was made for another master key.".into()));
        }
        let (lock, released) = InstanceLock::take(places, &plan.node.instance).await?;
        release = Some(released);
        if let Some((kind, refused)) = octopus::refused(&lock, plan).await {
            at = kind;
            return Err(refused);
        }
        let journal = RunJournal::open(&lock, plan).await?;
        let secrets = octopus::secrets(plan, key);
        let mut run = Run { lock, journal, database, plan, key, secrets, cancel };
        for (place, step) in plan.steps.iter().enumerate() {
            at = step.kind;
            if cancel.is_asked() {
                return Err(Failure::Cancelled);
            }
            if step.kind == StepKind::ProveAgain {
                run.prove_again(&mut report).await?;
                continue;
            }
            if place == 0 {
                run.journal.write().await?;
            }
            if let Err(failure) = run.step(step.kind, &mut report).await {
                let Some(winner) = run.winner(step.kind, &failure).await else { return Err(failure) };
                lost = true;
                let failure = Failure::AlreadyInitialised(Box::new(winner));
                report(Progress::Lost(at, failure.clone()));
                run.take_back(&mut report).await;
                return Err(failure);
            }
        }
        Ok(())
    }
    .await;
    if let Some(release) = release {
        release.wait().await;
    }
    match &outcome {
        Ok(()) => report(Progress::Finished),
        Err(_) if lost => {}
        Err(failure) => report(Progress::Failed(at, failure.clone())),
    }
    outcome
}

/// A run whose steps are being done.
struct Run<'a, D> {
    lock: Arc<InstanceLock>,
    journal: RunJournal,
    database: &'a D,
    plan: &'a Plan,
    key: Option<&'a MasterKey>,
    /// All secrets of the run; a step is given those in its row.
    secrets: ClearSecrets,
    cancel: &'a Cancel,
}

impl<D: ClusterDatabase> Run<'_, D> {
    /// Returns the cluster of another first node that was faster. A step on the storage may fail because of it before the cluster is
    /// created: the undo of a third one removes what all of them found.
    async fn winner(&self, kind: StepKind, failure: &Failure) -> Option<ClusterSeen> {
        let creates = self.plan.has(StepKind::InitialiseCluster);
        if let (true, Failure::AlreadyInitialised(seen)) = (creates, failure) {
            return Some(ClusterSeen::clone(seen));
        }
        let is_shared = steps::row(kind).target == StepTarget::Storage && matches!(failure, Failure::File { .. });
        if !creates || !is_shared || self.journal.is_begun_or_done(StepKind::InitialiseCluster) {
            return None;
        }
        let found = self.database.verify(&self.plan.node.target, self.key?).await.ok()?;
        match found.content {
            Content::Cluster(seen) if seen.id != self.plan.cluster => Some(seen),
            _ => None,
        }
    }

    /// Takes back what the run has done.
    async fn take_back(self, report: Report<'_>) {
        let Self { lock, journal, database, plan, .. } = self;
        let undoing = Undoing { lock, journal, database, target: Some(&plan.node.target) };
        let whole = undoing.run(&mut *report).await;
        report(Progress::UndoEnded(whole));
    }

    /// Does the step that looks before anything is written, even the journal: a run that is refused here leaves nothing. An
    /// earlier start's look does not count.
    async fn prove_again(&mut self, report: Report<'_>) -> Result<(), Failure> {
        let begun = Instant::now();
        let kind = StepKind::ProveAgain;
        report(Progress::Begun(kind));
        let state = self.act(kind, StepState::Planned, &mut *report).await?;
        self.journal.mark(kind, state).await?;
        report(Progress::Done(kind, state, begun.elapsed()));
        Ok(())
    }

    /// Does one step, and writes it into the journal before and after.
    async fn step(&mut self, kind: StepKind, report: Report<'_>) -> Result<(), Failure> {
        let begun = Instant::now();
        let earlier = self.journal.state(kind);
        // A step that was done is checked again, and its record stays meanwhile.
        let fresh = match earlier {
            StepState::Planned | StepState::Undone => true,
            // A home that was there when the run began may be gone by now, and is then ours to make.
            StepState::Already => kind == StepKind::CreateHome,
            StepState::Begun | StepState::Done => false,
        };
        if steps::row(kind).target == StepTarget::Row {
            self.agree_on_row(kind, fresh).await?;
        }
        if steps::row(kind).target == StepTarget::Storage {
            self.agree_on_storage(kind, fresh).await?;
        }
        if fresh && !self.is_there_already(kind).await? {
            let (home, owner) = (&self.plan.node.home, Owner::of_plan(self.plan));
            self.lock.run_in_home(home, move |places, folder| files::keep_copies(places, folder, kind, &owner)).await?;
            self.journal.mark(kind, StepState::Begun).await?;
        }
        report(Progress::Begun(kind));
        let state = match self.act(kind, earlier, &mut *report).await {
            Ok(state) => state,
            Err(failure) => {
                if cluster::left_nothing(kind, &failure, fresh) {
                    // Or undo would later take away what somebody else made in the meantime.
                    self.journal.mark(kind, StepState::Planned).await?;
                } else if self.was_taken_back(kind, &failure).await {
                    self.journal.mark(kind, StepState::Undone).await?;
                }
                return Err(failure);
            }
        };
        if self.journal.state(kind) != state {
            self.journal.mark(kind, state).await?;
        }
        report(Progress::Done(kind, state, begun.elapsed()));
        Ok(())
    }

    /// Records in the journal what is done to the row. First takes back what an earlier start may have entered, if the plan
    /// now asks for something else (another name, another port).
    async fn agree_on_row(&mut self, kind: StepKind, fresh: bool) -> Result<(), Failure> {
        let after = match kind {
            StepKind::JoinCluster | StepKind::UpdateRow => {
                let plan = self.plan.clone();
                Some(self.lock.run_blocking(move |places| Ok(cluster::planned_row(places, &plan))).await?)
            }
            _ => None,
        };
        let journal = &self.journal.journal;
        if fresh {
            // The second of two steps on one row is about the row that the first one found.
            if cluster::has_changed_row(journal, Some(kind)) {
                return Ok(());
            }
            return self.journal.agree_on_row(self.plan.before.clone(), after);
        }
        let Some(after) = after else { return Ok(()) };
        let Some(older) = journal.after.as_ref().filter(|older| **older != after) else { return Ok(()) };
        let renamed = older.name.to_lowercase() != after.name.to_lowercase();
        let before = if renamed { self.plan.before.clone() } else { journal.before.clone() };
        cluster::take_row_back(self.database, &self.plan.node.target, &cluster::row_change(journal, kind)?).await?;
        self.journal.agree_on_row(before, Some(after))?;
        self.journal.mark(kind, StepState::Begun).await
    }

    /// Records in the journal what is done to the shared storage. First takes back the canaries that an earlier start may have
    /// left under another name.
    async fn agree_on_storage(&mut self, kind: StepKind, fresh: bool) -> Result<(), Failure> {
        let (node, target) = (&self.plan.node, &self.plan.node.target);
        let new =
            || StorageRecord { node: node.name.clone(), storage: node.storage.clone(), made: Vec::new(), canaries: Vec::new() };
        let older = self.journal.journal.storage.clone();
        // Where nothing was done by it, a record is of no consequence.
        let touched = steps::kinds_on(StepTarget::Storage).any(|kind| self.journal.is_begun_or_done(kind));
        let mut record = older.clone().filter(|_| touched).unwrap_or_else(new);
        if record.node != node.name {
            if self.journal.is_begun_or_done(StepKind::LeaveCanary) {
                storage::take_back(self.database, target, self.plan.cluster, StepKind::LeaveCanary, &record).await?;
            }
            record.canaries.clear();
            record.node.clone_from(&node.name);
        }
        storage::agree(kind, &mut record).await?;
        let changed = older.as_ref() != Some(&record);
        self.journal.journal.storage = Some(record);
        // A fresh one is written down when the step is marked as begun.
        if changed && !fresh { self.journal.write().await } else { Ok(()) }
    }

    /// Takes back what an earlier start may have done to a row that is refused now, and returns whether that succeeded. Then the
    /// next try is about the row as a new survey sees it; otherwise it would be about the old one for ever.
    async fn was_taken_back(&self, kind: StepKind, failure: &Failure) -> bool {
        if steps::row(kind).target != StepTarget::Row || !cluster::was_refused(failure) {
            return false;
        }
        match cluster::row_change(&self.journal.journal, kind) {
            Ok(change) => cluster::take_row_back(self.database, &self.plan.node.target, &change).await.is_ok(),
            Err(_) => false,
        }
    }

    /// Returns whether what a step makes was there before the run, where that must be known before the step is begun.
    async fn is_there_already(&self, kind: StepKind) -> Result<bool, Failure> {
        if kind == StepKind::OctopusInstance {
            return self.cancel.or(octopus::is_registered(self)).await;
        }
        if kind != StepKind::CreateHome {
            return Ok(false);
        }
        let home = self.plan.node.home.clone();
        self.lock.run_blocking(move |_| files::is_home_there(&home)).await
    }

    /// Does a step, unless it is done, and verifies it.
    async fn act(&self, kind: StepKind, earlier: StepState, report: Report<'_>) -> Result<StepState, Failure> {
        let work = (deed(kind).act)(StepRun { run: self, kind, earlier, report });
        // A command of Octopus Server's and the making of a database may hang, and may be begun anew by the next start.
        let may_hang = steps::row(kind).target == StepTarget::Octopus || kind == StepKind::CreateDatabase;
        if may_hang { self.cancel.or(work).await } else { work.await }
    }
}
