//! The list of screens: where we are, what is proven, what is still to come.

use ratatui::layout::Rect;
use ratatui::style::Style;

use crate::catalog::{checks, flow};
use crate::faces::tui::canvas::{Canvas, row};
use crate::faces::tui::hits::Hit;
use crate::faces::tui::scene::Scene;
use crate::model::facts::Fact;
use crate::model::finding::{Severity, Verdict};
use crate::model::flow::Flow;
use crate::model::screen::ScreenId;
use crate::wizard::run::Phase;
use crate::words;

/// Draws the list of screens.
pub fn draw(canvas: &mut Canvas<'_>, area: Rect, scene: &Scene<'_>) {
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

/// A screen's sign, its style and that of its name.
fn look(canvas: &Canvas<'_>, scene: &Scene<'_>, screen: ScreenId) -> (&'static str, Style, Style) {
    let (theme, signs, state) = (canvas.theme, canvas.signs, scene.state);
    if screen == state.place.here {
        return (signs.here, theme.accent, theme.accent);
    }
    if state.flow() == Some(Flow::Review) {
        // Sections are all open, whatever was looked at yet.
        return match section(scene, screen) {
            Some(severity) => {
                let (sign, style) = canvas.severity(severity);
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
            let (sign, style) = canvas.severity(severity);
            (sign, style, theme.plain)
        }
        None => (signs.pending, theme.dim, theme.plain),
    }
}

/// The weightiest thing that a section has to tell; `None` where that is not known yet.
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

/// What a verdict weighs once there is one.
fn weight(verdict: &Verdict) -> Option<Severity> {
    match verdict {
        Verdict::NotYet | Verdict::Running => None,
        Verdict::Good(_) => Some(Severity::Note),
        Verdict::Found(_) => verdict.severity(),
    }
}

/// The weightiest thing that a screen's checks say, a note where all are content; `None` where they are not done.
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
            // What a finished run installed was proven before it, though perhaps by an earlier start.
            Verdict::NotYet | Verdict::Running if state.run().phase == Phase::Finished => {}
            Verdict::NotYet | Verdict::Running => return None,
            // What was accepted is as good as settled, and has to be seen nevertheless.
            verdict => worst = worst.max(verdict.severity().unwrap_or(Severity::Note)),
        }
    }
    Some(worst)
}
