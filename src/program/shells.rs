//! For shells: completions, from the one definition of the command line.

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

/// The program's name, as it is typed.
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

/// `clap_complete` 4.6.11 calls a program with a hyphen in its name one thing where it chooses a subcommand and another thing
/// where it completes it, and so completes nothing but subcommands. Once that is fixed there, this changes nothing.
fn fix_bash_completion(script: &[u8]) -> Vec<u8> {
    let script = String::from_utf8_lossy(script);
    script.replace(&PROGRAM.replace('-', "__subcmd__"), &PROGRAM.replace('-', "__")).into_bytes()
}

/// The whole command line, with what is added only where it is parsed.
pub fn whole() -> Command {
    let mut command = Cli::command();
    command.build();
    answer_args::explained(command)
}

/// The same refusal; where it is a help that is printed, the same help with what the flags are for.
pub fn in_words(error: Error) -> Error {
    use ErrorKind::{DisplayHelp, DisplayHelpOnMissingArgumentOrSubcommand as Missing};
    if !matches!(error.kind(), DisplayHelp | Missing) {
        return error;
    }
    whole().try_get_matches().err().unwrap_or(error)
}

/// Prints a text for somebody else to read. That a reader has gone is his own business; a full disk is ours to tell.
pub fn print(text: &[u8]) -> ExitCode {
    let mut out = std::io::stdout();
    match out.write_all(text).and_then(|()| out.flush()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => complain(&format!("it could not be written: {error}.")),
        _ => ExitCode::SUCCESS,
    }
}

/// Prints a command's result: the text, or the object as one line of JSON. The error is a sentence.
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

/// The same without what is hidden, which the generators would offer (flags of secrets, there only to be refused), and with
/// what shells can complete and the parser need not know: which values are files, and which words there are where a wrong one
/// is answered better than by a usage error.
fn hinted(command: &Command) -> Command {
    // clap wants names that live as long as the program, and this one ends when they are printed.
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
        // Names of files would be completed there.
        (_, ValueHint::Unknown) => arg.value_hint(ValueHint::Other),
        _ => arg,
    }
}
