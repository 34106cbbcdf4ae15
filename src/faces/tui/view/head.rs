//! The head: what we are doing, on which node, and what we are connected to. It is there at all times.

use ratatui::layout::Rect;
use ratatui::style::Style;

use crate::faces::tui::canvas::Canvas;
use crate::faces::tui::scene::Scene;
use crate::faces::tui::text;
use crate::model::facts::Protocol;
use crate::model::field::FieldId;
use crate::model::flow::Flow;
use crate::wizard::state::State;

/// Draws the head.
pub fn draw(canvas: &mut Canvas<'_>, line: Rect, scene: &Scene<'_>) {
    let state = scene.state;
    let Some(flow) = state.place.flow else {
        outside(canvas, line, state);
        return;
    };
    let name = match flow {
        Flow::FirstNode => "First node",
        Flow::Join => "Add a node",
        Flow::Review => "Review a node",
    };
    let theme = canvas.theme;
    // The connection gives way first: its parts are on the database screen too.
    let mut rest = canvas.put(line, name, theme.title);
    let node = state.answers.trimmed(FieldId::NodeName);
    if !node.is_empty() {
        let room = rest.width / 2;
        let before = rest.x;
        canvas.put(Rect { width: room, ..rest }, &format!("{}{node}", canvas.signs.dot), theme.plain);
        let used = text::width(canvas.signs.dot).saturating_add(text::width(node)).min(room);
        rest = Rect { x: before + used, width: rest.width - used, ..rest };
    }
    let room = Rect { x: rest.x + 2.min(rest.width), width: rest.width.saturating_sub(2), ..rest };
    connection(canvas, room, state);
}

/// The head of the start screen.
fn outside(canvas: &mut Canvas<'_>, line: Rect, state: &State) {
    let theme = canvas.theme;
    let rest = canvas.put(line, concat!("octopus-setup ", env!("CARGO_PKG_VERSION")), theme.title);
    let machine = &state.facts.machine;
    let parts = [machine.host_name.as_str(), machine.system.as_str()];
    let machine: Vec<&str> = parts.into_iter().filter(|part| !part.is_empty()).collect();
    let words = machine.join(canvas.signs.dot);
    canvas.put_right(Rect { x: rest.x + 2.min(rest.width), width: rest.width.saturating_sub(2), ..rest }, &words, theme.dim);
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
        canvas.put_right(line, &format!("{server}{}not connected", canvas.signs.dot), theme.dim);
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
    let parts =
        [(server, theme.plain), (state.answers.trimmed(FieldId::Database), theme.plain), (tls, tls_style), (login, theme.plain)];
    parts_right(canvas, line, &parts);
}

/// Parts with dots between them, at the end of the line; the longest is cut until all fit.
fn parts_right(canvas: &mut Canvas<'_>, line: Rect, parts: &[(&str, Style); 4]) {
    let dot = canvas.signs.dot;
    let mut widths = parts.map(|(part, _)| text::width(part));
    let dots = text::width(dot) * 3;
    while widths.iter().sum::<u16>() + dots > line.width {
        match widths.iter_mut().max() {
            Some(widest) if *widest > 6 => *widest -= 1,
            _ => break,
        }
    }
    let whole = (widths.iter().sum::<u16>() + dots).min(line.width);
    let mut rest = Rect { x: line.right() - whole, width: whole, ..line };
    for (place, ((part, style), width)) in parts.iter().zip(widths).enumerate() {
        if place > 0 {
            rest = canvas.put(rest, dot, canvas.theme.dim);
        }
        rest = canvas.put(rest, &text::fit(part, width), *style);
    }
}
