//! Gathers given answers from the real environment, standard input and terminal; and `octopus-setup answers`: a template, a check, a
//! schema.

use std::io::{self, IsTerminal, Write as _};
use std::process::ExitCode;
use std::time::Duration;

use tokio::task::JoinHandle;
use zeroize::Zeroizing;

use octopus_setup::faces::exit::Exit;
use octopus_setup::faces::signals::{Signals, until_ended};
use octopus_setup::faces::{plain, problems};
use octopus_setup::model::answers::{Answers, Problem, Raw};
use octopus_setup::model::field::FieldId;
use octopus_setup::model::finding::Severity;
use octopus_setup::model::flow::Flow;
use octopus_setup::model::licence;
use octopus_setup::model::secret::SecretString;
use octopus_setup::wizard::answer_file;
use octopus_setup::world::answer_sources::{
    self, CommandLine, EnvironmentVariables, Mode, Resolved, SecretPrompt, Sources, Stdin,
};

use super::answer_args::AnswerArgs;
use super::cli::{AnswersArgs, AnswersCommand, FlowArg, Format};
use super::environment::Environment;
use super::shells::print;
use super::wizard;

/// Runs the command.
pub async fn run(args: &AnswersArgs, environment: &Environment, variables: EnvironmentVariables) -> ExitCode {
    match &args.command {
        AnswersCommand::Template { flow } => print(answer_file::template(flow.flow()).as_bytes()),
        AnswersCommand::Schema => print(answer_file::schema().as_bytes()),
        AnswersCommand::Check { flow, given: args, live, output } => {
            let mode = if *live { Mode::Headless } else { Mode::CheckOnly };
            match gather(args, variables, flow.map(FlowArg::flow), mode, environment.answers()).await {
                Ok(Resolved { flow: Some(flow), loaded, .. }) if *live => wizard::dry(flow, loaded, *output, environment).await,
                Ok(resolved) => looked_at(&resolved, *output),
                Err(status) => ExitCode::from(status),
            }
        }
    }
}

/// Tells what is wrong with answers by themselves.
fn looked_at(resolved: &Resolved, output: Option<Format>) -> ExitCode {
    let problems = resolved.judge();
    let _ = print(
        match output {
            Some(Format::Json) => problems::json(&problems, &resolved.loaded),
            Some(Format::Text) | None => problems::check(&problems, &resolved.loaded),
        }
        .as_bytes(),
    );
    ExitCode::from(if refuse(&problems) { Exit::Answers.code() } else { Exit::Done.code() })
}

/// Gathers what the command line, the environment and the answer files say beyond the defaults.
///
/// # Errors
/// The exit status to end with, when a person or a signal ended it.
pub async fn gather(
    args: &AnswerArgs,
    variables: EnvironmentVariables,
    flow: Option<Flow>,
    mode: Mode,
    defaults: Answers,
) -> Result<Resolved, u8> {
    gather_resuming(args, variables, flow, mode, defaults, async |_: &str| Vec::new()).await
}

/// Like [`gather`], with what an unfinished run of the instance that the answers name has sealed.
///
/// # Errors
/// The same.
pub async fn gather_resuming(
    args: &AnswerArgs,
    variables: EnvironmentVariables,
    flow: Option<Flow>,
    mode: Mode,
    defaults: Answers,
    sealed: impl AsyncFnOnce(&str) -> Vec<(FieldId, Raw)>,
) -> Result<Resolved, u8> {
    let command_line =
        CommandLine { flow, files: args.answers.clone(), flags: args.flags.clone(), problems: args.problems.clone(), defaults };
    let is_terminal = io::stdin().is_terminal();
    let mut input = io::stdin().lock();
    let mut person = Terminal;
    // Piped answers still allow a prompt: it goes to the terminal itself. Not if nothing of ours reaches a
    // terminal: then nobody may be looking.
    let is_anybody_there = is_terminal || io::stderr().is_terminal();
    let mut sources = Sources {
        environment: &variables,
        stdin: match mode {
            Mode::Interactive if !args.answers.iter().any(|file| file.as_os_str() == answer_sources::STDIN) => Stdin::Taken,
            _ if is_terminal => Stdin::Terminal,
            _ => Stdin::Piped(&mut input),
        },
        person: if is_anybody_there && mode == Mode::Headless { Some(&mut person) } else { None },
        mode,
        command_limit: answer_sources::COMMAND_LIMIT,
    };
    let watch = Watch::begin();
    let resolved = answer_sources::gather_resuming(&command_line, &mut sources, sealed).await;
    drop(watch);
    match resolved.left {
        Some(status) => Err(status),
        None => Ok(resolved),
    }
}

/// Ends the program on a signal while answers are gathered. Running a command makes tokio listen for signals, and it never stops:
/// without this, no signal would end the wait for a line of standard input after it.
struct Watch(Option<JoinHandle<()>>);

impl Watch {
    /// How long gathering may take to end by itself: a command has to be ended with everything it started.
    const GRACE: Duration = Duration::from_millis(300);

    fn begin() -> Self {
        // Without it signals do their default, which is to end the program.
        let Ok(mut signals) = Signals::listen() else { return Self(None) };
        plain::keep();
        Self(Some(tokio::spawn(async move {
            let status = until_ended(&mut signals).await;
            tokio::time::sleep(Self::GRACE).await;
            // A thread that cannot be cancelled may be asking for a secret.
            plain::restore();
            std::process::exit(status.into());
        })))
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        if let Some(task) = &self.0 {
            task.abort();
            plain::restore();
        }
    }
}

/// Returns whether any of these refuses the answers.
pub fn refuse(problems: &[Problem]) -> bool {
    problems.iter().any(|problem| problem.severity == Severity::Stop)
}

/// Prints problems to standard error.
pub fn tell(problems: &[Problem]) {
    // Not `eprint!`, which panics where nobody can read it.
    let _ = io::stderr().write_all(problems::text(problems).as_bytes());
}

/// Prints problems, and returns the exit status for refused answers.
pub fn refused(problems: &[Problem]) -> ExitCode {
    tell(problems);
    ExitCode::from(Exit::Answers.code())
}

/// Asks at the terminal, without showing what is typed.
struct Terminal;

impl SecretPrompt for Terminal {
    fn ask(&mut self, field: FieldId, again: Option<&str>) -> io::Result<SecretString> {
        if let Some(again) = again {
            let _ = writeln!(io::stderr(), "{again}");
        }
        let mut typed = Zeroizing::new(rpassword::prompt_password(format!("{}: ", field.label()))?);
        // Unread lines of a pasted licence would go to the next question, or to the shell.
        while field == FieldId::Licence && licence::goes_on(&typed) {
            let line = Zeroizing::new(rpassword::prompt_password("")?);
            if line.as_str() == "." {
                break;
            }
            typed = Zeroizing::new(format!("{}\n{}", typed.as_str(), line.as_str()));
        }
        Ok(SecretString::from(typed.as_str()))
    }
}
