//! The last screen: what there is now, and what to do next.

use ratatui::layout::Rect;

use std::path::PathBuf;

use super::{page, sheet};
use crate::catalog::format;
use crate::faces::polling;
use crate::faces::tui::canvas::{Canvas, behind, below, row};
use crate::faces::tui::scene::Scene;
use crate::faces::tui::scroll::Scroll;
use crate::faces::tui::text;
use crate::model::field::FieldId;
use crate::model::flow::Flow;
use crate::model::node_config::NodeConfig;
use crate::model::plan::Plan;
use crate::model::storage::SharedStorage;
use crate::render::{Setup, Shell, next_node};
use crate::wizard::next_steps;

/// A line.
struct Line {
    /// A fact's name, a piece of advice's number, or a title.
    label: String,
    /// From which column on the words stand; 0 for a title.
    column: u16,
    words: String,
}

impl Line {
    fn title(words: &str) -> Self {
        Self { label: words.to_owned(), column: 0, words: String::new() }
    }
}

/// The columns of the labels.
const LABEL: u16 = 13;

/// Draws it, from the line that was scrolled to.
pub fn draw(canvas: &mut Canvas<'_>, area: Rect, scene: &Scene<'_>, scroll: &mut Scroll) {
    let theme = canvas.theme;
    let lines = lines(scene, area.width);
    // The introduction goes first where there is not room for all.
    let intro = u16::try_from(text::wrap(&scene.intro(), area.width).len()).unwrap_or(1);
    let count = u16::try_from(lines.len()).unwrap_or(u16::MAX);
    let roomy = count.saturating_add(intro + 2) <= area.height;
    page::heading(canvas, area, scene, roomy);
    let rest = below(area, if roomy { intro + 2 } else { 1 });
    let shown = scroll.window(lines.len(), rest.height);
    for (line, Line { label, column, words }) in (0..rest.height).zip(&lines[shown.clone()]) {
        let line = row(rest, line);
        if *column == 0 && words.is_empty() {
            canvas.put(line, label, theme.title);
            continue;
        }
        canvas.put(Rect { width: column.saturating_sub(1).min(line.width), ..line }, label, theme.dim);
        canvas.put(behind(line, *column), words, theme.plain);
    }
    sheet::marks(canvas, rest, &shown, lines.len());
}

fn lines(scene: &Scene<'_>, width: u16) -> Vec<Line> {
    let mut lines: Vec<Line> = Vec::with_capacity(20);
    let mut add = |label: &str, column: u16, words: &str| {
        // A path or a command is worth nothing when it is cut.
        for (number, words) in text::wrap(words, width.saturating_sub(column + 2)).into_iter().enumerate() {
            let label = if number == 0 { label } else { "" };
            lines.push(Line { label: label.to_owned(), column, words: words.to_owned() });
        }
    };
    for (name, value) in facts(scene) {
        add(name, LABEL, &value);
    }
    let (command, flow) = (scene.state.run().plan.as_deref().and_then(polling::command), scene.state.flow());
    lines.push(Line::title(""));
    if let Some(command) = command {
        lines.push(Line::title("On each polling Tentacle"));
        for words in text::wrap(&command, width.saturating_sub(2)) {
            lines.push(Line { label: String::new(), column: 0, words: words.to_owned() });
        }
        lines.push(Line::title(""));
    }
    // It is what a first node's operator comes here for; who has just joined one has done it already.
    if flow == Some(Flow::FirstNode) {
        lines.extend(next_command(scene, width));
        lines.push(Line::title(""));
    }
    lines.push(Line::title("Next"));
    let plan = scene.state.run().plan.as_deref();
    let nexts = flow.map(|flow| next_steps::next_steps(flow, plan)).unwrap_or_default();
    let columns = if nexts.len() > 9 { 4 } else { 3 };
    for (number, next) in (1..).zip(nexts) {
        for (line, words) in text::wrap(next.words, width.saturating_sub(columns + 2)).into_iter().enumerate() {
            let label = if line == 0 { number.to_string() } else { String::new() };
            lines.push(Line { label, column: columns, words: words.to_owned() });
        }
        let command = next.command.as_deref().unwrap_or_default();
        for words in text::wrap(command, width.saturating_sub(columns + 4)).into_iter().filter(|words| !words.is_empty()) {
            lines.push(Line { label: String::new(), column: columns + 2, words: words.to_owned() });
        }
    }
    if flow == Some(Flow::Join) {
        lines.push(Line::title(""));
        lines.extend(next_command(scene, width));
    }
    lines
}

/// The command that adds the next node without a screen, in lines that a shell puts together again.
fn next_command(scene: &Scene<'_>, width: u16) -> Vec<Line> {
    let Some(plan) = &scene.state.run().plan else { return Vec::new() };
    let columns = usize::from(width.saturating_sub(2));
    let command = next_node::lines(&Setup::from_plan(plan), Shell::of(plan.node.platform), columns);
    let command = command.into_iter().map(|words| Line { label: String::new(), column: 0, words });
    std::iter::once(Line::title("On the next server, as one command")).chain(command).collect()
}

/// What there is now.
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
        facts.push(("Removed", gone.map_or_else(|| name.clone(), |kept| kept.row.name.clone())));
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

/// What the nodes share.
fn shared(storage: &SharedStorage) -> String {
    match storage {
        SharedStorage::None => "nothing yet".to_owned(),
        SharedStorage::Root(root) => root.display().to_string(),
        SharedStorage::Folders(folders) => format::count(folders.len() as u64, "folder"),
    }
}

/// What has become of Octopus Server itself.
const fn octopus(plan: &Plan) -> &'static str {
    match (&plan.hand_over, plan.node.start_service) {
        (None, _) => "not set up by this run",
        (Some(_), true) => "set up, and its service answers",
        (Some(_), false) => "set up, its service not started",
    }
}
