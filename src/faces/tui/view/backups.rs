//! The backups of the node config: which there are, and in what the present one differs from the chosen one.

use ratatui::layout::Rect;

use super::sheet::{self, Line};
use super::{Local, page};
use crate::catalog::failures;
use crate::faces::tui::canvas::{Canvas, behind, below, row};
use crate::faces::tui::hits::Hit;
use crate::faces::tui::scene::Scene;
use crate::faces::tui::text;
use crate::model::facts::{Backup, DiffSign, Fact};
use crate::wizard::state::Focus;

/// The columns of a backup's time.
const WHEN: u16 = 21;

/// Draws the section.
pub fn draw(canvas: &mut Canvas<'_>, area: Rect, scene: &Scene<'_>, local: &mut Local<'_>) {
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
        Focus::Screen | Focus::Field(_) => 0,
    };
    let most = if rest.height >= 12 { 5 } else { (rest.height / 3).max(1) };
    let rows = u16::try_from(backups.len()).unwrap_or(u16::MAX).min(most);
    let list = Rect { height: rows, ..rest };
    let shown = local.list.window_with(chosen, backups.len(), rows);
    for (line, place) in (0..rows).zip(shown.clone()) {
        one(canvas, row(list, line), &backups[place], place, place == chosen);
    }
    sheet::marks(canvas, list, &shown, backups.len());
    difference(canvas, below(rest, rows + u16::from(rest.height >= 8)), &backups[chosen], local);
}

fn one(canvas: &mut Canvas<'_>, line: Rect, backup: &Backup, place: usize, chosen: bool) {
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

/// In what the present config differs from a backup. Signs say it, and colours say it again.
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
