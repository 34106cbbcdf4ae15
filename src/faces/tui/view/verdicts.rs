//! Verdicts as lines of a sheet: a row for each check, and under it every finding in full, with what mends it.

use ratatui::style::Style;

use super::sheet::{self, Line};
use crate::faces::tui::bindings;
use crate::faces::tui::canvas::Canvas;
use crate::faces::tui::text;
use crate::model::check::CheckId;
use crate::model::finding::{Finding, Severity, Verdict};
use crate::model::screen::ScreenId;
use crate::words;

/// The columns of sign and label: `Certificate` is the longest.
const LEAD: u16 = 15;
/// How far a finding is set in.
const INDENT: u16 = 2;

/// Adds a screen's verdicts.
pub fn add(canvas: &Canvas<'_>, lines: &mut Vec<Line>, screen: ScreenId, verdicts: &[(CheckId, Verdict)], width: u16) {
    for (check, verdict) in verdicts {
        let label = words::screen(screen).check(*check).map_or(check.id(), |words| words.label.as_str());
        one(canvas, lines, (*check, label), verdict, width);
    }
}

fn one(canvas: &Canvas<'_>, lines: &mut Vec<Line>, (check, label): (CheckId, &str), verdict: &Verdict, width: u16) {
    let theme = canvas.theme;
    let (sign, style) = canvas.verdict(verdict);
    let row = Line::new(sign, style);
    match verdict {
        Verdict::NotYet => lines.push(row.with(2, label, theme.dim).with(LEAD, "not judged", theme.dim)),
        Verdict::Running => lines.push(row.with(2, label, theme.plain).with(LEAD, "running", theme.dim)),
        Verdict::Good(evidence) => {
            let mut row = row.with(2, label, theme.plain);
            for (number, words) in text::wrap(evidence, width.saturating_sub(LEAD)).into_iter().enumerate() {
                if number > 0 {
                    lines.push(std::mem::take(&mut row));
                }
                row = row.with(LEAD, words, theme.dim);
            }
            lines.push(row);
        }
        Verdict::Found(findings) => {
            lines.push(row.with(2, label, theme.plain).with(LEAD, weight(findings), style).aside(check.id(), theme.dim));
            for finding in findings {
                // Of several, each has its own sign: they seldom weigh the same, and one can see where it begins.
                let sign = (findings.len() > 1).then(|| canvas.severity(finding.severity));
                found(canvas, lines, finding, width, sign);
            }
        }
    }
}

/// How much the findings weigh, in a word, so that colour is not the only carrier of it.
fn weight(findings: &[Finding]) -> String {
    let word = match findings.iter().map(|finding| finding.severity).max() {
        Some(Severity::Stop) => "stop",
        Some(Severity::Warn) => "warning",
        _ => "note",
    };
    if findings.len() > 1 { format!("{word}, {} findings", findings.len()) } else { word.to_owned() }
}

/// A finding in full.
fn found(canvas: &Canvas<'_>, lines: &mut Vec<Line>, finding: &Finding, width: u16, sign: Option<(&'static str, Style)>) {
    let theme = canvas.theme;
    let indent = if sign.is_some() { 2 * INDENT } else { INDENT };
    let mut first = sign.map(|(sign, style)| Line::blank().with(INDENT, sign, style));
    for words in text::wrap(&finding.says, width.saturating_sub(indent)) {
        lines.push(first.take().unwrap_or_default().with(indent, words, theme.plain));
    }
    if !finding.fix.is_empty() {
        sheet::wrap(lines, &bindings::fill(&finding.fix), indent, width, theme.dim);
    }
    if let Some(remedy) = &finding.remedy {
        sheet::wrap(lines, remedy.text(), indent + 2, width, theme.title);
    }
}
