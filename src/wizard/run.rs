//! The progress of the installation.

use std::time::Duration;

use crate::catalog::failures::{self, Explanation};
use crate::model::facts::{ServerVersion, Waiting};
use crate::model::flow::Flow;
use crate::model::master_key::MasterKey;
use crate::model::plan::{Failure, Plan, StepKind, StepState};
use crate::model::untrusted::Untrusted;

/// The phase of the installation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Phase {
    /// Not begun.
    #[default]
    Idle,
    /// Steps are running.
    Running,
    /// A step failed: retry, undo or leave.
    Failed,
    /// All steps are done.
    Finished,
    /// Undo is running.
    Undoing,
    /// Everything that the run created is undone.
    Undone,
    /// Some of it could not be undone.
    UndoneInPart,
}

/// One step as the screen shows it.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    pub kind: StepKind,
    /// Its state in the journal.
    pub state: StepState,
    /// When it began, on the engine's clock; `None` when it does not run now.
    pub since: Option<Duration>,
    /// How long it took.
    pub took: Option<Duration>,
    /// Why it failed, or could not be undone.
    pub failure: Option<Failure>,
}

impl Row {
    pub const fn new(kind: StepKind, state: StepState) -> Self {
        Self { kind, state, since: None, took: None, failure: None }
    }
}

/// The installation.
#[derive(Debug, Clone, Default)]
pub struct Run {
    pub phase: Phase,
    /// The plan that was shown and agreed to.
    pub plan: Option<Box<Plan>>,
    /// The key of an existing cluster, if the plan's steps need it. A new cluster's is in custody.
    pub key: Option<MasterKey>,
    pub rows: Vec<Row>,
    /// What the steps' programs printed, their secrets masked.
    pub output: Vec<(StepKind, Vec<Untrusted>)>,
    /// Whether the plan was made while checks were running, so that their results may change it.
    pub is_provisional: bool,
    /// Whether a step was begun, so that there is a journal.
    pub is_begun: bool,
    /// The trouble that may pass, which the running step waits for.
    pub waiting: Option<Waiting>,
    /// Whether a cancel was requested and waits for the end of the running step.
    pub cancelling: bool,
}

impl Run {
    /// Adds a row for a step that has none: without a plan, rows come as the journal reports them.
    pub fn add_row(&mut self, kind: StepKind) {
        if self.rows.iter().all(|row| row.kind != kind) {
            self.rows.push(Row::new(kind, StepState::Done));
        }
    }

    pub fn row_mut(&mut self, kind: StepKind) -> Option<&mut Row> {
        self.rows.iter_mut().find(|row| row.kind == kind)
    }

    /// Counts the steps that are done.
    pub fn done(&self) -> usize {
        self.rows.iter().filter(|row| matches!(row.state, StepState::Done | StepState::Already)).count()
    }

    /// Says where a new cluster's master key is while its run is unfinished. From the moment the node config is written until
    /// the last step is done, no screen of the run shows the key, and Octopus Server may already have encrypted values with it.
    pub fn unkept_key(&self) -> Option<String> {
        let plan = self.plan.as_ref().filter(|plan| plan.flow == Flow::FirstNode)?;
        let is_done = |kind: StepKind| self.rows.iter().any(|row| row.kind == kind && row.state == StepState::Done);
        let over = matches!(self.phase, Phase::Idle | Phase::Finished | Phase::Undone);
        if over || ![StepKind::InitialiseCluster, StepKind::WriteNodeConfig].into_iter().all(is_done) {
            return None;
        }
        Some(format!(
            "The new cluster's master key {} is on this machine only, sealed. To keep it before the run is at its end: octopus-setup \
             review --instance \"{}\", section Master key.",
            plan.fingerprint,
            Untrusted::new(&plan.node.instance),
        ))
    }

    /// Returns `true` if a step's program has printed anything.
    pub fn has_output(&self) -> bool {
        self.output.iter().any(|(_, lines)| !lines.is_empty())
    }

    /// Returns what a step's program printed.
    pub fn output_of(&self, kind: StepKind) -> &[Untrusted] {
        self.output.iter().find(|(other, _)| *other == kind).map_or(&[], |(_, lines)| lines)
    }

    /// Returns whether another first node was faster.
    pub fn is_lost(&self) -> bool {
        self.rows.iter().any(|row| matches!(row.failure, Some(Failure::AlreadyInitialised(_))))
    }

    /// Returns the row of the step that failed.
    pub fn failed(&self) -> Option<&Row> {
        self.rows.iter().find(|row| row.failure.is_some())
    }

    /// Explains why a step failed or could not be undone. `version`: the server's, as far as a survey knows it.
    pub fn explain(&self, row: &Row, version: Option<&ServerVersion>) -> Option<Explanation> {
        Some(self.explain_failure(row.kind, row.failure.as_ref()?, version))
    }

    /// Says what the running step waits for.
    pub fn explain_waiting(&self, version: Option<&ServerVersion>) -> Option<String> {
        let waiting = self.waiting.as_ref()?;
        let running = self.rows.iter().find(|row| row.since.is_some())?;
        let says = self.explain_failure(running.kind, &Failure::Server(waiting.trouble.clone()), version).says;
        Some(failures::waits(&says, waiting.limit))
    }

    fn explain_failure(&self, kind: StepKind, failure: &Failure, version: Option<&ServerVersion>) -> Explanation {
        match &self.plan {
            Some(plan) => failures::explain_step_at(kind, failure, (&plan.node.target, version), plan.node.platform),
            None => failures::explain_step(kind, failure),
        }
    }

    /// Returns `true` while steps run or are undone.
    pub fn is_working(&self) -> bool {
        matches!(self.phase, Phase::Running | Phase::Undoing)
    }
}
