//! The start screen: what can be done, and what exists on this machine.

use ratatui::layout::Rect;

use crate::faces::tui::canvas::Hit;
use crate::faces::tui::canvas::{Canvas, behind, below, row};
use crate::faces::tui::scene::Scene;
use crate::faces::tui::text;
use crate::model::facts::{Machine, UnfinishedRun};
use crate::model::flow::Flow;
use crate::model::node::{Maker, Subject};
use crate::model::untrusted::Untrusted;
use crate::wizard::event::StartChoice;
use crate::wizard::state::Focus;

/// The width of the choices' names.
const NAME: u16 = 20;

/// Draws the start screen.
pub fn draw(canvas: &mut Canvas<'_>, area: Rect, scene: &Scene<'_>) {
    let theme = canvas.theme;
    let start_choices = scene.state.start_choices();
    let count = u16::try_from(start_choices.len()).unwrap_or(u16::MAX);
    // Blank lines are left out first if there is little room.
    let airy = area.height >= count + 8;
    let mut rest = behind(below(area, u16::from(airy)), 2);
    rest = below(rest, canvas.wrap(rest, &scene.words.title, theme.title));
    let intro = u16::try_from(text::wrap(&scene.words.intro, rest.width).len()).unwrap_or(1);
    if rest.height >= intro + count {
        rest = below(rest, canvas.wrap(rest, &scene.words.intro, theme.dim));
    }
    rest = below(rest, u16::from(airy));
    let focus = match scene.state.place.focus {
        Focus::Item(item) => item,
        _ => 0,
    };
    let room = rest.height.min(count);
    let start = (focus + 1).saturating_sub(usize::from(room));
    for (line, (item, choice)) in (0..room).zip(start_choices.iter().enumerate().skip(start)) {
        draw_choice(canvas, row(rest, line), scene, (item, choice), item == focus);
    }
    if start + usize::from(room) < start_choices.len() {
        canvas.put_right(row(rest, room.saturating_sub(1)), canvas.signs.below, theme.dim);
    }
    machine(canvas, below(rest, room + 1), scene);
}

fn draw_choice(canvas: &mut Canvas<'_>, line: Rect, scene: &Scene<'_>, (item, choice): (usize, &StartChoice), focused: bool) {
    let theme = canvas.theme;
    let (name, about) = words(canvas, scene, choice);
    let line = Rect { x: line.x.saturating_sub(2), width: line.width + 2, ..line };
    canvas.hit(line, Hit::Item(item));
    if focused {
        canvas.put(line, canvas.signs.here, theme.accent);
    }
    let style = if focused { theme.accent } else { theme.plain };
    let column = if line.width < 60 { 18 } else { NAME };
    canvas.put(Rect { width: column.min(line.width.saturating_sub(2)), ..behind(line, 2) }, name, style);
    let place = behind(line, 2 + column);
    canvas.put(place, text::clauses(&about, place.width), theme.plain);
}

/// Returns a choice's name and what it does.
fn words(canvas: &Canvas<'_>, scene: &Scene<'_>, choice: &StartChoice) -> (&'static str, String) {
    match choice {
        StartChoice::Flow(which) => {
            let (name, about) = match which {
                Flow::FirstNode => ("Getting started", "Configure the first node of a new cluster"),
                Flow::Join => ("Add this server", "Join a node to an existing cluster"),
                Flow::Review => ("Review this node", "Nothing of Octopus is on this machine yet"),
                Flow::Edit => ("Change this node", "Ports, web portal, task cap, database login"),
                Flow::Leave => ("Leave the cluster", "Take this node out of its cluster"),
                Flow::Remove => ("Remove a dead node", "Take a dead node out of the registry"),
            };
            (name, about.to_owned())
        }
        StartChoice::Review(subject) => ("Review this node", under_review(canvas, scene, subject)),
        StartChoice::Resume(instance) => {
            let run = scene.state.facts.machine.unfinished.iter().find(|run| run.instance == *instance);
            ("Continue", run.map_or_else(|| instance.to_string(), unfinished))
        }
        StartChoice::Undo(instance) => ("Undo", format!("{instance}, take back what this run created; asks first")),
    }
}

/// Describes an instance that can be reviewed: its name, and where it is or what made it.
fn under_review(canvas: &Canvas<'_>, scene: &Scene<'_>, subject: &Subject) -> String {
    let place = match subject.maker {
        Maker::Octopus => "made by Octopus Server".to_owned(),
        Maker::Wizard => {
            let file = subject.config.to_string_lossy();
            let instances = &scene.state.facts.machine.instances;
            let seen = instances.iter().find(|seen| seen.config.as_str() == file || seen.name.as_str() == subject.instance);
            seen.map_or_else(|| Untrusted::new(&file).to_string(), |seen| seen.home.to_string())
        }
    };
    let name = Untrusted::new(&subject.instance);
    if name.is_empty() { place } else { [name.as_str(), place.as_str()].join(canvas.signs.dot) }
}

fn unfinished(run: &UnfinishedRun) -> String {
    if run.done == run.steps {
        return format!("{}: installed, and its master key is still to be kept", run.instance);
    }
    let flow = match run.flow {
        Flow::FirstNode => "first node",
        Flow::Join => "joining",
        Flow::Review => "review",
        Flow::Edit => "change",
        Flow::Leave => "leaving",
        Flow::Remove => "removal",
    };
    format!("{}, {flow}, {} of {} steps, {} UTC", run.instance, run.done, run.steps, run.when)
}

/// Draws what exists on this machine.
fn machine(canvas: &mut Canvas<'_>, area: Rect, scene: &Scene<'_>) {
    let theme = canvas.theme;
    canvas.put(row(area, 0), "On this machine", theme.title);
    let lines = lines(&scene.state.facts.machine);
    let list = below(area, 1);
    if lines.is_empty() {
        let words = if scene.is_running() { "Looking." } else { "Nothing of Octopus yet." };
        canvas.put(row(list, 0), words, theme.dim);
        return;
    }
    let room = usize::from(list.height);
    let shown = if lines.len() > room { room.saturating_sub(1) } else { lines.len() };
    for (line, (name, what, place)) in (0..).zip(&lines[..shown]) {
        let line = row(list, line);
        if name.is_empty() {
            canvas.put(line, place, theme.warn);
            continue;
        }
        canvas.put(Rect { width: 16.min(line.width), ..line }, name, theme.plain);
        let rest = behind(line, 18);
        canvas.put(Rect { width: 25.min(rest.width), ..rest }, what, theme.dim);
        canvas.put(behind(rest, 27), place, theme.dim);
    }
    if shown < lines.len() {
        canvas.put(row(list, list.height.saturating_sub(1)), &format!("and {} more", lines.len() - shown), theme.dim);
    }
}

/// Returns the instances as name, description and path; an instance that cannot be read has no name.
fn lines(machine: &Machine) -> Vec<(String, String, String)> {
    let ours = machine.instances.iter().map(|seen| {
        let what =
            seen.cluster.map_or_else(|| "set up by octopus-setup".to_owned(), |id| format!("node of cluster {}", id.short()));
        let place = if seen.written.is_empty() { seen.home.to_string() } else { format!("config of {}", seen.written) };
        (seen.name.to_string(), what, place)
    });
    let theirs = machine
        .octopus_instances
        .iter()
        .map(|(name, file)| (name.to_string(), "made by Octopus Server".to_owned(), file.to_string()));
    let unread = machine.unreadable.iter().map(|words| (String::new(), String::new(), words.to_string()));
    ours.chain(theirs).chain(unread).collect()
}
