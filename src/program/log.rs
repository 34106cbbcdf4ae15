//! `--log`: a log in a file, for as long as the program runs.

use std::env;
use std::path::Path;
use std::process::ExitCode;

use octopus_setup::model::untrusted::Untrusted;
use octopus_setup::world::log::{Log, LogFile, LogLevel};

use super::cli::{Cli, Command};

/// Why there is no log though one was asked for.
#[derive(Debug)]
pub enum NoLog {
    /// The command line, with its environment, cannot be obeyed.
    Misused(String),
    /// The file cannot be used.
    Unusable(String),
}

/// Begins the log that was asked for, if one was.
pub fn begin(cli: &Cli) -> Result<(), NoLog> {
    let Some(path) = &cli.log else { return Ok(()) };
    let level = level()?;
    if level == LogLevel::Off {
        return Ok(());
    }
    // As with other files that are named on the command line: a relative one is of the folder that we were started in.
    let path = std::path::absolute(path).unwrap_or_else(|_| path.clone());
    open(&path, level)?;
    tracing::info!(version = env!("CARGO_PKG_VERSION"), command = word(cli), level = level.id(), "program started");
    Ok(())
}

fn open(path: &Path, level: LogLevel) -> Result<(), NoLog> {
    let log = Log::open(path, level, LogFile::MOST).map_err(|error| NoLog::Unusable(format!("{error}.")))?;
    log.install();
    Ok(())
}

/// How much is wanted. A word that is none of the six is refused: a misspelt `debug` would be missed only when the log is needed.
fn level() -> Result<LogLevel, NoLog> {
    let Some(said) = env::var_os(LogLevel::VARIABLE).filter(|said| !said.is_empty()) else {
        return Ok(LogLevel::default());
    };
    said.to_str().map(str::trim).and_then(LogLevel::from_id).ok_or_else(|| {
        let words: Vec<&str> = LogLevel::ALL.iter().map(|level| level.id()).collect();
        let said = Untrusted::new(&said.to_string_lossy());
        NoLog::Misused(format!("{} is {said:?}; it must be one of {}.", LogLevel::VARIABLE, words.join(", ")))
    })
}

/// The end, for the log. A status tells nobody its number, but can be compared.
pub fn ended(status: ExitCode) {
    if let Some(number) = (0..=u8::MAX).find(|number| ExitCode::from(*number) == status) {
        tracing::info!(status = number, "program ended");
    }
}

/// What the program was started for. Of the command line no more than that: words on it are the operator's own.
fn word(cli: &Cli) -> &'static str {
    match &cli.command {
        None => "none",
        Some(Command::FirstNode(_)) => "first-node",
        Some(Command::Join(_)) => "join",
        Some(Command::Review(_)) => "review",
        Some(Command::Answers(_)) => "answers",
        Some(Command::Script(_)) => "script",
        Some(Command::LoadBalancer(_)) => "load-balancer",
        Some(Command::Tentacles(_)) => "tentacles",
        Some(Command::Migrate(_)) => "migrate",
        Some(Command::Check(_)) => "check",
        Some(Command::Completions(_)) => "completions",
        Some(Command::Man) => "man",
        #[cfg(feature = "practice")]
        Some(Command::Practice(_)) => "practice",
    }
}
