//! The command line.

use clap::{Parser, Subcommand};

/// Set up an Octopus Server node for High Availability. Nothing is written until everything has been proven.
#[derive(Debug, Parser)]
#[command(name = "octopus-setup", version, about, max_term_width = 100)]
#[command(after_help = "Exit status: 0 finished; 2 usage; 7 left unfinished, the next start offers to go on; 130 left \
before anything was written; 129, 131, 143 ended by a signal.\n\nThis project is independent of Octopus Deploy.")]
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
    /// Try everything against an embedded practice server; no SQL Server needed.
    #[cfg(feature = "practice")]
    Practice(Practice),
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
