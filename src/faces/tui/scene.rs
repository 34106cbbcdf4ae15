//! What a frame shows, gathered once: checks are pure and cheap, but not so cheap that every part of the screen should
//! ask them anew.

use std::borrow::Cow;
use std::time::Duration;

use super::bindings;
use super::bindings::Binding;
use crate::catalog::flow;
use crate::model::check::CheckId;
use crate::model::field::FieldId;
use crate::model::finding::{Finding, Verdict};
use crate::model::flow::Flow;
use crate::model::screen::ScreenId;
use crate::model::survey::SurveyId;
use crate::wizard::review;
use crate::wizard::state::State;
use crate::wizard::tickets::SurveyRequest;
use crate::wizard::view::foremost_of;
use crate::words::{self, Screen};

/// From here on something that works shows that it does.
pub const WORTH_A_SIGN: Duration = Duration::from_millis(100);

/// The verdicts of a screen's checks.
type Verdicts = Vec<(CheckId, Verdict)>;

/// The verdicts of every check that a review runs again, by the screen that it is at home on.
fn sections(state: &State) -> Vec<(ScreenId, Verdicts)> {
    review::PROVEN.into_iter().map(|screen| (screen, state.verdicts_of(screen))).collect()
}

/// Those of the open screen, of which a review has judged most already.
fn verdicts(state: &State, sections: &[(ScreenId, Verdicts)]) -> Verdicts {
    let here = state.place.here;
    match sections.iter().find(|(screen, _)| *screen == here) {
        Some((_, verdicts)) => verdicts.clone(),
        None if here == ScreenId::Proof => sections.iter().flat_map(|(_, verdicts)| verdicts).cloned().collect(),
        None => state.verdicts(),
    }
}

/// What a frame shows.
#[derive(Debug)]
pub struct Scene<'a> {
    pub state: &'a State,
    /// The open screen's words.
    pub words: &'static Screen,
    pub fields: Vec<FieldId>,
    /// Its checks' verdicts.
    pub verdicts: Verdicts,
    /// The verdicts of every screen whose checks a review runs again; empty in other flows.
    pub sections: Vec<(ScreenId, Verdicts)>,
    /// The finding that is shown in full.
    pub foremost: Option<Finding>,
    /// The keys that work.
    pub bindings: Vec<Binding>,
}

impl<'a> Scene<'a> {
    /// Gathers it.
    pub fn new(state: &'a State) -> Self {
        let sections = if state.flow() == Some(Flow::Review) { sections(state) } else { Vec::new() };
        let verdicts = verdicts(state, &sections);
        let foremost = foremost_of(&verdicts).cloned();
        Self {
            state,
            words: words::screen(state.place.here),
            fields: state.fields(),
            bindings: bindings::visible(state, state.has_remedy(foremost.as_ref())),
            sections,
            foremost,
            verdicts,
        }
    }

    /// The open screen's title.
    pub fn title(&self) -> &'static str {
        self.words.title(self.state.flow())
    }

    /// The sentences under it; of a run that is gone on with, what is true of that.
    pub fn intro(&self) -> Cow<'static, str> {
        if self.state.place.here == ScreenId::Review && self.state.resuming().is_some() {
            "This goes on with the unfinished run. What is done already is recognised, and is not done twice.".into()
        } else {
            bindings::fill(self.words.intro(self.state.flow()))
        }
    }

    /// The help on the open screen.
    pub fn help(&self) -> Cow<'static, str> {
        bindings::fill(self.words.help(self.state.flow()))
    }

    /// The screens of the flow that are listed, empty on the start screen. What is left to do afterwards is the end of the last one.
    pub fn path(&self) -> &'static [ScreenId] {
        let path = self.state.flow().map_or(&[][..], flow::path);
        path.strip_suffix(&[ScreenId::Done]).unwrap_or(path)
    }

    /// How long the surveys of this screen have been running, from a second on; before that it is not worth a word.
    pub fn running_for(&self) -> Option<Duration> {
        let since = self.awaited().map(|request| request.since).min()?;
        let elapsed = self.state.now.saturating_sub(since);
        (elapsed.as_secs() >= 1).then_some(elapsed)
    }

    /// Whether the surveys of this screen have begun only just now, so that they may be over before anybody has seen them.
    pub fn is_fresh(&self) -> bool {
        let mut awaited = self.awaited().peekable();
        awaited.peek().is_some() && awaited.all(|request| self.state.now.saturating_sub(request.since) < WORTH_A_SIGN)
    }

    /// Whether a survey of this screen is running that somebody waits for.
    pub fn is_running(&self) -> bool {
        self.awaited().next().is_some()
    }

    fn awaited(&self) -> impl Iterator<Item = &SurveyRequest> {
        let running = |survey: &SurveyId| self.state.tickets.running(*survey);
        self.state.surveys().iter().filter_map(running).filter(|request| !request.refreshes)
    }
}
