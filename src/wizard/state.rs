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
use crate::model::registry::KeptRow;
use crate::model::screen::ScreenId;
use crate::model::subject::Subject;

use super::custody::Custody;
use super::run::Run;
use super::subjects::Wanted;
use super::tickets::Tickets;

/// What has the focus on the screen that is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum Focus {
    /// Nothing to choose: Enter goes on.
    #[default]
    Screen,
    /// A field.
    Field(FieldId),
    /// An item of a list, from 0: the errands of the start screen; of a review the nodes of the cluster, or the backups.
    Item(usize),
}

/// Where we are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// The flow, once one is chosen.
    pub flow: Option<Flow>,
    /// The screen that is open.
    pub here: ScreenId,
    /// The furthest screen of the path that was reached; everything up to it can be jumped to.
    pub furthest: ScreenId,
    /// What has the focus.
    pub focus: Focus,
}

/// What lies over the screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Overlay {
    /// Help on the focused field, or on the screen.
    Help,
    /// The window that takes a connection string.
    ConnectionString,
    /// The server's certificate, in full; where it was refused, the question whether to trust just this one.
    Certificate,
    /// The script that the plan would be for Octopus Server's own command line, with its secrets masked.
    Script,
    /// What the steps' programs printed, their secrets masked.
    Output,
    /// End the program? Something would be left undone.
    ConfirmQuit,
    /// Undo what this run created?
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

/// What Next has found at the gate, until something changes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Asked {
    /// Next was pressed while checks run: go on by itself when they end well.
    pub waiting: bool,
    /// The checks were asked for once more: say so when they have ended, since their rows may not change at all.
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

/// The whole state.
#[derive(Debug, Clone)]
pub struct State {
    /// Where we are.
    pub place: Place,
    /// What was asked for.
    pub answers: Answers,
    /// What was observed for the current answers.
    pub facts: Facts,
    /// What surveys were asked, and what they said.
    pub tickets: Tickets,
    /// What Next found.
    pub asked: Asked,
    /// Warnings that the operator accepted, with what they said then.
    pub accepted: Vec<(CheckId, Verdict)>,
    /// The installation.
    pub run: Run,
    /// The master key.
    pub custody: Custody,
    /// The cluster of the unfinished run that is being gone on with.
    pub resuming: Option<ClusterId>,
    /// What is under review, in the flows that begin with an existing node.
    pub subject: Option<Subject>,
    /// What is to be reviewed as soon as it is known what there is.
    pub wanted: Option<Wanted>,
    /// The answers of the set-up flows, set aside while a node is reviewed: its answers are the node's own.
    pub aside: Option<Box<Answers>>,
    /// What was changed of the node under review and not written, set aside until its settings are changed again.
    pub edits: Vec<(FieldId, Answer)>,
    /// The dead node that is to be removed from the registry.
    pub removing: Option<KeptRow>,
    /// Whether every screen on the way to the plan is proven at once, whatever screen is open.
    pub proves_all: bool,
    /// What lies over the screen.
    pub overlay: Option<Overlay>,
    /// What just happened.
    pub notice: Option<Notice>,
    /// Time since the engine began, as it was at the last event.
    pub now: Duration,
    /// Set when the program is to end.
    pub ending: Option<Ending>,
}
