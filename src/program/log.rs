//! `--log`: writes a log file for as long as the program runs.

use std::env;
use std::path::Path;
use std::process::ExitCode;

use octopus_setup::model::untrusted::Untrusted;
use octopus_setup::world::log::{Log, LogFile, LogLevel};

use super::cli::{Cli, Command};

/// Why the requested log cannot be written.
#[derive(Debug)]
pub enum NoLog {
    /// The level in the environment is not a known word.
    Misused(String),
    /// The file cannot be used.
    Unusable(String),
}

/// Opens the log file if `--log` names one.
pub fn begin(cli: &Cli) -> Result<(), NoLog> {
    let Some(path) = &cli.log else { return Ok(()) };
    let level = level()?;
    if level == LogLevel::Off {
        return Ok(());
    }
    // Like other files named on the command line, a relative path is relative to the folder the program was started in.
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

/// Returns the requested level. An unknown word is refused, because a misspelt `debug` would be noticed only when the
/// log is needed.
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

/// Logs the end of the program. An `ExitCode` does not reveal its number but can be compared, so all numbers are tried.
pub fn ended(status: ExitCode) {
    if let Some(number) = (0..=u8::MAX).find(|number| ExitCode::from(*number) == status) {
        tracing::info!(status = number, "program ended");
    }
}

/// Returns the subcommand's name. Nothing else of the command line is logged, because its words may be private.
fn word(cli: &Cli) -> &'static str {
    match &cli.command {
        None => "none",
        Some(Command::FirstNode(_)) => "first-node",
        Some(Command::Join(_)) => "join",
        Some(Command::Review(_)) => "review",
        Some(Command::Edit(_)) => "edit",
        Some(Command::Leave(_)) => "leave",
        Some(Command::Remove(_)) => "remove",
        Some(Command::Undo(_)) => "undo",
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
