//! The flags that answer fields, generated from the field definitions.
//!
//! Each field that a flow asks has a flag. Help texts require parsing the words of every screen, which takes a third of
//! the time budget of the first frame. So flags are parsed without them, and [`explained`] adds them only where they
//! are shown.

use std::path::PathBuf;
use std::sync::LazyLock;

use clap::builder::{PossibleValue, PossibleValuesParser};
use clap::error::Error;
use clap::{Arg, ArgAction, ArgMatches, Args, Command, FromArgMatches, value_parser};

use octopus_setup::catalog::flow as flows;
use octopus_setup::catalog::settings::OnlyWith;
use octopus_setup::model::answers::{GivenAnswer, Problem};
use octopus_setup::model::choice::spelled;
use octopus_setup::model::field::{FieldId, Kind};
use octopus_setup::model::flow::Flow;
use octopus_setup::wizard::answer_file::{self, FLOWS, flags};
use octopus_setup::words;

use super::cli::exit_status;

/// Printed below the flags.
const PRECEDENCE: &str = "Precedence: flag or --set (the later one) > environment > answer file (the later one) > default.\n\n\
A secret never stands on the command line. WHERE says from where it is taken: env:NAME, a variable; file:PATH, a file; stdin, the next \
line of standard input; prompt, a question at the terminal.";

/// Printed below the flags in the short help.
const MORE: &str = "--help tells more: every flag, where answers come from, the exit statuses.";

/// The same where no flag of an answer is shown.
const MORE_FLAGS: &str = "Every answer of first-node and join has a flag here, too: --help lists them.";

/// The help heading of the flags that answer fields.
const ANSWERS: &str = "Answers";

/// Answers given on the command line.
#[derive(Debug, Clone, Default)]
pub struct AnswerArgs {
    /// The answer files, in order.
    pub answers: Vec<PathBuf>,
    /// The answers of flags, in the order of the command line.
    pub flags: Vec<GivenAnswer>,
    /// The problems found in the answers.
    pub problems: Vec<Problem>,
}

/// Prefix of the hidden flags named like a secret. They are refused with an explanation, because most people try them
/// first.
const REFUSED: &str = "refused ";

/// A field's flag. Its id differs from the field's, because a subcommand may have a flag of that name with another
/// meaning.
struct Flag {
    field: FieldId,
    id: String,
    long: String,
    refused: String,
}

static FLAGS: LazyLock<Vec<Flag>> = LazyLock::new(|| {
    let given = FieldId::ALL.into_iter().filter(|field| field.is_presettable());
    let flag = |field: FieldId| Flag {
        field,
        id: format!("given {}", field.id()),
        refused: format!("{REFUSED}{}", field.id()),
        long: answer_file::flag(field).trim_start_matches('-').to_owned(),
    };
    given.map(flag).collect()
});

impl Args for AnswerArgs {
    fn augment_args(command: Command) -> Command {
        with_flags(command)
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

/// Adds the flags to a subcommand. Fields whose flag name it already uses for something else can be answered only with
/// `--set`.
fn with_flags(command: Command) -> Command {
    let flow = Flow::ALL.into_iter().find(|flow| flow.id() == command.get_name());
    let undoes = command.get_name() == "undo";
    let asks = |field: FieldId| match flow {
        // What it is to be undone with; the rest is in the run's journal.
        None if undoes => field == FieldId::Password,
        Some(flow) => answer_file::takes(flow, field),
        None => FLOWS.into_iter().any(|flow: Flow| flows::asks(flow, field)),
    };
    let files = Arg::new("answers")
        .long("answers")
        .value_name("FILE")
        .value_parser(value_parser!(PathBuf))
        .action(ArgAction::Append)
        .help("Read answers from this file")
        .long_help("Read answers from this file, - for standard input; may be said several times, and the later one wins");
    let set = Arg::new("set")
        .long("set")
        .value_name("FIELD=VALUE")
        .action(ArgAction::Append)
        .help_heading(ANSWERS)
        .hide_short_help(true)
        .help("Answer a field: --set node-name=web02. Not for secrets");
    let mut command = command.arg(files).arg(set);
    for flag in FLAGS.iter().filter(|flag| asks(flag.field)) {
        if !command.get_arguments().any(|arg| arg.get_long() == Some(flag.long.as_str())) {
            let arg = arg(flag);
            // Of both flows together they would fill two screens.
            command = command.arg(if flow.is_some() || undoes { arg } else { arg.hide_short_help(true) });
        }
    }
    for flag in FLAGS.iter().filter(|flag| flag.field.is_secret() && asks(flag.field)) {
        let refused = Arg::new(flag.refused.as_str()).long(flag.field.id()).num_args(0..=1).hide(true);
        command = command.arg(refused.allow_hyphen_values(true));
    }
    match flow {
        Some(_) => command.after_help(MORE).after_long_help(format!("{PRECEDENCE}\n\n{}", exit_status())),
        None if undoes => command.after_help(MORE).after_long_help(PRECEDENCE),
        None => command.after_help(MORE_FLAGS).after_long_help(PRECEDENCE),
    }
}

fn arg(flag: &'static Flag) -> Arg {
    let field = flag.field;
    let arg = Arg::new(flag.id.as_str()).long(flag.long.as_str()).help_heading(heading(field)).hide_short_help(is_seldom(field));
    let arg = arg.value_name(match field.kind() {
        Kind::Secret => "WHERE",
        Kind::Path => "PATH",
        Kind::Number => "NUMBER",
        Kind::Text | Kind::Choice(_) | Kind::Toggle => "VALUE",
    });
    let arg = match field.setting().values() {
        [] => arg,
        values => arg.value_parser(PossibleValuesParser::new(values)),
    };
    // Otherwise clap would report a secret that begins with a hyphen as an unknown flag, and print it.
    let arg = arg.allow_hyphen_values(field.is_secret());
    if field.kind() == Kind::Toggle { arg.num_args(0..=1).default_missing_value(spelled(true)) } else { arg }
}

/// The heading of a field's flag: the screen that asks for it.
fn heading(field: FieldId) -> &'static str {
    field.setting().screens.first().map_or(ANSWERS, |(screen, _)| words::name(*screen))
}

/// Whether a field's flag is left to the long help: most people leave the field alone, or another answer asks for it.
fn is_seldom(field: FieldId) -> bool {
    let depends = !matches!(field.setting().only_with, OnlyWith::Any);
    // A licence comes in a file.
    field.is_aside() || field == FieldId::Licence || (depends && field != FieldId::StorageRoot)
}

/// Adds the help texts of the answer flags to a command that is already built.
pub fn explained(command: Command) -> Command {
    let help = |arg: Arg| match FLAGS.iter().find(|flag| flag.id == arg.get_id().as_str()) {
        Some(flag) => {
            let hint = about(flag.field);
            let default = answer_file::default(flag.field).map(|default| format!(" [default: {default}]")).unwrap_or_default();
            let (hint, others) = (hint.trim_end_matches('.'), format!("[env: {}]{default}", flag.field.variable()));
            let label = if flag.field.is_secret() { hint.to_owned() } else { flag.field.label().to_owned() };
            // Named in our own words, which are shorter than clap's: a line for each flag.
            let values = arg.get_possible_values();
            let values: Vec<&str> =
                values.iter().map(PossibleValue::get_name).filter(|_| flag.field.kind() != Kind::Toggle).collect();
            let (choice, choices) = match values.join(", ") {
                none if none.is_empty() => (String::new(), String::new()),
                some => (format!(": {some}"), format!(" [possible values: {some}]")),
            };
            arg.hide_possible_values(true).help(label + &choice).long_help(format!("{hint}\n{others}{choices}"))
        }
        None => arg,
    };
    command.mut_args(help).mut_subcommands(explained)
}

/// Returns the help text of a field's flag: its hint, unless that is only about a screen.
fn about(field: FieldId) -> String {
    match field {
        FieldId::UnverifiedKey => "Take a master key that nothing in the database can confirm".to_owned(),
        FieldId::ReplaceNode => "Take the place of a dead node of this name".to_owned(),
        FieldId::MakeRegistry => "Create the registry in a database that Octopus made by itself".to_owned(),
        FieldId::CreateDatabase => "Create the database where it is missing".to_owned(),
        secret if secret.is_secret() => format!("Where the {} is to be had", field.id().replace('-', " ")),
        _ => answer_file::hint(field),
    }
}

impl FromArgMatches for AnswerArgs {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, Error> {
        let mut given = Self::default();
        given.update_from_arg_matches(matches)?;
        Ok(given)
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), Error> {
        self.answers = matches.get_many::<PathBuf>("answers").into_iter().flatten().cloned().collect();
        let mut said: Vec<(usize, Result<GivenAnswer, Problem>)> = Vec::new();
        let sets = matches.get_many::<String>("set").into_iter().flatten();
        said.extend(matches.indices_of("set").into_iter().flatten().zip(sets.map(|text| flags::set(text))));
        for flag in FLAGS.iter() {
            if flag.field.is_secret() && matches.try_contains_id(&flag.refused).unwrap_or_default() {
                said.push((matches.index_of(&flag.refused).unwrap_or_default(), Err(flags::secret_in_clear(flag.field))));
            }
            // Not an error: this subcommand may not have the flag.
            let Ok(Some(text)) = matches.try_get_one::<String>(&flag.id) else { continue };
            let place = matches.index_of(&flag.id).unwrap_or_default();
            let read = if flag.field.is_secret() {
                flags::secret_from(flag.field, text)
            } else {
                Ok(flags::from_own_flag(flag.field, text))
            };
            said.push((place, read));
        }
        said.sort_by_key(|(place, _)| *place);
        for (_, read) in said {
            match read {
                Ok(answer) => self.flags.push(answer),
                Err(problem) => self.problems.push(problem),
            }
        }
        Ok(())
    }
}
