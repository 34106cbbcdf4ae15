//! The events of an unattended run, reported one by one: for people as lines of text, for programs as lines of JSON.

use std::time::Duration;

use crate::catalog::failures::Explanation;
use crate::catalog::{flow as flows, form};
use crate::faces::exit::Exit;
use crate::faces::problems;
use crate::model::answers::{LoadedAnswers, Origin, Problem};
use crate::model::check::CheckId;
use crate::model::field::FieldId;
use crate::model::finding::Verdict;
use crate::model::flow::Flow;
use crate::model::plan::{Plan, StepState};
use crate::model::screen::ScreenId;
use crate::model::untrusted::Untrusted;
use crate::wizard::autopilot::Refusal;
use crate::wizard::next_steps::{self, NextStep};
use crate::wizard::state::State;

/// An event of an unattended run.
#[derive(Debug)]
pub enum RunEvent<'a> {
    /// Something is wrong with the answers.
    Problem(&'a Problem),
    /// These screens are being checked.
    Proving(&'a [ScreenId]),
    /// An unfinished run is resumed: how many of its steps are done, of how many.
    Resuming(usize, usize),
    /// The checks of this screen follow; only for people.
    Screen(ScreenId),
    /// A check has come to its verdict.
    Check(ScreenId, CheckId, &'a Verdict, Consent),
    /// The plan, and the answers that it was made of.
    Plan(&'a Plan, &'a [AnswerSummary]),
    /// A step progressed.
    Step(StepEvent<'a>),
    /// What the program of a step that failed printed last: the step's id, and lines.
    Said(&'static str, &'a [Untrusted]),
    /// Nothing has happened for so long: what is still running.
    Pending(Pending<'a>, Duration),
    /// A signal came while steps run.
    Interrupted,
    End(&'a RunEnd),
}

/// Whether a warning was accepted in advance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Consent {
    /// By its name.
    Accepted,
    /// Nobody has.
    Open,
}

/// What is still running.
#[derive(Debug)]
pub enum Pending<'a> {
    /// These checks wait for what is being looked at.
    Checks(Vec<CheckId>),
    /// The step of this number, of so many: its id and what it does.
    Step(usize, usize, &'static str, &'a str),
    /// Something that is neither.
    Else,
}

/// A step and its outcome so far.
#[derive(Debug)]
pub struct StepEvent<'a> {
    /// Its place in the plan, from 1.
    pub number: usize,
    /// How many there are.
    pub of: usize,
    pub id: &'static str,
    /// What it does, to what.
    pub title: &'a str,
    /// Its outcome so far.
    pub outcome: StepOutcome,
}

/// How far a step has come.
#[derive(Debug)]
pub enum StepOutcome {
    /// It begins.
    Begun,
    /// It is done, or was so already; after this long.
    Done(StepState, Duration),
    Failed(Explanation),
}

/// How it ended.
#[derive(Debug, Clone)]
pub struct RunEnd {
    /// The exit status.
    pub exit: Exit,
    pub flow: Flow,
    /// Whether only the plan was asked for.
    pub dry_run: bool,
    /// Whether the same command, or the next start, goes on with something that was begun.
    pub resumable: bool,
    /// What there is to say about it: sentences.
    pub says: Vec<String>,
    /// What the checks have against it.
    pub refusal: Option<Refusal>,
    /// What is known of the node, where there is a plan.
    pub node: Option<NodeSummary>,
}

impl RunEnd {
    /// What to do next, of a run that is done.
    pub fn next(&self) -> Vec<NextStep> {
        self.node.as_ref().map_or_else(|| next_steps::next_steps(self.flow, None), |node| node.next.clone())
    }
}

/// The node that was, or would be, set up.
#[derive(Debug, Clone)]
pub struct NodeSummary {
    pub name: String,
    /// Its node config's file.
    pub config: String,
    /// What has polling Tentacles poll a node that joined as well.
    pub polling: Option<String>,
    /// The cluster's id; none of a dry run of a first node, which is generated anew each time.
    pub cluster: Option<String>,
    /// The master key's fingerprint; none of a dry run of a first node, whose key nobody keeps.
    pub fingerprint: Option<String>,
    /// Where a new master key was saved, once its keeping is proven.
    pub key_file: Option<String>,
    /// The command that adds the next node of its cluster, in one line.
    pub next_node: String,
    /// The same in lines of this system's shell.
    pub next_lines: Vec<String>,
    /// What to do next.
    pub next: Vec<NextStep>,
}

/// One answer, as it may be told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AnswerSummary {
    pub field: FieldId,
    /// Its text; `None` of a secret, which is only said to be set.
    pub value: Option<String>,
    /// Where it comes from, as one word: an origin's, or `unfinished-run`.
    pub origin: &'static str,
    /// Where exactly, as a person finds it.
    pub place: Option<String>,
}

/// The answers that a plan was made of, as far as they have a text, in the order of the fields. `loaded`: what was given.
pub fn answers(state: &State, loaded: &LoadedAnswers) -> Vec<AnswerSummary> {
    let (answers, flow) = (&state.answers, state.flow());
    let asked = |field: &FieldId| {
        field.is_presettable()
            && flow.is_some_and(|flow| flows::asks(flow, *field))
            && form::is_visible(*field, answers)
            && !answers.get(*field).raw.is_empty()
    };
    let one = |field: FieldId| {
        let given = loaded.answers.get(field);
        // A run that is gone on with has its own answers where nobody gave another; where somebody did, they are the same.
        let of_the_run = state.resuming().is_some() && given.origin == Origin::Default && !field.is_secret();
        AnswerSummary {
            field,
            value: (!field.is_secret()).then(|| Untrusted::new(answers.trimmed(field)).to_string()),
            origin: if of_the_run { "unfinished-run" } else { problems::origin(given.origin) },
            place: loaded.places.get(&field).map(ToString::to_string),
        }
    };
    FieldId::ALL.into_iter().filter(asked).map(one).collect()
}
