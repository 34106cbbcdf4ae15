//! What is on this machine already.

use serde::{Deserialize, Serialize};
use time::Date;

use crate::model::cluster::ClusterId;
use crate::model::facts::Fact;
use crate::model::flow::Flow;
use crate::model::untrusted::Untrusted;

/// The machine that the wizard runs on.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Machine {
    /// Its host name, the default node name.
    pub host_name: Untrusted,
    /// `Linux` or `Windows`, with its version where it is known.
    pub system: Untrusted,
    /// The day, UTC, by its clock.
    #[serde(with = "crate::model::day::optional")]
    pub today: Option<Date>,
    /// Instances of ours on this machine.
    pub instances: Vec<InstanceSeen>,
    /// Instances of Octopus Server itself, by its own instance registry: name and config file.
    pub octopus_instances: Vec<(Untrusted, Untrusted)>,
    /// The version of the Octopus Server that is installed here, where there is one and it tells.
    pub octopus_version: Fact<Untrusted>,
    /// Runs that were begun here and neither finished nor undone.
    pub unfinished: Vec<Unfinished>,
    /// What could not be read while looking, as sentences.
    pub unreadable: Vec<Untrusted>,
    /// The wizard's own state directory.
    pub state_folder: Fact<StateFolder>,
}

/// The wizard's own state directory, as it was tried.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct StateFolder {
    pub path: Untrusted,
    /// The folder above it that was tried in its place, where it is yet to be made.
    pub above: Option<Untrusted>,
    /// What did not work, with the words of the operating system.
    pub refused: Option<(StateTrial, Untrusted)>,
    /// Free bytes on its disk, where the system tells.
    pub free: Option<u64>,
    /// The number of the account that it belongs to, where that is another than this one.
    pub owner: Option<u32>,
    /// Its permission bits, where the system has them.
    pub mode: Option<u32>,
}

/// What is tried with a state directory, in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum StateTrial {
    /// It is a folder, or one can be made there.
    Folder,
    /// A file can be created in it, written and removed.
    Write,
    /// The file and the folder can be synced to the disk.
    Sync,
    /// The file can be locked, as one wizard keeps another one from the same instance.
    Lock,
}

/// An instance of ours, as this machine's list and its node config tell it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct InstanceSeen {
    /// Its name.
    pub name: Untrusted,
    /// Its home directory.
    pub home: Untrusted,
    /// Its node config's file.
    pub config: Untrusted,
    /// The cluster that it belongs to, where the config can be read.
    pub cluster: Option<ClusterId>,
    /// The day its config was last written, as `2026-11-18`; empty where it is not known.
    pub written: Untrusted,
}

/// A run that stopped in the middle.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unfinished {
    /// The instance it is for; names the journal.
    pub instance: Untrusted,
    /// Its flow.
    pub flow: Flow,
    /// Steps done.
    pub done: usize,
    /// Steps in all.
    pub steps: usize,
    /// When its journal was last written, UTC, as `2026-11-21 12:04`.
    pub when: Untrusted,
    /// Whether it may have started Octopus Server's service, which then has its ports.
    pub serves: bool,
}
