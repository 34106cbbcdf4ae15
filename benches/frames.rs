//! What a frame costs: gathering and drawing it, and comparing it with the one before.

#![expect(clippy::expect_used, reason = "a benchmark that cannot go on ends")]

#[path = "../tests/frames/clusters.rs"]
#[expect(dead_code, reason = "the tests use the rest")]
mod clusters;
#[path = "../tests/frames/states.rs"]
#[expect(dead_code, reason = "the tests use the rest")]
mod states;

use std::time::Duration;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use divan::Bencher;
use octopus_setup::faces::tui::{Scene, Tui, TuiEvent, TuiOptions};
use octopus_setup::model::answers::Origin;
use octopus_setup::model::facts::Nodes;
use octopus_setup::model::field::FieldId;
use octopus_setup::model::survey::{Observed, SurveyId};
use octopus_setup::wizard::event::Event;
use octopus_setup::wizard::state::{Focus, State};
use octopus_setup::wizard::tickets;
use octopus_setup::wizard::update::update;
use ratatui::Terminal;
use ratatui::backend::TestBackend;

fn main() {
    divan::main();
}

fn frame(bencher: Bencher<'_, '_>, state: &State) {
    let mut terminal = Terminal::new(TestBackend::new(80, 24)).expect("a terminal");
    let mut tui = Tui::new(TuiOptions::default());
    bencher.bench_local(|| terminal.draw(|frame| tui.draw(frame, state)).map(|_| ()));
}

#[divan::bench]
fn start(bencher: Bencher<'_, '_>) {
    frame(bencher, &states::start());
}

#[divan::bench]
fn database(bencher: Bencher<'_, '_>) {
    frame(bencher, &states::database());
}

#[divan::bench]
fn database_with_given_verdicts(bencher: Bencher<'_, '_>) {
    let state = states::database();
    let scene = states::database_scene(&state, states::half_way());
    let mut terminal = Terminal::new(TestBackend::new(80, 24)).expect("a terminal");
    let mut tui = Tui::new(TuiOptions::default());
    bencher.bench_local(|| terminal.draw(|frame| tui.draw_scene(frame, &scene)).map(|_| ()));
}

#[divan::bench]
fn install(bencher: Bencher<'_, '_>) {
    frame(bencher, &states::install());
}

/// A typed character: handled, applied and drawn; and taken away again, so that the text does not grow.
#[divan::bench]
fn two_keys(bencher: Bencher<'_, '_>) {
    let mut state = states::database();
    state.place.focus = Focus::Field(FieldId::User);
    let mut terminal = Terminal::new(TestBackend::new(80, 24)).expect("a terminal");
    let mut tui = Tui::new(TuiOptions::default());
    bencher.bench_local(|| {
        for code in [KeyCode::Char('x'), KeyCode::Backspace] {
            let key = TuiEvent::Key(KeyEvent::new(code, KeyModifiers::NONE));
            for event in tui.handle(key, &state) {
                if let Event::Edit(field, raw) = event {
                    state.answers.set(field, raw, Origin::Typed);
                }
            }
            terminal.draw(|frame| tui.draw_scene(frame, &Scene::new(&state))).expect("a frame");
        }
    });
}

/// The cluster screen with so many nodes: the table makes only the rows that are seen, so these must not differ.
#[divan::bench(args = [10, 10_000, 100_000])]
fn cluster_table(bencher: Bencher<'_, '_>, nodes: usize) {
    let state = clusters::join(clusters::many(nodes));
    let mut scene = Scene::new(&state);
    scene.verdicts = clusters::verdicts(Vec::new());
    let mut terminal = Terminal::new(TestBackend::new(80, 24)).expect("a terminal");
    let mut tui = Tui::new(TuiOptions::default());
    bencher.bench_local(|| terminal.draw(|frame| tui.draw_scene(frame, &scene)).map(|_| ()));
}

/// The same with the checks.
#[divan::bench(args = [10, 10_000, 100_000])]
fn cluster(bencher: Bencher<'_, '_>, nodes: usize) {
    frame(bencher, &clusters::join(clusters::many(nodes)));
}

/// A character typed on the cluster screen and taken away again, from the key to the frame: what is known of the cluster is
/// found again for the present answers each time.
#[divan::bench(args = [10, 10_000, 100_000])]
fn two_keys_of_a_cluster(bencher: Bencher<'_, '_>, nodes: usize) {
    let mut state = clusters::join(clusters::many(nodes));
    let inputs = tickets::survey_inputs(SurveyId::Cluster, &state.answers, None).expect("a target");
    let ticket = state.tickets.begin(inputs, Duration::ZERO);
    assert!(state.tickets.remember(ticket, Observed::Cluster(Box::new(state.facts.cluster.clone())), true));
    state.place.focus = Focus::Field(FieldId::NodeName);
    let mut terminal = Terminal::new(TestBackend::new(80, 24)).expect("a terminal");
    let mut tui = Tui::new(TuiOptions::default());
    bencher.bench_local(|| {
        for code in [KeyCode::Char('x'), KeyCode::Backspace] {
            for event in tui.handle(TuiEvent::Key(KeyEvent::new(code, KeyModifiers::NONE)), &state) {
                update(&mut state, event, Duration::ZERO);
            }
            terminal.draw(|frame| tui.draw(frame, &state)).expect("a frame");
        }
    });
    assert_eq!(state.facts.cluster.nodes.seen().map(|known| known.len()), Some(nodes));
}

/// A snapshot of so many nodes is made, counted and indexed.
#[divan::bench(args = [10, 10_000, 100_000])]
fn counting_nodes(bencher: Bencher<'_, '_>, nodes: usize) {
    let rows = clusters::many(nodes);
    bencher.with_inputs(|| rows.clone()).bench_local_values(Nodes::from);
}
