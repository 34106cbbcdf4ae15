//! The lines above the foot: what is foremost. They are there whether or not there is something to say, so that it never
//! moves the fields. What needs more lines than these borrows those above that the screen leaves blank.

use ratatui::layout::Rect;

use super::say::{self, Saying};
use crate::faces::tui::canvas::{Canvas, behind, below, row};
use crate::faces::tui::scene::Scene;
use crate::faces::tui::text;

/// The columns of a sign and the blank behind it.
const SIGN: u16 = 2;

/// Draws the message into its own lines, and into those above from `free` on where it needs them.
pub fn draw(canvas: &mut Canvas<'_>, area: Rect, free: u16, scene: &Scene<'_>) {
    let all = say::all(canvas, scene);
    let wanted = height(&all, area.width);
    let most = area.bottom().saturating_sub(free.min(area.y));
    let height = wanted.clamp(area.height, most.max(area.height));
    let mut area = Rect { y: area.bottom() - height, height, ..area };
    let bottom = area;
    for saying in &all {
        let used = one(canvas, area, saying);
        area = below(area, used);
    }
    if wanted > height && scene.state.overlay.is_none() && (scene.foremost.is_some() || scene.state.run().failed().is_some()) {
        // Help begins with it. In the corner of the last line, which ends with a sign that there is more anyway.
        let dim = canvas.theme.dim;
        let words = " … F1 shows all";
        let corner = behind(row(bottom, height.saturating_sub(1)), bottom.width.saturating_sub(text::width(words)));
        canvas.put(corner, words, dim);
    }
}

/// The lines that everything that there is to say needs in so many columns.
pub fn wanted(canvas: &Canvas<'_>, scene: &Scene<'_>, width: u16) -> u16 {
    height(&say::all(canvas, scene), width)
}

fn height(all: &[Saying], width: u16) -> u16 {
    all.iter().fold(0, |sum: u16, saying| sum.saturating_add(lines(saying, width)))
}

/// The lines that a saying needs.
fn lines(saying: &Saying, width: u16) -> u16 {
    let width = width.saturating_sub(indent(saying));
    let count = |words: &str| u16::try_from(text::wrap(words, width).len()).unwrap_or(u16::MAX);
    count(&saying.words).saturating_add(saying.remedy.as_deref().map_or(0, count))
}

/// How far a saying is set in.
const fn indent(saying: &Saying) -> u16 {
    if saying.sign.is_empty() { 0 } else { SIGN }
}

/// Draws one saying, and under it what mends it, which keeps its lines when there are too few for both: it is what the
/// operator needs most. Tells how many lines it took.
fn one(canvas: &mut Canvas<'_>, area: Rect, saying: &Saying) -> u16 {
    canvas.put(row(area, 0), saying.sign, saying.sign_style);
    let inner = behind(area, indent(saying));
    let Some(remedy) = &saying.remedy else { return canvas.wrap(inner, &saying.words, saying.style) };
    let wanted = u16::try_from(text::wrap(remedy, inner.width).len()).unwrap_or(u16::MAX);
    let mends = wanted.min(area.height / 2);
    let used = canvas.wrap(Rect { height: inner.height - mends, ..inner }, &saying.words, saying.style);
    let title = canvas.theme.title;
    used + canvas.wrap(below(inner, used), remedy, title)
}
