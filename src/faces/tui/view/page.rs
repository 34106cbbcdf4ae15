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

use super::findings::Findings;
use super::{Local, fields, overlays};

/// Draws a screen of fields and checks. Returns the first line of the blank space at its end.
pub fn draw_page(canvas: &mut Canvas<'_>, regions: &Regions, scene: &Scene<'_>, local: &mut Local<'_>) -> u16 {
    let count = |number: usize| u16::try_from(number).unwrap_or(u16::MAX);
    let shares = wizard::view::shared_folders(scene.state);
    let found = Findings::new(canvas, scene, layout::findings_width(regions));
    let amount = PageContent {
        intro: count(text::wrap(&scene.intro(), layout::text_width(regions)).len()),
        fields: count(fields::answer_lines(scene, layout::text_width(regions)) + shares.len()),
        asked: !scene.fields.is_empty(),
        found: found.height(),
        screens: if regions.sidebar.is_empty() { 0 } else { count(scene.path().len()) },
    };
    let arrangement = layout::arrange(regions, amount);
    heading(canvas, arrangement.heading, scene, arrangement.roomy);
    if shares.is_empty() {
        fields::draw_fields(canvas, arrangement.fields, scene, local);
    } else {
        fields::draw_shares(canvas, arrangement.fields, &shares);
    }
    let found = if arrangement.findings.width == layout::findings_width(regions) {
        found
    } else {
        Findings::new(canvas, scene, arrangement.findings.width)
    };
    found.draw(canvas, arrangement.findings, scene, local.scroll);
    if regions.wide && scene.state.place.here == ScreenId::Database {
        let under = arrangement.findings.y + found.height() + 1;
        let area = Rect { y: under, height: regions.page.bottom().saturating_sub(under), ..arrangement.findings };
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

/// Draws the list, with labels of this width. If there is no room for every row, draws the most urgent ones and a tally.
pub fn draw_checks(canvas: &mut Canvas<'_>, area: Rect, scene: &Scene<'_>, labels: u16) {
    if area.is_empty() || scene.verdicts.is_empty() {
        return;
    }
    let mut rows: Vec<&(CheckId, Verdict)> = scene.verdicts.iter().collect();
    if usize::from(area.height) < rows.len() {
        draw_tally(canvas, row(area, area.height - 1), &rows);
        // A stable sort, so that rows of equal severity keep their order.
        rows.sort_by_key(|(_, verdict)| pressing_first(verdict));
        rows.truncate(usize::from(area.height - 1));
    }
    let first_running = rows.iter().find(|(_, verdict)| *verdict == Verdict::Running).map(|(check, _)| *check);
    for (line, (check, verdict)) in (0..).zip(&rows) {
        draw_check(canvas, row(area, line), scene, (*check, verdict), labels, first_running == Some(*check));
    }
}

/// Sorts problems first, then running checks, then those that have not started.
pub fn pressing_first(verdict: &Verdict) -> u8 {
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
