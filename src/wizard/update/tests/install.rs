//! The plan, its steps, and the master key until its keeping is proven.

use super::*;
use crate::model::facts::Waiting;
use crate::model::finding::Verdict;

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
    bench.send(Event::Back);
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
    let told = bench.state.run().failed().and_then(|row| bench.state.explain_step(row)).expect("told");
    assert!(told.says.contains("process 7"), "{told:?}");
}

#[test]
fn what_the_running_step_waits_for_is_said_until_it_is_over() {
    let mut bench = Bench::at(ScreenId::Review);
    bench.send(Event::Next);
    bench.send(Event::Progress(Progress::Begun(StepKind::InitialiseCluster)));
    let text = "The database is not currently available.".into();
    let trouble = Trouble::Sql(SqlTrouble { number: 40613, state: 1, class: 17, text });
    let waiting = Waiting { trouble, limit: Duration::from_secs(25) };
    bench.send(Event::Progress(Progress::Waiting(Some(waiting.clone()))));
    let says = bench.state.explain_waiting().expect("said");
    assert!(says.contains("40613") && says.ends_with("This may pass, and is waited for up to 25 s."), "{says}");
    bench.send(Event::Progress(Progress::Waiting(None)));
    assert_eq!(bench.state.explain_waiting(), None);
    bench.send(Event::Progress(Progress::Waiting(Some(waiting))));
    bench.send(Event::Progress(Progress::Failed(StepKind::InitialiseCluster, Failure::Cancelled)));
    assert_eq!(bench.state.explain_waiting(), None);
}

#[test]
fn who_lost_a_race_is_taken_back_without_a_question_and_is_told_who_won() {
    let mut bench = Bench::at(ScreenId::Review);
    bench.send(Event::Next);
    bench.send(Event::Progress(Progress::Done(StepKind::CreateHome, StepState::Done, Duration::ZERO)));
    let won = Failure::AlreadyInitialised(Box::new(samples::cluster()));
    bench.send(Event::Progress(Progress::Lost(StepKind::InitialiseCluster, won)));
    assert_eq!(bench.state.run().phase, Phase::Undoing);
    bench.send(Event::Progress(Progress::Undoing(StepKind::CreateHome)));
    bench.send(Event::Progress(Progress::Undone(StepKind::CreateHome)));
    bench.send(Event::Progress(Progress::UndoEnded(true)));
    assert!(bench.state.run().phase == Phase::Undone && bench.state.run().is_lost());
    let told = bench.state.run().failed().and_then(|row| bench.state.explain_step(row)).expect("told");
    assert!(told.says.contains("by web01"), "{told:?}");
    bench.send(Event::Next);
    assert_eq!(bench.state.place.here, ScreenId::Review, "back to the plan");
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

#[test]
fn done_needs_proof_that_the_key_is_kept() {
    let mut bench = Bench::at(ScreenId::MasterKey);
    bench.send(Event::Next);
    assert_eq!(bench.state.place.here, ScreenId::MasterKey);
    assert!(bench.notice().contains("last six"));
    bench.edit(FieldId::KeyProof, "wrong!");
    assert_eq!(bench.state.custody().proof, None);
    // 32 bytes of 7 are BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc= in base64.
    bench.edit(FieldId::KeyProof, "wcHBwc=");
    assert_eq!(bench.state.custody().proof, None, "seven characters are not six");
    bench.edit(FieldId::KeyProof, "cHBwc=");
    assert_eq!(bench.state.custody().proof, Some(Proof::TypedBack));
    bench.send(Event::Next);
    assert_eq!(bench.state.place.here, ScreenId::Done);
    assert!(bench.effects.iter().any(|effect| matches!(effect, Effect::CloseRun(name) if name == "OctopusServer")));
    bench.send(Event::Next);
    assert_eq!(bench.state.ending, Some(Ending::Finished));
}

#[test]
fn a_file_that_was_read_back_is_proof_too() {
    let mut bench = Bench::at(ScreenId::MasterKey);
    bench.send(Event::Press(Action::SaveKey));
    assert!(bench.effects.iter().any(|effect| matches!(effect, Effect::SaveKey(..))));
    bench.send(Event::KeySaved(Ok("/root/key.txt".into())));
    assert!(bench.effects.iter().any(|effect| matches!(effect, Effect::ReadKey(..))));
    bench.send(Event::KeyRead(Ok(false)));
    assert_eq!(bench.state.custody().proof, None);
    bench.send(Event::KeyRead(Ok(true)));
    assert_eq!(bench.state.custody().proof, Some(Proof::ReadBack));
}

#[test]
fn a_key_file_that_exists_is_told_and_kept() {
    let mut bench = Bench::at(ScreenId::MasterKey);
    bench.send(Event::KeySaved(Err(FileTrouble::Exists)));
    assert!(bench.notice().contains("already"));
    assert_eq!(bench.state.custody().saved, None);
}

#[test]
fn a_revealed_key_hides_on_resize_and_on_moving_on() {
    let mut bench = Bench::at(ScreenId::MasterKey);
    bench.send(Event::Press(Action::Reveal));
    assert!(bench.state.custody().revealed);
    bench.send(Event::Resized);
    assert!(!bench.state.custody().revealed);
    bench.send(Event::Press(Action::Reveal));
    bench.send(Event::Focus(Focus::Field(FieldId::KeyProof)));
    assert!(!bench.state.custody().revealed);
}

#[test]
fn copied_is_said_only_where_it_is_known() {
    let mut bench = Bench::at(ScreenId::MasterKey);
    bench.send(Event::Press(Action::CopyKey));
    assert!(bench.effects.iter().any(|effect| matches!(effect, Effect::Copy(_))));
    bench.send(Event::Copied(Ok(CopyWay::Terminal)));
    assert!(!bench.notice().contains("Copied"), "{}", bench.notice());
    bench.send(Event::Copied(Ok(CopyWay::Desktop)));
    assert!(bench.notice().contains("Copied"));
}

#[test]
fn a_late_draw_does_not_replace_the_key_that_is_installed() {
    let mut bench = Bench::at(ScreenId::Review);
    bench.send(Event::Next);
    assert_eq!(bench.state.run().phase, Phase::Running);
    bench.send(Event::KeyGenerated(GeneratedKey { cluster: ID, key: MasterKey::from_bytes(&[8; 32]).unwrap() }));
    let generated = bench.state.custody().generated.as_ref().unwrap();
    assert_eq!(Some(generated.key.fingerprint()), bench.state.run().plan.as_ref().map(|plan| plan.fingerprint));
}

#[test]
fn a_key_of_a_size_that_is_not_asked_for_any_more_is_not_taken() {
    let mut bench = Bench::at(ScreenId::Review);
    bench.edit(FieldId::KeySize, "aes-128");
    bench.edit(FieldId::KeySize, "aes-256");
    bench.send(Event::KeyGenerated(GeneratedKey { cluster: ID, key: MasterKey::from_bytes(&[8; 16]).unwrap() }));
    assert!(bench.state.run().plan.is_none());
    bench.send(Event::KeyGenerated(generated_key()));
    assert_eq!(bench.state.run().plan.as_ref().map(|plan| plan.fingerprint), Some(generated_key().key.fingerprint()));
}

#[test]
fn a_key_that_is_proven_to_be_kept_has_its_row_of_the_list_good() {
    let mut bench = Bench::at(ScreenId::MasterKey);
    assert_eq!(bench.state.verdict(CheckId::KeyKept), Verdict::NotYet);
    bench.send(Event::KeySaved(Ok("/root/key.txt".into())));
    bench.send(Event::KeyRead(Ok(true)));
    let file = bench.state.verdict(CheckId::KeyFile);
    assert!(matches!(&file, Verdict::Good(said) if said.contains("is saved there")), "{file:?}");
    assert_eq!(bench.state.verdict(CheckId::KeyKept), Verdict::Good("the saved file was read back".into()));
}

#[test]
fn a_wrong_proof_is_told_as_soon_as_it_is_whole() {
    let mut bench = Bench::at(ScreenId::MasterKey);
    for (typed, wrong) in [("", false), ("wrong", false), ("wrong!", true), ("BwcHBwc=", true)] {
        bench.edit(FieldId::KeyProof, typed);
        assert_eq!(bench.state.shown_problem(FieldId::KeyProof).is_some(), wrong, "{typed}");
    }
    bench.send(Event::Next);
    assert_eq!((bench.state.place.here, bench.state.focused()), (ScreenId::MasterKey, Some(FieldId::KeyProof)));
    assert!(bench.notice().contains("not the key's last six"), "{}", bench.notice());
}

#[test]
fn a_key_that_a_review_handed_out_is_told_as_at_the_install() {
    for here in [ScreenId::MasterKey, ScreenId::Key, ScreenId::Database] {
        let mut bench = Bench::at(ScreenId::MasterKey);
        bench.state.place.here = here;
        bench.send(Event::Copied(Ok(CopyWay::Terminal)));
        assert_eq!(bench.state.custody().copied.is_some(), here != ScreenId::Database, "{here:?}");
    }
}

#[test]
fn once_the_saved_file_was_read_back_what_was_typed_is_not_wrong_any_more() {
    let mut bench = Bench::at(ScreenId::MasterKey);
    bench.edit(FieldId::KeyProof, "xxxxxx");
    assert!(bench.state.shown_problem(FieldId::KeyProof).is_some());
    bench.send(Event::Press(Action::SaveKey));
    bench.send(Event::KeySaved(Ok("/root/key.txt".into())));
    bench.send(Event::KeyRead(Ok(true)));
    assert_eq!(bench.state.custody().proof, Some(Proof::ReadBack));
    assert_eq!(bench.state.shown_problem(FieldId::KeyProof), None);
}

#[test]
fn after_an_undo_the_plan_is_of_what_is_there_then() {
    let mut bench = Bench::at(ScreenId::Review);
    let planned = bench.state.run().plan.as_ref().expect("a plan").steps.clone();
    bench.send(Event::Next);
    bench.send(Event::Progress(Progress::Done(StepKind::CreateHome, StepState::Done, Duration::ZERO)));
    bench.send(Event::Progress(Progress::Failed(StepKind::SealMasterKey, Failure::Cancelled)));
    bench.send(Event::Press(Action::Undo));
    bench.send(Event::Reply(true));
    bench.send(Event::Progress(Progress::UndoEnded(true)));
    bench.send(Event::Next);
    assert_eq!(bench.state.place.here, ScreenId::Review);
    bench.generate_key();
    bench.answer_all();
    let plan = bench.state.run().plan.as_ref().expect("a plan");
    assert_eq!(plan.steps, planned);
    bench.send(Event::Next);
    assert_eq!(bench.state.place.here, ScreenId::Install, "{}", bench.notice());
}
