//! The autopilot: runs a set-up flow without an operator. It is pure: asked whenever nothing is under way any more, it says
//! what happens next, through the same events that a person's keys become. What stops a person stops it too, and it passes a
//! warning only if the warning was accepted by name before the run.

use crate::catalog::flow;
use crate::catalog::form::{self, read};
use crate::model::answers::{AnswerPlace, LoadedAnswers, Origin, Problem, Raw};
use crate::model::check::CheckId;
use crate::model::facts::{Content, UnfinishedRun};
use crate::model::field::FieldId;
use crate::model::finding::{Severity, Verdict};
use crate::model::flow::Flow;
use crate::model::names::instance_key;
use crate::model::plan::Step;
use crate::model::screen::ScreenId;
use crate::model::suggestion::suggest_check;
use crate::model::untrusted::Untrusted;
use crate::words;

use super::answer_file;
use super::event::{Action, Event, StartChoice};
use super::gate::Gate;
use super::run::Phase;
use super::state::{Ending, State};

/// More moves than any flow takes: a run that needs more goes in a circle.
const MAX_MOVES: usize = 64;

/// What to do, as given before the run.
#[derive(Debug, Clone)]
pub struct Order {
    /// One that sets a node up.
    pub flow: Flow,
    /// The answers, and the checks whose warnings are accepted.
    pub loaded: LoadedAnswers,
    /// End with the plan.
    pub dry_run: bool,
    /// The dead node that is to be removed.
    pub dead: Option<String>,
}

/// What happens next.
#[derive(Debug)]
pub enum Move {
    /// These events, and then all that comes of them.
    Do(Vec<Event>),
    /// Report the plan as it stands now, before anything is done.
    Plan,
    /// Nothing more: this is how it ended.
    End(Outcome),
}

/// How the run ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The flow reached its end.
    Finished,
    /// A dry run reached its plan.
    Planned,
    /// A dry run found that an earlier start did every step, and only the run's end is left.
    OnlyItsEnd,
    /// The answers are refused because they do not fit the run that was begun before.
    Answers(Vec<Problem>),
    /// The checks refuse.
    Checks(Refusal),
    /// A step failed; its row says how.
    Failed,
    /// It was done before: nothing is to be done. A sentence.
    Already(String),
    /// Another first node was faster, and nothing of this run is left.
    Lost,
    /// The run is unfinished for another reason: sentences.
    Unfinished(String),
}

/// Returns what is wrong with the answers of an unattended run, before anything is looked at: problems of the answers
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
    stage: Stage,
    /// What it does once only.
    done: Vec<Once>,
    told: Vec<Step>,
    moves: usize,
}

/// What the autopilot waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// A run that was begun before is being loaded.
    Resumes,
    /// The node that has the instance's name is being looked at.
    Compares,
    /// The node that is to be changed is being looked at.
    Opens,
    /// Nothing but the flow itself.
    Runs,
}

/// What the autopilot does once in a run: what did not help the first time does not help the second time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Once {
    Begin,
    SignIn,
    FindKeyFile,
    Judge,
    Prove,
    Save,
}

impl Autopilot {
    /// Returns an autopilot before its first move.
    pub fn new(order: Order) -> Self {
        Self { order, stage: Stage::Runs, done: Vec::new(), told: Vec::new(), moves: 0 }
    }

    /// Returns `true` if this is done for the first time.
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

    /// Returns whether it is comparing the answers with a node that is there, and has decided nothing yet.
    pub fn is_comparing(&self) -> bool {
        self.stage == Stage::Compares
    }

    /// Returns what happens next; ask when nothing is under way.
    pub fn next(&mut self, state: &State) -> Move {
        self.moves += 1;
        if self.moves > MAX_MOVES {
            return stuck(state);
        }
        if state.ending == Some(Ending::Finished) {
            return Move::End(Outcome::Finished);
        }
        if state.flow().is_none() {
            return self.begin(state);
        }
        match self.stage {
            Stage::Resumes => return self.resume(state),
            Stage::Compares => return self.compare(state),
            Stage::Opens => {
                self.stage = Stage::Runs;
                return self.change(state);
            }
            Stage::Runs => {}
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

    /// Returns the run of the same instance that stopped in the middle.
    pub fn unfinished<'a>(&self, state: &'a State) -> Option<&'a UnfinishedRun> {
        let own = instance_key(self.instance(state).as_str());
        state.facts.machine.unfinished.iter().find(|run| instance_key(run.instance.as_str()) == own)
    }

    /// Begins the flow, or continues the run that stopped in the middle.
    fn begin(&mut self, state: &State) -> Move {
        if !self.first(Once::Begin) {
            let says = bad_news(state).unwrap_or_else(|| "The unfinished run cannot be continued.".to_owned());
            return Move::End(Outcome::Unfinished(says));
        }
        let flow = self.order.flow;
        let Some(run) = self.unfinished(state) else {
            if flow.changes_a_node() {
                return self.open(state);
            }
            if let Some(subject) = self.existing(state) {
                self.stage = Stage::Compares;
                return Move::Do(vec![Event::Begin(StartChoice::Review(subject))]);
            }
            return Move::Do(vec![Event::Begin(StartChoice::Flow(flow)), Event::ProveAll]);
        };
        if run.flow != flow {
            return Move::End(Outcome::Answers(vec![other_flow(&self.order, run)]));
        }
        if self.order.dry_run && run.steps > 0 && run.done == run.steps {
            // Continuing it would end it, which a dry run must not do.
            return Move::End(Outcome::OnlyItsEnd);
        }
        self.stage = Stage::Resumes;
        Move::Do(vec![Event::Begin(StartChoice::Resume(run.instance.clone()))])
    }

    /// Goes on with the run that was loaded, unless other answers were given than it was begun with.
    fn resume(&mut self, state: &State) -> Move {
        self.stage = Stage::Runs;
        let differences = differences(&self.order, state);
        if !differences.is_empty() {
            return Move::End(Outcome::Answers(differences));
        }
        let mut events = repeated_answers(&self.order);
        if state.run().phase == Phase::Idle {
            events.push(Event::ProveAll);
        }
        Move::Do(events)
    }

    /// Leaves a screen of fields. On the first one, every screen is judged, so that all problems are reported at once.
    fn fields(&mut self, state: &State) -> Move {
        if let Some(accept) = self.accept_sign_in(state) {
            return accept;
        }
        if self.first(Once::Judge) {
            let refusal = Refusal::collect(&self.order, state);
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
                let refusal = Refusal::collect(&self.order, state);
                if refusal.refuses() { Move::End(Outcome::Checks(refusal)) } else { stuck(state) }
            }
        }
    }

    fn review(&mut self, state: &State) -> Move {
        let Some(plan) = &state.run().plan else {
            let says = bad_news(state).unwrap_or_else(|| "The plan cannot be made.".to_owned());
            return Move::End(Outcome::Checks(Refusal { says: Some(says), ..Refusal::default() }));
        };
        if let Some(caution) = state.caution()
            && !self.order.loaded.accept.contains(&CheckId::ClusterNode)
        {
            let says = format!("{caution} To accept it: --accept {}.", CheckId::ClusterNode.id());
            return Move::End(Outcome::Checks(Refusal { says: Some(says), ..Refusal::default() }));
        }
        if self.told != plan.steps {
            self.told.clone_from(&plan.steps);
            return Move::Plan;
        }
        if self.order.dry_run { Move::End(Outcome::Planned) } else { Move::Do(vec![Event::Next]) }
    }

    /// Saves a first node's key and reads it back, which proves that it is kept.
    fn keep(&mut self, state: &State) -> Move {
        let custody = state.custody();
        if custody.proof.is_some() {
            return Move::Do(vec![Event::Next]);
        }
        if custody.saved.is_none() {
            // An earlier start may have done every step, and this order may name another file.
            let verdict = state.verdict(CheckId::KeyFile);
            if verdict == Verdict::NotYet && self.first(Once::Prove) {
                return Move::Do(vec![Event::ProveAll]);
            }
            if let Verdict::Found(findings) = &verdict
                && verdict.needs_consent()
                && !self.order.loaded.accept.contains(&CheckId::KeyFile)
            {
                let says: Vec<&str> = findings.iter().map(|finding| finding.says.as_str()).collect();
                return not_kept(state, &format!("{} To accept it: --accept {}.", says.join(" "), CheckId::KeyFile.id()));
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
        Phase::Undone if state.run().is_lost() => Move::End(Outcome::Lost),
        Phase::UndoneInPart if state.run().is_lost() => Move::End(Outcome::Failed),
        Phase::Idle | Phase::Running | Phase::Undoing | Phase::Undone | Phase::UndoneInPart => stuck(state),
    }
}

fn bad_news(state: &State) -> Option<String> {
    let bad = state.notice.as_ref().filter(|notice| notice.bad).map(|notice| notice.text.clone());
    // A caution was accepted before the steps began.
    bad.filter(|text| state.caution().as_ref() != Some(text))
}

/// Ends the run where the gate stays shut without a reason, rather than going in a circle.
fn stuck(state: &State) -> Move {
    let says = bad_news(state).unwrap_or_else(|| format!("It does not go on from {}.", state.place.here.id()));
    if state.run().phase == Phase::Idle {
        Move::End(Outcome::Checks(Refusal { says: Some(says), ..Refusal::default() }))
    } else {
        Move::End(Outcome::Unfinished(says))
    }
}

/// Why the checks refuse.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Refusal {
    /// Checks that say stop.
    pub stops: Vec<CheckId>,
    /// Checks that warn and were not accepted.
    pub warnings: Vec<CheckId>,
    /// Checks that could not be judged, usually because an earlier one says stop.
    pub unknown: Vec<CheckId>,
    /// The stops that the operator named in `--accept`, which accepts warnings only.
    pub named: Vec<CheckId>,
    /// A reason that does not come from a check, as sentences.
    pub says: Option<String>,
}

/// Returns the checks that an unattended run of a flow waits for, each with its screen, in the order of the path: all before
/// the plan, and that the new key can be saved.
pub fn checks_of(flow: Flow) -> impl Iterator<Item = (ScreenId, CheckId)> {
    let before = flow::path(flow).iter().copied().take_while(|screen| *screen != ScreenId::Review);
    let checks = before.flat_map(|screen| words::screen(screen).checks().map(move |check| (screen, check)));
    checks.chain((flow == Flow::FirstNode).then_some((ScreenId::MasterKey, CheckId::KeyFile)))
}

impl Refusal {
    /// Collects what refuses the run now.
    pub fn collect(order: &Order, state: &State) -> Self {
        let mut refusal = Self::default();
        for (_, check) in checks_of(order.flow) {
            refusal.weigh(check, &state.verdict(check), order.loaded.accept.contains(&check));
        }
        refusal
    }

    fn weigh(&mut self, check: CheckId, verdict: &Verdict, accepted: bool) {
        match verdict.severity() {
            Some(Severity::Stop) => {
                self.stops.push(check);
                self.named.extend(accepted.then_some(check));
            }
            Some(Severity::Unproven | Severity::Warn) if !accepted => self.warnings.push(check),
            None if verdict.is_open() => self.unknown.push(check),
            _ => {}
        }
    }

    /// Returns whether nothing stops a first node but the cluster that another one created in its database.
    pub fn is_lost(&self, state: &State) -> bool {
        let theirs = matches!(state.facts.server.content.seen(), Some(Content::Cluster(_)));
        state.flow() == Some(Flow::FirstNode) && theirs && self.stops == [CheckId::DbContent]
    }

    /// Returns `true` if anything refuses the run.
    pub fn refuses(&self) -> bool {
        *self != Self::default()
    }
}

const UNDO: &str = "Give the same answer, or undo the run: octopus-setup undo.";

/// Returns where the given answers differ from those that the run was begun with. Answers that were not given are the run's
/// own; the key's file may be given anew, since nothing of the node depends on it.
fn differences(order: &Order, state: &State) -> Vec<Problem> {
    let given = &order.loaded.answers;
    let is_given = |field: &FieldId| {
        field.is_presettable()
            && *field != FieldId::KeyFile
            && given.get(*field).origin != Origin::Default
            && flow::asks(order.flow, *field)
            && form::is_visible(*field, given)
    };
    FieldId::ALL.into_iter().filter(is_given).filter_map(|field| difference(field, order, state)).collect()
}

fn difference(field: FieldId, order: &Order, state: &State) -> Option<Problem> {
    let (given, run) = (&order.loaded.answers, &state.answers);
    let says = if field == FieldId::MasterKey {
        let (given, run) = (read::master_key(given).ok()?, read::master_key(run).ok()?);
        (!given.same_as(&run)).then(|| {
            format!(
                "{}: this is not the key that the unfinished run has sealed; theirs is {}, this is {}.",
                field.id(),
                run.fingerprint(),
                given.fingerprint()
            )
        })
    } else if field.is_secret() {
        // A journal holds no secrets; they are given anew each time.
        None
    } else {
        let (given, run) = (given.trimmed(field), run.trimmed(field));
        let same = if field == FieldId::Instance { instance_key(given) == instance_key(run) } else { given == run };
        (!same).then(|| {
            let (given, run) = (Untrusted::new(given), Untrusted::new(run));
            format!("{}: the unfinished run of this instance was begun with {run:?}, and this says {given:?}.", field.id())
        })
    }?;
    Some(Problem::stop(order.loaded.places.get(&field).cloned(), Some(field), says, UNDO))
}

/// Gives a resumed run the answers that may be given anew: the key's file.
fn repeated_answers(order: &Order) -> Vec<Event> {
    let file = order.loaded.answers.get(FieldId::KeyFile);
    if file.origin == Origin::Default {
        return Vec::new();
    }
    vec![Event::Edit(FieldId::KeyFile, Raw::of(FieldId::KeyFile, order.loaded.answers.text(FieldId::KeyFile)))]
}

/// Reports that the run that stopped in the middle is of another flow.
fn other_flow(order: &Order, run: &UnfinishedRun) -> Problem {
    let says = format!(
        "instance: a run of {} for instance {} stopped in the middle, at {} of {} steps, on {} UTC; {} cannot go on with it.",
        run.flow.id(),
        run.instance,
        run.done,
        run.steps,
        run.when,
        order.flow.id(),
    );
    let fix = "Finish or undo it first: octopus-setup undo.";
    Problem::stop(order.loaded.places.get(&FieldId::Instance).cloned(), Some(FieldId::Instance), says, fix)
}

/// Returns the check of this name.
///
/// # Errors
///
/// A problem that refuses the answers: after a typing error, nobody knows which warning was meant to be accepted.
pub fn accepted(name: &str, place: AnswerPlace) -> Result<CheckId, Problem> {
    let name = name.trim();
    CheckId::from_id(name).ok_or_else(|| {
        let says = format!("There is no check {:?}.", Untrusted::new(name).as_str());
        Problem::stop(Some(place), None, says, suggest_check(name))
    })
}

mod existing;
#[cfg(test)]
mod tests;
