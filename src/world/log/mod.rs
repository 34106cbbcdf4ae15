//! The log: what our own crate tells through `tracing`, one line an event, in a file of the operator's.
//!
//! Only targets of this crate are let through. The libraries below tell what they send and receive, and that may be SQL
//! with values in it; what our own modules tell is redacted where it is told, by type.
//!
//! A subscriber of our own rather than `tracing-subscriber`: no spans, no filters by target, no colours are needed, and its
//! registry of spans costs more than all of this.

mod file;
mod line;

use std::path::Path;

use tracing::level_filters::LevelFilter;
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

use crate::model::untrusted::Untrusted;

use super::clock;

pub use file::LogFile;

/// How much is logged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum LogLevel {
    /// Nothing; the file is not made.
    Off,
    /// Steps that failed, and defects.
    Error,
    /// Also what was refused.
    Warn,
    /// Also what was begun and how it ended: screens, surveys, plans, steps.
    #[default]
    Info,
    /// Also every event and effect, and what the checks said.
    Debug,
    /// Also what happens by the clock, and surveys that are half way.
    Trace,
}

impl LogLevel {
    /// The environment variable that sets it.
    pub const VARIABLE: &'static str = "OCTOPUS_SETUP_LOG";

    /// Every level.
    pub const ALL: [Self; 6] = [Self::Off, Self::Error, Self::Warn, Self::Info, Self::Debug, Self::Trace];

    /// Its word.
    pub const fn id(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Error => "error",
            Self::Warn => "warn",
            Self::Info => "info",
            Self::Debug => "debug",
            Self::Trace => "trace",
        }
    }

    /// The level of this word; case does not count.
    pub fn from_id(id: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|level| level.id().eq_ignore_ascii_case(id))
    }

    const fn filter(self) -> LevelFilter {
        match self {
            Self::Off => LevelFilter::OFF,
            Self::Error => LevelFilter::ERROR,
            Self::Warn => LevelFilter::WARN,
            Self::Info => LevelFilter::INFO,
            Self::Debug => LevelFilter::DEBUG,
            Self::Trace => LevelFilter::TRACE,
        }
    }
}

/// The log file cannot be used: which, and why.
#[derive(Debug, thiserror::Error)]
#[error("the log file {path} cannot be used: {said}")]
pub struct LogError {
    path: Untrusted,
    said: Untrusted,
}

/// The log, as `tracing` knows it.
#[derive(Debug)]
pub struct Log {
    file: LogFile,
    level: LevelFilter,
}

impl Log {
    /// Opens a log file, or makes it, 0600; lines are appended until it has so many bytes.
    pub fn open(path: &Path, level: LogLevel, most: u64) -> Result<Self, LogError> {
        let file = LogFile::open(path, most).map_err(|error| LogError {
            path: path.to_string_lossy().as_ref().into(),
            said: error.to_string().trim_end_matches('.').into(),
        })?;
        Ok(Self { file, level: level.filter() })
    }

    /// Makes it the log of this process, for good. One that is there already stays.
    pub fn install(self) {
        let _ = tracing::subscriber::set_global_default(self);
    }
}

/// What the targets of our own modules begin with.
const OURS: &str = "octopus_setup";

/// A target of ours, without the crate's name.
fn module(target: &str) -> Option<&str> {
    let rest = target.strip_prefix(OURS)?;
    if rest.is_empty() { Some(rest) } else { rest.strip_prefix("::") }
}

impl Subscriber for Log {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.is_event() && *metadata.level() <= self.level && module(metadata.target()).is_some()
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Some(self.level)
    }

    fn event(&self, event: &Event<'_>) {
        let told = event.metadata();
        // Asked once more: what is enabled for another log of this process comes here too.
        if let Some(module) = module(told.target()).filter(|_| self.enabled(told)) {
            let time = clock::rfc3339_millis(clock::now());
            self.file.append(&line::of(&time, *told.level(), module, event));
        }
    }

    // No spans: the libraries' are refused above, and we have none.
    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_level_has_one_of_six_words() {
        for level in LogLevel::ALL {
            assert_eq!(LogLevel::from_id(level.id()), Some(level));
            assert_eq!(LogLevel::from_id(&level.id().to_uppercase()), Some(level));
        }
        assert_eq!(LogLevel::from_id("verbose"), None);
        assert_eq!(LogLevel::from_id(""), None);
    }

    #[test]
    fn only_our_own_modules_are_heard() {
        assert_eq!(module("octopus_setup::engine::log"), Some("engine::log"));
        assert_eq!(module("octopus_setup"), Some(""));
        assert_eq!(module("rustls::client"), None);
        assert_eq!(module("octopus_setup_helper::sql"), None);
    }
}
