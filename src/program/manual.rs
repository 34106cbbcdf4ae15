//! The manual page: one page for the whole program, from the one definition of its command line and its fields.
//!
//! Written with `roff` rather than `clap_mangen`, which makes a page of each subcommand and knows of no environment.

use std::fmt::Write as _;
use std::process::ExitCode;

use clap::{Arg, ArgAction, Command};
use roff::{Inline, Roff, bold, italic, roman};

use super::manual_sections as sections;
use super::shells::{PROGRAM, print as write_out, whole};

/// Prints the manual page.
pub fn print() -> ExitCode {
    write_out(page(&whole()).as_bytes())
}

/// The page, as roff of the `man` macros, ASCII only.
fn page(command: &Command) -> String {
    let mut page = Roff::new();
    let version = command.get_version().unwrap_or_default();
    // No date: one that nobody keeps would be wrong, and one of the build would make every build another one.
    page.control("TH", ["OCTOPUS-SETUP", "1", "\"\"", &format!("{PROGRAM} {version}"), "Octopus Setup"]);
    let about = about(command);
    // By custom a phrase, which is what `whatis` shows.
    let phrase = about.split(". ").next().unwrap_or_default().trim_end_matches('.');
    section(&mut page, "NAME").text([roman(format!("{PROGRAM} - {phrase}"))]);
    section(&mut page, "SYNOPSIS").text([
        bold(PROGRAM),
        roman(" ["),
        italic("OPTIONS"),
        roman("] ["),
        italic("COMMAND"),
        roman("]"),
    ]);
    section(&mut page, "DESCRIPTION").text([roman(about)]);
    for paragraph in sections::DESCRIPTION {
        page.control("PP", []).text([roman(paragraph)]);
    }
    section(&mut page, "OPTIONS").text([roman("These go with every command.")]);
    options(&mut page, command.get_arguments());
    section(&mut page, "COMMANDS");
    commands(&mut page, command, "");
    section(&mut page, "ENVIRONMENT");
    terms(&mut page, sections::environment());
    section(&mut page, "EXIT STATUS");
    terms(&mut page, sections::exit_status());
    section(&mut page, "FILES");
    terms(&mut page, sections::files());
    section(&mut page, "EXAMPLES");
    for (place, (what, line)) in sections::EXAMPLES.into_iter().enumerate() {
        if place > 0 {
            page.control("PP", []);
        }
        page.text([roman(what)]);
        page.control("PP", []).control("RS", ["4"]).control("nf", []).text([bold(line)]).control("fi", []).control("RE", []);
    }
    section(&mut page, "NOTES").text([roman("This project is independent of Octopus Deploy.")]);
    ascii(&page.render())
}

fn section<'a>(page: &'a mut Roff, name: &str) -> &'a mut Roff {
    page.control("SH", [name])
}

fn about(command: &Command) -> String {
    let about = command.get_long_about().or_else(|| command.get_about()).map(ToString::to_string).unwrap_or_default();
    if about.is_empty() || about.ends_with('.') { about } else { about + "." }
}

/// Every command below this one, depth first, each with all that is its own.
fn commands(page: &mut Roff, command: &Command, path: &str) {
    // `help` says what this page says.
    for command in command.get_subcommands().filter(|command| !command.is_hide_set() && command.get_name() != "help") {
        let path = format!("{path}{}", command.get_name());
        page.control("SS", [path.as_str()]).text([roman(about(command))]);
        let usage = command.clone().render_usage().to_string();
        // clap names a subcommand's usage after the path that leads to it, or not, as it was built.
        let usage = usage.trim_start_matches("Usage:").trim();
        let (_, usage) = usage.split_once(command.get_name()).unwrap_or(("", ""));
        page.control("PP", []).text([bold(format!("{PROGRAM} {path}")), roman(usage)]);
        options(page, command.get_arguments().filter(|arg| !arg.is_global_set()));
        commands(page, command, &format!("{path} "));
    }
}

fn options<'a>(page: &mut Roff, args: impl Iterator<Item = &'a Arg>) {
    let asked_about = |arg: &&Arg| {
        !arg.is_hide_set() && !matches!(arg.get_action(), ArgAction::Help | ArgAction::HelpShort | ArgAction::HelpLong)
    };
    for arg in args.filter(asked_about) {
        page.control("TP", []).text(head(arg));
        page.text([roman(body(arg))]);
    }
}

/// An option or argument as it is typed.
fn head(arg: &Arg) -> Vec<Inline> {
    let value = arg.get_value_names().map(|names| names.join(" ")).unwrap_or_default();
    let mut head = Vec::new();
    if let Some(short) = arg.get_short() {
        head.extend([bold(format!("-{short}")), roman(", ")]);
    }
    if let Some(long) = arg.get_long() {
        head.push(bold(format!("--{long}")));
        if arg.get_action().takes_values() {
            head.extend([roman(" "), italic(value)]);
        }
    } else {
        head.push(italic(value));
    }
    if matches!(arg.get_action(), ArgAction::Append) {
        head.push(roman(" ..."));
    }
    head
}

/// What it is for, and which words it takes.
fn body(arg: &Arg) -> String {
    let help = arg.get_long_help().or_else(|| arg.get_help());
    let mut body = help.map(ToString::to_string).unwrap_or_default();
    if !body.is_empty() && !body.ends_with('.') {
        body.push('.');
    }
    let takes = arg.get_action().takes_values();
    let words: Vec<String> =
        if takes { arg.get_possible_values().iter().map(|word| word.get_name().to_owned()).collect() } else { Vec::new() };
    if !words.is_empty() {
        // Writing to a string cannot fail.
        let _ = write!(body, " One of: {}.", words.join(", "));
    }
    let defaults: Vec<_> = arg.get_default_values().iter().map(|value| value.to_string_lossy()).collect();
    if takes && !defaults.is_empty() {
        let _ = write!(body, " Default: {}.", defaults.join(", "));
    }
    body.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn terms(page: &mut Roff, terms: Vec<(String, String)>) {
    for (term, says) in terms {
        page.control("TP", []).text([bold(term)]).text([roman(says)]);
    }
}

/// What is not ASCII as roff writes it: not every formatter takes UTF-8.
fn ascii(page: &str) -> String {
    let mut clean = String::with_capacity(page.len());
    for character in page.chars() {
        match character {
            character if character.is_ascii() => clean.push(character),
            '\u{2026}' => clean.push_str("..."),
            '\u{2013}' | '\u{2014}' => clean.push_str("\\-"),
            '\u{201c}' | '\u{201d}' | '\u{ab}' | '\u{bb}' => clean.push_str("\\(dq"),
            other => {
                let _ = write!(clean, "\\[u{:04X}]", u32::from(other));
            }
        }
    }
    clean
}
