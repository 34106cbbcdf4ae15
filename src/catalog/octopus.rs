//! Octopus Server's own command line: the commands and options that octopus-setup uses, or that a joining node must
//! never use, as closed sets with their reach.

use crate::model::field::FieldId;

/// Whom a command or an option affects.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// This node: its own files, its own service, its own row in the database.
    Node,
    /// Everything that all nodes share.
    Cluster,
}

/// The option that sets a setting.
#[derive(Debug, Clone, Copy)]
pub struct OctopusOption {
    /// The command that has the option.
    pub verb: Verb,
    /// The option as typed.
    pub name: &'static str,
    pub reach: Reach,
}

impl OctopusOption {
    /// Creates an option of `configure` that affects this node only.
    pub const fn configure(name: &'static str) -> Self {
        Self { verb: Verb::Configure, name, reach: Reach::Node }
    }
}

/// A command of Octopus Server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Verb {
    /// Registers an instance on this machine.
    CreateInstance,
    /// Points the instance to its database.
    Database,
    /// Sets the instance's own settings, and with other options the cluster's.
    Configure,
    /// Creates an administrator.
    Admin,
    /// Sets the cluster's licence.
    License,
    /// Sets the folders that all nodes share.
    Path,
    /// Installs and starts the service.
    Service,
    /// Sets this node's own settings in the database.
    Node,
    /// Lists the instances of this machine; changes nothing.
    ListInstances,
    /// Removes an instance from this machine's list.
    DeleteInstance,
}

impl Verb {
    /// All commands.
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

    /// Returns the command as typed.
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

    /// Returns the reach of the command, whatever its options.
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
    /// The option that sets a setting, by the setting's row in the catalog.
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
    /// Upgrades the schema to this server's version.
    Upgrade,
    /// Grants an account access to the database.
    Grant,
    MasterKey,
    ConnectionString,
    /// Whether users sign in with a name and a password.
    UsernamePasswordIsEnabled,
    /// Whether users sign in through Active Directory.
    ActiveDirectoryIsEnabled,
    /// Whether guests can sign in.
    GuestLoginEnabled,
    /// Whether the server looks for newer versions.
    UpgradeCheck,
    /// Installs the service.
    Install,
    /// Changes the existing service.
    Reconfigure,
    /// Starts the service.
    Start,
    /// The account that the service runs as; for `admin`, the administrator's name.
    Username,
    /// Stops the service.
    Stop,
    /// Removes the service.
    Uninstall,
    /// The administrator's mail address.
    Email,
    /// The administrator's password.
    Password,
    /// The licence in base64.
    LicenseBase64,
    /// The path of the licence file.
    LicenseFile,
}

impl Flag {
    /// Returns all options.
    pub fn all() -> impl Iterator<Item = Self> {
        let carriers = FieldId::ALL.into_iter().filter(|field| field.setting().option.is_some()).map(Self::Setting);
        Self::OTHERS.into_iter().chain(carriers)
    }

    /// The options that are not bound to a setting.
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

    /// Returns the option as typed.
    pub const fn id(self) -> &'static str {
        self.row().0
    }

    /// Returns the reach of the option.
    pub const fn reach(self) -> Reach {
        self.row().1
    }

    /// Returns name and reach. The sign-in settings are stored in the database (`facts/octopus.md`, section 2), so one
    /// node sets them for all. The task cap is stored there too, but for this node only.
    const fn row(self) -> (&'static str, Reach) {
        match self {
            Self::Setting(field) => match field.setting().option {
                Some(option) => (option.name, option.reach),
                // Unreachable: only settings with an option become flags, which a test of the catalog ensures.
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
