//! The short report for troubleshooting: one line for each screen without problems, then each finding with its fix,
//! then the summary that monitoring and people look for.

use std::fmt::Write as _;

use crate::catalog::format;
use crate::faces::sentences::{self, WORD, clean, written};
use crate::faces::tui::text;
use crate::model::finding::{Finding, Severity, Verdict};
use crate::model::untrusted::Untrusted;
use crate::words;

use super::report::{Report, ReportedCheck, ReviewStatus, Section};

/// The width of a screen's name.
const NAME: usize = 16;

/// Renders the report. Writing to a string cannot fail.
///
/// `columns`: the width of the terminal that shows it; without one, nothing is wrapped.
pub fn render(report: &Report<'_>, columns: Option<u16>) -> String {
    let mut out = String::new();
    if let Some(error) = &report.error {
        let _ = writeln!(out, "{}", clean(error));
        return out;
    }
    let known = |text: &Untrusted| if text.is_empty() { "not known".to_owned() } else { text.to_string() };
    let _ = writeln!(out, "Node {} of instance {}, {}\n", known(&report.node), known(&report.instance), known(&report.config));
    for section in report.sections.iter().filter(|section| !section.checks.is_empty()) {
        let _ = writeln!(out, "  {:WORD$} {:NAME$} {}", word(section), words::screen(section.screen).name, counts(section));
    }
    for severity in [Severity::Stop, Severity::Warn, Severity::Unproven, Severity::Unknown, Severity::Note] {
        for check in report.sections.iter().flat_map(|section| &section.checks) {
            if let Some(part) = findings_of(check, severity) {
                out.push('\n');
                match columns {
                    Some(columns) => wrapped(&mut out, check, &part, columns),
                    None => sentences::check(&mut out, check.id, &Verdict::Found(part)),
                }
            }
        }
    }
    let unknown: Vec<&str> = report
        .sections
        .iter()
        .flat_map(|section| &section.checks)
        .filter(|check| check.verdict.is_open())
        .map(|check| check.id.id())
        .collect();
    if !unknown.is_empty() {
        let _ = writeln!(out, "\n  {:WORD$} {}", "unknown", unknown.join(", "));
    }
    let _ = writeln!(out, "\n{}", end(report));
    out
}

/// Returns a check's findings of this severity; `None` if there are none.
fn findings_of(check: &ReportedCheck, severity: Severity) -> Option<Vec<Finding>> {
    let Verdict::Found(findings) = &check.verdict else { return None };
    let part: Vec<_> = findings.iter().filter(|finding| finding.severity == severity).cloned().collect();
    (!part.is_empty()).then_some(part)
}

/// Writes the findings with their sentences wrapped. A remedy is not wrapped, because a broken command cannot be
/// copied; the terminal's own wrapping does not break it.
fn wrapped(out: &mut String, check: &ReportedCheck, findings: &[Finding], columns: u16) {
    let indent = WORD + 3;
    // The last column stays free, because some terminals go to the next line after it.
    let room = columns.saturating_sub(1 + u16::try_from(indent).unwrap_or_default()).max(20);
    for finding in findings {
        let _ = writeln!(out, "  {:WORD$} {}", sentences::severity(finding.severity), check.id.id());
        for sentence in [&finding.says, &finding.fix] {
            let sentence = written(sentence);
            for line in text::wrap(&sentence, room).into_iter().filter(|line| !line.is_empty()) {
                let _ = writeln!(out, "{:indent$}{line}", "");
            }
        }
        for line in finding.remedy.iter().flat_map(|remedy| remedy.text().lines()) {
            let line = clean(line);
            let indent = if indent + 2 + line.chars().count() > usize::from(columns) { 4 } else { indent + 2 };
            let _ = writeln!(out, "{:indent$}{line}", "");
        }
    }
}

/// Returns the worst severity of a screen's checks as one word.
fn word(section: &Section) -> &'static str {
    let worst = section.checks.iter().filter_map(|check| check.verdict.severity()).max();
    match worst {
        Some(Severity::Stop) => "stop",
        _ if section.checks.iter().any(|check| check.verdict.is_open()) => "unknown",
        Some(weight) => sentences::severity(weight),
        None => "ok",
    }
}

/// Describes how many of a screen's checks are good.
fn counts(section: &Section) -> String {
    let well = section.checks.iter().filter(|check| matches!(check.verdict, Verdict::Good(_))).count();
    let all = section.checks.len();
    if well == all { format!("{all} of {all} checks are good") } else { format!("{well} of {all} checks are good") }
}

fn end(report: &Report<'_>) -> String {
    let tally = report.tally;
    match report.status {
        ReviewStatus::Fine => "Nothing known is wrong with this node.".to_owned(),
        ReviewStatus::Unknown => "Not everything could be looked at, so that nothing is said of the rest.".to_owned(),
        ReviewStatus::Stops | ReviewStatus::Warnings => format!(
            "Something is wrong with this node: {}, {}.",
            format::count(tally.stops as u64, "stop"),
            format::count(tally.warnings as u64, "warning")
        ),
    }
}
