//! The views: each draws one part of the window from the scene. A view changes nothing but the clickable areas and the
//! scroll positions.

mod chrome;
mod cluster;
mod done;
mod fields;
mod findings;
mod master_key;
mod message;
mod overlays;
mod page;
mod plan;
mod sections;
mod sheet;
mod start;
mod string_window;

use ratatui::layout::Rect;

use crate::model::screen::ScreenId;
use crate::wizard::state::Overlay;

use super::bindings;
use super::canvas::Canvas;
use super::editor::{Editor, SecretInput};
use super::layout::{self, LEAST, Regions};
use super::scene::Scene;
use super::scroll::Scroll;

/// The widest line that is comfortable to read.
const LONGEST_LINE: u16 = 76;

/// State of the face itself that a view may show.
#[derive(Debug)]
pub struct Local<'a> {
    /// The focused field's text and cursor.
    pub editor: &'a Editor,
    /// The text in the window for connection strings.
    pub window: &'a SecretInput,
    /// The scroll position of the page; a view brings it back within bounds.
    pub scroll: &'a mut Scroll,
    /// The scroll position of a list with its own area.
    pub list: &'a mut Scroll,
}

/// Draws a frame.
pub fn draw(canvas: &mut Canvas<'_>, area: Rect, scene: &Scene<'_>, local: Local<'_>) {
    if layout::is_too_small(area) {
        draw_too_small(canvas, area);
        return;
    }
    // A script and a program's output use the whole width, because their lines become harder to read when wrapped.
    let whole = matches!(scene.state.overlay, Some(Overlay::Script | Overlay::Output));
    let listed = scene.state.flow().is_some() && !whole;
    let regions = layout::regions(area, listed, layout::message_lines(area.height));
    chrome::draw_head(canvas, regions.head, scene);
    canvas.rule(regions.upper_rule);
    canvas.rule(regions.lower_rule);
    if listed {
        chrome::draw_sidebar(canvas, regions.sidebar, scene);
    }
    let mut local = local;
    let free = middle(canvas, &regions, scene, &mut local);
    message::draw_message(canvas, regions.message, free, scene);
    // Only now is it known whether everything fits.
    let more = bindings::paging(scene.state, local.scroll.overflows(), local.list.overflows());
    let bindings: Vec<_> = scene.bindings.iter().copied().chain(more).collect();
    chrome::draw_foot(canvas, regions.foot, &bindings);
}

/// Draws what is between head and message. Returns the first line of the blank space at its end.
fn middle(canvas: &mut Canvas<'_>, regions: &Regions, scene: &Scene<'_>, local: &mut Local<'_>) -> u16 {
    // Text that is read line by line must not be wider than the eye can follow.
    let column = Rect { width: regions.page.width.min(LONGEST_LINE), ..regions.page };
    // If there is no message below a sheet, the sheet also uses the message's lines.
    let message = if message::messages(canvas, scene).is_empty() { regions.message.height } else { 0 };
    let longer = |area: Rect| Rect { height: area.height + message, ..area };
    match (scene.state.overlay, scene.state.place.here) {
        (Some(Overlay::Help), _) => overlays::draw_help(canvas, longer(column), scene, local.scroll),
        (Some(Overlay::Certificate), _) => overlays::draw_certificate(canvas, column, scene, local.scroll),
        (Some(Overlay::Script), _) => overlays::draw_script(canvas, longer(regions.page), scene, local.scroll),
        (Some(Overlay::Output), _) => overlays::draw_output(canvas, longer(regions.page), scene, local.scroll),
        (Some(Overlay::ConnectionString), _) => string_window::draw(canvas, column, local.window),
        (_, ScreenId::Start) => start::draw(canvas, regions.page, scene),
        (_, ScreenId::Review) => plan::draw_review(canvas, column, scene, local),
        (_, ScreenId::Install) => return plan::draw_install(canvas, column, scene),
        (_, ScreenId::MasterKey | ScreenId::Key) => master_key::draw(canvas, column, scene, local),
        (_, ScreenId::Done) => done::draw(canvas, longer(column), scene, local.scroll),
        (_, ScreenId::Cluster) => return cluster::draw(canvas, &lengthened(regions, message), scene, local),
        // These have columns, so they use the whole width.
        (_, ScreenId::Node) => sections::draw_node(canvas, longer(regions.page), scene, local),
        (_, ScreenId::Proof) => sections::draw_proof(canvas, longer(regions.page), scene, local),
        (_, ScreenId::Drift) => sections::draw_drift(canvas, column, scene, local),
        (_, ScreenId::Backups) => sections::draw_backups(canvas, longer(regions.page), scene, local),
        _ => return page::draw_page(canvas, &lengthened(regions, message), scene, local),
    }
    regions.page.bottom()
}

/// Gives the page so many lines more.
fn lengthened(regions: &Regions, lines: u16) -> Regions {
    let longer = |area: Rect| Rect { height: area.height + lines, ..area };
    Regions { page: longer(regions.page), body: longer(regions.body), ..*regions }
}

/// Asks for a larger window, on one line if it fits.
pub fn draw_too_small(canvas: &mut Canvas<'_>, area: Rect) {
    let words = format!("Make the window {} by {} or larger.", LEAST.0, LEAST.1);
    let plain = canvas.theme.plain;
    canvas.wrap(area, &words, plain);
}
