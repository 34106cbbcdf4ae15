//! The autopilot in a world that is made of facts: each effect is answered at once.

use std::time::Duration;

use super::*;
use crate::catalog::samples;
use crate::model::answers::Raw;
use crate::model::check::CheckId;
use crate::model::export::FileTrouble;
use crate::model::facts::{Fact, Facts, KeyFileState, PortFact, Trouble};
use crate::model::journal::{Journal, Resumption, StepRecord};
use crate::model::master_key::{GeneratedKey, MasterKey};
use crate::model::plan::{Failure, Progress, StepKind, StepState};
use crate::model::survey::SurveyId;
use crate::wizard::effect::Effect;
use crate::wizard::update::{begin, update};

/// How the world answers what is not a survey.
#[derive(Default)]
struct Ways {
    fails: Option<StepKind>,
    save: Option<FileTrouble>,
    mismatch: bool,
    journal: Option<Journal>,
    stays: bool,
    /// Another first node is faster; whether everything could be taken back.
    lost: Option<bool>,
}

struct Sky {
    facts: Facts,
    ways: Ways,
    state: State,
    pilot: Autopilot,
    asked: Vec<SurveyId>,
    plans: usize,
    done: Vec<&'static str>,
}

fn order(flow: Flow, changes: &[(FieldId, &str)]) -> Order {
    let mut answers = if flow == Flow::Join { samples::joining() } else { samples::answers() };
    let file = (FieldId::KeyFile, "/root/key.txt");
    for (field, text) in std::iter::once(&file).chain(changes) {
        answers.set(*field, Raw::of(*field, *text), Origin::Flag);
    }
    Order { flow, loaded: LoadedAnswers::new(answers), dry_run: false, dead: None }
}

fn good(flow: Flow) -> Facts {
    if flow == Flow::Join { samples::facts_of_a_cluster() } else { samples::facts() }
}

impl Sky {
    fn new(order: Order, facts: Facts, ways: Ways) -> Self {
        let (state, effects) = begin(order.loaded.answers.clone(), None);
        let mut sky = Self { facts, ways, state, pilot: Autopilot::new(order), asked: Vec::new(), plans: 0, done: Vec::new() };
        sky.carry_out(effects);
        sky
    }

    fn fly(mut self) -> (Outcome, Self) {
        loop {
            match self.pilot.next(&self.state) {
                Move::End(outcome) => return (outcome, self),
                Move::Plan => self.plans += 1,
                Move::Do(events) => events.into_iter().for_each(|event| self.send(event)),
            }
        }
    }

    fn send(&mut self, event: Event) {
        let effects = update(&mut self.state, event, Duration::from_secs(1));
        self.carry_out(effects);
    }

    fn carry_out(&mut self, effects: Vec<Effect>) {
        for effect in effects {
            self.one(effect);
        }
    }

    fn one(&mut self, effect: Effect) {
        match effect {
            Effect::Survey { ticket, inputs, .. } => {
                self.asked.push(inputs.survey());
                let observed = samples::observed(&inputs, &self.facts);
                self.send(Event::Observed { ticket, observed, last: true });
            }
            Effect::GenerateKey(_) => self.send(Event::KeyGenerated(generated_key())),
            Effect::LoadRun(_) => {
                let run = self.ways.journal.take().map(|journal| Resumption {
                    journal,
                    key: Some(generated_key().key),
                    passwords: Vec::new(),
                });
                let result = run.map(Box::new).ok_or_else(|| Box::new(Failure::Busy { pid: Some(7) }));
                self.send(Event::Resumed(result));
            }
            Effect::Install(plan, _) => {
                self.done.push("install");
                for step in &plan.steps {
                    self.send(Event::Progress(Progress::Begun(step.kind)));
                    if let Some(whole) = self.ways.lost.filter(|_| step.kind == StepKind::InitialiseCluster) {
                        let won = Failure::AlreadyInitialised(Box::new(samples::cluster()));
                        self.send(Event::Progress(Progress::Lost(step.kind, won)));
                        return self.send(Event::Progress(Progress::UndoEnded(whole)));
                    }
                    if self.ways.fails == Some(step.kind) {
                        return self.send(Event::Progress(Progress::Failed(step.kind, Failure::WrongKey)));
                    }
                    self.send(Event::Progress(Progress::Done(step.kind, StepState::Done, Duration::ZERO)));
                }
                self.send(Event::Progress(Progress::Finished));
            }
            Effect::SaveKey(path, _) => {
                self.done.push("save");
                let result = self.ways.save.clone().map_or_else(|| Ok(path.display().to_string().into()), Err);
                self.send(Event::KeySaved(result));
            }
            Effect::ReadKey(..) => {
                self.done.push("read");
                self.send(Event::KeyRead(Ok(!self.ways.mismatch)));
            }
            Effect::CloseRun(_) => {
                self.done.push("close");
                if self.ways.stays {
                    self.send(Event::Failed("The journal could not be removed; the next start will offer to go on.".into()));
                }
            }
            other => panic!("nobody asked for {other:?}"),
        }
    }
}

fn generated_key() -> GeneratedKey {
    GeneratedKey { cluster: samples::CLUSTER, key: MasterKey::from_bytes(&[7; 32]).unwrap() }
}

fn fly(order: Order, facts: Facts) -> (Outcome, Sky) {
    Sky::new(order, facts, Ways::default()).fly()
}

fn refusal(outcome: Outcome) -> Refusal {
    match outcome {
        Outcome::Checks(refusal) => refusal,
        other => panic!("not refused: {other:?}"),
    }
}

fn cold() -> Facts {
    let mut facts = samples::facts();
    facts.server.clock_ahead_ms = Fact::Seen(-90_000);
    facts
}

/// A journal of a run with these answers, so many of whose steps are done.
fn journal(order: &Order, done: usize) -> Journal {
    let texts = FieldId::ALL.into_iter().filter(|field| !field.is_secret());
    let state = |place| if place < done { StepState::Done } else { StepState::Planned };
    Journal {
        format: Journal::FORMAT,
        program: String::new(),
        flow: order.flow,
        instance: order.loaded.answers.text(FieldId::Instance).into(),
        begun: String::new(),
        written: String::new(),
        cluster: samples::CLUSTER,
        fingerprint: generated_key().key.fingerprint(),
        accepted: Vec::new(),
        answers: texts.map(|field| (field.id().to_owned(), order.loaded.answers.text(field).to_owned())).collect(),
        run: String::new(),
        before: None,
        after: None,
        folders: Vec::new(),
        storage: None,
        kept_passwords: Vec::new(),
        changes: Vec::new(),
        steps: StepKind::FIRST_NODE
            .into_iter()
            .enumerate()
            .map(|(place, kind)| StepRecord { kind, state: state(place) })
            .collect(),
    }
}

/// The facts of a machine with that run on it, and the run.
fn with_run(journal: Journal) -> (Facts, Ways) {
    let mut facts = good(journal.flow);
    facts.machine.unfinished = vec![UnfinishedRun {
        instance: journal.instance.as_str().into(),
        flow: journal.flow,
        done: journal.done(),
        steps: journal.steps.len(),
        when: "2026-11-21 12:04".into(),
        serves: false,
        config: Untrusted::default(),
    }];
    (facts, Ways { journal: Some(journal), ..Ways::default() })
}

#[test]
fn a_first_node_is_proven_told_installed_and_its_key_kept_in_that_order() {
    let (outcome, sky) = fly(order(Flow::FirstNode, &[]), samples::facts());
    assert_eq!((outcome, sky.plans), (Outcome::Finished, 1));
    assert_eq!(sky.done, ["install", "save", "read", "close"]);
}

#[test]
fn a_join_keeps_no_key() {
    let (outcome, sky) = fly(order(Flow::Join, &[]), good(Flow::Join));
    assert_eq!((outcome, sky.plans), (Outcome::Finished, 1));
    assert_eq!(sky.done, ["install", "close"]);
}

#[test]
fn each_survey_is_asked_once_whatever_screens_there_are() {
    for flow in [Flow::FirstNode, Flow::Join] {
        let (_, mut sky) = fly(order(flow, &[]), good(flow));
        sky.asked.sort_by_key(|survey| SurveyId::ALL.iter().position(|other| other == survey));
        let mut wanted = vec![SurveyId::Machine, SurveyId::Home, SurveyId::Service, SurveyId::Server, SurveyId::Ports];
        wanted.extend(if flow == Flow::Join {
            &[SurveyId::Cluster, SurveyId::Key, SurveyId::Storage][..]
        } else {
            &[SurveyId::KeyFile]
        });
        wanted.push(SurveyId::Octopus);
        assert_eq!(sky.asked, wanted, "{flow:?}");
    }
}

#[test]
fn a_dry_run_ends_with_its_plan() {
    for flow in [Flow::FirstNode, Flow::Join] {
        let (outcome, sky) = fly(Order { dry_run: true, ..order(flow, &[]) }, good(flow));
        assert_eq!((outcome, sky.plans, sky.done.len()), (Outcome::Planned, 1, 0), "{flow:?}");
    }
}

#[test]
fn what_stands_against_it_on_any_screen_is_told_at_once() {
    let mut facts = cold();
    facts.home.writable = Fact::Missing(Trouble::Io("Read-only file system".into()));
    facts.ports.ports = [80, 10943, 8443].map(|port| PortFact { port, free: Fact::Seen(false) }).to_vec();
    facts.key_file.spot = Fact::Seen(KeyFileState::Taken);
    let (outcome, sky) = fly(order(Flow::FirstNode, &[]), facts);
    let refusal = refusal(outcome);
    assert_eq!(refusal.stops, [CheckId::HomeWritable, CheckId::WebPorts, CheckId::KeyFile]);
    assert_eq!(refusal.warnings, [CheckId::SqlClock]);
    assert_eq!((sky.plans, sky.done.len()), (0, 0));
}

#[test]
fn a_warning_is_gone_over_only_where_it_was_named() {
    for (accept, goes_on) in [(vec![], false), (vec![CheckId::SqlTls], false), (vec![CheckId::SqlTls, CheckId::SqlClock], true)] {
        let mut order = order(Flow::FirstNode, &[]);
        order.loaded.accept = accept.clone();
        let (outcome, sky) = fly(order, cold());
        if goes_on {
            assert_eq!(outcome, Outcome::Finished);
            assert_eq!(sky.state.run().plan.as_ref().map(|plan| plan.accepted.clone()), Some(vec![CheckId::SqlClock]));
        } else {
            let only = Refusal { warnings: vec![CheckId::SqlClock], ..Refusal::default() };
            assert_eq!(refusal(outcome), only, "{accept:?}");
        }
    }
}

#[test]
fn a_stop_is_never_accepted() {
    let mut order = order(Flow::Join, &[]);
    order.loaded.accept = CheckId::ALL.to_vec();
    let mut facts = good(Flow::Join);
    facts.server.login = Fact::Missing(Trouble::TimedOut { waited: Duration::from_secs(15) });
    let (outcome, sky) = fly(order, facts);
    let refusal = refusal(outcome);
    assert_eq!((refusal.stops.as_slice(), refusal.named.as_slice()), (&[CheckId::SqlLogin][..], &[CheckId::SqlLogin][..]));
    assert!(refusal.unknown.contains(&CheckId::ClusterKey), "nobody asks behind a login that did not work");
    assert!(!sky.asked.contains(&SurveyId::Cluster) && !sky.asked.contains(&SurveyId::Key));
}

#[test]
fn what_could_not_be_judged_refuses_too() {
    let mut facts = samples::facts();
    facts.home.disk = Fact::Unknown;
    let (outcome, _) = fly(order(Flow::FirstNode, &[]), facts);
    assert_eq!(refusal(outcome), Refusal { unknown: vec![CheckId::HomeDisk], ..Refusal::default() });
}

#[test]
fn who_lost_has_an_end_of_its_own_unless_something_is_left() {
    for (whole, outcome) in [(true, Outcome::Lost), (false, Outcome::Failed)] {
        let ways = Ways { lost: Some(whole), ..Ways::default() };
        let (ended, sky) = Sky::new(order(Flow::FirstNode, &[]), good(Flow::FirstNode), ways).fly();
        assert!(ended == outcome && sky.state.run().is_lost(), "{ended:?}");
    }
}

#[test]
fn a_failed_step_is_the_end_for_now() {
    let ways = Ways { fails: Some(StepKind::InitialiseCluster), ..Ways::default() };
    let (outcome, sky) = Sky::new(order(Flow::FirstNode, &[]), samples::facts(), ways).fly();
    assert_eq!((outcome, sky.done), (Outcome::Failed, vec!["install"]));
}

#[test]
fn a_journal_that_stays_is_told() {
    for flow in [Flow::FirstNode, Flow::Join] {
        let (outcome, _) = Sky::new(order(flow, &[]), good(flow), Ways { stays: true, ..Ways::default() }).fly();
        assert!(matches!(&outcome, Outcome::Unfinished(says) if says.contains("journal")), "{flow:?}: {outcome:?}");
    }
}

#[test]
fn the_same_order_goes_on_with_what_it_began() {
    let order = order(Flow::FirstNode, &[]);
    for done in 2..=6 {
        let (facts, ways) = with_run(journal(&order, done));
        let (outcome, sky) = Sky::new(order.clone(), facts, ways).fly();
        assert_eq!(outcome, Outcome::Finished, "after {done}");
        let steps: &[&str] = if done == 6 { &["save", "read", "close"] } else { &["install", "save", "read", "close"] };
        assert_eq!(sky.done, steps, "after {done}");
    }
}

#[test]
fn a_dry_run_does_not_end_a_run_that_lacks_only_its_end() {
    let order = Order { dry_run: true, ..order(Flow::FirstNode, &[]) };
    let (facts, ways) = with_run(journal(&order, 6));
    let (outcome, sky) = Sky::new(order, facts, ways).fly();
    assert_eq!((outcome, sky.done.len(), sky.state.flow()), (Outcome::OnlyItsEnd, 0, None));
}

#[test]
fn an_order_that_says_otherwise_than_its_run_is_refused_field_by_field() {
    let (facts, ways) = with_run(journal(&order(Flow::FirstNode, &[]), 3));
    let other = order(Flow::FirstNode, &[(FieldId::Database, "Elsewhere"), (FieldId::NodeName, "web09")]);
    let (outcome, sky) = Sky::new(other, facts, ways).fly();
    let Outcome::Answers(problems) = outcome else { panic!("{outcome:?}") };
    assert_eq!(problems.iter().filter_map(|problem| problem.field).collect::<Vec<_>>(), [FieldId::NodeName, FieldId::Database]);
    assert!(problems[1].says.contains("OctopusDeploy") && problems[1].says.contains("Elsewhere"), "{problems:?}");
    assert!(sky.done.is_empty() && !sky.asked.contains(&SurveyId::Server), "{:?}", sky.asked);
}

#[test]
fn what_nobody_gave_is_the_run_s_own_and_the_key_s_file_may_be_another() {
    let begun = order(Flow::FirstNode, &[(FieldId::GrpcPort, "9443")]);
    let (facts, ways) = with_run(journal(&begun, 3));
    let file = "/root/other.txt";
    let (outcome, sky) = Sky::new(order(Flow::FirstNode, &[(FieldId::KeyFile, file)]), facts, ways).fly();
    assert_eq!(outcome, Outcome::Finished);
    assert_eq!(sky.state.answers.text(FieldId::GrpcPort), "9443");
    assert_eq!(sky.state.custody().saved.as_ref().map(ToString::to_string).as_deref(), Some(file));
}

#[test]
fn another_key_than_the_sealed_one_is_refused_without_either() {
    let begun = order(Flow::Join, &[]);
    let (facts, ways) = with_run(journal(&begun, 2));
    let (outcome, _) = Sky::new(begun, facts, ways).fly();
    let Outcome::Answers(problems) = outcome else { panic!("{outcome:?}") };
    assert_eq!(problems.len(), 1);
    assert!(problems[0].says.contains("not the key") && !problems[0].says.contains(&samples::KEY[..6]), "{problems:?}");
}

#[test]
fn a_run_of_another_flow_or_one_that_cannot_be_loaded_is_left_alone() {
    let (facts, ways) = with_run(journal(&order(Flow::FirstNode, &[]), 3));
    let (outcome, _) = Sky::new(order(Flow::Join, &[]), facts.clone(), ways).fly();
    assert!(matches!(&outcome, Outcome::Answers(all) if all[0].says.contains("a run of first-node")), "{outcome:?}");
    let (outcome, sky) = Sky::new(order(Flow::FirstNode, &[]), facts, Ways::default()).fly();
    assert!(matches!(&outcome, Outcome::Unfinished(says) if says.contains("cannot be continued")), "{outcome:?}");
    assert!(sky.done.is_empty());
}

#[test]
fn the_run_of_another_instance_is_none_of_its_business() {
    let (facts, ways) = with_run(journal(&order(Flow::FirstNode, &[(FieldId::Instance, "Other")]), 3));
    let (outcome, _) = Sky::new(order(Flow::FirstNode, &[]), facts, ways).fly();
    assert_eq!(outcome, Outcome::Finished);
}

#[test]
fn every_check_is_accepted_by_its_name_and_a_slip_is_told() {
    let accepted = |name| accepted(name, AnswerPlace::Flag("--accept".into()));
    for check in CheckId::ALL {
        assert_eq!(accepted(check.id()), Ok(check));
    }
    assert_eq!(accepted(" sql-clock "), Ok(CheckId::SqlClock));
    let problem = accepted("sql-clok").unwrap_err();
    assert_eq!((problem.says.as_str(), problem.fix.as_str()), ("There is no check \"sql-clok\".", "Did you mean `sql-clock`?"));
    assert!(accepted("q").unwrap_err().fix.contains("such as sql-clock"));
}

#[test]
fn a_key_that_is_not_kept_leaves_the_run_unfinished() {
    for ways in [
        Ways { save: Some(FileTrouble::Exists), ..Ways::default() },
        Ways { save: Some(FileTrouble::Refused("No space left on device".into())), ..Ways::default() },
        Ways { mismatch: true, ..Ways::default() },
    ] {
        let (outcome, sky) = Sky::new(order(Flow::FirstNode, &[]), samples::facts(), ways).fly();
        let Outcome::Unfinished(says) = outcome else { panic!("{outcome:?}") };
        assert!(says.contains("key.txt") && says.contains("not kept") && says.contains("--key-file"), "{says}");
        assert!(!sky.done.contains(&"close"), "{:?}", sky.done);
    }
}

#[test]
fn a_run_that_lacks_only_its_end_keeps_its_key_no_worse_than_any_other() {
    let mut order = order(Flow::FirstNode, &[]);
    for accepted in [false, true] {
        let elsewhere = "/dev/shm/other.txt";
        let (mut facts, ways) = with_run(journal(&order, 6));
        facts.key_file.spot = Fact::Seen(KeyFileState::Free { network: false, volatile: true });
        order.loaded.answers.set(FieldId::KeyFile, Raw::of(FieldId::KeyFile, elsewhere), Origin::Flag);
        order.loaded.accept = if accepted { vec![CheckId::KeyFile] } else { Vec::new() };
        let (outcome, sky) = Sky::new(order.clone(), facts, ways).fly();
        if accepted {
            assert_eq!((outcome, sky.done), (Outcome::Finished, vec!["save", "read", "close"]));
        } else {
            let Outcome::Unfinished(says) = outcome else { panic!("{outcome:?}") };
            assert!(says.contains("in memory") && says.contains("--accept key-file"), "{says}");
            assert!(sky.done.is_empty(), "{:?}", sky.done);
        }
    }
}

#[test]
fn a_key_in_a_place_that_nobody_chose_is_a_problem_of_a_first_node_s_answers_alone() {
    let unchosen = |flow| {
        let mut order = order(flow, &[]);
        let raw = order.loaded.answers.get(FieldId::KeyFile).raw.clone();
        order.loaded.answers.set(FieldId::KeyFile, raw, Origin::Default);
        problems(flow, &order.loaded)
    };
    let told = unchosen(Flow::FirstNode);
    assert!(matches!(told.as_slice(), [only] if only.fix.contains("--key-file")), "{told:?}");
    assert_eq!(unchosen(Flow::Join), []);
    assert_eq!(problems(Flow::FirstNode, &order(Flow::FirstNode, &[]).loaded), []);
    assert_eq!(problems(Flow::FirstNode, &order(Flow::FirstNode, &[(FieldId::KeyFile, "")]).loaded).len(), 1);
    let relative = problems(Flow::FirstNode, &order(Flow::FirstNode, &[(FieldId::KeyFile, "key.txt")]).loaded);
    assert_eq!(relative.len(), 1, "once: {relative:?}");
}
