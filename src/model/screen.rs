//! The screens, as a closed set.

use serde::{Deserialize, Serialize};

/// One screen of the wizard. The order within a flow is [`crate::catalog::flow`]'s business, not this list's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum ScreenId {
    /// What to do: the flows, the instances of this machine, an unfinished run.
    Start,
    /// Instance name, home directory, node name.
    Home,
    /// The account that Octopus Server runs as.
    Service,
    /// The SQL Server database.
    Database,
    /// The cluster's nodes, and what a node that joins has to know: master key, node name, task cap.
    Cluster,
    /// Listen prefixes and ports.
    Web,
    /// The first administrator.
    Administrator,
    /// The licence.
    License,
    /// Shared storage.
    Storage,
    /// Octopus Server itself: where it is, and whether its commands are run.
    Octopus,
    /// The plan.
    Review,
    /// The plan's steps as they run.
    Install,
    /// The master key: shown, copied, saved, and its keeping proven.
    MasterKey,
    /// What to do next.
    Done,
    /// A node under review: its settings and where each of them came from.
    Node,
    /// Every check of every screen, run again.
    Proof,
    /// Where node config, registry row, `OctopusServer.config` and host say different things.
    Drift,
    /// The master key of a node under review: its fingerprint, and the key itself on request.
    Key,
    /// The backups of the node config, and in what they differ from it.
    Backups,
}

impl From<ScreenId> for String {
    fn from(screen: ScreenId) -> Self {
        screen.id().to_owned()
    }
}

impl TryFrom<String> for ScreenId {
    type Error = String;

    fn try_from(id: String) -> Result<Self, String> {
        Self::from_id(&id).ok_or_else(|| format!("there is no screen {id:?}"))
    }
}

impl ScreenId {
    /// Every screen.
    pub const ALL: [Self; 19] = [
        Self::Start,
        Self::Home,
        Self::Service,
        Self::Database,
        Self::Cluster,
        Self::Web,
        Self::Administrator,
        Self::License,
        Self::Storage,
        Self::Octopus,
        Self::Review,
        Self::Install,
        Self::MasterKey,
        Self::Done,
        Self::Node,
        Self::Proof,
        Self::Drift,
        Self::Key,
        Self::Backups,
    ];

    /// The screen of this id.
    pub fn from_id(id: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|screen| screen.id() == id)
    }

    /// Its id: the name of its file under `screens/`.
    pub const fn id(self) -> &'static str {
        match self {
            Self::Start => "start",
            Self::Home => "home",
            Self::Service => "service",
            Self::Database => "database",
            Self::Cluster => "cluster",
            Self::Web => "web",
            Self::Administrator => "administrator",
            Self::License => "license",
            Self::Storage => "storage",
            Self::Octopus => "octopus",
            Self::Review => "review",
            Self::Install => "install",
            Self::MasterKey => "master-key",
            Self::Done => "done",
            Self::Node => "node",
            Self::Proof => "proof",
            Self::Drift => "drift",
            Self::Key => "key",
            Self::Backups => "backups",
        }
    }
}
