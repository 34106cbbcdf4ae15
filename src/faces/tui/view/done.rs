//! The last screen: what there is now, and what to do next.

use ratatui::layout::Rect;

use std::path::PathBuf;

use super::{page, sheet};
use crate::faces::tui::canvas::{Canvas, behind, below, row};
use crate::faces::tui::scene::Scene;
use crate::faces::tui::scroll::Scroll;
use crate::faces::tui::text;
use crate::model::field::FieldId;
use crate::model::flow::Flow;
use crate::model::node_config::NodeConfig;

/// A line: a label or a number, what is behind it, and whether it is a title.
type Line = (String, String, bool);

/// The columns of the labels.
const LABEL: u16 = 13;

/// Draws it, from the line that was scrolled to.
pub fn draw(canvas: &mut Canvas<'_>, area: Rect, scene: &Scene<'_>, scroll: &mut Scroll) {
    let theme = canvas.theme;
    let lines = lines(scene, area.width);
    // The introduction goes first where there is not room for all.
    let intro = u16::try_from(text::wrap(scene.intro(), area.width).len()).unwrap_or(1);
    let count = u16::try_from(lines.len()).unwrap_or(u16::MAX);
    let roomy = count.saturating_add(intro + 2) <= area.height;
    page::heading(canvas, area, scene, roomy);
    let rest = below(area, if roomy { intro + 2 } else { 1 });
    let shown = scroll.window(lines.len(), rest.height);
    for (line, (label, words, title)) in (0..rest.height).zip(&lines[shown.clone()]) {
        let line = row(rest, line);
        if *title {
            canvas.put(line, label, theme.title);
            continue;
        }
        // Labels of facts have their column; numbers of advice a narrow one.
        let column = if label.chars().all(|c| c.is_ascii_digit() || c == ' ') { 3 } else { LABEL };
        canvas.put(Rect { width: (column - 1).min(line.width), ..line }, label.trim(), theme.dim);
        canvas.put(behind(line, column), words, theme.plain);
    }
    sheet::marks(canvas, rest, &shown, lines.len());
}

fn lines(scene: &Scene<'_>, width: u16) -> Vec<Line> {
    let mut lines: Vec<Line> = Vec::with_capacity(16);
    for (name, value) in facts(scene) {
        // A path or a command is worth nothing when it is cut.
        for (number, words) in text::wrap(&value, width.saturating_sub(LABEL + 1)).into_iter().enumerate() {
            let label = if number == 0 { name } else { "-" };
            lines.push((label.trim_matches('-').to_owned(), words.to_owned(), false));
        }
    }
    lines.push((String::new(), String::new(), true));
    lines.push(("Next".to_owned(), String::new(), true));
    for (number, words) in (1..).zip(scene.words.next(scene.state.place.flow)) {
        for (line, words) in text::wrap(words, width.saturating_sub(5)).into_iter().enumerate() {
            let label = if line == 0 { number.to_string() } else { " ".to_owned() };
            lines.push((label, words.to_owned(), false));
        }
    }
    lines
}

/// What there is now.
fn facts(scene: &Scene<'_>) -> Vec<(&'static str, String)> {
    let state = scene.state;
    let answer = |field| state.answers.trimmed(field).to_owned();
    let plan = state.run.plan.as_deref();
    let name = plan.map_or_else(|| answer(FieldId::NodeName), |plan| plan.node.name.clone());
    let home = plan.map_or_else(|| PathBuf::from(answer(FieldId::Home)), |plan| plan.node.home.clone());
    let cluster = plan.map(|plan| plan.cluster).or(state.custody.drawn.as_ref().map(|drawn| drawn.cluster));
    let key = plan.map(|plan| plan.fingerprint).or(state.custody.drawn.as_ref().map(|drawn| drawn.key.fingerprint()));
    let flow = state.place.flow;
    let mut facts = Vec::with_capacity(7);
    if flow == Some(Flow::Remove) {
        let gone = plan.and_then(|plan| plan.before.as_ref()).or(state.removing.as_ref());
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
    match (flow, plan) {
        (Some(Flow::Leave), _) => {
            facts.push(("Config", format!("a dated copy of {} beside where it was", NodeConfig::FILE)));
            facts.push(("Sealed key", home.join(NodeConfig::KEY_FILE).display().to_string()));
        }
        (Some(Flow::Join), Some(plan)) => {
            // The web portal's address, as other machines reach it.
            let address = plan.node.web.prefixes.first().map_or_else(|| format!("http://{name}/"), ToString::to_string);
            let port = plan.node.web.comms_port;
            facts.push((
                "Tentacles",
                format!("Tentacle poll-server --server={address} --server-comms-port={port} --apikey=API-..."),
            ));
        }
        _ => {}
    }
    facts
}
