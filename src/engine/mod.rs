//! The one loop: event → update → effects → tasks → event. Every face drives this and shows its state.
//!
//! Tasks run on the runtime and answer with events over a channel; the face's own thread never waits for one of them.
//! Superseded work is cancelled by dropping it: each survey's task is aborted when a newer one of its kind begins.

mod log;
pub mod recording;
mod tasks;

use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::Instant;

use crate::model::answers::Answers;
use crate::model::flow::Flow;
use crate::model::secret::SecretString;
use crate::wizard::effect::Effect;
use crate::wizard::event::Event;
use crate::wizard::review::Wanted;
use crate::wizard::state::State;
use crate::wizard::update;
use crate::world::World;

use log::{EventContext, EventLog};
use recording::Recorder;
use tasks::{TaskMessage, Tasks};

/// The time since the engine began: the only clock that the mind sees. It is tokio's, so that tests can pause it.
#[derive(Debug, Clone, Copy)]
struct Clock(Instant);

impl Clock {
    fn start() -> Self {
        Self(Instant::now())
    }

    /// Returns the time that has passed, in whole microseconds, as recordings have it.
    fn now(self) -> Duration {
        Duration::from_micros(u64::try_from(self.0.elapsed().as_micros()).unwrap_or(u64::MAX))
    }
}

/// A running wizard.
#[derive(Debug)]
pub struct Engine {
    state: State,
    clock: Clock,
    tasks: Tasks,
    messages: mpsc::UnboundedReceiver<TaskMessage>,
    log: EventLog,
    recorder: Option<Recorder>,
}

impl Engine {
    /// How often time passes on the screen while something works: two wake-ups a second.
    pub const TICK: Duration = Duration::from_millis(500);

    /// Starts a wizard with these answers, at the first screen of a flow or at the start screen. Must be called within
    /// a tokio runtime.
    pub fn new(world: World, answers: Answers, flow: Option<Flow>) -> Self {
        Self::with(world, update::begin(answers, flow))
    }

    /// Starts a wizard with the review of a node, as soon as the instances of this machine are known.
    pub fn review(world: World, answers: Answers, wanted: Wanted) -> Self {
        Self::with(world, update::begin_review(answers, wanted))
    }

    fn with(world: World, (state, effects): (State, Vec<Effect>)) -> Self {
        let (sender, messages) = mpsc::unbounded_channel();
        let mut engine = Self {
            state,
            clock: Clock::start(),
            tasks: Tasks::new(world, sender),
            messages,
            log: EventLog::default(),
            recorder: None,
        };
        engine.log.after_event(&EventContext::default(), &engine.state, Duration::ZERO);
        engine.carry_out(effects);
        engine
    }

    /// Records every event from now on. Begins before the first one, so that the recording can be replayed.
    pub fn record(&mut self, recorder: Recorder) {
        self.recorder = Some(recorder);
    }

    pub fn state(&self) -> &State {
        &self.state
    }

    /// Applies an event and starts its effects.
    pub fn handle(&mut self, event: Event) {
        let now = self.clock.now();
        let about = EventLog::before_event(&event);
        if let Some(recorder) = &mut self.recorder {
            recorder.event(&event, &self.state, now);
        }
        let effects = update::update(&mut self.state, event, now);
        self.log.after_event(&about, &self.state, now);
        self.carry_out(effects);
    }

    /// Waits for the next event from the tasks, or for the time to refresh what is shown. Never ends; dropping the future loses nothing.
    pub async fn next_event(&mut self) -> Event {
        loop {
            let message = match self.state.refresh_at() {
                None => self.messages.recv().await,
                Some(at) => {
                    let pause = at.saturating_sub(self.clock.now());
                    match tokio::time::timeout(pause, self.messages.recv()).await {
                        Ok(message) => message,
                        Err(_) => return Event::Refresh,
                    }
                }
            };
            match message {
                Some(TaskMessage::Event(event)) => return event,
                Some(TaskMessage::Ended) => self.tasks.ended(),
                // The engine holds a sender itself, so the channel cannot close while it lives.
                None => std::future::pending().await,
            }
        }
    }

    /// Returns an event that has arrived already.
    pub fn try_next_event(&mut self) -> Option<Event> {
        loop {
            match self.messages.try_recv() {
                Ok(TaskMessage::Event(event)) => return Some(event),
                Ok(TaskMessage::Ended) => self.tasks.ended(),
                Err(_) => return None,
            }
        }
    }

    /// Returns whether anything runs in the background, so that elapsed time is worth showing.
    pub fn is_working(&self) -> bool {
        self.state.tickets.any_awaited() || self.state.run().is_working()
    }

    /// Returns a text that is to go on the clipboard through the terminal, which only a face can reach. It then says
    /// [`Event::Copied`].
    pub fn take_terminal_copy(&mut self) -> Option<SecretString> {
        self.tasks.take_terminal_copy()
    }

    /// Lets what changes something come to its end, for so long at most: the running step of an install, so that the
    /// journal says what is done rather than what was begun, and the closing of a journal. Surveys are dropped.
    pub async fn wind_down(&mut self, at_most: Duration) {
        self.tasks.begin(Effect::CancelInstall);
        self.tasks.drop_surveys();
        let _ = tokio::time::timeout(at_most, self.run_until_idle()).await;
    }

    /// Removes what a run that was killed while it closed left beside its journal. What cannot be removed now goes with the next run.
    pub async fn remove_copies(&self, instance: &str) {
        let _ = self.tasks.world().remove_copies(instance).await;
    }

    /// Applies the next event; `false` as soon as nothing runs any more and no event is left. For faces without a screen, which
    /// report what has changed after each. Dropping the future loses nothing.
    pub async fn step(&mut self) -> bool {
        while self.tasks.open() > 0 || !self.messages.is_empty() {
            match self.messages.recv().await {
                Some(TaskMessage::Event(event)) => {
                    self.handle(event);
                    return true;
                }
                Some(TaskMessage::Ended) => self.tasks.ended(),
                None => return false,
            }
        }
        false
    }

    /// Applies events until nothing runs any more.
    pub async fn run_until_idle(&mut self) {
        while self.step().await {}
    }

    fn carry_out(&mut self, effects: Vec<Effect>) {
        for effect in effects {
            self.log.effect_begins(&effect, self.clock.now());
            self.tasks.begin(effect);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::cluster::ClusterId;
    use crate::model::journal::Journal;
    use crate::model::master_key::Fingerprint;
    use crate::world::clipboard::Surroundings;
    use crate::world::journals;
    use crate::world::places::Places;

    #[tokio::test]
    async fn the_end_waits_until_a_finished_runs_journal_is_gone() {
        let folder = tempfile::tempdir().expect("a folder");
        let places = Places::under(folder.path().join("state"));
        let journal = Journal {
            format: Journal::FORMAT,
            program: String::new(),
            flow: Flow::FirstNode,
            instance: "A".into(),
            begun: String::new(),
            written: String::new(),
            cluster: ClusterId([0; 16]),
            fingerprint: Fingerprint([0; 4]),
            accepted: Vec::new(),
            answers: std::collections::BTreeMap::new(),
            run: String::new(),
            before: None,
            after: None,
            folders: Vec::new(),
            storage: None,
            kept_passwords: Vec::new(),
            changes: Vec::new(),
            steps: Vec::new(),
        };
        journals::write(&places, &journal).expect("written");
        let mut engine =
            Engine::new(World::new(places.clone(), Surroundings::default()), Answers::new(crate::world::host::platform()), None);
        engine.carry_out(vec![Effect::CloseRun("A".into())]);
        engine.wind_down(Duration::from_secs(60)).await;
        assert!(journals::read(&places, "A").expect("read").is_none());
    }
}
