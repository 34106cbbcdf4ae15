//! The manual page: one page for the whole program, from the one definition of its command line and its fields.
//!
//! Written with `roff` rather than `clap_mangen`, which makes a page of each subcommand and knows of no environment.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::process::ExitCode;

use clap::{Arg, ArgAction, Command};
use roff::{Inline, Roff, bold, italic, roman};

use octopus_setup::catalog::flow;
use octopus_setup::faces::exit::{CHECK_STATUSES, STATUSES};
use octopus_setup::model::field::{FieldId, Kind};
use octopus_setup::model::flow::Flow;
use octopus_setup::model::node_config::NodeConfig;
use octopus_setup::model::screen::ScreenId;
use octopus_setup::words;
use octopus_setup::world::log::{LogFile, LogLevel};
use octopus_setup::world::places::STATE_DIR_VARIABLE;
use octopus_setup::world::process::CORE_VARIABLE;

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
    for paragraph in DESCRIPTION {
        page.control("PP", []).text([roman(paragraph)]);
    }
    section(&mut page, "OPTIONS").text([roman("These go with every command.")]);
    options(&mut page, command.get_arguments());
    section(&mut page, "COMMANDS");
    commands(&mut page, command, "");
    section(&mut page, "ENVIRONMENT");
    terms(&mut page, environment());
    section(&mut page, "EXIT STATUS");
    terms(&mut page, exit_status());
    section(&mut page, "FILES");
    terms(&mut page, files());
    section(&mut page, "EXAMPLES");
    for (place, (what, line)) in EXAMPLES.into_iter().enumerate() {
        if place > 0 {
            page.control("PP", []);
        }
        page.text([roman(what)]);
        page.control("PP", []).control("RS", ["4"]).control("nf", []).text([bold(line)]).control("fi", []).control("RE", []);
    }
    let pages: BTreeSet<&str> = ScreenId::ALL.into_iter().map(words::page).collect();
    let pages: Vec<&str> = pages.into_iter().chain([words::TROUBLESHOOTING]).collect();
    section(&mut page, "SEE ALSO")
        .text([roman(format!("The pages of the project: {}, which has every message.", pages.join(", ")))]);
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

/// What the whole program is about, beyond its one sentence.
const DESCRIPTION: [&str; 3] = [
    "Without a command it opens its screens in the terminal and asks what to do. On a terminal that cannot move its cursor \
     it asks in plain sentences, and with --yes it asks nothing at all; the checks, the plan and what is done are the same.",
    "Every field can be answered beforehand. A flag goes before the environment, that before an answer file, of which a \
     later one goes before an earlier one, and that before the default. A secret never stands on the command line, which other \
     users of the machine see: its flag says where it is to be had, as env:NAME, file:PATH, stdin or prompt.",
    "Nothing asks where there is no terminal: what is missing then is refused. Colours are for terminals only. \
     With --output json standard output holds JSON alone; that the command line cannot be obeyed, or a file not be used, is \
     told in words on standard error, and by the exit status.",
];

/// What the page shows of use.
const EXAMPLES: [(&str, &str); 7] = [
    ("Open the screens:", "octopus-setup"),
    (
        "Write an answer file, look at what is wrong with it, see the plan, and do it:",
        "octopus-setup answers template first-node > first.toml\n\
         octopus-setup answers check --answers first.toml\n\
         octopus-setup first-node --answers first.toml --dry-run\n\
         octopus-setup first-node --answers first.toml --yes",
    ),
    (
        "The next node, with its name by a flag and the database password from the environment:",
        "OCTOPUS_SETUP_PASSWORD=... octopus-setup join --answers second.toml --set node-name=web02 --yes",
    ),
    ("Look at a node as a monitoring system does:", "octopus-setup review --check --output json"),
    ("With a log of everything:", "OCTOPUS_SETUP_LOG=debug octopus-setup --log setup.log join"),
    (
        "Record a run for a report of a problem, and show it again anywhere:",
        "octopus-setup --record problem.jsonl join\noctopus-setup --replay problem.jsonl",
    ),
    ("Completions, for this shell and for good:", "source <(octopus-setup completions bash)"),
];

type Terms = Vec<(String, String)>;

/// The variables that are read, each field's among them.
fn environment() -> Terms {
    let mut terms: Terms = FieldId::ALL.into_iter().filter(|field| field.is_presettable()).map(field).collect();
    let levels: Vec<&str> = LogLevel::ALL.iter().map(|level| level.id()).collect();
    let own = [
        (STATE_DIR_VARIABLE, "The folder of the program's own files: machine key, journals, list of instances.".to_owned()),
        (LogLevel::VARIABLE, format!("How much --log writes: {}. Without it {}.", levels.join(", "), LogLevel::default().id())),
        (
            CORE_VARIABLE,
            "With 1, core dumps and debuggers are allowed, for a report of a crash. They show every secret that the program works with; without \
             it, its memory is closed to other processes of the account."
                .to_owned(),
        ),
        ("NO_COLOR", "Draw without colours, whatever it is set to.".to_owned()),
        (
            "COLORFGBG",
            "Where the last of its numbers, with semicolons between, is that of a dark colour, screens are drawn with colours; without it only on \
             the Linux console: none of a terminal's sixteen colours can be read on both a light and a dark background."
                .to_owned(),
        ),
        (
            "TERM",
            "With \"dumb\", questions are asked in plain sentences; with \"linux\", screens are drawn with ASCII characters."
                .to_owned(),
        ),
        (
            "LC_ALL, LC_CTYPE, LANG",
            "Where the first of them that is set names no UTF-8, screens are drawn with ASCII characters.".to_owned(),
        ),
    ];
    terms.extend(own.map(|(name, says)| (name.to_owned(), says)));
    terms
}

/// A field's variable, with the words of the screen that asks for it.
fn field(field: FieldId) -> (String, String) {
    let screen = [Flow::FirstNode, Flow::Join, Flow::Edit].into_iter().find_map(|flow| flow::screen_of(flow, field));
    let words = screen.and_then(|screen| words::screen(screen).field(field));
    let mut says = words.map_or_else(
        || field.id().to_owned(),
        |words| format!("{}. {}", words.label, octopus_setup::wizard::answer_file::description(words)),
    );
    // Writing to a string cannot fail.
    let _ = match field.kind() {
        Kind::Choice(values) => write!(says, " One of: {}.", values.join(", ")),
        Kind::Toggle => write!(says, " One of: true, false."),
        Kind::Text | Kind::Path | Kind::Secret | Kind::Number => Ok(()),
    };
    if !field.default().is_empty() {
        let _ = write!(says, " Default: {}.", field.default());
    }
    (field.variable(), says)
}

/// How the program ends, and what that means.
fn exit_status() -> Terms {
    let sentence = |means: &str| {
        let mut letters = means.chars();
        letters.next().map_or_else(String::new, |first| format!("{}{}.", first.to_uppercase(), letters.as_str()))
    };
    let mut terms: Terms = STATUSES.iter().map(|(numbers, means)| ((*numbers).to_owned(), sentence(means))).collect();
    terms.push(("of review --check".to_owned(), sentence(CHECK_STATUSES)));
    terms
}

/// What is written where.
fn files() -> Terms {
    let most = LogFile::MOST >> 20;
    [
        (
            format!("HOME/{}", NodeConfig::FILE),
            "The node config, in the node's home directory; its secrets are sealed.".to_owned(),
        ),
        (
            "/var/lib/octopus-setup".to_owned(),
            format!("The program's own files where root runs it, unless {STATE_DIR_VARIABLE} names another folder."),
        ),
        (
            "$XDG_STATE_HOME/octopus-setup".to_owned(),
            "Those of any other account, and of root where an earlier version kept them there; by default in ~/.local/state.".to_owned(),
        ),
        (
            "the file of --record".to_owned(),
            "Made with mode 0600, and never over another one: lines of JSON, from which --replay shows the run again. Secrets are replaced \
             by placeholders; names of servers, databases, nodes and accounts, addresses and paths are in it as they are."
                .to_owned(),
        ),
        (
            "the file of --log".to_owned(),
            format!(
                "Made with mode 0600 and appended to, {most} MiB at most. It is refused where others could read it, where it is \
                 a link, and where it is full. Secrets are never in it."
            ),
        ),
    ]
    .into()
}
