//! Gathers the answers that are given beforehand: command line, environment, answer files.

use std::io::{self, IsTerminal, Write as _};
use std::process::ExitCode;
use std::time::Duration;

use secrecy::SecretString;
use tokio::task::JoinHandle;
use zeroize::Zeroizing;

use octopus_setup::faces::exit::Exit;
use octopus_setup::faces::signals::{Signals, until_ended};
use octopus_setup::faces::{plain, problems};
use octopus_setup::model::answers::Answers;
use octopus_setup::model::field::FieldId;
use octopus_setup::model::finding::Severity;
use octopus_setup::model::flow::Flow;
use octopus_setup::model::given::Problem;
use octopus_setup::model::licence;
use octopus_setup::world::given::{self, Around, Ask, Beforehand, Environment as Variables, Manner, Stdin, Wanted};

use super::given_args::GivenArgs;

/// Gathers what the command line, the environment and the answer files say beyond the defaults. `Err` when a person or a signal ended it.
///
/// The error is the exit status that they ask for.
pub async fn gather(asked: &GivenArgs, flow: Option<Flow>, manner: Manner, defaults: Answers) -> Result<Beforehand, u8> {
    let wanted =
        Wanted { flow, files: asked.answers.clone(), flags: asked.flags.clone(), problems: asked.problems.clone(), defaults };
    let variables = variables();
    let is_terminal = io::stdin().is_terminal();
    let mut input = io::stdin().lock();
    let mut person = Terminal;
    // Somebody who pipes the answers in can still be asked: the question goes to the terminal itself. Not where nothing of
    // ours reaches a terminal: there nobody may be looking.
    let is_anybody_there = is_terminal || io::stderr().is_terminal();
    let mut around = Around {
        environment: &variables,
        stdin: match manner {
            Manner::WithFace if !asked.answers.iter().any(|file| file.as_os_str() == given::STDIN) => Stdin::Taken,
            _ if is_terminal => Stdin::Terminal,
            _ => Stdin::Piped(&mut input),
        },
        person: if is_anybody_there && manner == Manner::Alone { Some(&mut person) } else { None },
        manner,
        command_limit: given::COMMAND_LIMIT,
    };
    let watch = Watch::begin();
    let beforehand = given::gather(&wanted, &mut around).await;
    drop(watch);
    match beforehand.left {
        Some(status) => Err(status),
        None => Ok(beforehand),
    }
}

/// Ends the program on a signal while answers are gathered. To run a command is to listen for signals, which tokio never stops
/// to do once it has begun: without this, none would end the wait for a line of standard input after it.
struct Watch(Option<JoinHandle<()>>);

impl Watch {
    /// How long the gathering gets to end by itself: a command has to be ended with everything that it started.
    const GRACE: Duration = Duration::from_millis(300);

    fn begin() -> Self {
        // Without it signals do what they always do, and that is to end the program.
        let Ok(mut signals) = Signals::listen() else { return Self(None) };
        plain::keep();
        Self(Some(tokio::spawn(async move {
            let status = until_ended(&mut signals).await;
            tokio::time::sleep(Self::GRACE).await;
            // A secret may be being asked for, by a thread that nothing can call off.
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

/// Reads the environment. On Windows names have no case, and all of ours are written in capitals.
fn variables() -> Variables {
    let name = |name: std::ffi::OsString| if cfg!(windows) { name.to_ascii_uppercase() } else { name };
    std::env::vars_os().map(|(key, value)| (name(key), value)).collect()
}

/// Whether any of these refuses the answers.
pub fn refuse(problems: &[Problem]) -> bool {
    problems.iter().any(|problem| problem.severity == Severity::Stop)
}

/// Tells what is to be said of the answers.
pub fn tell(problems: &[Problem]) {
    // Not `eprint!`, which panics where nobody can read it.
    let _ = io::stderr().write_all(problems::text(problems).as_bytes());
}

/// Tells what is wrong with the answers, and ends with the status for that.
pub fn refused(problems: &[Problem]) -> ExitCode {
    tell(problems);
    ExitCode::from(Exit::Answers.code())
}

/// Asks at the terminal, without showing what is typed.
struct Terminal;

impl Ask for Terminal {
    fn ask(&mut self, field: FieldId, again: Option<&str>) -> io::Result<SecretString> {
        if let Some(again) = again {
            let _ = writeln!(io::stderr(), "{again}");
        }
        let mut typed = Zeroizing::new(rpassword::prompt_password(format!("{}: ", field.label()))?);
        // The lines of a pasted licence that nobody reads would go to the next question, or to the shell.
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
