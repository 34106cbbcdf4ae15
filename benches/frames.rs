//! What a frame costs: gathering and drawing it, and comparing it with the one before.

#![expect(clippy::expect_used, reason = "a benchmark that cannot go on ends")]

#[path = "../tests/frames/clusters.rs"]
#[expect(dead_code, reason = "the tests use the rest")]
mod clusters;
#[path = "../tests/frames/states.rs"]
#[expect(dead_code, reason = "the tests use the rest")]
mod states;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use divan::Bencher;
use octopus_setup::faces::tui::{Scene, Tui, TuiEvent, TuiOptions};
use octopus_setup::model::answers::Origin;
use octopus_setup::model::field::FieldId;
use octopus_setup::wizard::event::Event;
use octopus_setup::wizard::state::{Focus, State};
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
            terminal.draw(|frame| tui.draw_scene(frame, &Scene::of(&state))).expect("a frame");
        }
    });
}

/// The cluster screen with so many nodes: the table makes only the rows that are seen, so these must not differ.
#[divan::bench(args = [10, 10_000, 100_000])]
fn cluster_table(bencher: Bencher<'_, '_>, nodes: usize) {
    let state = clusters::join(clusters::many(nodes));
    let mut scene = Scene::of(&state);
    scene.verdicts = clusters::verdicts(Vec::new());
    let mut terminal = Terminal::new(TestBackend::new(80, 24)).expect("a terminal");
    let mut tui = Tui::new(TuiOptions::default());
    bencher.bench_local(|| terminal.draw(|frame| tui.draw_scene(frame, &scene)).map(|_| ()));
}

/// The same with the checks, which look at every node.
#[divan::bench(args = [10, 10_000, 100_000])]
fn cluster(bencher: Bencher<'_, '_>, nodes: usize) {
    frame(bencher, &clusters::join(clusters::many(nodes)));
}
