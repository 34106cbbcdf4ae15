//! The start screen, unfinished runs, moving between screens, questions and keys.

use super::*;
use secrecy::ExposeSecret;

use crate::model::facts::DatabaseSeen;
use crate::model::facts::InstanceSeen;
use crate::model::platform::Platform;
use crate::model::survey::SurveyId;
use crate::wizard::tickets::survey_inputs;

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
        kept_passwords: Vec::new(),
        changes: Vec::new(),
        answers: [("server", "sql09"), ("home", "/srv/octo"), ("no-such-field", "x")]
            .map(|(id, text)| (id.to_owned(), text.to_owned()))
            .into(),
        steps,
    }
}

fn resume(done: usize, key: Option<MasterKey>) -> Bench {
    resume_with(Bench::new(), done, key, Vec::new())
}

fn resume_with(mut bench: Bench, done: usize, key: Option<MasterKey>, passwords: Vec<(FieldId, Raw)>) -> Bench {
    bench.state.facts.machine.unfinished = vec![UnfinishedRun {
        instance: "OctopusServer".into(),
        flow: Flow::FirstNode,
        done,
        steps: 6,
        when: "2026-11-21 12:04".into(),
        serves: false,
        config: crate::model::untrusted::Untrusted::default(),
    }];
    assert_eq!(bench.state.start_choices()[0], StartChoice::Resume("OctopusServer".into()));
    bench.send(Event::Begin(StartChoice::Resume("OctopusServer".into())));
    assert!(bench.effects.iter().any(|effect| matches!(effect, Effect::LoadRun(name) if name == "OctopusServer")));
    bench.send(Event::Resumed(Ok(Box::new(Resumption { journal: journal(done), key, passwords }))));
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
        config: crate::model::untrusted::Untrusted::default(),
    }];
    let (ticket, _) = bench.asked.pop().expect("coming back looks at the machine again");
    bench.observed(ticket, Observed::Machine(Machine { unfinished, ..Machine::default() }), true);
    assert_eq!(bench.state.place.focus, Focus::Item(3));
    assert_eq!(bench.state.start_choices()[3], chosen);
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
fn what_was_sealed_or_given_is_not_asked_again() {
    let key = || Some(generated_key().key);
    let password = |text: &str| Raw::of(FieldId::Password, text);
    let blank = || {
        let mut bench = Bench::new();
        bench.state.answers.set(FieldId::Password, password(""), Origin::Default);
        bench
    };
    assert!(resume_with(blank(), 3, key(), Vec::new()).notice().contains("Passwords are asked again."));
    let bench = resume_with(blank(), 5, key(), vec![(FieldId::Password, password("sealed"))]);
    assert!(bench.notice().contains("No password is asked again."), "{}", bench.notice());
    let secret = |bench: &Bench| bench.state.answers.secret(FieldId::Password).expect("there").expose_secret().to_owned();
    assert_eq!(secret(&bench), "sealed");
    let mut bench = Bench::new();
    bench.state.answers.set(FieldId::Password, password("given"), Origin::Environment);
    assert_eq!(secret(&resume_with(bench, 5, key(), vec![(FieldId::Password, password("sealed"))])), "given");
}

#[test]
fn a_run_that_is_loaded_twice_or_late_moves_nobody() {
    let mut bench = resume(3, Some(generated_key().key));
    bench.edit(FieldId::Server, "sql10");
    bench.send(Event::Resumed(Err(Box::new(Failure::Busy { pid: None }))));
    assert!(!bench.notice().contains("cannot be continued"), "{}", bench.notice());
    bench.send(Event::Resumed(Ok(Box::new(Resumption {
        journal: journal(6),
        key: Some(generated_key().key),
        passwords: Vec::new(),
    }))));
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
    bench.state.place.here = ScreenId::Octopus;
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
fn a_bad_answer_that_was_given_shows_its_reason_at_once_and_a_typed_one_once_it_is_left() {
    let bad = [
        (FieldId::Server, "np:sql01"),
        (FieldId::Server, "sql01:1433"),
        (FieldId::Database, "[OctopusDeploy]"),
        (FieldId::Encryption, "on"),
        (FieldId::MultiSubnet, "perhaps"),
    ];
    for (field, text) in bad {
        for (origin, shown) in [(Origin::File, true), (Origin::Environment, true), (Origin::Flag, true), (Origin::Typed, false)] {
            let mut bench = Bench::at(ScreenId::Database);
            bench.state.answers.set(field, Raw::of(field, text), origin);
            assert_eq!(bench.state.shown_problem(field).is_some(), shown, "{text} {origin:?}");
        }
    }
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
    assert_eq!(bench.state.place.here, ScreenId::Storage);
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
    let mut bench = Bench::at(ScreenId::Octopus);
    bench.send(Event::Jump(ScreenId::Review));
    assert_eq!(bench.state.place.here, ScreenId::Octopus);
    bench.send(Event::Jump(ScreenId::Home));
    assert_eq!(bench.state.place.here, ScreenId::Home);
    bench.send(Event::Jump(ScreenId::Octopus));
    assert_eq!(bench.state.place.here, ScreenId::Octopus);
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
    let server = survey_inputs(SurveyId::Server, &bench.state.answers, None).unwrap();
    let again = bench.state.tickets.begin(server, Duration::from_secs(2));
    let denied = ServerFacts { login: Fact::Missing(login_failed()), ..ServerFacts::default() };
    bench.observed(again, Observed::Server(Box::new(denied)), true);
    bench.send(Event::Next);
    assert_eq!((bench.state.place.here, bench.state.run().phase), (ScreenId::Database, Phase::Idle));
}

#[test]
fn a_plan_that_has_changed_is_shown_before_it_is_installed() {
    let mut bench = Bench::at(ScreenId::Review);
    let server = survey_inputs(SurveyId::Server, &bench.state.answers, None).unwrap();
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
    for screen in
        [ScreenId::Home, ScreenId::Service, ScreenId::Database, ScreenId::Octopus, ScreenId::Review, ScreenId::MasterKey]
    {
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
    assert_eq!(bench.state.place.here, ScreenId::Storage);
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

#[test]
fn a_machine_name_that_no_node_can_have_is_no_default() {
    for (host_name, offered) in [("web01", "web01"), ("localhost", "localhost"), ("žába", ""), ("(none)", ""), ("", "")] {
        let mut bench = Bench::new();
        bench.send(Event::Begin(StartChoice::Flow(Flow::FirstNode)));
        bench.send(Event::Back);
        bench.state.answers.set(FieldId::NodeName, Raw::Text(String::new()), Origin::Default);
        let (ticket, _) = bench.asked.pop().expect("coming back looks at the machine again");
        bench.observed(ticket, Observed::Machine(Machine { host_name: host_name.into(), ..Machine::default() }), true);
        assert_eq!(bench.state.answers.text(FieldId::NodeName), offered, "{host_name}");
    }
}

#[test]
fn a_port_after_a_colon_is_written_as_sql_server_wants_it_and_that_is_told() {
    let mut bench = Bench::at(ScreenId::Database);
    bench.send(Event::Focus(Focus::Field(FieldId::Server)));
    bench.edit(FieldId::Server, "sql01:1433");
    assert_eq!(bench.state.answers.text(FieldId::Server), "sql01:1433", "not while it is typed");
    bench.send(Event::Focus(Focus::Field(FieldId::Database)));
    assert_eq!(bench.state.answers.text(FieldId::Server), "sql01,1433");
    assert!(bench.notice().contains("sql01,1433"), "{}", bench.notice());
    bench.send(Event::Focus(Focus::Field(FieldId::Server)));
    bench.edit(FieldId::Server, "fd00::17");
    bench.send(Event::Enter);
    assert_eq!(bench.state.answers.text(FieldId::Server), "fd00::17");
}

#[test]
fn a_password_that_was_typed_is_shown_until_its_field_is_left_and_no_other_one_ever() {
    let mut bench = Bench::at(ScreenId::Database);
    bench.send(Event::Focus(Focus::Field(FieldId::Password)));
    bench.state.answers.set(FieldId::Password, Raw::of(FieldId::Password, "from-a-file"), Origin::File);
    assert!(!bench.state.actions().contains(&Action::Reveal), "it was not typed here");
    bench.edit(FieldId::Password, "hunter2");
    bench.send(Event::Press(Action::Reveal));
    assert_eq!(bench.state.revealed, Some(FieldId::Password));
    bench.edit(FieldId::Password, "hunter22");
    assert_eq!(bench.state.revealed, Some(FieldId::Password));
    bench.send(Event::Press(Action::Reveal));
    assert_eq!(bench.state.revealed, None);
    for event in [Event::Focus(Focus::Field(FieldId::User)), Event::Resized, Event::Jump(ScreenId::Home)] {
        bench.send(Event::Focus(Focus::Field(FieldId::Password)));
        bench.send(Event::Press(Action::Reveal));
        assert!(bench.state.revealed.is_some());
        bench.send(event);
        assert_eq!(bench.state.revealed, None);
    }
}

#[test]
fn the_administrator_s_password_is_asked_twice_of_who_types_it() {
    let mut bench = Bench::at(ScreenId::Octopus);
    bench.edit(FieldId::HandOver, "script");
    bench.edit(FieldId::AdminUser, "ann");
    bench.state.answers.set(FieldId::AdminPassword, Raw::of(FieldId::AdminPassword, "Passw0rd-1"), Origin::File);
    assert!(!bench.state.fields().contains(&FieldId::AdminPasswordAgain), "nobody typed it");
    bench.edit(FieldId::AdminPassword, "Passw0rd-");
    bench.edit(FieldId::AdminPassword, "Passw0rd-1");
    assert!(bench.state.fields().contains(&FieldId::AdminPasswordAgain));
    bench.answer_all();
    bench.send(Event::Enter);
    assert_eq!((bench.state.place.here, bench.state.focused()), (ScreenId::Octopus, Some(FieldId::AdminPasswordAgain)));
    bench.edit(FieldId::AdminPasswordAgain, "Passw0rd-2");
    bench.send(Event::Enter);
    assert!(bench.state.shown_problem(FieldId::AdminPasswordAgain).is_some_and(|said| said.contains("not the same")));
    bench.edit(FieldId::AdminPasswordAgain, "Passw0rd-1");
    bench.send(Event::Enter);
    bench.answer_all();
    assert_eq!(bench.state.place.here, ScreenId::Review, "{}", bench.notice());
}

#[test]
fn an_unfinished_run_can_be_undone_from_the_start_screen_and_that_asks_first() {
    let unfinished = |done| {
        let mut bench = Bench::new();
        let (instance, when) = ("OctopusServer".into(), "2026-11-21 12:04".into());
        let config = crate::model::untrusted::Untrusted::default();
        let run = UnfinishedRun { instance, flow: Flow::FirstNode, done, steps: 6, when, serves: false, config };
        bench.state.facts.machine.unfinished = vec![run];
        bench
    };
    let undo = StartChoice::Undo("OctopusServer".into());
    assert!(!unfinished(6).state.start_choices().contains(&undo), "what is done is not undone");
    for (has_password, yes) in [(true, true), (true, false), (false, true)] {
        let mut bench = unfinished(3);
        bench.state.answers.set(FieldId::Password, Raw::of(FieldId::Password, ""), Origin::Default);
        assert_eq!(bench.state.start_choices()[1], undo);
        bench.send(Event::Begin(undo.clone()));
        assert!(bench.effects.iter().any(|effect| matches!(effect, Effect::LoadRun(name) if name == "OctopusServer")));
        let login = [(FieldId::User, Raw::Text("octopus".into())), (FieldId::Password, Raw::Secret("hunter2".into()))];
        let passwords = if has_password { login.to_vec() } else { Vec::new() };
        let resumption = Resumption { journal: journal(3), key: Some(generated_key().key), passwords };
        bench.send(Event::Resumed(Ok(Box::new(resumption))));
        assert_eq!(bench.state.overlay == Some(Overlay::ConfirmUndo), has_password);
        if !has_password {
            assert!(bench.notice().contains("password"), "{}", bench.notice());
        }
        bench.send(Event::Reply(yes));
        let undoes = bench.effects.iter().any(|effect| matches!(effect, Effect::Undo { .. }));
        assert_eq!(undoes, has_password && yes);
    }
}

#[test]
fn nobody_gets_a_single_node_by_pressing_enter() {
    let mut bench = Bench::at(ScreenId::Storage);
    bench.state.answers.set(FieldId::Storage, Raw::Text("none".into()), Origin::Default);
    assert!(bench.state.is_undecided(FieldId::Storage));
    bench.send(Event::Enter);
    assert_eq!((bench.state.place.here, bench.state.focused()), (ScreenId::Storage, Some(FieldId::Storage)));
    assert!(bench.notice().contains("Choose"), "{}", bench.notice());
    bench.edit(FieldId::Storage, "none");
    assert!(!bench.state.is_undecided(FieldId::Storage), "the same value, but chosen");
    bench.answer_all();
    bench.send(Event::Enter);
    assert_eq!(bench.state.place.here, ScreenId::Octopus, "{}", bench.notice());
}
