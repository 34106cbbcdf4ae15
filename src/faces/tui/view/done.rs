//! The last screen: what there is now, and what to do next.

use ratatui::layout::Rect;

use super::page;
use crate::faces::tui::canvas::{Canvas, behind, below, row};
use crate::faces::tui::scene::Scene;
use crate::faces::tui::text;
use crate::model::field::FieldId;

/// A line: a label or a number, what is behind it, and whether it is a title.
type Line = (String, String, bool);

/// The columns of the labels.
const LABEL: u16 = 13;

/// Draws it, from the line that was scrolled to.
pub fn draw(canvas: &mut Canvas<'_>, area: Rect, scene: &Scene<'_>, scroll: &mut u16) {
    let theme = canvas.theme;
    let lines = lines(scene, area.width);
    // The introduction goes first where there is not room for all.
    let intro = u16::try_from(text::wrap(&scene.words.intro, area.width).len()).unwrap_or(1);
    let count = u16::try_from(lines.len()).unwrap_or(u16::MAX);
    let roomy = count.saturating_add(intro + 2) <= area.height;
    page::heading(canvas, area, scene, roomy);
    let rest = below(area, if roomy { intro + 2 } else { 1 });
    let furthest = count.saturating_sub(rest.height);
    *scroll = (*scroll).min(furthest);
    for (line, (label, words, title)) in (0..rest.height).zip(lines.iter().skip(usize::from(*scroll))) {
        let line = row(rest, line);
        if *title {
            canvas.put(line, label, theme.title);
            continue;
        }
        // Labels of facts have their column; numbers of advice a narrow one.
        let column = if label.chars().all(|c| c.is_ascii_digit() || c == ' ') { 3 } else { LABEL };
        canvas.put(Rect { width: (column - 1).min(line.width), ..line }, label.trim(), theme.dim);
        canvas.put(behind(line, column), words, theme.plain);
    }
    if *scroll > 0 {
        canvas.put_right(row(rest, 0), canvas.signs.above, theme.dim);
    }
    if *scroll < furthest {
        canvas.put_right(row(rest, rest.height.saturating_sub(1)), canvas.signs.below, theme.dim);
    }
}

fn lines(scene: &Scene<'_>, width: u16) -> Vec<Line> {
    let state = scene.state;
    let answers = &state.answers;
    let mut lines: Vec<Line> = Vec::with_capacity(16);
    let mut fact = |name: &str, value: String| lines.push((name.to_owned(), value, false));
    fact("Node", format!("{} (instance {})", answers.trimmed(FieldId::NodeName), answers.trimmed(FieldId::Instance)));
    fact("Home", answers.trimmed(FieldId::Home).to_owned());
    fact("Database", format!("{} on {}", answers.trimmed(FieldId::Database), answers.trimmed(FieldId::Server)));
    if let Some(drawn) = &state.custody.drawn {
        fact("Cluster", drawn.cluster.short());
        fact("Master key", format!("fingerprint {}", drawn.key.fingerprint()));
    }
    lines.push((String::new(), String::new(), true));
    lines.push(("Next".to_owned(), String::new(), true));
    let next = [
        "Keep the master key in a safe place, apart from the database's backups.",
        "Run octopus-setup on the next server and compare the fingerprint there with the one above.",
        "Put a load balancer before the web portals once there are two nodes.",
    ];
    for (number, words) in (1..).zip(next) {
        for (line, words) in text::wrap(words, width.saturating_sub(5)).into_iter().enumerate() {
            let label = if line == 0 { number.to_string() } else { " ".to_owned() };
            lines.push((label, words.to_owned(), false));
        }
    }
    lines
}
