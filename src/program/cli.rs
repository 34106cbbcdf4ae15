//! The command line.

use clap::{Parser, Subcommand};

/// Set up an Octopus Server node for High Availability. Nothing is written until everything has been proven.
#[derive(Debug, Parser)]
#[command(name = "octopus-setup", version, about, max_term_width = 100)]
#[command(after_help = "Exit status: 0 finished; 2 usage; 7 left unfinished, the next start offers to go on; 130 left \
before anything was written; 129, 131, 143 ended by a signal. Of review --check: 0 fine; 1 warnings; 2 stops; 3 not everything \
could be looked at; 64 usage.\n\nThis project is independent of Octopus Deploy.")]
pub struct Cli {
    /// Draw with ASCII characters only (by itself on TERM=linux and where the locale is not UTF-8).
    #[arg(long, global = true)]
    pub ascii: bool,

    /// Take the mouse: clicks choose fields, screens and keys. The terminal's own selection then needs Shift.
    #[arg(long, global = true)]
    pub mouse: bool,

    /// What to do; the start screen when nothing is said.
    #[command(subcommand)]
    pub command: Option<Command>,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Configure the first node of a new cluster.
    FirstNode,
    /// Add this server as a node of an existing cluster.
    Join,
    /// Review a node of this machine: its settings, every check again, the cluster, what has drifted. Nothing is written.
    Review(Review),
    /// Try everything against an embedded practice server; no SQL Server needed.
    #[cfg(feature = "practice")]
    Practice(Practice),
}

/// What to review, and how.
#[derive(Debug, clap::Args)]
pub struct Review {
    /// The instance; case does not count. The only one of this machine when nothing is said.
    #[arg(long, value_name = "NAME", conflicts_with = "config")]
    pub instance: Option<String>,

    /// The file to review: a node config (octopus-node.toml), or an OctopusServer.config, which is only read.
    #[arg(long, value_name = "FILE")]
    pub config: Option<std::path::PathBuf>,

    /// Print the findings instead of opening the screens, and end with a status for monitoring: 0 fine, 1 warnings, 2 stops,
    /// 3 not everything could be looked at, 64 usage.
    #[arg(long)]
    pub check: bool,

    /// How to print; implies --check.
    #[arg(long, value_name = "FORMAT", value_enum)]
    pub output: Option<Format>,
}

/// How findings are printed.
#[derive(Debug, Clone, Copy, clap::ValueEnum)]
pub enum Format {
    /// For people.
    Text,
    /// For programs; its schema is told in docs/review-json.md.
    Json,
}

/// The practice server.
#[cfg(feature = "practice")]
#[derive(Debug, clap::Args)]
pub struct Practice {
    /// Where its data, its certificates and the practice nodes are kept.
    #[arg(long, value_name = "DIR", global = true)]
    pub data: Option<std::path::PathBuf>,

    /// What to do with it; the wizard on it when nothing is said.
    #[command(subcommand)]
    pub command: Option<PracticeCommand>,
}

/// What to do with the practice server.
#[cfg(feature = "practice")]
#[derive(Debug, Subcommand)]
pub enum PracticeCommand {
    /// Run the server alone until Ctrl-C; prints first where it is, as TOML.
    Serve {
        /// The loopback port; a free one when nothing is said.
        #[arg(long, value_name = "N", default_value_t = 0)]
        port: u16,
    },
}
