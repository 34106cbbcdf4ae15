//! The head: what we are doing, on which node, and what we are connected to. It is there at all times.

use ratatui::layout::Rect;
use ratatui::style::Style;

use crate::faces::tui::canvas::{Canvas, behind};
use crate::faces::tui::scene::Scene;
use crate::faces::tui::text;
use crate::model::facts::Protocol;
use crate::model::field::FieldId;
use crate::model::flow::Flow;
use crate::model::untrusted::Untrusted;
use crate::wizard::state::State;

/// Below this the flow's name has no room.
const NARROW: u16 = 56;
/// The place of TLS among the parts of a connection.
const TLS: usize = 2;

/// Draws the head.
pub fn draw(canvas: &mut Canvas<'_>, line: Rect, scene: &Scene<'_>) {
    let state = scene.state;
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
    // Not a name that cannot be one: it may be a whole paste that went astray.
    let good = state.problem(FieldId::NodeName).is_none();
    let node = if good { state.answers.trimmed(FieldId::NodeName) } else { "" };
    // Of a node under review whose config cannot be read, its instance is what is known.
    let node = match state.subject() {
        Some(subject) if node.is_empty() => Untrusted::new(&subject.instance).to_string(),
        _ => node.to_owned(),
    };
    let mut rest = line;
    // The list of screens tells the flow too, so it gives way where there is no room for it.
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

/// The columns of what must be told of a connection: all but the login.
fn least(canvas: &Canvas<'_>, state: &State) -> u16 {
    if state.facts.server.login.seen().is_none() {
        return text::width("not connected");
    }
    let answer = |field| state.answers.trimmed(field);
    let parts = [short(answer(FieldId::Server)), answer(FieldId::Database).to_owned(), "TLS 1.2".to_owned()];
    parts.iter().fold(2 * text::width(canvas.signs.dot), |sum, part| sum.saturating_add(text::width(part)))
}

/// The head of the start screen.
fn outside(canvas: &mut Canvas<'_>, line: Rect, state: &State) {
    let theme = canvas.theme;
    let rest = canvas.put(line, concat!("octopus-setup ", env!("CARGO_PKG_VERSION")), theme.title);
    let machine = &state.facts.machine;
    let parts = [machine.host_name.as_str(), machine.system.as_str()];
    let machine: Vec<&str> = parts.into_iter().filter(|part| !part.is_empty()).collect();
    canvas.put_right(behind(rest, 2), &machine.join(canvas.signs.dot), theme.dim);
}

/// What we are connected to: server, database, TLS, login.
fn connection(canvas: &mut Canvas<'_>, line: Rect, state: &State) {
    let theme = canvas.theme;
    let server = state.answers.trimmed(FieldId::Server);
    if server.is_empty() {
        canvas.put_right(line, "no server yet", theme.dim);
        return;
    }
    let facts = &state.facts.server;
    let Some(login) = facts.login.seen() else {
        // Not the server that is being typed: the head tells facts, and would change with every key.
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
    // The login is one of the answers; server, database and TLS are what one must not be wrong about.
    let whole = whole - text::width(state.answers.trimmed(FieldId::Server)) + text::width(&server);
    let shown = if whole.saturating_add(dots) > line.width { &parts[..3] } else { &parts[..] };
    parts_right(canvas, line, shown);
}

/// A server by the first label of its name, with instance or port: `sql01.corp.example,1433` as `sql01,1433`.
fn short(server: &str) -> String {
    let end = server.find(['\\', ',']).unwrap_or(server.len());
    let (host, rest) = server.split_at(end);
    let is_name = host.chars().any(|c| c.is_ascii_alphabetic()) && !host.contains(':');
    match host.split_once('.') {
        Some((label, _)) if is_name && !label.is_empty() => format!("{label}{rest}"),
        _ => server.to_owned(),
    }
}

/// Parts with dots between them, at the end of the line; the widest is cut until all fit, but never the one about TLS.
fn parts_right(canvas: &mut Canvas<'_>, line: Rect, parts: &[(&str, Style)]) {
    let dot = canvas.signs.dot;
    // No part deserves more than the line, and sums of wider ones would not fit a u16.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_is_shortened_to_its_first_label() {
        assert_eq!(short("sql01.corp.example,1433"), "sql01,1433");
        assert_eq!(short("sql01.corp.example\\PROD"), "sql01\\PROD");
        assert_eq!(short("tcp:sql01.corp,1433"), "tcp:sql01.corp,1433");
        assert_eq!(short("10.0.4.17,1433"), "10.0.4.17,1433");
    }
}
