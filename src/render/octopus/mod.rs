//! What Octopus Server's own command line needs for a node, as data: its commands in their order, with their options.
//!
//! The order and the spelling are those of the scripts that Octopus' own Manager shows (`facts/octopus.md`, sections 0 and
//! 1). Which command and which option concerns the whole cluster is a closed table, and what joins has none of them.

mod cluster_wide;
mod commands;
mod word;

pub use crate::catalog::octopus::{Flag, Reach, Verb};
pub(in crate::render) use commands::connection_string;
pub use commands::{commands, config, delete_instance, list_instances, stop_service, take_service_away};
pub use word::{Form, Piece, Word};

use super::Secret;
use crate::model::plan::StepKind;
use crate::model::web::PingEndpoint;

/// One option.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Opt {
    /// Its flag.
    pub flag: Flag,
    /// Its value; `None` for one that stands by itself.
    pub value: Option<Word>,
}

impl Opt {
    /// A flag that stands by itself.
    pub(in crate::render) const fn bare(flag: Flag) -> Self {
        Self { flag, value: None }
    }

    /// A flag with literal text behind it.
    pub(in crate::render) fn text(flag: Flag, text: impl Into<String>) -> Self {
        Self { flag, value: Some(Word::text(text)) }
    }

    /// A flag with a secret behind it.
    pub(in crate::render) fn secret(flag: Flag, secret: Secret) -> Self {
        Self { flag, value: Some(Word::secret(secret)) }
    }
}

/// One call of Octopus Server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Command {
    /// The step of a plan that runs it.
    pub step: StepKind,
    /// The command.
    pub verb: Verb,
    /// Its options, in order.
    pub options: Vec<Opt>,
    /// A secret that it takes from a variable of its own instead of its command line: the variable's name and the secret.
    pub environment: Option<(&'static str, Secret)>,
    /// What it is for: a sentence.
    pub why: &'static str,
    /// Where the node is asked, once the command has started it, until it answers its load balancer.
    pub awaits: Option<PingEndpoint>,
}

impl Command {
    /// A command with these options, which takes no secret from its environment and awaits nothing.
    pub(in crate::render) const fn plain(step: StepKind, verb: Verb, options: Vec<Opt>, why: &'static str) -> Self {
        Self { step, verb, options, environment: None, why, awaits: None }
    }

    /// The secrets that it needs.
    pub fn secrets(&self) -> impl Iterator<Item = Secret> {
        let pieces = self.options.iter().filter_map(|option| option.value.as_ref()).flat_map(|word| &word.0);
        let inside = pieces.filter_map(|piece| match piece {
            Piece::Text(_) => None,
            Piece::Secret(secret, _) => Some(*secret),
        });
        inside.chain(self.environment.map(|(_, secret)| secret))
    }
}
