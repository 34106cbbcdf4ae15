//! The sections of the manual page that no command documents: environment, exit status, files, examples.

use std::fmt::Write as _;

use octopus_setup::catalog::flow;
use octopus_setup::faces::exit::{CHECK_STATUSES, STATUSES};
use octopus_setup::model::field::{FieldId, Kind};
use octopus_setup::model::flow::Flow;
use octopus_setup::model::node_config::NodeConfig;
use octopus_setup::words;
use octopus_setup::world::log::{LogFile, LogLevel};
use octopus_setup::world::places::STATE_DIR_VARIABLE;

/// What the whole program is about, beyond its one sentence.
pub(super) const DESCRIPTION: [&str; 3] = [
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
pub(super) const EXAMPLES: [(&str, &str); 7] = [
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
pub(super) fn environment() -> Terms {
    let mut terms: Terms = FieldId::ALL.into_iter().filter(|field| field.is_presettable()).map(field).collect();
    let levels: Vec<&str> = LogLevel::ALL.iter().map(|level| level.id()).collect();
    let own = [
        (STATE_DIR_VARIABLE, "The folder of the program's own files: machine key, journals, list of instances.".to_owned()),
        (LogLevel::VARIABLE, format!("How much --log writes: {}. Without it {}.", levels.join(", "), LogLevel::default().id())),
        ("NO_COLOR", "Draw without colours, whatever it is set to.".to_owned()),
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
pub(super) fn exit_status() -> Terms {
    let sentence = |means: &str| {
        let mut letters = means.chars();
        letters.next().map_or_else(String::new, |first| format!("{}{}.", first.to_uppercase(), letters.as_str()))
    };
    let mut terms: Terms = STATUSES.iter().map(|(numbers, means)| ((*numbers).to_owned(), sentence(means))).collect();
    terms.push(("of review --check".to_owned(), sentence(CHECK_STATUSES)));
    terms
}

/// What is written where.
pub(super) fn files() -> Terms {
    let most = LogFile::MOST >> 20;
    [
        (
            format!("HOME/{}", NodeConfig::FILE),
            "The node config, in the node's home directory; its secrets are sealed.".to_owned(),
        ),
        (
            "$XDG_STATE_HOME/octopus-setup".to_owned(),
            format!("The program's own files, unless {STATE_DIR_VARIABLE} names another folder; by default in ~/.local/state."),
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
