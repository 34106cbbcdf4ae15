//! The shared folders of a node that joins: a line each, with how it stands here.

use ratatui::layout::Rect;

use crate::faces::tui::canvas::{Canvas, behind, row};
use crate::faces::tui::text;
use crate::wizard::view::Share;

/// The columns of the names: the longest is `EventExports`.
const NAMES: u16 = 14;
/// Between path and standing.
const GAP: u16 = 2;

/// Draws them; those that there is no room for are counted in the last line.
pub fn draw(canvas: &mut Canvas<'_>, area: Rect, shares: &[Share]) {
    let theme = canvas.theme;
    let signs = canvas.signs;
    let room = usize::from(area.height);
    let shown = if shares.len() > room { room.saturating_sub(1) } else { shares.len() };
    let last = shares.iter().map(|share| text::width(share.status)).max().unwrap_or_default() + 2;
    let paths = shares.iter().map(|share| text::width(share.path.as_str())).max().unwrap_or_default();
    let paths = paths.min(area.width.saturating_sub(NAMES + GAP + last));
    for (line, share) in (0..area.height).zip(&shares[..shown]) {
        let line = row(area, line);
        let (sign, style) = match share.good {
            Some(true) => (signs.ok, theme.good),
            Some(false) => (signs.stop, theme.stop),
            None => (signs.pending, theme.dim),
        };
        canvas.put(Rect { width: NAMES.min(line.width), ..line }, share.folder.name(), theme.dim);
        let path = behind(line, NAMES);
        canvas.put(Rect { width: paths.min(path.width), ..path }, &text::fit(share.path.as_str(), paths), theme.plain);
        canvas.put(behind(line, NAMES + paths + GAP), &format!("{sign} {}", share.status), style);
    }
    if shown < shares.len() {
        canvas.put(row(area, area.height.saturating_sub(1)), &format!("and {} more", shares.len() - shown), theme.dim);
    }
}
