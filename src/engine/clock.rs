//! Time since the engine began: the only clock that the mind ever sees.

use std::time::Duration;

use tokio::time::Instant;

/// A stopwatch. tokio's, so that tests can pause it.
#[derive(Debug, Clone, Copy)]
pub struct Clock(Instant);

impl Clock {
    /// Starts it.
    pub fn start() -> Self {
        Self(Instant::now())
    }

    /// How long it has been running, in whole microseconds, as a recording has it.
    pub fn now(self) -> Duration {
        Duration::from_micros(u64::try_from(self.0.elapsed().as_micros()).unwrap_or(u64::MAX))
    }
}
