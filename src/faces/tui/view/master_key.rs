//! The master key's screens. The key is shown only on request and can be saved or copied. After an install the operator
//! proves that it is kept; under review it is unlocked by typing the instance's name again.

use ratatui::layout::Rect;
use secrecy::ExposeSecret;

use super::{Local, fields, page};
use crate::catalog::failures;
use crate::faces::tui::canvas::{Canvas, behind, below, row};
use crate::faces::tui::scene::Scene;
use crate::faces::tui::{bindings, text};
use crate::model::export::CopyWay;
use crate::model::facts::{Fact, Identity};
use crate::model::master_key::{Fingerprint, GeneratedKey};
use crate::model::screen::ScreenId;
use crate::wizard::custody::Custody;

/// The width of the labels.
const LABEL: u16 = 14;
/// Characters per group; groups are easier to compare and type.
const GROUP: usize = 4;
/// The lines of a key: 44 characters on two lines, so that it fits the narrowest window.
const LINES: usize = 2;

/// The width of the longer line: six groups with spaces between them. It is never cut, because half a key is useless.
const WIDEST: u16 = 29;

/// Draws the screen.
pub fn draw(canvas: &mut Canvas<'_>, area: Rect, scene: &Scene<'_>, local: &Local<'_>) {
    let custody = scene.state.custody();
    let intro = u16::try_from(text::wrap(&scene.intro(), area.width).len()).unwrap_or(1);
    let roomy = area.height >= 14 + intro;
    page::heading(canvas, area, scene, roomy);
    let mut rest = below(area, if roomy { intro + 2 } else { 1 });
    if let Some(generated) = &custody.generated {
        key(canvas, Rect { height: 2.min(rest.height), ..rest }, generated, custody.revealed);
        rest = below(rest, 2);
        fingerprint(canvas, row(rest, 0), generated.key.fingerprint(), scene);
    } else if scene.state.place.here == ScreenId::Key {
        absent(canvas, Rect { height: 2.min(rest.height), ..rest }, scene);
        rest = below(rest, 2);
        if let Some(config) = scene.state.facts.node.config.seen() {
            fingerprint(canvas, row(rest, 0), config.cluster.fingerprint, scene);
        }
    }
    rest = below(rest, 1 + u16::from(area.height >= 13));
    let lines = 2 + if rest.height >= 8 { 2 } else { 1 };
    fields::draw_fields(canvas, Rect { height: lines.min(rest.height), ..rest }, scene, local);
    rest = below(rest, lines + u16::from(area.height >= 16));
    if area.height >= 12 {
        hands(canvas, Rect { height: 2.min(rest.height), ..rest }, custody);
        rest = below(rest, 2);
    }
    let count = u16::try_from(scene.verdicts.len()).unwrap_or(0);
    page::draw_checks(canvas, Rect { height: count.min(rest.height), ..rest }, scene, LABEL);
}

/// Draws the key's fingerprint, and whether it matches the cluster's.
fn fingerprint(canvas: &mut Canvas<'_>, line: Rect, of_key: Fingerprint, scene: &Scene<'_>) {
    let theme = canvas.theme;
    let line = label(canvas, line, "Fingerprint");
    let rest = canvas.put(line, &of_key.to_string(), theme.plain);
    let cluster = match scene.state.facts.cluster.identity.seen() {
        Some(Identity::Registered(seen)) if scene.state.place.here == ScreenId::Key => Some(seen.fingerprint),
        _ => None,
    };
    let (words, style) = match cluster {
        Some(theirs) if theirs == of_key => ("the registry says the same".to_owned(), theme.dim),
        Some(theirs) => (format!("{} the registry says {theirs}", canvas.signs.stop), theme.stop),
        None => ("safe to show and to compare".to_owned(), theme.dim),
    };
    canvas.put(behind(rest, 3), &words, style);
}

/// Says why there is no key to show.
fn absent(canvas: &mut Canvas<'_>, area: Rect, scene: &Scene<'_>) {
    let theme = canvas.theme;
    label(canvas, row(area, 0), "Master key");
    let place = behind(area, LABEL);
    let (words, style) = match &scene.state.facts.node.key {
        Fact::Missing(trouble) => (failures::explain_trouble(trouble).says, theme.warn),
        Fact::Unknown if scene.is_running() => ("being read".to_owned(), theme.dim),
        Fact::Unknown => ("not read yet".to_owned(), theme.dim),
        // The key has been unsealed, and is shown once the name is typed.
        Fact::Seen(_) => (canvas.signs.mask.to_owned(), theme.plain),
    };
    canvas.wrap(place, &words, style);
}

/// Draws the key, or a mask that does not reveal its length. Both take two lines, so nothing moves. The characters go
/// straight into the frame's cells, which the next frame overwrites.
fn key(canvas: &mut Canvas<'_>, area: Rect, generated: &GeneratedKey, revealed: bool) {
    let theme = canvas.theme;
    let narrow = area.width < LABEL + WIDEST;
    let first = label(canvas, row(area, 0), if narrow { "Key" } else { "Master key" });
    if !revealed {
        canvas.put(first, canvas.signs.mask, theme.plain);
        return;
    }
    let whole = generated.key.to_base64();
    let whole = whole.expose_secret();
    let groups = whole.len().div_ceil(GROUP);
    if usize::from(first.width) >= whole.len() {
        // Without gaps, so that it can be selected with the mouse. Every other group is brighter, so that the eye keeps
        // its place.
        for group in 0..groups {
            let letters = whole.get(group * GROUP..(group * GROUP + GROUP).min(whole.len())).unwrap_or("");
            let style = if group % 2 == 0 { theme.accent } else { theme.plain };
            canvas.put(behind(first, u16::try_from(group * GROUP).unwrap_or(u16::MAX)), letters, style);
        }
        return;
    }
    let per_line = groups.div_ceil(LINES);
    for group in 0..groups {
        let letters = whole.get(group * GROUP..(group * GROUP + GROUP).min(whole.len())).unwrap_or("");
        let (line, column) = (group / per_line, group % per_line);
        let line = behind(row(area, u16::try_from(line).unwrap_or(u16::MAX)), LABEL.min(area.width.saturating_sub(WIDEST)));
        let column = u16::try_from(column * (GROUP + 1)).unwrap_or(u16::MAX);
        canvas.put(behind(line, column), letters, theme.title);
    }
}

fn label(canvas: &mut Canvas<'_>, line: Rect, words: &str) -> Rect {
    let plain = canvas.theme.plain;
    canvas.put(Rect { width: (LABEL - 1).min(line.width), ..line }, words, plain);
    behind(line, LABEL)
}

/// Draws where the key was saved or copied to.
fn hands(canvas: &mut Canvas<'_>, area: Rect, custody: &Custody) {
    let theme = canvas.theme;
    let saved = custody.saved.as_ref().map(ToString::to_string);
    let copied = custody.copied.map(|way| match way {
        CopyWay::Terminal => "To your terminal; arrival cannot be known.".to_owned(),
        CopyWay::Desktop => "To this desktop's clipboard.".to_owned(),
    });
    let rows = [
        ("Copied", copied, "{key:copy-key} hands it to the clipboard."),
        ("Saved", saved, "{key:save-key} writes the file above, and reads it back."),
    ];
    for (line, (name, done, otherwise)) in (0..).zip(rows) {
        let line = row(area, line);
        let (sign, style) = if done.is_some() { (canvas.signs.ok, theme.good) } else { (canvas.signs.pending, theme.dim) };
        canvas.put(line, sign, style);
        canvas.put(Rect { width: 10.min(line.width), ..behind(line, 2) }, name, theme.plain);
        match done {
            Some(words) => canvas.put(behind(line, LABEL), &words, theme.plain),
            None => canvas.put(behind(line, LABEL), &bindings::fill(otherwise), theme.dim),
        };
    }
}
