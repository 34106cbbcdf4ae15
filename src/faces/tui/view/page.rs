//! A screen of fields and checks. Every check has its row from the start, and the rows fill in as results arrive.

use ratatui::layout::Rect;

use crate::faces::tui::canvas::{Canvas, behind, below, row};
use crate::faces::tui::layout::{self, PageContent, Regions};
use crate::faces::tui::scene::Scene;
use crate::faces::tui::text;
use crate::model::check::CheckId;
use crate::model::finding::{Severity, Verdict};
use crate::model::screen::ScreenId;
use crate::wizard;

use super::{Local, fields, overlays};

/// The width of the checks' signs and labels when they are beside the fields.
const WIDE_LABELS: u16 = 15;

/// Draws a screen of fields and checks. Returns the first line of the blank space at its end.
pub fn draw_page(canvas: &mut Canvas<'_>, regions: &Regions, scene: &Scene<'_>, local: &Local<'_>) -> u16 {
    let count = |number: usize| u16::try_from(number).unwrap_or(u16::MAX);
    let shares = wizard::view::shared_folders(scene.state);
    let amount = PageContent {
        intro: count(text::wrap(&scene.intro(), layout::text_width(regions)).len()),
        fields: count(fields::answer_lines(scene, layout::text_width(regions)) + shares.len()),
        asked: !scene.fields.is_empty(),
        checks: count(scene.verdicts.len()),
        screens: if regions.sidebar.is_empty() { 0 } else { count(scene.path().len()) },
    };
    let arrangement = layout::arrange(regions, amount);
    heading(canvas, arrangement.heading, scene, arrangement.roomy);
    if shares.is_empty() {
        fields::draw_fields(canvas, arrangement.fields, scene, local);
    } else {
        fields::draw_shares(canvas, arrangement.fields, &shares);
    }
    // Below the fields, the checks are aligned with them.
    let labels = if regions.wide { WIDE_LABELS } else { fields::label_column(scene.state.place.here) };
    let set = CheckListLayout { columns: arrangement.columns, labels };
    draw_checks(canvas, arrangement.checks, scene, set);
    if regions.wide && scene.state.place.here == ScreenId::Database {
        let under = arrangement.checks.bottom() + 1;
        let area = Rect { y: under, height: regions.page.bottom().saturating_sub(under), ..arrangement.checks };
        overlays::draw_certificate_beside(canvas, area, scene);
    }
    blank_from(canvas, regions.body)
}

/// Returns the first line of the blank space at an area's end. Reads it from the buffer, because fields may be given
/// more lines than they use, and a message must not be cut while lines above it are empty.
fn blank_from(canvas: &Canvas<'_>, area: Rect) -> u16 {
    let is_blank = |line: &u16| (area.left()..area.right()).all(|column| canvas.buffer[(column, *line)].symbol() == " ");
    let blank = (area.top()..area.bottom()).rev().take_while(is_blank).count();
    area.bottom() - u16::try_from(blank).unwrap_or(0)
}

/// Draws the title with the introduction below it, or as much of it as fits beside the title. Without a sidebar it also
/// shows the position in the flow.
pub fn heading(canvas: &mut Canvas<'_>, area: Rect, scene: &Scene<'_>, roomy: bool) {
    titled(canvas, area, scene, scene.title(), roomy);
}

/// Draws a heading with another title.
pub fn titled(canvas: &mut Canvas<'_>, area: Rect, scene: &Scene<'_>, title: &str, roomy: bool) {
    let theme = canvas.theme;
    let first = row(area, 0);
    let place = scene.path().iter().position(|screen| *screen == scene.state.place.here);
    let mut rest = first;
    if let Some(place) = place
        && canvas.buffer.area.width < 72
    {
        rest = canvas.put(rest, &format!("{} of {} ", place + 1, scene.path().len()), theme.dim);
    }
    rest = canvas.put(rest, title, theme.title);
    let intro = scene.intro();
    if roomy {
        canvas.wrap(below(area, 1), &intro, theme.dim);
    } else {
        let sentence = text::first_sentence(&intro);
        if text::width(sentence) + 3 <= rest.width {
            canvas.put(crate::faces::tui::canvas::behind(rest, 3), sentence, theme.dim);
        }
    }
}

/// The width of the labels in a list of several columns: `Certificate` is the longest.
const LABEL: u16 = 12;
/// The gap between two columns of checks.
const GAP: u16 = 2;

/// How the list of checks is laid out.
#[derive(Debug, Clone, Copy)]
pub struct CheckListLayout {
    /// The number of columns; they are filled downwards.
    pub columns: u16,
    /// The width of the fields' labels; a list of one column is aligned with them.
    pub labels: u16,
}

impl CheckListLayout {
    /// Returns the width of sign and label.
    const fn lead(self) -> u16 {
        if self.columns > 1 || self.labels < 2 + LABEL { 2 + LABEL } else { self.labels }
    }
}

/// Draws the list. If there is no room for every row, draws the most urgent ones and a tally.
pub fn draw_checks(canvas: &mut Canvas<'_>, area: Rect, scene: &Scene<'_>, set: CheckListLayout) {
    let columns = set.columns;
    if area.is_empty() || scene.verdicts.is_empty() {
        return;
    }
    let slots = usize::from(area.height) * usize::from(columns);
    if slots >= scene.verdicts.len() {
        let all: Vec<&(CheckId, Verdict)> = scene.verdicts.iter().collect();
        list(canvas, area, scene, set, &all);
    } else {
        let list_area = Rect { height: area.height - 1, ..area };
        let mut pressing: Vec<&(CheckId, Verdict)> = scene.verdicts.iter().collect();
        // A stable sort, so that rows of equal severity keep their order.
        pressing.sort_by_key(|(_, verdict)| pressing_first(verdict));
        pressing.truncate(slots - usize::from(columns));
        list(canvas, list_area, scene, set, &pressing);
        let all: Vec<&(CheckId, Verdict)> = scene.verdicts.iter().collect();
        draw_tally(canvas, row(area, area.height - 1), &all);
    }
}

/// Sorts problems first, then running checks, then those that have not started.
fn pressing_first(verdict: &Verdict) -> u8 {
    match verdict {
        Verdict::Found(_) => match verdict.severity() {
            Some(Severity::Stop) => 0,
            Some(Severity::Warn | Severity::Unproven) => 1,
            Some(Severity::Unknown) => 4,
            _ => 5,
        },
        Verdict::Running => 2,
        Verdict::NotYet => 3,
        Verdict::Unknown(_) => 4,
        Verdict::Good(_) | Verdict::DoesNotApply => 6,
    }
}

fn list(canvas: &mut Canvas<'_>, area: Rect, scene: &Scene<'_>, set: CheckListLayout, rows: &[&(CheckId, Verdict)]) {
    let columns = set.columns.max(1);
    let width = (area.width - (columns - 1) * GAP) / columns;
    let first_running = rows.iter().find(|(_, verdict)| *verdict == Verdict::Running).map(|(check, _)| *check);
    for (place, (check, verdict)) in (0..).zip(rows) {
        let (column, line) = (place / area.height.max(1), place % area.height.max(1));
        let cell = Rect { x: area.x + column * (width + GAP), width, ..row(area, line) };
        draw_check(canvas, cell, scene, (*check, verdict), set.lead(), first_running == Some(*check));
    }
}

fn draw_check(
    canvas: &mut Canvas<'_>,
    cell: Rect,
    scene: &Scene<'_>,
    (check, verdict): (CheckId, &Verdict),
    lead: u16,
    first_running: bool,
) {
    let theme = canvas.theme;
    // A check that ends sooner than the eye can see is not shown as running, because it would only flicker.
    let verdict = if *verdict == Verdict::Running && scene.is_fresh() { &Verdict::NotYet } else { verdict };
    let (sign, style) = canvas.verdict(verdict);
    canvas.put(cell, sign, style);
    let label = scene.words.check(check).map_or(check.id(), |words| words.label.as_str());
    let label_style = if *verdict == Verdict::NotYet { theme.dim } else { theme.plain };
    canvas.put(Rect { width: lead.saturating_sub(3).min(cell.width.saturating_sub(2)), ..behind(cell, 2) }, label, label_style);
    let evidence = behind(cell, lead);
    match verdict {
        Verdict::NotYet if matches!(check, CheckId::KeyKept | CheckId::ClusterKey) => {
            canvas.put(evidence, "not proven yet", theme.dim);
        }
        Verdict::NotYet | Verdict::DoesNotApply => {}
        Verdict::Running => {
            let words = match scene.running_for() {
                Some(elapsed) if first_running => format!("running {}", text::format_elapsed(elapsed)),
                _ => "running".to_owned(),
            };
            canvas.put(evidence, &words, theme.dim);
        }
        Verdict::Good(words) | Verdict::Unknown(words) => {
            canvas.put(evidence, text::clauses(words, evidence.width), theme.dim);
        }
        Verdict::Found(findings) => {
            if let Some(finding) = findings.iter().max_by_key(|finding| finding.severity) {
                if finding.severity <= Severity::Unknown {
                    canvas.put(evidence, text::clauses(&finding.says, evidence.width), theme.dim);
                } else {
                    // Cuts at a clause if that keeps enough text; a first clause may only name the subject.
                    let clauses = text::clauses(&finding.says, evidence.width);
                    let told = text::width(clauses).saturating_mul(2) >= evidence.width;
                    canvas.put(evidence, if told { clauses } else { &finding.says }, theme.plain);
                }
            }
        }
    }
}

/// Draws on one line how many checks have which result.
pub fn draw_tally(canvas: &mut Canvas<'_>, line: Rect, all: &[&(CheckId, Verdict)]) {
    let theme = canvas.theme;
    let count = |fits: fn(&Verdict) -> bool| all.iter().filter(|(_, verdict)| fits(verdict)).count();
    let signs = canvas.signs;
    let parts = [
        (signs.stop, theme.stop, "stop", count(|verdict| verdict.severity() == Some(Severity::Stop))),
        (signs.warn, theme.warn, "warning", count(|verdict| verdict.severity() == Some(Severity::Warn))),
        (signs.running, theme.plain, "running", count(|verdict| *verdict == Verdict::Running)),
        (signs.unknown, theme.dim, "not looked at", count(|verdict| verdict.severity().is_some_and(Severity::is_unknown))),
        (signs.note, theme.plain, "note", count(|verdict| verdict.severity() == Some(Severity::Note))),
        (signs.ok, theme.good, "ok", count(|verdict| matches!(verdict, Verdict::Good(_)))),
        (signs.pending, theme.dim, "to come", count(|verdict| *verdict == Verdict::NotYet)),
    ];
    let several = |(sign, style, word, number)| match word {
        "stop" if number > 1 => (sign, style, "stops", number),
        "note" if number > 1 => (sign, style, "notes", number),
        "warning" if number > 1 => (sign, style, "warnings", number),
        _ => (sign, style, word, number),
    };
    let parts: Vec<_> = parts.into_iter().filter(|(.., number)| *number > 0).map(several).collect();
    let whole: usize = parts.iter().map(|(_, _, word, number)| 5 + word.len() + number.to_string().len()).sum();
    let worded = whole <= usize::from(line.width) + 2;
    let mut rest = line;
    for (sign, style, word, number) in parts {
        rest = canvas.put(rest, sign, style);
        let words = if worded { format!("{number} {word}") } else { number.to_string() };
        rest = canvas.put(behind(rest, 1), &words, theme.plain);
        rest = behind(rest, 2);
    }
}
