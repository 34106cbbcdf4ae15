//! What is printed for a command line that clap refuses.
//!
//! A value, or a word that belongs nowhere, is never repeated: it may be a secret whose option was mistyped. The nearest
//! command, option or value is found by our own measure, not by clap's, which for `--stickey` advises to pass that as a
//! value.

use std::error::Error as _;
use std::ffi::OsString;

use clap::error::{ContextKind, ContextValue, Error, ErrorKind};
use clap::{Arg, Command};

use octopus_setup::model::field::FieldId;
use octopus_setup::model::suggestion::nearest;

/// Why something that was typed is left out of the text.
const NOT_REPEATED: &str = "is not repeated here, because it may be a secret";

/// Returns the error with a text that repeats no value and names what was probably meant. `root` defines the whole command
/// line and is built; `words` were typed after the program's name.
pub fn worded(error: Error, root: &Command, words: &[OsString]) -> Error {
    let words: Vec<String> = words.iter().map(|word| word.to_string_lossy().into_owned()).collect();
    let command = command_of(root, &words);
    let text = match error.kind() {
        ErrorKind::InvalidSubcommand => unknown_command(command, context(&error, ContextKind::InvalidSubcommand)),
        ErrorKind::UnknownArgument => match context(&error, ContextKind::InvalidArg) {
            Some(option) if option.starts_with('-') => unknown_option(option, command, root, &words),
            _ => format!("`{}` takes no such word; it {NOT_REPEATED}. Options begin with `--`.", path(command)),
        },
        ErrorKind::InvalidValue | ErrorKind::ValueValidation | ErrorKind::TooManyValues => match bad_value(&error) {
            Some(text) => text,
            None => return error,
        },
        _ => return error,
    };
    command.clone().error(error.kind(), text)
}

/// Returns the command whose arguments were being read: the last one that is named, as far as the words are understood.
fn command_of<'a>(root: &'a Command, words: &[String]) -> &'a Command {
    let mut command = root;
    let mut words = words.iter();
    while let Some(word) = words.next() {
        if let Some(option) = word.strip_prefix("--") {
            let (name, value) = option.split_once('=').map_or((option, None), |(name, value)| (name, Some(value)));
            // An option that the command does not have is where reading ended.
            let Some(known) = command.get_arguments().find(|arg| arg.get_long() == Some(name)) else { break };
            if value.is_none() && known.get_num_args().is_some_and(|count| count.min_values() > 0) {
                words.next();
            }
        } else if let Some(below) = command.find_subcommand(word) {
            command = below;
        } else {
            break;
        }
    }
    command
}

fn context(error: &Error, kind: ContextKind) -> Option<&str> {
    match error.get(kind) {
        Some(ContextValue::String(text)) => Some(text.as_str()),
        _ => None,
    }
}

fn unknown_command(command: &Command, typed: Option<&str>) -> String {
    let shown = command.get_subcommands().filter(|below| !below.is_hide_set()).map(Command::get_name);
    let hint = match typed.and_then(|typed| nearest(typed, shown)) {
        Some(near) => format!("Did you mean `{near}`?"),
        None => format!("`{} -h` lists the commands.", path(command)),
    };
    format!("there is no such command; it {NOT_REPEATED}. {hint}")
}

/// Returns the command as it is typed.
fn path(command: &Command) -> &str {
    command.get_bin_name().unwrap_or_else(|| command.get_name())
}

fn unknown_option(typed: &str, command: &Command, root: &Command, words: &[String]) -> String {
    let path = path(command);
    let Some(name) = typed.strip_prefix("--") else {
        // clap names the first letter only; the rest may be the value.
        let hint = single_dash(typed, words, command).map(|name| format!(" Did you mean `--{name}`?")).unwrap_or_default();
        return format!("options begin with `--`; what begins with `-` {NOT_REPEATED}.{hint}");
    };
    let near = nearest_option(name, command);
    let elsewhere = if near.is_none() { commands_with(name, root) } else { Vec::new() };
    let hint = match (near.as_deref(), elsewhere.as_slice()) {
        (Some(near), _) => format!("Did you mean `--{near}`?"),
        (None, []) => format!("`{path} --help` lists its options."),
        (None, commands) => format!("It is an option of these commands, and is written after them: {}.", commands.join(", ")),
    };
    // `--passwordhunter2` and `--pasword:hunter2` would repeat a secret.
    let secrets = || FieldId::ALL.into_iter().filter(|field| field.is_secret()).map(FieldId::id);
    let may_hold_secret = secrets().any(|id| name.contains(id)) || near.is_some_and(|near| secrets().any(|id| near.contains(id)));
    if may_hold_secret {
        format!("`{path}` has no such option; it {NOT_REPEATED}. {hint}")
    } else {
        format!("`{path}` has no option `{typed}`. {hint}")
    }
}

/// Returns the option that was written as PowerShell does, with one hyphen: `-NodeName`.
fn single_dash<'a>(letter: &str, words: &[String], command: &'a Command) -> Option<&'a str> {
    let plain = |name: &str| name.to_lowercase().replace('-', "");
    let typed = words.iter().filter(|word| word.starts_with(letter)).filter_map(|word| word.strip_prefix('-'));
    let typed: Vec<String> = typed.map(|word| plain(word.split(['=', ':']).next().unwrap_or_default())).collect();
    command.get_arguments().filter(|arg| !arg.is_hide_set()).filter_map(Arg::get_long).find(|name| typed.contains(&plain(name)))
}

/// Returns the name of the command's option that was most likely meant. Where a secret was to be given in clear, that is
/// the option that takes the place of the secret.
fn nearest_option(name: &str, command: &Command) -> Option<String> {
    let known = command.get_arguments().filter_map(Arg::get_long);
    let near = nearest(name, known)?;
    let from = format!("{near}-from");
    let refuses = command.get_arguments().any(|arg| arg.get_long() == Some(near) && arg.is_hide_set());
    Some(if refuses { from } else { near.to_owned() })
}

/// Returns the commands that have an option of exactly this name.
fn commands_with(name: &str, root: &Command) -> Vec<String> {
    let mut found = Vec::new();
    let mut open: Vec<&Command> = root.get_subcommands().collect();
    while let Some(command) = open.pop() {
        if command.get_arguments().any(|arg| arg.get_long() == Some(name) && !arg.is_hide_set()) {
            let path = path(command);
            found.push(path.split_once(' ').map_or(path, |(_, own)| own).to_owned());
        }
        open.extend(command.get_subcommands());
    }
    found.sort();
    found
}

/// Says what is wrong with a value, without it. `None` if there is no value: clap's text is good then.
fn bad_value(error: &Error) -> Option<String> {
    let value = context(error, ContextKind::InvalidValue).filter(|value| !value.is_empty())?;
    let option = context(error, ContextKind::InvalidArg).unwrap_or("the option");
    if error.kind() == ErrorKind::TooManyValues {
        return Some(format!("`{option}` takes no value, but one is given; it {NOT_REPEATED}."));
    }
    let known: Vec<&str> = match error.get(ContextKind::ValidValue) {
        Some(ContextValue::Strings(known)) => known.iter().map(String::as_str).collect(),
        _ => Vec::new(),
    };
    if known.is_empty() {
        // Reasons begin with the value, as "70000 is not in 1..=65535" does, or do without it.
        let reason = error.source().map(ToString::to_string).unwrap_or_default();
        let reason = match reason.strip_prefix(value) {
            Some(rest) => format!(": it{rest}"),
            None if reason.contains(value) || reason.is_empty() => String::new(),
            None => format!(": {reason}"),
        };
        return Some(format!("`{option}` does not take this value{reason}. The value {NOT_REPEATED}."));
    }
    let near = nearest(value, known.iter().copied()).map(|near| format!(" Did you mean `{near}`?")).unwrap_or_default();
    Some(format!("the value of `{option}` is none of: {}.{near}", known.join(", ")))
}
