//! The last screen: what there is now, and what to do next.

use ratatui::layout::Rect;

use super::page;
use crate::faces::tui::canvas::{Canvas, behind, below, row};
use crate::faces::tui::scene::Scene;
use crate::faces::tui::text;
use crate::model::field::FieldId;

/// Draws it.
pub fn draw(canvas: &mut Canvas<'_>, area: Rect, scene: &Scene<'_>) {
    let theme = canvas.theme;
    let state = scene.state;
    let answers = &state.answers;
    let intro = u16::try_from(text::wrap(&scene.words.intro, area.width).len()).unwrap_or(1);
    page::heading(canvas, area, scene, true);
    let mut rest = below(area, intro + 2);
    let mut facts = vec![
        ("Node", format!("{} (instance {})", answers.trimmed(FieldId::NodeName), answers.trimmed(FieldId::Instance))),
        ("Home", answers.trimmed(FieldId::Home).to_owned()),
        ("Database", format!("{} on {}", answers.trimmed(FieldId::Database), answers.trimmed(FieldId::Server))),
    ];
    if let Some(drawn) = &state.custody.drawn {
        facts.push(("Cluster", drawn.cluster.short()));
        facts.push(("Master key", format!("fingerprint {}", drawn.key.fingerprint())));
    }
    for (line, (name, value)) in (0..).zip(&facts) {
        let line = row(rest, line);
        canvas.put(Rect { width: 12.min(line.width), ..line }, name, theme.dim);
        canvas.put(behind(line, 13), value, theme.plain);
    }
    rest = below(rest, u16::try_from(facts.len()).unwrap_or(0) + 1);
    canvas.put(row(rest, 0), "Next", theme.title);
    let next = [
        "Keep the master key in a safe place, apart from the database's backups.",
        "Run octopus-setup on the next server and compare the fingerprint there with the one above.",
        "Put a load balancer before the web portals once there are two nodes.",
    ];
    rest = below(rest, 1);
    for (number, words) in next.iter().enumerate() {
        canvas.put(row(rest, 0), &format!("{}", number + 1), theme.dim);
        rest = below(rest, canvas.wrap(behind(rest, 3), words, theme.plain));
    }
}
