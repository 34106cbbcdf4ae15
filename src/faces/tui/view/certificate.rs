//! The server's certificate in full: before one trusts just this one, and beside the checks where the window is wide.

use ratatui::layout::Rect;
use ratatui::style::Style;

use super::sheet;
use crate::catalog::format;
use crate::faces::tui::canvas::{Canvas, behind, row};
use crate::faces::tui::scene::Scene;
use crate::faces::tui::scroll::Scroll;
use crate::faces::tui::text;
use crate::model::facts::ServerCertificate;

/// The columns of the labels.
const LABEL: u16 = 10;
/// The columns of 16 bytes with colons between them; two such lines are a SHA-256.
const HALF: u16 = 47;

/// Draws it in place of the screen, from the line that was scrolled to.
pub fn draw(canvas: &mut Canvas<'_>, area: Rect, scene: &Scene<'_>, scroll: &mut Scroll) {
    let theme = canvas.theme;
    let Some(certificate) = &scene.state.facts.server.certificate else {
        canvas.put(row(area, 0), "The certificate is being asked for.", theme.dim);
        return;
    };
    let mut lines = vec![Line { label: "The server's certificate", words: String::new(), style: theme.title }];
    // White space goes first where there is little room.
    if area.height >= 10 {
        lines.push(Line { label: "", words: String::new(), style: theme.plain });
    }
    lines.extend(of(canvas, certificate, area.width));
    let shown = scroll.window(lines.len(), area.height);
    put(canvas, area, lines[shown.clone()].iter());
    sheet::marks(canvas, area, &shown, lines.len());
}

/// Draws it under the checks where there is room for all of it.
pub fn beside(canvas: &mut Canvas<'_>, area: Rect, scene: &Scene<'_>) {
    let Some(certificate) = &scene.state.facts.server.certificate else { return };
    let lines = of(canvas, certificate, area.width);
    let count = u16::try_from(lines.len()).unwrap_or(u16::MAX);
    if count > area.height {
        return;
    }
    put(canvas, area, lines.iter());
}

/// A line of it: a label with a value behind it.
struct Line {
    label: &'static str,
    words: String,
    style: Style,
}

fn put<'a>(canvas: &mut Canvas<'_>, area: Rect, lines: impl Iterator<Item = &'a Line>) {
    for (line, Line { label, words, style }) in (0..area.height).zip(lines) {
        let line = row(area, line);
        if words.is_empty() {
            canvas.put(line, label, *style);
            continue;
        }
        let dim = canvas.theme.dim;
        canvas.put(Rect { width: (LABEL - 1).min(line.width), ..line }, label, dim);
        canvas.put(behind(line, if label.is_empty() { indent(line.width) } else { LABEL }), words, *style);
    }
}

/// How far the fingerprint is set in; where half of it does not fit behind the labels, from the first column on.
const fn indent(width: u16) -> u16 {
    if width >= LABEL + HALF || width < HALF { LABEL } else { 0 }
}

fn of(canvas: &Canvas<'_>, certificate: &ServerCertificate, width: u16) -> Vec<Line> {
    let plain = canvas.theme.plain;
    let mut lines = Vec::with_capacity(12);
    let mut add = |label: &'static str, words: &str| {
        let wrapped = text::wrap(words, width.saturating_sub(LABEL));
        // A certificate may be for a hundred names: the first lines of them tell enough, and the rest must not push
        // the fingerprint out of sight.
        let most = 3;
        for (number, words) in wrapped.iter().take(most).enumerate() {
            let label = if number == 0 { label } else { " " };
            let cut = number + 1 == most && wrapped.len() > most;
            let words = if cut { text::fit(&format!("{words} …"), width - LABEL) } else { (*words).to_owned() };
            lines.push(Line { label, words, style: plain });
        }
    };
    add("Subject", certificate.subject.as_str());
    add("Issuer", if certificate.self_signed { "itself" } else { certificate.issuer.as_str() });
    let names: Vec<&str> = certificate.names.iter().map(crate::model::untrusted::Untrusted::as_str).collect();
    add("Names", if names.is_empty() { "none".to_owned() } else { names.join(", ") }.as_str());
    let left = match certificate.days_left {
        ..=-1 => "over".to_owned(),
        0 => "ends today".to_owned(),
        1 => "1 day left".to_owned(),
        days @ ..=730 => format!("{days} days left"),
        days => format!("{} years left", days / 365),
    };
    add("Valid", &format!("{} to {}, {left}", format::day(certificate.not_before), format::day(certificate.not_after)));
    let digest = format::sha256(&certificate.sha256);
    let bytes: Vec<&str> = digest.split(':').collect();
    // Read out over the telephone, a line of 16 or 8 bytes is what one does not get lost in.
    let per_line = if width >= HALF { 16 } else { 8 };
    let set_in = indent(width) > 0;
    if !set_in {
        lines.push(Line { label: "SHA-256", words: " ".to_owned(), style: plain });
    }
    for (number, bytes) in bytes.chunks(per_line).enumerate() {
        let label = if number == 0 && set_in { "SHA-256" } else { "" };
        lines.push(Line { label, words: bytes.join(":"), style: canvas.theme.title });
    }
    lines
}
