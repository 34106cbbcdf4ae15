//! The log: the `tracing` events of this crate, one line each, in a file of the operator's choosing.
//!
//! Only targets of this crate are logged. The libraries below log what they send and receive, which may be SQL with values in it;
//! our own modules redact by type before they log.
//!
//! This is a subscriber of our own instead of `tracing-subscriber`: spans, filters by target and colours are not needed, and its
//! registry of spans costs more than all of this.

use std::fmt;
use std::fmt::Write as _;
use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::io::{self, ErrorKind};
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use tracing::field::{Field, Visit};
use tracing::level_filters::LevelFilter;
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Level, Metadata, Subscriber};

use crate::catalog::format;
use crate::model::untrusted::Untrusted;
use crate::world::clock;

/// How much is logged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum LogLevel {
    /// Nothing; no file is created.
    Off,
    /// Steps that failed, and defects.
    Error,
    /// Also what was refused.
    Warn,
    /// Also the beginning and end of screens, surveys, plans and steps.
    #[default]
    Info,
    /// Also every event, effect and verdict.
    Debug,
    /// Also timer events, and surveys in progress.
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

    /// The level of this word, in upper or lower case.
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

/// Why a log file cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("the log file {path} cannot be used: {said}")]
pub struct LogError {
    path: Untrusted,
    said: Untrusted,
}

/// The subscriber that writes the log.
#[derive(Debug)]
pub struct Log {
    file: LogFile,
    level: LevelFilter,
}

impl Log {
    /// Opens or creates a log file, 0600. Lines are appended until it has `most` bytes.
    pub fn open(path: &Path, level: LogLevel, most: u64) -> Result<Self, LogError> {
        let file = LogFile::open(path, most).map_err(|error| LogError {
            path: path.to_string_lossy().as_ref().into(),
            said: error.to_string().trim_end_matches('.').into(),
        })?;
        Ok(Self { file, level: level.filter() })
    }

    /// Makes it the log of this process for good. An earlier one stays.
    pub fn install(self) {
        let _ = tracing::subscriber::set_global_default(self);
    }
}

/// Prefix of our own modules' targets.
const OURS: &str = "octopus_setup";

/// Returns a target of ours without the crate's name.
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
        // Checked once more, because events that are enabled for another log of this process arrive here too.
        if let Some(module) = module(told.target()).filter(|_| self.enabled(told)) {
            let time = clock::rfc3339_millis(clock::now());
            self.file.append(&format_line(&time, *told.level(), module, event));
        }
    }

    // There are no spans: the libraries' are refused above, and we have none.
    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

/// Formats an event as a line, with its line break.
pub(super) fn format_line(time: &str, level: Level, module: &str, event: &Event<'_>) -> String {
    let mut line = Line(format!("{time} {level:<5} {module} "));
    event.record(&mut line);
    line.0.push('\n');
    line.0
}

/// The field that holds an event's sentence.
const MESSAGE: &str = "message";

struct Line(String);

impl Line {
    /// Cleans a value, so that no text from outside breaks the line or acts on the reader's terminal, and quotes it if it could be taken
    /// for more than one value.
    fn put(&mut self, field: &Field, text: &str) {
        let clean = Untrusted::new(text);
        let clean = clean.as_str();
        // Writing to a string cannot fail.
        let _ = if field.name() == MESSAGE {
            write!(self.0, " {clean}")
        } else if clean.is_empty() || clean.contains([' ', '"', '=', '\\']) {
            write!(self.0, " {}={}", field.name(), quoted(clean))
        } else {
            write!(self.0, " {}={clean}", field.name())
        };
    }
}

/// Quotes a text, with a backslash before quotes and backslashes in it.
fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

impl Visit for Line {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.put(field, value);
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.put(field, &format!("{value:?}"));
    }
}

/// A log file. Each line is appended whole and by one call, so that two programs with one log do not mix lines. Nothing is buffered, so
/// that the last words before a crash are there. Errors do not disturb the writer.
#[derive(Debug)]
pub struct LogFile {
    file: File,
    most: u64,
    length: AtomicU64,
    is_full: AtomicBool,
}

impl LogFile {
    /// The most bytes of a log: 10 MiB, which is years of runs at the default level.
    pub const MOST: u64 = 10 << 20;

    /// Opens or creates it, 0600. Refuses a file that others can read or own, anything but a regular file, and a full one.
    pub fn open(path: &Path, most: u64) -> io::Result<Self> {
        let refused = |why: String| Err(io::Error::new(ErrorKind::InvalidInput, why));
        if std::fs::symlink_metadata(path).is_ok_and(|seen| !seen.is_file()) {
            return refused("it is a link, a folder or a device, and must be a file".to_owned());
        }
        let file = options().open(path)?;
        let seen = file.metadata()?;
        if let Some(why) = private::objection(&seen) {
            return refused(why.to_owned());
        }
        if seen.len() >= most {
            return refused(format!("it is full, at {}; move it away", format::size(seen.len())));
        }
        Ok(Self { file, most, length: AtomicU64::new(seen.len()), is_full: AtomicBool::new(false) })
    }

    /// Appends a line that ends with its line break. The first line without room is replaced by one that says so, and nothing follows.
    pub fn append(&self, line: &str) {
        let length = line.len() as u64;
        let fits = self.length.fetch_add(length, Ordering::Relaxed).saturating_add(length) <= self.most;
        let line = if fits {
            line
        } else if self.is_full.swap(true, Ordering::Relaxed) {
            return;
        } else {
            FULL
        };
        // A full disk is no reason to stop.
        let _ = (&self.file).write_all(line.as_bytes());
    }
}

/// A full log's last line, a few bytes beyond the limit.
const FULL: &str = "The log is full; nothing more is written to it.\n";

#[cfg(unix)]
fn options() -> OpenOptions {
    use std::os::unix::fs::OpenOptionsExt as _;

    use rustix::fs::OFlags;

    // Do not follow a link, or wait for a pipe, that appeared after the check.
    let flags = (OFlags::NOFOLLOW | OFlags::NONBLOCK).bits().cast_signed();
    let mut options = File::options();
    options.append(true).create(true).mode(0o600).custom_flags(flags);
    options
}

#[cfg(not(unix))]
fn options() -> OpenOptions {
    let mut options = File::options();
    options.append(true).create(true);
    options
}

#[cfg(unix)]
mod private {
    use std::fs::Metadata;
    use std::os::unix::fs::MetadataExt as _;

    /// Returns why this file must not be logged to.
    pub(super) fn objection(seen: &Metadata) -> Option<&'static str> {
        if !seen.is_file() {
            Some("it is no file")
        } else if seen.uid() != rustix::process::geteuid().as_raw() {
            Some("it is another account's")
        } else if seen.mode() & 0o077 != 0 {
            Some("others may read or write it; take that right away (chmod 600), or name another one")
        } else if seen.nlink() != 1 {
            Some("it has a second name elsewhere")
        } else {
            None
        }
    }
}

#[cfg(not(unix))]
mod private {
    use std::fs::Metadata;

    /// Returns why this file must not be logged to. Its rights are its folder's, which in a user's own profile are the user's.
    pub(super) fn objection(seen: &Metadata) -> Option<&'static str> {
        (!seen.is_file()).then_some("it is no file")
    }
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

    #[test]
    fn it_stops_at_its_limit_with_a_line_that_says_so() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("log");
        let log = LogFile::open(&path, 30).expect("opened");
        for line in ["0123456789\n", "another line\n", "too much\n", "x\n"] {
            log.append(line);
        }
        assert_eq!(std::fs::read_to_string(&path).expect("there"), format!("0123456789\nanother line\n{FULL}"));
        let again = LogFile::open(&path, 30).map(drop).map_err(|error| error.to_string());
        assert_eq!(again, Err(format!("it is full, at {}; move it away", format::size(24 + FULL.len() as u64))));
    }

    #[test]
    fn lines_are_added_to_those_that_are_there() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("log");
        for line in ["one\n", "two\n"] {
            LogFile::open(&path, 100).expect("opened").append(line);
        }
        assert_eq!(std::fs::read_to_string(&path).expect("there"), "one\ntwo\n");
    }

    #[cfg(unix)]
    #[test]
    fn it_is_its_owners_alone_or_refused() {
        use std::os::unix::fs::{PermissionsExt as _, symlink};

        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("log");
        let open = |path: &Path| LogFile::open(path, 100).map(drop).map_err(|error| error.to_string());
        assert_eq!(open(&path), Ok(()));
        let rights = |mode| std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).expect("set");
        assert_eq!(std::fs::metadata(&path).expect("there").permissions().mode() & 0o777, 0o600);
        rights(0o640);
        assert!(open(&path).is_err_and(|said| said.contains("chmod 600")));
        rights(0o600);
        std::fs::hard_link(&path, folder.path().join("second")).expect("linked");
        assert!(open(&path).is_err_and(|said| said.contains("second name")));
        std::fs::remove_file(folder.path().join("second")).expect("removed");

        let link = folder.path().join("link");
        symlink(&path, &link).expect("linked");
        for odd in [link.as_path(), folder.path(), Path::new("/dev/null")] {
            assert!(open(odd).is_err_and(|said| said.contains("must be a file")), "{}", odd.display());
        }
        let nowhere = folder.path().join("nowhere/log");
        assert!(open(&nowhere).is_err());
        symlink(folder.path().join("made"), folder.path().join("dangling")).expect("linked");
        assert!(open(&folder.path().join("dangling")).is_err());
        assert!(!folder.path().join("made").exists());
    }
}
