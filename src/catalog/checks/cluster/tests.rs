//! The checks of the cluster screen, each against its facts.

use std::time::Duration;

use time::macros::date;

use super::*;
use crate::catalog::checks::tests::{case, evidence, judged_in, stop, unknown, unproven, warn};
use crate::catalog::samples;
use crate::model::facts::{ClusterSeen, Facts, Identity, Nodes, SqlTrouble, Trouble};
use crate::model::finding::{Finding, Severity};
use crate::model::key_evidence::{KeyBasis, KeyVerdict, NoBasis};
use crate::model::licence::NodeLimit;
use crate::model::master_key::Fingerprint;

/// What is called this, in a join.
fn join(check: CheckId, changes: &[(FieldId, &str)], change: impl FnOnce(&mut Facts)) -> Verdict {
    of(Flow::Join, check, changes, samples::facts_of_a_cluster(), change)
}

fn review(check: CheckId, change: impl FnOnce(&mut Facts)) -> Verdict {
    of(Flow::Review, check, &[], samples::facts_of_a_node(), change)
}

fn of(flow: Flow, check: CheckId, changes: &[(FieldId, &str)], facts: Facts, change: impl FnOnce(&mut Facts)) -> Verdict {
    let (answers, mut facts) = (samples::joining_with(changes), facts);
    change(&mut facts);
    judged_in(&Case { flow, ..case(&answers, &facts) }, check)
}

fn with(facts: &mut Facts, nodes: Vec<NodeSeen>) {
    facts.cluster.nodes = Fact::Seen(Nodes::from(nodes));
}

fn alive(name: &str) -> NodeSeen {
    samples::node_seen(name, Heartbeat::Ago(Duration::from_secs(2)))
}

fn of_octopus(node: NodeSeen) -> NodeSeen {
    NodeSeen { row: None, row_age: None, ..node }
}

fn note(verdict: &Verdict) -> Finding {
    match verdict {
        Verdict::Found(findings) if findings[0].severity == Severity::Note => findings[0].clone(),
        other => panic!("not a note: {other:?}"),
    }
}

const PRINT: fn() -> Fingerprint = || samples::key().fingerprint();

#[test]
fn a_correct_key_tells_by_what_and_its_fingerprint() {
    for (basis, proof) in [
        (KeyBasis::Verifier, "it matches the cluster's own verifier"),
        (KeyBasis::Certificate, "it opens Octopus' own certificate"),
        (KeyBasis::Values(5), "it opens 5 encrypted values"),
    ] {
        let verdict = join(CheckId::ClusterKey, &[], |facts| {
            facts.key.verdict = Fact::Seen(KeyVerdict::Correct(basis));
        });
        assert_eq!(evidence(&verdict), format!("{proof}. Fingerprint {}. Compare it with web01's.", PRINT()));
    }
    let alone = join(CheckId::ClusterKey, &[], |facts| with(facts, vec![]));
    assert!(evidence(&alone).ends_with("Compare it with the first node's."));
}

#[test]
fn a_wrong_key_never_passes_whatever_was_accepted_or_chosen() {
    for (basis, tried) in [
        (KeyBasis::Verifier, "verifier that the first node left"),
        (KeyBasis::Certificate, "does not open the server certificate"),
        (KeyBasis::Values(7), "opens none of 7 values"),
    ] {
        for flow in [Flow::Join, Flow::Edit, Flow::Review] {
            let facts = samples::facts_of_a_node();
            let finding = stop(&of(flow, CheckId::ClusterKey, &[(FieldId::UnverifiedKey, "true")], facts, |facts| {
                facts.key.verdict = Fact::Seen(KeyVerdict::Wrong(basis));
                let seen = ClusterSeen { fingerprint: Fingerprint([1, 2, 3, 4]), ..samples::cluster() };
                facts.cluster.identity = Fact::Seen(Identity::Registered(seen));
            }));
            assert!(finding.says.contains(tried), "{finding:?}");
            let prints = format!("Its fingerprint is {}, the cluster's is 0102-0304.", PRINT());
            assert!(finding.says.ends_with(&prints), "{finding:?}");
            assert!(finding.fix.contains("web01") && finding.remedy.is_some(), "{finding:?}");
        }
    }
}

#[test]
fn a_key_that_nothing_confirms_takes_the_operator_s_own_word() {
    for (why, words) in [
        (NoBasis::Nothing, "has encrypted nothing"),
        (NoBasis::Rotated, "contradict each other"),
        (NoBasis::TooFew { values: 2 }, "no more than 2 values"),
        (NoBasis::TooFew { values: 1 }, "no more than 1 value here"),
        (NoBasis::Mixed { opened: 3, values: 7 }, "opens 3 of 7 values"),
    ] {
        let of = |said| {
            join(CheckId::ClusterKey, &[(FieldId::UnverifiedKey, said)], |facts| {
                facts.key.verdict = Fact::Seen(KeyVerdict::Unverifiable(why));
            })
        };
        let finding = stop(&of("false"));
        assert!(finding.says.contains(words) && finding.says.contains("cannot be verified"), "{finding:?}");
        assert!(finding.fix.contains("Take it anyway") && finding.about == Some(FieldId::UnverifiedKey));
        assert!(finding.fix.contains(&PRINT().to_string()), "{finding:?}");
        assert!(warn(&of("true")).fix.contains("You chose to take it"));
        unproven(&review(CheckId::ClusterKey, |facts| facts.key.verdict = Fact::Seen(KeyVerdict::Unverifiable(why))));
    }
}

#[test]
fn a_lost_connection_is_no_verdict() {
    let finding = stop(&join(CheckId::ClusterKey, &[(FieldId::UnverifiedKey, "true")], |facts| {
        facts.key.verdict = Fact::Missing(Trouble::ConnectionLost);
    }));
    assert!(
        finding.says.starts_with("The master key could not be verified.")
            && finding.fix.ends_with("{? Then {key:check-again} checks it again.}")
    );
}

#[test]
fn a_malformed_key_is_the_form_s_business() {
    assert_eq!(join(CheckId::ClusterKey, &[(FieldId::MasterKey, "x")], |_| {}), Verdict::NotYet);
}

fn name(name: &str, nodes: Vec<NodeSeen>) -> Verdict {
    join(CheckId::ClusterNode, &[(FieldId::NodeName, name)], |facts| with(facts, nodes))
}

#[test]
fn a_free_name_is_good_and_one_that_does_not_last_is_warned_of() {
    assert_eq!(evidence(&name("web02", vec![alive("web01")])), "no other node is called web02");
    assert!(warn(&name("3f2a91c07b1e", vec![alive("web01")])).says.contains("container"));
    assert_eq!(name("web 02", vec![]), Verdict::NotYet);
}

#[test]
fn a_name_that_a_living_node_has_stops_in_any_case_of_letters() {
    let same = stop(&name("web01", vec![alive("web01")]));
    assert_eq!(same.says, "The cluster has a node web01 already, on host web01, last seen 2 s ago.");
    let other = stop(&name("WEB01", vec![alive("web01")]));
    assert!(other.says.contains("a node web01 already") && other.says.contains("WEB01 differs from it only in the case"));
    let own = stop(&name("web02", vec![alive("web02")]));
    assert!(own.fix.contains("choose Review this node"), "{own:?}");
    stop(&name("web02", vec![of_octopus(alive("WEB02"))]));
}

#[test]
fn a_dead_node_is_replaced_by_explicit_choice_only() {
    let of = |choice, nodes| {
        join(CheckId::ClusterNode, &[(FieldId::NodeName, "web-old"), (FieldId::ReplaceNode, choice)], |facts| with(facts, nodes))
    };
    let dead = || samples::dead_node("web-old");
    let finding = stop(&of("false", vec![dead()]));
    assert!(finding.fix.contains("Replace it") && finding.says.contains("last seen 20 d ago"), "{finding:?}");
    assert_eq!(finding.about, Some(FieldId::ReplaceNode));
    assert!(warn(&of("true", vec![dead()])).says.starts_with("This machine takes the place of dead node web-old"));
    stop(&of("true", vec![alive("web-old")]));
    // Two spellings of one name break Octopus' heartbeat.
    assert!(stop(&of("true", vec![samples::dead_node("Web-Old")])).fix.contains("Type Web-Old in exactly this spelling"));
    let octopus = warn(&of("false", vec![of_octopus(dead())]));
    assert!(octopus.says.contains("Octopus' own row of it stays") && octopus.fix.contains("Configuration > Nodes"));
}

#[test]
fn of_a_silent_node_nobody_can_tell_and_a_dba_can_look() {
    let silent = NodeSeen { beat: Heartbeat::Unreadable, ..samples::dead_node("web02") };
    let finding = stop(&join(CheckId::ClusterNode, &[(FieldId::ReplaceNode, "true")], |facts| with(facts, vec![silent])));
    assert!(finding.says.contains("nobody can tell"));
    let sql = finding.remedy.expect("a statement");
    assert_eq!(sql.text(), "USE [OctopusDeploy];\nSELECT * FROM dbo.OctopusServerNode;");
}

#[test]
fn the_row_of_the_run_that_is_gone_on_with_is_no_obstacle() {
    let (answers, mut facts) = (samples::joining(), samples::facts_of_a_cluster());
    with(&mut facts, vec![alive("web02")]);
    let resumed = |facts: &Facts| {
        judged_in(&Case { flow: Flow::Join, resuming: Some(samples::CLUSTER), ..case(&answers, facts) }, CheckId::ClusterNode)
    };
    assert!(evidence(&resumed(&facts)).contains("entered by the unfinished run"));
    facts.machine.host_name = "another".into();
    stop(&resumed(&facts));
}

#[test]
fn names_that_cannot_be_read_stop_a_join_and_are_warned_of_in_a_review() {
    let denied = || Trouble::Sql(SqlTrouble { number: 229, state: 5, class: 14, text: "denied".into() });
    let unread = |facts: &mut Facts| facts.cluster.nodes = Fact::Missing(denied());
    assert!(stop(&join(CheckId::ClusterNode, &[], unread)).says.contains("nobody can tell whether the name is free"));
    assert!(unproven(&review(CheckId::ClusterNode, unread)).says.starts_with("The cluster's nodes could not be read. "));
}

#[test]
fn a_node_that_is_there_has_its_own_row() {
    assert_eq!(evidence(&review(CheckId::ClusterNode, |_| {})), "web02, last seen 3 s ago");
    let lost = warn(&review(CheckId::ClusterNode, |facts| with(facts, vec![alive("web01")])));
    assert!(lost.says.contains("no row of this node: web02"), "{lost:?}");
    let renamed = warn(&review(CheckId::ClusterNode, |facts| with(facts, vec![alive("WEB02")])));
    assert!(renamed.says.contains("spells this node WEB02"), "{renamed:?}");
}

#[test]
fn windows_and_linux_are_not_mixed() {
    let of = |here: &str, there: &str| {
        join(CheckId::ClusterSystem, &[], |facts| {
            facts.machine.system = here.into();
            let mut node = alive("web01");
            node.row.as_mut().expect("a row").row.system = there.into();
            with(facts, vec![node]);
        })
    };
    assert_eq!(evidence(&of("Linux 6.1", "linux 5.15")), "Linux, as the other nodes");
    assert!(stop(&of("Linux 6.1", "Windows Server 2022")).says.contains("web01 runs Windows, and this machine runs Linux"));
    stop(&of("Windows 11", "Linux"));
    // As machines are called in truth.
    assert_eq!(evidence(&of("Debian GNU/Linux 12 (bookworm)", "Ubuntu 24.04.1 LTS")), "Linux, as the other nodes");
    stop(&of("Red Hat Enterprise Linux 9.4 (Plow)", "Microsoft Windows Server 2022"));
    stop(&of("Windows", "Alpine Linux v3.20"));
    assert!(unknown(&of("", "Linux")).contains("not known"));
    assert!(unknown(&of("Linux", "FreeBSD 14")).contains("no other node tells"));
    let dead = join(CheckId::ClusterSystem, &[], |facts| {
        let mut node = samples::dead_node("web01");
        node.row.as_mut().expect("a row").row.system = "Windows".into();
        with(facts, vec![node]);
    });
    assert!(unknown(&dead).contains("no other node tells"), "a dead node runs nothing");
}

fn running(name: &str, version: &str) -> NodeSeen {
    NodeSeen { version: Some(version.into()), ..alive(name) }
}

#[test]
fn one_version_throughout() {
    let of = |here: Option<&str>, nodes| {
        join(CheckId::ClusterVersion, &[], |facts| {
            facts.machine.octopus_version = here.map_or(Fact::Missing(Trouble::Unasked), |here| Fact::Seen(here.into()));
            with(facts, nodes);
        })
    };
    assert_eq!(evidence(&of(Some("2026.4.1"), vec![running("web01", "2026.4.1")])), "2026.4.1 throughout");
    assert_eq!(evidence(&of(None, vec![alive("web01")])), "2026.4.1 throughout");
    assert_eq!(unknown(&of(Some("2026.4.1"), vec![])), "no node tells its version");
    let older = stop(&of(Some("2026.3.9"), vec![running("web01", "2026.4.1")]));
    assert!(older.says.contains("2026.3.9, the cluster's of 2026.4.1: an older one refuses"), "{older:?}");
    assert!(stop(&of(Some("2026.10.1"), vec![running("web01", "2026.4.1")])).says.contains("upgrades the database"));
    let mixed = warn(&of(None, vec![running("web01", "2026.4.1"), running("web03", "2026.3.9")]));
    assert!(mixed.says.contains("web03 has 2026.3.9, web01 has 2026.4.1"), "{mixed:?}");
    let dead = NodeSeen { version: Some("2019.1".into()), ..samples::dead_node("web-old") };
    evidence(&of(None, vec![running("web01", "2026.4.1"), dead]));
    let mut ahead = running("web01", "2026.4.1");
    ahead.row.as_mut().expect("a row").row.program = "99.0.0".into();
    assert!(note(&of(None, vec![ahead])).says.contains("octopus-setup 99.0.0"));
}

#[test]
fn a_build_with_a_known_fault_is_warned_of_by_join_and_review_and_a_rare_one_noted() {
    let found = |flow: Flow, version: &str| {
        let change = |facts: &mut Facts| {
            facts.machine.octopus_version = Fact::Seen(version.into());
            with(facts, vec![running("web01", version)]);
        };
        match flow {
            Flow::Join => join(CheckId::ClusterVersion, &[], change),
            _ => review(CheckId::ClusterVersion, change),
        }
    };
    for flow in [Flow::Join, Flow::Review] {
        let Verdict::Found(both) = found(flow, "2023.3.13315") else { panic!("good") };
        assert!(both[0].severity == Severity::Warn && both[0].says.contains("Issues#8356"), "{both:?}");
        assert!(both[1].severity == Severity::Note && both[1].says.contains("Issues#9413"), "{both:?}");
        let rare = note(&found(flow, "2025.2.10529"));
        assert!(rare.says.contains("#9413") && rare.fix.contains("2025.2.10530 or later"), "{rare:?}");
        assert_eq!(evidence(&found(flow, "2025.2.10530")), "2025.2.10530 throughout");
    }
    // What two builds have in common is told once.
    let two = review(CheckId::ClusterVersion, |facts| {
        facts.machine.octopus_version = Fact::Seen("2025.1.2".into());
        with(facts, vec![running("web01", "2025.1.1")]);
    });
    let Verdict::Found(found) = two else { panic!("good") };
    let told: Vec<_> = found.iter().filter(|finding| finding.says.contains("#9413")).collect();
    assert!(told.len() == 1 && told[0].says.starts_with("Octopus Server 2025.1.1 and 2025.1.2 have a known fault"), "{told:?}");
}

#[test]
fn a_database_of_octopus_has_the_version_of_its_history_and_a_review_only_warns() {
    let verdict = of(Flow::Join, CheckId::ClusterVersion, &[], samples::facts_of_octopus(), |facts| {
        facts.machine.octopus_version = Fact::Seen("2025.1".into());
        with(facts, vec![]);
    });
    stop(&verdict);
    warn(&review(CheckId::ClusterVersion, |facts| facts.machine.octopus_version = Fact::Seen("2025.1".into())));
}

#[test]
fn a_review_of_two_nodes_that_differ_names_both_whatever_the_program_tells() {
    let of = |here: Option<&str>| {
        review(CheckId::ClusterVersion, |facts| {
            facts.machine.octopus_version = here.map_or(Fact::Missing(Trouble::Unasked), |here| Fact::Seen(here.into()));
            with(facts, vec![running("web02", "2026.3.9"), running("web01", "2026.4.1")]);
        })
    };
    let differ = warn(&of(None));
    assert!(differ.says.contains("web02 has 2026.3.9, web01 has 2026.4.1"), "{differ:?}");
    // What is installed here by now counts, and not what was.
    assert_eq!(evidence(&of(Some("2026.4.1"))), "2026.4.1 throughout");
}

#[test]
fn a_licence_that_has_ended_or_will_soon_is_warned_of() {
    let of = |ends, today| {
        review(CheckId::ClusterLicence, |facts| {
            facts.cluster.licence_ends = Fact::Seen(ends);
            facts.machine.today = today;
        })
    };
    let today = Some(date!(2026 - 11 - 21));
    assert!(evidence(&of(Some(date!(2027 - 01 - 31)), today)).ends_with("; it or its maintenance ends on 2027-01-31"));
    assert!(warn(&of(Some(date!(2026 - 11 - 22)), today)).says.contains("ends tomorrow"));
    assert!(warn(&of(Some(date!(2026 - 11 - 20)), today)).says.contains("ended on 2026-11-20, as the registry knows it"));
    assert!(evidence(&of(Some(date!(2026 - 11 - 20)), None)).contains("2026-11-20"), "without a clock nothing is judged");
    assert!(!evidence(&of(None, today)).contains("ends"));
    let both = review(CheckId::ClusterLicence, |facts| {
        facts.cluster.node_limit = Fact::Seen(Some(NodeLimit::Nodes(1)));
        facts.cluster.licence_ends = Fact::Seen(today);
    });
    assert!(matches!(&both, Verdict::Found(found) if found.len() == 2), "{both:?}");
}

#[test]
fn the_licence_counts_this_node_and_not_the_one_that_it_replaces() {
    let of = |limit: Option<u32>, changes: &[(FieldId, &str)], nodes| {
        join(CheckId::ClusterLicence, changes, |facts| {
            facts.cluster.node_limit = Fact::Seen(limit.map(NodeLimit::Nodes));
            with(facts, nodes);
        })
    };
    assert_eq!(evidence(&of(Some(3), &[], vec![alive("web01")])), "2 of 3 nodes with this one");
    assert_eq!(unknown(&of(None, &[], vec![alive("web01")])), "the licence's limit is not known");
    let finding = warn(&of(Some(2), &[], vec![alive("web01"), alive("web03"), samples::dead_node("web-old")]));
    assert!(
        finding.says.contains(
            "Unfortunately your license limits have been exceeded, and you will no longer be able to create or deploy releases. \
             Your Octopus Deploy license only allows 2 active nodes. You currently have 3 active nodes."
        ),
        "{finding:?}"
    );
    // Only those that are online count, and this one will be.
    let dead = || vec![alive("web01"), samples::dead_node("web-old")];
    assert_eq!(evidence(&of(Some(2), &[], dead())), "2 of 2 nodes with this one");
    let replaced = [(FieldId::NodeName, "web-old"), (FieldId::ReplaceNode, "true")];
    assert_eq!(evidence(&of(Some(2), &replaced, dead())), "2 of 2 nodes with this one");
    let reviewed = |limit| review(CheckId::ClusterLicence, |facts| facts.cluster.node_limit = Fact::Seen(Some(limit)));
    assert_eq!(evidence(&reviewed(NodeLimit::Nodes(2))), "2 of 2 nodes");
    assert_eq!(evidence(&reviewed(NodeLimit::Unlimited)), "2 nodes, of as many as you like");
    assert!(warn(&reviewed(NodeLimit::Nodes(1))).says.starts_with("Octopus says by now"));
}

#[test]
fn dead_nodes_are_noted_in_a_join_and_warned_of_where_they_matter() {
    let of = |limit: Option<u32>, changes: &[(FieldId, &str)], nodes| {
        join(CheckId::ClusterNodes, changes, |facts| {
            facts.cluster.node_limit = Fact::Seen(limit.map(NodeLimit::Nodes));
            with(facts, nodes);
        })
    };
    let both = || vec![alive("web01"), samples::dead_node("web-old")];
    assert_eq!(note(&of(None, &[], both())).says, "Node web-old is dead. Replace or remove it.");
    let said = note(&of(Some(2), &[], both())).says;
    assert!(said.contains("Back online it would exceed the licence"), "{said}");
    let replaced = [(FieldId::NodeName, "web-old"), (FieldId::ReplaceNode, "true")];
    assert_eq!(evidence(&of(Some(2), &replaced, both())), "1 other node, alive");
    assert_eq!(evidence(&of(None, &[], vec![])), "none yet");
    assert_eq!(evidence(&of(None, &replaced, vec![samples::dead_node("web-old")])), "this node only");
    let many: Vec<_> = (0..7).map(|number| samples::dead_node(&format!("old{number}"))).collect();
    let says = note(&of(None, &[], many)).says;
    assert!(says.starts_with("7 nodes are dead: old0, old1, old2, old3, old4 and 2 more."), "{says}");
    let drained = NodeSeen { drained: true, ..alive("web01") };
    let silent = NodeSeen { beat: Heartbeat::Unreadable, ..samples::dead_node("web03") };
    let said = evidence(&of(None, &[], vec![drained, silent]));
    assert_eq!(said, "2 other nodes; of 1 nobody can tell whether alive; 1 drained");
    let reviewed = review(CheckId::ClusterNodes, |facts| with(facts, vec![alive("web02"), samples::dead_node("web-old")]));
    assert!(warn(&reviewed).says.contains("Node web-old is dead"));
}

const ALL: [CheckId; 6] = [
    CheckId::ClusterKey,
    CheckId::ClusterNode,
    CheckId::ClusterSystem,
    CheckId::ClusterVersion,
    CheckId::ClusterLicence,
    CheckId::ClusterNodes,
];

#[test]
fn hostile_names_are_shown_and_obeyed_by_nobody() {
    const HOSTILE: &str = "x\u{1b}[2J'; DROP TABLE y; --\u{202e}";
    let mut node = samples::dead_node(HOSTILE);
    node.version = Some(HOSTILE.into());
    if let Some(kept) = &mut node.row {
        for text in [&mut kept.row.host, &mut kept.row.system, &mut kept.row.program, &mut kept.last_seen] {
            *text = HOSTILE.into();
        }
    }
    let living = NodeSeen { beat: Heartbeat::Ago(Duration::ZERO), ..node.clone() };
    for nodes in [vec![node], vec![living]] {
        for check in ALL {
            for flow in Flow::ALL {
                let facts = samples::facts_of_a_node();
                let shown = format!("{:?}", of(flow, check, &[], facts, |facts| with(facts, nodes.clone())));
                assert!(!shown.contains("\\u{1b}") && !shown.contains("\\u{202e}"), "{shown}");
            }
        }
    }
}

fn at(name: &str, address: &str, host: &str) -> NodeSeen {
    let mut node = alive(name);
    if let Some(kept) = &mut node.row {
        (kept.row.address, kept.row.host) = (address.into(), host.into());
    }
    node
}

#[test]
fn two_nodes_with_one_address_are_warned_of_in_a_review_and_a_join() {
    let verdict = review(CheckId::ClusterNodes, |facts| {
        with(facts, vec![at("web01", "http://octopus.corp/", "a"), at("web02", "http://OCTOPUS.corp", "b")]);
    });
    assert!(warn(&verdict).says.contains("Nodes web01 and web02 have one address"), "{verdict:?}");
    let verdict = review(CheckId::ClusterNodes, |facts| {
        with(facts, vec![at("web01", "http://+:80/", "a"), at("web02", "http://+:80/", "b")]);
    });
    assert!(evidence(&verdict).contains("alive"), "two machines that listen for all names");
    let own = [(FieldId::ListenPrefixes, "http://octopus.corp/,http://+:80/")];
    let verdict = join(CheckId::ClusterNodes, &own, |facts| with(facts, vec![at("web01", "http://octopus.corp:80/", "a")]));
    assert!(warn(&verdict).says.contains("have one address"), "{verdict:?}");
}
