//! The views: each draws one part of the window from the scene, and changes nothing but what can be clicked.

mod certificate;
mod checks;
mod done;
mod fields;
mod foot;
mod head;
mod help;
mod install;
mod master_key;
mod message;
mod page;
mod review;
mod say;
mod sidebar;
mod start;
mod string_window;
mod too_small;

use ratatui::layout::Rect;

use super::canvas::Canvas;
use super::editor::Editor;
use super::layout::{self, Regions};
use super::scene::Scene;
use super::secret_input::SecretInput;
use crate::model::screen::ScreenId;
use crate::wizard::state::Overlay;

/// The columns of a screen that is read line by line.
const LONGEST_LINE: u16 = 76;

/// What the face holds by itself and a view may show.
#[derive(Debug)]
pub struct Local<'a> {
    /// The focused field's text and cursor.
    pub editor: &'a Editor,
    /// The text in the window for connection strings.
    pub window: &'a SecretInput,
    /// The first line that is shown of what is longer than its place; a view brings it back within bounds.
    pub scroll: &'a mut u16,
}

/// Draws a frame.
pub fn draw(canvas: &mut Canvas<'_>, area: Rect, scene: &Scene<'_>, local: Local<'_>) {
    if layout::is_too_small(area) {
        too_small::draw(canvas, area);
        return;
    }
    let in_flow = scene.state.place.flow.is_some();
    let regions = layout::regions(area, in_flow, layout::message_lines(area.height));
    head::draw(canvas, regions.head, scene);
    canvas.rule(regions.upper_rule);
    canvas.rule(regions.lower_rule);
    if in_flow {
        sidebar::draw(canvas, regions.sidebar, scene);
    }
    let free = middle(canvas, &regions, scene, local);
    message::draw(canvas, regions.message, free, scene);
    foot::draw(canvas, regions.foot, &scene.bindings);
}

/// What stands between head and message; tells from which line on it leaves the window blank.
fn middle(canvas: &mut Canvas<'_>, regions: &Regions, scene: &Scene<'_>, mut local: Local<'_>) -> u16 {
    // Lines that are read from end to end must not be longer than the eye can follow.
    let column = Rect { width: regions.page.width.min(LONGEST_LINE), ..regions.page };
    match (scene.state.overlay, scene.state.place.here) {
        (Some(Overlay::Help), _) => {
            // Nothing else is said meanwhile, unless something has just happened.
            let message = if scene.state.notice.is_none() { regions.message.height } else { 0 };
            help::draw(canvas, Rect { height: regions.page.height + message, ..column }, scene, local.scroll);
        }
        (Some(Overlay::Certificate), _) => certificate::draw(canvas, column, scene, local.scroll),
        (Some(Overlay::ConnectionString), _) => string_window::draw(canvas, column, local.window),
        (_, ScreenId::Start) => start::draw(canvas, regions.page, scene),
        (_, ScreenId::Review) => review::draw(canvas, column, scene, &mut local),
        (_, ScreenId::Install) => return install::draw(canvas, column, scene),
        (_, ScreenId::MasterKey) => master_key::draw(canvas, column, scene, &local),
        (_, ScreenId::Done) => {
            // Nothing is left to be said there.
            let message = if say::all(canvas, scene).is_empty() { regions.message.height } else { 0 };
            done::draw(canvas, Rect { height: regions.page.height + message, ..column }, scene, local.scroll);
        }
        _ => return page::draw(canvas, regions, scene, &local),
    }
    regions.page.bottom()
}
