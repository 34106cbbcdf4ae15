//! `octopus-setup review`: the screens of a review, or its findings in print; and `octopus-setup check`, the same findings told shorter.

use std::io::{IsTerminal as _, Write as _};
use std::path::Path;
use std::process::ExitCode;

use octopus_setup::engine::Engine;
use octopus_setup::engine::recording::Beginning;
use octopus_setup::faces::headless;
use octopus_setup::model::check::CheckId;
use octopus_setup::wizard::review::Wanted;
use octopus_setup::world::World;

use super::cli::{AcceptedCheck, CheckArgs, ReviewArgs, output};
use super::environment::Environment;
use super::on_screen;
use super::recording::{self, Recording};
use super::{shells, usage_error};

/// Exit status of a check that was not begun, or whose findings could not be written: 3 as for everything that could not
/// be looked at.
pub const NOT_LOOKED: u8 = 3;

/// Exit status of a check whose command line cannot be obeyed: `EX_USAGE` of BSD's `sysexits.h`. The usual 2 would pass for
/// a check that found a reason to stop.
pub const MISUSED: u8 = 64;

impl ReviewArgs {
    /// Returns whether findings are printed instead of screens opened.
    pub fn is_check(&self) -> bool {
        self.check || self.output.is_some()
    }
}

/// Returns the choice of the node. A relative file is relative to the folder that the program was started in.
pub fn wanted(config: Option<&Path>, instance: Option<&str>) -> Wanted {
    match (config, instance) {
        (Some(path), _) => Wanted::File(std::path::absolute(path).unwrap_or_else(|_| path.to_owned())),
        (None, Some(name)) => Wanted::Named(name.to_owned()),
        (None, None) => Wanted::Only,
    }
}

/// Runs `review`.
pub async fn run(args: &ReviewArgs, environment: &Environment) -> ExitCode {
    let begins = Beginning::Review(wanted(args.config.as_deref(), args.instance.as_deref()));
    if !args.is_check() {
        if args.accept.is_some() {
            return super::complain("--accept goes with --check: on screens a login is accepted there.");
        }
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
    let look_for = (&accepted(args.accept)[..], args.limit.duration());
    let checked = headless::check(&mut engine, look_for, output(args.output), &mut std::io::stdout()).await;
    recording::tell(&trouble);
    check_status(checked)
}

fn accepted(accept: Option<AcceptedCheck>) -> Vec<CheckId> {
    accept.into_iter().map(AcceptedCheck::check).collect()
}

/// Returns the exit status of a check whose findings were printed, or could not be.
fn check_status(checked: std::io::Result<headless::ReviewStatus>) -> ExitCode {
    match checked {
        Ok(status) => ExitCode::from(status.code()),
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "octopus-setup: the findings could not be written: {error}.");
            ExitCode::from(NOT_LOOKED)
        }
    }
}

/// Prints the help or the error of a command line that clap refuses. A check has a status of its own for bad usage.
pub fn misused(error: clap::Error) -> ExitCode {
    if !error.use_stderr() {
        let _ = error.print();
        return ExitCode::SUCCESS;
    }
    let words: Vec<_> = std::env::args_os().skip(1).collect();
    // Not `error.exit()`, which would end the process here; and a closed pipe is no reason to panic.
    let _ = usage_error::worded(error, &shells::defined(), &words).print();
    let words: Vec<_> = words.iter().map(|word| word.to_string_lossy()).collect();
    // A command's name comes before its own arguments, and no earlier flag takes a value of that spelling.
    let is_check_command = words.iter().find(|word| !word.starts_with('-')).is_some_and(|word| word == "check");
    let is_check = is_check_command
        || words.iter().any(|word| word == "review")
            && words.iter().any(|word| word == "--check" || word == "--output" || word.starts_with("--output="));
    ExitCode::from(if is_check { MISUSED } else { super::USAGE })
}

/// Lines that are longer than this are hard to read, however wide the window is.
const WIDEST: u16 = 100;

/// Runs `check`: looks at a node, and prints what is wrong. The exit status is that of `review --check`.
pub async fn check(args: &CheckArgs, environment: &Environment) -> ExitCode {
    let world = World::new(environment.places.clone(), environment.surroundings);
    let mut engine =
        Engine::review(world, environment.answers(), wanted(args.node.config.as_deref(), args.node.instance.as_deref()));
    // A width of 0 is a terminal that does not tell, such as a serial console.
    let columns = std::io::stdout().is_terminal().then(|| crossterm::terminal::size().map_or(80, |(columns, _)| columns));
    let columns = columns.map(|columns| if columns == 0 { 80 } else { columns.min(WIDEST) });
    check_status(
        headless::examine(
            &mut engine,
            (&accepted(args.accept), args.limit.duration()),
            (output(args.output), columns),
            &mut std::io::stdout(),
        )
        .await,
    )
}
