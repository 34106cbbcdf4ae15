//! The whole state of a wizard. Faces read it; only [`super::update`] writes it.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::model::answers::{Answer, Answers};
use crate::model::check::CheckId;
use crate::model::cluster::ClusterId;
use crate::model::facts::Facts;
use crate::model::field::FieldId;
use crate::model::finding::Verdict;
use crate::model::flow::Flow;
use crate::model::node::Subject;
use crate::model::plan::SettingChange;
use crate::model::registry::{CanaryRow, KeptRow};
use crate::model::screen::ScreenId;
use crate::model::target::SignIn;

use super::custody::Custody;
use super::review::Wanted;
use super::run::{Phase, Run};
use super::tickets::Tickets;

/// What has the focus on the open screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum Focus {
    /// Nothing in particular.
    #[default]
    Screen,
    Field(FieldId),
    /// An item of a list, from 0: a choice of the start screen; in a review, a node of the cluster or a backup.
    Item(usize),
    /// The button that begins to write: [`super::view::Button`]. The focus never starts on it.
    Button,
}

/// The place in the flow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// The open screen.
    pub here: ScreenId,
    /// The furthest screen of the path that was reached; everything up to it can be jumped to.
    pub furthest: ScreenId,
    pub focus: Focus,
}

/// What lies over the screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Overlay {
    /// Help on the focused field, or on the screen.
    Help,
    /// The window that takes a connection string.
    ConnectionString,
    /// The server's certificate in full; if it was refused, the question whether to trust just this one.
    Certificate,
    /// The plan as a script for Octopus Server's own command line, its secrets masked.
    Script,
    /// What the steps' programs printed, their secrets masked.
    Output,
    /// The question whether to end the program.
    ConfirmQuit,
    /// The question whether to undo what this run created.
    ConfirmUndo,
}

/// A line that says what just happened; the next key press takes it away.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// Whether it is bad news.
    pub bad: bool,
    /// One or two sentences.
    pub text: String,
}

/// What Next has found at the gate of the open screen, until something changes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Prompt {
    /// Next was pressed while checks run: `update()` goes on by itself once they end well.
    pub waiting: bool,
    /// The checks were requested once more: their end is reported, since their rows may not change at all.
    pub again: bool,
    /// Next was pressed at these warnings: pressing it again accepts them, as long as they say the same.
    pub warnings: Vec<(CheckId, Verdict)>,
    /// Fields whose problems are shown: left once, or Next was pressed.
    pub touched: Vec<FieldId>,
}

/// How the program ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// The flow came to its end: exit status 0.
    Finished,
    /// Left by the operator before the end, nothing half done: 130.
    Left,
    /// Left with an unfinished run in its journal: 7.
    Unfinished,
    /// Hung up or terminated: the face knows which signal.
    HungUp,
}

/// The whole state. What belongs to one flow lives in [`FlowState`].
#[derive(Debug, Clone)]
pub struct State {
    pub place: Place,
    /// The answers, which say what is asked for.
    pub answers: Answers,
    /// Observed for the current answers.
    pub facts: Facts,
    /// The surveys that were requested, with their results.
    pub tickets: Tickets,
    /// The canaries that were missing at the last look into the folders.
    pub missed_canaries: Vec<CanaryRow>,
    pub prompt: Prompt,
    pub flow: FlowState,
    /// The login and password that the operator accepted to be sent although they look like somebody else's, or like nobody's.
    pub accepted_sign_in: Option<SignIn>,
    pub overlay: Option<Overlay>,
    /// The password that is shown while it is typed, until its field is left.
    pub revealed: Option<FieldId>,
    pub notice: Option<Notice>,
    /// Time since the engine began, as of the last event.
    pub now: Duration,
    /// Set when the program is to end.
    pub ending: Option<Ending>,
}

/// The flow that is open, with everything that belongs to it.
#[derive(Debug, Clone)]
pub enum FlowState {
    /// The start screen.
    Start(Start),
    SetUp(SetUp),
    Review(Review),
    Change(Change),
}

/// What the start screen keeps.
#[derive(Debug, Clone, Default)]
pub struct Start {
    /// What to review as soon as it is known which instances there are.
    pub wanted: Option<Wanted>,
    /// The set-up that was left with Esc. The same flow goes on with it; any other one drops it.
    pub left: Option<SetUp>,
    /// Whether the run that is being loaded is to be undone.
    pub undoes: bool,
}

/// The flows that configure a new node.
#[derive(Debug, Clone)]
pub struct SetUp {
    pub kind: SetUpKind,
    pub work: Work,
}

/// Which set-up it is.
#[derive(Debug, Clone)]
pub enum SetUpKind {
    /// The first node, with the custody of the new cluster's key.
    FirstNode(Custody),
    Join,
}

/// The review of an existing node.
#[derive(Debug, Clone)]
pub struct Review {
    pub node: ExistingNode,
    /// The custody of the node's own key, if its seal opens.
    pub custody: Custody,
}

/// The flows that change an existing node or its cluster.
#[derive(Debug, Clone)]
pub struct Change {
    pub node: ExistingNode,
    pub kind: ChangeKind,
    pub work: Work,
}

/// Which change it is.
#[derive(Debug, Clone)]
pub enum ChangeKind {
    Edit,
    Leave,
    /// Removes the registry row of this dead node; `None` if a resumed journal has lost it.
    Remove(Option<Box<KeptRow>>),
}

/// The existing node that a flow begins with.
#[derive(Debug, Clone)]
pub struct ExistingNode {
    pub subject: Subject,
    /// The answers of the set-up flows, put aside: while this node is open, the answers are its own.
    pub set_aside: Box<Answers>,
    /// Changes that were typed and not applied, kept until its settings are edited again.
    pub edits: Vec<(FieldId, Answer)>,
}

/// The work of a flow that writes something.
#[derive(Debug, Clone, Default)]
pub struct Work {
    /// Warnings that the operator accepted, with what they said then.
    pub accepted: Vec<(CheckId, Verdict)>,
    pub run: Run,
    pub resuming: Option<Resuming>,
    /// Whether every screen before the plan is proven at once, whichever screen is open.
    pub proves_all: bool,
}

/// The unfinished run that this one continues.
#[derive(Debug, Clone)]
pub struct Resuming {
    pub cluster: ClusterId,
    /// The registry row that the run takes over, changes or removes, as it was before.
    pub before: Option<KeptRow>,
    /// What the run changes, if it is an edit.
    pub changes: Vec<SettingChange>,
}

static NO_RUN: Run = Run {
    phase: Phase::Idle,
    plan: None,
    key: None,
    rows: Vec::new(),
    output: Vec::new(),
    is_provisional: false,
    is_begun: false,
    waiting: None,
    cancelling: false,
};
static NO_CUSTODY: Custody =
    Custody { generated: None, revealed: false, copied: None, saved: None, file_trouble: None, mismatch: false, proof: None };

impl State {
    /// Returns a wizard on its start screen.
    pub fn new(answers: Answers) -> Self {
        Self {
            place: Place { here: ScreenId::Start, furthest: ScreenId::Start, focus: Focus::Item(0) },
            answers,
            facts: Facts::default(),
            tickets: Tickets::default(),
            missed_canaries: Vec::new(),
            prompt: Prompt::default(),
            flow: FlowState::Start(Start::default()),
            accepted_sign_in: None,
            overlay: None,
            revealed: None,
            notice: None,
            now: Duration::ZERO,
            ending: None,
        }
    }

    /// Returns the open flow; `None` on the start screen.
    pub const fn flow(&self) -> Option<Flow> {
        match &self.flow {
            FlowState::Start(_) => None,
            FlowState::SetUp(set_up) => Some(set_up.flow()),
            FlowState::Review(_) => Some(Flow::Review),
            FlowState::Change(change) => Some(change.kind.flow()),
        }
    }

    /// Returns the work of the flow; on the start screen, that of the set-up that was left.
    pub const fn work(&self) -> Option<&Work> {
        match &self.flow {
            FlowState::Start(Start { left: Some(set_up), .. }) | FlowState::SetUp(set_up) => Some(&set_up.work),
            FlowState::Change(change) => Some(&change.work),
            FlowState::Start(Start { left: None, .. }) | FlowState::Review(_) => None,
        }
    }

    pub const fn work_mut(&mut self) -> Option<&mut Work> {
        match &mut self.flow {
            FlowState::Start(Start { left: Some(set_up), .. }) | FlowState::SetUp(set_up) => Some(&mut set_up.work),
            FlowState::Change(change) => Some(&mut change.work),
            FlowState::Start(Start { left: None, .. }) | FlowState::Review(_) => None,
        }
    }

    /// Returns the installation; an idle one if the flow has none.
    pub fn run(&self) -> &Run {
        self.work().map_or(&NO_RUN, |work| &work.run)
    }

    pub fn run_mut(&mut self) -> Option<&mut Run> {
        self.work_mut().map(|work| &mut work.run)
    }

    /// Returns the custody of the key; an empty one if the flow keeps none.
    pub const fn custody(&self) -> &Custody {
        match &self.flow {
            FlowState::Start(Start { left: Some(set_up), .. }) | FlowState::SetUp(set_up) => match &set_up.kind {
                SetUpKind::FirstNode(custody) => custody,
                SetUpKind::Join => &NO_CUSTODY,
            },
            FlowState::Review(review) => &review.custody,
            FlowState::Start(Start { left: None, .. }) | FlowState::Change(_) => &NO_CUSTODY,
        }
    }

    pub const fn custody_mut(&mut self) -> Option<&mut Custody> {
        match &mut self.flow {
            FlowState::Start(Start { left: Some(set_up), .. }) | FlowState::SetUp(set_up) => match &mut set_up.kind {
                SetUpKind::FirstNode(custody) => Some(custody),
                SetUpKind::Join => None,
            },
            FlowState::Review(review) => Some(&mut review.custody),
            FlowState::Start(Start { left: None, .. }) | FlowState::Change(_) => None,
        }
    }

    /// Hides the master key or a password, if one is shown.
    pub const fn hide_secrets(&mut self) {
        self.revealed = None;
        if let Some(custody) = self.custody_mut() {
            custody.revealed = false;
        }
    }

    /// Returns the existing node that the flow began with.
    pub const fn node(&self) -> Option<&ExistingNode> {
        match &self.flow {
            FlowState::Review(Review { node, .. }) | FlowState::Change(Change { node, .. }) => Some(node),
            FlowState::Start(_) | FlowState::SetUp(_) => None,
        }
    }

    pub fn subject(&self) -> Option<&Subject> {
        self.node().map(|node| &node.subject)
    }

    /// Returns the cluster of the unfinished run that this one continues.
    pub fn resuming(&self) -> Option<ClusterId> {
        self.work()?.resuming.as_ref().map(|resuming| resuming.cluster)
    }

    /// Returns what the unfinished edit changes that this run continues.
    pub fn resumed_changes(&self) -> &[SettingChange] {
        self.work().and_then(|work| work.resuming.as_ref()).map_or(&[], |resuming| &resuming.changes)
    }

    /// Returns the accepted warnings, with what they said then.
    pub fn accepted_verdicts(&self) -> &[(CheckId, Verdict)] {
        self.work().map_or(&[], |work| &work.accepted)
    }

    pub fn proves_all(&self) -> bool {
        self.work().is_some_and(|work| work.proves_all)
    }

    /// Returns the registry row that the plan is about, if it is not known from the cluster's survey: the dead node to remove, or the row as it
    /// was before a resumed run.
    pub fn kept_row(&self) -> Option<&KeptRow> {
        match &self.flow {
            FlowState::Change(Change { kind: ChangeKind::Remove(dead), .. }) => dead.as_deref(),
            _ => self.work()?.resuming.as_ref()?.before.as_ref(),
        }
    }
}

impl FlowState {
    pub const fn node_mut(&mut self) -> Option<&mut ExistingNode> {
        match self {
            Self::Review(Review { node, .. }) | Self::Change(Change { node, .. }) => Some(node),
            Self::Start(_) | Self::SetUp(_) => None,
        }
    }
}

impl ExistingNode {
    pub fn new(subject: Subject, set_aside: Answers) -> Self {
        Self { subject, set_aside: Box::new(set_aside), edits: Vec::new() }
    }
}

impl SetUp {
    pub const fn flow(&self) -> Flow {
        match self.kind {
            SetUpKind::FirstNode(_) => Flow::FirstNode,
            SetUpKind::Join => Flow::Join,
        }
    }
}

impl ChangeKind {
    pub const fn flow(&self) -> Flow {
        match self {
            Self::Edit => Flow::Edit,
            Self::Leave => Flow::Leave,
            Self::Remove(_) => Flow::Remove,
        }
    }
}
