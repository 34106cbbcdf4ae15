//! The commands and options that are written, or that a join must never have, as closed sets with their reach.

use super::Reach;

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
    /// The instance.
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
    /// The master key.
    MasterKey,
    /// The connection string.
    ConnectionString,
    /// Where the web portal listens.
    WebListenPrefixes,
    /// Whether HTTP is redirected to HTTPS.
    WebForceSsl,
    /// The port for polling Tentacles.
    CommsListenPort,
    /// The gRPC port.
    GrpcListenPort,
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
    /// How many tasks the node takes.
    TaskCap,
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
    /// The root of what all nodes share.
    ClusterShared,
    /// The shared folder of artifacts.
    Artifacts,
    /// The shared folder of task logs.
    TaskLogs,
    /// The shared folder of packages.
    NugetRepository,
    /// The shared folder of telemetry.
    Telemetry,
    /// The shared folder of imports.
    Imports,
    /// The shared folder of archived events.
    EventExports,
}

impl Flag {
    /// Every one of them.
    pub const ALL: [Self; 35] = [
        Self::Instance,
        Self::Config,
        Self::Home,
        Self::ServerNodeName,
        Self::Create,
        Self::Upgrade,
        Self::Grant,
        Self::MasterKey,
        Self::ConnectionString,
        Self::WebListenPrefixes,
        Self::WebForceSsl,
        Self::CommsListenPort,
        Self::GrpcListenPort,
        Self::UsernamePasswordIsEnabled,
        Self::ActiveDirectoryIsEnabled,
        Self::GuestLoginEnabled,
        Self::UpgradeCheck,
        Self::Install,
        Self::Reconfigure,
        Self::Start,
        Self::Username,
        Self::TaskCap,
        Self::Stop,
        Self::Uninstall,
        Self::Email,
        Self::Password,
        Self::LicenseBase64,
        Self::LicenseFile,
        Self::ClusterShared,
        Self::Artifacts,
        Self::TaskLogs,
        Self::NugetRepository,
        Self::Telemetry,
        Self::Imports,
        Self::EventExports,
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
            Self::Instance => ("--instance", Reach::Node),
            Self::Config => ("--config", Reach::Node),
            Self::Home => ("--home", Reach::Node),
            Self::ServerNodeName => ("--serverNodeName", Reach::Node),
            Self::Create => ("--create", Reach::Cluster),
            Self::Upgrade => ("--upgrade", Reach::Cluster),
            Self::Grant => ("--grant", Reach::Cluster),
            Self::MasterKey => ("--masterKey", Reach::Node),
            Self::ConnectionString => ("--connectionString", Reach::Node),
            Self::WebListenPrefixes => ("--webListenPrefixes", Reach::Node),
            Self::WebForceSsl => ("--webForceSSL", Reach::Node),
            Self::CommsListenPort => ("--commsListenPort", Reach::Node),
            Self::GrpcListenPort => ("--grpcListenPort", Reach::Node),
            Self::UsernamePasswordIsEnabled => ("--usernamePasswordIsEnabled", Reach::Cluster),
            Self::ActiveDirectoryIsEnabled => ("--activeDirectoryIsEnabled", Reach::Cluster),
            Self::GuestLoginEnabled => ("--guestloginenabled", Reach::Cluster),
            Self::UpgradeCheck => ("--upgradeCheck", Reach::Cluster),
            Self::Install => ("--install", Reach::Node),
            Self::Reconfigure => ("--reconfigure", Reach::Node),
            Self::Start => ("--start", Reach::Node),
            Self::Username => ("--username", Reach::Node),
            Self::TaskCap => ("--taskCap", Reach::Node),
            Self::Stop => ("--stop", Reach::Node),
            Self::Uninstall => ("--uninstall", Reach::Node),
            Self::Email => ("--email", Reach::Cluster),
            Self::Password => ("--password", Reach::Cluster),
            Self::LicenseBase64 => ("--licenseBase64", Reach::Cluster),
            Self::LicenseFile => ("--licenseFile", Reach::Cluster),
            Self::ClusterShared => ("--clusterShared", Reach::Cluster),
            Self::Artifacts => ("--artifacts", Reach::Cluster),
            Self::TaskLogs => ("--taskLogs", Reach::Cluster),
            Self::NugetRepository => ("--nugetRepository", Reach::Cluster),
            Self::Telemetry => ("--telemetry", Reach::Cluster),
            Self::Imports => ("--imports", Reach::Cluster),
            Self::EventExports => ("--eventExports", Reach::Cluster),
        }
    }
}
