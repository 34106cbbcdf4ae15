//! The last screen: what exists now, and what to do next.

use ratatui::layout::Rect;

use super::page;
use super::sheet::{self, Line};
use crate::faces::tui::canvas::{Canvas, below};
use crate::faces::tui::scene::Scene;
use crate::faces::tui::scroll::Scroll;
use crate::faces::tui::text;
use crate::model::flow::Flow;
use crate::render::tentacles;
use crate::render::{Setup, Shell, next_node};
use crate::wizard::end_page::end_page;
use crate::wizard::next_steps::NextStep;

/// The columns of the labels.
const LABEL: u16 = 13;

/// Draws the screen, scrolled.
pub fn draw(canvas: &mut Canvas<'_>, area: Rect, scene: &Scene<'_>, scroll: &mut Scroll) {
    let lines = lines(canvas, scene, area.width);
    // The introduction is shortened first if there is not enough room.
    let intro = u16::try_from(text::wrap(&scene.intro(), area.width).len()).unwrap_or(1);
    let count = u16::try_from(lines.len()).unwrap_or(u16::MAX);
    let roomy = count.saturating_add(intro + 2) <= area.height;
    page::heading(canvas, area, scene, roomy);
    let rest = below(area, if roomy { intro + 2 } else { 1 });
    sheet::draw(canvas, rest, &lines, scroll);
}

fn lines(canvas: &Canvas<'_>, scene: &Scene<'_>, width: u16) -> Vec<Line> {
    let theme = canvas.theme;
    let mut lines: Vec<Line> = Vec::with_capacity(20);
    // A path or a command is useless if it is cut, so everything is wrapped.
    let Some(end) = end_page(scene.state) else { return lines };
    for fact in &end.facts {
        for (number, words) in text::wrap(&fact.value, width.saturating_sub(LABEL + 2)).into_iter().enumerate() {
            let label = if number == 0 { fact.label } else { "" };
            lines.push(Line::new(label, theme.dim).with(LABEL, words, theme.plain));
        }
    }
    let plan = scene.state.run().plan.as_deref();
    if let Some(command) = plan.and_then(tentacles::poll_server_command) {
        lines.extend([Line::blank(), Line::new("On each polling Tentacle", theme.title)]);
        sheet::wrap(&mut lines, &command, 0, width.saturating_sub(2), theme.plain);
    }
    add_steps(&mut lines, canvas, "Now", &end.now, width);
    if matches!(scene.state.flow(), Some(Flow::FirstNode | Flow::Join)) {
        lines.push(Line::blank());
        lines.extend(next_command(canvas, scene, width));
    }
    add_steps(&mut lines, canvas, "Later", &end.later, width);
    lines
}

/// Adds the next steps, numbered, each with its command below it.
fn add_steps(lines: &mut Vec<Line>, canvas: &Canvas<'_>, title: &'static str, steps: &[NextStep], width: u16) {
    let theme = canvas.theme;
    if steps.is_empty() {
        return;
    }
    lines.extend([Line::blank(), Line::new(title, theme.title)]);
    let columns = if steps.len() > 9 { 4 } else { 3 };
    for (number, next) in (1..).zip(steps) {
        for (line, words) in text::wrap(next.words, width.saturating_sub(columns + 2)).into_iter().enumerate() {
            let label = if line == 0 { number.to_string() } else { String::new() };
            lines.push(Line::new(label, theme.dim).with(columns, words, theme.plain));
        }
        let command = next.command.as_deref().unwrap_or_default();
        sheet::wrap_rest(lines, command, columns + 2, width.saturating_sub(2), theme.plain);
    }
}

/// Returns the command that adds the next node unattended, on several lines that the shell joins.
fn next_command(canvas: &Canvas<'_>, scene: &Scene<'_>, width: u16) -> Vec<Line> {
    let theme = canvas.theme;
    let Some(plan) = &scene.state.run().plan else { return Vec::new() };
    let columns = usize::from(width.saturating_sub(2));
    let command = next_node::lines(&Setup::from_plan(plan), Shell::of(plan.node.platform), columns);
    let command = command.into_iter().map(|words| Line::new(words, theme.plain));
    std::iter::once(Line::new("On the next server, as one command", theme.title)).chain(command).collect()
}
