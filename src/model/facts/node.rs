//! A node under review: what the files of this machine say of it.

use serde::{Deserialize, Serialize};

use super::Fact;
use crate::model::answers::Raw;
use crate::model::node_config::NodeConfig;
use crate::model::octopus_config::OctopusConfig;
use crate::model::untrusted::Untrusted;

/// What the survey of a node config learns.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct NodeFacts {
    /// The node config; missing for an instance that Octopus Server made by itself ([`Trouble::Unasked`](super::Trouble)).
    pub config: Fact<Box<NodeConfig>>,
    /// The database login's password, opened from its seal.
    pub password: Fact<Raw>,
    /// The service account's password, opened; `None` where it has none.
    pub service_password: Fact<Option<Raw>>,
    /// The sealed master key, opened, as base64.
    pub key: Fact<Raw>,
    /// `OctopusServer.config` of the same instance, where there is one.
    pub octopus: Fact<Option<Box<OctopusConfig>>>,
    /// The backups of the node config, the newest first.
    pub backups: Fact<Vec<Backup>>,
    /// Whether this machine's list of instances names this very file; `Some(other)` where it names another one for the
    /// same instance, `None` where it does not know the instance.
    pub listed: Fact<Option<Untrusted>>,
}

/// An older node config that was kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Backup {
    /// Its file.
    pub path: Untrusted,
    /// When it was replaced, UTC, as `2026-11-21 12:04`.
    pub when: Untrusted,
    /// In what the present config differs from it, with a line or two around; empty where it says the same.
    pub lines: Vec<DiffLine>,
}

/// One line of a difference.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DiffLine {
    /// Whether it is old or new.
    pub sign: DiffSign,
    /// The line. Of a sealed value only that it is one, and whether it is another one.
    pub text: Untrusted,
}

/// Whether a line is old or new.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum DiffSign {
    /// In both.
    Same,
    /// In the backup only.
    Old,
    /// In the present config only.
    New,
}
