//! The live list of checks. Every row is there from the start, in its place, and fills in.

use ratatui::layout::Rect;

use crate::faces::tui::canvas::{Canvas, behind, row};
use crate::faces::tui::elapsed;
use crate::faces::tui::scene::Scene;
use crate::faces::tui::text;
use crate::model::check::CheckId;
use crate::model::finding::{Severity, Verdict};

/// The columns of the labels in a list of several columns: `Certificate` is the longest.
const LABEL: u16 = 12;
/// Between two columns of checks.
const GAP: u16 = 2;

/// How the list is set.
#[derive(Debug, Clone, Copy)]
pub struct Set {
    /// In how many columns it stands, filled downwards.
    pub columns: u16,
    /// The columns of the fields' labels, which those of a list in one column are aligned with.
    pub labels: u16,
}

impl Set {
    /// The columns of sign and label.
    const fn lead(self) -> u16 {
        if self.columns > 1 || self.labels < 2 + LABEL { 2 + LABEL } else { self.labels }
    }
}

/// Draws the list. Where there is not room for every row, it shows the troubles and a tally.
pub fn draw(canvas: &mut Canvas<'_>, area: Rect, scene: &Scene<'_>, set: Set) {
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
        // Stable, so that rows of equal weight keep their order.
        pressing.sort_by_key(|(_, verdict)| pressing_first(verdict));
        pressing.truncate(slots - usize::from(columns));
        list(canvas, list_area, scene, set, &pressing);
        let all: Vec<&(CheckId, Verdict)> = scene.verdicts.iter().collect();
        tally(canvas, row(area, area.height - 1), &all);
    }
}

/// Troubles first, then what runs, then what is yet to come.
fn pressing_first(verdict: &Verdict) -> u8 {
    match verdict {
        Verdict::Found(_) => match verdict.severity() {
            Some(Severity::Stop) => 0,
            Some(Severity::Warn) => 1,
            _ => 4,
        },
        Verdict::Running => 2,
        Verdict::NotYet => 3,
        Verdict::Good(_) => 5,
    }
}

fn list(canvas: &mut Canvas<'_>, area: Rect, scene: &Scene<'_>, set: Set, rows: &[&(CheckId, Verdict)]) {
    let columns = set.columns.max(1);
    let width = (area.width - (columns - 1) * GAP) / columns;
    let first_running = rows.iter().find(|(_, verdict)| *verdict == Verdict::Running).map(|(check, _)| *check);
    for (place, (check, verdict)) in (0..).zip(rows) {
        let (column, line) = (place / area.height.max(1), place % area.height.max(1));
        let cell = Rect { x: area.x + column * (width + GAP), width, ..row(area, line) };
        one(canvas, cell, scene, (*check, verdict), set.lead(), first_running == Some(*check));
    }
}

fn one(
    canvas: &mut Canvas<'_>,
    cell: Rect,
    scene: &Scene<'_>,
    (check, verdict): (CheckId, &Verdict),
    lead: u16,
    first_running: bool,
) {
    let theme = canvas.theme;
    // What takes less than the eye needs to see it is not announced: it would only flicker.
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
        Verdict::NotYet => {}
        Verdict::Running => {
            let words = match scene.running_for() {
                Some(elapsed) if first_running => format!("running {}", elapsed::so_far(elapsed)),
                _ => "running".to_owned(),
            };
            canvas.put(evidence, &words, theme.dim);
        }
        Verdict::Good(words) => {
            canvas.put(evidence, text::clauses(words, evidence.width), theme.dim);
        }
        Verdict::Found(findings) => {
            if let Some(finding) = findings.iter().max_by_key(|finding| finding.severity) {
                if finding.severity == Severity::Note {
                    canvas.put(evidence, text::clauses(&finding.says, evidence.width), theme.dim);
                } else {
                    // Whole words where they tell something; a first clause may be no more than what it is about.
                    let clauses = text::clauses(&finding.says, evidence.width);
                    let told = text::width(clauses).saturating_mul(2) >= evidence.width;
                    canvas.put(evidence, if told { clauses } else { &finding.says }, theme.plain);
                }
            }
        }
    }
}

/// How many checks say what, in one line.
pub fn tally(canvas: &mut Canvas<'_>, line: Rect, all: &[&(CheckId, Verdict)]) {
    let theme = canvas.theme;
    let count = |fits: fn(&Verdict) -> bool| all.iter().filter(|(_, verdict)| fits(verdict)).count();
    let signs = canvas.signs;
    let parts = [
        (signs.stop, theme.stop, "stop", count(|verdict| verdict.severity() == Some(Severity::Stop))),
        (signs.warn, theme.warn, "warning", count(|verdict| verdict.severity() == Some(Severity::Warn))),
        (signs.running, theme.plain, "running", count(|verdict| *verdict == Verdict::Running)),
        (
            signs.ok,
            theme.good,
            "ok",
            count(|verdict| matches!(verdict, Verdict::Good(_)) || verdict.severity() == Some(Severity::Note)),
        ),
        (signs.pending, theme.dim, "to come", count(|verdict| *verdict == Verdict::NotYet)),
    ];
    let several = |(sign, style, word, number)| match word {
        "stop" if number > 1 => (sign, style, "stops", number),
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
