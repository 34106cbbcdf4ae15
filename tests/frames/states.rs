//! States and scenes by hand: what a frame shows must not depend on what the checks say today.

use std::time::Duration;

use octopus_setup::faces::tui::Scene;
use octopus_setup::model::answers::{Answers, Origin, Raw};
use octopus_setup::model::check::CheckId;
use octopus_setup::model::cluster::ClusterId;
use octopus_setup::model::facts::{Fact, InstanceSeen, Protocol, ServerLogin, TlsSession, TrustSource, UnfinishedRun};
use octopus_setup::model::field::FieldId;
use octopus_setup::model::finding::{Finding, Verdict};
use octopus_setup::model::flow::Flow;
use octopus_setup::model::master_key::{GeneratedKey, KeySize, MasterKey};
use octopus_setup::model::names::DatabaseName;
use octopus_setup::model::node::{Node, ServiceAccount};
use octopus_setup::model::plan::{Failure, Plan, Step, StepKind, StepState};
use octopus_setup::model::screen::ScreenId;
use octopus_setup::model::survey::AccountKind;
use octopus_setup::model::target::{Encryption, ServerAddress, SignIn, Target, Trust};
use octopus_setup::model::web::Web;
use octopus_setup::wizard::custody::Custody;
use octopus_setup::wizard::run::{Phase, Row, Run};
use octopus_setup::wizard::state::{Focus, State};
use octopus_setup::wizard::tickets::Tickets;
use octopus_setup::wizard::update::begin;

pub const CLUSTER: ClusterId = ClusterId([0x7f, 0x3a, 0x91, 0xc2, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);

/// The password of every state here; no frame may show it.
pub const PASSWORD: &str = "correct-horse-battery";

pub fn key() -> MasterKey {
    let bytes: Vec<u8> = (0..32).map(|n: u8| n.wrapping_mul(37).wrapping_add(11)).collect();
    MasterKey::from_bytes(&bytes).expect("32 bytes are a key")
}

/// The start screen of a machine on which a run stopped.
pub fn start() -> State {
    let (mut state, _) = begin(Answers::new(octopus_setup::world::host::platform()), None);
    let machine = &mut state.facts.machine;
    machine.host_name = "web01".into();
    machine.system = "Linux".into();
    machine.instances =
        vec![InstanceSeen { name: "OctopusServer".into(), home: "/var/lib/octopus".into(), ..InstanceSeen::default() }];
    machine.octopus_instances = vec![("Staging".into(), "/etc/octopus/staging/OctopusServer.config".into())];
    machine.unfinished = vec![UnfinishedRun {
        instance: "Training".into(),
        flow: Flow::FirstNode,
        done: 4,
        steps: 6,
        when: "2026-11-21 12:04".into(),
        serves: false,
        config: octopus_setup::model::untrusted::Untrusted::default(),
    }];
    state.tickets = Tickets::default();
    state
}

/// A first node on one of its screens, with its first field focused.
pub fn on(screen: ScreenId) -> State {
    let (mut state, _) = begin(Answers::new(octopus_setup::world::host::platform()), Some(Flow::FirstNode));
    let answers = [
        (FieldId::Home, "/var/lib/octopus"),
        (FieldId::NodeName, "web01"),
        (FieldId::Server, "sql01.corp.example,1433"),
        (FieldId::User, "octopus"),
        (FieldId::Password, PASSWORD),
        (FieldId::KeyFile, "/root/octopus-master-key.txt"),
    ];
    for (field, text) in answers {
        state.answers.set(field, Raw::of(field, text), Origin::Typed);
    }
    state.tickets = Tickets::default();
    state.place.here = screen;
    state.place.furthest = screen;
    state.place.focus = state.fields().first().map_or(Focus::Screen, |field| Focus::Field(*field));
    state
}

/// The database screen, connected.
pub fn database() -> State {
    let mut state = on(ScreenId::Database);
    state.place.focus = Focus::Field(FieldId::Password);
    let server = &mut state.facts.server;
    server.encrypted =
        Fact::Seen(TlsSession { protocol: Protocol::Tls12, trusted: TrustSource::SystemRoots, took: Duration::from_millis(9) });
    server.login = Fact::Seen(ServerLogin { login: "octopus".into(), user: "dbo".into(), took: Duration::from_millis(21) });
    state
}

fn good(check: CheckId, evidence: &str) -> (CheckId, Verdict) {
    (check, Verdict::Good(evidence.into()))
}

/// A scene of the database screen with these verdicts; without the fields that only some kinds of trust ask for.
pub fn database_scene(state: &State, verdicts: Vec<(CheckId, Verdict)>) -> Scene<'_> {
    let mut scene = Scene::new(state);
    scene.fields.retain(|field| !matches!(field, FieldId::CaFile | FieldId::Fingerprint));
    with(scene, verdicts)
}

/// A scene with these verdicts.
pub fn with(mut scene: Scene<'_>, verdicts: Vec<(CheckId, Verdict)>) -> Scene<'_> {
    let found = verdicts.iter().filter_map(|(_, verdict)| match verdict {
        Verdict::Found(findings) => findings.first().cloned(),
        _ => None,
    });
    scene.foremost = found.reduce(|best, next| if next.severity > best.severity { next } else { best });
    scene.verdicts = verdicts;
    scene
}

/// Half of the checks are through, and one of them says stop.
pub fn half_way() -> Vec<(CheckId, Verdict)> {
    let clock = Finding::warn(
        CheckId::SqlClock,
        "The server's clock is 41 s ahead of this machine's.",
        "Let both follow the same time source.",
    );
    let rights =
        Finding::stop(CheckId::DbRights, "octopus cannot create tables in OctopusDeploy.", "A DBA can make it db_owner:")
            .sql("ALTER ROLE db_owner ADD MEMBER [octopus];");
    vec![
        good(CheckId::SqlName, "10.0.4.17 and 10.0.4.18 in 1.2 ms"),
        good(CheckId::SqlConnect, "10.0.4.17 in 0.8 ms"),
        good(CheckId::SqlTls, "sql01.corp.example, until 2027-03-01"),
        good(CheckId::SqlLogin, "octopus in 21 ms"),
        good(CheckId::SqlVersion, "SQL Server 2022 (16.0.4135), Enterprise"),
        good(CheckId::DbExists, "OctopusDeploy is there"),
        good(CheckId::DbState, "online"),
        good(CheckId::DbCollation, "Latin1_General_CI_AS"),
        (CheckId::DbRights, Verdict::Found(vec![rights])),
        (CheckId::DbSnapshot, Verdict::Running),
        (CheckId::DbCopies, Verdict::Running),
        (CheckId::SqlClock, Verdict::Found(vec![clock])),
        (CheckId::SqlLatency, Verdict::NotYet),
        (CheckId::DbContent, Verdict::NotYet),
    ]
}

/// All checks of a screen, in this state.
pub fn all(scene: &Scene<'_>, verdict: &Verdict) -> Vec<(CheckId, Verdict)> {
    scene.words.checks().map(|check| (check, verdict.clone())).collect()
}

fn node() -> Node {
    Node {
        platform: octopus_setup::model::platform::Platform::Linux,
        task_cap: 5,
        instance: "OctopusServer".into(),
        home: "/var/lib/octopus".into(),
        name: "web01".into(),
        service: ServiceAccount { kind: AccountKind::LocalSystem, user: String::new(), password: None },
        target: Target {
            address: ServerAddress { host: "sql01".into(), instance: None, port: Some(1433) },
            database: DatabaseName::parse("OctopusDeploy").expect("a name"),
            sign_in: SignIn::sql_login("octopus", PASSWORD.to_owned()),
            encryption: Encryption::Mandatory,
            trust: Trust::SystemRoots,
            multi_subnet: false,
        },
        create_database: true,
        web: Web { prefixes: Vec::new(), force_ssl: false, comms_port: 10943, grpc_port: 8443, trusted_proxies: Vec::new() },
        key_size: KeySize::Aes256,
        storage: octopus_setup::model::storage::SharedStorage::None,
        administrator: None,
        licensed: false,
        start_service: true,
    }
}

pub fn plan() -> Plan {
    let step = |kind, title: &str, mode| Step { kind, title: title.into(), mode };
    Plan {
        before: None,
        certificate: None,
        key_unverified: false,
        licence: None,
        hand_over: None,
        kept_passwords: Vec::new(),
        changes: Vec::new(),
        flow: Flow::FirstNode,
        node: node(),
        cluster: CLUSTER,
        fingerprint: key().fingerprint(),
        steps: vec![
            step(StepKind::CreateHome, "Create /var/lib/octopus", "0750"),
            step(StepKind::SealMasterKey, "Seal the new master key", "0600"),
            step(StepKind::CreateDatabase, "Create database OctopusDeploy on sql01.corp.example", ""),
            step(StepKind::InitialiseCluster, "Create the registry and cluster 7f3a-91c2", ""),
            step(StepKind::WriteNodeConfig, "Write /var/lib/octopus/octopus-node.toml", "0600"),
            step(StepKind::ConnectOnce, "Connect once more with what was written", ""),
        ],
        accepted: vec![CheckId::SqlClock],
        answers: std::collections::BTreeMap::default(),
    }
}

/// The run of a flow that writes something.
pub fn run(state: &mut State) -> &mut Run {
    state.run_mut().expect("a run")
}

/// The custody of a flow that has a key.
pub fn custody(state: &mut State) -> &mut Custody {
    state.custody_mut().expect("a custody")
}

fn rows(plan: &Plan) -> Vec<Row> {
    let row = |step: &Step| Row { kind: step.kind, state: StepState::Planned, since: None, took: None, failure: None };
    plan.steps.iter().map(row).collect()
}

/// The review screen with its plan.
pub fn review() -> State {
    let mut state = on(ScreenId::Review);
    state.place.focus = Focus::Screen;
    let plan = plan();
    *run(&mut state) = Run { rows: rows(&plan), plan: Some(Box::new(plan)), ..Run::default() };
    custody(&mut state).generated = Some(GeneratedKey { cluster: CLUSTER, key: key() });
    state
}

/// The install with two steps done and the third running.
pub fn install() -> State {
    let mut state = review();
    state.place.here = ScreenId::Install;
    state.place.furthest = ScreenId::Install;
    state.place.focus = Focus::Screen;
    state.now = Duration::from_millis(9_300);
    run(&mut state).phase = Phase::Running;
    for row in &mut run(&mut state).rows[..2] {
        row.state = StepState::Done;
        row.took = Some(Duration::from_millis(40));
    }
    run(&mut state).rows[2].since = Some(Duration::from_millis(7_900));
    state
}

/// The install whose fourth step failed.
pub fn failed() -> State {
    let mut state = install();
    run(&mut state).phase = Phase::Failed;
    run(&mut state).rows[2] = Row {
        kind: StepKind::CreateDatabase,
        state: StepState::Done,
        since: None,
        took: Some(Duration::from_millis(1_400)),
        failure: None,
    };
    run(&mut state).rows[3].failure = Some(Failure::FileInTheWay { path: "/var/lib/octopus/octopus-node.toml".into() });
    state
}

/// The master key's screen.
pub fn master_key() -> State {
    let mut state = review();
    state.place.here = ScreenId::MasterKey;
    state.place.furthest = ScreenId::MasterKey;
    state.place.focus = Focus::Field(FieldId::KeyFile);
    run(&mut state).phase = Phase::Finished;
    *custody(&mut state) = Custody { generated: Some(GeneratedKey { cluster: CLUSTER, key: key() }), ..Custody::default() };
    state
}

/// The last screen.
pub fn done() -> State {
    let mut state = master_key();
    state.place.here = ScreenId::Done;
    state.place.furthest = ScreenId::Done;
    state.place.focus = Focus::Screen;
    state
}
