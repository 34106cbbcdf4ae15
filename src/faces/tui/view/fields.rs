//! The fields: labels in one column, values in the next. The focused value is underlined across its width and holds the
//! terminal's cursor; the lines below it show its help or its problem, never both.
//!
//! Fields that most people leave alone share one line, "More", until one of them has the focus or a problem. A joining node shows the shared
//! folders instead, one line each, with their status on this machine.

use ratatui::layout::{Position, Rect};
use secrecy::ExposeSecret;

use crate::catalog::form::read;
use crate::faces::tui::bindings::{self, Direction};
use crate::faces::tui::canvas::{Canvas, Hit, behind, row};
use crate::faces::tui::scene::Scene;
use crate::faces::tui::text;
use crate::model::answers::Origin;
use crate::model::check::CheckId;
use crate::model::choice::spelled;
use crate::model::field::{FieldId, Kind};
use crate::model::finding::Verdict;
use crate::model::screen::ScreenId;
use crate::wizard::view::Share;
use crate::words;

use super::Local;

/// A line of the list of fields.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Line {
    Field(FieldId),
    /// One line, from 0, of the help or the problem of the focused field.
    Help(u16),
    /// One line, from 0, of what the fields are set to that most people leave alone.
    More(u16),
}

impl Line {
    /// Returns whether the line shows an answer.
    const fn is_answer(&self) -> bool {
        matches!(self, Self::Field(_) | Self::More(0))
    }
}

/// Returns the number of lines that the answers take in this width.
pub fn answer_lines(scene: &Scene<'_>, width: u16) -> usize {
    lines(scene, &scene.fields, 0, width).len()
}

/// Draws the fields into an area. If they do not fit, scrolls so that the focused field and its help are visible.
pub fn draw_fields(canvas: &mut Canvas<'_>, area: Rect, scene: &Scene<'_>, local: &Local<'_>) {
    draw_some(canvas, area, scene, local, &scene.fields);
}

/// Draws only these fields.
pub fn draw_some(canvas: &mut Canvas<'_>, area: Rect, scene: &Scene<'_>, local: &Local<'_>, fields: &[FieldId]) {
    let column = label_column(scene.state.place.here);
    let help = Help::new(scene, area, column);
    let here = scene.state.focused().is_some_and(|focused| fields.contains(&focused));
    let hints = if here { help.lines } else { 0 };
    let lines = lines(scene, fields, hints, area.width);
    let focus = lines.iter().position(|line| Some(line) == scene.state.focused().map(Line::Field).as_ref()).unwrap_or(0);
    let room = usize::from(area.height);
    let start = first_shown(lines.len(), focus, usize::from(hints), room);
    for (line, what) in (0..area.height).zip(&lines[start..]) {
        let place = row(area, line);
        match what {
            Line::Field(field) => draw_field(canvas, place, column, scene, local, *field),
            Line::Help(0) => {
                let under = Rect { height: hints.min(area.height - line), ..place };
                let style = if help.wrong { canvas.theme.stop } else { canvas.theme.dim };
                canvas.wrap(behind(under, help.indent), &help.words, style);
            }
            Line::More(0) => {
                let under = Rect { height: MOST.min(area.height - line), ..place };
                draw_more(canvas, under, column, scene, fields);
            }
            Line::Help(_) | Line::More(_) => {}
        }
    }
    let end = (start + room).min(lines.len());
    more(canvas, area, lines[..start].iter().any(Line::is_answer), lines[end..].iter().any(Line::is_answer));
}

/// Returns all lines of the list.
fn lines(scene: &Scene<'_>, fields: &[FieldId], hints: u16, width: u16) -> Vec<Line> {
    let focused = scene.state.focused();
    let aside: Vec<FieldId> = fields.iter().copied().filter(|field| field.is_aside()).collect();
    let open = aside.iter().any(|field| focused == Some(*field) || scene.state.shown_problem(*field).is_some());
    let mut lines = Vec::with_capacity(fields.len() + 3);
    for field in fields {
        if !open && field.is_aside() {
            continue;
        }
        lines.push(Line::Field(*field));
        if focused == Some(*field) {
            lines.extend((0..hints).map(Line::Help));
        }
    }
    if !open && !aside.is_empty() {
        let width = width.saturating_sub(label_column(scene.state.place.here));
        let wrapped = text::wrap(&in_short(scene, &aside), width).len();
        lines.extend((0..MOST.min(u16::try_from(wrapped).unwrap_or(MOST))).map(Line::More));
    }
    lines
}

/// Returns the first line to show, so that the focused field and its help are visible, with a line of context if there
/// is room.
fn first_shown(lines: usize, focus: usize, hints: usize, room: usize) -> usize {
    let end = (focus + hints + 2).min(lines);
    end.saturating_sub(room).min(focus).min(lines.saturating_sub(room))
}

/// Draws signs at the end of the first and last line if there are more lines beyond them.
fn more(canvas: &mut Canvas<'_>, area: Rect, above: bool, beneath: bool) {
    let dim = canvas.theme.dim;
    if above {
        canvas.put_right(row(area, 0), canvas.signs.above, dim);
    }
    if beneath && area.height > 0 {
        canvas.put_right(row(area, area.height - 1), canvas.signs.below, dim);
    }
}

/// Returns the width of the label column: the screen's widest label and a gap.
pub fn label_column(screen: ScreenId) -> u16 {
    let words = words::screen(screen);
    let widest = words.fields().filter_map(|field| words.field(field)).map(|field| text::width(&field.label)).max();
    (widest.unwrap_or(0) + 2).clamp(14, 18)
}

/// Returns the label of a field.
fn label(scene: &Scene<'_>, field: FieldId) -> &'static str {
    scene.words.field(field).map_or(field.id(), |words| words.label.as_str())
}

fn draw_field(canvas: &mut Canvas<'_>, line: Rect, column: u16, scene: &Scene<'_>, local: &Local<'_>, field: FieldId) {
    let theme = canvas.theme;
    let focused = scene.state.focused() == Some(field) && scene.state.overlay.is_none();
    let wrong = scene.state.shown_problem(field).is_some();
    let label_style = if focused { theme.accent } else { theme.plain };
    canvas.hit(line, Hit::Field(field));
    canvas.put(Rect { width: column.saturating_sub(1).min(line.width), ..line }, label(scene, field), label_style);
    let value = behind(line, column);
    if wrong {
        // After the value, so that nothing moves.
        canvas.put_right(value, canvas.signs.stop, theme.stop);
    }
    // The last column is reserved for that sign and for the sign that there are more lines.
    let value = Rect { width: value.width.saturating_sub(2), ..value };
    if value.is_empty() {
        return;
    }
    match field.kind() {
        Kind::Choice(_) | Kind::Toggle => choice(canvas, value, scene, field, focused),
        Kind::Secret => secret(canvas, value, scene, field, focused),
        Kind::Text | Kind::Path | Kind::Number if focused => {
            canvas.style(value, theme.edited);
            let (shown, cursor) = local.editor.window(value.width);
            if shown.is_empty() {
                placeholder(canvas, value, scene, field);
            } else {
                canvas.put(value, shown, theme.edited);
            }
            canvas.cursor = Some(Position::new(value.x + cursor, value.y));
        }
        Kind::Text | Kind::Path | Kind::Number => {
            let rest = canvas.put(value, scene.state.answers.text(field), theme.plain);
            origin(canvas, rest, scene, field);
        }
    }
}

/// Draws an example after the cursor of an empty field.
fn placeholder(canvas: &mut Canvas<'_>, value: Rect, scene: &Scene<'_>, field: FieldId) {
    let example = scene.words.field(field).map_or("", |words| words.example(scene.state.answers.platform()));
    if !example.is_empty() {
        let style = canvas.theme.edited.patch(canvas.theme.dim);
        canvas.put(behind(value, 1), &format!("for instance {example}"), style);
    }
}

/// Draws where an answer came from, unless it was typed or is the default.
fn origin(canvas: &mut Canvas<'_>, rest: Rect, scene: &Scene<'_>, field: FieldId) {
    let words = match scene.state.answers.get(field).origin {
        Origin::Default | Origin::Typed => return,
        Origin::File if scene.state.resuming().is_some() => "from the unfinished run",
        // Answers from the node under review are expected here.
        Origin::File if scene.state.subject().is_some() => return,
        Origin::File => "from a file",
        Origin::Environment => "from the environment",
        Origin::Flag => "from the command line",
    };
    if rest.width > text::width(words) + 2 {
        let dim = canvas.theme.dim;
        canvas.put_right(rest, words, dim);
    }
}

/// Draws a secret: the same number of dots whatever its length.
fn secret(canvas: &mut Canvas<'_>, value: Rect, scene: &Scene<'_>, field: FieldId, focused: bool) {
    let theme = canvas.theme;
    let empty = scene.state.answers.get(field).raw.is_empty();
    let mask = if empty { "" } else { canvas.signs.mask };
    // The fingerprint does not reveal the key, and the operator compares it with the first node's.
    let fingerprint = if field == FieldId::MasterKey { read::master_key(&scene.state.answers).ok() } else { None };
    let is_proven = |(check, verdict): &(CheckId, Verdict)| *check == CheckId::ClusterKey && matches!(verdict, Verdict::Good(_));
    let proven = scene.verdicts.iter().any(is_proven);
    let fingerprint = fingerprint.map(|key| match key.fingerprint() {
        of_key if proven => format!("{} correct, {of_key}", canvas.signs.ok),
        of_key => format!("fingerprint {of_key}"),
    });
    if !focused {
        let rest = canvas.put(value, mask, theme.plain);
        match fingerprint {
            Some(words) if rest.width > text::width(&words) => {
                canvas.put_right(rest, &words, theme.dim);
            }
            _ => origin(canvas, rest, scene, field),
        }
        return;
    }
    canvas.style(value, theme.edited);
    let shown = scene.state.revealed.filter(|revealed| *revealed == field).and_then(|_| scene.state.answers.secret(field));
    if let Some(secret) = shown {
        // The characters go straight into the frame's cells, which the next frame overwrites. Its end is where one types.
        let end = text::end(secret.expose_secret(), value.width - 1);
        canvas.put(value, end, theme.edited);
        canvas.cursor = Some(Position::new(value.x + text::width(end), value.y));
        return;
    }
    let rest = canvas.put(value, mask, theme.edited);
    if let Some(words) = fingerprint.filter(|words| rest.width > text::width(words)) {
        canvas.put_right(rest, &words, theme.edited.patch(theme.dim));
    }
    let cursor = text::width(mask).min(value.width - 1);
    canvas.cursor = Some(Position::new(value.x + cursor, value.y));
}

/// Returns the word for the chosen value of a choice or toggle.
fn choice_word(scene: &Scene<'_>, field: FieldId) -> &'static str {
    if scene.state.is_undecided(field) {
        return "not chosen yet";
    }
    let value = match field.kind() {
        Kind::Choice(values) => values.get(scene.state.answers.choice(field)).copied().unwrap_or(""),
        _ => spelled(scene.state.answers.is_on(field)),
    };
    scene.words.field(field).and_then(|words| words.choices.get(value)).map_or(value, String::as_str)
}

/// Draws a choice or a toggle: its value, between arrows while it has the focus.
fn choice(canvas: &mut Canvas<'_>, value: Rect, scene: &Scene<'_>, field: FieldId, focused: bool) {
    let theme = canvas.theme;
    let word = choice_word(scene, field);
    if !focused {
        let rest = canvas.put(value, word, theme.plain);
        origin(canvas, rest, scene, field);
        return;
    }
    canvas.style(value, theme.edited);
    let edited = theme.edited.patch(theme.accent);
    let (left, right) = (canvas.signs.left, canvas.signs.right);
    canvas.hit(Rect { width: 2.min(value.width), ..value }, Hit::Choice(field, Direction::Backward));
    let rest = canvas.put(value, left, edited);
    canvas.cursor = Some(Position::new((rest.x + 1).min(value.right() - 1), value.y));
    let rest = canvas.put(behind(rest, 1), word, edited);
    let rest = behind(rest, 1);
    canvas.hit(Rect { width: 2.min(rest.width), ..rest }, Hit::Choice(field, Direction::Forward));
    let rest = canvas.put(rest, right, edited);
    if let Kind::Choice(values) = field.kind() {
        let place = if scene.state.is_undecided(field) {
            format!("{} choices", values.len())
        } else {
            format!("{} of {}", scene.state.answers.choice(field) + 1, values.len())
        };
        canvas.put_right(behind(rest, 2), &place, theme.edited.patch(theme.dim));
    }
}

/// The help of the focused field, or its problem.
struct Help {
    words: String,
    wrong: bool,
    indent: u16,
    lines: u16,
}

impl Help {
    /// Lays the help out under the field's value if it fits there in the allowed lines, otherwise indented under the
    /// label.
    fn new(scene: &Scene<'_>, area: Rect, column: u16) -> Self {
        let most = match area.height {
            0..3 => 1,
            3..10 => 2,
            _ => 3,
        };
        let Some(field) = scene.state.focused() else {
            return Self { words: String::new(), wrong: false, indent: 0, lines: 0 };
        };
        let problem = scene.state.shown_problem(field);
        let wrong = problem.is_some();
        let words = problem.or_else(|| scene.words.field(field).map(|words| words.hint.clone())).unwrap_or_default();
        let words = bindings::fill(&words).into_owned();
        let lines = |indent: u16| {
            let wrapped = text::wrap(&words, area.width.saturating_sub(indent));
            u16::try_from(wrapped.len()).unwrap_or(u16::MAX)
        };
        let fits = area.width >= column + 20 && lines(column) <= most;
        let indent = if fits { column } else { 2 };
        let lines = lines(indent).min(most);
        Self { words, wrong, indent, lines }
    }
}

/// Draws what the fields are set to that most people leave alone.
fn draw_more(canvas: &mut Canvas<'_>, area: Rect, column: u16, scene: &Scene<'_>, fields: &[FieldId]) {
    let aside: Vec<FieldId> = fields.iter().copied().filter(|field| field.is_aside()).collect();
    let Some(first) = aside.first() else { return };
    let theme = canvas.theme;
    canvas.hit(area, Hit::Field(*first));
    canvas.put(Rect { width: column.saturating_sub(1).min(area.width), ..row(area, 0) }, MORE, theme.plain);
    canvas.wrap(behind(area, column), &in_short(scene, &aside), theme.dim);
}

/// Says what these fields are set to.
fn in_short(scene: &Scene<'_>, fields: &[FieldId]) -> String {
    let parts: Vec<String> = fields.iter().filter_map(|field| scene.state.in_short(*field)).collect();
    parts.join(", ")
}

/// The label of the fields that most people leave alone.
const MORE: &str = "More";
/// The most lines that they take while they are closed.
const MOST: u16 = 3;

/// The width of the names: the longest is `EventExports`.
const NAMES: u16 = 14;
/// The gap between path and status.
const GAP: u16 = 2;

/// Draws the shared folders; the last line counts those that do not fit.
pub fn draw_shares(canvas: &mut Canvas<'_>, area: Rect, shares: &[Share]) {
    let theme = canvas.theme;
    let signs = canvas.signs;
    let room = usize::from(area.height);
    let shown = if shares.len() > room { room.saturating_sub(1) } else { shares.len() };
    let last = shares.iter().map(|share| text::width(share.status)).max().unwrap_or_default() + 2;
    let paths = shares.iter().map(|share| text::width(share.path.as_str())).max().unwrap_or_default();
    let paths = paths.min(area.width.saturating_sub(NAMES + GAP + last));
    for (line, share) in (0..area.height).zip(&shares[..shown]) {
        let line = row(area, line);
        let (sign, style) = match share.good {
            Some(true) => (signs.ok, theme.good),
            Some(false) => (signs.stop, theme.stop),
            None => (signs.pending, theme.dim),
        };
        canvas.put(Rect { width: NAMES.min(line.width), ..line }, share.folder.name(), theme.dim);
        let path = behind(line, NAMES);
        canvas.put(Rect { width: paths.min(path.width), ..path }, &text::fit(share.path.as_str(), paths), theme.plain);
        canvas.put(behind(line, NAMES + paths + GAP), &format!("{sign} {}", share.status), style);
    }
    if shown < shares.len() {
        canvas.put(row(area, area.height.saturating_sub(1)), &format!("and {} more", shares.len() - shown), theme.dim);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_focused_line_and_its_help_are_always_shown() {
        for lines in 1..14_usize {
            for focus in 0..lines {
                for room in 3..9 {
                    let start = first_shown(lines, focus, 2, room);
                    assert!(start <= focus, "{lines} {focus} {room}");
                    assert!((focus + 2).min(lines - 1) < start + room, "{lines} {focus} {room}");
                }
            }
        }
    }
}
