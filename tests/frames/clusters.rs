//! Clusters by hand, and the states of the flows that are about them.

use std::time::Duration;

use octopus_setup::model::answers::{Answers, Origin, Raw};
use octopus_setup::model::check::CheckId;
use octopus_setup::model::facts::{
    ClusterSeen, Content, Evidence, Fact, Heartbeat, Identity, NodeSeen, Nodes, Protocol, ServerLogin, TlsSession, TrustSource,
};
use octopus_setup::model::field::FieldId;
use octopus_setup::model::finding::{Finding, Verdict};
use octopus_setup::model::flow::Flow;
use octopus_setup::model::licence::NodeLimit;
use octopus_setup::model::node::{Maker, Subject};
use octopus_setup::model::registry::{KeptRow, NodeRow};
use octopus_setup::model::screen::ScreenId;
use octopus_setup::wizard::custody::Custody;
use octopus_setup::wizard::state::{Change, ChangeKind, ExistingNode, FlowState, Focus, Review, SetUp, SetUpKind, State, Work};
use octopus_setup::wizard::tickets::Tickets;
use octopus_setup::wizard::update::begin;
use secrecy::ExposeSecret;

use crate::states::{CLUSTER, PASSWORD, key};

const DAY: u64 = 24 * 3600;

/// A node that was seen so many seconds ago.
pub fn node(name: &str, seconds: u64) -> NodeSeen {
    let row = NodeRow {
        name: name.into(),
        address: format!("http://{name}/").into(),
        host: name.into(),
        system: "Linux 6.1".into(),
        program: "0.1.0".into(),
        prefixes: format!("http://{name}:80/").into(),
        comms_port: 10943,
        grpc_port: 8443,
        task_cap: 5,
    };
    let (joined, last_seen) = ("2026-11-18 12:04:05.000".into(), "2026-11-21 12:04:05.000".into());
    NodeSeen {
        name: name.into(),
        row: Some(KeptRow { row, joined, last_seen, drained: false }),
        row_age: Some(Duration::from_secs(seconds.max(DAY) + 3600)),
        beat: Heartbeat::Ago(Duration::from_secs(seconds)),
        version: Some("2026.4.1".into()),
        task_cap: Some(5),
        drained: false,
    }
}

/// `web01`, alive, and `web-old`, dead for long.
pub fn two() -> Vec<NodeSeen> {
    vec![node("web01", 2), node("web-old", 19 * DAY)]
}

/// As many nodes as are wanted, most of them alive.
pub fn many(count: usize) -> Vec<NodeSeen> {
    let seconds = |number: usize| if number % 97 == 5 { 3 * DAY } else { number as u64 % 60 };
    (0..count).map(|number| node(&format!("web{number:05}"), seconds(number))).collect()
}

/// What a cluster of these nodes tells.
pub fn seen(state: &mut State, nodes: Vec<NodeSeen>) {
    let identity = ClusterSeen {
        id: CLUSTER,
        created: "2026-11-18 12:04:05Z".into(),
        created_by: "web01".into(),
        fingerprint: key().fingerprint(),
        nodes: vec!["web01".into()],
        node_count: nodes.len() as u64,
    };
    state.facts.server.content = Fact::Seen(Content::Cluster(identity.clone()));
    let cluster = &mut state.facts.cluster;
    cluster.identity = Fact::Seen(Identity::Registered(identity));
    cluster.nodes = Fact::Seen(Nodes::from(nodes));
    cluster.node_limit = Fact::Seen(Some(NodeLimit::Nodes(3)));
    cluster.evidence = Fact::Seen(Evidence::Verifier);
}

/// A state of a flow on one of its screens, connected.
pub fn flow(flow: Flow, screen: ScreenId) -> State {
    let (mut state, _) = begin(Answers::new(octopus_setup::world::host::platform()), None);
    let node = || {
        let subject = Subject { instance: String::new(), config: "/x/octopus-node.toml".into(), maker: Maker::Wizard };
        ExistingNode::new(subject, Answers::new(octopus_setup::world::host::platform()))
    };
    let set_up = |kind| FlowState::SetUp(SetUp { kind, work: Work::default() });
    let change = |kind| FlowState::Change(Change { node: node(), kind, work: Work::default() });
    state.flow = match flow {
        Flow::FirstNode => set_up(SetUpKind::FirstNode(Custody::default())),
        Flow::Join => set_up(SetUpKind::Join),
        Flow::Review => FlowState::Review(Review { node: node(), custody: Custody::default() }),
        Flow::Edit => change(ChangeKind::Edit),
        Flow::Leave => change(ChangeKind::Leave),
        Flow::Remove => change(ChangeKind::Remove(None)),
    };
    let key = key().to_base64();
    let answers = [
        (FieldId::Instance, "OctopusServer"),
        (FieldId::Home, "/var/lib/octopus"),
        (FieldId::NodeName, "web02"),
        (FieldId::Server, "sql01.corp.example,1433"),
        (FieldId::User, "octopus"),
        (FieldId::Password, PASSWORD),
        (FieldId::MasterKey, key.expose_secret()),
    ];
    for (field, text) in answers {
        state.answers.set(field, Raw::of(field, text), Origin::Typed);
    }
    state.tickets = Tickets::default();
    state.place.here = screen;
    state.place.furthest = screen;
    state.place.focus = Focus::Screen;
    let server = &mut state.facts.server;
    server.encrypted =
        Fact::Seen(TlsSession { protocol: Protocol::Tls12, trusted: TrustSource::SystemRoots, took: Duration::from_millis(9) });
    server.login = Fact::Seen(ServerLogin { login: "octopus".into(), user: "dbo".into(), took: Duration::from_millis(21) });
    state
}

/// The cluster screen of a node that joins.
pub fn join(nodes: Vec<NodeSeen>) -> State {
    let mut state = flow(Flow::Join, ScreenId::Cluster);
    seen(&mut state, nodes);
    state.place.focus = Focus::Field(FieldId::MasterKey);
    state
}

/// The fields that are asked where nothing is unusual.
pub const USUAL: [FieldId; 3] = [FieldId::MasterKey, FieldId::NodeName, FieldId::TaskCap];

pub fn good(check: CheckId, evidence: &str) -> (CheckId, Verdict) {
    (check, Verdict::Good(evidence.into()))
}

pub fn found(finding: Finding) -> (CheckId, Verdict) {
    (finding.check, Verdict::Found(vec![finding]))
}

/// The cluster's checks, of which these differ from good ones.
pub fn verdicts(others: Vec<(CheckId, Verdict)>) -> Vec<(CheckId, Verdict)> {
    let mut all = vec![
        good(CheckId::ClusterKey, "correct, by the cluster's own verifier"),
        good(CheckId::ClusterNode, "web02 is free"),
        good(CheckId::ClusterSystem, "Linux, as the others"),
        good(CheckId::ClusterVersion, "2026.4.1 on all of them"),
        good(CheckId::ClusterLicence, "3 of 3 nodes with this one"),
        good(CheckId::ClusterNodes, "all alive"),
    ];
    for (check, verdict) in others {
        if let Some(row) = all.iter_mut().find(|(other, _)| *other == check) {
            row.1 = verdict;
        }
    }
    all
}

/// A dead node that still counts.
pub fn dead() -> (CheckId, Verdict) {
    found(Finding::warn(
        CheckId::ClusterNodes,
        "web-old was last seen 19 days ago and still counts as a node.",
        "Replace it by giving this node its name, or remove it on a node that is reviewed.",
    ))
}
