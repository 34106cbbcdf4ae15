//! This machine: what is on it already, and what the screens about it asked for: the home directory, the service account, the ports,
//! the key's file, the licence, and Octopus Server itself.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use time::Date;

use super::{Access, Fact};
use crate::model::cluster::ClusterId;
use crate::model::flow::Flow;
use crate::model::licence::{Licence, NotALicence};
use crate::model::master_key::Fingerprint;
use crate::model::secret::SecretString;
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
    pub unfinished: Vec<UnfinishedRun>,
    /// Instances of ours that are not on this machine any more: their nodes have left, or their set-up was undone.
    #[serde(default)]
    pub departed: Vec<Untrusted>,
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
    /// The file or folder in it that did not work, where it is not the directory itself.
    #[serde(default)]
    pub part: Option<Untrusted>,
    /// Whether this account may not look there, so that nobody can tell whether it exists.
    #[serde(default)]
    pub hidden: bool,
    /// Free bytes on its disk, where the system tells.
    pub free: Option<u64>,
    /// The number of the account that it (or the folder that hides it) belongs to, where that is another than this one.
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
    /// The machine key is there and can be used, or is yet to be made.
    Key,
}

/// An instance of ours, as this machine's list and its node config tell it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct InstanceSeen {
    pub name: Untrusted,
    pub home: Untrusted,
    pub config: Untrusted,
    /// The cluster that it belongs to, where the config can be read.
    pub cluster: Option<ClusterId>,
    /// The day its config was last written, as `2026-11-18`; empty where it is not known.
    pub written: Untrusted,
}

/// A run that stopped in the middle.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnfinishedRun {
    /// The instance it is for; names the journal.
    pub instance: Untrusted,
    pub flow: Flow,
    /// Steps done.
    pub done: usize,
    /// Steps in all.
    pub steps: usize,
    /// When its journal was last written, UTC, as `2026-11-21 12:04`.
    pub when: Untrusted,
    /// Whether it may have started Octopus Server's service, which then has its ports.
    pub serves: bool,
    /// The node config in its home directory; empty where there is none yet.
    #[serde(default)]
    pub config: Untrusted,
}

/// What the survey of the home screen learns.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct HomeFacts {
    /// Whether the folder is there, can be made, or cannot.
    pub folder: Fact<HomeState>,
    /// The disk that it is or would be on.
    pub disk: Fact<Disk>,
    /// Whether a file could be created, written, synced and removed in it (or in the nearest parent that exists).
    pub writable: Fact<()>,
    /// The instance of this machine that already has this name (case-folded, blanks equal to `-`), with its config file.
    pub taken: Fact<Option<Untrusted>>,
    /// What is wrong with the entry of this name in a list, where it could not be read or leads nowhere: a sentence.
    #[serde(default)]
    pub unread_entry: Option<Untrusted>,
    /// Records of Octopus' own list that could not be read, as sentences: any of them may have this name.
    #[serde(default)]
    pub unread: Vec<Untrusted>,
}

/// What is at the path of the home directory.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum HomeState {
    /// Nothing; it can be created under this existing parent.
    Creatable {
        /// The nearest parent that exists.
        parent: Untrusted,
    },
    /// An empty folder.
    Empty,
    /// A folder with something in it, but no node config.
    Occupied {
        /// How many entries.
        entries: u64,
    },
    /// Nothing but the sealed master key of a node that has left.
    KeyOnly,
    /// A folder with a node config of ours.
    NodeConfig { instance: Untrusted },
    /// A file, or something else that is not a folder.
    NotAFolder,
}

/// The disk under the home directory.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Disk {
    /// The file system's name, `ext4` or `nfs`, where it is known; empty otherwise.
    pub file_system: Untrusted,
    /// On the network (NFS, SMB, 9p, …), so not local.
    pub network: bool,
    /// In memory (tmpfs), so gone with the next boot.
    pub volatile: bool,
    /// Free bytes for an ordinary user.
    pub free: u64,
}

/// What the survey of the service account screen learns.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ServiceFacts {
    /// Whether this host knows the account; missing where it cannot tell.
    pub account: Fact<bool>,
    /// What the account may do in the home directory, or in the one that the wizard would make; missing where the host cannot
    /// tell.
    pub home: Fact<Access>,
    /// Whether the wizard runs with the rights that installing a service takes (root or an elevated administrator).
    pub elevated: Fact<bool>,
}

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

/// What the survey of the key's file learns.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct KeyFileFacts {
    /// What is at the path; missing where its folder cannot be written or does not answer.
    pub spot: Fact<KeyFileState>,
}

/// What is at the path of the key's file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum KeyFileState {
    /// Nothing, and a file could be created, written, synced and removed beside it.
    Free {
        /// On the network, so within reach of others.
        network: bool,
        /// In memory, so gone with the next boot.
        volatile: bool,
    },
    /// A file that holds a master key of this fingerprint.
    Key(Fingerprint),
    /// Something else, which is never overwritten.
    Taken,
    /// Nothing, and no folder to put a file in.
    NoFolder {
        /// The folder that is missing.
        folder: Untrusted,
    },
}

/// What the survey of the licence screen learns.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct LicenceFacts {
    /// The licence, or why it is none.
    pub licence: Fact<Result<Licence, NotALicence>>,
    /// Its XML, as Octopus Server takes it.
    #[serde(with = "crate::model::stand_in::presence")]
    pub text: Option<SecretString>,
    /// The day, UTC, by this machine's clock.
    #[serde(with = "crate::model::day::optional")]
    pub today: Option<Date>,
}

/// Texts are compared by what was read in them: equal XML is equal licences.
impl PartialEq for LicenceFacts {
    fn eq(&self, other: &Self) -> bool {
        self.licence == other.licence && self.text.is_some() == other.text.is_some() && self.today == other.today
    }
}

/// What the survey of Octopus Server learns. Its program is run to tell its version and its instances; nothing is changed.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct OctopusFacts {
    /// The program; `None` if it is in none of the usual places.
    pub program: Fact<Option<PathBuf>>,
    /// The version that it tells.
    pub version: Fact<Untrusted>,
    /// The instances that it knows: name and config file.
    pub instances: Fact<Vec<(Untrusted, Untrusted)>>,
    /// The service of this instance: its name, where there is one.
    pub service: Fact<Option<Untrusted>>,
}
