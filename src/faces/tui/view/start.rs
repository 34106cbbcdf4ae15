//! The start screen: what can be done, and what is on this machine already.

use ratatui::layout::Rect;

use crate::faces::tui::canvas::{Canvas, behind, below, row};
use crate::faces::tui::hits::Hit;
use crate::faces::tui::scene::Scene;
use crate::faces::tui::text;
use crate::model::facts::{Machine, Unfinished};
use crate::model::flow::Flow;
use crate::wizard::event::Errand;
use crate::wizard::flow;
use crate::wizard::state::Focus;

/// The columns of the errands' names.
const NAME: u16 = 20;

/// What is said of an errand that is not there yet.
const LATER: &str = "in a later version";

/// Draws the start screen.
pub fn draw(canvas: &mut Canvas<'_>, area: Rect, scene: &Scene<'_>) {
    let theme = canvas.theme;
    let errands = scene.state.errands();
    let count = u16::try_from(errands.len()).unwrap_or(u16::MAX);
    // White space goes first where there is little room.
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
    for (line, (item, errand)) in (0..room).zip(errands.iter().enumerate().skip(start)) {
        one(canvas, row(rest, line), scene, (item, errand), item == focus);
    }
    if start + usize::from(room) < errands.len() {
        canvas.put_right(row(rest, room.saturating_sub(1)), canvas.signs.below, theme.dim);
    }
    machine(canvas, below(rest, room + 1), scene);
}

fn one(canvas: &mut Canvas<'_>, line: Rect, scene: &Scene<'_>, (item, errand): (usize, &Errand), focused: bool) {
    let theme = canvas.theme;
    let (name, about, later) = words(scene, errand);
    let line = Rect { x: line.x.saturating_sub(2), width: line.width + 2, ..line };
    canvas.hit(line, Hit::Item(item));
    if focused {
        canvas.put(line, canvas.signs.here, theme.accent);
    }
    let style = match (focused, later) {
        (true, _) => theme.accent,
        (false, true) => theme.dim,
        (false, false) => theme.plain,
    };
    let column = if line.width < 60 { 18 } else { NAME };
    canvas.put(Rect { width: column.min(line.width.saturating_sub(2)), ..behind(line, 2) }, name, style);
    let place = behind(line, 2 + column);
    // Half of a sentence tells less than that it is not there yet.
    let about = if later && text::width(&about) > place.width { LATER.to_owned() } else { about };
    canvas.put(place, text::clauses(&about, place.width), if later { theme.dim } else { theme.plain });
}

/// An errand's name, what it does, and whether it comes with a later version only.
fn words(scene: &Scene<'_>, errand: &Errand) -> (&'static str, String, bool) {
    match errand {
        Errand::Flow(which) => {
            let later = flow::path(*which).is_empty();
            let (name, about) = match which {
                Flow::FirstNode => ("Getting started", "The first node, of a new cluster"),
                Flow::Join => ("Add this server", "Join an existing cluster"),
                Flow::Review => ("Review this node", "Nothing of Octopus is on this machine yet"),
                Flow::Edit => ("Change this node", "Ports, web portal, task cap, database login"),
                Flow::Leave => ("Leave the cluster", "Take this node out of its cluster"),
                Flow::Remove => ("Remove a dead node", "Take a dead node out of the registry"),
            };
            (name, if later { format!("{about} ({LATER})") } else { about.to_owned() }, later)
        }
        Errand::Review(subject) => ("Review this node", subject.instance.clone(), false),
        Errand::Resume(instance) => {
            let run = scene.state.facts.machine.unfinished.iter().find(|run| run.instance == *instance);
            ("Continue", run.map_or_else(|| instance.to_string(), unfinished), false)
        }
    }
}

fn unfinished(run: &Unfinished) -> String {
    if run.done == run.steps {
        return format!("{}: installed, and its master key is still to be kept", run.instance);
    }
    format!("{}: {} of {} steps done, {} UTC", run.instance, run.done, run.steps, run.when)
}

/// What is on this machine already.
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
        canvas.put(Rect { width: 24.min(rest.width), ..rest }, what, theme.dim);
        canvas.put(behind(rest, 25), place, theme.dim);
    }
    if shown < lines.len() {
        canvas.put(row(list, list.height.saturating_sub(1)), &format!("and {} more", lines.len() - shown), theme.dim);
    }
}

/// Instances, as name, what they are and where; what could not be read has no name.
fn lines(machine: &Machine) -> Vec<(String, &'static str, String)> {
    let ours = machine.instances.iter().map(|seen| (seen.name.to_string(), "node set up by us", seen.home.to_string()));
    let theirs =
        machine.octopus_instances.iter().map(|(name, file)| (name.to_string(), "made by Octopus Server", file.to_string()));
    let unread = machine.unreadable.iter().map(|words| (String::new(), "", words.to_string()));
    ours.chain(theirs).chain(unread).collect()
}
