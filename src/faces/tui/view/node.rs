//! A node under review: its settings in groups, and where each of them came from.

use ratatui::layout::Rect;

use super::sheet::{self, Line};
use super::{Local, checks, page};
use crate::catalog::failures;
use crate::faces::tui::canvas::{Canvas, below, row};
use crate::faces::tui::scene::Scene;
use crate::faces::tui::text;
use crate::model::facts::Fact;
use crate::wizard::settings::{self, SettingItem};

/// The columns of the checks' signs and labels.
const LABEL: u16 = 17;
/// The columns of the sources where they have a column of their own.
const SOURCE: u16 = 22;
/// From here on they do.
const WIDE: u16 = 64;

/// Draws the section.
pub fn draw(canvas: &mut Canvas<'_>, area: Rect, scene: &Scene<'_>, local: &mut Local<'_>) {
    let airy = area.height >= 12;
    page::heading(canvas, Rect { height: 1.min(area.height), ..area }, scene, false);
    let checked = u16::try_from(scene.verdicts.len()).unwrap_or(0).min(area.height / 4);
    let top = 1 + u16::from(airy);
    let under = if checked > 0 { checked + u16::from(airy) } else { 0 };
    let list = below(area, top);
    let list = Rect { height: list.height.saturating_sub(under), ..list };
    let lines = lines(canvas, scene, list.width.saturating_sub(2));
    sheet::draw(canvas, list, &lines, local.scroll);
    let checks = Rect { y: area.bottom() - checked, height: checked, ..area };
    checks::draw(canvas, checks, scene, checks::Set { columns: 1, labels: LABEL });
    if airy && checked > 0 {
        super::proof::part(canvas, row(area, area.height - checked - 1), lines.len(), list.height, local);
    }
}

fn lines(canvas: &Canvas<'_>, scene: &Scene<'_>, width: u16) -> Vec<Line> {
    let theme = canvas.theme;
    let mut lines = Vec::with_capacity(32);
    let mut group = None;
    let settings = settings::list(scene.state);
    let widest = settings.iter().map(|setting| text::width(setting.label)).max().unwrap_or(0);
    let column = (widest + 2).min(width / 2);
    for SettingItem { group: of, id: _, label, value, source } in settings {
        let source = source.label();
        if group != Some(of) {
            if !lines.is_empty() {
                lines.push(Line::blank());
            }
            lines.push(Line::new(of.label(), theme.title));
            group = Some(of);
        }
        let line = Line::new(label, theme.plain);
        if width >= WIDE && text::width(&value) + 1 < width - column - SOURCE {
            lines.push(line.with(column, value, theme.plain).with(width - SOURCE, source, theme.dim));
            continue;
        }
        // A value that is longer than its place goes on beneath it: half of a path is none.
        let wrapped = text::wrap(&value, width.saturating_sub(column));
        let mut line = line;
        for (number, words) in wrapped.iter().enumerate() {
            if number > 0 {
                lines.push(std::mem::take(&mut line));
            }
            line = line.with(column, *words, theme.plain);
        }
        let last = wrapped.last().map_or(0, |words| text::width(words));
        if column + last + text::width(source) + 2 > width {
            lines.push(line);
            lines.push(Line::blank().aside(source, theme.dim));
        } else {
            lines.push(line.aside(source, theme.dim));
        }
    }
    if lines.is_empty() {
        let words = match &scene.state.facts.node.config {
            Fact::Missing(trouble) => failures::explain_trouble(trouble).says,
            Fact::Unknown | Fact::Seen(_) if scene.is_running() => "Reading the node config.".to_owned(),
            Fact::Unknown | Fact::Seen(_) => "Not read yet.".to_owned(),
        };
        sheet::wrap(&mut lines, &words, 0, width, theme.dim);
    }
    lines
}
