//! The checks of the cluster screen are judged on each frame, whatever the size of the cluster.

use std::time::{Duration, Instant};

use octopus_setup::model::answers::{Answers, Origin, Raw};
use octopus_setup::model::check::CheckId;
use octopus_setup::model::facts::{Beat, Fact, Facts, NodeSeen, Nodes};
use octopus_setup::model::field::FieldId;
use octopus_setup::model::finding::Verdict;
use octopus_setup::model::flow::Flow;
use octopus_setup::model::registry::{KeptRow, NodeRow};
use octopus_setup::wizard::checks::{self, Case};

fn node(number: u32) -> NodeSeen {
    let name = format!("node{number:05}");
    let row = NodeRow {
        name: name.clone(),
        address: format!("http://{name}/"),
        host: name.clone(),
        system: "Linux 6.1".into(),
        program: env!("CARGO_PKG_VERSION").into(),
        prefixes: format!("http://{name}/"),
        comms_port: 10943,
        grpc_port: 8443,
        task_cap: 5,
    };
    NodeSeen {
        name: name.as_str().into(),
        row: Some(KeptRow { row, joined: String::new(), last_seen: String::new(), drained: false }),
        row_age: None,
        beat: Beat::Ago(Duration::from_secs(2)),
        version: Some("2026.4.1".into()),
        task_cap: Some(5),
        drained: false,
    }
}

#[test]
fn a_hundred_thousand_nodes_are_judged_as_fast_as_ten() {
    let mut answers = Answers::default();
    answers.set(FieldId::NodeName, Raw::Text("another".into()), Origin::Typed);
    let mut facts = Facts::default();
    facts.machine.system = "Linux 6.1".into();
    facts.cluster.nodes = Fact::Seen((0..100_000).map(node).collect::<Nodes>());
    facts.cluster.node_limit = Fact::Seen(None);
    let case = Case { flow: Flow::Join, answers: &answers, facts: &facts, running: false, resuming: None, subject: None };
    for check in
        [CheckId::ClusterNode, CheckId::ClusterSystem, CheckId::ClusterVersion, CheckId::ClusterLicence, CheckId::ClusterNodes]
    {
        // Looking at each node takes ten times that, in a debug build. The best of many counts, so that a machine which is
        // busy with something else does not.
        let one = || {
            let begun = Instant::now();
            assert!(matches!(checks::judge(check, &case), Verdict::Good(_)), "{}", check.id());
            begun.elapsed()
        };
        let best = (0..20).map(|_| one()).min().unwrap_or_default();
        println!("{} takes {best:?}", check.id());
        assert!(best < Duration::from_millis(1), "{} takes {best:?}", check.id());
    }
}
