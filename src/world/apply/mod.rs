//! Applying a plan: the installer. Each step is written into the journal, done, verified, and written into the journal
//! again; so whatever ends the program, the next start knows what is there, goes on with it or takes it away.

mod answers;
mod cluster;
mod config;
mod database;
mod home;
mod key;
mod ledger;
mod resume;
#[cfg(test)]
pub(super) mod sample;
mod site;
mod sqlserver;
mod undo;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

pub use database::{ClusterDatabase, Created, Proven, Removed};
pub use resume::{close, resume};
pub use undo::undo;

use self::ledger::Ledger;
use self::site::Site;
use super::places::Places;
use crate::model::master_key::MasterKey;
use crate::model::plan::{Failure, Plan, Progress, StepKind, StepState};

/// Stops an installer before its next step. Clones stop the same one.
#[derive(Debug, Clone, Default)]
pub struct Cancel(Arc<AtomicBool>);

impl Cancel {
    /// Asks it to stop. The step that runs comes to its end first: a step in the middle is what the journal is for, not
    /// what a key press should lead to.
    pub fn ask(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    fn is_asked(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// Runs a plan's steps, or those that are left of it, and reports each. The journal stays when all are done; see
/// [`close`]. The error has been reported too.
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
    let outcome = async {
        if key.is_some_and(|key| key.fingerprint() != plan.fingerprint) {
            return Err(Failure::Defect("The plan was made for another master key.".into()));
        }
        let site = Site::take(places, &plan.node.instance).await?;
        let ledger = Ledger::open(&site, plan).await?;
        let mut run = Run { site, ledger, database, plan, key };
        for step in &plan.steps {
            at = step.kind;
            if cancel.is_asked() {
                return Err(Failure::Cancelled);
            }
            run.step(step.kind, &mut report).await?;
        }
        Ok(())
    }
    .await;
    report(match &outcome {
        Ok(()) => Progress::Finished,
        Err(failure) => Progress::Failed(at, failure.clone()),
    });
    outcome
}

/// A run at work.
struct Run<'a, D> {
    site: Arc<Site>,
    ledger: Ledger,
    database: &'a D,
    plan: &'a Plan,
    key: Option<&'a MasterKey>,
}

impl<D: ClusterDatabase> Run<'_, D> {
    /// One step, from journal to journal.
    async fn step(&mut self, kind: StepKind, report: &mut (impl FnMut(Progress) + Send)) -> Result<(), Failure> {
        let begun = Instant::now();
        let earlier = self.ledger.state(kind);
        // A step that was done is looked at again rather than believed, and its record stays while it is.
        let fresh = match earlier {
            StepState::Planned | StepState::Undone => true,
            // A home that was there when the run began may be gone by now, and is then ours to make.
            StepState::Already => kind == StepKind::CreateHome,
            StepState::Begun | StepState::Done => false,
        };
        if fresh && !self.is_there_already(kind).await? {
            self.ledger.mark(kind, StepState::Begun).await?;
        }
        report(Progress::Begun(kind));
        let state = match self.act(kind, earlier).await {
            Ok(state) => state,
            Err(failure) => {
                if cluster::left_nothing(kind, &failure, fresh) {
                    // Or undo would later take away what somebody else made in the meantime.
                    self.ledger.mark(kind, StepState::Planned).await?;
                }
                return Err(failure);
            }
        };
        if self.ledger.state(kind) != state {
            self.ledger.mark(kind, state).await?;
        }
        report(Progress::Done(kind, state, begun.elapsed()));
        Ok(())
    }

    /// Whether what a step is to make was there before the run, as far as that has to be known before it is begun.
    async fn is_there_already(&self, kind: StepKind) -> Result<bool, Failure> {
        if kind != StepKind::CreateHome {
            return Ok(false);
        }
        let home = self.plan.node.home.clone();
        self.site.off(move |_| home::is_there(&home)).await
    }

    /// Does a step, unless it is done, and verifies it.
    async fn act(&self, kind: StepKind, earlier: StepState) -> Result<StepState, Failure> {
        let (site, plan) = (&self.site, self.plan);
        match kind {
            StepKind::CreateHome => {
                // Not begun by now: it was there.
                let there = self.ledger.state(kind) != StepState::Begun && earlier != StepState::Done;
                let earlier = if there { StepState::Already } else { earlier };
                let home = plan.node.home.clone();
                site.off(move |_| home::create(&home, earlier)).await
            }
            StepKind::SealMasterKey => {
                let (owner, key) = (self.owner(), self.key()?.clone());
                let touched = ledger::touched(earlier);
                site.off(move |places| key::seal(places, &owner, &key, touched)).await.map(|()| StepState::Done)
            }
            StepKind::CreateDatabase => cluster::create_database(self.database, &plan.node.target, earlier).await,
            StepKind::InitialiseCluster => cluster::initialise(site, self.database, plan, self.key()?, &self.owner()).await,
            StepKind::WriteNodeConfig => {
                let plan = plan.clone();
                site.off(move |places| config::write(places, &plan)).await.map(|()| StepState::Done)
            }
            StepKind::ConnectOnce => cluster::connect(site, self.database, plan).await.map(|()| StepState::Done),
            other => Err(Failure::Defect(format!("There is no installer for {} yet.", other.id()).into())),
        }
    }

    /// The key, for the steps that need it.
    fn key(&self) -> Result<&MasterKey, Failure> {
        self.key.ok_or_else(|| Failure::Defect("The plan came without its master key.".into()))
    }

    fn owner(&self) -> key::Owner {
        let node = &self.plan.node;
        key::Owner {
            instance: node.instance.clone(),
            home: node.home.clone(),
            cluster: self.plan.cluster,
            fingerprint: self.plan.fingerprint,
        }
    }
}
