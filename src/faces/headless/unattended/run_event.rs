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
use crate::wizard::summary::SummaryLine;

/// An event of an unattended run.
#[derive(Debug)]
pub enum RunEvent<'a> {
    /// Something is wrong with the answers.
    Problem(&'a Problem),
    /// These screens are being checked.
    Proving(&'a [ScreenId]),
    /// An unfinished run is resumed: the number of steps done, and of all steps.
    Resuming(usize, usize),
    /// The checks of this screen follow; reported only to people.
    Screen(ScreenId),
    /// A check has come to its verdict.
    Check(ScreenId, CheckId, &'a Verdict, Consent),
    /// The plan, and the answers that it was made from.
    Plan(&'a Plan, &'a [AnswerSummary], &'a [SummaryLine]),
    /// A step progressed.
    Step(StepEvent<'a>),
    /// The last output of a failed step's program: the step's id, and lines.
    Said(&'static str, &'a [Untrusted]),
    /// Nothing has happened for this long; names what is still running.
    Pending(Pending<'a>, Duration),
    /// The running step waits for a trouble that may pass: the step's id, and a sentence.
    Waiting(&'static str, &'a str),
    /// A signal came while steps were running.
    Interrupted,
    End(&'a RunEnd),
}

/// Whether a warning was accepted in advance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Consent {
    /// By name, in the answers or on the command line.
    Accepted,
    /// Not accepted.
    Open,
}

/// What is still running.
#[derive(Debug)]
pub enum Pending<'a> {
    /// These checks wait for a survey.
    Checks(Vec<CheckId>),
    /// A step: its number, the number of steps, its id and its title.
    Step(usize, usize, &'static str, &'a str),
    /// Anything else.
    Else,
}

/// A step and its outcome so far.
#[derive(Debug)]
pub struct StepEvent<'a> {
    /// Its place in the plan, from 1.
    pub number: usize,
    /// The number of steps in the plan.
    pub of: usize,
    pub id: &'static str,
    /// What it does, and to what.
    pub title: &'a str,
    pub outcome: StepOutcome,
}

/// How far a step has come.
#[derive(Debug)]
pub enum StepOutcome {
    /// It begins.
    Begun,
    /// It is done now or was done already; how long it took.
    Done(StepState, Duration),
    /// What it did is taken back.
    Undone,
    Failed(Explanation),
}

/// How the run ended.
#[derive(Debug, Clone)]
pub struct RunEnd {
    pub exit: Exit,
    pub flow: Flow,
    /// Whether only the plan was requested.
    pub dry_run: bool,
    /// Whether the same command, or the next start, resumes a run that has begun.
    pub resumable: bool,
    /// Whether the node was set up already, so that there was nothing to do.
    pub already: bool,
    /// Sentences about the end.
    pub says: Vec<String>,
    /// Why the checks refuse.
    pub refusal: Option<Refusal>,
    /// What exists now, once the run is done.
    pub facts: Vec<SummaryLine>,
    /// The node, if there is a plan.
    pub node: Option<NodeSummary>,
    /// The command that adds this server to the cluster of the first node that was faster, in lines of this system's shell.
    pub join: Vec<String>,
}

impl RunEnd {
    /// Returns what to do next after a run that is done.
    pub fn next(&self) -> Vec<NextStep> {
        self.node.as_ref().map_or_else(|| next_steps::next_steps(self.flow, None), |node| node.next.clone())
    }
}

/// The node that was, or would be, set up.
#[derive(Debug, Clone)]
pub struct NodeSummary {
    pub name: String,
    /// The path of its node config.
    pub config: String,
    /// The command that makes polling Tentacles poll a node that joined as well.
    pub polling: Option<String>,
    /// The cluster's id; `None` in a dry run of a first node, which generates a new one each time.
    pub cluster: Option<String>,
    /// The master key's fingerprint; `None` in a dry run of a first node, whose key is discarded.
    pub fingerprint: Option<String>,
    /// Where a new master key was saved, once it is proven to be kept.
    pub key_file: Option<String>,
    /// The command that adds the next node of the cluster, on one line.
    pub next_node: String,
    /// The same command on several lines for this system's shell.
    pub next_lines: Vec<String>,
    /// What to do next.
    pub next: Vec<NextStep>,
}

/// An answer, without its text if it is secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AnswerSummary {
    pub field: FieldId,
    /// Its text; `None` for a secret, which is only reported as set.
    pub value: Option<String>,
    /// Where it comes from, as one word: an origin's name, or `unfinished-run`.
    pub origin: &'static str,
    /// The exact place, for people.
    pub place: Option<String>,
}

/// Returns the answers that the plan was made from and that are not empty, in the order of the fields. `loaded`: the
/// given answers.
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
        // A resumed run uses its own answers unless an answer was given; a given answer must be the same as the run's.
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
