//! The lines above the foot: an open question, or what just happened with the worst finding and its fix, or whether the
//! screen is proven. The lines are reserved even when empty, so that a message never moves the fields. A longer message
//! also uses the blank lines above.

use ratatui::layout::Rect;
use ratatui::style::Style;

use crate::catalog::{form, format};
use crate::faces::tui::canvas::{Canvas, behind, below, row};
use crate::faces::tui::scene::Scene;
use crate::faces::tui::{bindings, text};
use crate::model::field::FieldId;
use crate::model::finding::{Finding, Remedy, Severity, Verdict};
use crate::model::flow::Flow;
use crate::model::screen::ScreenId;
use crate::wizard::run::{Phase, Row};
use crate::wizard::state::{Overlay, State};

/// The width of a sign and the space after it.
const SIGN: u16 = 2;

/// Draws the message into its own lines, and if needed into the lines above, from `free` on.
pub fn draw_message(canvas: &mut Canvas<'_>, area: Rect, free: u16, scene: &Scene<'_>) {
    let all = messages(canvas, scene);
    let wanted = height(&all, area.width);
    let most = area.bottom().saturating_sub(free.min(area.y));
    let height = wanted.clamp(area.height, most.max(area.height));
    let mut area = Rect { y: area.bottom() - height, height, ..area };
    let bottom = area;
    for saying in &all {
        let used = put_message(canvas, area, saying);
        area = below(area, used);
    }
    if wanted > height && scene.state.overlay.is_none() && (scene.foremost.is_some() || scene.state.run().failed().is_some()) {
        // Help begins with this message. The hint is in the corner of the last line, which ends with a sign for more
        // text anyway.
        let dim = canvas.theme.dim;
        let words = " … F1 shows all";
        let corner = behind(row(bottom, height.saturating_sub(1)), bottom.width.saturating_sub(text::width(words)));
        canvas.put(corner, words, dim);
    }
}

/// Returns the number of lines that all messages need at this width.
pub fn wanted(canvas: &Canvas<'_>, scene: &Scene<'_>, width: u16) -> u16 {
    height(&messages(canvas, scene), width)
}

fn height(all: &[Message], width: u16) -> u16 {
    all.iter().fold(0, |sum: u16, saying| sum.saturating_add(lines(saying, width)))
}

/// Returns the number of lines that a message needs.
fn lines(saying: &Message, width: u16) -> u16 {
    let width = width.saturating_sub(indent(saying));
    let count = |words: &str| u16::try_from(text::wrap(words, width).len()).unwrap_or(u16::MAX);
    count(&saying.words).saturating_add(saying.remedy.as_deref().map_or(0, count))
}

/// Returns how far a message is indented.
const fn indent(saying: &Message) -> u16 {
    if saying.sign.is_empty() { 0 } else { SIGN }
}

/// Draws a message and its remedy below it, and returns the number of lines used. If there are too few lines for both, the remedy
/// keeps its own, since it is what the operator needs most.
fn put_message(canvas: &mut Canvas<'_>, area: Rect, saying: &Message) -> u16 {
    canvas.put(row(area, 0), saying.sign, saying.sign_style);
    let inner = behind(area, indent(saying));
    let Some(remedy) = &saying.remedy else { return canvas.wrap(inner, &saying.words, saying.style) };
    let wanted = u16::try_from(text::wrap(remedy, inner.width).len()).unwrap_or(u16::MAX);
    let remedy_lines = wanted.min(area.height / 2);
    let used = canvas.wrap(Rect { height: inner.height - remedy_lines, ..inner }, &saying.words, saying.style);
    let title = canvas.theme.title;
    used + canvas.wrap(below(inner, used), remedy, title)
}

/// A message.
#[derive(Debug)]
pub struct Message {
    /// Its sign; empty for none.
    pub sign: &'static str,
    /// The sign's style.
    pub sign_style: Style,
    pub words: String,
    pub style: Style,
    /// The SQL or command that fixes it, to be copied.
    pub remedy: Option<String>,
}

impl Message {
    fn new(canvas: &Canvas<'_>, (sign, sign_style): (&'static str, Style), words: impl Into<String>) -> Self {
        Self { sign, sign_style, words: bindings::fill(&words.into()).into_owned(), style: canvas.theme.plain, remedy: None }
    }
}

/// Returns all messages, the most urgent first.
pub fn messages(canvas: &Canvas<'_>, scene: &Scene<'_>) -> Vec<Message> {
    let state = scene.state;
    let (theme, signs) = (canvas.theme, canvas.signs);
    if let Some((ask, why)) = question(state) {
        let ask = Message { style: theme.accent, ..Message::new(canvas, ("", theme.plain), ask) };
        return vec![ask, Message::new(canvas, ("", theme.plain), why)];
    }
    let mut said = Vec::new();
    if let Some(notice) = &state.notice {
        let sign = if notice.bad { (signs.stop, theme.stop) } else { (signs.here, theme.accent) };
        said.push(Message::new(canvas, sign, notice.text.as_str()));
    }
    if state.overlay.is_some() {
        return said;
    }
    // The rows of a review show each note in full.
    let is_told = |found: &Finding| found.severity == Severity::Note && state.flow() == Some(Flow::Review);
    let foremost = scene.foremost.as_ref().filter(|found| !is_told(found) && !lists_findings(state.place.here));
    match (foremost, state.run().failed()) {
        (Some(found), _) => {
            // It blocks nothing, so the operator is also told that the screen has no problem.
            if found.severity <= Severity::Unknown && said.is_empty() {
                said.extend(standing(canvas, scene));
            }
            said.push(finding(canvas, found));
        }
        (None, Some(row)) if state.place.here == ScreenId::Install => said.extend(failure(canvas, scene, row)),
        _ if said.is_empty() => said.extend(standing(canvas, scene)),
        _ => {}
    }
    said
}

/// Returns the open question, and its consequences.
fn question(state: &State) -> Option<(&'static str, &'static str)> {
    match state.overlay? {
        Overlay::ConfirmQuit => Some(match (state.place.here, state.run().phase) {
            (ScreenId::MasterKey, _) => (
                "End the program?",
                "It is not proven yet that the master key is kept. It stays sealed on this machine, and the next start comes back here.",
            ),
            (_, Phase::Running | Phase::Undoing) => (
                "End the program in the middle of a step?",
                "The journal knows what was done; the next start offers to go on or to undo it.",
            ),
            (_, Phase::Idle) if state.resuming().is_some() => {
                ("End the program?", "The unfinished run stays as it is; the next start offers to go on or to undo it.")
            }
            (_, Phase::Idle | Phase::Undone) => ("End the program?", "Nothing has been written. What was typed is lost."),
            _ => ("End the program?", "The run stays as it is; the next start offers to go on or to undo it."),
        }),
        Overlay::ConfirmUndo => Some((
            "Undo what this run created?",
            "Only what this run created is taken back: the cluster, a database that it created, its files. What was there before stays.",
        )),
        Overlay::Certificate if state.is_certificate_refused() => Some((
            "Trust just this certificate?",
            "Compare its SHA-256 with what the DBA reads on the server first. Anyone with its key is then taken for the server.",
        )),
        Overlay::Certificate | Overlay::Help | Overlay::Script | Overlay::Output | Overlay::ConnectionString => None,
    }
}

/// Returns whether a screen shows in full what its checks have found, so that no message needs to.
const fn lists_findings(screen: ScreenId) -> bool {
    use ScreenId as Id;
    matches!(screen, Id::Home | Id::Service | Id::Database | Id::Cluster | Id::Storage | Id::Octopus)
}

/// Builds the message of a finding: the name of its check, which `--accept` takes, what is wrong, and the fix.
fn finding(canvas: &Canvas<'_>, finding: &Finding) -> Message {
    let words = format!("{}: {} {}", finding.check.id(), finding.says, finding.fix);
    let remedy = finding.remedy.as_ref().map(|remedy| remedy.text().to_owned());
    Message { remedy, ..Message::new(canvas, canvas.severity(finding.severity), words.trim_end()) }
}

/// Builds the message of a step that failed or could not be undone.
fn failure(canvas: &Canvas<'_>, scene: &Scene<'_>, row: &Row) -> Option<Message> {
    let explanation = scene.state.explain_step(row)?;
    let words = format!("{}: {} {}", row.kind.id(), explanation.says, explanation.fix);
    let remedy = explanation.remedy.as_ref().map(Remedy::text).map(str::to_owned);
    Some(Message { remedy, ..Message::new(canvas, (canvas.signs.stop, canvas.theme.stop), words.trim_end()) })
}

/// Builds the message of a screen without problems.
fn standing(canvas: &Canvas<'_>, scene: &Scene<'_>) -> Option<Message> {
    let (theme, signs) = (canvas.theme, canvas.signs);
    // A review has no gate; its rows show the state.
    if scene.verdicts.is_empty() || scene.state.flow() == Some(Flow::Review) {
        return None;
    }
    let (sign, words) = if scene.state.prompt.waiting {
        let words = "Goes on by itself as soon as the checks have ended well. {key:back} stops waiting.";
        ((signs.running, theme.plain), words.to_owned())
    } else if scene.is_running() {
        let words = match scene.running_for() {
            Some(elapsed) => format!("Checking for {}; {{key:stop-checking}} stops it.", text::format_elapsed(elapsed)),
            None => "Checking; {key:stop-checking} stops it.".to_owned(),
        };
        ((signs.running, theme.plain), words)
    } else if scene.fields.iter().any(|field| scene.state.is_undecided(*field)) {
        ((signs.pending, theme.dim), lacking(scene))
    } else if !has_wrong_field(scene) && scene.verdicts.iter().all(|(_, verdict)| is_settled(verdict)) {
        let unknown = scene.verdicts.iter().filter(|(_, verdict)| verdict.severity().is_some_and(Severity::is_unknown)).count();
        let proven = scene.verdicts.iter().any(|(_, verdict)| matches!(verdict, Verdict::Good(_)));
        match unknown {
            0 if proven => ((signs.ok, theme.good), "Everything on this screen is proven. {key:next} goes on.".to_owned()),
            // If there were only notes, or nothing to check, nothing was proven.
            0 => ((signs.ok, theme.good), "No problems found. {key:next} goes on.".to_owned()),
            _ => (
                (signs.unknown, theme.plain),
                format!("No problems found; {} not looked at. {{key:next}} goes on.", format::count(unknown as u64, "check")),
            ),
        }
    } else if !has_wrong_field(scene) && scene.verdicts.iter().any(|(_, verdict)| verdict.severity() > Some(Severity::Unknown)) {
        // The findings say what to do.
        return None;
    } else {
        ((signs.pending, theme.dim), lacking(scene))
    };
    Some(Message::new(canvas, sign, words))
}

/// Returns whether a field of the screen holds what cannot be meant.
fn has_wrong_field(scene: &Scene<'_>) -> bool {
    scene.fields.iter().any(|field| !form::is_missing(*field, &scene.state.answers) && scene.state.problem(*field).is_some())
}

/// Says what is needed before the screen can be proven.
fn lacking(scene: &Scene<'_>) -> String {
    if scene.state.place.here == ScreenId::MasterKey {
        return "Prove that it is kept: save it ({key:save-key}), or type its last six characters.".to_owned();
    }
    let label = |field: &FieldId| scene.words.field(*field).map(|words| words.label.as_str());
    let is_wrong = |field: &FieldId| !form::is_missing(*field, &scene.state.answers) && scene.state.problem(*field).is_some();
    let wrong: Vec<&str> = scene.fields.iter().filter(|field| is_wrong(field)).filter_map(label).collect();
    let first = scene.fields.iter().copied().find(|field| is_wrong(field));
    if let Some(field) = first
        && scene.state.focused() != Some(field)
        && let (Some(label), Some(problem)) = (label(&field), scene.state.shown_problem(field))
    {
        // Below the field itself the problem is shown only while the field has the focus.
        return format!("{label}: {problem}");
    }
    if !wrong.is_empty() {
        return format!("To be fixed: {}.", wrong.join(", "));
    }
    let is_open = |field: &&FieldId| form::is_missing(**field, &scene.state.answers) || scene.state.is_undecided(**field);
    let missing = scene.fields.iter().filter(is_open);
    let missing: Vec<&str> = missing.filter_map(label).collect();
    if missing.is_empty() {
        "Not proven yet. {key:next} proves it.".to_owned()
    } else {
        format!("Still to be answered: {}.", missing.join(", "))
    }
}

/// Returns whether a verdict does not block the screen.
fn is_settled(verdict: &Verdict) -> bool {
    match verdict {
        Verdict::Good(_) | Verdict::Unknown(_) | Verdict::DoesNotApply => true,
        Verdict::Found(_) => verdict.severity() <= Some(Severity::Unknown),
        Verdict::NotYet | Verdict::Running => false,
    }
}
