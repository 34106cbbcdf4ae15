//! The sections of a review.

use octopus_setup::faces::tui::{Charset, Colours, Scene, TuiOptions};
use octopus_setup::model::check::CheckId;
use octopus_setup::model::facts::{Backup, DiffLine, DiffSign, Fact, SealTrouble, Trouble};
use octopus_setup::model::field::FieldId;
use octopus_setup::model::finding::{Finding, Verdict};
use octopus_setup::model::flow::Flow;
use octopus_setup::model::master_key::{Fingerprint, GeneratedKey};
use octopus_setup::model::node::{Maker, Subject};
use octopus_setup::model::node_config::{
    ClusterSection, CommsSection, DatabaseSection, NodeConfig, NodeSection, Sealed, SealedSignIn, ServiceSection, TrustSection,
    WebSection,
};
use octopus_setup::model::screen::ScreenId;
use octopus_setup::model::storage::SharedStorage;
use octopus_setup::model::survey::AccountKind;
use octopus_setup::model::target::Encryption;
use octopus_setup::wizard::state::{FlowState, Focus, State};

use crate::clusters::{self, good, two};
use crate::states::{self, with};
use crate::text;

const PLAIN: TuiOptions = TuiOptions { charset: Charset::Unicode, colours: Colours::OnDark };

fn config() -> NodeConfig {
    NodeConfig {
        format: 1,
        instance: "OctopusServer".into(),
        node: NodeSection { name: "web02".into(), home: "/var/lib/octopus".into(), task_cap: 5 },
        service: ServiceSection { account: AccountKind::LocalSystem, user: String::new(), password: None },
        database: DatabaseSection {
            server: "sql01.corp.example,1433".into(),
            name: "OctopusDeploy".into(),
            sign_in: SealedSignIn::SqlLogin { user: "octopus".into(), password: Sealed("sealed:2:aa:bb".into()) },
            encryption: Encryption::Mandatory,
            trust: TrustSection::System,
            multi_subnet: false,
            certificate: None,
        },
        cluster: ClusterSection {
            id: states::CLUSTER,
            fingerprint: states::key().fingerprint(),
            master_key_file: NodeConfig::KEY_FILE.into(),
        },
        web: WebSection { listen_prefixes: vec!["http://web02:80/".into()], force_ssl: false, trusted_proxies: Vec::new() },
        comms: CommsSection { port: 10943, grpc_port: 8443 },
        storage: SharedStorage::None,
    }
}

/// A section of a review.
pub fn section(screen: ScreenId) -> State {
    let mut state = clusters::flow(Flow::Review, screen);
    clusters::seen(&mut state, two());
    let FlowState::Review(review) = &mut state.flow else { panic!("a review") };
    review.node.subject =
        Subject { instance: "OctopusServer".into(), config: "/var/lib/octopus/octopus-node.toml".into(), maker: Maker::Wizard };
    let node = &mut state.facts.node;
    node.config = Fact::Seen(Box::new(config()));
    let line = |sign, text: &str| DiffLine { sign, text: text.into() };
    let backup = |when: &str, lines| Backup {
        path: format!("/var/lib/octopus/octopus-node.toml.{}", when.replace([' ', ':'], "-")).as_str().into(),
        when: when.into(),
        lines,
    };
    node.backups = Fact::Seen(vec![
        backup(
            "2026-11-21 12:04",
            vec![
                line(DiffSign::Same, "[web]"),
                line(DiffSign::Old, "listen_prefixes = [\"http://localhost:80/\"]"),
                line(DiffSign::New, "listen_prefixes = [\"http://web02:80/\"]"),
                line(DiffSign::Same, "force_ssl = false"),
            ],
        ),
        backup("2026-11-18 09:30", Vec::new()),
    ]);
    state.place.focus = match screen {
        ScreenId::Cluster => Focus::Item(1),
        ScreenId::Backups => Focus::Item(0),
        ScreenId::Key => Focus::Field(FieldId::KeyConfirm),
        _ => Focus::Screen,
    };
    if screen == ScreenId::Key {
        states::custody(&mut state).generated = Some(GeneratedKey { cluster: states::CLUSTER, key: states::key() });
    }
    state
}

fn seals() -> Vec<(CheckId, Verdict)> {
    vec![good(CheckId::NodeConfig, "format 1, written 2026-11-21"), good(CheckId::NodeSeals, "password and key open here")]
}

fn drift() -> Vec<(CheckId, Verdict)> {
    let row = Finding::warn(
        CheckId::DriftRow,
        "The registry says http://localhost:80/ for this node's web portal, the node config says http://web02:80/.",
        "Change the settings ({key:edit}) and apply them: the registry follows the node config.",
    );
    let octopus = Finding::stop(
        CheckId::DriftOctopus,
        "OctopusServer.config says port 10933 for Tentacles, the node config says 10943.",
        "Run this, then restart Octopus Server:",
    )
    .command("Octopus.Server configure --instance OctopusServer --commsListenPort 10943");
    vec![
        (CheckId::DriftRow, Verdict::Found(vec![row])),
        (CheckId::DriftOctopus, Verdict::Found(vec![octopus])),
        good(CheckId::DriftHost, "name, folders and ports are as they should be"),
    ]
}

fn sections() -> Vec<(ScreenId, Vec<(CheckId, Verdict)>)> {
    let home = vec![
        good(CheckId::HomeInstance, "OctopusServer is this node's own"),
        good(CheckId::HomePath, "/var/lib/octopus is there"),
        good(CheckId::HomeDisk, "ext4, 38.0 GiB free"),
        good(CheckId::HomeWritable, "a file was written and removed"),
        good(CheckId::HomeNode, "web02"),
    ];
    let cluster = clusters::verdicts(vec![clusters::dead()]);
    vec![
        (ScreenId::Node, seals()),
        (ScreenId::Home, home),
        (ScreenId::Database, states::half_way()),
        (ScreenId::Cluster, cluster),
        (ScreenId::Drift, drift()),
    ]
}

/// Those that a node besides has whose cluster shares folders and whose Octopus Server runs.
fn more_sections() -> Vec<(ScreenId, Vec<(CheckId, Verdict)>)> {
    let local = Finding::warn(
        CheckId::StorageShared,
        "All folders: this folder is not the one that node web-old sees; its canary is not in it.",
        "Mount the same share at the same path as on that node; look there and here at what is mounted.",
    );
    let storage = vec![
        good(CheckId::StorageFolders, "6 folders under /mnt/octopus"),
        good(CheckId::StorageDisk, "there, on the network (nfs4)"),
        (CheckId::StorageShared, Verdict::Found(vec![local])),
    ];
    let health = [good(CheckId::OctopusLog, "nothing of weight in its last lines"), (CheckId::OctopusPing, Verdict::Running)];
    let mut sections = sections();
    sections[0].1.extend(health);
    sections.insert(4, (ScreenId::Storage, storage));
    sections
}

/// A scene of a section with given verdicts.
pub fn scene(state: &State) -> Scene<'_> {
    let mut scene = Scene::new(state);
    scene.sections = sections();
    let own = match state.place.here {
        ScreenId::Node => seals(),
        ScreenId::Drift => drift(),
        ScreenId::Cluster => clusters::verdicts(vec![clusters::dead()]),
        _ => Vec::new(),
    };
    with(scene, own)
}

fn usual(state: &State) -> String {
    text(80, 24, PLAIN, &scene(state))
}

#[test]
fn this_node() {
    insta::assert_snapshot!(usual(&section(ScreenId::Node)));
}

#[test]
fn this_node_wide() {
    insta::assert_snapshot!(text(120, 40, PLAIN, &scene(&section(ScreenId::Node))));
}

#[test]
fn this_node_least() {
    insta::assert_snapshot!(text(40, 12, PLAIN, &scene(&section(ScreenId::Node))));
}

#[test]
fn checks() {
    insta::assert_snapshot!(usual(&section(ScreenId::Proof)));
}

#[test]
fn checks_wide() {
    insta::assert_snapshot!(text(120, 40, PLAIN, &scene(&section(ScreenId::Proof))));
}

#[test]
fn checks_of_storage_and_of_octopus() {
    let state = section(ScreenId::Proof);
    let mut scene = scene(&state);
    scene.sections = more_sections();
    crate::cluster_wide::at_every_size("checks_of_storage", &scene);
}

#[test]
fn cluster() {
    insta::assert_snapshot!(usual(&section(ScreenId::Cluster)));
}

#[test]
fn drifted() {
    insta::assert_snapshot!(usual(&section(ScreenId::Drift)));
}

#[test]
fn drifted_in_ascii() {
    let options = TuiOptions { charset: Charset::Ascii, colours: Colours::None };
    let frame = text(80, 24, options, &scene(&section(ScreenId::Drift)));
    assert!(frame.is_ascii());
    insta::assert_snapshot!(frame);
}

#[test]
fn key() {
    insta::assert_snapshot!(usual(&section(ScreenId::Key)));
}

#[test]
fn a_key_that_was_sealed_elsewhere() {
    let mut state = section(ScreenId::Key);
    states::custody(&mut state).generated = None;
    state.facts.node.key = Fact::Missing(Trouble::Seal(SealTrouble::OtherMachine));
    let frame = usual(&state);
    assert!(frame.contains("Fingerprint") && frame.contains("sealed on another machine"), "{frame}");
}

#[test]
fn another_key_than_the_registry_s_is_told() {
    let mut state = section(ScreenId::Key);
    let octopus_setup::model::facts::Identity::Registered(mut seen) = state.facts.cluster.identity.seen().unwrap().clone() else {
        panic!("a registry")
    };
    seen.fingerprint = Fingerprint([1, 2, 3, 4]);
    state.facts.cluster.identity = Fact::Seen(octopus_setup::model::facts::Identity::Registered(seen));
    let frame = usual(&state);
    assert!(frame.contains("the registry says 0102-0304"), "{frame}");
}

#[test]
fn backups() {
    insta::assert_snapshot!(usual(&section(ScreenId::Backups)));
}

#[test]
fn backups_least() {
    insta::assert_snapshot!(text(40, 12, PLAIN, &scene(&section(ScreenId::Backups))));
}

#[test]
fn no_section_shows_the_key_before_it_is_asked_for() {
    use secrecy::ExposeSecret;
    let key = states::key().to_base64();
    let first = &key.expose_secret()[..4];
    for screen in [ScreenId::Node, ScreenId::Proof, ScreenId::Cluster, ScreenId::Drift, ScreenId::Key, ScreenId::Backups] {
        let mut state = section(screen);
        for (width, height) in [(40, 12), (80, 24), (160, 50)] {
            let frame = text(width, height, PLAIN, &scene(&state));
            assert!(!frame.contains(first) && !frame.contains(states::PASSWORD), "{frame}");
        }
        states::custody(&mut state).revealed = screen == ScreenId::Key;
        assert_eq!(usual(&state).contains(first), screen == ScreenId::Key);
    }
    let joining = clusters::join(two());
    assert!(!crate::usual(&joining).contains(first));
}
