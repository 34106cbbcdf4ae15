//! What a frame shows, gathered once: checks are pure and cheap, but not so cheap that every part of the screen should
//! ask them anew.

use super::bindings::{self, Binding};
use crate::model::check::CheckId;
use crate::model::field::FieldId;
use crate::model::finding::{Finding, Verdict};
use crate::model::screen::ScreenId;
use crate::model::survey::SurveyId;
use crate::wizard::state::State;
use crate::wizard::{flow, inputs};
use crate::words::{self, Screen};

/// What a frame shows.
#[derive(Debug)]
pub struct Scene<'a> {
    /// The state.
    pub state: &'a State,
    /// The open screen's words.
    pub words: &'static Screen,
    /// Its fields.
    pub fields: Vec<FieldId>,
    /// Its checks' verdicts.
    pub verdicts: Vec<(CheckId, Verdict)>,
    /// The finding that is shown in full.
    pub foremost: Option<Finding>,
    /// The keys that work.
    pub bindings: Vec<Binding>,
}

impl<'a> Scene<'a> {
    /// Gathers it.
    pub fn of(state: &'a State) -> Self {
        Self {
            state,
            words: words::screen(state.place.here),
            fields: state.fields(),
            verdicts: state.verdicts(),
            foremost: state.foremost(),
            bindings: bindings::of(state),
        }
    }

    /// The screens of the flow, empty on the start screen.
    pub fn path(&self) -> &'static [ScreenId] {
        self.state.place.flow.map_or(&[], flow::path)
    }

    /// How long the survey of this screen has been running, from a second on; before that it is not worth a word.
    pub fn running_for(&self) -> Option<std::time::Duration> {
        let since = self.state.tickets.running(self.survey()?)?.since;
        let elapsed = self.state.now.saturating_sub(since);
        (elapsed.as_secs() >= 1).then_some(elapsed)
    }

    /// Whether the survey of this screen is running.
    pub fn is_running(&self) -> bool {
        self.survey().is_some_and(|survey| self.state.tickets.running(survey).is_some())
    }

    fn survey(&self) -> Option<SurveyId> {
        inputs::survey_of(self.state.place.here)
    }
}
