//! The cluster screen: who the cluster is, its nodes, and beneath them what a node that joins has to answer. Under review
//! the rows themselves have the focus.

mod arrange;
mod columns;
mod table;

use ratatui::layout::Rect;

use super::{Local, checks, fields, page, sheet};
use crate::catalog::{failures, format};
use crate::faces::tui::canvas::{Canvas, behind, row};
use crate::faces::tui::layout::Regions;
use crate::faces::tui::scene::Scene;
use crate::faces::tui::text;
use crate::model::facts::{Content, Fact, Heartbeat, Identity, NodeSeen};
use crate::wizard::state::{Focus, State};
use arrange::Amount;

/// The columns of the checks' signs and labels where they stand beside the fields.
const WIDE_LABELS: u16 = 15;
/// The lines of what is told of the chosen node.
const DETAILS: u16 = 4;
/// The columns of their labels.
const LABEL: u16 = 9;

/// Draws the screen; tells from which line on it leaves the window blank.
pub fn draw(canvas: &mut Canvas<'_>, regions: &Regions, scene: &Scene<'_>, local: &mut Local<'_>) -> u16 {
    let state = scene.state;
    let count = |number: usize| u16::try_from(number).unwrap_or(u16::MAX);
    let focus = match state.place.focus {
        Focus::Item(item) => Some(item),
        Focus::Screen | Focus::Field(_) => None,
    };
    let amount = Amount {
        intro: count(text::wrap(&scene.intro(), regions.page.width).len()),
        nodes: expected(state),
        fields: match (scene.fields.len(), focus) {
            (0, None) => 0,
            (0, Some(_)) => DETAILS,
            (fields, _) => count(fields) + 2,
        },
        checks: count(scene.verdicts.len()),
        screens: if regions.sidebar.is_empty() { 0 } else { count(scene.path().len()) },
        beside: regions.wide && focus.is_none(),
    };
    let places = arrange::arrange(regions, amount);
    page::titled(canvas, places.heading, scene, &title(state).unwrap_or_else(|| scene.title().to_owned()), places.roomy);
    match &state.facts.cluster.nodes {
        Fact::Seen(nodes) if !nodes.is_empty() => {
            let set = table::Set { head: places.head, focus };
            let shown = table::draw(canvas, places.table, nodes, set, local.list);
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
        fields::draw(canvas, places.fields, scene, local, false);
    }
    let labels = if amount.beside { WIDE_LABELS } else { fields::label_column(state.place.here) };
    checks::draw(canvas, places.checks, scene, checks::Set { columns: places.columns, labels });
    places.fields.bottom().max(places.checks.bottom()).max(places.mark.bottom()).max(regions.sidebar.y + amount.screens)
}

/// Who the cluster is, in a line.
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

/// How many nodes the table has. Before they have been read, the database screen knows their number already, so that
/// nothing moves when they come.
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

/// What the table has no room for, of the node that is chosen.
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
    // Most hosts are called as their nodes are.
    let host = if node.is_called(&row_of.host) { String::new() } else { row_of.host.clone() };
    let cap = table::tasks(node).map_or_else(String::new, |cap| format!("task cap {cap}"));
    let lines = [
        ("Runs on", vec![host, row_of.system.clone()]),
        ("Reached", vec![row_of.prefixes.clone(), format!("ports {}, {}", row_of.comms_port, row_of.grpc_port)]),
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
    // The last is the least: it goes as a whole where there is no room for it.
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
