//! The plans of the flows about a cluster that exists, what comes after them, and the start screen that leads there.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use octopus_setup::faces::tui::{Charset, Colours, Scene, Tui, TuiEvent, TuiOptions};
use octopus_setup::model::answers::{Origin, Raw};
use octopus_setup::model::check::CheckId;
use octopus_setup::model::facts::InstanceSeen;
use octopus_setup::model::field::FieldId;
use octopus_setup::model::flow::Flow;
use octopus_setup::model::plan::{Plan, Step, StepKind, StepState};
use octopus_setup::model::screen::ScreenId;
use octopus_setup::model::web::ListenPrefix;
use octopus_setup::wizard::run::{Phase, Row, Run};
use octopus_setup::wizard::state::{Focus, Overlay, State};

use ratatui::Terminal;
use ratatui::backend::TestBackend;

use crate::{clusters, lines, states, text};

const PLAIN: TuiOptions = TuiOptions { charset: Charset::Unicode, colours: Colours::OnDark };

fn plan(flow: Flow, steps: &[(StepKind, &str, &'static str)]) -> Plan {
    let mut plan = states::plan();
    plan.flow = flow;
    plan.node.name = "web02".into();
    plan.node.web.prefixes = ListenPrefix::parse_all("http://web02:80/").expect("prefixes");
    plan.steps = steps.iter().map(|(kind, title, mode)| Step { kind: *kind, title: (*title).into(), mode }).collect();
    plan.accepted.clear();
    plan
}

fn join() -> Plan {
    let steps = [
        (StepKind::ProveAgain, "Prove cluster and master key once more", ""),
        (StepKind::CreateHome, "Create /var/lib/octopus", "0750"),
        (StepKind::SealMasterKey, "Seal the master key", "0600"),
        (StepKind::JoinCluster, "Enter web02 into cluster 7f3a-91c2", ""),
        (StepKind::WriteNodeConfig, "Write octopus-node.toml", "0600"),
        (StepKind::ConnectOnce, "Connect once more with what was written", ""),
    ];
    let mut plan = plan(Flow::Join, &steps);
    plan.accepted = vec![CheckId::ClusterNodes];
    plan
}

fn leave() -> Plan {
    let steps = [
        (StepKind::DrainNode, "Mark web02 as drained", ""),
        (StepKind::RemoveRow, "Take web02 out of cluster 7f3a-91c2", ""),
        (StepKind::RemoveNodeConfig, "Move octopus-node.toml to a dated copy", ""),
    ];
    let mut plan = plan(Flow::Leave, &steps);
    plan.before = clusters::node("web02", 2).row;
    plan
}

fn remove() -> Plan {
    let mut plan = plan(Flow::Remove, &[(StepKind::RemoveNode, "Take web-old out of cluster 7f3a-91c2", "")]);
    plan.before = clusters::node("web-old", 19 * 24 * 3600).row;
    plan
}

fn edit() -> Plan {
    let steps = [
        (StepKind::UpdateRow, "Change the row of web02", ""),
        (StepKind::WriteNodeConfig, "Write octopus-node.toml", "0600"),
        (StepKind::ConnectOnce, "Connect once more with what was written", ""),
    ];
    plan(Flow::Edit, &steps)
}

fn on(screen: ScreenId, plan: Plan) -> State {
    let mut state = clusters::flow(plan.flow, screen);
    let done = screen == ScreenId::Done;
    let row = |step: &Step| Row {
        kind: step.kind,
        state: if done { StepState::Done } else { StepState::Planned },
        since: None,
        took: None,
        failure: None,
    };
    let rows = plan.steps.iter().map(row).collect();
    let phase = if done { Phase::Finished } else { Phase::Idle };
    *states::run(&mut state) = Run { phase, rows, plan: Some(Box::new(plan)), ..Run::default() };
    state
}

fn usual(state: &State) -> String {
    text(80, 24, PLAIN, &Scene::new(state))
}

#[test]
fn plan_of_a_join() {
    insta::assert_snapshot!(usual(&on(ScreenId::Review, join())));
}

#[test]
fn plan_of_a_join_least() {
    insta::assert_snapshot!(text(40, 12, PLAIN, &Scene::new(&on(ScreenId::Review, join()))));
}

#[test]
fn plan_of_a_join_in_place_of_a_dead_node_with_an_unconfirmed_key() {
    let mut plan = join();
    plan.before = clusters::node("web-old", 19 * 24 * 3600).row;
    plan.key_unverified = true;
    let frame = usual(&on(ScreenId::Review, plan));
    assert!(frame.contains("Takes the place of web-old") && frame.contains("Nothing confirms the master key"), "{frame}");
    assert!(frame.contains("Accepted: cluster-nodes."), "{frame}");
}

#[test]
fn home_and_end_lead_to_the_ends_of_a_script() {
    let mut state = on(ScreenId::Review, join());
    // The answers' file has the focus, where these keys move the cursor.
    state.place.focus = Focus::Field(FieldId::AnswersFile);
    state.overlay = Some(Overlay::Script);
    let mut terminal = Terminal::new(TestBackend::new(80, 24)).expect("a terminal");
    let mut tui = Tui::new(PLAIN);
    let mut after = |key: Option<KeyCode>| {
        let event = key.map(|key| TuiEvent::Key(KeyEvent::new(key, KeyModifiers::NONE)));
        assert!(event.is_none_or(|event| tui.handle(event, &state).is_empty()));
        terminal.draw(|frame| tui.draw_scene(frame, &Scene::new(&state))).expect("a frame");
        lines(terminal.backend().buffer())
    };
    let first = after(None);
    assert!(first.contains("#!/usr/bin/env bash") && !first.contains("--taskCap"), "{first}");
    let last = after(Some(KeyCode::End));
    assert!(last.contains("--taskCap") && !last.contains("#!/usr/bin/env bash"), "{last}");
    assert_eq!(after(Some(KeyCode::Home)), first);
}

#[test]
fn the_script_of_a_plan() {
    let mut plan = join();
    plan.node.web.prefixes = ListenPrefix::parse_all("http://web02:80/").expect("prefixes");
    let mut state = on(ScreenId::Review, plan);
    state.overlay = Some(Overlay::Script);
    insta::assert_snapshot!(usual(&state));
    insta::assert_snapshot!("the_script_of_a_plan_least", text(40, 12, PLAIN, &Scene::new(&state)));
    insta::assert_snapshot!("the_script_of_a_plan_wide", text(120, 60, PLAIN, &Scene::new(&state)));
}

#[test]
fn the_file_for_the_answers_comes_last_and_is_not_asked_for() {
    let mut state = on(ScreenId::Review, join());
    state.answers.set(FieldId::AnswersFile, Raw::Text("/root/octopus-answers.toml".into()), Origin::Default);
    let frame = text(80, 40, PLAIN, &Scene::new(&state));
    let at = |part: &str| frame.find(part).unwrap_or_else(|| panic!("{part} in {frame}"));
    assert!(at("Connect once more") < at("Answers file  /root/octopus-answers.toml"), "{frame}");
    state.place.focus = Focus::Field(FieldId::AnswersFile);
    insta::assert_snapshot!("the_file_for_the_answers_in_focus", usual(&state));
    insta::assert_snapshot!("the_file_for_the_answers_in_focus_least", text(40, 12, PLAIN, &Scene::new(&state)));
}

#[test]
fn plan_of_leaving() {
    insta::assert_snapshot!(usual(&on(ScreenId::Review, leave())));
}

#[test]
fn plan_of_removing() {
    insta::assert_snapshot!(usual(&on(ScreenId::Review, remove())));
}

#[test]
fn enter_says_what_it_does() {
    for (plan, label) in [(join(), "install"), (edit(), "apply"), (leave(), "leave"), (remove(), "remove")] {
        let mut state = on(ScreenId::Review, plan);
        assert!(!usual(&state).contains("Enter "), "the focus is not on the button");
        state.place.focus = Focus::Button;
        let frame = usual(&state);
        assert!(frame.contains(&format!("Enter {label}")), "{frame}");
    }
}

#[test]
fn done_joining() {
    insta::assert_snapshot!(usual(&on(ScreenId::Done, join())));
}

#[test]
fn done_leaving() {
    insta::assert_snapshot!(usual(&on(ScreenId::Done, leave())));
}

#[test]
fn done_changing_and_removing() {
    let changed = usual(&on(ScreenId::Done, edit()));
    assert!(changed.contains("Changed") && changed.contains("The change is written"), "{changed}");
    let removed = usual(&on(ScreenId::Done, remove()));
    assert!(removed.contains("Removed      web-old"), "{removed}");
}

#[test]
fn every_flow_has_its_own_words_for_its_plan_and_its_end() {
    for screen in [ScreenId::Review, ScreenId::Done] {
        let words = octopus_setup::words::screen(screen);
        let mut titles: Vec<&str> =
            [Flow::FirstNode, Flow::Join, Flow::Edit, Flow::Leave, Flow::Remove].map(|flow| words.title(Some(flow))).to_vec();
        titles.sort_unstable();
        titles.dedup();
        assert_eq!(titles.len(), 5, "{titles:?}");
    }
}

#[test]
fn start_with_instances() {
    let mut state = states::start();
    state.facts.machine.instances = vec![
        InstanceSeen {
            name: "OctopusServer".into(),
            home: "/var/lib/octopus".into(),
            config: "/var/lib/octopus/octopus-node.toml".into(),
            cluster: Some(states::CLUSTER),
            written: "2026-11-18".into(),
        },
        InstanceSeen {
            name: "Second".into(),
            home: "/srv/octopus".into(),
            config: "/srv/octopus/octopus-node.toml".into(),
            ..InstanceSeen::default()
        },
    ];
    insta::assert_snapshot!(usual(&state));
}
