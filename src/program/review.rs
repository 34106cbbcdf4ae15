//! `octopus-setup review`: the screens of a review, or its findings in print.

use std::io::Write as _;
use std::path::Path;
use std::process::ExitCode;

use octopus_setup::engine::recording::Beginning;
use octopus_setup::faces::headless::{self, Output};
use octopus_setup::wizard::review::Wanted;
use octopus_setup::world::World;

use super::cli::{Format, Review};
use super::environment::Environment;
use super::on_screen;
use super::recording::{self, Recording};

/// Exit status of a check that was not begun, or whose findings could not be written: 3 as for everything that could not
/// be looked at.
pub const NOT_LOOKED: u8 = 3;

/// Exit status of a check whose command line cannot be obeyed: `EX_USAGE` of BSD's `sysexits.h`. The usual 2 would pass for
/// a check that found a reason to stop.
pub const MISUSED: u8 = 64;

impl Review {
    /// Whether findings are printed instead of screens opened.
    pub fn is_check(&self) -> bool {
        self.check || self.output.is_some()
    }
}

/// Which node is meant. A relative file is one of the folder that the program was started in.
pub fn wanted(config: Option<&Path>, instance: Option<&str>) -> Wanted {
    match (config, instance) {
        (Some(path), _) => Wanted::File(std::path::absolute(path).unwrap_or_else(|_| path.to_owned())),
        (None, Some(name)) => Wanted::Named(name.to_owned()),
        (None, None) => Wanted::Only,
    }
}

/// Runs what was asked for.
pub async fn run(asked: &Review, environment: &Environment) -> ExitCode {
    let begins = Beginning::Review(wanted(asked.config.as_deref(), asked.instance.as_deref()));
    if !asked.is_check() {
        return on_screen(environment, begins, environment.answers()).await;
    }
    let recording = match Recording::create(environment) {
        Ok(recording) => recording,
        Err(says) => {
            super::complain(&says);
            return ExitCode::from(NOT_LOOKED);
        }
    };
    let world = World::new(environment.places.clone(), environment.surroundings);
    let (mut engine, trouble) = recording.begin(world, begins, environment.answers(), &[]);
    let output = match asked.output {
        Some(Format::Json) => Output::Json,
        Some(Format::Text) | None => Output::Text,
    };
    let checked = headless::check(&mut engine, output, &mut std::io::stdout()).await;
    recording::tell(&trouble);
    match checked {
        Ok(status) => ExitCode::from(status.code()),
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "octopus-setup: the findings could not be written: {error}.");
            ExitCode::from(NOT_LOOKED)
        }
    }
}

/// A command line that clap does not take, or whose answer is its help. Of a check the status of bad usage is another one.
pub fn misused(error: &clap::Error) -> ExitCode {
    // Not `error.exit()`, which would end the process here; and a closed pipe is no reason to panic.
    let _ = error.print();
    if !error.use_stderr() {
        return ExitCode::SUCCESS;
    }
    let words: Vec<_> = std::env::args_os().skip(1).map(|word| word.to_string_lossy().into_owned()).collect();
    // Its own name stands before everything of its own; the flags before it have no value of that word.
    let is_doctor = words.iter().find(|word| !word.starts_with('-')).is_some_and(|word| word == "check");
    let is_check = is_doctor
        || words.iter().any(|word| word == "review")
            && words.iter().any(|word| word == "--check" || word == "--output" || word.starts_with("--output="));
    ExitCode::from(if is_check { MISUSED } else { super::USAGE })
}
