//! A wizard on the bench, with good facts for every survey.

pub use std::time::Duration;

pub use secrecy::SecretString;

pub use super::super::*;
pub use crate::model::check::CheckId;
pub use crate::model::cluster::ClusterId;
pub use crate::model::facts::{
    Certificate, ClusterSeen, Collation, Connected, Content, Database, DatabaseRights, DatabaseState, Disk, Encrypted, Fact,
    HomeFacts, LoggedIn, Machine, Occupant, PortFact, PortsFacts, Protocol, Resolved, ServerFacts, ServiceFacts, SqlTrouble,
    Standing, TlsTrouble, Trouble, Trusted, Unfinished, Version,
};
pub use crate::model::fingerprint::Fingerprint;
pub use crate::model::journal::{Journal, StepRecord};
pub use crate::model::master_key::MasterKey;
pub use crate::model::plan::{Failure, Progress, StepKind, StepState};
pub use crate::model::survey::{Inputs, Ticket};
pub use crate::wizard::custody::{CopyWay, Drawn, FileTrouble, Proof, Resumption};
pub use crate::wizard::event::{Action, Errand};
pub use crate::wizard::gate::Gate;
pub use crate::wizard::run::Phase;

pub const ID: ClusterId = ClusterId([0x7f, 0x3a, 0x91, 0xc2, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16]);

/// A wizard on the bench: surveys are answered with good facts unless a test wants to answer itself.
pub struct Bench {
    pub state: State,
    pub asked: Vec<(Ticket, Inputs)>,
    pub effects: Vec<Effect>,
}

impl Bench {
    pub fn new() -> Self {
        let mut answers = Answers::default();
        for (field, text) in [
            (FieldId::Home, "/var/lib/octopus"),
            (FieldId::Server, "sql01"),
            (FieldId::User, "octopus"),
            (FieldId::Password, "correct horse"),
            (FieldId::KeyFile, "/root/key.txt"),
        ] {
            answers.set(field, Raw::of(field, text), Origin::Flag);
        }
        let (state, effects) = begin(answers, None);
        let mut bench = Self { state, asked: Vec::new(), effects: Vec::new() };
        bench.take(effects);
        bench.answer_all();
        bench
    }

    pub fn take(&mut self, effects: Vec<Effect>) {
        for effect in effects {
            match effect {
                Effect::Survey { ticket, inputs, .. } => self.asked.push((ticket, inputs)),
                other => self.effects.push(other),
            }
        }
    }

    pub fn send(&mut self, event: Event) {
        let effects = update(&mut self.state, event, Duration::from_secs(1));
        self.take(effects);
    }

    pub fn observed(&mut self, ticket: Ticket, observed: Observed, last: bool) {
        self.send(Event::Observed { ticket, observed, last });
    }

    /// Answers every open survey with good facts.
    pub fn answer_all(&mut self) {
        while let Some((ticket, inputs)) = self.asked.pop() {
            let observed = good(&inputs);
            self.observed(ticket, observed, true);
        }
    }

    /// Walks to a screen with good facts everywhere.
    pub fn at(screen: ScreenId) -> Self {
        let mut bench = Self::new();
        bench.send(Event::Begin(Errand::Flow(Flow::FirstNode)));
        for _ in 0..12 {
            bench.answer_all();
            bench.draw();
            if bench.state.place.here == screen {
                return bench;
            }
            bench.send(Event::Next);
            bench.install_all();
        }
        panic!("never came to {screen:?}; stands at {:?}, gate {:?}", bench.state.place, bench.state.gate());
    }

    pub fn draw(&mut self) {
        if let Some(place) = self.effects.iter().position(|effect| matches!(effect, Effect::Draw(_))) {
            self.effects.remove(place);
            self.send(Event::Drawn(drawn()));
        }
    }

    pub fn install_all(&mut self) {
        if self.state.place.here == ScreenId::Install && self.state.run.phase == Phase::Running {
            let kinds: Vec<StepKind> = self.state.run.rows.iter().map(|row| row.kind).collect();
            for kind in kinds {
                self.send(Event::Progress(Progress::Begun(kind)));
                self.send(Event::Progress(Progress::Done(kind, StepState::Done, Duration::from_millis(3))));
            }
            self.send(Event::Progress(Progress::Finished));
        }
    }

    pub fn edit(&mut self, field: FieldId, text: &str) {
        self.send(Event::Edit(field, Raw::of(field, text)));
    }

    pub fn notice(&self) -> &str {
        self.state.notice.as_ref().map_or("", |notice| &notice.text)
    }
}

pub fn drawn() -> Drawn {
    Drawn { cluster: ID, key: MasterKey::from_bytes(&[7; 32]).unwrap() }
}

pub fn good(inputs: &Inputs) -> Observed {
    match inputs {
        Inputs::Machine => Observed::Machine(Machine { host_name: "web01".into(), system: "Linux".into(), ..Machine::default() }),
        Inputs::Home { .. } => Observed::Home(HomeFacts {
            folder: Fact::Seen(Occupant::Creatable { parent: "/var/lib".into() }),
            disk: Fact::Seen(Disk { file_system: "ext4".into(), network: false, volatile: false, free: 50 << 30 }),
            writable: Fact::Seen(()),
            taken: Fact::Seen(None),
        }),
        Inputs::Service { .. } => Observed::Service(ServiceFacts { account: Fact::Seen(true), elevated: Fact::Seen(true) }),
        Inputs::Server(_) => Observed::Server(Box::new(good_server())),
        Inputs::Ports { ports, .. } => Observed::Ports(PortsFacts {
            ports: ports.iter().map(|port| PortFact { port: *port, free: Fact::Seen(true) }).collect(),
            strange_hosts: Fact::Seen(Vec::new()),
        }),
    }
}

pub fn good_server() -> ServerFacts {
    let ms = Duration::from_millis;
    ServerFacts {
        resolved: Fact::Seen(Resolved { addresses: vec!["10.0.4.17".parse().unwrap()], port: 1433, took: ms(1) }),
        connected: Fact::Seen(Connected { address: "10.0.4.17".parse().unwrap(), port: 1433, took: ms(1), routed_to: None }),
        encrypted: Fact::Seen(Encrypted { protocol: Protocol::Tls12, trusted: Trusted::SystemRoots, took: ms(5) }),
        certificate: Some(certificate()),
        login: Fact::Seen(LoggedIn { login: "octopus".into(), user: "dbo".into(), took: ms(9) }),
        version: Fact::Seen(Version {
            major: 16,
            number: "16.0.4135.4".into(),
            edition: "Enterprise Edition (64-bit)".into(),
            engine_edition: 3,
            server_name: "SQL01".into(),
        }),
        clock_ahead_ms: Fact::Seen(12),
        round_trip: Fact::Seen(ms(1)),
        database: Fact::Seen(Database::Open(DatabaseState {
            name: "OctopusDeploy".into(),
            state: "ONLINE".into(),
            compatibility: 160,
            read_committed_snapshot: true,
            standing: Fact::Seen(Standing::default()),
            ..DatabaseState::default()
        })),
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
            server: "Latin1_General_CI_AS".into(),
            odd_columns: Vec::new(),
            odd_count: 0,
        }),
        content: Fact::Seen(Content::Empty),
    }
}

pub fn certificate() -> Certificate {
    let now = time::OffsetDateTime::UNIX_EPOCH;
    Certificate {
        subject: "sql01".into(),
        issuer: "Corp CA".into(),
        names: vec!["sql01".into()],
        not_before: now,
        not_after: now,
        days_left: 400,
        sha256: [0x9c; 32],
        self_signed: false,
    }
}

pub fn cluster_seen() -> ClusterSeen {
    ClusterSeen {
        id: ID,
        created: "2026-11-18 12:04:05Z".into(),
        created_by: "web01".into(),
        fingerprint: Fingerprint([1, 2, 3, 4]),
        nodes: vec!["web01".into()],
        node_count: 1,
    }
}

pub fn login_failed() -> Trouble {
    Trouble::Sql(SqlTrouble { number: 18456, state: 1, class: 14, text: "Login failed for user 'octopus'.".into() })
}
