//! What a survey is asked, and the ticket that ties its late answers to that.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::facts::{HomeFacts, Machine, PortsFacts, ServerFacts, ServiceFacts};
use super::prefixes::ListenPrefix;
use super::target::Target;

/// The surveys. At most one of each runs at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SurveyId {
    /// This machine: instances, unfinished runs, host name.
    Machine,
    /// The home directory.
    Home,
    /// The service account.
    Service,
    /// The server and its database.
    Server,
    /// The ports.
    Ports,
}

/// What kind of account Octopus Server runs as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AccountKind {
    /// The machine's own account (`root` under systemd).
    LocalSystem,
    /// A user of this host or domain, with a password where the host wants one.
    Custom,
    /// A group-managed service account; no password.
    Managed,
}

/// What a survey is asked: the answers that it reads, parsed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Inputs {
    /// Nothing.
    Machine,
    /// A home directory and the instance that it is for.
    Home {
        /// The path.
        path: PathBuf,
        /// The instance's name.
        instance: String,
    },
    /// An account.
    Service {
        /// Its kind.
        kind: AccountKind,
        /// Its name, empty for local system.
        user: String,
    },
    /// A server and a database.
    Server(Box<Target>),
    /// Ports and the names before them.
    Ports {
        /// Distinct ports, in the order of the fields.
        ports: Vec<u16>,
        /// The prefixes whose names are to be looked up.
        prefixes: Vec<ListenPrefix>,
    },
}

impl Inputs {
    /// The survey that takes these.
    pub fn survey(&self) -> SurveyId {
        match self {
            Self::Machine => SurveyId::Machine,
            Self::Home { .. } => SurveyId::Home,
            Self::Service { .. } => SurveyId::Service,
            Self::Server(_) => SurveyId::Server,
            Self::Ports { .. } => SurveyId::Ports,
        }
    }
}

/// Ties a result to the survey that was asked for it. Each survey has its own within a run; the number says nothing about
/// the inputs, so it may be logged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Ticket(pub u32);

/// What a survey sends: a whole new snapshot of its own facts.
#[derive(Debug, Clone, PartialEq)]
pub enum Observed {
    /// This machine.
    Machine(Machine),
    /// The home directory.
    Home(HomeFacts),
    /// The service account.
    Service(ServiceFacts),
    /// The server and its database.
    Server(Box<ServerFacts>),
    /// The ports.
    Ports(PortsFacts),
}
