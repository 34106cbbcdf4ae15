//! What is foremost: a question, a notice, the weightiest finding with what mends it, or where things stand. It has its
//! own lines above the foot, whether or not there is something to say, so that it never moves the fields.

use ratatui::layout::Rect;
use ratatui::style::Style;

use crate::faces::tui::canvas::{Canvas, behind, below, row};
use crate::faces::tui::elapsed;
use crate::faces::tui::scene::Scene;
use crate::faces::tui::text;
use crate::model::finding::{Finding, Remedy, Severity, Verdict};
use crate::model::screen::ScreenId;
use crate::wizard::run::Phase;
use crate::wizard::state::{Overlay, State};
use crate::wizard::{failures, form};

/// Draws the message.
pub fn draw(canvas: &mut Canvas<'_>, area: Rect, scene: &Scene<'_>) {
    let state = scene.state;
    if let Some(question) = question(state) {
        let theme = canvas.theme;
        let (ask, why) = question;
        canvas.put(row(area, 0), ask, theme.accent);
        canvas.wrap(below(area, 1), why, theme.plain);
        return;
    }
    let mut area = area;
    if let Some(notice) = &state.notice {
        let (sign, style) =
            if notice.bad { (canvas.signs.stop, canvas.theme.stop) } else { (canvas.signs.here, canvas.theme.accent) };
        let lines = said(canvas, area, (sign, style), &notice.text);
        area = below(area, lines);
    }
    if matches!(state.overlay, Some(Overlay::Help | Overlay::ConnectionString)) || area.is_empty() {
        return;
    }
    if let Some(finding) = &scene.foremost {
        // A note stands against nothing, so it does not hide that one may go on.
        if finding.severity == Severity::Note && state.notice.is_none() {
            area = below(area, standing(canvas, area, scene));
        }
        self::finding(canvas, area, finding);
    } else if state.place.here == ScreenId::Install {
        if let Some(row) = state.run.failed()
            && let Some(failure) = &row.failure
        {
            let told = failures::explain(row.kind, failure);
            let words = format!("{}: {} {}", row.kind.id(), told.says, told.fix);
            let sign = (canvas.signs.stop, canvas.theme.stop);
            self::told(canvas, area, sign, words.trim_end(), told.remedy.as_ref().map(Remedy::text));
        }
    } else if state.notice.is_none() {
        standing(canvas, area, scene);
    }
}

/// A question that is open, and what hangs on it.
fn question(state: &State) -> Option<(&'static str, &'static str)> {
    match state.overlay? {
        Overlay::ConfirmQuit => Some(match (state.place.here, state.run.phase) {
            (ScreenId::MasterKey, _) => (
                "End the program?",
                "It is not proven yet that the master key is kept. It stays sealed on this machine, and the next start comes back here.",
            ),
            (_, Phase::Running | Phase::Undoing) => (
                "End the program in the middle of a step?",
                "The journal knows what was done; the next start offers to go on or to undo it.",
            ),
            (_, Phase::Idle | Phase::Undone) => ("End the program?", "Nothing has been written. What was typed is lost."),
            _ => ("End the program?", "The run stays as it is; the next start offers to go on or to undo it."),
        }),
        Overlay::ConfirmUndo => Some((
            "Undo what this run created?",
            "Only what this run created is taken back: the cluster, a database that it created, its files. What was there before stays.",
        )),
        Overlay::Help | Overlay::ConnectionString => None,
    }
}

/// A sign and a text, wrapped behind it; tells how many lines it took.
fn said(canvas: &mut Canvas<'_>, area: Rect, (sign, style): (&str, Style), words: &str) -> u16 {
    canvas.put(row(area, 0), sign, style);
    let plain = canvas.theme.plain;
    canvas.wrap(behind(area, 2), words, plain)
}

/// A text and under it what mends it, which has the last lines for itself: it is what the operator needs most.
fn told(canvas: &mut Canvas<'_>, area: Rect, sign: (&str, Style), words: &str, remedy: Option<&str>) {
    let inner = behind(area, 2);
    let wanted = remedy.map_or(0, |remedy| text::wrap(remedy, inner.width).len());
    let most = area.height / 2;
    let mends = u16::try_from(wanted).unwrap_or(most).min(most);
    let above = Rect { height: area.height - mends, ..area };
    let used = said(canvas, above, sign, words);
    if let Some(remedy) = remedy {
        let title = canvas.theme.title;
        canvas.wrap(Rect { height: mends, ..below(inner, used) }, remedy, title);
    }
}

/// A finding: its check's name, which can be typed, what it says and what mends it.
fn finding(canvas: &mut Canvas<'_>, area: Rect, finding: &Finding) {
    let sign = canvas.severity(finding.severity);
    let mut words = format!("{}: {}", finding.check.id(), finding.says);
    if !finding.fix.is_empty() {
        words.push(' ');
        words.push_str(&finding.fix);
    }
    told(canvas, area, sign, &words, finding.remedy.as_ref().map(Remedy::text));
}

/// Where things stand when nothing stands against going on; tells how many lines it took.
fn standing(canvas: &mut Canvas<'_>, area: Rect, scene: &Scene<'_>) -> u16 {
    let (theme, signs) = (canvas.theme, canvas.signs);
    let state = scene.state;
    if scene.verdicts.is_empty() {
        return 0;
    }
    let (sign, words) = if state.asked.waiting {
        let words = "Goes on by itself as soon as the checks have ended well. Esc stops waiting.";
        ((signs.running, theme.plain), words.to_owned())
    } else if scene.is_running() {
        let words = match scene.running_for() {
            Some(elapsed) => format!("Checking for {}; F5 stops it.", elapsed::so_far(elapsed)),
            None => "Checking.".to_owned(),
        };
        ((signs.running, theme.plain), words)
    } else if scene.verdicts.iter().all(|(_, verdict)| is_settled(verdict)) {
        ((signs.ok, theme.good), "Everything on this screen is proven. Enter goes on.".to_owned())
    } else {
        ((signs.pending, theme.dim), lacking(scene))
    };
    said(canvas, area, sign, &words)
}

/// What is needed before anything can be proven.
fn lacking(scene: &Scene<'_>) -> String {
    if scene.state.place.here == ScreenId::MasterKey {
        return "Prove that the key is kept: type its last six characters, or save it (F7) and have it read back (F8)."
            .to_owned();
    }
    let missing = scene.fields.iter().filter(|field| form::is_missing(**field, &scene.state.answers));
    let missing: Vec<&str> = missing.filter_map(|field| scene.words.field(*field)).map(|words| words.label.as_str()).collect();
    if missing.is_empty() {
        "Not proven yet. Enter proves it.".to_owned()
    } else {
        format!("Still to be answered: {}.", missing.join(", "))
    }
}

/// Whether a verdict is no obstacle.
fn is_settled(verdict: &Verdict) -> bool {
    match verdict {
        Verdict::Good(_) => true,
        Verdict::Found(_) => verdict.severity() == Some(Severity::Note),
        Verdict::NotYet | Verdict::Running => false,
    }
}
