//! What the checks of a screen have found: one line that counts them, and below it in full whatever is not good, the most urgent first.
//! Help shows them all.

use ratatui::layout::Rect;
use ratatui::style::Style;

use crate::catalog::format;
use crate::faces::tui::canvas::{Canvas, behind, below, row};
use crate::faces::tui::scene::Scene;
use crate::faces::tui::scroll::Scroll;
use crate::faces::tui::{bindings, text};
use crate::model::check::CheckId;
use crate::model::finding::{Finding, Severity, Verdict};
use crate::wizard::event::Action;

use super::page::{draw_tally, pressing_first};
use super::sheet::{self, Line};

/// The width of a sign and the space after it.
const SIGN: u16 = 2;

/// The findings of a screen, laid out in a width.
#[derive(Debug)]
pub struct Findings {
    lines: Vec<Line>,
    /// Whether there is any check to count.
    counted: bool,
}

impl Findings {
    /// Lays out what is not good.
    pub fn new(canvas: &Canvas<'_>, scene: &Scene<'_>, width: u16) -> Self {
        let mut pressing: Vec<&(CheckId, Verdict)> = scene.verdicts.iter().collect();
        // A stable sort, so that rows of equal severity keep their order.
        pressing.sort_by_key(|(_, verdict)| pressing_first(verdict));
        let mut lines = Vec::new();
        let mut is_first_remedy = true;
        // The same warning as the key accepts.
        let mut acceptable = scene.state.acceptable().map(|(check, _)| check);
        for (check, verdict) in pressing {
            let label = scene.words.check(*check).map_or(check.id(), |words| words.label.as_str());
            let is_accepted =
                scene.state.accepted_verdicts().iter().any(|accepted| accepted.0 == *check && accepted.1 == *verdict);
            match verdict {
                Verdict::Unknown(words) => add(&mut lines, canvas.verdict(verdict), label, words, (canvas, width)),
                Verdict::Found(findings) => {
                    for finding in findings {
                        let consents = matches!(finding.severity, Severity::Warn | Severity::Unproven);
                        let sign = canvas.severity(finding.severity);
                        let sign = if consents && is_accepted { (canvas.signs.ok, canvas.theme.warn) } else { sign };
                        add(&mut lines, sign, label, &words(finding), (canvas, width));
                        if consents && is_accepted {
                            lines.push(Line::default().with(SIGN, "Accepted.", canvas.theme.title));
                        } else if consents && acceptable == Some(*check) {
                            acceptable = None;
                            let key = format!("{} accepts it.", bindings::cap(Action::Accept));
                            lines.push(Line::default().with(SIGN, key, canvas.theme.accent));
                        }
                        if finding.remedy.is_some() && finding.severity > Severity::Unknown {
                            remedy(&mut lines, canvas, finding, width, std::mem::take(&mut is_first_remedy));
                        }
                    }
                }
                Verdict::Good(_) | Verdict::Running | Verdict::NotYet | Verdict::DoesNotApply => {}
            }
        }
        Self { lines, counted: !scene.verdicts.is_empty() }
    }

    /// Counts the lines that all of it takes.
    pub fn height(&self) -> u16 {
        u16::try_from(self.lines.len()).unwrap_or(u16::MAX).saturating_add(u16::from(self.counted))
    }

    /// Draws the count, and as much of the findings as there is room for.
    pub fn draw(&self, canvas: &mut Canvas<'_>, area: Rect, scene: &Scene<'_>, scroll: &mut Scroll) {
        if area.is_empty() || !self.counted {
            return;
        }
        draw_count(canvas, row(area, 0), scene);
        sheet::draw(canvas, below(area, 1), &self.lines, scroll);
    }
}

/// Says what a finding says; how to fix it too, where it is in the way.
fn words(finding: &Finding) -> String {
    let fix = if finding.severity > Severity::Unknown { finding.fix.as_str() } else { "" };
    bindings::fill(format!("{} {fix}", finding.says).trim_end()).into_owned()
}

/// Adds a paragraph: a sign, the check's title, and what was found.
fn add(
    lines: &mut Vec<Line>,
    (sign, style): (&'static str, Style),
    label: &str,
    words: &str,
    (canvas, width): (&Canvas<'_>, u16),
) {
    let (plain, title) = (canvas.theme.plain, canvas.theme.title);
    let whole = format!("{label}: {words}");
    for (number, line) in text::wrap(&whole, width.saturating_sub(SIGN)).into_iter().enumerate() {
        let named = format!("{label}:");
        let added = match line.strip_prefix(named.as_str()) {
            Some(rest) if number == 0 => {
                let column = SIGN + text::width(&named) + 1;
                Line::new(sign, style).with(SIGN, named, title).with(column, rest.trim_start(), plain)
            }
            _ if number == 0 => Line::new(sign, style).with(SIGN, line, plain),
            _ => Line::default().with(SIGN, line, plain),
        };
        lines.push(added);
    }
}

/// Adds the SQL or the command that fixes it. The first one can be copied by a key.
fn remedy(lines: &mut Vec<Line>, canvas: &Canvas<'_>, finding: &Finding, width: u16, is_copied: bool) {
    let Some(remedy) = &finding.remedy else { return };
    sheet::wrap(lines, remedy.text(), SIGN, width, canvas.theme.title);
    if is_copied && let Some(last) = lines.pop() {
        lines.push(last.aside(format!("{} copies it", bindings::cap(Action::CopyRemedy)), canvas.theme.dim));
    }
}

/// Draws how many checks there are, and how they stand.
fn draw_count(canvas: &mut Canvas<'_>, line: Rect, scene: &Scene<'_>) {
    let all: Vec<&(CheckId, Verdict)> = scene.verdicts.iter().collect();
    if !all.iter().all(|(_, verdict)| matches!(verdict, Verdict::Good(_))) {
        draw_tally(canvas, line, &all);
        return;
    }
    let theme = canvas.theme;
    let sign = canvas.signs.ok;
    let rest = canvas.put(line, sign, theme.good);
    let count = format::count(all.len() as u64, "check");
    let rest = canvas.put(behind(rest, 1), &count, theme.plain);
    let shown = format!("{} shows {}", bindings::cap(Action::Help), if all.len() == 1 { "it" } else { "them" });
    if rest.width > text::width(&shown) + 2 {
        canvas.put_right(rest, &shown, theme.dim);
    }
}
