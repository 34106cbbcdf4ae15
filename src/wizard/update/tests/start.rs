//! The start screen and unfinished runs.

use super::bench::*;
use crate::model::facts::InstanceSeen;
use crate::model::platform::Platform;

#[test]
fn the_whole_flow_is_enter_enter_enter() {
    let bench = Bench::at(ScreenId::MasterKey);
    assert_eq!(bench.state.run().phase, Phase::Finished);
    assert_eq!(bench.state.answers.text(FieldId::NodeName), "web01");
}

#[test]
fn the_node_name_comes_from_the_machine_unless_somebody_typed_one() {
    let mut bench = Bench::new();
    assert_eq!(bench.state.answers.get(FieldId::NodeName).origin, Origin::Default);
    bench.edit(FieldId::NodeName, "mine");
    bench.send(Event::Begin(StartChoice::Flow(Flow::FirstNode)));
    assert_eq!(bench.state.answers.text(FieldId::NodeName), "mine");
}

pub fn journal(done: usize) -> Journal {
    let steps = StepKind::FIRST_NODE
        .into_iter()
        .enumerate()
        .map(|(place, kind)| StepRecord { kind, state: if place < done { StepState::Done } else { StepState::Planned } })
        .collect();
    Journal {
        format: 1,
        program: "0.1.0".into(),
        flow: Flow::FirstNode,
        instance: "OctopusServer".into(),
        begun: String::new(),
        written: String::new(),
        cluster: ClusterId([9; 16]),
        fingerprint: generated_key().key.fingerprint(),
        accepted: Vec::new(),
        run: String::new(),
        before: None,
        after: None,
        folders: Vec::new(),
        storage: None,
        answers: [("server", "sql09"), ("home", "/srv/octo"), ("no-such-field", "x")]
            .map(|(id, text)| (id.to_owned(), text.to_owned()))
            .into(),
        steps,
    }
}

fn resume(done: usize, key: Option<MasterKey>) -> Bench {
    let mut bench = Bench::new();
    bench.state.facts.machine.unfinished = vec![UnfinishedRun {
        instance: "OctopusServer".into(),
        flow: Flow::FirstNode,
        done,
        steps: 6,
        when: "2026-11-21 12:04".into(),
        serves: false,
    }];
    assert_eq!(bench.state.start_choices()[0], StartChoice::Resume("OctopusServer".into()));
    bench.send(Event::Begin(StartChoice::Resume("OctopusServer".into())));
    assert!(bench.effects.iter().any(|effect| matches!(effect, Effect::LoadRun(name) if name == "OctopusServer")));
    bench.send(Event::Resumed(Ok(Box::new(Resumption { journal: journal(done), key }))));
    bench
}

#[test]
fn an_unfinished_run_comes_back_with_its_answers_and_its_cluster() {
    let bench = resume(3, Some(generated_key().key));
    assert_eq!(bench.state.answers.text(FieldId::Server), "sql09");
    assert_eq!(bench.state.resuming(), Some(ClusterId([9; 16])));
    assert_eq!(bench.state.place.here, ScreenId::Home);
    assert_eq!(bench.state.custody().generated.as_ref().map(|generated| generated.cluster), Some(ClusterId([9; 16])));
}

#[test]
fn a_run_that_never_sealed_its_key_draws_another_under_the_same_id() {
    let mut bench = resume(1, None);
    for _ in 0..9 {
        bench.answer_all();
        bench.generate_key();
        if bench.state.place.here == ScreenId::Review {
            break;
        }
        bench.send(Event::Next);
    }
    bench.generate_key();
    assert_eq!(bench.state.run().plan.as_ref().map(|plan| plan.cluster), Some(ClusterId([9; 16])));
    assert!(bench.state.actions().contains(&Action::Undo), "what it made can be undone without going on");
}

#[test]
fn a_run_whose_steps_are_all_done_goes_straight_to_its_key() {
    let mut bench = resume(6, Some(generated_key().key));
    assert_eq!(bench.state.place.here, ScreenId::MasterKey);
    bench.edit(FieldId::KeyProof, "cHBwc=");
    bench.send(Event::Next);
    assert_eq!(bench.state.place.here, ScreenId::Done);
    assert!(bench.effects.iter().any(|effect| matches!(effect, Effect::CloseRun(_))));
}

#[test]
fn a_run_that_cannot_be_loaded_says_why_and_stays() {
    let mut bench = Bench::new();
    bench.send(Event::Resumed(Err(Box::new(Failure::SealBroken { path: "/srv/octo/key".into() }))));
    assert_eq!(bench.state.place.here, ScreenId::Start);
    assert!(bench.notice().contains("/srv/octo/key"));
}

#[test]
fn the_focus_stays_on_the_errand_that_somebody_moved_it_to() {
    let mut bench = Bench::new();
    bench.send(Event::Focus(Focus::Item(1)));
    let chosen = bench.state.start_choices()[1].clone();
    bench.send(Event::Begin(StartChoice::Flow(Flow::FirstNode)));
    bench.send(Event::Back);
    bench.send(Event::Focus(Focus::Item(1)));
    let unfinished = vec![UnfinishedRun {
        instance: "OctopusServer".into(),
        flow: Flow::FirstNode,
        done: 1,
        steps: 6,
        when: "2026-11-21 12:04".into(),
        serves: false,
    }];
    let (ticket, _) = bench.asked.pop().expect("coming back looks at the machine again");
    bench.observed(ticket, Observed::Machine(Machine { unfinished, ..Machine::default() }), true);
    assert_eq!(bench.state.place.focus, Focus::Item(2));
    assert_eq!(bench.state.start_choices()[2], chosen);
}

#[test]
fn who_chose_to_review_before_it_was_known_what_there_is_reviews_the_first_that_there_is() {
    let mut bench = Bench::new();
    bench.send(Event::Begin(StartChoice::Flow(Flow::FirstNode)));
    bench.send(Event::Back);
    bench.send(Event::Focus(Focus::Item(2)));
    assert_eq!(bench.state.start_choices()[2], StartChoice::Flow(Flow::Review));
    let seen = |name: &str| InstanceSeen { name: name.into(), config: format!("/{name}").into(), ..InstanceSeen::default() };
    let (ticket, _) = bench.asked.pop().expect("coming back looks at the machine again");
    let machine = Machine { instances: vec![seen("one"), seen("two")], ..Machine::default() };
    bench.observed(ticket, Observed::Machine(machine), true);
    assert_eq!(bench.state.place.focus, Focus::Item(2));
    assert!(matches!(&bench.state.start_choices()[2], StartChoice::Review(subject) if subject.instance == "one"));
}

#[test]
fn a_run_that_is_loaded_twice_or_late_moves_nobody() {
    let mut bench = resume(3, Some(generated_key().key));
    bench.edit(FieldId::Server, "sql10");
    bench.send(Event::Resumed(Err(Box::new(Failure::Busy { pid: None }))));
    assert!(!bench.notice().contains("cannot be gone on with"), "{}", bench.notice());
    bench.send(Event::Resumed(Ok(Box::new(Resumption { journal: journal(6), key: Some(generated_key().key) }))));
    assert_eq!((bench.state.place.here, bench.state.answers.text(FieldId::Server)), (ScreenId::Home, "sql10"));
}

#[test]
fn a_node_name_that_the_machine_is_about_to_tell_is_not_asked_for_first() {
    let (state, _) = begin(Answers::new(Platform::Linux), Some(Flow::FirstNode));
    assert_ne!(state.focused(), Some(FieldId::NodeName));
}

#[test]
fn the_size_of_a_sealed_key_is_no_question_any_more() {
    let mut bench = resume(3, Some(generated_key().key));
    bench.state.place.here = ScreenId::Review;
    assert!(!bench.state.fields().contains(&FieldId::KeySize));
    bench.work().resuming = None;
    assert!(bench.state.fields().contains(&FieldId::KeySize));
}

#[test]
fn the_instance_of_a_run_that_is_gone_on_with_keeps_its_name() {
    let mut bench = resume(3, Some(generated_key().key));
    bench.edit(FieldId::Instance, "Another");
    assert_eq!(bench.state.answers.text(FieldId::Instance), "OctopusServer");
    assert!(bench.notice().contains("Undo it first"), "{}", bench.notice());
}
