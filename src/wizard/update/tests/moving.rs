//! On, back, jumps, questions, keys.

use super::bench::*;
use crate::model::facts::DatabaseSeen;
use crate::model::survey::SurveyId;
use crate::wizard::inputs;

#[test]
fn esc_takes_back_waiting_before_it_goes_back() {
    let mut bench = Bench::at(ScreenId::Service);
    bench.send(Event::Next);
    bench.send(Event::Next);
    bench.send(Event::Back);
    assert_eq!(bench.state.place.here, ScreenId::Database);
    bench.send(Event::Back);
    assert_eq!(bench.state.place.here, ScreenId::Service);
}

#[test]
fn enter_goes_to_the_missing_answer_first() {
    let mut bench = Bench::at(ScreenId::Database);
    bench.edit(FieldId::Password, "");
    bench.send(Event::Focus(Focus::Field(FieldId::Server)));
    bench.send(Event::Next);
    assert_eq!(bench.state.focused(), Some(FieldId::Password));
    assert_eq!(bench.state.shown_problem(FieldId::Password), None, "nobody was asked yet");
    bench.send(Event::Next);
    assert!(bench.state.shown_problem(FieldId::Password).is_some());
    assert_eq!(bench.state.place.here, ScreenId::Database);
}

#[test]
fn warnings_take_a_second_enter_and_are_remembered() {
    let mut bench = Bench::at(ScreenId::Service);
    bench.send(Event::Next);
    let (ticket, _) = bench.asked.pop().unwrap();
    let facts = ServerFacts { clock_ahead_ms: Fact::Seen(41_000), ..good_server() };
    bench.observed(ticket, Observed::Server(Box::new(facts)), true);
    bench.send(Event::Next);
    assert_eq!(bench.state.place.here, ScreenId::Database);
    assert!(bench.notice().contains("sql-clock"), "{}", bench.notice());
    bench.send(Event::Next);
    assert_eq!(bench.state.place.here, ScreenId::Web);
    assert_eq!(bench.state.accepted(), [CheckId::SqlClock]);
}

#[test]
fn what_was_accepted_is_asked_again_for_another_server() {
    let mut bench = Bench::at(ScreenId::Database);
    bench.accept(&[CheckId::SqlClock]);
    bench.edit(FieldId::Server, "sql02");
    bench.send(Event::Focus(Focus::Field(FieldId::Database)));
    assert!(bench.state.accepted_verdicts().is_empty());
}

#[test]
fn ctrl_c_asks_once_and_a_second_one_is_a_yes() {
    let mut bench = Bench::at(ScreenId::Database);
    bench.send(Event::Press(Action::Quit));
    assert_eq!(bench.state.overlay, Some(Overlay::ConfirmQuit));
    assert_eq!(bench.state.ending, None);
    bench.send(Event::Press(Action::Quit));
    assert_eq!(bench.state.ending, Some(Ending::Left));
}

#[test]
fn ctrl_c_can_be_taken_back() {
    let mut bench = Bench::at(ScreenId::Database);
    bench.send(Event::Press(Action::Quit));
    bench.send(Event::Reply(false));
    assert_eq!((bench.state.overlay, bench.state.ending), (None, None));
}

#[test]
fn esc_on_the_first_screen_leads_to_the_start_and_keeps_answers() {
    let mut bench = Bench::at(ScreenId::Home);
    bench.edit(FieldId::Home, "/srv/octopus");
    bench.send(Event::Back);
    assert_eq!((bench.state.place.here, bench.state.flow()), (ScreenId::Start, None));
    bench.send(Event::Begin(StartChoice::Flow(Flow::FirstNode)));
    assert_eq!(bench.state.answers.text(FieldId::Home), "/srv/octopus");
}

#[test]
fn a_jump_goes_only_where_one_has_been() {
    let mut bench = Bench::at(ScreenId::Web);
    bench.send(Event::Jump(ScreenId::Review));
    assert_eq!(bench.state.place.here, ScreenId::Web);
    bench.send(Event::Jump(ScreenId::Home));
    assert_eq!(bench.state.place.here, ScreenId::Home);
    bench.send(Event::Jump(ScreenId::Web));
    assert_eq!(bench.state.place.here, ScreenId::Web);
}

#[test]
fn an_answer_changed_behind_a_shut_gate_is_not_jumped_over() {
    let mut bench = Bench::at(ScreenId::Review);
    bench.send(Event::Jump(ScreenId::Database));
    bench.edit(FieldId::Server, "sql02");
    bench.send(Event::Jump(ScreenId::Review));
    assert_eq!(bench.state.place.here, ScreenId::Database);
    assert!(bench.notice().contains("proven"), "{}", bench.notice());
    bench.send(Event::Next);
    bench.answer_all();
    bench.send(Event::Jump(ScreenId::Review));
    assert_eq!(bench.state.place.here, ScreenId::Review);
    assert_eq!(bench.state.run().plan.as_ref().map(|plan| plan.node.target.address.host.as_str()), Some("sql02"));
}

#[test]
fn nothing_unproven_is_installed() {
    let mut bench = Bench::at(ScreenId::Review);
    let server = inputs::of(SurveyId::Server, &bench.state.answers, None).unwrap();
    let again = bench.state.tickets.begin(server, Duration::from_secs(2));
    let denied = ServerFacts { login: Fact::Missing(login_failed()), ..ServerFacts::default() };
    bench.observed(again, Observed::Server(Box::new(denied)), true);
    bench.send(Event::Next);
    assert_eq!((bench.state.place.here, bench.state.run().phase), (ScreenId::Database, Phase::Idle));
}

#[test]
fn a_plan_that_has_changed_is_shown_before_it_is_installed() {
    let mut bench = Bench::at(ScreenId::Review);
    let server = inputs::of(SurveyId::Server, &bench.state.answers, None).unwrap();
    let again = bench.state.tickets.begin(server, Duration::from_secs(2));
    let gone = ServerFacts { database: Fact::Seen(DatabaseSeen::Absent), ..good_server() };
    bench.observed(again, Observed::Server(Box::new(gone)), true);
    bench.send(Event::Next);
    assert_eq!((bench.state.place.here, bench.state.run().phase), (ScreenId::Review, Phase::Idle));
    assert!(bench.notice().contains("changed the plan"), "{}", bench.notice());
    bench.send(Event::Next);
    assert_eq!(bench.state.run().phase, Phase::Running);
    let plan = bench.state.run().plan.as_ref().unwrap();
    assert!(plan.steps.iter().any(|step| step.kind == StepKind::CreateDatabase));
}

#[test]
fn a_hangup_ends_whatever_is_open() {
    let mut bench = Bench::at(ScreenId::Review);
    bench.send(Event::Next);
    bench.send(Event::Hangup);
    assert_eq!(bench.state.ending, Some(Ending::HungUp));
}

#[test]
fn keys_that_do_not_apply_do_nothing() {
    let mut bench = Bench::at(ScreenId::Home);
    for action in [Action::Reveal, Action::Retry, Action::Undo, Action::Leave, Action::CopyKey, Action::Certificate] {
        bench.send(Event::Press(action));
    }
    assert_eq!((bench.state.place.here, bench.state.overlay, bench.state.ending), (ScreenId::Home, None, None));
}

#[test]
fn every_action_is_offered_somewhere_and_help_and_quit_everywhere() {
    for screen in [ScreenId::Home, ScreenId::Service, ScreenId::Database, ScreenId::Web, ScreenId::Review, ScreenId::MasterKey] {
        let actions = Bench::at(screen).state.actions();
        assert!(actions.ends_with(&[Action::Help, Action::Quit]), "{screen:?}: {actions:?}");
    }
}

#[test]
fn no_debug_output_holds_a_secret() {
    let bench = Bench::at(ScreenId::MasterKey);
    let shown = format!("{:?} {:?}", bench.state, bench.effects);
    assert!(!shown.contains("correct horse"));
    assert!(!shown.contains("BwcHBwcH"));
}

#[test]
fn enter_after_an_edit_proves_and_goes_on_but_stays_to_show_the_server() {
    let mut bench = Bench::at(ScreenId::Home);
    bench.edit(FieldId::Home, "/srv/octopus");
    bench.send(Event::Next);
    assert_eq!(bench.state.place.here, ScreenId::Home);
    bench.answer_all();
    assert_eq!(bench.state.place.here, ScreenId::Service);

    let mut bench = Bench::at(ScreenId::Database);
    bench.edit(FieldId::Server, "sql02");
    bench.send(Event::Next);
    bench.answer_all();
    assert_eq!(bench.state.place.here, ScreenId::Database);
    bench.send(Event::Next);
    assert_eq!(bench.state.place.here, ScreenId::Web);
}

#[test]
fn the_answers_are_saved_with_what_was_accepted() {
    let mut bench = Bench::at(ScreenId::Review);
    bench.accept(&[CheckId::SqlClock]);
    bench.edit(FieldId::AnswersFile, "/a.toml");
    bench.send(Event::Press(Action::SaveAnswers));
    let saved = bench.effects.iter().find_map(|effect| match effect {
        Effect::SaveAnswers(_, text) => Some(text.as_str()),
        _ => None,
    });
    assert!(saved.is_some_and(|text| text.contains("accept = [\"sql-clock\"]\n")), "{saved:?}");
}
