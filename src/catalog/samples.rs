//! Sample answers and facts of ordinary nodes, for the tests of the mind: a first node, a node that joins or has joined, shared
//! storage, and a machine without Octopus Server.

use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use time::macros::{date, datetime};

use crate::model::answers::{Answers, Origin, Raw};
use crate::model::cluster::ClusterId;
use crate::model::facts::{
    Access, CanaryFile, ClusterFacts, ClusterSeen, Collation, Content, DatabaseRights, DatabaseSeen, DatabaseState, Disk,
    Evidence, Fact, Facts, FolderFacts, FolderIdentity, FolderPlace, FolderRights, HealthFacts, Heartbeat, HomeFacts, HomeState,
    Identity, KeyFacts, KeyFileFacts, KeyFileState, LogSeen, Machine, NodeFacts, NodeSeen, Nodes, OctopusFacts, Ping, PortFact,
    PortsFacts, Product, Protocol, Replication, ResolvedServer, ServerCertificate, ServerFacts, ServerGroups, ServerLogin,
    ServerVersion, ServiceFacts, StateFolder, StorageFacts, TcpConnection, TlsSession, Trouble, TrustSource,
};
use crate::model::field::FieldId;
use crate::model::key_evidence::{KeyBasis, KeyVerdict};
use crate::model::licence::NodeLimit;
use crate::model::master_key::{Fingerprint, MasterKey};
use crate::model::node_config::{
    ClusterSection, CommsSection, DatabaseSection, NodeConfig, NodeSection, Sealed, SealedSignIn, ServiceSection, TrustSection,
    WebSection,
};
use crate::model::platform::Platform;
use crate::model::registry::{CanaryRow, KeptRow, NodeRow};
use crate::model::secret::SecretString;
use crate::model::storage::{SharedFolder, SharedStorage};
use crate::model::survey::{AccountKind, Inputs, Observed};
use crate::model::target::Encryption;
use crate::model::untrusted::Untrusted;

/// The home directory of the samples.
pub const HOME: &str = Platform::Linux.default_home();
/// The SQL login's password in the samples: a canary that no finding may hold.
pub const PASSWORD: &str = "c4nary-hunter2";
/// A master key, of which no finding may hold any part.
pub const KEY: &str = "5qJcW9E6B99teMmrOzaYNA==";
/// The samples' cluster.
pub const CLUSTER: ClusterId = ClusterId([0x7f, 0x3a, 0x91, 0xc2, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);

/// Good answers.
pub fn answers() -> Answers {
    with(&[])
}

/// Good answers but for these.
pub fn with(changes: &[(FieldId, &str)]) -> Answers {
    with_on(Platform::Linux, changes)
}

/// The same for a machine of this platform.
pub fn with_on(platform: Platform, changes: &[(FieldId, &str)]) -> Answers {
    let mut answers = Answers::new(platform);
    let good = [
        (FieldId::Home, platform.default_home()),
        (FieldId::NodeName, "web01"),
        (FieldId::Server, "sql01,1433"),
        (FieldId::User, "octopus"),
        (FieldId::Password, PASSWORD),
    ];
    for (field, text) in good.iter().chain(changes) {
        answers.set(*field, Raw::of(*field, *text), Origin::Typed);
    }
    answers
}

/// A state directory that is as it should be.
pub fn state_folder() -> StateFolder {
    StateFolder { path: "/var/lib/state".into(), free: Some(40 << 30), mode: Some(0o700), ..StateFolder::default() }
}

/// Facts against which nothing can be said: the database is there and empty.
pub fn facts() -> Facts {
    Facts {
        machine: Machine {
            host_name: "web01".into(),
            system: "Linux 6.1".into(),
            today: Some(date!(2026 - 11 - 21)),
            state_folder: Fact::Seen(state_folder()),
            ..Machine::default()
        },
        home: HomeFacts {
            folder: Fact::Seen(HomeState::Creatable { parent: "/var/lib".into() }),
            disk: Fact::Seen(Disk { file_system: "ext4".into(), network: false, volatile: false, free: 40 << 30 }),
            writable: Fact::Seen(()),
            taken: Fact::Seen(None),
            ..HomeFacts::default()
        },
        service: ServiceFacts { account: Fact::Seen(true), home: Fact::Seen(Access::Full), elevated: Fact::Seen(true) },
        server: server(),
        ports: PortsFacts {
            ports: [80, 10943, 8443].map(|port| PortFact { port, free: Fact::Seen(true) }).to_vec(),
            strange_hosts: Fact::Seen(Vec::new()),
        },
        cluster: cluster_facts(),
        key: KeyFacts { verdict: Fact::Seen(KeyVerdict::Correct(KeyBasis::Verifier)) },
        key_file: KeyFileFacts { spot: Fact::Seen(KeyFileState::Free { network: false, volatile: false }) },
        node: node(),
        octopus: no_octopus(),
        health: health(),
        ..Facts::default()
    }
}

fn server() -> ServerFacts {
    let address = IpAddr::V4(Ipv4Addr::new(10, 0, 4, 17));
    let standby = IpAddr::V4(Ipv4Addr::new(10, 0, 4, 18));
    ServerFacts {
        resolved: Fact::Seen(ResolvedServer { addresses: vec![address, standby], port: 1433, took: Duration::from_micros(300) }),
        connected: Fact::Seen(TcpConnection { address, port: 1433, took: Duration::from_micros(1_200), routed_to: None }),
        encrypted: Fact::Seen(TlsSession {
            protocol: Protocol::Tls12,
            trusted: TrustSource::SystemRoots,
            took: Duration::from_millis(8),
        }),
        certificate: Some(certificate()),
        certificate_sha256: Some(certificate().sha256),
        login: Fact::Seen(ServerLogin { login: "octopus".into(), user: "octopus".into(), took: Duration::from_millis(3) }),
        version: Fact::Seen(ServerVersion {
            major: 16,
            number: "16.0.4135.4".into(),
            edition: "Enterprise Edition: Core-based Licensing (64-bit)".into(),
            engine_edition: 3,
            server_name: "SQL01".into(),
            product: Some(Product::SqlServer),
            amazon_rds: Some(false),
        }),
        waiting: None,
        clock_ahead_ms: Fact::Seen(120),
        round_trip: Fact::Seen(Duration::from_micros(800)),
        database: Fact::Seen(DatabaseSeen::Open(state())),
        rights: Fact::Seen(DatabaseRights {
            create_database: Some(true),
            create_table: true,
            create_schema: true,
            alter: true,
            control: true,
            db_owner: true,
            default_schema: "dbo".into(),
            view_definition: Some(true),
            ..DatabaseRights::default()
        }),
        collation: Fact::Seen(Collation {
            name: "Latin1_General_CI_AS".into(),
            case_insensitive: true,
            server: "SQL_Latin1_General_CP1_CI_AS".into(),
            odd_columns: Vec::new(),
            odd_count: Some(0),
        }),
        content: Fact::Seen(Content::Empty),
        groups: Fact::Seen(ServerGroups { enabled: Some(false), ..ServerGroups::default() }),
    }
}

/// A certificate in its best years.
pub fn certificate() -> ServerCertificate {
    ServerCertificate {
        subject: "sql01".into(),
        issuer: "Corp CA".into(),
        names: vec!["sql01".into(), "sql01.corp.example".into()],
        not_before: datetime!(2026-03-01 00:00 UTC),
        not_after: datetime!(2027-03-01 00:00 UTC),
        days_left: 100,
        sha256: [0x9c; 32],
        self_signed: false,
    }
}

/// An open database in good order.
pub fn state() -> DatabaseState {
    DatabaseState {
        name: "OctopusDeploy".into(),
        state: "ONLINE".into(),
        compatibility: 160,
        read_only: Some(false),
        single_user: Some(false),
        restricted_user: Some(false),
        read_committed_snapshot: Some(true),
        auto_close: Some(false),
        replication: Fact::Seen(replication()),
    }
}

/// A database of which no copies are kept, as the server tells it.
pub fn replication() -> Replication {
    Replication {
        replicated: Some(false),
        mirrored: Some(false),
        log_shipping: Some(false),
        in_availability_group: Some(false),
        ..Replication::default()
    }
}

/// A cluster as its registry tells it.
pub fn cluster() -> ClusterSeen {
    ClusterSeen {
        id: CLUSTER,
        created: "2026-11-18 12:04:05Z".into(),
        created_by: "web01".into(),
        fingerprint: fingerprint(),
        nodes: vec!["web01".into()],
        node_count: 1,
    }
}

/// A cluster of one node, alive, against which a join has nothing to say.
pub fn cluster_facts() -> ClusterFacts {
    ClusterFacts {
        identity: Fact::Seen(Identity::Registered(cluster())),
        nodes: Fact::Seen(Nodes::from([node_seen("web01", Heartbeat::Ago(Duration::from_secs(2)))])),
        node_limit: Fact::Seen(Some(NodeLimit::Nodes(3))),
        evidence: Fact::Seen(Evidence::Verifier),
        storage: Fact::Seen(SharedStorage::None),
        canaries: Fact::Seen(Vec::new()),
        removed: Fact::Seen(Vec::new()),
        licence_ends: Fact::Seen(None),
        ran_tasks: Fact::Seen(false),
        took: Duration::from_millis(2),
    }
}

/// A node with a row in the registry, set up three days ago.
pub fn node_seen(name: &str, beat: Heartbeat) -> NodeSeen {
    let row = NodeRow {
        name: name.into(),
        address: format!("http://{name}/").into(),
        host: name.into(),
        system: "Linux 6.1".into(),
        program: env!("CARGO_PKG_VERSION").into(),
        prefixes: format!("http://{name}/").into(),
        comms_port: 10943,
        grpc_port: 8443,
        task_cap: 5,
    };
    let kept =
        KeptRow { row, joined: "2026-11-18 12:04:05.000".into(), last_seen: "2026-11-18 12:04:05.000".into(), drained: false };
    NodeSeen {
        name: name.into(),
        row: Some(kept),
        row_age: Some(Duration::from_secs(3 * 24 * 3600)),
        beat,
        version: Some("2026.4.1".into()),
        task_cap: Some(5),
        drained: false,
    }
}

/// What a survey of these inputs says where the world is like that.
pub fn observed(inputs: &Inputs, facts: &Facts) -> Observed {
    let facts = facts.clone();
    match inputs {
        Inputs::Machine => Observed::Machine(facts.machine),
        Inputs::Home { .. } => Observed::Home(facts.home),
        Inputs::Service { .. } => Observed::Service(facts.service),
        Inputs::Server(_) => Observed::Server(Box::new(facts.server)),
        Inputs::Ports { .. } => Observed::Ports(facts.ports),
        Inputs::Cluster(_) => Observed::Cluster(Box::new(facts.cluster)),
        Inputs::Key { .. } => Observed::Key(facts.key),
        Inputs::KeyFile(_) => Observed::KeyFile(facts.key_file),
        Inputs::Storage { .. } => Observed::Storage(facts.storage),
        Inputs::Licence(_) => Observed::Licence(Box::new(facts.licence)),
        Inputs::Octopus { .. } => Observed::Octopus(facts.octopus),
        Inputs::Health { .. } => Observed::Health(facts.health),
        Inputs::Node(_) => Observed::Node(Box::new(facts.node)),
    }
}

/// Good answers of a node that joins.
pub fn joining() -> Answers {
    joining_with(&[])
}

/// Good answers of a node that joins but for these.
pub fn joining_with(changes: &[(FieldId, &str)]) -> Answers {
    let mut answers = with(&[(FieldId::NodeName, "web02"), (FieldId::MasterKey, KEY), (FieldId::Home, HOME)]);
    for (field, text) in changes {
        answers.set(*field, Raw::of(*field, *text), Origin::Typed);
    }
    answers
}

/// Facts of a cluster of one node, seen from the machine that is to become `web02`.
pub fn facts_of_a_cluster() -> Facts {
    let mut facts = facts();
    facts.machine.host_name = "web02".into();
    facts.server.content = Fact::Seen(Content::Cluster(cluster()));
    facts.machine.octopus_version = Fact::Seen("2026.4.1".into());
    share(&mut facts);
    facts
}

/// Facts of a database that Octopus made by itself, with a key that is proven against it.
pub fn facts_of_octopus() -> Facts {
    let mut facts = facts_of_a_cluster();
    let version = Some("2026.4.1".into());
    facts.server.content = Fact::Seen(Content::Octopus { version: version.clone(), nodes: vec!["web01".into()] });
    facts.cluster.identity = Fact::Seen(Identity::Octopus { version });
    let mut web01 = node_seen("web01", Heartbeat::Ago(Duration::from_secs(2)));
    (web01.row, web01.row_age) = (None, None);
    facts.cluster.nodes = Fact::Seen(Nodes::from([web01]));
    facts.cluster.node_limit = Fact::Missing(Trouble::Unasked);
    facts.cluster.storage = Fact::Missing(Trouble::Unasked);
    facts.cluster.canaries = Fact::Missing(Trouble::Unasked);
    facts.cluster.evidence = Fact::Seen(Evidence::Certificate);
    facts.key.verdict = Fact::Seen(KeyVerdict::Correct(KeyBasis::Certificate));
    facts
}

/// A node of that name with a row that nobody has seen for twenty days.
pub fn dead_node(name: &str) -> NodeSeen {
    let long = Duration::from_secs(20 * 24 * 3600);
    NodeSeen { row_age: Some(long), ..node_seen(name, Heartbeat::Ago(long)) }
}

/// Facts of a node that is there: [`joining`]'s answers as its node config tells them, its key and password opened, and
/// its own row beside web01's.
pub fn facts_of_a_node() -> Facts {
    let mut facts = facts_of_a_cluster();
    // As its config says; `share` has it otherwise.
    (facts.storage, facts.cluster.storage) = (StorageFacts::default(), Fact::Seen(SharedStorage::None));
    facts.cluster.canaries = Fact::Seen(Vec::new());
    let mut own = node_seen("web02", Heartbeat::Ago(Duration::from_secs(3)));
    if let Some(kept) = &mut own.row {
        kept.row.address = "http://+:80/".into();
        kept.row.prefixes = "http://+:80/".into();
    }
    facts.cluster.nodes = Fact::Seen(Nodes::from([node_seen("web01", Heartbeat::Ago(Duration::from_secs(2))), own]));
    facts.node = NodeFacts {
        config: Fact::Seen(Box::new(joined_config())),
        password: Fact::Seen(Raw::of(FieldId::Password, PASSWORD)),
        service_password: Fact::Seen(None),
        key: Fact::Seen(Raw::of(FieldId::MasterKey, KEY)),
        octopus: Fact::Seen(None),
        backups: Fact::Seen(Vec::new()),
        listed: Fact::Seen(None),
        other_writer: None,
    };
    facts
}

/// The node config of [`joining`]'s node.
pub fn joined_config() -> NodeConfig {
    let mut config = node_config();
    config.node.name = "web02".into();
    config.web.listen_prefixes = vec!["http://+:80/".into()];
    config
}

/// The key of the samples, parsed.
///
/// # Panics
/// Never: it is a key.
pub fn key() -> MasterKey {
    MasterKey::parse(&SecretString::from(KEY)).expect("a key")
}

/// The root of the samples' shared folders.
pub const STORAGE: &str = "/mnt/octopus";

/// The nodes whose canaries are in the samples' shared folders: the first one, and one that has joined.
const NODES: [&str; 2] = ["web01", "web02"];

/// Good answers of a node that joins, with the storage as the registry has it.
pub fn sharing() -> Answers {
    let mut answers = joining();
    for (field, text) in [(FieldId::Storage, "root"), (FieldId::StorageRoot, STORAGE)] {
        answers.set(field, Raw::of(field, text), Origin::File);
    }
    answers
}

/// A node's nonce in a folder.
pub fn token(node: &str, folder: SharedFolder) -> String {
    let digit = node.len() + usize::from(node.ends_with('2')) + folder.id().len();
    format!("{digit:032x}")
}

/// The samples' shared folders, as they are seen once both nodes have left their canaries.
pub fn storage() -> StorageFacts {
    let folders = SharedStorage::Root(STORAGE.into()).folders();
    let folders = (1..).zip(folders).map(|(inode, (folder, path))| FolderFacts {
        folder,
        path: path.to_string_lossy().as_ref().into(),
        place: Fact::Seen(FolderPlace::There),
        identity: Some(FolderIdentity(7, inode)),
        disk: Fact::Seen(Disk { file_system: "nfs4".into(), network: true, volatile: false, free: 400 << 30 }),
        read_only: Fact::Seen(false),
        rights: Fact::Seen(FolderRights::ALL),
        latency: Fact::Seen(Duration::from_millis(4)),
        canaries: Fact::Seen(
            NODES
                .map(|node| CanaryFile { cluster: CLUSTER, node: node.into(), token: token(node, folder).as_str().into() })
                .to_vec(),
        ),
        entries: Fact::Seen(12),
        account: Fact::Seen(Access::Full),
    });
    StorageFacts { folders: folders.collect() }
}

/// The same before there is a cluster: nothing is in the folders.
pub fn new_storage() -> StorageFacts {
    let mut storage = storage();
    for folder in &mut storage.folders {
        (folder.canaries, folder.entries) = (Fact::Seen(Vec::new()), Fact::Seen(0));
    }
    storage
}

/// Has the cluster share them, with the canaries in the registry.
pub fn share(facts: &mut Facts) {
    facts.storage = storage();
    facts.cluster.storage = Fact::Seen(SharedStorage::Root(STORAGE.into()));
    let rows = NODES
        .into_iter()
        .flat_map(|node| SharedFolder::ALL.map(|folder| CanaryRow { node: node.into(), folder, token: token(node, folder) }));
    facts.cluster.canaries = Fact::Seen(rows.collect());
}

/// The node config of the samples' node, which says what its row in the registry says.
pub fn node_config() -> NodeConfig {
    NodeConfig {
        format: NodeConfig::FORMAT,
        instance: "OctopusServer".into(),
        node: NodeSection { name: "web01".into(), home: HOME.into(), task_cap: 5 },
        service: ServiceSection { account: AccountKind::LocalSystem, user: String::new(), password: None },
        database: DatabaseSection {
            server: "sql01,1433".into(),
            name: "OctopusDeploy".into(),
            sign_in: SealedSignIn::SqlLogin { user: "octopus".into(), password: Sealed("sealed:2:x:y".into()) },
            encryption: Encryption::Mandatory,
            trust: TrustSection::System,
            multi_subnet: false,
            certificate: None,
        },
        cluster: ClusterSection { id: CLUSTER, fingerprint: fingerprint(), master_key_file: NodeConfig::KEY_FILE.into() },
        web: WebSection { listen_prefixes: vec!["http://web01/".into()], force_ssl: false, trusted_proxies: Vec::new() },
        comms: CommsSection { port: 10943, grpc_port: 8443 },
        storage: SharedStorage::None,
    }
}

/// The fingerprint of the samples' master key.
pub fn fingerprint() -> Fingerprint {
    key().fingerprint()
}

/// A node config in good order, whose secrets open and whose key is the cluster's, as far as fingerprints tell.
pub fn node() -> NodeFacts {
    NodeFacts {
        config: Fact::Seen(Box::new(node_config())),
        password: Fact::Seen(Raw::of(FieldId::Password, PASSWORD)),
        service_password: Fact::Seen(None),
        key: Fact::Seen(Raw::of(FieldId::MasterKey, KEY)),
        octopus: Fact::Seen(None),
        backups: Fact::Seen(Vec::new()),
        listed: Fact::Seen(Some(listed())),
        other_writer: None,
    }
}

/// The node config's file, as this machine's list of instances names it.
pub fn listed() -> Untrusted {
    std::path::Path::new(HOME).join(NodeConfig::FILE).to_string_lossy().as_ref().into()
}

/// A machine without Octopus Server.
pub fn no_octopus() -> OctopusFacts {
    OctopusFacts {
        program: Fact::Seen(None),
        version: Fact::Missing(Trouble::Unasked),
        instances: Fact::Missing(Trouble::Unasked),
        service: Fact::Seen(None),
    }
}

/// A node that answers its load balancer, and whose log has no errors in it.
pub fn health() -> HealthFacts {
    let url = "http://localhost:80/api/octopusservernodes/ping".into();
    let log =
        LogSeen { file: "/var/lib/octopus/Logs/OctopusServer.txt".into(), since_start: true, starts: 1, ..LogSeen::default() };
    HealthFacts { ping: Fact::Seen(Ping { url, status: 200, took: Duration::from_millis(4) }), log: Fact::Seen(Some(log)) }
}
