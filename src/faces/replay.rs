//! A recording as text: each event, and what changed with it.

use std::fmt::Write as _;
use std::io::{self, Write};
use std::time::Duration;

use crate::engine::recording::Replay;
use crate::model::answers::Raw;
use crate::model::check::CheckId;
use crate::model::field::FieldId;
use crate::model::finding::Verdict;
use crate::model::flow::Flow;
use crate::model::plan::StepKind;
use crate::model::screen::ScreenId;
use crate::wizard::run::Row;
use crate::wizard::state::{Notice, Overlay, State};
use crate::words;

use super::{plain, sentences};

/// How the text is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    /// As the plain face speaks.
    Sentences,
    /// As a run without a screen prints.
    Lines,
}

/// Replays a recording to its end, without waiting.
///
/// # Errors
/// What cannot be written.
pub fn run(replay: &mut Replay, style: Style, out: &mut impl Write) -> io::Result<()> {
    let header = replay.header();
    let (events, _) = replay.events();
    let (program, platform) = (sentences::clean(&header.program), sentences::clean(&header.platform));
    writeln!(out, "Recorded by octopus-setup {program} on {platform}, {events} events.")?;
    let mut shown = Shown { style, ..Shown::new() };
    let mut at = Duration::ZERO;
    out.write_all(shown.changes(replay.state()).as_bytes())?;
    while let Some(pause) = replay.pause() {
        at += pause;
        let Some(event) = replay.step() else { break };
        writeln!(out, "{:>9.3} s  {}", at.as_secs_f64(), sentences::clean(&event))?;
        out.write_all(shown.changes(replay.state()).as_bytes())?;
    }
    writeln!(out, "The recording ends here.")?;
    out.flush()
}

/// What was shown last, so that only what is new is written.
struct Shown {
    style: Style,
    place: Option<(Option<Flow>, ScreenId)>,
    overlay: Option<Overlay>,
    answers: Vec<(FieldId, Raw)>,
    verdicts: Vec<(CheckId, Verdict)>,
    steps: Vec<StepKind>,
    rows: Vec<Row>,
    notice: Option<Notice>,
}

impl Shown {
    fn new() -> Self {
        Self {
            style: Style::Lines,
            place: None,
            overlay: None,
            answers: Vec::new(),
            verdicts: Vec::new(),
            steps: Vec::new(),
            rows: Vec::new(),
            notice: None,
        }
    }

    /// What changed, as lines. Writing to a string cannot fail.
    fn changes(&mut self, state: &State) -> String {
        let mut out = String::new();
        let place = (state.flow(), state.place.here);
        if self.place.replace(place) != Some(place) {
            let _ = writeln!(out, "\n{}", words::screen(place.1).title(place.0));
        }
        if self.overlay != state.overlay {
            self.overlay = state.overlay;
            if let Some(overlay) = state.overlay {
                let _ = writeln!(out, "A window opens: {overlay:?}.");
            }
        }
        self.answers(&mut out, state);
        self.verdicts(&mut out, state);
        self.plan(&mut out, state);
        if self.notice != state.notice {
            self.notice.clone_from(&state.notice);
            if let Some(notice) = &state.notice {
                let _ = writeln!(out, "{}", sentences::clean(&notice.text));
            }
        }
        out
    }

    fn answers(&mut self, out: &mut String, state: &State) {
        let words = words::screen(state.place.here);
        for field in state.fields() {
            let raw = &state.answers.get(field).raw;
            match self.answers.iter_mut().find(|(other, _)| *other == field) {
                Some((_, before)) if before == raw => continue,
                Some((_, before)) => before.clone_from(raw),
                None => self.answers.push((field, raw.clone())),
            }
            let label = words.field(field).map_or(field.id(), |words| words.label.as_str());
            let value = match raw {
                Raw::Text(text) => sentences::clean(text),
                Raw::Secret(_) if raw.is_empty() => String::new(),
                Raw::Secret(_) => "set, not shown".to_owned(),
            };
            let _ = writeln!(out, "{label} ({}): {value}", field.id());
        }
    }

    fn verdicts(&mut self, out: &mut String, state: &State) {
        for (check, verdict) in state.verdicts() {
            if matches!(verdict, Verdict::NotYet | Verdict::Running) || self.verdicts.contains(&(check, verdict.clone())) {
                continue;
            }
            match self.style {
                Style::Sentences => {
                    for sentence in plain::sentences_of(check, &verdict) {
                        let _ = writeln!(out, "{}", sentences::clean(&sentence));
                    }
                }
                Style::Lines => sentences::check(out, check, &verdict),
            }
            self.verdicts.retain(|(other, _)| *other != check);
            self.verdicts.push((check, verdict));
        }
    }

    fn plan(&mut self, out: &mut String, state: &State) {
        let steps = state.run().plan.as_deref().map(|plan| plan.steps.iter().map(|step| step.kind).collect()).unwrap_or_default();
        if self.steps != steps {
            self.steps = steps;
            if let Some(plan) = &state.run().plan {
                sentences::plan(out, plan);
            }
            self.rows.clone_from(&state.run().rows);
        }
        for line in plain::changes_of(state.run(), &self.rows) {
            let _ = writeln!(out, "{}", sentences::clean(&line));
        }
        self.rows.clone_from(&state.run().rows);
    }
}
