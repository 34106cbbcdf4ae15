//! The checks, as a closed set. The id that is printed beside a finding is the one that can be typed.

use super::field::FieldId;

/// One pure judgement over answers and facts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum CheckId {
    /// `home-instance`: the instance's name is usable and not taken on this machine.
    HomeInstance,
    /// `home-path`: the home directory is an absolute path on this machine, usable as a home.
    HomePath,
    /// `home-disk`: on a local, lasting disk with room.
    HomeDisk,
    /// `home-writable`: can be created and written.
    HomeWritable,
    /// `home-node`: the node's name is usable.
    HomeNode,
    /// `service-account`: the account is named as its kind demands and exists where the host can tell.
    ServiceAccount,
    /// `service-rights`: the wizard may install a service for it.
    ServiceRights,
    /// `sql-name`: the server's name resolves.
    SqlName,
    /// `sql-connect`: TCP connects.
    SqlConnect,
    /// `sql-tls`: the connection is encrypted and the server is the right one.
    SqlTls,
    /// `sql-login`: the login is accepted.
    SqlLogin,
    /// `sql-version`: the server's version and edition are fit for Octopus.
    SqlVersion,
    /// `sql-clock`: the server's clock and ours agree.
    SqlClock,
    /// `sql-latency`: one round trip is short enough.
    SqlLatency,
    /// `db-exists`: the database is there, or can and may be created.
    DbExists,
    /// `db-state`: online, writable, open to many.
    DbState,
    /// `db-collation`: case-insensitive, and the columns agree.
    DbCollation,
    /// `db-rights`: the login can do what Octopus will do.
    DbRights,
    /// `db-snapshot`: read-committed snapshot and compatibility level.
    DbSnapshot,
    /// `db-copies`: no replication or mirroring; the listener of an availability group.
    DbCopies,
    /// `db-content`: empty, a cluster, an Octopus database, or somebody else's.
    DbContent,
    /// `cluster-key`: the master key is the cluster's: correct, wrong, or not to be verified.
    ClusterKey,
    /// `cluster-node`: the node's name is free in the cluster, or a dead node's that is to be replaced.
    ClusterNode,
    /// `cluster-system`: the other nodes run the same family of operating systems.
    ClusterSystem,
    /// `cluster-version`: the other nodes run the same version of Octopus Server, as far as it is known.
    ClusterVersion,
    /// `cluster-licence`: the licence allows one node more.
    ClusterLicence,
    /// `cluster-nodes`: every node of the cluster is alive.
    ClusterNodes,
    /// `web-prefixes`: the listen prefixes are well-formed and do not clash.
    WebPrefixes,
    /// `web-ports`: the ports are free on this host and differ.
    WebPorts,
    /// `web-names`: the prefixes' host names lead here.
    WebNames,
    /// `key-file`: the master key can be saved where it is to be saved.
    KeyFile,
    /// `key-kept`: the master key is in safe hands.
    KeyKept,
    /// `node-config`: the node config can be read, and says what this program understands.
    NodeConfig,
    /// `node-seals`: the secrets in it open on this machine.
    NodeSeals,
    /// `drift-row`: node config and registry row agree.
    DriftRow,
    /// `drift-octopus`: node config and `OctopusServer.config` agree.
    DriftOctopus,
    /// `drift-host`: node config and host agree.
    DriftHost,
    /// `storage-folders`: the shared folders are named as every node can reach them, outside the home directory.
    StorageFolders,
    /// `storage-disk`: each folder is there, and on a disk that other machines can share.
    StorageDisk,
    /// `storage-rights`: files can be created, appended to, locked, synced, renamed and deleted in each of them.
    StorageRights,
    /// `storage-space`: there is room in each of them.
    StorageSpace,
    /// `storage-latency`: each of them answers quickly.
    StorageLatency,
    /// `storage-shared`: each of them is the folder that the other nodes see, by their canaries.
    StorageShared,
    /// `storage-content`: what Octopus says is in them is in them.
    StorageContent,
    /// `admin-account`: the first administrator can be made, or is left for later.
    AdminAccount,
    /// `licence`: the licence can be read, and holds today.
    Licence,
    /// `licence-nodes`: the licence allows more than one node.
    LicenceNodes,
    /// `service-home`: the service account can use the home directory.
    ServiceHome,
    /// `storage-account`: the service account can use the shared folders.
    StorageAccount,
    /// `octopus-program`: Octopus Server is on this machine, runs, and is of the other nodes' version.
    OctopusProgram,
    /// `octopus-instance`: Octopus Server has no other instance of this name, or config of this place.
    OctopusInstance,
    /// `octopus-service`: there is no other service of this instance.
    OctopusService,
    /// `octopus-log`: Octopus Server's own log has none of the known troubles.
    OctopusLog,
    /// `octopus-ping`: the node answers its load balancer.
    OctopusPing,
}

impl CheckId {
    /// Every check.
    pub const ALL: [Self; 54] = [
        Self::HomeInstance,
        Self::HomePath,
        Self::HomeDisk,
        Self::HomeWritable,
        Self::HomeNode,
        Self::ServiceAccount,
        Self::ServiceRights,
        Self::SqlName,
        Self::SqlConnect,
        Self::SqlTls,
        Self::SqlLogin,
        Self::SqlVersion,
        Self::SqlClock,
        Self::SqlLatency,
        Self::DbExists,
        Self::DbState,
        Self::DbCollation,
        Self::DbRights,
        Self::DbSnapshot,
        Self::DbCopies,
        Self::DbContent,
        Self::ClusterKey,
        Self::ClusterNode,
        Self::ClusterSystem,
        Self::ClusterVersion,
        Self::ClusterLicence,
        Self::ClusterNodes,
        Self::WebPrefixes,
        Self::WebPorts,
        Self::WebNames,
        Self::KeyFile,
        Self::KeyKept,
        Self::NodeConfig,
        Self::NodeSeals,
        Self::DriftRow,
        Self::DriftOctopus,
        Self::DriftHost,
        Self::StorageFolders,
        Self::StorageDisk,
        Self::StorageRights,
        Self::StorageSpace,
        Self::StorageLatency,
        Self::StorageShared,
        Self::StorageContent,
        Self::AdminAccount,
        Self::Licence,
        Self::LicenceNodes,
        Self::ServiceHome,
        Self::StorageAccount,
        Self::OctopusProgram,
        Self::OctopusInstance,
        Self::OctopusService,
        Self::OctopusLog,
        Self::OctopusPing,
    ];

    /// Its id, printed beside findings.
    pub const fn id(self) -> &'static str {
        match self {
            Self::HomeInstance => "home-instance",
            Self::HomePath => "home-path",
            Self::HomeDisk => "home-disk",
            Self::HomeWritable => "home-writable",
            Self::HomeNode => "home-node",
            Self::ServiceAccount => "service-account",
            Self::ServiceRights => "service-rights",
            Self::SqlName => "sql-name",
            Self::SqlConnect => "sql-connect",
            Self::SqlTls => "sql-tls",
            Self::SqlLogin => "sql-login",
            Self::SqlVersion => "sql-version",
            Self::SqlClock => "sql-clock",
            Self::SqlLatency => "sql-latency",
            Self::DbExists => "db-exists",
            Self::DbState => "db-state",
            Self::DbCollation => "db-collation",
            Self::DbRights => "db-rights",
            Self::DbSnapshot => "db-snapshot",
            Self::DbCopies => "db-copies",
            Self::DbContent => "db-content",
            Self::WebPrefixes => "web-prefixes",
            Self::WebPorts => "web-ports",
            Self::WebNames => "web-names",
            Self::KeyFile => "key-file",
            Self::KeyKept => "key-kept",
            Self::ClusterKey => "cluster-key",
            Self::ClusterNode => "cluster-node",
            Self::ClusterSystem => "cluster-system",
            Self::ClusterVersion => "cluster-version",
            Self::ClusterLicence => "cluster-licence",
            Self::ClusterNodes => "cluster-nodes",
            Self::NodeConfig => "node-config",
            Self::NodeSeals => "node-seals",
            Self::DriftRow => "drift-row",
            Self::DriftOctopus => "drift-octopus",
            Self::DriftHost => "drift-host",
            Self::StorageFolders => "storage-folders",
            Self::StorageDisk => "storage-disk",
            Self::StorageRights => "storage-rights",
            Self::StorageSpace => "storage-space",
            Self::StorageLatency => "storage-latency",
            Self::StorageShared => "storage-shared",
            Self::StorageContent => "storage-content",
            Self::AdminAccount => "admin-account",
            Self::Licence => "licence",
            Self::LicenceNodes => "licence-nodes",
            Self::ServiceHome => "service-home",
            Self::StorageAccount => "storage-account",
            Self::OctopusProgram => "octopus-program",
            Self::OctopusInstance => "octopus-instance",
            Self::OctopusService => "octopus-service",
            Self::OctopusLog => "octopus-log",
            Self::OctopusPing => "octopus-ping",
        }
    }

    /// The check of this id.
    pub fn from_id(id: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|check| check.id() == id)
    }

    /// The field that a finding of this check is most often about; focus goes there when Next is refused.
    pub const fn field(self) -> Option<FieldId> {
        match self {
            Self::HomeInstance | Self::OctopusInstance | Self::OctopusService => Some(FieldId::Instance),
            Self::HomePath | Self::HomeDisk | Self::HomeWritable => Some(FieldId::Home),
            Self::HomeNode | Self::ClusterNode => Some(FieldId::NodeName),
            Self::ServiceAccount => Some(FieldId::ServiceUser),
            Self::ServiceRights | Self::ServiceHome => Some(FieldId::ServiceAccount),
            Self::SqlName | Self::SqlConnect | Self::SqlVersion | Self::SqlClock | Self::SqlLatency => Some(FieldId::Server),
            Self::SqlTls => Some(FieldId::Trust),
            Self::SqlLogin => Some(FieldId::Password),
            Self::DbExists | Self::DbState | Self::DbCollation | Self::DbSnapshot | Self::DbCopies | Self::DbContent => {
                Some(FieldId::Database)
            }
            Self::DbRights => Some(FieldId::User),
            Self::WebPrefixes | Self::WebNames => Some(FieldId::ListenPrefixes),
            Self::WebPorts => Some(FieldId::CommsPort),
            Self::KeyFile => Some(FieldId::KeyFile),
            Self::KeyKept => Some(FieldId::KeyProof),
            Self::ClusterKey => Some(FieldId::MasterKey),
            Self::StorageFolders
            | Self::StorageDisk
            | Self::StorageRights
            | Self::StorageSpace
            | Self::StorageLatency
            | Self::StorageShared
            | Self::StorageContent
            | Self::StorageAccount => Some(FieldId::Storage),
            Self::AdminAccount => Some(FieldId::AdminUser),
            Self::Licence | Self::LicenceNodes => Some(FieldId::Licence),
            Self::OctopusProgram => Some(FieldId::OctopusServer),
            Self::OctopusLog
            | Self::OctopusPing
            | Self::ClusterSystem
            | Self::ClusterVersion
            | Self::ClusterLicence
            | Self::ClusterNodes
            | Self::NodeConfig
            | Self::NodeSeals
            | Self::DriftRow
            | Self::DriftOctopus
            | Self::DriftHost => None,
        }
    }
}
