//! What was accepted or vouched for belongs to the state of affairs that it was said of.

use super::bench::*;
use crate::model::connection_string::ConnectionString;
use crate::model::facts::{ClusterFacts, NodeSeen};
use crate::model::key_evidence::{KeyVerdict, NoBasis};
use crate::model::licence::NodeLimit;

/// A join on the cluster's screen, with the samples' key, all of it answered with these facts.
fn joining(facts: &Facts) -> Bench {
    let mut bench = Bench::new();
    bench.send(Event::Begin(StartChoice::Flow(Flow::Join)));
    bench.edit(FieldId::NodeName, "web02");
    for _ in 0..16 {
        bench.answer_with(facts);
        if bench.state.place.here == ScreenId::Cluster {
            break;
        }
        bench.send(Event::Next);
    }
    bench.edit(FieldId::MasterKey, samples::KEY);
    bench.send(Event::Focus(Focus::Field(FieldId::NodeName)));
    bench.answer_with(facts);
    assert_eq!(bench.state.place.here, ScreenId::Cluster);
    bench
}

fn unverifiable() -> Facts {
    let mut facts = samples::facts_of_octopus();
    facts.key.verdict = Fact::Seen(KeyVerdict::Unverifiable(NoBasis::Nothing));
    facts
}

fn with_dead(nodes: &[&str]) -> ClusterFacts {
    let web01 = samples::facts_of_a_cluster().cluster.node("web01").cloned().expect("web01");
    let nodes: Vec<NodeSeen> = [web01].into_iter().chain(nodes.iter().map(|name| samples::dead_node(name))).collect();
    ClusterFacts {
        nodes: Fact::Seen(nodes.into()),
        node_limit: Fact::Seen(Some(NodeLimit::Nodes(1))),
        ..samples::facts_of_a_cluster().cluster
    }
}

#[test]
fn what_was_said_of_one_database_is_not_said_of_another() {
    for (field, text) in [(FieldId::Database, "Elsewhere"), (FieldId::Server, "sql02")] {
        let mut bench = joining(&unverifiable());
        for said in [FieldId::UnverifiedKey, FieldId::ReplaceNode, FieldId::MakeRegistry] {
            bench.edit(said, "true");
        }
        bench.accept(&[CheckId::ClusterKey, CheckId::ClusterNodes]);
        bench.edit(field, text);
        for said in [FieldId::UnverifiedKey, FieldId::ReplaceNode, FieldId::MakeRegistry] {
            assert!(!bench.state.answers.is_on(said), "{} after {}", said.id(), field.id());
        }
        assert!(bench.state.accepted_verdicts().is_empty(), "{}", field.id());
    }
}

#[test]
fn nor_where_a_connection_string_names_the_other_one() {
    let mut bench = joining(&unverifiable());
    bench.edit(FieldId::UnverifiedKey, "true");
    bench.edit(FieldId::MakeRegistry, "true");
    bench.send(Event::ConnectionString(ConnectionString::parse("Data Source=sql01;Initial Catalog=OctopusDeploy")));
    assert!(bench.state.answers.is_on(FieldId::UnverifiedKey), "it is the same database");
    bench.send(Event::ConnectionString(ConnectionString::parse("Data Source=sql01;Initial Catalog=Elsewhere")));
    assert!(!bench.state.answers.is_on(FieldId::UnverifiedKey) && !bench.state.answers.is_on(FieldId::MakeRegistry));
}

#[test]
fn another_password_of_the_same_database_takes_nothing_back() {
    let mut bench = joining(&unverifiable());
    bench.edit(FieldId::UnverifiedKey, "true");
    bench.edit(FieldId::Password, "another");
    assert!(bench.state.answers.is_on(FieldId::UnverifiedKey), "a resumed run asks for its password first of all");
}

#[test]
fn a_warning_that_a_look_of_its_own_accord_has_changed_is_asked_again() {
    let facts = Facts { cluster: with_dead(&["web-old"]), ..samples::facts_of_a_cluster() };
    let mut bench = joining(&facts);
    bench.send(Event::Next);
    assert!(bench.notice().contains("cluster-nodes"), "{}", bench.notice());
    bench.send(Event::Refresh);
    let (ticket, _) = bench.asked.pop().expect("a look");
    bench.observed(ticket, Observed::Cluster(with_dead(&["web-old", "web-older"])), true);
    bench.send(Event::Next);
    assert_eq!(bench.state.place.here, ScreenId::Cluster, "the second Enter was meant for another warning");
    bench.send(Event::Next);
    assert_eq!(bench.state.place.here, ScreenId::Web);
    bench.send(Event::Back);
    bench.send(Event::Refresh);
    let (ticket, _) = bench.asked.pop().expect("a look");
    bench.observed(ticket, Observed::Cluster(with_dead(&["web-old", "web-older", "web-oldest"])), true);
    assert!(matches!(bench.state.gate(), Gate::Warned(_)), "{:?}", bench.state.gate());
}
