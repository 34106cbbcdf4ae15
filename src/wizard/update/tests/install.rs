//! The plan and its steps.

use super::bench::*;

#[test]
fn the_plan_is_there_once_the_key_is_generated() {
    let mut bench = Bench::at(ScreenId::Octopus);
    bench.send(Event::Next);
    assert!(matches!(bench.effects.as_slice(), [Effect::GenerateKey(crate::model::master_key::KeySize::Aes256)]));
    bench.generate_key();
    let plan = bench.state.run().plan.as_ref().expect("a plan");
    assert_eq!(plan.cluster, ID);
    assert_eq!(bench.state.run().rows.len(), plan.steps.len());
}

#[test]
fn another_key_size_draws_another_key() {
    let mut bench = Bench::at(ScreenId::Review);
    bench.edit(FieldId::KeySize, "aes-128");
    assert!(bench.state.run().plan.is_none());
    bench.send(Event::Next);
    assert!(bench.effects.iter().any(|effect| matches!(effect, Effect::GenerateKey(crate::model::master_key::KeySize::Aes128))));
    assert_eq!(bench.state.place.here, ScreenId::Review, "a plan that nobody has seen is not installed");
}

#[test]
fn installing_begins_with_the_plan_that_was_shown() {
    let mut bench = Bench::at(ScreenId::Review);
    bench.send(Event::Next);
    assert_eq!((bench.state.place.here, bench.state.run().phase), (ScreenId::Install, Phase::Running));
    assert!(bench.effects.iter().any(|effect| matches!(effect, Effect::Install(..))));
    bench.send(Event::Back);
    assert_eq!(bench.state.place.here, ScreenId::Install, "there is no way back out of running steps");
}

#[test]
fn a_failed_step_offers_retry_undo_and_leave() {
    let mut bench = Bench::at(ScreenId::Review);
    bench.send(Event::Next);
    bench.send(Event::Progress(Progress::Begun(StepKind::CreateHome)));
    bench.send(Event::Progress(Progress::Failed(StepKind::CreateHome, Failure::Cancelled)));
    let actions = bench.state.actions();
    for action in [Action::Retry, Action::Undo, Action::Leave] {
        assert!(actions.contains(&action), "{action:?}");
    }
    bench.send(Event::Press(Action::Retry));
    assert_eq!(bench.state.run().phase, Phase::Running);
    assert!(bench.state.run().failed().is_none());
    bench.send(Event::Progress(Progress::Failed(StepKind::CreateHome, Failure::Cancelled)));
    bench.send(Event::Press(Action::Undo));
    assert_eq!(bench.state.overlay, Some(Overlay::ConfirmUndo));
    bench.send(Event::Reply(true));
    assert_eq!(bench.state.run().phase, Phase::Undoing);
    bench.send(Event::Progress(Progress::UndoEnded(true)));
    bench.send(Event::Next);
    assert_eq!((bench.state.place.here, bench.state.run().phase), (ScreenId::Review, Phase::Idle));
}

#[test]
fn a_first_node_that_stops_behind_its_cluster_says_where_the_key_is() {
    let mut bench = Bench::at(ScreenId::Review);
    bench.send(Event::Next);
    let took = std::time::Duration::ZERO;
    for kind in [StepKind::SealMasterKey, StepKind::InitialiseCluster] {
        bench.send(Event::Progress(Progress::Done(kind, StepState::Done, took)));
    }
    assert_eq!(bench.state.run().unkept_key(), None, "there is no config yet by which it could be shown");
    bench.send(Event::Progress(Progress::Done(StepKind::WriteNodeConfig, StepState::Done, took)));
    bench.send(Event::Progress(Progress::Failed(StepKind::ConnectOnce, Failure::Cancelled)));
    let says = bench.state.run().unkept_key().expect("said");
    assert!(says.contains("octopus-setup review --instance \"OctopusServer\""), "{says}");
    bench.send(Event::Press(Action::Retry));
    bench.send(Event::Progress(Progress::Finished));
    assert_eq!(bench.state.run().unkept_key(), None, "the screen of the key comes next");
}

#[test]
fn an_undo_that_fails_at_no_step_of_the_plan_is_told_all_the_same() {
    let mut bench = Bench::at(ScreenId::Review);
    bench.send(Event::Next);
    bench.send(Event::Progress(Progress::UndoFailed(StepKind::ProveAgain, Failure::Busy { pid: Some(7) })));
    bench.send(Event::Progress(Progress::UndoEnded(false)));
    assert_eq!(bench.state.run().phase, Phase::UndoneInPart);
    let told = bench.state.run().failed().and_then(|row| bench.state.run().explain(row)).expect("told");
    assert!(told.says.contains("process 7"), "{told:?}");
}

#[test]
fn leaving_a_failed_run_says_that_it_is_unfinished() {
    let mut bench = Bench::at(ScreenId::Review);
    bench.send(Event::Next);
    bench.send(Event::Progress(Progress::Failed(StepKind::CreateHome, Failure::Cancelled)));
    bench.send(Event::Press(Action::Leave));
    assert_eq!(bench.state.ending, Some(Ending::Unfinished));
}

#[test]
fn enter_a_moment_before_the_end_is_remembered() {
    let mut bench = Bench::at(ScreenId::Review);
    bench.send(Event::Next);
    bench.send(Event::Next);
    assert_eq!(bench.state.place.here, ScreenId::Install);
    bench.install_all();
    assert_eq!(bench.state.place.here, ScreenId::MasterKey);
}

#[test]
fn enter_before_a_failure_goes_nowhere() {
    let mut bench = Bench::at(ScreenId::Review);
    bench.send(Event::Next);
    bench.send(Event::Next);
    bench.send(Event::Progress(Progress::Failed(StepKind::CreateHome, Failure::Cancelled)));
    assert_eq!((bench.state.place.here, bench.state.prompt.waiting), (ScreenId::Install, false));
}

#[test]
fn news_of_a_survey_does_not_lead_out_of_running_steps() {
    let mut bench = Bench::at(ScreenId::Review);
    let inputs = Inputs::Machine;
    let ticket = bench.state.tickets.begin(inputs.clone(), Duration::ZERO);
    bench.send(Event::Next);
    bench.send(Event::Next);
    assert!(bench.state.prompt.waiting);
    bench.observed(ticket, good(&inputs), true);
    assert_eq!((bench.state.place.here, bench.state.run().phase), (ScreenId::Install, Phase::Running));
}
