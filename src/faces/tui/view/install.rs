//! The install screen: every step with its sign and time, and how far it is.

use ratatui::layout::Rect;
use ratatui::style::Style;

use super::{message, page};
use crate::faces::tui::bindings;
use crate::faces::tui::canvas::{Canvas, below, row};
use crate::faces::tui::elapsed;
use crate::faces::tui::layout;
use crate::faces::tui::scene::Scene;
use crate::faces::tui::text;
use crate::model::plan::StepState;
use crate::wizard::run::{Phase, Row, Run};

/// Draws the installation; tells from which line on it leaves the window blank.
pub fn draw(canvas: &mut Canvas<'_>, area: Rect, scene: &Scene<'_>) -> u16 {
    let run = scene.state.run();
    let area = Rect { height: area.height.saturating_sub(ceded(canvas, area, scene)), ..area };
    let count = u16::try_from(run.rows.len()).unwrap_or(u16::MAX);
    let intro = u16::try_from(text::wrap(&scene.intro(), area.width).len()).unwrap_or(1);
    let roomy = area.height >= count + intro + 6;
    page::heading(canvas, area, scene, roomy);
    let rest = below(area, if roomy { intro + 2 } else { 1 });
    // The bar, what it means, and a blank line before them where there is room for one.
    let gap = u16::from(rest.height >= 8);
    let list = Rect { height: rest.height.saturating_sub(2 + gap), ..rest };
    // The step that works or failed is seen in a list that does not fit.
    let focus = run
        .rows
        .iter()
        .position(|row| row.since.is_some() || row.failure.is_some())
        .unwrap_or(run.done())
        .min(run.rows.len().saturating_sub(1));
    let start = (focus + 1).saturating_sub(usize::from(list.height));
    for (line, (number, step)) in (0..list.height).zip(run.rows.iter().enumerate().skip(start)) {
        one(canvas, row(list, line), scene, number, step);
    }
    let after = below(rest, count.min(list.height) + gap);
    bar(canvas, row(after, 0), run);
    let words = bindings::fill(phase(run));
    let dim = canvas.theme.dim;
    let used = canvas.wrap(below(after, 1), &words, dim);
    let sidebar = area.y + u16::try_from(scene.path().len()).unwrap_or(0);
    (after.y + 1 + used).max(sidebar).min(area.bottom())
}

/// The lines that a list of many steps leaves to why one of them failed, which is what one reads then. Some steps around it
/// stay to be seen, and what is beside the list of screens is of no use to the message.
fn ceded(canvas: &Canvas<'_>, area: Rect, scene: &Scene<'_>) -> u16 {
    if scene.state.run().failed().is_none() {
        return 0;
    }
    let window = canvas.buffer.area;
    let more =
        message::wanted(canvas, scene, window.width.saturating_sub(2)).saturating_sub(layout::message_lines(window.height));
    let listed = 4 + u16::try_from(scene.state.run().rows.len()).unwrap_or(u16::MAX);
    let least = u16::try_from(scene.path().len()).unwrap_or(0).max(8);
    let blank = area.height.saturating_sub(listed);
    more.saturating_sub(blank).min(area.height.saturating_sub(least))
}

fn one(canvas: &mut Canvas<'_>, line: Rect, scene: &Scene<'_>, number: usize, step: &Row) {
    let theme = canvas.theme;
    let run = scene.state.run();
    let title = run.plan.as_ref().and_then(|plan| plan.steps.iter().find(|planned| planned.kind == step.kind));
    let title = title.map_or(step.kind.id(), |planned| planned.title.as_str());
    let (sign, style) = sign(canvas, step);
    let rest = canvas.put(line, sign, style);
    let time = match (step.since, step.took, step.state) {
        (Some(since), _, _) => elapsed::step(scene.state.now.saturating_sub(since)),
        (None, Some(took), StepState::Done) => elapsed::step(took),
        (None, _, StepState::Already) => "was so already".to_owned(),
        (None, _, StepState::Undone) => "undone".to_owned(),
        _ if step.failure.is_some() => "failed".to_owned(),
        _ => String::new(),
    };
    let rest = canvas.put_right(rest, &time, theme.dim);
    let rest = Rect { width: rest.width.saturating_sub(2), ..rest };
    let waiting = step.state == StepState::Planned && step.since.is_none() && step.failure.is_none();
    let title_style = if waiting { theme.dim } else { theme.plain };
    let digits = if run.rows.len() > 9 { 2 } else { 1 };
    canvas.put(rest, &format!(" {:>digits$} {title}", number + 1), title_style);
}

fn sign(canvas: &Canvas<'_>, step: &Row) -> (&'static str, Style) {
    let (theme, signs) = (canvas.theme, canvas.signs);
    match step.state {
        _ if step.failure.is_some() => (signs.stop, theme.stop),
        _ if step.since.is_some() => (signs.running, theme.accent),
        StepState::Done | StepState::Already => (signs.ok, theme.good),
        // Begun and neither running nor failed: an earlier start was cut off in it.
        StepState::Begun => (signs.warn, theme.warn),
        StepState::Planned | StepState::Undone => (signs.pending, theme.dim),
    }
}

/// How many of the steps are done, as a bar and in figures.
fn bar(canvas: &mut Canvas<'_>, line: Rect, run: &Run) {
    let theme = canvas.theme;
    let (done, all) = (run.done(), run.rows.len());
    let figures = format!("  {done} of {all}");
    let columns = usize::from(line.width.saturating_sub(text::width(&figures)).min(40));
    let full = (columns * done).checked_div(all).unwrap_or(0);
    let rest = canvas.put(line, &canvas.signs.full.repeat(full), theme.accent);
    let rest = canvas.put(rest, &canvas.signs.empty.repeat(columns - full), theme.dim);
    canvas.put(rest, &figures, theme.plain);
}

/// Where the installation stands, in a sentence.
fn phase(run: &Run) -> &'static str {
    match run.phase {
        Phase::Idle => "",
        Phase::Running if run.cancelling => "Stopping.",
        Phase::Running => "Working. {key:back} stops; what is done stays.",
        Phase::Failed => "What is done stays until you undo it.",
        Phase::Finished => "Everything is done.",
        Phase::Undoing => "Undoing what this run created.",
        Phase::Undone => "Everything that this run created is undone.",
        Phase::UndoneInPart => "Some of it could not be undone.",
    }
}
