//! The last screen: what exists now, and what to do next.

use ratatui::layout::Rect;

use std::path::PathBuf;

use super::page;
use super::sheet::{self, Line};
use crate::catalog::format;
use crate::faces::tui::canvas::{Canvas, below};
use crate::faces::tui::scene::Scene;
use crate::faces::tui::scroll::Scroll;
use crate::faces::tui::text;
use crate::model::field::FieldId;
use crate::model::flow::Flow;
use crate::model::node_config::NodeConfig;
use crate::model::plan::Plan;
use crate::model::storage::SharedStorage;
use crate::render::tentacles;
use crate::render::{Setup, Shell, next_node};
use crate::wizard::next_steps;

/// The columns of the labels.
const LABEL: u16 = 13;

/// Draws the screen, scrolled.
pub fn draw(canvas: &mut Canvas<'_>, area: Rect, scene: &Scene<'_>, scroll: &mut Scroll) {
    let lines = lines(canvas, scene, area.width);
    // The introduction is shortened first if there is not enough room.
    let intro = u16::try_from(text::wrap(&scene.intro(), area.width).len()).unwrap_or(1);
    let count = u16::try_from(lines.len()).unwrap_or(u16::MAX);
    let roomy = count.saturating_add(intro + 2) <= area.height;
    page::heading(canvas, area, scene, roomy);
    let rest = below(area, if roomy { intro + 2 } else { 1 });
    sheet::draw(canvas, rest, &lines, scroll);
}

fn lines(canvas: &Canvas<'_>, scene: &Scene<'_>, width: u16) -> Vec<Line> {
    let theme = canvas.theme;
    let mut lines: Vec<Line> = Vec::with_capacity(20);
    // A path or a command is useless if it is cut, so everything is wrapped.
    for (name, value) in facts(scene) {
        for (number, words) in text::wrap(&value, width.saturating_sub(LABEL + 2)).into_iter().enumerate() {
            let label = if number == 0 { name } else { "" };
            lines.push(Line::new(label, theme.dim).with(LABEL, words, theme.plain));
        }
    }
    let (command, flow) = (scene.state.run().plan.as_deref().and_then(tentacles::poll_server_command), scene.state.flow());
    lines.push(Line::blank());
    if let Some(command) = command {
        lines.push(Line::new("On each polling Tentacle", theme.title));
        sheet::wrap(&mut lines, &command, 0, width.saturating_sub(2), theme.plain);
        lines.push(Line::blank());
    }
    // Only a first node's operator needs it; the operator of a joining node has just run it.
    if flow == Some(Flow::FirstNode) {
        lines.extend(next_command(canvas, scene, width));
        lines.push(Line::blank());
    }
    lines.push(Line::new("Next", theme.title));
    let plan = scene.state.run().plan.as_deref();
    let nexts = flow.map(|flow| next_steps::next_steps(flow, plan)).unwrap_or_default();
    let columns = if nexts.len() > 9 { 4 } else { 3 };
    for (number, next) in (1..).zip(nexts) {
        for (line, words) in text::wrap(next.words, width.saturating_sub(columns + 2)).into_iter().enumerate() {
            let label = if line == 0 { number.to_string() } else { String::new() };
            lines.push(Line::new(label, theme.dim).with(columns, words, theme.plain));
        }
        let command = next.command.as_deref().unwrap_or_default();
        sheet::wrap_rest(&mut lines, command, columns + 2, width.saturating_sub(2), theme.plain);
    }
    if flow == Some(Flow::Join) {
        lines.push(Line::blank());
        lines.extend(next_command(canvas, scene, width));
    }
    lines
}

/// Returns the command that adds the next node unattended, on several lines that the shell joins.
fn next_command(canvas: &Canvas<'_>, scene: &Scene<'_>, width: u16) -> Vec<Line> {
    let theme = canvas.theme;
    let Some(plan) = &scene.state.run().plan else { return Vec::new() };
    let columns = usize::from(width.saturating_sub(2));
    let command = next_node::lines(&Setup::from_plan(plan), Shell::of(plan.node.platform), columns);
    let command = command.into_iter().map(|words| Line::new(words, theme.plain));
    std::iter::once(Line::new("On the next server, as one command", theme.title)).chain(command).collect()
}

/// Returns what exists now, as labels and values.
fn facts(scene: &Scene<'_>) -> Vec<(&'static str, String)> {
    let state = scene.state;
    let answer = |field| state.answers.trimmed(field).to_owned();
    let plan = state.run().plan.as_deref();
    let name = plan.map_or_else(|| answer(FieldId::NodeName), |plan| plan.node.name.clone());
    let home = plan.map_or_else(|| PathBuf::from(answer(FieldId::Home)), |plan| plan.node.home.clone());
    let cluster = plan.map(|plan| plan.cluster).or(state.custody().generated.as_ref().map(|generated| generated.cluster));
    let key =
        plan.map(|plan| plan.fingerprint).or(state.custody().generated.as_ref().map(|generated| generated.key.fingerprint()));
    let flow = state.flow();
    let mut facts = Vec::with_capacity(7);
    if flow == Some(Flow::Remove) {
        let gone = plan.and_then(|plan| plan.before.as_ref()).or(state.kept_row());
        facts.push(("Removed", gone.map_or_else(|| name.clone(), |kept| kept.row.name.to_string())));
    } else {
        facts.push(("Node", format!("{name} (instance {})", answer(FieldId::Instance))));
        facts.push(("Home", home.display().to_string()));
    }
    facts.push(("Database", format!("{} on {}", answer(FieldId::Database), answer(FieldId::Server))));
    facts.extend(cluster.map(|cluster| ("Cluster", cluster.short())));
    if flow != Some(Flow::Remove) {
        facts.extend(key.map(|key| ("Master key", format!("fingerprint {key}"))));
    }
    if let (Some(Flow::FirstNode | Flow::Join), Some(plan)) = (flow, plan) {
        facts.push(("Shared", shared(&plan.node.storage)));
        facts.push(("Octopus", octopus(plan).to_owned()));
    }
    if flow == Some(Flow::Leave) {
        facts.push(("Config", format!("dated copy beside {}", NodeConfig::FILE)));
        facts.push(("Sealed key", home.join(NodeConfig::KEY_FILE).display().to_string()));
    }
    facts
}

/// Describes what the nodes share.
fn shared(storage: &SharedStorage) -> String {
    match storage {
        SharedStorage::None => "nothing yet".to_owned(),
        SharedStorage::Root(root) => root.display().to_string(),
        SharedStorage::Folders(folders) => format::count(folders.len() as u64, "folder"),
    }
}

/// Describes what the run did with Octopus Server itself.
const fn octopus(plan: &Plan) -> &'static str {
    match (&plan.hand_over, plan.node.start_service) {
        (None, _) => "not set up by this run",
        (Some(_), true) => "set up, and its service answers",
        (Some(_), false) => "set up, its service not started",
    }
}
