//! The plan and its installation: every step with its sign and time, and how many are done.

use ratatui::layout::Rect;
use ratatui::style::Style;

use crate::catalog::steps;
use crate::faces::tui::canvas::{Canvas, Hit, behind, below, row};
use crate::faces::tui::scene::Scene;
use crate::faces::tui::scroll::Scroll;
use crate::faces::tui::{bindings, layout, text};
use crate::model::field::FieldId;
use crate::model::flow::Flow;
use crate::model::plan::{Plan, Scope, StepState};
use crate::model::untrusted::Untrusted;
use crate::wizard::run::{Phase, Row, Run};
use crate::wizard::state::Focus;
use crate::wizard::summary;

use super::{Local, fields, message, page, sheet};

/// Below this many lines only the plan itself is shown.
const LOW: u16 = 12;

/// Draws the plan.
pub fn draw_review(canvas: &mut Canvas<'_>, area: Rect, scene: &Scene<'_>, local: &mut Local<'_>) {
    let area = draw_button(canvas, area, scene);
    let count = |number: usize| u16::try_from(number).unwrap_or(u16::MAX);
    let intro = count(text::wrap(&scene.intro(), area.width).len());
    let is_saved = |field: &FieldId| *field == FieldId::AnswersFile;
    let (saved, asked): (Vec<FieldId>, Vec<FieldId>) = scene.fields.iter().copied().partition(is_saved);
    let saving = scene.state.focused().is_some_and(|field| is_saved(&field));
    let low = area.height < LOW;
    let help = if low { 0 } else { 1 + u16::from(area.height >= 16) };
    // In a low window the plan matters more than a field's help and the file for the answers.
    let asked_lines = count(asked.len()) + if asked.is_empty() || saving { 0 } else { help };
    let between = if asked_lines > 0 { u16::from(area.height >= 14) } else { 0 };
    let plan = scene.state.run().plan.as_deref();
    let plan_lines = plan.map_or(1, |plan| count(plan_lines(canvas, plan, area.width).len()));
    let heading = 1 + u16::from(area.height >= 16);
    let spare = area.height.saturating_sub(heading + asked_lines + between + plan_lines);
    let (beneath, saved_lines) = match (saved.is_empty(), saving) {
        (true, _) => (0, 0),
        (false, true) => (u16::from(spare > 1 + help), 1 + help),
        (false, false) => (u16::from(spare > 1), u16::from(spare > 0 && !low)),
    };
    let roomy = 2 + intro + asked_lines + between + plan_lines + beneath + saved_lines <= area.height;
    page::heading(canvas, area, scene, roomy);
    let mut rest = below(area, if roomy { intro + 2 } else { heading });
    fields::draw_some(canvas, Rect { height: asked_lines.min(rest.height), ..rest }, scene, local, &asked);
    rest = below(rest, asked_lines + between);
    let theme = canvas.theme;
    match plan {
        None => {
            // The message below says why there is none.
            let failed = scene.state.notice.as_ref().is_some_and(|notice| notice.bad);
            canvas.put(row(rest, 0), if failed { "There is no plan." } else { "Making the plan." }, theme.dim);
        }
        Some(plan) => {
            let room = Rect { height: rest.height.saturating_sub(beneath + saved_lines), ..rest };
            let used = sheet_of(canvas, room, plan, local.scroll);
            // The file for the answers comes last, because the plan is what is read here.
            rest = below(rest, used + beneath);
            fields::draw_some(canvas, Rect { height: saved_lines.min(rest.height), ..rest }, scene, local, &saved);
        }
    }
}

/// Draws the button that carries out the plan, with what it does, on the last line. Returns the area above it.
fn draw_button(canvas: &mut Canvas<'_>, area: Rect, scene: &Scene<'_>) -> Rect {
    let Some(button) = scene.state.button() else { return area };
    let theme = canvas.theme;
    let line = row(area, area.height.saturating_sub(1));
    let focused = scene.state.place.focus == Focus::Button;
    let (sign, style) = if focused { (canvas.signs.here, theme.accent) } else { (" ", theme.title) };
    let label = format!("{sign} [ {} ]", button.label());
    let rest = canvas.put(line, &label, style);
    canvas.hit(Rect { width: line.width - rest.width, ..line }, Hit::Button);
    canvas.put(behind(rest, 1), button.does(), theme.dim);
    Rect { height: area.height.saturating_sub(1), ..area }
}

/// The columns of the summary's labels.
const LABEL: u16 = 15;

/// Draws what will be set up, what will be done for it, and what was accepted: as a sheet that scrolls. Returns the number of lines used.
fn sheet_of(canvas: &mut Canvas<'_>, area: Rect, plan: &Plan, scroll: &mut Scroll) -> u16 {
    let lines = plan_lines(canvas, plan, area.width);
    sheet::draw(canvas, area, &lines, scroll);
    u16::try_from(lines.len()).unwrap_or(u16::MAX).min(area.height)
}

fn plan_lines(canvas: &Canvas<'_>, plan: &Plan, width: u16) -> Vec<sheet::Line> {
    let theme = canvas.theme;
    let mut lines = Vec::with_capacity(32);
    // The last columns are for the signs that there are more lines.
    let room = width.saturating_sub(LABEL + 2);
    for (sign, sign_style, words, style) in notes(canvas, plan) {
        let indent = u16::from(!sign.is_empty()) * 2;
        for (number, words) in text::wrap(&words, width.saturating_sub(indent + 2)).into_iter().enumerate() {
            let sign = if number == 0 { sign } else { "" };
            lines.push(sheet::Line::new(sign, sign_style).with(indent, words, style));
        }
    }
    if !lines.is_empty() {
        lines.push(sheet::Line::blank());
    }
    let summary = summary::lines(plan);
    for said in &summary {
        for (number, words) in text::wrap(&said.value, room).into_iter().enumerate() {
            let label = if number == 0 { said.label } else { "" };
            lines.push(sheet::Line::new(label, theme.dim).with(LABEL, words, theme.plain));
        }
    }
    if !summary.is_empty() {
        lines.push(sheet::Line::blank());
    }
    lines.push(sheet::Line::new(format!("Plan: {}", summary::steps_in_words(plan)), theme.title));
    for (number, step) in (1..).zip(&plan.steps) {
        let (scope, style) = match (steps::row(step.kind).scope)(plan.flow) {
            Scope::Node => ("node", theme.dim),
            Scope::Row => ("own row", theme.dim),
            Scope::Cluster => ("cluster", theme.plain),
        };
        let line = sheet::Line::new(format!("{number:>2}"), theme.dim).with(3, scope, style).with(12, &*step.title, theme.plain);
        lines.push(line.aside(step.mode, theme.dim));
    }
    lines
}

/// Returns the notes below the steps: the cluster, the replaced node, the accepted warnings.
fn notes(canvas: &Canvas<'_>, plan: &Plan) -> Vec<(&'static str, Style, String, Style)> {
    let (theme, signs) = (canvas.theme, canvas.signs);
    let mut notes = Vec::with_capacity(4);
    // What is set up says it of a new node.
    if matches!(plan.flow, Flow::Edit | Flow::Leave | Flow::Remove) {
        let key = if plan.flow == Flow::Remove { String::new() } else { format!("{}master key {}", signs.dot, plan.fingerprint) };
        notes.push(("", theme.dim, format!("Cluster {}{key}", plan.cluster.short()), theme.dim));
    }
    if let Some(before) = &plan.before {
        let seen = text::beginning(&before.last_seen, 16);
        let row = &before.row;
        let (name, host) = (Untrusted::new(&row.name), Untrusted::new(&row.host));
        let who = if row.host == row.name { name.to_string() } else { format!("{name} on {host}") };
        let words = match plan.flow {
            Flow::Join => Some(format!("Takes the place of {who}, last seen {seen} UTC.")),
            Flow::Remove => Some(format!("{who} was last seen {seen} UTC.")),
            Flow::FirstNode | Flow::Review | Flow::Edit | Flow::Leave => None,
        };
        notes.extend(words.map(|words| (signs.warn, theme.warn, words, theme.plain)));
    }
    if plan.key_unverified {
        let words = "Nothing confirms the master key; you accepted it.".to_owned();
        notes.push((signs.warn, theme.warn, words, theme.plain));
    }
    if !plan.accepted.is_empty() {
        let names: Vec<&str> = plan.accepted.iter().map(|check| check.id()).collect();
        notes.push((signs.warn, theme.warn, format!("Accepted: {}.", names.join(", ")), theme.plain));
    }
    notes
}

/// Draws the installation. Returns the first line of the blank space at its end.
pub fn draw_install(canvas: &mut Canvas<'_>, area: Rect, scene: &Scene<'_>) -> u16 {
    let run = scene.state.run();
    let area = Rect { height: area.height.saturating_sub(ceded(canvas, area, scene)), ..area };
    let count = u16::try_from(run.rows.len()).unwrap_or(u16::MAX);
    let intro = u16::try_from(text::wrap(&scene.intro(), area.width).len()).unwrap_or(1);
    let roomy = area.height >= count + intro + 6;
    page::heading(canvas, area, scene, roomy);
    let rest = below(area, if roomy { intro + 2 } else { 1 });
    // The progress bar, its legend, and a blank line before them if there is room.
    let gap = u16::from(rest.height >= 8);
    let list = Rect { height: rest.height.saturating_sub(2 + gap), ..rest };
    // The step that is running or failed stays visible if the list does not fit.
    let focus = run
        .rows
        .iter()
        .position(|row| row.since.is_some() || row.failure.is_some())
        .unwrap_or(run.done())
        .min(run.rows.len().saturating_sub(1));
    let start = (focus + 1).saturating_sub(usize::from(list.height));
    for (line, (number, step)) in (0..list.height).zip(run.rows.iter().enumerate().skip(start)) {
        draw_step(canvas, row(list, line), scene, number, step);
    }
    let after = below(rest, count.min(list.height) + gap);
    draw_bar(canvas, row(after, 0), run);
    let phase = bindings::fill(phase(run));
    let words = match scene.state.explain_waiting() {
        Some(waits) => format!("{waits} {phase}").into(),
        None => phase,
    };
    let dim = canvas.theme.dim;
    let used = canvas.wrap(below(after, 1), &words, dim);
    let sidebar = area.y + u16::try_from(scene.path().len()).unwrap_or(0);
    (after.y + 1 + used).max(sidebar).min(area.bottom())
}

/// Returns how many lines the list gives up for the message when a step has failed, because that is what the operator
/// reads then. Some steps around the failed one stay visible. Lines beside the list of screens cannot be used by the
/// message.
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

fn draw_step(canvas: &mut Canvas<'_>, line: Rect, scene: &Scene<'_>, number: usize, step: &Row) {
    let theme = canvas.theme;
    let run = scene.state.run();
    let title = run.plan.as_ref().and_then(|plan| plan.steps.iter().find(|planned| planned.kind == step.kind));
    let title = title.map_or(step.kind.id(), |planned| planned.title.as_str());
    let (sign, style) = step_sign(canvas, step);
    let rest = canvas.put(line, sign, style);
    let time = match (step.since, step.took, step.state) {
        (Some(since), _, _) => text::format_step_time(scene.state.now.saturating_sub(since)),
        (None, Some(took), StepState::Done) => text::format_step_time(took),
        (None, _, StepState::Already) => "done already".to_owned(),
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

fn step_sign(canvas: &Canvas<'_>, step: &Row) -> (&'static str, Style) {
    let (theme, signs) = (canvas.theme, canvas.signs);
    match step.state {
        _ if step.failure.is_some() => (signs.stop, theme.stop),
        _ if step.since.is_some() => (signs.running, theme.accent),
        StepState::Done | StepState::Already => (signs.ok, theme.good),
        // Begun, but neither running nor failed: an earlier start was cut off during this step.
        StepState::Begun => (signs.warn, theme.warn),
        StepState::Planned | StepState::Undone => (signs.pending, theme.dim),
    }
}

/// Draws how many of the steps are done, as a bar and as numbers.
fn draw_bar(canvas: &mut Canvas<'_>, line: Rect, run: &Run) {
    let theme = canvas.theme;
    let (done, all) = (run.done(), run.rows.len());
    let figures = format!("  {done} of {all}");
    let columns = usize::from(line.width.saturating_sub(text::width(&figures)).min(40));
    let full = (columns * done).checked_div(all).unwrap_or(0);
    let rest = canvas.put(line, &canvas.signs.full.repeat(full), theme.accent);
    let rest = canvas.put(rest, &canvas.signs.empty.repeat(columns - full), theme.dim);
    canvas.put(rest, &figures, theme.plain);
}

/// Describes the state of the installation.
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
