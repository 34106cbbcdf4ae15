//! The command line.

use std::ops::Deref;
use std::path::PathBuf;
use std::time::Duration;

use clap::builder::Resettable;
use clap::error::Error;
use clap::{ArgMatches, Args, FromArgMatches, Parser, Subcommand, ValueEnum};

use octopus_setup::faces::exit::{CHECK_STATUSES, STATUSES};
use octopus_setup::faces::headless::OutputFormat;
use octopus_setup::model::check::CheckId;
use octopus_setup::model::flow::Flow;
use octopus_setup::words::TROUBLESHOOTING;

use super::answer_args::AnswerArgs;
use super::cluster_front::{LoadBalancer, Tentacles};

/// What the exit statuses of a set-up flow mean, for `--help`.
pub(super) fn exit_status() -> String {
    STATUSES.iter().fold("Exit status:".to_owned(), |told, (numbers, means)| format!("{told}\n  {numbers:>3}  {means}"))
}

/// Where in a list stands what every command takes: last, since it is seldom what somebody looks for.
const LAST: usize = 900;

/// What `--help` ends with.
fn after() -> String {
    format!(
        "{}\nOf review --check: {CHECK_STATUSES}.\n\nDocumentation: docs/index.md; every message: {TROUBLESHOOTING}.\nThis project is independent of Octopus Deploy.",
        exit_status()
    )
}

/// What `-h` ends with.
const AFTER_SHORT: &str =
    "octopus-setup --help tells more, with the exit statuses; octopus-setup COMMAND -h tells of one command.";

/// What `--help` says of `--log`.
const LOG: &str = "Write a log to this file; OCTOPUS_SETUP_LOG says how much: off, error, warn, info (the default), debug, trace. Secrets \
are never in it";

/// What `--help` says of `--record`.
const RECORD: &str = "Record what happens in this new file, for a report of a problem; with the screens, first-node, join and review. \
Secrets are replaced by placeholders; names, addresses and paths are not";

/// What `--help` says of `--replay`.
const REPLAY: &str = "Show a recording again, without a network and without doing anything: on the screens, where any key goes on; with \
--plain in sentences; in lines where there is no terminal";

/// Set up an Octopus Server node for High Availability. Nothing is written until everything has been proven.
#[derive(Debug, Parser)]
#[command(name = "octopus-setup", version, about, max_term_width = 100)]
#[command(after_help = AFTER_SHORT, after_long_help = after())]
pub struct Cli {
    /// Draw with ASCII characters only.
    ///
    /// Without it, that is done on TERM=linux and where the locale is not UTF-8.
    #[arg(long, global = true, display_order = LAST, hide_short_help = true)]
    pub ascii: bool,

    /// Take the mouse.
    ///
    /// Clicks choose fields, screens and keys. The terminal's own selection then needs Shift.
    #[arg(long, global = true, display_order = LAST, hide_short_help = true)]
    pub mouse: bool,

    /// Ask in plain sentences, one question at a time.
    ///
    /// The cursor is not moved: for screen readers, serial consoles and pipes. Without it, that is done where the terminal
    /// can do no more, as with TERM=dumb.
    #[arg(long, global = true, display_order = LAST)]
    pub plain: bool,

    /// The file of the log.
    #[arg(long, value_name = "FILE", global = true, help = "Write a log to this file", long_help = LOG, display_order = LAST, hide_short_help = true)]
    pub log: Option<PathBuf>,

    /// The file of the recording.
    #[arg(long, value_name = "FILE", global = true, help = "Record what happens, for a report of a problem", long_help = RECORD, display_order = LAST, hide_short_help = true)]
    pub record: Option<PathBuf>,

    /// The recording to show.
    #[arg(long, value_name = "FILE", global = true, help = "Show a recording again", long_help = REPLAY, display_order = LAST, hide_short_help = true)]
    pub replay: Option<PathBuf>,

    /// What to do; the start screen when nothing is said.
    #[command(subcommand)]
    pub command: Option<Command>,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Configure the first node of a new cluster.
    FirstNode(Deferred<Wizard>),
    /// Add this server as a node of an existing cluster.
    Join(Deferred<Wizard>),
    /// Review a node of this machine, or check it for monitoring.
    ///
    /// Its settings, every check again, the cluster, and what has drifted. Nothing is changed: files that try whether a folder can be
    /// written are deleted at once.
    Review(Deferred<ReviewArgs>),
    /// Change settings of a node of this machine.
    ///
    /// In its node config and in the registry.
    Edit(Deferred<Wizard>),
    /// Take a node of this machine out of its cluster.
    Leave(Deferred<Wizard>),
    /// Take a dead node out of the registry of this machine's cluster.
    Remove(Deferred<Remove>),
    /// Take back what an unfinished run has made.
    Undo(Deferred<Undo>),
    /// Answer files: a template, a check of yours, their schema.
    Answers(Deferred<AnswersArgs>),
    /// Print the same node as a script, a compose file or answers.
    ///
    /// What Octopus Server's own command line, or a container, would need for the same node.
    Script(Deferred<Script>),
    /// Print a load balancer's configuration for this cluster.
    ///
    /// What a load balancer in front of this cluster needs: its configuration, from the live list of nodes.
    LoadBalancer(Deferred<LoadBalancer>),
    /// Print how polling Tentacles are told of every node.
    ///
    /// How polling Tentacles are told of every node: commands and configuration, from the live list of nodes.
    Tentacles(Deferred<Tentacles>),
    /// Move a single node's files to shared storage, so that other nodes can join it.
    Migrate(Deferred<Migrate>),
    /// Look for everything that is known to go wrong with a node.
    ///
    /// A node of this machine, with what to do about each finding. Nothing is changed.
    Check(Deferred<CheckArgs>),
    /// Print the completions of a shell.
    Completions(Deferred<Completions>),
    /// Print the manual page.
    Man,
    /// Try everything against an embedded practice server; no SQL Server needed.
    #[cfg(feature = "practice")]
    Practice(Deferred<Practice>),
}

/// A set-up flow: with answers that are given beforehand, and with nobody there to ask.
#[derive(Debug, Args)]
pub struct Wizard {
    /// Do it without screens and questions.
    ///
    /// Only a secret whose place is `prompt` is asked for, at the terminal. The checks and the plan are the same.
    #[arg(long)]
    pub yes: bool,

    /// End with the plan; nothing is written.
    ///
    /// Everything is checked, without screens and questions.
    #[arg(long)]
    pub dry_run: bool,

    /// Go on in spite of this check's warnings.
    ///
    /// Its name is the one that is printed beside the warning. Goes with --yes and --dry-run.
    #[arg(long, value_name = "CHECK", value_delimiter = ',')]
    pub accept: Vec<String>,

    /// How to print what happens.
    ///
    /// For people, or as JSON, one object a line. Goes with --yes and --dry-run.
    #[arg(long, value_name = "FORMAT", value_enum)]
    pub output: Option<Format>,

    #[command(flatten)]
    pub given: AnswerArgs,
}

/// The removal of a dead node.
#[derive(Debug, Args)]
pub struct Remove {
    /// The dead node, by its name in the registry.
    #[arg(long, value_name = "NAME")]
    pub node: String,

    #[command(flatten)]
    pub wizard: Wizard,
}

/// The undoing of an unfinished run.
#[derive(Debug, Args)]
pub struct Undo {
    /// The instance whose run it is.
    ///
    /// Without it, the only unfinished run of this machine is taken.
    #[arg(long, value_name = "NAME")]
    pub instance: Option<String>,

    /// Do not ask whether to begin.
    #[arg(long)]
    pub yes: bool,

    /// Say what would be taken back. Nothing is changed.
    #[arg(long)]
    pub dry_run: bool,

    /// How to print what happens.
    ///
    /// For people, or as JSON, one object a line.
    #[arg(long, value_name = "FORMAT", value_enum)]
    pub output: Option<Format>,

    #[command(flatten)]
    pub given: AnswerArgs,
}

/// Answer files.
#[derive(Debug, Args)]
pub struct AnswersArgs {
    #[command(subcommand)]
    pub command: AnswersCommand,
}

impl AnswersArgs {
    /// Returns the answers on the command line, if the command takes any.
    pub fn given(&self) -> Option<&AnswerArgs> {
        match &self.command {
            AnswersCommand::Check { given, .. } => Some(given),
            AnswersCommand::Template { .. } | AnswersCommand::Schema => None,
        }
    }
}

/// What to do with answer files.
#[derive(Debug, Subcommand)]
pub enum AnswersCommand {
    /// Print an answer file with every field, explained.
    Template {
        /// The flow that it is for.
        #[arg(value_enum)]
        flow: FlowArg,
    },
    /// Say what is wrong with the answers, all of it at once.
    ///
    /// Nothing is written. Commands that an answer comes from are run.
    Check {
        /// The flow that they are for.
        ///
        /// Without it, the one that the file names.
        #[arg(long, value_enum)]
        flow: Option<FlowArg>,

        /// Check them live as well.
        ///
        /// Against this machine, the server and the database, as a dry run does.
        #[arg(long)]
        live: bool,

        /// How to print.
        #[arg(long, value_name = "FORMAT", value_enum)]
        output: Option<Format>,

        #[command(flatten)]
        given: AnswerArgs,
    },
    /// Print the JSON schema of answer files, for editors.
    Schema,
}

/// The flows that set a node up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum FlowArg {
    /// The first node of a new cluster.
    FirstNode,
    /// A further node.
    Join,
}

impl FlowArg {
    pub const fn flow(self) -> Flow {
        match self {
            Self::FirstNode => Flow::FirstNode,
            Self::Join => Flow::Join,
        }
    }
}

/// A script for Octopus Server's own command line, a compose file, or an answer file.
#[derive(Debug, Args)]
pub struct Script {
    /// What to print.
    ///
    /// Without it, a script for the platform's own shell.
    #[arg(long, value_name = "FORMAT", value_enum)]
    pub format: Option<ScriptFormat>,

    /// The platform that it is for.
    ///
    /// Its rules hold for the paths. Without it, this machine's.
    #[arg(long, value_name = "PLATFORM", value_enum)]
    pub platform: Option<TargetPlatform>,

    /// From this instance's node config.
    ///
    /// Without it, from the only one of this machine.
    #[arg(long, value_name = "NAME", conflicts_with = "config")]
    pub instance: Option<String>,

    /// From this node config (octopus-node.toml).
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,

    /// From answers, for this flow.
    ///
    /// With --instance or --config it says as which node it is set up; without it as a further node, so that nothing in it concerns the
    /// other nodes.
    #[arg(long, value_enum)]
    pub flow: Option<FlowArg>,

    /// Write the secrets into it; goes with --out.
    ///
    /// Otherwise it refers to variables of the environment. Only into a file, with mode 0600.
    #[arg(long, requires = "out")]
    pub with_secrets: bool,

    /// Write it to this new file instead of printing it.
    ///
    /// The file has mode 0600.
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,

    /// How to print it.
    ///
    /// As it is, or as a JSON object that holds it.
    #[arg(long, value_name = "FORMAT", value_enum)]
    pub output: Option<Format>,

    #[command(flatten)]
    pub given: AnswerArgs,
}

/// What a script is printed as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ScriptFormat {
    /// PowerShell, for Octopus.Server.exe.
    #[value(name = "powershell")]
    PowerShell,
    /// bash, for Octopus.Server.
    Bash,
    /// A compose file for the Linux container image.
    Compose,
    /// An answer file for this program.
    Answers,
}

/// The platforms that a script can be for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum TargetPlatform {
    /// Linux.
    Linux,
    /// Windows.
    Windows,
}

/// What is asked of a node of this machine.
#[derive(Debug, Args)]
pub struct NodeChoice {
    /// The instance.
    ///
    /// Upper and lower case are the same. Without it, the only one of this machine.
    #[arg(long, value_name = "NAME", conflicts_with = "config")]
    pub instance: Option<String>,

    /// The node's octopus-node.toml or OctopusServer.config.
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
}

/// A move to shared storage.
#[derive(Debug, Args)]
pub struct Migrate {
    #[command(flatten)]
    pub node: NodeChoice,

    /// The root of the shared storage.
    ///
    /// As this machine and Octopus Server name it. A folder for each kind of files is made below it.
    #[arg(long, value_name = "ROOT")]
    pub to: PathBuf,

    /// Take the files from this folder, not from a node's home.
    ///
    /// Nothing but files is moved then.
    #[arg(long, value_name = "DIR", conflicts_with_all = ["instance", "config"])]
    pub from: Option<PathBuf>,

    /// Take one kind of files from another folder.
    ///
    /// The kinds are artifacts, task-logs, packages, telemetry, imports and event-exports.
    #[arg(long, value_name = "NAME=DIR")]
    pub folder: Vec<String>,

    /// Say what would be copied; nothing is written.
    ///
    /// With what stands in the way, and whether there is room. Not even a probe is written.
    #[arg(long)]
    pub dry_run: bool,

    /// Do not ask whether to begin.
    #[arg(long)]
    pub yes: bool,

    /// Go on in spite of this warning.
    ///
    /// Its name is the one that is printed beside it.
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    pub accept: Vec<String>,

    /// How many files are copied at a time.
    ///
    /// Or batches of small files. Without it, twice the number of processors, from 4 to 16.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=64))]
    pub jobs: Option<u16>,

    /// How long one operation of a disk may take.
    ///
    /// Or of a share, in seconds; then it is given up.
    #[arg(long, value_name = "SECONDS", default_value_t = 60, value_parser = clap::value_parser!(u16).range(1..))]
    pub patience: u16,

    /// Octopus Server's program.
    ///
    /// It is run to tell Octopus Server where its files are now. Without it, the one in the usual place.
    #[arg(long, value_name = "FILE")]
    pub octopus_server: Option<PathBuf>,

    /// How to print what happens.
    ///
    /// For people, or as JSON, one object a line.
    #[arg(long, value_name = "FORMAT", value_enum)]
    pub output: Option<Format>,
}

/// A look at everything.
#[derive(Debug, Args)]
pub struct CheckArgs {
    #[command(flatten)]
    pub node: NodeChoice,

    /// How to print.
    #[arg(long, value_name = "FORMAT", value_enum)]
    pub output: Option<Format>,

    #[command(flatten)]
    pub limit: TimeLimit,

    /// Send a login that looks wrong.
    ///
    /// One that looks like an account of a directory, or like a placeholder.
    #[arg(long, value_name = "CHECK", value_enum)]
    pub accept: Option<AcceptedCheck>,
}

/// The completions of a shell.
#[derive(Debug, Args)]
pub struct Completions {
    /// The shell.
    #[arg(value_enum)]
    pub shell: CompletionShell,
}

/// The shells that there are completions for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum CompletionShell {
    /// bash
    Bash,
    /// zsh
    Zsh,
    /// fish
    Fish,
    /// PowerShell
    #[value(name = "powershell")]
    PowerShell,
}

/// What to review, and how.
#[derive(Debug, Args)]
pub struct ReviewArgs {
    /// The instance.
    ///
    /// Upper and lower case are the same. Without it, the only one of this machine.
    #[arg(long, value_name = "NAME", conflicts_with = "config")]
    pub instance: Option<String>,

    /// The node's octopus-node.toml or OctopusServer.config.
    ///
    /// The latter is only read.
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,

    /// Print the findings, with a status for monitoring.
    ///
    /// No screens open. The exit status is 0 fine, 1 warnings, 2 stops, 3 not everything could be looked at, 64 usage.
    #[arg(long)]
    pub check: bool,

    /// How to print; implies --check.
    #[arg(long, value_name = "FORMAT", value_enum)]
    pub output: Option<Format>,

    #[command(flatten)]
    pub limit: TimeLimit,

    /// Send a login that looks wrong.
    ///
    /// One that looks like an account of a directory, or like a placeholder. Goes with --check.
    #[arg(long, value_name = "CHECK", value_enum)]
    pub accept: Option<AcceptedCheck>,
}

/// What can be accepted where nothing is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum AcceptedCheck {
    /// The login is one.
    SqlLogin,
}

impl AcceptedCheck {
    pub const fn check(self) -> CheckId {
        match self {
            Self::SqlLogin => CheckId::SqlLogin,
        }
    }
}

/// How long a look may take.
#[derive(Debug, Args)]
pub struct TimeLimit {
    /// The most time that it may take.
    ///
    /// In seconds. What has not answered by then is unknown.
    #[arg(long, value_name = "SECONDS", default_value_t = 20, value_parser = clap::value_parser!(u16).range(1..=3600))]
    within: u16,
}

impl TimeLimit {
    /// Returns how long the look may take.
    pub const fn duration(&self) -> Duration {
        Duration::from_secs(self.within as u64)
    }
}

/// How findings are printed.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum Format {
    /// For people.
    Text,
    /// For programs; docs/review-json.md and docs/headless-json.md tell the schemas.
    Json,
}

/// Returns how findings and runs are printed: for people, unless JSON was asked for.
pub const fn output(format: Option<Format>) -> OutputFormat {
    match format {
        Some(Format::Json) => OutputFormat::Json,
        Some(Format::Text) | None => OutputFormat::Text,
    }
}

/// The practice server.
#[cfg(feature = "practice")]
#[derive(Debug, Args)]
pub struct Practice {
    /// The folder of its data.
    ///
    /// Its certificates and the practice nodes are kept there as well.
    #[arg(long, value_name = "DIR", global = true)]
    pub data: Option<PathBuf>,

    /// What to do with it; without it, the wizard runs on it.
    #[command(subcommand)]
    pub command: Option<PracticeCommand>,
}

/// What to do with the practice server.
#[cfg(feature = "practice")]
#[derive(Debug, Subcommand)]
pub enum PracticeCommand {
    /// Run the server alone until Ctrl-C; prints first where it is, as TOML.
    Serve {
        /// The loopback port; 0 is a free one.
        #[arg(long, value_name = "N", default_value_t = 0)]
        port: u16,

        /// Write an answer file that leads to it.
        ///
        /// For --answers of first-node and join. It has mode 0600, and an older one is replaced.
        #[arg(long, value_name = "FILE")]
        answers: Option<PathBuf>,

        /// How to print where it is.
        ///
        /// As TOML, or as JSON.
        #[arg(long, value_name = "FORMAT", value_enum)]
        output: Option<Format>,
    },
}

/// The arguments of a subcommand, defined when it is used. Otherwise every start would define those of every subcommand, which costs
/// a tenth of what the first frame may.
#[derive(Debug)]
pub struct Deferred<T>(T);

impl<T> Deref for Deferred<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T: Args> Args for Deferred<T> {
    fn augment_args(command: clap::Command) -> clap::Command {
        command.defer(define::<T>)
    }

    fn augment_args_for_update(command: clap::Command) -> clap::Command {
        Self::augment_args(command)
    }
}

impl<T: FromArgMatches> FromArgMatches for Deferred<T> {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, Error> {
        T::from_arg_matches(matches).map(Self)
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), Error> {
        self.0.update_from_arg_matches(matches)
    }
}

/// Defines them. What a subcommand is for stands at its variant, which was read before, and not at the type of its arguments.
fn define<T: Args>(command: clap::Command) -> clap::Command {
    let about = command.get_about().cloned();
    let long_about = command.get_long_about().cloned();
    T::augment_args(command).about(Resettable::from(about)).long_about(Resettable::from(long_about))
}
