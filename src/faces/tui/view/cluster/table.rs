//! The table of nodes. Only the rows that are seen are made into text: a cluster of a hundred thousand nodes costs what
//! one of ten does.

use std::ops::Range;

use ratatui::layout::Rect;
use ratatui::style::Style;

use super::columns::{self, Column, GAP};
use crate::catalog::format;
use crate::faces::tui::canvas::{Canvas, behind, below, row};
use crate::faces::tui::hits::Hit;
use crate::faces::tui::scroll::Scroll;
use crate::faces::tui::text;
use crate::model::facts::{Liveness, NodeSeen};

/// The columns of the mark before the row that has the focus.
const MARK: u16 = 2;

/// How the table is drawn.
#[derive(Debug, Clone, Copy)]
pub struct Set {
    /// Whether the heads of the columns are shown.
    pub head: bool,
    /// The row that has the focus, where rows can have it.
    pub focus: Option<usize>,
}

/// Draws the table; tells which rows it shows.
pub fn draw(canvas: &mut Canvas<'_>, area: Rect, nodes: &[NodeSeen], set: Set, scroll: &mut Scroll) -> Range<usize> {
    let marked = if set.focus.is_some() { MARK } else { 0 };
    let versions = nodes.iter().any(|node| node.version.is_some());
    let columns = columns::fitting(area.width.saturating_sub(marked), versions);
    if set.head {
        let dim = canvas.theme.dim;
        let heads = |column: Column, _| (column.head().to_owned(), dim);
        cells(canvas, behind(row(area, 0), marked), &columns, heads);
    }
    let list = below(area, u16::from(set.head));
    scroll.hold(nodes.len(), |place| nodes.get(place).map(|node| &node.name));
    let shown = match set.focus {
        Some(focus) => scroll.window_with(focus.min(nodes.len().saturating_sub(1)), nodes.len(), list.height),
        None => scroll.window(nodes.len(), list.height),
    };
    scroll.anchor(nodes.get(shown.start).map(|node| &node.name));
    for (line, place) in (0..list.height).zip(shown.clone()) {
        let line = row(list, line);
        let focused = set.focus == Some(place);
        if set.focus.is_some() {
            canvas.hit(line, Hit::Item(place));
        }
        if focused {
            canvas.put(line, canvas.signs.here, canvas.theme.accent);
        }
        let Some(node) = nodes.get(place) else { continue };
        let (sign, word, style) = life(canvas, node);
        let theme = canvas.theme;
        let cell = |column: Column| match column {
            Column::Name => (node.name.to_string(), if focused { theme.accent } else { theme.plain }),
            Column::Life => (format!("{sign} {word}"), style),
            column => (value(column, node), theme.plain),
        };
        let cell = |column: Column, width: u16| match cell(column) {
            // What is cut is better the part that nearly all of them share.
            (words, style) if column == Column::Address && text::width(&words) > width => (host(&words).to_owned(), style),
            cell => cell,
        };
        cells(canvas, behind(line, marked), &columns, cell);
    }
    shown
}

/// A line of the table.
fn cells(canvas: &mut Canvas<'_>, line: Rect, columns: &[(Column, u16)], cell: impl Fn(Column, u16) -> (String, Style)) {
    let mut rest = line;
    for (column, width) in columns {
        let place = Rect { width: (*width).min(rest.width), ..rest };
        let (words, style) = cell(*column, *width);
        if *column == Column::Tasks {
            canvas.put_right(place, &words, style);
        } else {
            canvas.put(place, &words, style);
        }
        rest = behind(rest, width + GAP);
    }
}

/// What stands in a column of a node.
fn value(column: Column, node: &NodeSeen) -> String {
    let registered = node.registered();
    match column {
        Column::Address => registered.map_or_else(String::new, |row| row.address.clone()),
        Column::System => registered.map_or_else(String::new, |row| family(&row.system).to_owned()),
        Column::Version => node.version.as_ref().map_or_else(String::new, ToString::to_string),
        Column::Tasks => tasks(node).map_or_else(String::new, |cap| cap.to_string()),
        Column::Seen => node.last_seen().map_or_else(|| "never".to_owned(), |ago| format!("{} ago", format::span(ago.as_secs()))),
        Column::SetUp => node.row.as_ref().map_or_else(String::new, |kept| minute(&kept.last_seen).to_owned()),
        Column::Name | Column::Life => String::new(),
    }
}

/// How many tasks a node takes at a time: by Octopus' own row, else as it was set up.
pub fn tasks(node: &NodeSeen) -> Option<u32> {
    node.task_cap.or_else(|| node.registered().map(|row| u32::from(row.task_cap)))
}

/// An address without its scheme and the slash at its end.
fn host(address: &str) -> &str {
    let rest = address.split_once("://").map_or(address, |(_, rest)| rest);
    rest.strip_suffix('/').unwrap_or(rest)
}

/// A time without its seconds: `2026-11-18 12:04`.
pub fn minute(time: &str) -> &str {
    text::beginning(time, 16)
}

/// The family of an operating system: its first word.
fn family(system: &str) -> &str {
    system.split(' ').next().unwrap_or(system)
}

/// Whether a node is alive, as a sign, a word and their style.
pub fn life(canvas: &Canvas<'_>, node: &NodeSeen) -> (&'static str, &'static str, Style) {
    let (signs, theme) = (canvas.signs, canvas.theme);
    match node.life() {
        Liveness::Dead => (signs.stop, "dead", theme.stop),
        Liveness::Silent => (signs.warn, "silent", theme.warn),
        Liveness::Alive if node.drained => (signs.pending, "drained", theme.dim),
        Liveness::Alive => (signs.ok, "alive", theme.good),
    }
}
