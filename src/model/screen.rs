//! The screens, as a closed set.

/// One screen of the wizard. The order within a flow is [`crate::wizard::flow`]'s business, not this list's.
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
    /// Listen prefixes and ports.
    Web,
    /// The first administrator (a later issue brings its fields).
    Administrator,
    /// The licence (a later issue brings its fields).
    License,
    /// Shared storage (a later issue brings its fields).
    Storage,
    /// The plan.
    Review,
    /// The plan's steps as they run.
    Install,
    /// The master key: shown, copied, saved, and its keeping proven.
    MasterKey,
    /// What to do next.
    Done,
}

impl ScreenId {
    /// Every screen that is built.
    pub const ALL: [Self; 9] = [
        Self::Start,
        Self::Home,
        Self::Service,
        Self::Database,
        Self::Web,
        Self::Review,
        Self::Install,
        Self::MasterKey,
        Self::Done,
    ];

    /// Its id: the name of its file under `screens/`.
    pub const fn id(self) -> &'static str {
        match self {
            Self::Start => "start",
            Self::Home => "home",
            Self::Service => "service",
            Self::Database => "database",
            Self::Web => "web",
            Self::Administrator => "administrator",
            Self::License => "license",
            Self::Storage => "storage",
            Self::Review => "review",
            Self::Install => "install",
            Self::MasterKey => "master-key",
            Self::Done => "done",
        }
    }
}
