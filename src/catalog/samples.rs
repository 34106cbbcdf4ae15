//! Answers and facts of an ordinary first node, for the tests of the mind.

use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use time::macros::{date, datetime};

use crate::model::answers::{Answers, Origin, Raw};
use crate::model::cluster::ClusterId;
use crate::model::facts::{
    Access, ClusterFacts, ClusterSeen, Collation, Content, DatabaseRights, DatabaseSeen, DatabaseState, Disk, Evidence, Fact,
    Facts, Heartbeat, HomeFacts, HomeState, Identity, KeyFacts, KeyFileFacts, KeyFileState, Machine, NodeSeen, Nodes, PortFact,
    PortsFacts, Protocol, Replication, ResolvedServer, ServerCertificate, ServerFacts, ServerLogin, ServerVersion, ServiceFacts,
    StateFolder, TcpConnection, TlsSession, TrustSource,
};
use crate::model::field::FieldId;
use crate::model::key_evidence::{KeyBasis, KeyVerdict};
use crate::model::licence::NodeLimit;
use crate::model::platform::Platform;
use crate::model::registry::{KeptRow, NodeRow};
use crate::model::storage::SharedStorage;
use crate::model::survey::{Inputs, Observed};

mod joining;
mod octopus;
mod reviewed;
mod sharing;

pub use joining::*;
pub use octopus::{health, no_octopus};
pub use reviewed::*;
pub use sharing::*;

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
        login: Fact::Seen(ServerLogin { login: "octopus".into(), user: "octopus".into(), took: Duration::from_millis(3) }),
        version: Fact::Seen(ServerVersion {
            major: 16,
            number: "16.0.4135.4".into(),
            edition: "Enterprise Edition: Core-based Licensing (64-bit)".into(),
            engine_edition: 3,
            server_name: "SQL01".into(),
        }),
        clock_ahead_ms: Fact::Seen(120),
        round_trip: Fact::Seen(Duration::from_micros(800)),
        database: Fact::Seen(DatabaseSeen::Open(state())),
        rights: Fact::Seen(DatabaseRights {
            create_database: true,
            create_table: true,
            create_schema: true,
            alter: true,
            control: true,
            db_owner: true,
            default_schema: "dbo".into(),
        }),
        collation: Fact::Seen(Collation {
            name: "Latin1_General_CI_AS".into(),
            case_insensitive: true,
            server: "SQL_Latin1_General_CP1_CI_AS".into(),
            odd_columns: Vec::new(),
            odd_count: 0,
        }),
        content: Fact::Seen(Content::Empty),
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
        read_committed_snapshot: true,
        replication: Fact::Seen(Replication::default()),
        ..DatabaseState::default()
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
        licence_ends: Fact::Seen(None),
        ran_tasks: Fact::Seen(false),
        took: Duration::from_millis(2),
    }
}

/// A node with a row in the registry, set up three days ago.
pub fn node_seen(name: &str, beat: Heartbeat) -> NodeSeen {
    let row = NodeRow {
        name: name.into(),
        address: format!("http://{name}/"),
        host: name.into(),
        system: "Linux 6.1".into(),
        program: env!("CARGO_PKG_VERSION").into(),
        prefixes: format!("http://{name}/"),
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
        Inputs::Cluster(_) => Observed::Cluster(facts.cluster),
        Inputs::Key { .. } => Observed::Key(facts.key),
        Inputs::KeyFile(_) => Observed::KeyFile(facts.key_file),
        Inputs::Storage { .. } => Observed::Storage(facts.storage),
        Inputs::Licence(_) => Observed::Licence(Box::new(facts.licence)),
        Inputs::Octopus { .. } => Observed::Octopus(facts.octopus),
        Inputs::Health { .. } => Observed::Health(facts.health),
        Inputs::Node(_) => Observed::Node(Box::new(facts.node)),
    }
}
