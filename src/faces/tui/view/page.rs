//! A screen of fields and checks.

use ratatui::layout::Rect;

use super::{Local, certificate, checks, fields, shares};
use crate::faces::tui::canvas::{Canvas, below, row};
use crate::faces::tui::layout::{self, Amount, Regions};
use crate::faces::tui::scene::Scene;
use crate::faces::tui::text;
use crate::model::screen::ScreenId;
use crate::wizard;

/// The columns of the checks' signs and labels where they stand beside the fields.
const WIDE_LABELS: u16 = 15;

/// Draws a screen of fields and checks; tells from which line on it leaves the window blank.
pub fn draw(canvas: &mut Canvas<'_>, regions: &Regions, scene: &Scene<'_>, local: &Local<'_>) -> u16 {
    let count = |number: usize| u16::try_from(number).unwrap_or(u16::MAX);
    let shares = wizard::shares::of(scene.state);
    let amount = Amount {
        intro: count(text::wrap(&scene.intro(), layout::text_width(regions)).len()),
        fields: count(scene.fields.len() + shares.len()),
        folded: count(fields::folded(&scene.fields) + shares.len()),
        asked: !scene.fields.is_empty(),
        checks: count(scene.verdicts.len()),
        screens: if regions.sidebar.is_empty() { 0 } else { count(scene.path().len()) },
    };
    let arrangement = layout::arrange(regions, amount);
    heading(canvas, arrangement.heading, scene, arrangement.roomy);
    if shares.is_empty() {
        fields::draw(canvas, arrangement.fields, scene, local, arrangement.folded);
    } else {
        shares::draw(canvas, arrangement.fields, &shares);
    }
    // Below the fields they are aligned with them.
    let labels = if regions.wide { WIDE_LABELS } else { fields::label_column(scene.state.place.here) };
    let set = checks::Set { columns: arrangement.columns, labels };
    checks::draw(canvas, arrangement.checks, scene, set);
    if regions.wide && scene.state.place.here == ScreenId::Database {
        let under = arrangement.checks.bottom() + 1;
        let area = Rect { y: under, height: regions.page.bottom().saturating_sub(under), ..arrangement.checks };
        certificate::beside(canvas, area, scene);
    }
    blank_from(canvas, regions.body)
}

/// The line from which on an area is blank. What was drawn tells: fields have more room than lines where it is plenty, and
/// a message that is cut beneath empty lines would be a pity.
fn blank_from(canvas: &Canvas<'_>, area: Rect) -> u16 {
    let is_blank = |line: &u16| (area.left()..area.right()).all(|column| canvas.buffer[(column, *line)].symbol() == " ");
    let blank = (area.top()..area.bottom()).rev().take_while(is_blank).count();
    area.bottom() - u16::try_from(blank).unwrap_or(0)
}

/// The title with the introduction under it, or as much of it as fits beside it. Without a sidebar it also tells where
/// we are in the flow.
pub fn heading(canvas: &mut Canvas<'_>, area: Rect, scene: &Scene<'_>, roomy: bool) {
    titled(canvas, area, scene, scene.title(), roomy);
}

/// The same under a title of its own.
pub fn titled(canvas: &mut Canvas<'_>, area: Rect, scene: &Scene<'_>, title: &str, roomy: bool) {
    let theme = canvas.theme;
    let first = row(area, 0);
    let place = scene.path().iter().position(|screen| *screen == scene.state.place.here);
    let mut rest = first;
    if let Some(place) = place
        && canvas.buffer.area.width < 72
    {
        rest = canvas.put(rest, &format!("{} of {} ", place + 1, scene.path().len()), theme.dim);
    }
    rest = canvas.put(rest, title, theme.title);
    let intro = scene.intro();
    if roomy {
        canvas.wrap(below(area, 1), &intro, theme.dim);
    } else {
        let sentence = text::first_sentence(&intro);
        if text::width(sentence) + 3 <= rest.width {
            canvas.put(crate::faces::tui::canvas::behind(rest, 3), sentence, theme.dim);
        }
    }
}
