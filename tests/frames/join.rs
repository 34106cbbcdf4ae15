//! The cluster screen of a node that joins.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use octopus_setup::faces::tui::{Charset, Colours, Scene, Tui, TuiEvent, TuiOptions};
use octopus_setup::model::check::CheckId;
use octopus_setup::model::facts::{Fact, Trouble};
use octopus_setup::model::field::FieldId;
use octopus_setup::model::finding::{Finding, Verdict};
use octopus_setup::model::screen::ScreenId;
use octopus_setup::wizard::state::{Focus, State};
use ratatui::Terminal;
use ratatui::backend::TestBackend;

use crate::clusters::{self, USUAL, dead, found, many, node, two, verdicts};
use crate::states::with;
use crate::{lines, text};

/// A scene of the cluster screen with these fields and verdicts.
pub fn scene<'a>(state: &'a State, fields: &[FieldId], verdicts: Vec<(CheckId, Verdict)>) -> Scene<'a> {
    let mut scene = Scene::new(state);
    scene.fields = fields.to_vec();
    with(scene, verdicts)
}

const PLAIN: TuiOptions = TuiOptions { charset: Charset::Unicode, colours: Colours::OnDark };

#[test]
fn cluster_of_two() {
    let state = clusters::join(two());
    insta::assert_snapshot!(text(80, 24, PLAIN, &scene(&state, &USUAL, verdicts(vec![dead()]))));
}

#[test]
fn cluster_of_two_wide() {
    let state = clusters::join(two());
    insta::assert_snapshot!(text(120, 40, PLAIN, &scene(&state, &USUAL, verdicts(vec![dead()]))));
}

#[test]
fn cluster_of_two_least() {
    let state = clusters::join(two());
    insta::assert_snapshot!(text(40, 12, PLAIN, &scene(&state, &USUAL, verdicts(vec![dead()]))));
}

#[test]
fn cluster_of_two_in_ascii() {
    let state = clusters::join(two());
    let options = TuiOptions { charset: Charset::Ascii, colours: Colours::None };
    let frame = text(80, 24, options, &scene(&state, &USUAL, verdicts(vec![dead()])));
    assert!(frame.is_ascii());
    insta::assert_snapshot!(frame);
}

#[test]
fn a_dead_node_to_be_replaced() {
    let mut state = clusters::join(two());
    state.place.focus = Focus::Field(FieldId::ReplaceNode);
    let taken = Finding::stop(
        CheckId::ClusterNode,
        "web-old is a node of this cluster already; it was last seen 19 days ago.",
        "Choose another name, or replace it if that machine is gone for good.",
    );
    let fields = [FieldId::MasterKey, FieldId::NodeName, FieldId::ReplaceNode, FieldId::TaskCap];
    insta::assert_snapshot!(text(80, 24, PLAIN, &scene(&state, &fields, verdicts(vec![dead(), found(taken)]))));
}

#[test]
fn a_wrong_key() {
    let state = clusters::join(two());
    let wrong = Finding::stop(
        CheckId::ClusterKey,
        "This is not the cluster's master key: the registry's verifier says no.",
        "Paste the key of this cluster; its fingerprint is 5d1c-88e0.",
    );
    insta::assert_snapshot!(text(80, 24, PLAIN, &scene(&state, &USUAL, verdicts(vec![found(wrong)]))));
}

#[test]
fn a_key_that_nothing_confirms() {
    let mut state = clusters::join(two());
    state.place.focus = Focus::Field(FieldId::UnverifiedKey);
    let unverified = Finding::stop(
        CheckId::ClusterKey,
        "This key cannot be verified: there is nothing encrypted in the database to try it on.",
        "Compare it with a node of the cluster, then choose to take it anyway.",
    );
    let fields = [FieldId::MasterKey, FieldId::UnverifiedKey, FieldId::NodeName, FieldId::TaskCap, FieldId::MakeRegistry];
    insta::assert_snapshot!(text(80, 24, PLAIN, &scene(&state, &fields, verdicts(vec![found(unverified)]))));
}

#[test]
fn nodes_that_are_not_read_yet_or_cannot_be() {
    let mut state = clusters::join(two());
    state.facts.cluster.nodes = Fact::Unknown;
    let frame = text(80, 24, PLAIN, &scene(&state, &USUAL, verdicts(Vec::new())));
    assert!(frame.contains("Not read yet."), "{frame}");
    state.facts.cluster.nodes = Fact::Missing(Trouble::ConnectionLost);
    let frame = text(80, 24, PLAIN, &scene(&state, &USUAL, verdicts(Vec::new())));
    assert!(frame.contains("The nodes could not be read."), "{frame}");
}

/// A face that keeps its place from frame to frame.
struct Screen {
    tui: Tui,
    terminal: Terminal<TestBackend>,
}

impl Screen {
    fn new(width: u16, height: u16) -> Self {
        let terminal = Terminal::new(TestBackend::new(width, height)).expect("a terminal");
        Self { tui: Tui::new(PLAIN), terminal }
    }

    fn frame(&mut self, state: &State) -> String {
        let scene = scene(state, &USUAL, verdicts(vec![dead()]));
        self.terminal.draw(|frame| self.tui.draw_scene(frame, &scene)).expect("a frame");
        lines(self.terminal.backend().buffer())
    }

    fn press(&mut self, code: KeyCode, state: &State) {
        let events = self.tui.handle(TuiEvent::Key(KeyEvent::new(code, KeyModifiers::NONE)), state);
        assert!(events.is_empty(), "{events:?}");
    }
}

#[test]
fn ten_thousand_nodes_scrolled() {
    let state = clusters::join(many(10_000));
    let mut screen = Screen::new(80, 24);
    screen.frame(&state);
    for _ in 0..3 {
        screen.press(KeyCode::PageDown, &state);
        screen.frame(&state);
    }
    insta::assert_snapshot!(screen.frame(&state));
}

#[test]
fn a_hundred_thousand_nodes_wide() {
    let state = clusters::join(many(100_000));
    insta::assert_snapshot!(Screen::new(120, 40).frame(&state));
}

#[test]
fn the_table_keeps_its_place_while_the_focus_moves_and_the_nodes_are_read_again() {
    let mut state = clusters::join(many(500));
    let mut screen = Screen::new(80, 24);
    screen.frame(&state);
    screen.press(KeyCode::PageDown, &state);
    let first = |frame: &str| {
        let row = frame.lines().find(|line| line.contains(" web00")).expect("a row of the table").to_owned();
        row.split_whitespace().find(|word| word.starts_with("web00")).expect("a name").to_owned()
    };
    let before = first(&screen.frame(&state));
    assert_ne!(before, "web00000");
    state.place.focus = Focus::Field(FieldId::TaskCap);
    assert_eq!(first(&screen.frame(&state)), before);
    let mut more = vec![node("aaa", 1), node("aab", 1)];
    more.extend(many(500));
    clusters::seen(&mut state, more);
    assert_eq!(first(&screen.frame(&state)), before);
    clusters::seen(&mut state, two());
    assert!(screen.frame(&state).contains("web-old"));
}

#[test]
fn more_nodes_than_rows_show_the_key_that_scrolls_and_few_do_not() {
    let few = Screen::new(80, 24).frame(&clusters::join(two()));
    let many = Screen::new(80, 24).frame(&clusters::join(many(50)));
    assert!(!few.contains("PgDn") && many.contains("PgDn"), "{many}");
    assert!(many.contains("of 50"), "{many}");
}

#[test]
fn every_part_is_seen_at_every_size() {
    for nodes in [0, 1, 2, 7, 5_000] {
        let state = clusters::join(many(nodes));
        for (width, height) in [(40, 12), (60, 16), (80, 24), (100, 30), (120, 40), (160, 50)] {
            let frame = Screen::new(width, height).frame(&state);
            assert!(frame.contains("Master key"), "{width}x{height} with {nodes}: {frame}");
            assert!(nodes == 0 || frame.contains("web00000"), "{width}x{height} with {nodes}: {frame}");
        }
    }
    assert_eq!(clusters::join(Vec::new()).place.here, ScreenId::Cluster);
}
