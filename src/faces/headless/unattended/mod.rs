//! An unattended set-up flow: makes the autopilot's moves and reports the results line by line.

mod jsonl;
mod reporter;
mod run_event;
mod text;

use std::io::Write;
use std::time::Duration;

use tokio::sync::mpsc::UnboundedReceiver;
use tokio::time::{Instant, sleep_until, timeout};

use super::OutputFormat;
use crate::catalog::flow as flows;
use crate::engine::Engine;
use crate::faces::exit::{self, Exit};
use crate::model::answers::Answers;
use crate::model::field::FieldId;
use crate::model::finding::Severity;
use crate::model::flow::Flow;
use crate::model::node_config::NodeConfig;
use crate::model::screen::ScreenId;
use crate::render::tentacles;
use crate::render::{Setup, Shell, next_node};
use crate::wizard::autopilot::{self, Autopilot, Move, Order, Outcome};
use crate::wizard::end_page::end_page;
use crate::wizard::event::{Action, Event, StartChoice};
use crate::wizard::next_steps;
use crate::wizard::node;
use crate::wizard::run::Phase;
use crate::wizard::summary;

use reporter::RunReporter;
use run_event::{NodeSummary, RunEnd, RunEvent, answers};

/// The width to which commands are wrapped.
const COLUMNS: usize = 76;

/// How long the running step gets after a second signal, and surveys after the first one.
const AT_ONCE: Duration = Duration::from_millis(500);

/// How an unattended run reports what happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReportOptions {
    /// For people or for programs.
    pub output: OutputFormat,
    /// After how long without an event the run reports what is still running.
    pub still: Duration,
}

impl From<OutputFormat> for ReportOptions {
    fn from(output: OutputFormat) -> Self {
        Self { output, still: Duration::from_secs(10) }
    }
}

/// Runs a set-up flow to its end and reports what happens. If the answers are refused, `begin` is not called and
/// nothing is checked. `signals` yields the exit statuses of signals that end the program: after the first one the
/// running step may finish, after the second it may not.
///
/// A closed pipe or a full disk does not stop the run: an install must not be cut off halfway because its output is
/// lost.
pub async fn run(
    order: Order,
    options: impl Into<ReportOptions>,
    out: &mut impl Write,
    signals: &mut UnboundedReceiver<u8>,
    begin: impl FnOnce(Answers) -> Engine,
) -> Exit {
    let options = options.into();
    let mut reporter = RunReporter::new(options.output, out, order.loaded.accept.clone(), order.flow);
    let problems = autopilot::problems(order.flow, &order.loaded);
    for problem in &problems {
        reporter.report(&RunEvent::Problem(problem));
    }
    let mut end = RunEnd {
        exit: Exit::Answers,
        flow: order.flow,
        dry_run: order.dry_run,
        resumable: false,
        already: false,
        says: Vec::new(),
        refusal: None,
        facts: Vec::new(),
        node: None,
        join: Vec::new(),
    };
    if problems.iter().all(|problem| problem.severity != Severity::Stop) {
        let engine = begin(order.loaded.answers.clone());
        let mut run = UnattendedRun { engine, pilot: Autopilot::new(order), reporter, still: options.still, signals };
        let ended = run.drive().await;
        run.ended(ended, &mut end);
        reporter = run.reporter;
    }
    reporter.report(&RunEvent::End(&end));
    end.exit
}

/// Returns a sentence if these answers ask for a node that this machine has already, as they ask for it. Changes nothing; `None` also where
/// that cannot be told within the limit.
pub async fn already_done(order: Order, mut engine: Engine, limit: Duration) -> Option<String> {
    let mut pilot = Autopilot::new(order);
    let compare = async {
        engine.run_until_idle().await;
        loop {
            match pilot.next(engine.state()) {
                Move::Do(events) if pilot.is_comparing() => {
                    for event in events {
                        engine.handle(event);
                    }
                    engine.run_until_idle().await;
                }
                Move::End(Outcome::Already(says)) => return Some(says),
                Move::Do(_) | Move::Plan | Move::End(_) => return None,
            }
        }
    };
    timeout(limit, compare).await.unwrap_or_default()
}

/// Reports a run that was interrupted with this exit status, by a person or a signal, before its answers were gathered.
pub fn report_interrupted(flow: Flow, dry_run: bool, output: OutputFormat, status: u8, out: &mut impl Write) {
    let says = vec!["It was ended while the answers were gathered. Nothing was written.".to_owned()];
    let exit = Exit::Signal(status);
    let end = RunEnd {
        exit,
        flow,
        dry_run,
        resumable: false,
        already: false,
        says,
        refusal: None,
        facts: Vec::new(),
        node: None,
        join: Vec::new(),
    };
    RunReporter::new(output, out, Vec::new(), flow).report(&RunEvent::End(&end));
}

/// Why the run ended.
enum Ended {
    At(Outcome),
    /// By a signal, with this exit status.
    Signal(u8),
}

struct UnattendedRun<'a, W> {
    engine: Engine,
    pilot: Autopilot,
    reporter: RunReporter<'a, W>,
    still: Duration,
    signals: &'a mut UnboundedReceiver<u8>,
}

impl<W: Write> UnattendedRun<'_, W> {
    async fn drive(&mut self) -> Ended {
        if let Some(status) = self.settle().await {
            return Ended::Signal(status);
        }
        loop {
            match self.pilot.next(self.engine.state()) {
                Move::End(outcome) => {
                    self.reporter.verdicts(self.engine.state(), true);
                    if matches!(outcome, Outcome::Already(_)) && !self.pilot.order().dry_run {
                        let instance = self.engine.state().answers.trimmed(FieldId::Instance).to_owned();
                        self.engine.remove_copies(&instance).await;
                    }
                    return Ended::At(outcome);
                }
                Move::Plan => {
                    self.reporter.verdicts(self.engine.state(), false);
                    let state = self.engine.state();
                    if let Some(plan) = &state.run().plan {
                        // Answers are listed; what they change is not to be seen from them.
                        let changes = summary::changes(plan);
                        self.reporter.report(&RunEvent::Plan(plan, &answers(state, &self.pilot.order().loaded), &changes));
                    }
                }
                Move::Do(events) => {
                    // A signal may have arrived while something was reported, perhaps to a slow reader. Then nothing
                    // new is started.
                    if let Ok(status) = self.signals.try_recv()
                        && let Some(status) = self.cut(status).await
                    {
                        return Ended::Signal(status);
                    }
                    for event in events {
                        self.announce(&event);
                        self.engine.handle(event);
                    }
                    if let Some(status) = self.settle().await {
                        return Ended::Signal(status);
                    }
                }
            }
        }
    }

    fn announce(&mut self, event: &Event) {
        if matches!(event, Event::Begin(StartChoice::Resume(_)))
            && let Some(run) = self.pilot.unfinished(self.engine.state())
        {
            self.reporter.report(&RunEvent::Resuming(run.done, run.steps));
        }
        if matches!(event, Event::ProveAll) && self.engine.state().run().phase == Phase::Idle {
            let path = flows::path(self.pilot.order().flow).iter().copied();
            let screens: Vec<ScreenId> = path.take_while(|screen| *screen != ScreenId::Review).collect();
            self.reporter.report(&RunEvent::Proving(&screens));
        }
    }

    /// Waits until everything in progress has ended, and reports it. Returns the signal's exit status if a signal ended
    /// it instead.
    async fn settle(&mut self) -> Option<u8> {
        let mut interrupted = None;
        let mut since = Instant::now();
        let mut said = 0;
        loop {
            if self.reporter.report_changes(self.engine.state()) {
                (since, said) = (Instant::now(), 0);
            }
            tokio::select! {
                biased;
                status = next_signal(self.signals) => {
                    if interrupted.is_some() || self.engine.state().run().phase != Phase::Running {
                        return self.cut(interrupted.unwrap_or(status)).await;
                    }
                    interrupted = Some(status);
                    self.reporter.report(&RunEvent::Interrupted);
                    self.engine.handle(Event::Press(Action::Cancel));
                }
                more = self.engine.step() => if !more {
                    break;
                },
                () = sleep_until(since + self.still * (said + 1)) => {
                    said += 1;
                    self.reporter.still(self.engine.state(), since.elapsed());
                }
            }
        }
        // If the running step was the last one, everything is done and nothing was interrupted.
        interrupted.filter(|_| !self.is_whole())
    }

    /// Stops everything in progress at once. Returns the exit status, unless everything was done by then.
    async fn cut(&mut self, status: u8) -> Option<u8> {
        if self.engine.state().run().phase != Phase::Running {
            // A survey that tests whether a folder is writable needs time to remove its test file.
            let _ = timeout(AT_ONCE, self.engine.run_until_idle()).await;
        }
        self.engine.wind_down(AT_ONCE).await;
        self.reporter.report_changes(self.engine.state());
        let idle = timeout(Duration::ZERO, self.engine.step()).await == Ok(false);
        (!idle || !self.is_whole()).then_some(status)
    }

    /// Returns whether every step is done and a new key is proven to be kept.
    fn is_whole(&self) -> bool {
        let state = self.engine.state();
        let kept = self.pilot.order().flow != Flow::FirstNode || state.place.here == ScreenId::Done;
        state.run().phase == Phase::Finished && kept
    }

    /// Fills in the end event.
    fn ended(&mut self, ended: Ended, end: &mut RunEnd) {
        let state = self.engine.state();
        let (run, resumed) = (state.run(), self.pilot.unfinished(state).is_some() || state.resuming().is_some());
        let begun = resumed || run.is_begun || run.phase == Phase::Running;
        end.resumable = begun;
        end.node = self.node();
        let key = state.run().unkept_key();
        end.exit = match ended {
            Ended::Signal(status) => Exit::Signal(status),
            Ended::At(Outcome::Finished) => {
                end.resumable = false;
                end.facts = end_page(state).map(|page| page.facts).unwrap_or_default();
                if matches!(end.flow, Flow::Leave | Flow::Remove) {
                    end.node = None;
                    end.says.extend(exit::farewell(state));
                }
                Exit::Done
            }
            Ended::At(Outcome::Planned) => Exit::Done,
            Ended::At(Outcome::Already(says)) => {
                end.already = true;
                end.says.push(says);
                Exit::Done
            }
            Ended::At(Outcome::OnlyItsEnd) => {
                let text = "Every step was done by an earlier start. What is left is the end of that run, to which the same command comes \
                            without --dry-run.";
                end.says.push(text.to_owned());
                Exit::Done
            }
            Ended::At(Outcome::Answers(problems)) => {
                for problem in &problems {
                    self.reporter.report(&RunEvent::Problem(problem));
                }
                Exit::Answers
            }
            Ended::At(Outcome::Checks(refusal)) => {
                let lost = refusal.is_lost(state) && !begun;
                end.refusal = Some(refusal);
                if lost { Exit::Lost } else { Exit::Checks }
            }
            Ended::At(Outcome::Lost) => {
                end.resumable = false;
                Exit::Lost
            }
            Ended::At(Outcome::Failed) => {
                if run.phase == Phase::UndoneInPart {
                    end.says.push(
                        "What is left is told above. Once its reason is gone, octopus-setup undo takes it back.".to_owned(),
                    );
                }
                Exit::Unfinished
            }
            Ended::At(Outcome::Unfinished(says)) => {
                end.says.push(says);
                end.resumable = true;
                Exit::Unfinished
            }
        };
        end.says.extend(key);
        if end.exit == Exit::Lost {
            end.join = self.join_command();
        }
    }

    /// Returns the command that adds this very server to the cluster in the database.
    fn join_command(&self) -> Vec<String> {
        let (state, order) = (self.engine.state(), self.pilot.order());
        let Ok(node) = node::from_answers(Flow::FirstNode, &state.answers) else { return Vec::new() };
        let setup = Setup { flow: Flow::Join, node: &node, fingerprint: None };
        next_node::lines_for_this_server(&setup, &order.loaded.accept, Shell::of(node.platform), COLUMNS)
    }

    fn node(&self) -> Option<NodeSummary> {
        let (state, order) = (self.engine.state(), self.pilot.order());
        let Some(plan) = state.run().plan.as_ref() else { return self.existing_node() };
        let next = next_steps::next_steps(order.flow, Some(plan));
        if order.flow.changes_a_node() {
            let (cluster, fingerprint) = (Some(plan.cluster.to_string()), Some(plan.fingerprint.to_string()));
            let summary = NodeSummary { cluster, fingerprint, next, ..NodeSummary::new(&Setup::from_plan(plan)) };
            return Some(NodeSummary { next_node: String::new(), next_lines: Vec::new(), ..summary });
        }
        // A dry run of a first node discards the id and the key that it generates.
        let is_there = order.flow != Flow::FirstNode || state.run().phase != Phase::Idle || state.resuming().is_some();
        let summary = NodeSummary {
            polling: tentacles::poll_server_command(plan),
            cluster: is_there.then(|| plan.cluster.to_string()),
            fingerprint: is_there.then(|| plan.fingerprint.to_string()),
            key_file: state.custody().proof.is_some().then(|| state.answers.trimmed(FieldId::KeyFile).to_owned()),
            next,
            ..NodeSummary::new(&Setup::from_plan(plan))
        };
        Some(summary)
    }

    /// Returns the node that was set up already.
    fn existing_node(&self) -> Option<NodeSummary> {
        let state = self.engine.state();
        let config = state.facts.node.config.seen().filter(|_| state.flow() == Some(Flow::Review))?;
        let node = node::from_answers(Flow::Edit, &state.answers).ok()?;
        let setup = Setup { flow: Flow::Join, node: &node, fingerprint: Some(config.cluster.fingerprint) };
        let cluster = Some(config.cluster.id.to_string());
        let fingerprint = Some(config.cluster.fingerprint.to_string());
        Some(NodeSummary { cluster, fingerprint, ..NodeSummary::new(&setup) })
    }
}

impl NodeSummary {
    /// Returns what the node itself says.
    fn new(setup: &Setup<'_>) -> Self {
        let shell = Shell::of(setup.node.platform);
        Self {
            name: setup.node.name.clone(),
            config: setup.node.home.join(NodeConfig::FILE).display().to_string(),
            polling: None,
            cluster: None,
            fingerprint: None,
            key_file: None,
            next_node: next_node::words(setup, shell).join(" "),
            next_lines: next_node::lines(setup, shell, COLUMNS),
            next: Vec::new(),
        }
    }
}

/// Returns the next signal; never returns if no sender is left.
async fn next_signal(signals: &mut UnboundedReceiver<u8>) -> u8 {
    match signals.recv().await {
        Some(status) => status,
        None => std::future::pending().await,
    }
}
