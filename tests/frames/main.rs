//! Every screen as text, at the usual size and at others; the keys that they show; and that no size breaks them.

#![expect(clippy::expect_used, reason = "a test that cannot go on fails")]

mod cluster_wide;
mod clusters;
mod contrast;
mod handing_over;
mod join;
mod keys;
mod looks;
mod pages;
mod pictures;
mod plans;
mod review;
mod secrets;
mod sizes;
mod states;
mod troubleshooting;

use std::fmt::Write;

use octopus_setup::faces::tui::{Scene, Tui, TuiOptions};
use octopus_setup::wizard::state::State;
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::buffer::Buffer;

/// A frame as text, with the cursor's place.
fn text(width: u16, height: u16, options: TuiOptions, scene: &Scene<'_>) -> String {
    let mut terminal = Terminal::new(TestBackend::new(width, height)).expect("a terminal");
    let mut tui = Tui::new(options);
    terminal.draw(|frame| tui.draw_scene(frame, scene)).expect("a frame");
    let mut text = lines(terminal.backend().buffer());
    if terminal.backend().cursor_visible() {
        let cursor = terminal.backend().cursor_position();
        writeln!(text, "cursor {},{}", cursor.x, cursor.y).expect("a string takes it");
    }
    text
}

/// A frame's cells as lines of text.
fn lines(buffer: &Buffer) -> String {
    let mut text = String::new();
    for row in buffer.content.chunks(usize::from(buffer.area.width)) {
        let line: String = row.iter().map(ratatui::buffer::Cell::symbol).collect();
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

/// A frame of a state at the usual size, by the checks' own verdicts.
fn usual(state: &State) -> String {
    text(80, 24, TuiOptions::default(), &Scene::new(state))
}
