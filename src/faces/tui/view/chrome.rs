//! The frame around every page: the head with flow, node and connection; the list of screens with their worst verdicts;
//! and the foot with the keys that work now. If the keys do not fit, first their labels get shorter, then the least
//! important keys are left out; they still work, and help lists them.

use ratatui::layout::Rect;
use ratatui::style::Style;

use crate::catalog::{checks, flow};
use crate::faces::tui::bindings::Binding;
use crate::faces::tui::canvas::{Canvas, Hit, behind, row};
use crate::faces::tui::scene::Scene;
use crate::faces::tui::text;
use crate::faces::tui::theme::Charset;
use crate::model::facts::{Fact, Protocol};
use crate::model::field::FieldId;
use crate::model::finding::{Severity, Verdict};
use crate::model::flow::Flow;
use crate::model::screen::ScreenId;
use crate::model::untrusted::Untrusted;
use crate::wizard::run::Phase;
use crate::wizard::state::State;
use crate::words;

/// Below this width the head has no room for the flow's name.
const NARROW: u16 = 56;
/// The index of TLS among the parts of a connection.
const TLS: usize = 2;

/// Draws the head.
pub fn draw_head(canvas: &mut Canvas<'_>, line: Rect, scene: &Scene<'_>) {
    let state = scene.state;
    let line = if state.is_practice() { badge(canvas, line) } else { line };
    let Some(flow) = state.flow() else {
        outside(canvas, line, state);
        return;
    };
    let name = match flow {
        Flow::FirstNode => "First node",
        Flow::Join => "Add a node",
        Flow::Review => "Review",
        Flow::Edit => "Change a node",
        Flow::Leave => "Leave the cluster",
        Flow::Remove => "Remove a dead node",
    };
    let theme = canvas.theme;
    // An invalid name is not shown, because it may be a whole text that was pasted by mistake.
    let good = state.problem(FieldId::NodeName).is_none();
    let node = if good { state.answers.trimmed(FieldId::NodeName) } else { "" };
    // If the config of the node under review cannot be read, only its instance is known.
    let node = match state.subject() {
        Some(subject) if node.is_empty() => Untrusted::new(&subject.instance).to_string(),
        _ => node.to_owned(),
    };
    let mut rest = line;
    // The list of screens shows the flow too, so the flow's name is left out if there is no room.
    let dot = text::width(canvas.signs.dot);
    let both = text::width(name) + dot + text::width(&node) + 2;
    let named = node.is_empty() || (line.width >= NARROW && both + least(canvas, state) <= line.width);
    if named {
        rest = canvas.put(rest, name, theme.title);
    }
    if !node.is_empty() {
        let node = if named { format!("{}{node}", canvas.signs.dot) } else { node };
        let room = rest.width / 3;
        canvas.put(Rect { width: room, ..rest }, &node, theme.plain);
        rest = behind(rest, text::width(&node).min(room));
    }
    connection(canvas, behind(rest, 2), state);
}

/// Draws the badge of the practice server at the start of the head, and returns the rest.
fn badge(canvas: &mut Canvas<'_>, line: Rect) -> Rect {
    let words = if line.width < NARROW { "[practice]" } else { "[practice server]" };
    behind(canvas.put(line, words, canvas.theme.warn), 1)
}

/// Returns the columns needed for the parts of the connection that must be shown: all but the login.
fn least(canvas: &Canvas<'_>, state: &State) -> u16 {
    if state.facts.server.login.seen().is_none() {
        return text::width("not connected");
    }
    let answer = |field| state.answers.trimmed(field);
    let parts = [short(answer(FieldId::Server)), answer(FieldId::Database).to_owned(), "TLS 1.2".to_owned()];
    parts.iter().fold(2 * text::width(canvas.signs.dot), |sum, part| sum.saturating_add(text::width(part)))
}

/// Draws the head of the start screen.
fn outside(canvas: &mut Canvas<'_>, line: Rect, state: &State) {
    let theme = canvas.theme;
    let rest = canvas.put(line, concat!("octopus-setup ", env!("CARGO_PKG_VERSION")), theme.title);
    let machine = &state.facts.machine;
    let parts = [machine.host_name.as_str(), machine.system.as_str()];
    let machine: Vec<&str> = parts.into_iter().filter(|part| !part.is_empty()).collect();
    canvas.put_right(behind(rest, 2), &machine.join(canvas.signs.dot), theme.dim);
}

/// Draws the connection: server, database, TLS, login.
fn connection(canvas: &mut Canvas<'_>, line: Rect, state: &State) {
    let theme = canvas.theme;
    let server = state.answers.trimmed(FieldId::Server);
    if server.is_empty() {
        canvas.put_right(line, "no server yet", theme.dim);
        return;
    }
    let facts = &state.facts.server;
    let Some(login) = facts.login.seen() else {
        // The server that is being typed is not shown: the head shows facts, and would change with every key.
        canvas.put_right(line, "not connected", theme.dim);
        return;
    };
    let protocol = facts.encrypted.seen().map_or(Protocol::Plain, |encrypted| encrypted.protocol);
    let (tls, tls_style) = match protocol {
        Protocol::Plain => ("no TLS", theme.warn),
        Protocol::Tls12 => ("TLS 1.2", theme.plain),
        Protocol::Tls13 => ("TLS 1.3", theme.plain),
        Protocol::Strict => ("TLS strict", theme.plain),
    };
    let login = if login.login.is_empty() { state.answers.trimmed(FieldId::User) } else { login.login.as_str() };
    let database = state.answers.trimmed(FieldId::Database);
    let whole = [server, database, tls, login].iter().fold(0, |sum: u16, part| sum.saturating_add(text::width(part)));
    let dots = 3 * text::width(canvas.signs.dot);
    let long = whole.saturating_add(dots) > line.width;
    let server = if long { short(server) } else { server.to_owned() };
    let parts = [(server.as_str(), theme.plain), (database, theme.plain), (tls, tls_style), (login, theme.plain)];
    // The login is also shown among the fields; server, database and TLS must be visible, because a mistake in them is
    // serious.
    let whole = whole - text::width(state.answers.trimmed(FieldId::Server)) + text::width(&server);
    let shown = if whole.saturating_add(dots) > line.width { &parts[..3] } else { &parts[..] };
    parts_right(canvas, line, shown);
}

/// Shortens a server to the first label of its name, with instance or port: `sql01.corp.example,1433` to `sql01,1433`.
fn short(server: &str) -> String {
    let end = server.find(['\\', ',']).unwrap_or(server.len());
    let (host, rest) = server.split_at(end);
    let is_name = host.chars().any(|c| c.is_ascii_alphabetic()) && !host.contains(':');
    match host.split_once('.') {
        Some((label, _)) if is_name && !label.is_empty() => format!("{label}{rest}"),
        _ => server.to_owned(),
    }
}

/// Draws the parts with dots between them at the end of the line. Cuts the widest until all fit, but never the TLS
/// part.
fn parts_right(canvas: &mut Canvas<'_>, line: Rect, parts: &[(&str, Style)]) {
    let dot = canvas.signs.dot;
    // A part wider than the line is cut anyway, and the sum of wider ones would overflow a u16.
    let mut widths: Vec<u16> = parts.iter().map(|(part, _)| text::width(part).min(line.width)).collect();
    let dots = text::width(dot) * u16::try_from(parts.len().saturating_sub(1)).unwrap_or(0);
    while widths.iter().sum::<u16>() + dots > line.width {
        match widths.iter_mut().enumerate().filter(|(place, _)| *place != TLS).map(|(_, width)| width).max() {
            Some(widest) if *widest > 3 => *widest -= 1,
            _ => break,
        }
    }
    let whole = (widths.iter().sum::<u16>() + dots).min(line.width);
    let mut rest = Rect { x: line.right() - whole, width: whole, ..line };
    for (place, ((part, style), width)) in parts.iter().zip(widths).enumerate() {
        if place > 0 {
            rest = canvas.put(rest, dot, canvas.theme.dim);
        }
        canvas.put(rest, &text::fit(part, width), *style);
        rest = behind(rest, width);
    }
}

/// Draws the list of screens.
pub fn draw_sidebar(canvas: &mut Canvas<'_>, area: Rect, scene: &Scene<'_>) {
    if area.is_empty() {
        return;
    }
    for (line, screen) in (0..).zip(scene.path()) {
        let place = row(area, line);
        let (sign, sign_style, name_style) = look(canvas, scene, *screen);
        let rest = canvas.put(place, sign, sign_style);
        canvas.put(
            Rect { x: rest.x + 1.min(rest.width), width: rest.width.saturating_sub(1), ..rest },
            words::name(*screen),
            name_style,
        );
        canvas.hit(place, Hit::Screen(*screen));
    }
}

/// Returns a screen's sign, its style and the style of its name.
fn look(canvas: &Canvas<'_>, scene: &Scene<'_>, screen: ScreenId) -> (&'static str, Style, Style) {
    let (theme, signs, state) = (canvas.theme, canvas.signs, scene.state);
    if screen == state.place.here {
        return (signs.here, theme.accent, theme.accent);
    }
    if state.flow() == Some(Flow::Review) {
        // All sections are open, whether visited or not.
        return match section(scene, screen) {
            Some(severity) => {
                let (sign, style) = screen_sign(canvas, severity);
                (sign, style, theme.plain)
            }
            None => (signs.pending, theme.dim, theme.plain),
        };
    }
    let reached = state.flow().is_some_and(|path| flow::position(path, screen) <= flow::position(path, state.place.furthest));
    if !reached {
        return (signs.pending, theme.dim, theme.dim);
    }
    match worst(scene, screen) {
        Some(severity) => {
            let (sign, style) = screen_sign(canvas, severity);
            (sign, style, theme.plain)
        }
        None => (signs.pending, theme.dim, theme.plain),
    }
}

/// Returns the sign of a screen by the worst severity on it: one with nothing but notes is proven.
fn screen_sign(canvas: &Canvas<'_>, worst: Severity) -> (&'static str, Style) {
    if worst == Severity::Note { (canvas.signs.ok, canvas.theme.good) } else { canvas.severity(worst) }
}

/// Returns the worst severity in a section; `None` while it is not known yet.
fn section(scene: &Scene<'_>, screen: ScreenId) -> Option<Severity> {
    let node = &scene.state.facts.node;
    match screen {
        ScreenId::Proof => {
            scene.sections.iter().flat_map(|(_, verdicts)| verdicts).filter_map(|(_, verdict)| weight(verdict)).max()
        }
        ScreenId::Key => match &node.key {
            Fact::Unknown => None,
            Fact::Seen(_) => Some(Severity::Note),
            Fact::Missing(_) => Some(Severity::Warn),
        },
        ScreenId::Backups => node.backups.seen().map(|_| Severity::Note),
        _ => {
            let (_, verdicts) = scene.sections.iter().find(|(section, _)| *section == screen)?;
            verdicts.iter().filter_map(|(_, verdict)| weight(verdict)).max()
        }
    }
}

/// Returns a verdict's severity; `None` while there is no result.
fn weight(verdict: &Verdict) -> Option<Severity> {
    match verdict {
        Verdict::NotYet | Verdict::Running => None,
        Verdict::Good(_) | Verdict::DoesNotApply => Some(Severity::Note),
        Verdict::Unknown(_) | Verdict::Found(_) => verdict.severity(),
    }
}

/// Returns the worst severity of a screen's checks, a note if all are good; `None` until all have ended.
fn worst(scene: &Scene<'_>, screen: ScreenId) -> Option<Severity> {
    let state = scene.state;
    match screen {
        ScreenId::Review => return (state.run().phase != Phase::Idle).then_some(Severity::Note),
        ScreenId::Install => return (state.run().phase == Phase::Finished).then_some(Severity::Note),
        ScreenId::MasterKey => return state.custody().proof.map(|_| Severity::Note),
        _ => {}
    }
    let mut worst = Severity::Note;
    for check in words::screen(screen).checks() {
        match checks::judge(check, &state.case(check)) {
            // A finished run was proven before it started, though perhaps by an earlier start of the program.
            Verdict::NotYet | Verdict::Running if state.run().phase == Phase::Finished => {}
            Verdict::NotYet | Verdict::Running => return None,
            // Accepted warnings stay visible.
            verdict => worst = worst.max(verdict.severity().unwrap_or(Severity::Note)),
        }
    }
    Some(worst)
}

/// A spacing of the keys in the foot; they are tried in turn.
#[derive(Debug, Clone, Copy)]
struct Spacing {
    short: bool,
    gap: u16,
}

const SPACINGS: [Spacing; 3] =
    [Spacing { short: false, gap: 3 }, Spacing { short: false, gap: 2 }, Spacing { short: true, gap: 2 }];

/// Keys of this rank and above, which every program has (Tab), are left out before labels get shorter.
const DISPENSABLE: u8 = 8;

/// Draws the foot.
pub fn draw_foot(canvas: &mut Canvas<'_>, line: Rect, bindings: &[Binding]) {
    let (kept, spacing) = chosen(bindings, line.width);
    let theme = canvas.theme;
    let ascii = std::ptr::eq(canvas.signs, Charset::Ascii.signs());
    let mut rest = line;
    for binding in kept {
        let start = rest;
        let cap = if ascii { plain(binding.cap) } else { binding.cap };
        rest = canvas.put(rest, cap, theme.key);
        rest = canvas.put(behind(rest, 1), label(&binding, spacing), theme.plain);
        canvas.hit(Rect { width: rest.x - start.x, ..start }, Hit::Key(binding.does));
        rest = behind(rest, spacing.gap);
    }
}

/// Returns a key cap with arrows spelled in ASCII.
fn plain(cap: &'static str) -> &'static str {
    match cap {
        "↑↓" => "Up/Down",
        "←→" => "Left/Right",
        cap => cap,
    }
}

fn label(binding: &Binding, spacing: Spacing) -> &'static str {
    if spacing.short { binding.short } else { binding.label }
}

/// Returns the keys that fit, and their spacing.
fn chosen(bindings: &[Binding], room: u16) -> (Vec<Binding>, Spacing) {
    let mut kept = bindings.to_vec();
    loop {
        let dispensable = kept.iter().any(|binding| binding.rank >= DISPENSABLE);
        for spacing in SPACINGS {
            if width(&kept, spacing) <= room && !(dispensable && spacing.short) {
                return (kept, spacing);
            }
        }
        let Some(least) = (0..kept.len()).max_by_key(|place| kept[*place].rank) else {
            return (kept, SPACINGS[2]);
        };
        kept.remove(least);
    }
}

fn width(bindings: &[Binding], spacing: Spacing) -> u16 {
    // The widest key cap in ASCII takes ten columns.
    let one = |binding: &Binding| text::width(plain(binding.cap)).min(10) + 1 + text::width(label(binding, spacing));
    let gaps = u16::try_from(bindings.len()).unwrap_or(0).saturating_sub(1) * spacing.gap;
    bindings.iter().map(one).sum::<u16>() + gaps
}

#[cfg(test)]
mod tests {
    use crate::faces::tui::bindings;
    use crate::model::answers::Answers;
    use crate::model::flow::Flow;
    use crate::model::platform::Platform;
    use crate::wizard::update::begin;

    use super::*;

    #[test]
    fn a_server_is_shortened_to_its_first_label() {
        assert_eq!(short("sql01.corp.example,1433"), "sql01,1433");
        assert_eq!(short("sql01.corp.example\\PROD"), "sql01\\PROD");
        assert_eq!(short("tcp:sql01.corp,1433"), "tcp:sql01.corp,1433");
        assert_eq!(short("10.0.4.17,1433"), "10.0.4.17,1433");
    }

    #[test]
    fn the_most_important_keys_stay_longest() {
        let (state, _) = begin(Answers::new(Platform::Linux), Some(Flow::FirstNode));
        let all = bindings::visible(&state, false);
        for room in 0..120 {
            let (kept, spacing) = chosen(&all, room);
            assert!(width(&kept, spacing) <= room);
            let least_kept = kept.iter().map(|binding| binding.rank).max();
            let gone = all.iter().filter(|binding| !kept.contains(binding));
            assert!(gone.map(|binding| Some(binding.rank)).all(|rank| rank >= least_kept));
        }
        assert_eq!(chosen(&all, 200).0.len(), all.len());
    }
}
