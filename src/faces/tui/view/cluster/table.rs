//! The table of nodes: which columns fit, how wide they are, and which rows are shown.

use std::ops::Range;

use ratatui::layout::Rect;
use ratatui::style::Style;

use crate::catalog::format;
use crate::faces::tui::canvas::{Canvas, Hit, behind, below, row};
use crate::faces::tui::scroll::Scroll;
use crate::faces::tui::text;
use crate::model::facts::{Liveness, NodeSeen};

/// The width of the mark before the focused row.
const MARK: u16 = 2;

/// How the table is drawn.
#[derive(Debug, Clone, Copy)]
pub struct TableLayout {
    /// Whether the column headings are shown.
    pub head: bool,
    /// The focused row, if rows can have the focus.
    pub focus: Option<usize>,
}

/// Draws the table. Returns which rows are visible.
pub fn draw_table(
    canvas: &mut Canvas<'_>,
    area: Rect,
    nodes: &[NodeSeen],
    set: TableLayout,
    scroll: &mut Scroll,
) -> Range<usize> {
    let marked = if set.focus.is_some() { MARK } else { 0 };
    let versions = nodes.iter().any(|node| node.version.is_some());
    let columns = fitting(area.width.saturating_sub(marked), versions);
    if set.head {
        let dim = canvas.theme.dim;
        let heads = |column: NodeColumn, _| (column.head().to_owned(), dim);
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
        let cell = |column: NodeColumn| match column {
            NodeColumn::Name => (node.name.to_string(), if focused { theme.accent } else { theme.plain }),
            NodeColumn::Life => (format!("{sign} {word}"), style),
            column => (value(column, node), theme.plain),
        };
        let cell = |column: NodeColumn, width: u16| match cell(column) {
            // Cuts the scheme first, which nearly all addresses share.
            (words, style) if column == NodeColumn::Address && text::width(&words) > width => (host(&words).to_owned(), style),
            cell => cell,
        };
        cells(canvas, behind(line, marked), &columns, cell);
    }
    shown
}

/// Draws one line of the table.
fn cells(canvas: &mut Canvas<'_>, line: Rect, columns: &[(NodeColumn, u16)], cell: impl Fn(NodeColumn, u16) -> (String, Style)) {
    let mut rest = line;
    for (column, width) in columns {
        let place = Rect { width: (*width).min(rest.width), ..rest };
        let (words, style) = cell(*column, *width);
        if *column == NodeColumn::Tasks {
            canvas.put_right(place, &words, style);
        } else {
            canvas.put(place, &words, style);
        }
        rest = behind(rest, width + GAP);
    }
}

/// Returns the text of a node's cell.
fn value(column: NodeColumn, node: &NodeSeen) -> String {
    let registered = node.registered();
    match column {
        NodeColumn::Address => registered.map_or_else(String::new, |row| row.address.to_string()),
        NodeColumn::System => registered.map_or_else(String::new, |row| family(&row.system).to_owned()),
        NodeColumn::Version => node.version.as_ref().map_or_else(String::new, ToString::to_string),
        NodeColumn::Tasks => tasks(node).map_or_else(String::new, |cap| cap.to_string()),
        NodeColumn::Seen => {
            node.last_seen().map_or_else(|| "never".to_owned(), |ago| format!("{} ago", format::span(ago.as_secs())))
        }
        NodeColumn::SetUp => node.row.as_ref().map_or_else(String::new, |kept| minute(&kept.last_seen).to_owned()),
        NodeColumn::Name | NodeColumn::Life => String::new(),
    }
}

/// Returns how many tasks a node takes at a time: from Octopus' own row, otherwise as it was set up.
pub fn tasks(node: &NodeSeen) -> Option<u32> {
    node.task_cap.or_else(|| node.registered().map(|row| u32::from(row.task_cap)))
}

/// Returns an address without its scheme and trailing slash.
fn host(address: &str) -> &str {
    let rest = address.split_once("://").map_or(address, |(_, rest)| rest);
    rest.strip_suffix('/').unwrap_or(rest)
}

/// Returns a time without its seconds: `2026-11-18 12:04`.
pub fn minute(time: &str) -> &str {
    text::beginning(time, 16)
}

/// Returns the family of an operating system: its first word.
fn family(system: &str) -> &str {
    system.split(' ').next().unwrap_or(system)
}

/// Returns a sign, a word and their style for whether a node is alive.
pub fn life(canvas: &Canvas<'_>, node: &NodeSeen) -> (&'static str, &'static str, Style) {
    let (signs, theme) = (canvas.signs, canvas.theme);
    match node.life() {
        Liveness::Dead => (signs.stop, "dead", theme.stop),
        Liveness::Silent => (signs.warn, "silent", theme.warn),
        Liveness::Alive if node.drained => (signs.pending, "drained", theme.dim),
        Liveness::Alive => (signs.ok, "alive", theme.good),
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NodeColumn {
    /// The node's name.
    Name,
    /// The address of its web portal.
    Address,
    /// Its operating system.
    System,
    /// Its version of Octopus Server.
    Version,
    /// How many tasks it takes at a time.
    Tasks,
    /// How long ago it was seen.
    Seen,
    /// When octopus-setup last set it up or changed it, by the server's clock.
    SetUp,
    /// Whether it is alive: a sign and a word.
    Life,
}

/// The gap between two columns.
pub const GAP: u16 = 2;

/// A column and its least width.
type Bounds = (NodeColumn, u16);

/// The columns from left to right.
const BOUNDS: [Bounds; 8] = [
    (NodeColumn::Name, 10),
    (NodeColumn::Address, 13),
    (NodeColumn::System, 7),
    (NodeColumn::Version, 8),
    (NodeColumn::Tasks, 5),
    (NodeColumn::Seen, 10),
    (NodeColumn::SetUp, 16),
    (NodeColumn::Life, 9),
];

/// The columns that get the remaining width in turn, each up to this width.
const GROWING: [(NodeColumn, u16); 6] = [
    (NodeColumn::Name, 12),
    (NodeColumn::Address, 20),
    (NodeColumn::Name, 16),
    (NodeColumn::Version, 10),
    (NodeColumn::Address, 36),
    (NodeColumn::Name, 32),
];

/// The order in which columns appear as the window gets wider.
const COMING: [NodeColumn; 8] = [
    NodeColumn::Name,
    NodeColumn::Life,
    NodeColumn::Seen,
    NodeColumn::Address,
    NodeColumn::Version,
    NodeColumn::Tasks,
    NodeColumn::System,
    NodeColumn::SetUp,
];

impl NodeColumn {
    /// Returns the column heading.
    pub const fn head(self) -> &'static str {
        match self {
            Self::Name => "Node",
            Self::Address => "Address",
            Self::System => "System",
            Self::Version => "Version",
            Self::Tasks => "Tasks",
            Self::Seen => "Last seen",
            Self::SetUp => "Set up (UTC)",
            Self::Life => "",
        }
    }
}

/// Returns the columns that fit, from left to right, with their widths. Names and addresses get the remaining width,
/// and also the width of the version column if no node has a version.
pub fn fitting(width: u16, versions: bool) -> Vec<(NodeColumn, u16)> {
    let mut room = width;
    let mut kept: Vec<NodeColumn> = Vec::with_capacity(COMING.len());
    for column in COMING {
        let least = bounds(column).1 + if kept.is_empty() { 0 } else { GAP };
        // Stops at the first column that does not fit, so that a wider window never loses a column.
        if least > room {
            break;
        }
        room -= least;
        kept.push(column);
    }
    if !versions && kept.contains(&NodeColumn::Version) {
        kept.retain(|column| *column != NodeColumn::Version);
        room += bounds(NodeColumn::Version).1 + GAP;
    }
    let mut columns: Vec<(NodeColumn, u16)> = BOUNDS.into_iter().filter(|(column, _)| kept.contains(column)).collect();
    for (wanted, most) in GROWING {
        for (_, width) in columns.iter_mut().filter(|(column, _)| *column == wanted) {
            let more = room.min(most.saturating_sub(*width));
            *width += more;
            room -= more;
        }
    }
    columns
}

fn bounds(column: NodeColumn) -> Bounds {
    BOUNDS.into_iter().find(|(other, _)| *other == column).unwrap_or((column, 0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(width: u16) -> Vec<NodeColumn> {
        fitting(width, true).into_iter().map(|(column, _)| column).collect()
    }

    #[test]
    fn versions_that_nobody_knows_leave_their_room_to_the_addresses() {
        let columns = fitting(58, false);
        assert_eq!(
            columns.iter().map(|(column, _)| *column).collect::<Vec<_>>(),
            [NodeColumn::Name, NodeColumn::Address, NodeColumn::Seen, NodeColumn::Life]
        );
        let address = |versions| fitting(58, versions).into_iter().find(|(column, _)| *column == NodeColumn::Address);
        assert_eq!(address(true), Some((NodeColumn::Address, 13)));
        assert_eq!(address(false), Some((NodeColumn::Address, 20)));
    }

    #[test]
    fn columns_come_as_the_window_gets_wider() {
        use NodeColumn::{Address, Life, Name, Seen, SetUp, System, Tasks, Version};
        assert_eq!(names(38), [Name, Seen, Life]);
        assert_eq!(names(58), [Name, Address, Version, Seen, Life]);
        assert_eq!(names(76), [Name, Address, System, Version, Tasks, Seen, Life]);
        assert_eq!(names(98), [Name, Address, System, Version, Tasks, Seen, SetUp, Life]);
        for width in 20..200 {
            assert!(names(width).iter().all(|column| names(width + 1).contains(column)), "{width}");
        }
    }

    #[test]
    fn they_fit() {
        for width in 10..250 {
            let columns = fitting(width, width % 2 == 0);
            let gaps = u16::try_from(columns.len().saturating_sub(1)).unwrap() * GAP;
            assert!(columns.iter().map(|(_, width)| width).sum::<u16>() + gaps <= width, "{width}");
        }
    }
}
