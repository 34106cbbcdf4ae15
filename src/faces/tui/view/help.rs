//! Help: on the focused field, on what stands in the way, in full, and on the screen and its checks.

use ratatui::layout::Rect;
use ratatui::style::Style;

use super::sheet;
use crate::catalog::failures;
use crate::faces::tui::bindings;
use crate::faces::tui::canvas::{Canvas, row};
use crate::faces::tui::scene::Scene;
use crate::faces::tui::scroll::Scroll;
use crate::faces::tui::text;
use crate::model::finding::{Severity, Verdict};
use crate::model::screen::ScreenId;

/// A paragraph of help.
struct Paragraph {
    words: String,
    style: Style,
    /// Columns that it is set in by.
    indent: u16,
}

/// Draws help in place of the screen, from the line that was scrolled to.
pub fn draw(canvas: &mut Canvas<'_>, area: Rect, scene: &Scene<'_>, scroll: &mut Scroll) {
    let paragraphs = paragraphs(canvas, scene);
    let mut lines: Vec<(&str, Style, u16)> = Vec::new();
    for paragraph in &paragraphs {
        let width = area.width.saturating_sub(paragraph.indent + 2);
        lines.extend(text::wrap(&paragraph.words, width).into_iter().map(|line| (line, paragraph.style, paragraph.indent)));
    }
    let shown = scroll.window(lines.len(), area.height);
    for (line, (words, style, indent)) in (0..area.height).zip(&lines[shown.clone()]) {
        canvas.put(crate::faces::tui::canvas::behind(row(area, line), *indent), words, *style);
    }
    sheet::marks(canvas, area, &shown, lines.len());
}

fn paragraphs(canvas: &Canvas<'_>, scene: &Scene<'_>) -> Vec<Paragraph> {
    let theme = canvas.theme;
    let mut found = Vec::new();
    let mut add = |words: &str, style: Style, indent: u16| {
        found.push(Paragraph { words: bindings::fill(words).into_owned(), style, indent });
    };
    if let Some(words) = scene.state.focused().and_then(|field| scene.words.field(field)) {
        add(&words.label, theme.title, 0);
        add(&words.help, theme.plain, 0);
        let example = words.example(scene.state.answers.platform());
        if !example.is_empty() {
            add(&format!("For instance: {example}"), theme.dim, 0);
        }
        add("", theme.plain, 0);
    }
    let troubles = scene.verdicts.iter().filter(|(_, verdict)| verdict.severity() >= Some(Severity::Warn));
    for (number, (check, verdict)) in troubles.enumerate() {
        if number == 0 {
            add("What stands in the way", theme.title, 0);
        }
        let (sign, style) = canvas.verdict(verdict);
        let label = scene.words.check(*check).map_or("", |words| words.label.as_str());
        add(&format!("{sign} {label} ({})", check.id()), style, 0);
        let Verdict::Found(findings) = verdict else { continue };
        for finding in findings {
            add(format!("{} {}", finding.says, finding.fix).trim(), theme.plain, 2);
            if let Some(remedy) = &finding.remedy {
                add(remedy.text(), theme.title, 2);
            }
        }
        add("", theme.plain, 0);
    }
    if scene.state.place.here == ScreenId::Install
        && let Some((kind, failure)) = scene.state.run().failed().and_then(|row| Some((row.kind, row.failure.as_ref()?)))
    {
        let told = failures::explain_step(kind, failure);
        add("What stands in the way", theme.title, 0);
        add(format!("{} {}", told.says, told.fix).trim(), theme.plain, 2);
        if let Some(remedy) = &told.remedy {
            add(remedy.text(), theme.title, 2);
        }
        add("", theme.plain, 0);
    }
    add(scene.title(), theme.title, 0);
    add(&scene.help(), theme.plain, 0);
    if !scene.verdicts.is_empty() {
        add("", theme.plain, 0);
        add("What is proven here", theme.title, 0);
    }
    for (check, verdict) in &scene.verdicts {
        let Some(words) = scene.words.check(*check) else { continue };
        let (sign, style) = canvas.verdict(verdict);
        add(&format!("{sign} {} ({})", words.label, check.id()), style, 0);
        add(&words.proves, theme.dim, 2);
        match verdict {
            Verdict::Good(evidence) => add(evidence, theme.plain, 2),
            Verdict::Found(findings) if verdict.severity() == Some(Severity::Note) => {
                for finding in findings {
                    add(&finding.says, theme.plain, 2);
                }
            }
            Verdict::Found(_) | Verdict::NotYet | Verdict::Running => {}
        }
    }
    add("", theme.plain, 0);
    add("Keys", theme.title, 0);
    for binding in bindings::screen(scene.state, scene.state.mends(scene.foremost.as_ref())) {
        add(&format!("{} {}", binding.cap, binding.label), theme.plain, 0);
    }
    add(
        "Tab and Shift-Tab move between the fields, left and right choose, {key:next} goes on, {key:back} goes back.",
        theme.plain,
        0,
    );
    add("Alt-1 to Alt-9 go to a screen that was reached before. {key:quit} ends the program and asks first.", theme.plain, 0);
    found
}
