//! Blocking work, driven: how far it is is told while it goes on, and signals and a dead share end it.

use std::io::{BufRead as _, Stdout};
use std::sync::Arc;
use std::time::{Duration, Instant};

use octopus_setup::faces::exit::Exit;
use octopus_setup::faces::migration::{Teller, Told};
use octopus_setup::faces::signals::{Signals, until_ended};
use octopus_setup::model::migration::Phase;
use octopus_setup::model::untrusted::Untrusted;
use octopus_setup::wizard::migration::Pace;
use octopus_setup::world::migrate::Watch;
use tokio::time::MissedTickBehavior;

use super::End;

/// How often it is told how far it is.
const TICK: Duration = Duration::from_millis(100);

/// How work ended.
pub(super) enum Driven<T> {
    /// By itself, or because a first signal asked it to.
    Ended(T),
    /// A second signal came.
    Signal(u8),
    /// The operating system does not answer it; what is to be said.
    Stuck(String),
}

/// Who drives.
pub(super) struct Driver<'a> {
    pub(super) watch: Arc<Watch>,
    pub(super) signals: Signals,
    pub(super) teller: &'a mut Teller<Stdout>,
}

impl Driver<'_> {
    /// Drives work to its end, on a thread that may block.
    pub(super) async fn drive<T: Send + 'static>(&mut self, work: impl FnOnce() -> T + Send + 'static) -> Driven<T> {
        let begun = Instant::now();
        let mut pace = Pace::default();
        let mut phase = Phase::default();
        let mut task = tokio::task::spawn_blocking(work);
        let mut ticks = tokio::time::interval_at((begun + TICK).into(), TICK);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                ended = &mut task => return match ended {
                    Ok(ended) => Driven::Ended(ended),
                    Err(error) => Driven::Stuck(format!("The work ended without an answer: {error}.")),
                },
                status = until_ended(&mut self.signals) => {
                    if self.watch.stopped() {
                        return Driven::Signal(status);
                    }
                    self.watch.stop();
                    self.teller.note("Ending: what is under way is brought to an end. Once more ends at once.");
                }
                _ = ticks.tick() => {
                    let progress = self.watch.progress();
                    if progress.phase != phase {
                        (phase, pace) = (progress.phase, Pace::default());
                    }
                    let since = begun.elapsed();
                    pace.note(since, progress.done);
                    self.teller.progress(&Told { progress: &progress, pace: &pace, since });
                    if let Some((path, waited)) = self.watch.stuck() {
                        let path = Untrusted::new(&path.to_string_lossy());
                        return Driven::Stuck(format!("{path}: an operation did not come to an end in {} s.", waited.as_secs()));
                    }
                }
            }
        }
    }

    /// Asks a question. Anything but a yes is a no.
    pub(super) async fn agreed(&mut self, question: &str) -> Result<bool, End> {
        self.teller.ask(question);
        let typed = tokio::task::spawn_blocking(|| {
            let mut line = String::new();
            let _ = std::io::stdin().lock().read_line(&mut line);
            line
        });
        tokio::select! {
            line = typed => {
                let line = line.unwrap_or_default();
                Ok(matches!(line.trim().to_lowercase().as_str(), "y" | "yes"))
            }
            status = until_ended(&mut self.signals) => Err(End::because(Exit::Signal(status), "Nothing was begun.")),
        }
    }
}
