//! Octopus Server's own command line: the commands and options that are written, or that a join must never have, as closed
//! sets with their reach.

use crate::model::field::FieldId;

/// How far a command or an option reaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// This node: its own files, its own service, its own row in the database.
    Node,
    /// What all nodes share.
    Cluster,
}

/// The option that carries a setting.
#[derive(Debug, Clone, Copy)]
pub struct OctopusOption {
    /// The command that takes it.
    pub verb: Verb,
    /// As it is typed.
    pub name: &'static str,
    /// How far it reaches.
    pub reach: Reach,
}

impl OctopusOption {
    /// An option of `configure` that concerns this node only.
    pub const fn configure(name: &'static str) -> Self {
        Self { verb: Verb::Configure, name, reach: Reach::Node }
    }
}

/// A command of Octopus Server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Verb {
    /// Registers an instance on this machine.
    CreateInstance,
    /// Points the instance at its database.
    Database,
    /// Sets the instance's own settings, and with other options the cluster's.
    Configure,
    /// Makes an administrator.
    Admin,
    /// Sets the cluster's licence.
    License,
    /// Sets the folders that all nodes share.
    Path,
    /// Installs and starts the service.
    Service,
    /// Sets what the database keeps of this node.
    Node,
    /// Lists the instances of this machine; changes nothing.
    ListInstances,
    /// Takes an instance off the list of this machine.
    DeleteInstance,
}

impl Verb {
    /// Every one of them.
    pub const ALL: [Self; 10] = [
        Self::CreateInstance,
        Self::Database,
        Self::Configure,
        Self::Admin,
        Self::License,
        Self::Path,
        Self::Service,
        Self::Node,
        Self::ListInstances,
        Self::DeleteInstance,
    ];

    /// As it is typed.
    pub const fn id(self) -> &'static str {
        match self {
            Self::CreateInstance => "create-instance",
            Self::Database => "database",
            Self::Configure => "configure",
            Self::Admin => "admin",
            Self::License => "license",
            Self::Path => "path",
            Self::Service => "service",
            Self::Node => "node",
            Self::ListInstances => "list-instances",
            Self::DeleteInstance => "delete-instance",
        }
    }

    /// How far it reaches whatever its options are.
    pub const fn reach(self) -> Reach {
        match self {
            Self::CreateInstance
            | Self::Database
            | Self::Configure
            | Self::Service
            | Self::Node
            | Self::ListInstances
            | Self::DeleteInstance => Reach::Node,
            Self::Admin | Self::License | Self::Path => Reach::Cluster,
        }
    }
}

/// An option.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Flag {
    /// The one that carries a setting, by the setting's row in the catalog.
    Setting(FieldId),
    Instance,
    /// Octopus Server's own config file.
    Config,
    /// The home directory.
    Home,
    /// The node's name.
    ServerNodeName,
    /// Creates the database and its schema.
    Create,
    /// Raises the schema to this server's version.
    Upgrade,
    /// Gives an account the database.
    Grant,
    MasterKey,
    ConnectionString,
    /// Whether users sign in with a name and a password.
    UsernamePasswordIsEnabled,
    /// Whether users sign in by Active Directory.
    ActiveDirectoryIsEnabled,
    /// Whether guests sign in.
    GuestLoginEnabled,
    /// Whether the server asks for newer versions.
    UpgradeCheck,
    /// Installs the service.
    Install,
    /// Changes the service that is there.
    Reconfigure,
    /// Starts the service.
    Start,
    /// The account that the service runs as; of `admin` the administrator's name.
    Username,
    /// Stops the service.
    Stop,
    /// Takes the service away.
    Uninstall,
    /// The administrator's mail address.
    Email,
    /// The administrator's password.
    Password,
    /// The licence in base64.
    LicenseBase64,
    /// The file that the licence is in.
    LicenseFile,
}

impl Flag {
    /// Every one of them.
    pub fn all() -> impl Iterator<Item = Self> {
        let carriers = FieldId::ALL.into_iter().filter(|field| field.setting().option.is_some()).map(Self::Setting);
        Self::OTHERS.into_iter().chain(carriers)
    }

    /// Those that carry no setting by themselves.
    const OTHERS: [Self; 23] = [
        Self::Instance,
        Self::Config,
        Self::Home,
        Self::ServerNodeName,
        Self::Create,
        Self::Upgrade,
        Self::Grant,
        Self::MasterKey,
        Self::ConnectionString,
        Self::UsernamePasswordIsEnabled,
        Self::ActiveDirectoryIsEnabled,
        Self::GuestLoginEnabled,
        Self::UpgradeCheck,
        Self::Install,
        Self::Reconfigure,
        Self::Start,
        Self::Username,
        Self::Stop,
        Self::Uninstall,
        Self::Email,
        Self::Password,
        Self::LicenseBase64,
        Self::LicenseFile,
    ];

    /// As it is typed.
    pub const fn id(self) -> &'static str {
        self.row().0
    }

    /// How far it reaches.
    pub const fn reach(self) -> Reach {
        self.row().1
    }

    /// The one table. The settings of sign-in are in the database (`facts/octopus.md`, section 2), so one node sets them
    /// for all; the task cap is there too, but of this node only.
    const fn row(self) -> (&'static str, Reach) {
        match self {
            Self::Setting(field) => match field.setting().option {
                Some(option) => (option.name, option.reach),
                // Only rows that name an option are asked for it, which a test of the catalog holds.
                None => ("", Reach::Cluster),
            },
            Self::Instance => ("--instance", Reach::Node),
            Self::Config => ("--config", Reach::Node),
            Self::Home => ("--home", Reach::Node),
            Self::ServerNodeName => ("--serverNodeName", Reach::Node),
            Self::Create => ("--create", Reach::Cluster),
            Self::Upgrade => ("--upgrade", Reach::Cluster),
            Self::Grant => ("--grant", Reach::Cluster),
            Self::MasterKey => ("--masterKey", Reach::Node),
            Self::ConnectionString => ("--connectionString", Reach::Node),
            Self::UsernamePasswordIsEnabled => ("--usernamePasswordIsEnabled", Reach::Cluster),
            Self::ActiveDirectoryIsEnabled => ("--activeDirectoryIsEnabled", Reach::Cluster),
            Self::GuestLoginEnabled => ("--guestloginenabled", Reach::Cluster),
            Self::UpgradeCheck => ("--upgradeCheck", Reach::Cluster),
            Self::Install => ("--install", Reach::Node),
            Self::Reconfigure => ("--reconfigure", Reach::Node),
            Self::Start => ("--start", Reach::Node),
            Self::Username => ("--username", Reach::Node),
            Self::Stop => ("--stop", Reach::Node),
            Self::Uninstall => ("--uninstall", Reach::Node),
            Self::Email => ("--email", Reach::Cluster),
            Self::Password => ("--password", Reach::Cluster),
            Self::LicenseBase64 => ("--licenseBase64", Reach::Cluster),
            Self::LicenseFile => ("--licenseFile", Reach::Cluster),
        }
    }
}
