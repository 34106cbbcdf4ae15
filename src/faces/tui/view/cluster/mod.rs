//! The cluster screen: the cluster's identity, its nodes, and below them the fields of a joining node. Under review the
//! rows themselves have the focus.
//!
//! The table takes no more lines than it has rows. If there are more nodes than lines, it shares the window with the
//! fields and the checks, which are always visible.

mod table;

use ratatui::layout::Rect;

use crate::catalog::{failures, format};
use crate::faces::tui::canvas::{Canvas, behind, below, row};
use crate::faces::tui::layout::Regions;
use crate::faces::tui::scene::Scene;
use crate::faces::tui::text;
use crate::model::facts::{Content, Fact, Heartbeat, Identity, NodeSeen};
use crate::wizard::state::{Focus, State};

use super::findings::Findings;
use super::{Local, fields, page, sheet};

/// The number of lines with details of the chosen node.
const DETAILS: u16 = 4;
/// The width of the labels of these details.
const LABEL: u16 = 9;

/// Draws the screen. Returns the first line of the blank space at its end.
pub fn draw(canvas: &mut Canvas<'_>, regions: &Regions, scene: &Scene<'_>, local: &mut Local<'_>) -> u16 {
    let state = scene.state;
    let count = |number: usize| u16::try_from(number).unwrap_or(u16::MAX);
    let focus = match state.place.focus {
        Focus::Item(item) => Some(item),
        Focus::Screen | Focus::Field(_) | Focus::Button => None,
    };
    let beside = regions.wide && focus.is_none();
    let width = |beside: bool| if beside { findings_width(regions.page.width) } else { regions.page.width };
    let found = Findings::new(canvas, scene, width(beside));
    let amount = ClusterContent {
        intro: count(text::wrap(&scene.intro(), regions.page.width).len()),
        nodes: expected(state),
        fields: match (scene.fields.len(), focus) {
            (0, None) => 0,
            (0, Some(_)) => DETAILS,
            (fields, _) => count(fields) + 2,
        },
        checks: found.height(),
        screens: if regions.sidebar.is_empty() { 0 } else { count(scene.path().len()) },
        beside,
    };
    let places = arrange(regions, amount);
    page::titled(canvas, places.heading, scene, &title(state).unwrap_or_else(|| scene.title().to_owned()), places.roomy);
    match &state.facts.cluster.nodes {
        Fact::Seen(nodes) if !nodes.is_empty() => {
            let set = table::TableLayout { head: places.head, focus };
            let shown = table::draw_table(canvas, places.table, nodes, set, local.list);
            let part = sheet::part("rows", &shown, nodes.len());
            let dim = canvas.theme.dim;
            canvas.put(places.mark, &part, dim);
            if places.mark.is_empty() {
                sheet::marks(canvas, places.table, &shown, nodes.len());
            }
            if let Some(node) = focus.and_then(|focus| nodes.get(focus)) {
                details(canvas, places.fields, node);
            }
        }
        other => absent(canvas, places.table, scene, other.trouble().is_some()),
    }
    if !scene.fields.is_empty() {
        fields::draw_fields(canvas, places.fields, scene, local);
    }
    // The page's scroll is free here: the table has its own.
    found.draw(canvas, places.checks, scene, local.scroll);
    places.fields.bottom().max(places.checks.bottom()).max(places.mark.bottom()).max(regions.sidebar.y + amount.screens)
}

/// Describes the cluster on one line.
fn title(state: &State) -> Option<String> {
    let nodes = state.facts.cluster.nodes.seen().map(|nodes| nodes.len());
    let count = |known: usize| match nodes.unwrap_or(known) {
        1 => "1 node".to_owned(),
        many => format!("{} nodes", text::thousands(many)),
    };
    match state.facts.cluster.identity.seen()? {
        Identity::Registered(seen) => {
            let known = usize::try_from(seen.node_count).unwrap_or(usize::MAX);
            let since = text::beginning(seen.created.as_str(), 10);
            Some(format!("Cluster {}, {}, since {since}", seen.id.short(), count(known)))
        }
        Identity::Octopus { version: Some(version) } => Some(format!("Made by Octopus Server {version}, {}", count(0))),
        Identity::Octopus { version: None } => Some(format!("Made by Octopus Server, {}", count(0))),
    }
}

/// Returns how many nodes the table will have. Before they have been read, the database screen has counted them
/// already, so nothing moves when they arrive.
fn expected(state: &State) -> usize {
    if let Some(nodes) = state.facts.cluster.nodes.seen() {
        return nodes.len();
    }
    match state.facts.server.content.seen() {
        Some(Content::Cluster(seen)) => usize::try_from(seen.node_count).unwrap_or(usize::MAX),
        Some(Content::Octopus { nodes, .. }) => nodes.len(),
        _ => 1,
    }
}

/// Says why there is no table.
fn absent(canvas: &mut Canvas<'_>, area: Rect, scene: &Scene<'_>, missing: bool) {
    let theme = canvas.theme;
    let trouble = scene.state.facts.cluster.nodes.trouble().or_else(|| scene.state.facts.cluster.identity.trouble());
    let (sign, style, words) = match trouble {
        Some(trouble) => {
            let said = failures::explain_trouble(trouble).says;
            (canvas.signs.warn, theme.warn, format!("The nodes could not be read. {said}"))
        }
        None if scene.is_running() => (canvas.signs.running, theme.plain, "Reading the nodes.".to_owned()),
        None if scene.state.facts.cluster.nodes.seen().is_some() => {
            (canvas.signs.warn, theme.warn, "No node is in it yet.".to_owned())
        }
        None => (canvas.signs.pending, theme.dim, "Not read yet.".to_owned()),
    };
    canvas.put(row(area, 0), sign, style);
    let words_style = if missing { theme.plain } else { theme.dim };
    canvas.wrap(behind(area, 2), &words, words_style);
}

/// Draws details of the chosen node that the table has no room for.
fn details(canvas: &mut Canvas<'_>, area: Rect, node: &NodeSeen) {
    let theme = canvas.theme;
    let Some(kept) = &node.row else {
        canvas.wrap(area, "Only Octopus itself knows of this node; the registry has no row of it.", theme.dim);
        return;
    };
    let row_of = &kept.row;
    let beat = match node.beat {
        Heartbeat::Ago(ago) => format!("heartbeat {} ago", format::span(ago.as_secs())),
        Heartbeat::Never => "never ran on this database".to_owned(),
        Heartbeat::Unreadable => "heartbeat cannot be read".to_owned(),
    };
    let version = node.version.as_ref().map_or_else(String::new, ToString::to_string);
    // Most hosts have the same name as their node.
    let host = if node.is_called(&row_of.host) { String::new() } else { row_of.host.to_string() };
    let cap = table::tasks(node).map_or_else(String::new, |cap| format!("task cap {cap}"));
    let lines = [
        ("Runs on", vec![host, row_of.system.to_string()]),
        ("Reached", vec![row_of.prefixes.to_string(), format!("ports {}, {}", row_of.comms_port, row_of.grpc_port)]),
        (
            "Set up",
            vec![
                format!("{} UTC", table::minute(&kept.last_seen)),
                format!("joined {}", text::beginning(&kept.joined, 10)),
                if kept.drained { "drained".to_owned() } else { String::new() },
                format!("octopus-setup {}", row_of.program),
            ],
        ),
        ("Octopus", vec![version, cap, beat]),
    ];
    // The last part is the least important and is left out as a whole if it does not fit.
    let lines = lines.map(|(label, parts)| {
        let room = usize::from(area.width.saturating_sub(LABEL));
        let mut said = String::new();
        for part in parts.into_iter().filter(|part| !part.is_empty()) {
            if said.is_empty() {
                said = part;
            } else if usize::from(text::width(&said))
                + usize::from(text::width(canvas.signs.dot))
                + usize::from(text::width(&part))
                <= room
            {
                said = [said, part].join(canvas.signs.dot);
            } else {
                break;
            }
        }
        (label, said)
    });
    for (line, (label, words)) in (0..).zip(&lines) {
        let line = row(area, line);
        canvas.put(Rect { width: (LABEL - 1).min(line.width), ..line }, label, theme.dim);
        canvas.put(behind(line, LABEL), words, theme.plain);
    }
}

/// How much content the screen has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClusterContent {
    /// Lines of the introduction.
    pub intro: u16,
    pub nodes: usize,
    /// Lines of the fields with the focused one's help, or of the chosen node's details.
    pub fields: u16,
    pub checks: u16,
    /// Number of screens in the sidebar, 0 without a sidebar.
    pub screens: u16,
    /// Whether the checks may be beside the fields. The lines of a node's details are too long for that.
    pub beside: bool,
}

/// The areas of the screen's parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClusterLayout {
    /// Whether the whole introduction is shown.
    pub roomy: bool,
    /// Title and introduction.
    pub heading: Rect,
    /// Whether the table has column headings.
    pub head: bool,
    /// The table, including its headings.
    pub table: Rect,
    /// The line that says which rows are visible.
    pub mark: Rect,
    pub fields: Rect,
    pub checks: Rect,
}

/// A layout that saves some room; they are tried in turn.
struct Density {
    roomy: bool,
    /// Blank lines below the heading, and before the checks.
    gaps: (u16, u16),
    /// The least number of rows in the table, if there are as many nodes.
    rows: usize,
}

const DENSITIES: [Density; 4] = [
    Density { roomy: true, gaps: (1, 1), rows: 8 },
    Density { roomy: false, gaps: (1, 1), rows: 6 },
    // Dropping a blank line is better than a table with too few rows.
    Density { roomy: false, gaps: (0, 1), rows: 4 },
    Density { roomy: false, gaps: (0, 0), rows: 2 },
];

/// The columns of the fields where the findings stand beside them.
const fn fields_width(page: u16) -> u16 {
    let part = page * 2 / 5;
    let part = if part > 46 { part } else { 46 };
    if part < page { part } else { page }
}

/// The columns of the findings beside the fields.
const fn findings_width(page: u16) -> u16 {
    page.saturating_sub(fields_width(page) + 3)
}

/// Arranges the screen.
pub fn arrange(regions: &Regions, amount: ClusterContent) -> ClusterLayout {
    for density in &DENSITIES {
        if let Some(found) = arrange_with(density, regions, amount) {
            return found;
        }
    }
    least(regions, amount)
}

fn arrange_with(density: &Density, regions: &Regions, amount: ClusterContent) -> Option<ClusterLayout> {
    let page = regions.page;
    let wide = amount.beside;
    let checks = amount.checks;
    let heading = 1 + if density.roomy { amount.intro } else { 0 };
    // The line below the table is blank, or says which rows are visible.
    let (under, before) = (density.gaps.0, if amount.checks > 0 && amount.fields > 0 { density.gaps.1 } else { 0 });
    let lower = if wide { amount.fields.max(checks) } else { amount.fields + before + checks };
    let others = heading + under + 1 + 1 + lower;
    let room = usize::from(page.height.checked_sub(others)?);
    let nodes = amount.nodes.max(1);
    if room < nodes.min(density.rows) || room == 0 {
        return None;
    }
    let rows = u16::try_from(room.min(nodes)).unwrap_or(u16::MAX);
    let table = Rect { height: 1 + rows, ..below(page, heading + under) };
    let mark = Rect { y: table.bottom(), height: 1, ..page };
    let rest = Rect { y: mark.bottom(), height: page.bottom() - mark.bottom(), ..page };
    let heading = Rect { height: heading, ..page };
    if wide {
        let left = fields_width(page.width);
        let fields = Rect { width: left, height: amount.fields.min(rest.height), ..rest };
        let taken = if amount.fields == 0 { 0 } else { left + 3 };
        let checks = Rect {
            x: (rest.x + taken).min(rest.right()),
            width: rest.width.saturating_sub(taken),
            height: checks.min(rest.height),
            ..rest
        };
        return Some(ClusterLayout { roomy: density.roomy, heading, head: true, table, mark, fields, checks });
    }
    let fields = Rect { height: amount.fields.min(rest.height), ..rest };
    let start = fields.bottom() + before;
    let checks = Rect { y: start, height: checks, ..page };
    Some(ClusterLayout { roomy: density.roomy, heading, head: true, table, mark, fields, checks })
}

/// Arranges a window without enough room: the fields scroll, the checks show the most urgent and a tally, the table
/// shrinks.
fn least(regions: &Regions, amount: ClusterContent) -> ClusterLayout {
    let Regions { page, .. } = *regions;
    let heading = 1.min(page.height);
    let rest = page.height - heading;
    let checks = match (amount.checks, rest) {
        (0, _) | (_, 0..3) => 0,
        (_, 3..9) => 1,
        (all, _) => all.min(rest / 3),
    };
    let rest = rest - checks;
    let wanted = u16::try_from(amount.nodes.max(1)).unwrap_or(u16::MAX);
    let fields = amount.fields.min((rest / 2).max(rest.saturating_sub(wanted.saturating_add(1))));
    let table = rest - fields;
    let head = table >= 4;
    let marked = table >= 6 && usize::from(table - 2) < amount.nodes;
    let rows = (table - u16::from(marked)).min(wanted.saturating_add(u16::from(head)));
    let table = Rect { height: rows, ..below(page, heading) };
    let mark = Rect { y: table.bottom(), height: u16::from(marked), ..page };
    let fields =
        Rect { y: mark.bottom(), height: (page.bottom() - mark.bottom()).saturating_sub(checks).min(amount.fields), ..page };
    let checks = Rect { y: page.bottom() - checks, height: checks, ..page };
    let heading = Rect { height: heading, ..page };
    ClusterLayout { roomy: false, heading, head, table, mark, fields, checks }
}

#[cfg(test)]
mod tests {
    use crate::faces::tui::layout;

    use super::*;

    fn arranged(width: u16, height: u16, amount: ClusterContent) -> (Regions, ClusterLayout) {
        let regions = layout::regions(Rect::new(0, 0, width, height), true, layout::message_lines(height));
        (regions, arrange(&regions, ClusterContent { beside: amount.beside && regions.wide, ..amount }))
    }

    const JOIN: ClusterContent = ClusterContent { intro: 2, nodes: 2, fields: 5, checks: 6, screens: 8, beside: true };

    #[test]
    fn at_80_by_24_two_nodes_three_fields_and_six_checks_are_all_seen() {
        let (_, found) = arranged(80, 24, JOIN);
        assert_eq!(found.table.height, 3);
        assert_eq!(found.fields.height, 5);
        assert_eq!(found.checks.height, 6);
    }

    #[test]
    fn many_nodes_leave_room_for_fields_and_checks() {
        for (width, height) in [(80, 24), (120, 40), (100, 30)] {
            let (_, found) = arranged(width, height, ClusterContent { nodes: 100_000, ..JOIN });
            assert!(found.table.height >= 4, "{width}x{height}");
            assert_eq!(found.fields.height, 5);
            assert_eq!(found.checks.height, 6);
            assert_eq!(found.mark.height, 1);
        }
        let (_, found) = arranged(40, 12, ClusterContent { nodes: 100_000, ..JOIN });
        assert!(found.table.height >= 2 && found.fields.height >= 2 && found.checks.height == 1, "{found:?}");
    }

    proptest::proptest! {
        #[test]
        fn parts_stay_inside_and_do_not_overlap(
            width in 40u16..200, height in 12u16..60, nodes in 0usize..40, fields in 0u16..10, checks in 0u16..8, intro in 1u16..4,
            beside: bool,
        ) {
            let amount = ClusterContent { intro, nodes, fields, checks, screens: 8, beside };
            let (regions, found) = arranged(width, height, amount);
            let parts = [found.heading, found.table, found.mark, found.fields, found.checks, regions.message];
            for part in parts {
                proptest::prop_assert_eq!(part.intersection(Rect::new(0, 0, width, height)), part);
            }
            for (place, one) in parts.iter().enumerate() {
                for other in &parts[place + 1..] {
                    proptest::prop_assert!(one.is_empty() || other.is_empty() || !one.intersects(*other), "{:?} {:?}", one, other);
                }
            }
            proptest::prop_assert!(found.table.height >= 1);
            proptest::prop_assert!(fields == 0 || found.fields.height >= 2.min(fields), "{:?}", found);
        }
    }
}
