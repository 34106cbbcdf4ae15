//! Shell completions, generated from the clap definition, and shared printing helpers.

use std::io::Write as _;
use std::process::ExitCode;

use clap::builder::PossibleValuesParser;
use clap::error::{Error, ErrorKind};
use clap::{Arg, ArgAction, Command, CommandFactory as _, ValueHint};
use clap_complete::{Shell as Generator, generate};

use octopus_setup::model::check::CheckId;
use octopus_setup::model::choice;
use octopus_setup::model::field::{FieldId, Kind};

use super::cli::{Cli, CompletionShell, Completions, Format};
use super::{answer_args, complain};

pub const PROGRAM: &str = "octopus-setup";

/// Prints the completions of a shell.
pub fn completions(args: &Completions) -> ExitCode {
    let generator = match args.shell {
        CompletionShell::Bash => Generator::Bash,
        CompletionShell::Zsh => Generator::Zsh,
        CompletionShell::Fish => Generator::Fish,
        CompletionShell::PowerShell => Generator::PowerShell,
    };
    let mut script = Vec::new();
    generate(generator, &mut hinted(&whole()), PROGRAM, &mut script);
    if generator == Generator::Bash {
        script = fix_bash_completion(&script);
    }
    print(&script)
}

/// Works around a bug of `clap_complete` 4.6.11, which spells a program name with a hyphen in two ways, so that bash
/// completes nothing but subcommands. Has no effect once that is fixed.
fn fix_bash_completion(script: &[u8]) -> Vec<u8> {
    let script = String::from_utf8_lossy(script);
    script.replace(&PROGRAM.replace('-', "__subcmd__"), &PROGRAM.replace('-', "__")).into_bytes()
}

/// Returns the whole command line, including the help texts that are added only where they are shown.
pub fn whole() -> Command {
    answer_args::explained(defined())
}

/// Returns the whole command line without the help texts of the answer flags.
pub fn defined() -> Command {
    let mut command = Cli::command();
    command.build();
    command
}

/// Returns the same error; if it prints help, adds the help texts of the answer flags.
pub fn in_words(error: Error) -> Error {
    use ErrorKind::{DisplayHelp, DisplayHelpOnMissingArgumentOrSubcommand as Missing};
    if !matches!(error.kind(), DisplayHelp | Missing) {
        return error;
    }
    whole().try_get_matches().err().unwrap_or(error)
}

/// Prints a text to standard output. A closed pipe is not an error; a full disk is reported.
pub fn print(text: &[u8]) -> ExitCode {
    let mut out = std::io::stdout();
    match out.write_all(text).and_then(|()| out.flush()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => complain(&format!("it could not be written: {error}.")),
        _ => ExitCode::SUCCESS,
    }
}

/// Prints a command's result, as text or as one line of JSON. The error is a sentence.
pub fn print_result(
    format: Option<Format>,
    object: serde_json::Map<String, serde_json::Value>,
    text: &str,
) -> Result<(), String> {
    let mut out = std::io::stdout();
    let written = match format {
        Some(Format::Json) => writeln!(out, "{}", serde_json::Value::Object(object)),
        Some(Format::Text) | None => out.write_all(text.as_bytes()),
    };
    written.and_then(|()| out.flush()).map_err(|error| format!("It could not be written to standard output: {error}."))
}

/// Returns a copy for the generators: without hidden flags, which they would offer (flags of secrets, which exist only
/// to be refused), and with hints that only shells need (which values are files, and which words are valid).
fn hinted(command: &Command) -> Command {
    // clap wants names with a static lifetime. The leak does not matter, because the program ends after printing them.
    let name: &'static str = Box::leak(command.get_name().to_owned().into_boxed_str());
    let own =
        |action: &ArgAction| matches!(action, ArgAction::Help | ArgAction::HelpShort | ArgAction::HelpLong | ArgAction::Version);
    let args = command.get_arguments().filter(|arg| !arg.is_hide_set() && !own(arg.get_action()));
    let commands = command.get_subcommands().filter(|command| !command.is_hide_set() && command.get_name() != "help");
    let mut shown = Command::new(name).args(args.cloned().map(hint)).subcommands(commands.map(hinted));
    if let Some(about) = command.get_about() {
        shown = shown.about(about.clone());
    }
    if command.get_version().is_some() {
        shown = shown.version(env!("CARGO_PKG_VERSION"));
    }
    shown
}

fn hint(arg: Arg) -> Arg {
    if !arg.get_action().takes_values() || !arg.get_possible_values().is_empty() {
        return arg;
    }
    let name = arg.get_long().unwrap_or_default().to_owned();
    match (FieldId::from_id(&name).map(FieldId::kind), arg.get_value_hint()) {
        (Some(Kind::Choice(values)), _) => arg.value_parser(PossibleValuesParser::new(values)),
        (Some(Kind::Toggle), _) => arg.value_parser(PossibleValuesParser::new(choice::TOGGLES)),
        (Some(Kind::Path), _) if name == FieldId::Home.id() => arg.value_hint(ValueHint::DirPath),
        (Some(Kind::Path), _) => arg.value_hint(ValueHint::FilePath),
        _ if name == "data" => arg.value_hint(ValueHint::DirPath),
        _ if name == "accept" => arg.value_parser(PossibleValuesParser::new(CheckId::ALL.map(CheckId::id))),
        (None, ValueHint::AnyPath) => arg.value_hint(ValueHint::FilePath),
        // The shell would complete file names otherwise.
        (_, ValueHint::Unknown) => arg.value_hint(ValueHint::Other),
        _ => arg,
    }
}
