//! The checks, as a closed set. The id that is printed beside a finding is the one that can be typed. What else is fixed of
//! each is in its row in `catalog/checks`.

use super::choice::ids;

ids! {
    /// One pure judgement over answers and facts.
    #[derive(PartialOrd, Ord)]
    pub enum CheckId {
        /// The instance's name is usable and not taken on this machine.
        HomeInstance = "home-instance",
        /// The home directory is an absolute path on this machine, usable as a home.
        HomePath = "home-path",
        /// On a local, lasting disk with room.
        HomeDisk = "home-disk",
        /// Can be created and written.
        HomeWritable = "home-writable",
        /// The node's name is usable.
        HomeNode = "home-node",
        /// The wizard's own state directory can be written, synced and locked, has room, and is this account's alone.
        StateFolder = "state-folder",
        /// The account is named as its kind demands and exists where the host can tell.
        ServiceAccount = "service-account",
        /// The wizard may install a service for it.
        ServiceRights = "service-rights",
        /// The server's name resolves.
        SqlName = "sql-name",
        /// TCP connects.
        SqlConnect = "sql-connect",
        /// The connection is encrypted and the server is the right one.
        SqlTls = "sql-tls",
        /// The login is accepted.
        SqlLogin = "sql-login",
        /// The server's version and edition are fit for Octopus.
        SqlVersion = "sql-version",
        /// The server's clock and ours agree.
        SqlClock = "sql-clock",
        /// One round trip is short enough.
        SqlLatency = "sql-latency",
        /// The database is there, or can and may be created.
        DbExists = "db-exists",
        /// Online, writable, open to many.
        DbState = "db-state",
        /// Case-insensitive, and the columns agree.
        DbCollation = "db-collation",
        /// The login can do what Octopus will do.
        DbRights = "db-rights",
        /// Read-committed snapshot and compatibility level.
        DbSnapshot = "db-snapshot",
        /// No replication or mirroring; the listener of an availability group.
        DbCopies = "db-copies",
        /// Empty, a cluster, an Octopus database, or somebody else's.
        DbContent = "db-content",
        /// The master key is the cluster's: correct, wrong, or not to be verified.
        ClusterKey = "cluster-key",
        /// The node's name is free in the cluster, or a dead node's that is to be replaced.
        ClusterNode = "cluster-node",
        /// The other nodes run the same family of operating systems.
        ClusterSystem = "cluster-system",
        /// The other nodes run the same version of Octopus Server, as far as it is known.
        ClusterVersion = "cluster-version",
        /// The licence allows one node more.
        ClusterLicence = "cluster-licence",
        /// Every node of the cluster is alive.
        ClusterNodes = "cluster-nodes",
        /// The listen prefixes are well-formed and do not clash.
        WebPrefixes = "web-prefixes",
        /// The ports are free on this host and differ.
        WebPorts = "web-ports",
        /// The prefixes' host names lead here.
        WebNames = "web-names",
        /// The master key can be saved where it is to be saved.
        KeyFile = "key-file",
        /// The master key is in safe hands.
        KeyKept = "key-kept",
        /// The node config can be read, and says what this program understands.
        NodeConfig = "node-config",
        /// The secrets in it open on this machine.
        NodeSeals = "node-seals",
        /// Node config and registry row agree.
        DriftRow = "drift-row",
        /// Node config and `OctopusServer.config` agree.
        DriftOctopus = "drift-octopus",
        /// Node config and host agree.
        DriftHost = "drift-host",
        /// The shared folders are named as every node can reach them, outside the home directory.
        StorageFolders = "storage-folders",
        /// Each folder is there, and on a disk that other machines can share.
        StorageDisk = "storage-disk",
        /// Files can be created, appended to, locked, synced, renamed and deleted in each of them.
        StorageRights = "storage-rights",
        /// There is room in each of them.
        StorageSpace = "storage-space",
        /// Each of them answers quickly.
        StorageLatency = "storage-latency",
        /// Each of them is the folder that the other nodes see, by their canaries.
        StorageShared = "storage-shared",
        /// What Octopus says is in them is in them.
        StorageContent = "storage-content",
        /// The first administrator can be made, or is left for later.
        AdminAccount = "admin-account",
        /// The licence can be read, and holds today.
        Licence = "licence",
        /// The licence allows more than one node.
        LicenceNodes = "licence-nodes",
        /// The service account can use the home directory.
        ServiceHome = "service-home",
        /// The service account can use the shared folders.
        StorageAccount = "storage-account",
        /// Octopus Server is on this machine, runs, and is of the other nodes' version.
        OctopusProgram = "octopus-program",
        /// Octopus Server has no other instance of this name, or config of this place.
        OctopusInstance = "octopus-instance",
        /// There is no other service of this instance.
        OctopusService = "octopus-service",
        /// Octopus Server's own log has none of the known troubles.
        OctopusLog = "octopus-log",
        /// The node answers its load balancer.
        OctopusPing = "octopus-ping",
    }
}
