//! The script that the plan would be for Octopus Server's own command line, in place of the screen.

use ratatui::layout::Rect;

use super::sheet::{self, Line};
use crate::faces::tui::canvas::{Canvas, row};
use crate::faces::tui::scene::Scene;
use crate::faces::tui::scroll::Scroll;
use crate::faces::tui::text;
use crate::render::{self, Shell};

/// How far the rest of a line that does not fit is set in.
const REST: u16 = 8;

/// Draws it, from the line that was scrolled to. Its secrets are references, so that nothing has to be hidden.
pub fn draw(canvas: &mut Canvas<'_>, area: Rect, scene: &Scene<'_>, scroll: &mut Scroll) {
    let theme = canvas.theme;
    let Some(plan) = &scene.state.run().plan else {
        canvas.put(row(area, 0), "There is no plan.", theme.dim);
        return;
    };
    let shell = Shell::of(plan.node.platform);
    let mut lines = vec![Line::new(format!("The same in {}, for Octopus Server's own command line", shell.name()), theme.title)];
    let intro = if plan.hand_over.is_some() {
        "The plan's last steps run these commands themselves, with more care. octopus-setup script prints them later, or a compose file."
    } else {
        "It is not run from here. Once the node config is written, octopus-setup script prints it, or a compose file."
    };
    sheet::wrap(&mut lines, intro, 0, area.width.saturating_sub(2), theme.dim);
    lines.push(Line::blank());
    // The last two columns are for the signs that there is more.
    let width = area.width.saturating_sub(2);
    for line in render::script(plan, shell).lines() {
        let style = if line.starts_with('#') { theme.dim } else { theme.plain };
        let first = text::wrap(line, width).first().map_or(0, |first| first.len());
        let (head, rest) = line.split_at(first);
        lines.push(Line::new(head, style));
        sheet::wrap_rest(&mut lines, rest.trim_start(), REST, width, style);
    }
    sheet::draw(canvas, area, &lines, scroll);
}
