//! The settings of a node under review, as its files tell them, and where each of them came from. Pure; faces render it.

mod fill;
mod list;

pub use fill::answers;
pub use list::of;

use crate::catalog::settings::Group;

/// Where a setting came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Source {
    /// The node config.
    NodeConfig,
    /// `OctopusServer.config`.
    OctopusConfig,
    /// The cluster's registry.
    Registry,
    /// Nobody said anything: Octopus' own default.
    Default,
    /// This machine.
    Host,
}

impl Source {
    /// Its name for people.
    pub const fn label(self) -> &'static str {
        match self {
            Self::NodeConfig => "node config",
            Self::OctopusConfig => "OctopusServer.config",
            Self::Registry => "registry",
            Self::Default => "default",
            Self::Host => "host",
        }
    }

    /// Its id for programs.
    pub const fn id(self) -> &'static str {
        match self {
            Self::NodeConfig => "node-config",
            Self::OctopusConfig => "octopus-config",
            Self::Registry => "registry",
            Self::Default => "default",
            Self::Host => "host",
        }
    }
}

/// One setting of a node under review.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// What it is about.
    pub group: Group,
    /// Its id for programs: the field's where it is one.
    pub id: &'static str,
    /// What it is called.
    pub label: &'static str,
    /// Its value. Of a secret only whether it is there and opens.
    pub value: String,
    /// Where it came from.
    pub source: Source,
}

#[cfg(test)]
mod tests;
