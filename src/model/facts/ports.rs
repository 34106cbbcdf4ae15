//! The ports that were asked for.

use serde::{Deserialize, Serialize};

use super::Fact;
use crate::model::untrusted::Untrusted;

/// What the survey of the web portal screen learns.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct PortsFacts {
    /// One for each distinct port, in the order in which they were asked for.
    pub ports: Vec<PortFact>,
    /// Host names of the listen prefixes that do not resolve to this machine or at all; localhost and `+`/`*` are never here.
    pub strange_hosts: Fact<Vec<Untrusted>>,
}

/// One port.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PortFact {
    /// The TCP port.
    pub port: u16,
    /// `Seen(true)` when it could be bound; `Missing` when this host does not let us try (a port below 1024 without root).
    pub free: Fact<bool>,
}
