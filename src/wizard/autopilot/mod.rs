//! The autopilot: a set-up flow with nobody before the screens. Pure: asked whenever nothing is under way any more, it says
//! what happens next, through the same events that a person's keys become. What stops a person stops it too; and it goes
//! over a warning only where that was accepted by its name beforehand.

mod consent;
mod refusal;
mod resume;

use crate::model::answers::Origin;
use crate::model::check::CheckId;
use crate::model::facts::Unfinished;
use crate::model::field::FieldId;
use crate::model::finding::{Severity, Verdict};
use crate::model::flow::Flow;
use crate::model::given_answers::{LoadedAnswers, Problem};
use crate::model::names::instance_key;
use crate::model::plan::Step;
use crate::model::screen::ScreenId;
use crate::model::untrusted::Untrusted;

use super::answer_file;
use super::event::{Action, Errand, Event};
use super::gate::Gate;
use super::run::Phase;
use super::state::{Ending, State};

pub use consent::accepted;
pub use refusal::{Refusal, checks_of};

/// More moves than any flow takes: whoever needs more goes in a circle.
const MOST: usize = 64;

/// What is to be done, as it was said beforehand.
#[derive(Debug, Clone)]
pub struct Order {
    /// The flow: one that sets a node up.
    pub flow: Flow,
    /// The answers, and the checks whose warnings are accepted.
    pub loaded: LoadedAnswers,
    /// End with the plan.
    pub dry_run: bool,
}

/// What happens next.
#[derive(Debug)]
pub enum Move {
    /// These events, and then all that comes of them.
    Do(Vec<Event>),
    /// The plan is to be told as it stands now, before anything is done.
    Plan,
    /// Nothing more: this is how it ended.
    End(Outcome),
}

/// How it ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The flow came to its end.
    Finished,
    /// A dry run came to its plan.
    Planned,
    /// A dry run found that an earlier start has done every step, and only the run's end is left.
    OnlyItsEnd,
    /// The answers are refused, in the light of a run that was begun before.
    Answers(Vec<Problem>),
    /// The checks refuse.
    Checks(Refusal),
    /// A step failed; its row says how.
    Failed,
    /// The run is unfinished for another reason: sentences.
    Unfinished(String),
}

/// What is wrong with the answers of an unattended run, before anything is looked at: what is wrong with them by
/// themselves, and a new master key that nobody would keep.
pub fn problems(flow: Flow, loaded: &LoadedAnswers) -> Vec<Problem> {
    let mut problems = answer_file::judge(flow, loaded);
    let told = problems.iter().any(|problem| problem.field == Some(FieldId::KeyFile));
    let file = loaded.answers.get(FieldId::KeyFile);
    if flow == Flow::FirstNode && !told && (file.origin == Origin::Default || loaded.answers.trimmed(FieldId::KeyFile).is_empty())
    {
        problems.push(Problem::stop(
            loaded.places.get(&FieldId::KeyFile).cloned(),
            Some(FieldId::KeyFile),
            "key-file: nobody has said where the new master key is to be kept. A key in a place that nobody chose is kept by nobody.",
            "Say it with --key-file FILE: a new file, made readable by its owner only.",
        ));
    }
    problems
}

/// The autopilot.
#[derive(Debug)]
pub struct Autopilot {
    order: Order,
    /// A run that was begun before is being loaded.
    resumes: bool,
    /// What it does once only.
    done: Vec<Once>,
    told: Vec<Step>,
    moves: usize,
}

/// What the autopilot does once in a run: what did not help the first time does not help the second time either.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Once {
    Begin,
    Judge,
    Prove,
    Save,
    Read,
}

impl Autopilot {
    /// Before its first move.
    pub fn new(order: Order) -> Self {
        Self { order, resumes: false, done: Vec::new(), told: Vec::new(), moves: 0 }
    }

    /// Whether this is done for the first time.
    fn first(&mut self, once: Once) -> bool {
        let first = !self.done.contains(&once);
        if first {
            self.done.push(once);
        }
        first
    }

    /// What it was told to do.
    pub fn order(&self) -> &Order {
        &self.order
    }

    /// What happens next; to be asked when nothing is under way.
    pub fn next(&mut self, state: &State) -> Move {
        self.moves += 1;
        if self.moves > MOST {
            return stuck(state);
        }
        if state.ending == Some(Ending::Finished) {
            return Move::End(Outcome::Finished);
        }
        if state.flow().is_none() {
            return self.begin(state);
        }
        if std::mem::take(&mut self.resumes) {
            let differences = resume::differences(&self.order, state);
            if !differences.is_empty() {
                return Move::End(Outcome::Answers(differences));
            }
            let mut events = resume::told_again(&self.order);
            if state.run().phase == Phase::Idle {
                events.push(Event::ProveAll);
            }
            return Move::Do(events);
        }
        match state.place.here {
            ScreenId::Review => self.review(state),
            ScreenId::Install => install(state),
            ScreenId::MasterKey => self.keep(state),
            ScreenId::Done => match bad_news(state) {
                Some(says) => Move::End(Outcome::Unfinished(says)),
                None => Move::Do(vec![Event::Next]),
            },
            _ => self.fields(state),
        }
    }

    /// The run of the same instance that stopped in the middle.
    pub fn unfinished<'a>(&self, state: &'a State) -> Option<&'a Unfinished> {
        let own = instance_key(self.order.loaded.answers.trimmed(FieldId::Instance));
        state.facts.machine.unfinished.iter().find(|run| instance_key(run.instance.as_str()) == own)
    }

    /// Begins the flow, or goes on with the run that stopped in the middle.
    fn begin(&mut self, state: &State) -> Move {
        if !self.first(Once::Begin) {
            let says = bad_news(state).unwrap_or_else(|| "The unfinished run cannot be gone on with.".to_owned());
            return Move::End(Outcome::Unfinished(says));
        }
        let flow = self.order.flow;
        let Some(run) = self.unfinished(state) else {
            return Move::Do(vec![Event::Begin(Errand::Flow(flow)), Event::ProveAll]);
        };
        if run.flow != flow {
            return Move::End(Outcome::Answers(vec![resume::other_flow(&self.order, run)]));
        }
        if self.order.dry_run && run.steps > 0 && run.done == run.steps {
            // Going on with it would end it, and that is something that is done.
            return Move::End(Outcome::OnlyItsEnd);
        }
        self.resumes = true;
        Move::Do(vec![Event::Begin(Errand::Resume(run.instance.clone()))])
    }

    /// A screen of fields: everything of every screen is judged on the first one, and all that stands against it told at once.
    fn fields(&mut self, state: &State) -> Move {
        if self.first(Once::Judge) {
            let refusal = Refusal::of(&self.order, state);
            if refusal.refuses() {
                return Move::End(Outcome::Checks(refusal));
            }
        }
        match state.gate() {
            Gate::Open => Move::Do(vec![Event::Next]),
            Gate::Warned(warned) if warned.iter().all(|check| self.order.loaded.accept.contains(check)) => {
                Move::Do(vec![Event::Next])
            }
            Gate::Warned(_) | Gate::Waiting | Gate::Unproven | Gate::Malformed(_) | Gate::Shut(_) => {
                let refusal = Refusal::of(&self.order, state);
                if refusal.refuses() { Move::End(Outcome::Checks(refusal)) } else { stuck(state) }
            }
        }
    }

    fn review(&mut self, state: &State) -> Move {
        let Some(plan) = &state.run().plan else {
            let says = bad_news(state).unwrap_or_else(|| "The plan cannot be made.".to_owned());
            return Move::End(Outcome::Checks(Refusal { says: Some(says), ..Refusal::default() }));
        };
        if self.told != plan.steps {
            self.told.clone_from(&plan.steps);
            return Move::Plan;
        }
        if self.order.dry_run { Move::End(Outcome::Planned) } else { Move::Do(vec![Event::Next]) }
    }

    /// A first node's key is saved and read back, and that is the proof that it is kept.
    fn keep(&mut self, state: &State) -> Move {
        let custody = state.custody();
        if custody.proof.is_some() {
            return Move::Do(vec![Event::Next]);
        }
        if custody.saved.is_some() && self.first(Once::Read) {
            return Move::Do(vec![Event::Press(Action::ReadKey)]);
        }
        if custody.saved.is_none() {
            // An earlier start may have done every step, and this order may name another file than that one did.
            let verdict = state.verdict(CheckId::KeyFile);
            if verdict == Verdict::NotYet && self.first(Once::Prove) {
                return Move::Do(vec![Event::ProveAll]);
            }
            if let Verdict::Found(findings) = &verdict
                && verdict.severity() == Some(Severity::Warn)
                && !self.order.loaded.accept.contains(&CheckId::KeyFile)
            {
                let says: Vec<&str> = findings.iter().map(|finding| finding.says.as_str()).collect();
                return not_kept(
                    state,
                    &format!("{} To go on all the same: --accept {}.", says.join(" "), CheckId::KeyFile.id()),
                );
            }
            if self.first(Once::Save) {
                return Move::Do(vec![Event::Press(Action::SaveKey)]);
            }
        }
        not_kept(state, &bad_news(state).unwrap_or_else(|| "It could not be read back.".to_owned()))
    }
}

fn not_kept(state: &State, said: &str) -> Move {
    let file = Untrusted::new(state.answers.trimmed(FieldId::KeyFile));
    Move::End(Outcome::Unfinished(format!(
        "The node is configured, but its master key is not kept: {file}: {said} The sealed key is safe on this machine. Run the same \
         command again once that is fixed, or with another --key-file."
    )))
}

fn install(state: &State) -> Move {
    match state.run().phase {
        Phase::Finished => match bad_news(state) {
            Some(says) => Move::End(Outcome::Unfinished(says)),
            None => Move::Do(vec![Event::Next]),
        },
        Phase::Failed => Move::End(Outcome::Failed),
        Phase::Idle | Phase::Running | Phase::Undoing | Phase::Undone | Phase::UndoneInPart => stuck(state),
    }
}

fn bad_news(state: &State) -> Option<String> {
    state.notice.as_ref().filter(|notice| notice.bad).map(|notice| notice.text.clone())
}

/// The gate stays shut and nobody says why: an end all the same, rather than a circle.
fn stuck(state: &State) -> Move {
    let says = bad_news(state).unwrap_or_else(|| format!("It does not go on from {}.", state.place.here.id()));
    if state.run().phase == Phase::Idle {
        Move::End(Outcome::Checks(Refusal { says: Some(says), ..Refusal::default() }))
    } else {
        Move::End(Outcome::Unfinished(says))
    }
}

#[cfg(test)]
mod tests;
