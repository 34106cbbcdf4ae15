//! The program: command line, environment, and choice of face. The environment is read only here and passed on as
//! values.

mod answer_args;
mod answers;
mod cli;
mod cluster_front;
mod environment;
mod log;
mod manual;
mod migrate;
mod octopus_made;
mod panic;
#[cfg(feature = "practice")]
mod practice;
mod recording;
mod review;
mod script;
mod shells;
mod undo;
mod usage_error;
mod wizard;

use std::collections::BTreeSet;
use std::io::{IsTerminal, Write as _};
use std::process::ExitCode;

use clap::Parser;

use octopus_setup::engine::Engine;
use octopus_setup::engine::recording::Beginning;
use octopus_setup::faces::exit::SessionEnd;
use octopus_setup::faces::plain::{self, PlainOptions, StdinLines};
use octopus_setup::faces::signals::Signals;
use octopus_setup::faces::tui::run;
use octopus_setup::model::answers::Answers;
use octopus_setup::model::flow::Flow;
use octopus_setup::world::answer_sources::{self, EnvironmentVariables};
use octopus_setup::world::{World, process};

use cli::{Cli, Command};
use environment::Environment;
use log::NoLog;
use recording::Recording;

/// Exit status for an invalid command line.
const USAGE: u8 = 2;

/// Runs the program.
pub fn main() -> ExitCode {
    process::close_memory();
    panic::install();
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return review::misused(shells::in_words(error)),
    };
    match &cli.command {
        // These do not need the environment, and may run while a machine image is built.
        Some(Command::Completions(args)) => return shells::completions(args),
        Some(Command::Man) => return manual::print(),
        _ => {}
    }
    if let Some(text) = recording::misused(&cli) {
        complain(text);
        let is_check = matches!(&cli.command, Some(Command::Review(args)) if args.is_check());
        return ExitCode::from(if is_check { review::MISUSED } else { USAGE });
    }
    // Not being able to start is not a finding, and monitoring must be able to tell the two apart.
    let is_check = matches!(&cli.command, Some(Command::Review(args)) if args.is_check());
    let status = ExitCode::from(if is_check { review::NOT_LOOKED } else { USAGE });
    // Before anything is begun, since the program may be started again for it.
    let variables = process::take_variables(&secret_variables(&cli));
    match log::begin(&cli) {
        Ok(()) => {}
        Err(NoLog::Misused(says)) => {
            complain(&says);
            return ExitCode::from(if is_check { review::MISUSED } else { USAGE });
        }
        Err(NoLog::Unusable(says)) => {
            complain(&says);
            return status;
        }
    }
    let status = run(&cli, status, variables);
    log::ended(status);
    status
}

/// Returns the environment variables that may hold a secret of this command.
fn secret_variables(cli: &Cli) -> BTreeSet<String> {
    let given = match &cli.command {
        Some(Command::FirstNode(args) | Command::Join(args) | Command::Edit(args) | Command::Leave(args)) => Some(&args.given),
        Some(Command::Remove(args)) => Some(&args.wizard.given),
        Some(Command::Undo(args)) => Some(&args.given),
        Some(Command::Answers(args)) => args.given(),
        Some(Command::Script(args)) => Some(&args.given),
        _ => None,
    };
    given.map_or_else(
        || answer_sources::secret_variables(&[], &[]),
        |given| answer_sources::secret_variables(&given.answers, &given.flags),
    )
}

/// Runs the requested command. `status` is returned if it cannot be started.
fn run(cli: &Cli, status: ExitCode, variables: EnvironmentVariables) -> ExitCode {
    let Some(environment) = Environment::detect(cli) else {
        complain("this account has no home directory; name a state directory with OCTOPUS_SETUP_STATE_DIR.");
        return status;
    };
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
    let runtime = match runtime {
        Ok(runtime) => runtime,
        Err(error) => {
            complain(&format!("no threads to work with: {error}"));
            return status;
        }
    };
    let status = runtime.block_on(async {
        if let Some(recorded) = &cli.replay {
            return recording::replay(recorded, &environment).await;
        }
        match &cli.command {
            None => wizard::interactive(&environment, environment.answers(), None).await,
            Some(Command::FirstNode(args)) => wizard::run(args, Flow::FirstNode, &environment, variables).await,
            Some(Command::Join(args)) => wizard::run(args, Flow::Join, &environment, variables).await,
            Some(Command::Edit(args)) => wizard::change(args, Flow::Edit, None, &environment, variables).await,
            Some(Command::Leave(args)) => wizard::change(args, Flow::Leave, None, &environment, variables).await,
            Some(Command::Remove(args)) => {
                wizard::change(&args.wizard, Flow::Remove, Some(&args.node), &environment, variables).await
            }
            Some(Command::Undo(args)) => undo::run(args, &environment, variables).await,
            Some(Command::Answers(args)) => answers::run(args, &environment, variables).await,
            Some(Command::Script(args)) => script::run(args, &environment, variables).await,
            Some(Command::Completions(args)) => shells::completions(args),
            Some(Command::Man) => manual::print(),
            Some(Command::Review(args)) => review::run(args, &environment).await,
            Some(Command::LoadBalancer(args)) => cluster_front::load_balancer(args, &environment).await,
            Some(Command::Tentacles(args)) => cluster_front::tentacles(args, &environment).await,
            Some(Command::Migrate(args)) => migrate::run(args, &environment).await,
            Some(Command::Check(args)) => review::check(args, &environment).await,
            #[cfg(feature = "practice")]
            Some(Command::Practice(practice)) => practice::run(practice, &environment).await,
        }
    });
    // A survey that hangs in the resolver or on a dead mount must not keep the program from ending.
    runtime.shutdown_background();
    status
}

/// Runs a wizard interactively: on the full screen of a terminal, or in plain sentences if requested or if nothing else
/// is possible.
async fn on_screen(environment: &Environment, begins: Beginning, answers: Answers) -> ExitCode {
    let terminal = std::io::stdin().is_terminal() && std::io::stdout().is_terminal();
    if !terminal && !environment.plain {
        return complain(
            "a terminal is needed; standard input or output is something else. Use --plain to answer line by line, \
             or --answers FILE --yes with first-node or join for a run without questions.",
        );
    }
    let recording = match Recording::create(environment) {
        Ok(recording) => recording,
        Err(says) => return complain(&says),
    };
    let world = World::new(environment.places.clone(), environment.surroundings);
    let (mut engine, trouble) = recording.begin(world, begins, answers, &[]);
    let status = shown(environment, &mut engine).await;
    drop(engine);
    recording::tell(&trouble);
    status
}

/// Runs a wizard on the full screen or, if that cannot be set up, in plain sentences.
async fn shown(environment: &Environment, engine: &mut Engine) -> ExitCode {
    if !environment.plain && !environment.dumb {
        match run::run(engine, environment.tui, environment.terminal, panic::rehearse).await {
            Ok(ended) => return farewell(&ended),
            // The terminal is unchanged, so plain sentences still work.
            Err(run::Broken::NotTaken(_)) => {}
            Err(error @ run::Broken::Lost(_)) => {
                panic::wait_if_ending();
                return complain(&format!("the terminal cannot be used: {error}"));
            }
        }
    }
    match in_sentences(engine).await {
        Ok(ended) => farewell(&ended),
        Err(error) => {
            panic::wait_if_ending();
            complain(&format!("the answers cannot be read, or the questions not be written: {error}"))
        }
    }
}

/// Runs the plain face on standard input and output.
async fn in_sentences(engine: &mut Engine) -> std::io::Result<SessionEnd> {
    let options = PlainOptions { signals: Some(Signals::listen()?), ..PlainOptions::default() };
    let mut input = StdinLines::start()?;
    panic::rehearse();
    plain::run(engine, &mut input, &mut std::io::stdout(), options).await
}

/// Prints the closing lines of a session.
fn farewell(ended: &SessionEnd) -> ExitCode {
    let mut out = std::io::stdout();
    for line in &ended.farewell {
        // `println!` would panic if the terminal is gone.
        let _ = writeln!(out, "{line}");
    }
    ExitCode::from(ended.exit.code())
}

/// Prints what is wrong and returns the status for an invalid command line.
fn complain(text: &str) -> ExitCode {
    // Not `eprintln!`, which panics if standard error is closed: a closed pipe, a terminal that is gone.
    let _ = writeln!(std::io::stderr(), "octopus-setup: {text}");
    ExitCode::from(USAGE)
}
