//! The screens, as a closed set.

/// One screen of the wizard. The order within a flow is [`crate::catalog::flow`]'s business, not this list's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
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
