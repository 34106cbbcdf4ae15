//! The sections of a node's review: its settings and their sources, all checks of all screens, drift, and the backups of the
//! node config.

use ratatui::layout::Rect;
use ratatui::style::Style;

use crate::catalog::failures;
use crate::faces::tui::canvas::{Canvas, Hit, behind, below, row};
use crate::faces::tui::scene::Scene;
use crate::faces::tui::{bindings, text};
use crate::model::check::CheckId;
use crate::model::facts::{Backup, DiffSign, Fact};
use crate::model::finding::{Finding, Severity, Verdict};
use crate::model::screen::ScreenId;
use crate::wizard::settings::{self, SettingItem};
use crate::wizard::state::Focus;
use crate::words;

use super::sheet::{self, Line};
use super::{Local, page};

/// The width of the checks' signs and labels.
const LABEL: u16 = 17;
/// The width of the sources if they have a column of their own.
const SOURCE: u16 = 22;
/// From this width on, the sources have a column of their own.
const WIDE: u16 = 64;

/// Draws the section of the node's settings.
pub fn draw_node(canvas: &mut Canvas<'_>, area: Rect, scene: &Scene<'_>, local: &mut Local<'_>) {
    let airy = area.height >= 12;
    page::heading(canvas, Rect { height: 1.min(area.height), ..area }, scene, false);
    let checked = u16::try_from(scene.verdicts.len()).unwrap_or(0).min(area.height / 4);
    let top = 1 + u16::from(airy);
    let under = if checked > 0 { checked + u16::from(airy) } else { 0 };
    let list = below(area, top);
    let list = Rect { height: list.height.saturating_sub(under), ..list };
    let lines = node_lines(canvas, scene, list.width.saturating_sub(2));
    sheet::draw(canvas, list, &lines, local.scroll);
    let checks = Rect { y: area.bottom() - checked, height: checked, ..area };
    page::draw_checks(canvas, checks, scene, LABEL);
    if airy && checked > 0 {
        draw_part(canvas, row(area, area.height - checked - 1), lines.len(), list.height, local);
    }
}

fn node_lines(canvas: &Canvas<'_>, scene: &Scene<'_>, width: u16) -> Vec<Line> {
    let theme = canvas.theme;
    let mut lines = Vec::with_capacity(32);
    let mut group = None;
    let settings = settings::list(scene.state);
    let widest = settings.iter().map(|setting| text::width(setting.label)).max().unwrap_or(0);
    let column = (widest + 2).min(width / 2);
    for SettingItem { group: of, id: _, label, value, source } in settings {
        let source = source.label();
        if group != Some(of) {
            if !lines.is_empty() {
                lines.push(Line::blank());
            }
            lines.push(Line::new(of.label(), theme.title));
            group = Some(of);
        }
        let line = Line::new(label, theme.plain);
        if width >= WIDE && text::width(&value) + 1 < width - column - SOURCE {
            lines.push(line.with(column, value, theme.plain).with(width - SOURCE, source, theme.dim));
            continue;
        }
        // A value that does not fit is wrapped below, because half of a path is useless.
        let wrapped = text::wrap(&value, width.saturating_sub(column));
        let mut line = line;
        for (number, words) in wrapped.iter().enumerate() {
            if number > 0 {
                lines.push(std::mem::take(&mut line));
            }
            line = line.with(column, *words, theme.plain);
        }
        let last = wrapped.last().map_or(0, |words| text::width(words));
        if column + last + text::width(source) + 2 > width {
            lines.push(line);
            lines.push(Line::blank().aside(source, theme.dim));
        } else {
            lines.push(line.aside(source, theme.dim));
        }
    }
    if lines.is_empty() {
        let words = match &scene.state.facts.node.config {
            Fact::Missing(trouble) => failures::explain_trouble(trouble).says,
            Fact::Unknown | Fact::Seen(_) if scene.is_running() => "Reading the node config.".to_owned(),
            Fact::Unknown | Fact::Seen(_) => "Not read yet.".to_owned(),
        };
        sheet::wrap(&mut lines, &words, 0, width, theme.dim);
    }
    lines
}

/// Draws the section of all checks.
pub fn draw_proof(canvas: &mut Canvas<'_>, area: Rect, scene: &Scene<'_>, local: &mut Local<'_>) {
    let airy = area.height >= 12;
    page::heading(canvas, Rect { height: 1.min(area.height), ..area }, scene, false);
    let rest = below(area, 1);
    let all: Vec<&(CheckId, Verdict)> = scene.sections.iter().flat_map(|(_, verdicts)| verdicts).collect();
    page::draw_tally(canvas, row(rest, 0), &all);
    let list = below(rest, 1 + u16::from(airy));
    let mut lines = Vec::with_capacity(64);
    let width = list.width.saturating_sub(2);
    for (place, (screen, verdicts)) in scene.sections.iter().enumerate() {
        if place > 0 && airy {
            lines.push(Line::blank());
        }
        lines.push(Line::new(words::screen(*screen).name.as_str(), canvas.theme.title));
        add_verdicts(canvas, &mut lines, *screen, verdicts, width);
    }
    sheet::draw(canvas, list, &lines, local.scroll);
    if airy {
        draw_part(canvas, row(rest, 1), lines.len(), list.height, local);
    }
}

/// Draws at the end of a line which part of the sheet is visible.
pub fn draw_part(canvas: &mut Canvas<'_>, line: Rect, count: usize, room: u16, local: &mut Local<'_>) {
    let shown = local.scroll.window(count, room);
    let part = sheet::part("lines", &shown, count);
    let dim = canvas.theme.dim;
    canvas.put_right(line, &part, dim);
}

/// Draws the drift section.
pub fn draw_drift(canvas: &mut Canvas<'_>, area: Rect, scene: &Scene<'_>, local: &mut Local<'_>) {
    let intro = u16::try_from(text::wrap(&scene.intro(), area.width).len()).unwrap_or(1);
    let roomy = area.height >= 12;
    page::heading(canvas, area, scene, roomy);
    let list = below(area, if roomy { intro + 2 } else { 1 });
    let mut lines = Vec::new();
    add_verdicts(canvas, &mut lines, scene.state.place.here, &scene.verdicts, list.width.saturating_sub(2));
    sheet::draw(canvas, list, &lines, local.scroll);
}

/// The width of a backup's time.
const WHEN: u16 = 21;

/// Draws the section of the backups.
pub fn draw_backups(canvas: &mut Canvas<'_>, area: Rect, scene: &Scene<'_>, local: &mut Local<'_>) {
    let theme = canvas.theme;
    let intro = u16::try_from(text::wrap(&scene.intro(), area.width).len()).unwrap_or(1);
    let roomy = area.height >= 16;
    page::heading(canvas, area, scene, roomy);
    let rest = below(area, if roomy { intro + 2 } else { 1 });
    let backups = match &scene.state.facts.node.backups {
        Fact::Seen(backups) if backups.is_empty() => {
            canvas.wrap(rest, "There is none yet. Each change of the node config keeps the one before it.", theme.dim);
            return;
        }
        Fact::Seen(backups) => backups,
        Fact::Missing(trouble) => {
            canvas.wrap(rest, &failures::explain_trouble(trouble).says, theme.warn);
            return;
        }
        Fact::Unknown => {
            let words = if scene.is_running() { "Looking for them." } else { "Not looked for yet." };
            canvas.put(row(rest, 0), words, theme.dim);
            return;
        }
    };
    let chosen = match scene.state.place.focus {
        Focus::Item(item) => item.min(backups.len() - 1),
        Focus::Screen | Focus::Field(_) | Focus::Button => 0,
    };
    let most = if rest.height >= 12 { 5 } else { (rest.height / 3).max(1) };
    let rows = u16::try_from(backups.len()).unwrap_or(u16::MAX).min(most);
    let list = Rect { height: rows, ..rest };
    let shown = local.list.window_with(chosen, backups.len(), rows);
    for (line, place) in (0..rows).zip(shown.clone()) {
        draw_backup(canvas, row(list, line), &backups[place], place, place == chosen);
    }
    sheet::marks(canvas, list, &shown, backups.len());
    difference(canvas, below(rest, rows + u16::from(rest.height >= 8)), &backups[chosen], local);
}

fn draw_backup(canvas: &mut Canvas<'_>, line: Rect, backup: &Backup, place: usize, chosen: bool) {
    let theme = canvas.theme;
    canvas.hit(line, Hit::Item(place));
    if chosen {
        canvas.put(line, canvas.signs.here, theme.accent);
    }
    let rest = behind(line, 2);
    let when = format!("{} UTC", backup.when);
    canvas.put(Rect { width: WHEN.min(rest.width), ..rest }, &when, if chosen { theme.accent } else { theme.plain });
    let (new, old) = backup.lines.iter().fold((0, 0), |(new, old), line| match line.sign {
        DiffSign::New => (new + 1, old),
        DiffSign::Old => (new, old + 1),
        DiffSign::Same => (new, old),
    });
    let words = if backup.lines.is_empty() { "says the same".to_owned() } else { format!("+{new} -{old} lines") };
    canvas.put(behind(rest, WHEN + 2), &words, theme.dim);
}

/// Draws how the present config differs from a backup. Signs mark the differences, so that colour is not the only
/// indication.
fn difference(canvas: &mut Canvas<'_>, area: Rect, backup: &Backup, local: &mut Local<'_>) {
    let theme = canvas.theme;
    canvas.put(row(area, 0), backup.path.as_str(), theme.dim);
    let list = below(area, 1);
    let mut lines = Vec::with_capacity(backup.lines.len() + 1);
    for line in &backup.lines {
        let (sign, style) = match line.sign {
            DiffSign::Same => (" ", theme.dim),
            DiffSign::Old => ("-", theme.stop),
            DiffSign::New => ("+", theme.good),
        };
        lines.push(Line::new(sign, style).with(2, line.text.as_str(), style));
    }
    if lines.is_empty() {
        lines.push(Line::new("The present node config says the same.", theme.dim));
    }
    sheet::draw(canvas, list, &lines, local.scroll);
}

/// The width of sign and label: `Certificate` is the longest.
const LEAD: u16 = 15;
/// The indentation of a finding.
const INDENT: u16 = 2;

/// Adds a screen's verdicts.
pub fn add_verdicts(canvas: &Canvas<'_>, lines: &mut Vec<Line>, screen: ScreenId, verdicts: &[(CheckId, Verdict)], width: u16) {
    for (check, verdict) in verdicts {
        let label = words::screen(screen).check(*check).map_or(check.id(), |words| words.label.as_str());
        add_verdict(canvas, lines, (*check, label), verdict, width);
    }
}

fn add_verdict(canvas: &Canvas<'_>, lines: &mut Vec<Line>, (check, label): (CheckId, &str), verdict: &Verdict, width: u16) {
    let theme = canvas.theme;
    let (sign, style) = canvas.verdict(verdict);
    let row = Line::new(sign, style);
    match verdict {
        Verdict::NotYet => lines.push(row.with(2, label, theme.dim).with(LEAD, "not judged", theme.dim)),
        Verdict::Running => lines.push(row.with(2, label, theme.plain).with(LEAD, "running", theme.dim)),
        Verdict::DoesNotApply => {}
        Verdict::Good(evidence) | Verdict::Unknown(evidence) => {
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
                // If there are several, each has its own sign: their severities usually differ, and the sign marks
                // where each begins.
                let sign = (findings.len() > 1).then(|| canvas.severity(finding.severity));
                add_finding(canvas, lines, finding, width, sign);
            }
        }
    }
}

/// Returns the worst severity as a word, so that colour is not the only indication.
fn weight(findings: &[Finding]) -> String {
    let word = match findings.iter().map(|finding| finding.severity).max() {
        Some(Severity::Stop) => "stop",
        Some(Severity::Warn) => "warning",
        Some(Severity::Unknown | Severity::Unproven) => "not looked at",
        _ => "note",
    };
    if findings.len() > 1 { format!("{word}, {} findings", findings.len()) } else { word.to_owned() }
}

/// Adds a finding in full.
fn add_finding(canvas: &Canvas<'_>, lines: &mut Vec<Line>, finding: &Finding, width: u16, sign: Option<(&'static str, Style)>) {
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
