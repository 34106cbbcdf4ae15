//! The same facts in other flows: what stops a first node may be as it should be for a node that exists.

use super::tests::{case, evidence, judged_in, stop, warn};
use super::*;
use crate::catalog::samples;
use crate::model::answers::Raw;
use crate::model::facts::{DatabaseRights, DatabaseSeen, Fact, HomeState, PortFact, SqlTrouble};
use crate::model::field::FieldId;
use crate::model::finding::Severity;
use crate::model::octopus::OctopusConfig;
use crate::model::screen::ScreenId;
use crate::words;

const OF_A_NODE: [Flow; 4] = [Flow::Review, Flow::Edit, Flow::Leave, Flow::Remove];

/// The facts of a node in good order: its home has its config, its name is taken and its ports are in use by itself.
fn facts() -> Facts {
    let mut facts = samples::facts();
    facts.home.folder = Fact::Seen(HomeState::NodeConfig { instance: "octopusserver".into() });
    facts.home.taken = Fact::Seen(Some(samples::listed()));
    for port in &mut facts.ports.ports {
        port.free = Fact::Seen(false);
    }
    facts
}

fn answers() -> Answers {
    samples::with(&[(FieldId::ListenPrefixes, "http://web01/"), (FieldId::MasterKey, samples::KEY)])
}

fn of(flow: Flow, check: CheckId, change: impl FnOnce(&mut Facts)) -> Verdict {
    let (answers, mut facts) = (answers(), facts());
    change(&mut facts);
    judged_in(&Case { flow, ..case(&answers, &facts) }, check)
}

fn remedy(finding: &Finding) -> &str {
    finding.remedy.as_ref().map(crate::model::finding::Remedy::text).unwrap_or_default()
}

#[test]
fn a_node_in_good_order_is_good_throughout() {
    let screens = [ScreenId::Node, ScreenId::Home, ScreenId::Service, ScreenId::Web, ScreenId::Drift];
    for flow in OF_A_NODE {
        for check in screens.into_iter().flat_map(|screen| words::screen(screen).checks()) {
            evidence(&of(flow, check, |_| {}));
        }
    }
}

#[test]
fn the_same_facts_stop_a_first_node_and_a_join() {
    for flow in [Flow::FirstNode, Flow::Join] {
        for check in [CheckId::HomePath, CheckId::HomeInstance, CheckId::WebPorts] {
            stop(&of(flow, check, |_| {}));
        }
    }
}

#[test]
fn the_home_of_a_node_is_there_and_its_own() {
    for flow in OF_A_NODE {
        let at = |occupant| of(flow, CheckId::HomePath, |facts| facts.home.folder = Fact::Seen(occupant));
        assert!(stop(&at(HomeState::NodeConfig { instance: "Other".into() })).says.contains("Other"));
        assert!(stop(&at(HomeState::Creatable { parent: "/var".into() })).says.contains("not there"));
        assert!(stop(&at(HomeState::NotAFolder)).says.contains("not a folder"));
        assert!(warn(&at(HomeState::Empty)).says.contains("no node config"));
        assert!(warn(&at(HomeState::Occupied { entries: 3 })).says.contains("no node config"));
    }
}

#[test]
fn an_instance_that_no_list_knows_is_noted() {
    let unlisted = of(Flow::Review, CheckId::HomeInstance, |facts| facts.home.taken = Fact::Seen(None));
    assert_eq!(unlisted.severity(), Some(Severity::Note));
}

#[test]
fn a_port_that_was_changed_must_be_free() {
    let answers = samples::with(&[(FieldId::CommsPort, "10944"), (FieldId::ListenPrefixes, "http://web01/")]);
    let mut facts = facts();
    facts.ports.ports = [80, 10944, 8443].map(|port| PortFact { port, free: Fact::Seen(false) }).to_vec();
    let verdict = judged_in(&Case { flow: Flow::Edit, ..case(&answers, &facts) }, CheckId::WebPorts);
    assert!(stop(&verdict).says.contains("10944"));
}

#[test]
fn only_a_first_node_may_have_its_database_created() {
    for flow in [Flow::Join, Flow::Review, Flow::Edit] {
        let absent = |check| of(flow, check, |facts| facts.server.database = Fact::Seen(DatabaseSeen::Absent));
        let finding = stop(&absent(CheckId::DbExists));
        assert!(finding.says.contains("There is no database") && finding.remedy.is_none(), "{finding:?}");
        for check in [CheckId::DbState, CheckId::DbCollation, CheckId::DbRights, CheckId::DbSnapshot, CheckId::DbCopies] {
            assert_eq!(absent(check), Verdict::NotYet, "{flow:?} {}", check.id());
        }
        let said = SqlTrouble { number: 4060, state: 1, class: 11, text: "no".into() };
        let unclear = of(flow, CheckId::DbExists, |facts| facts.server.database = Fact::Seen(DatabaseSeen::Unclear { said }));
        let finding = stop(&unclear);
        assert!(remedy(&finding).contains("CREATE USER") && !remedy(&finding).contains("CREATE DATABASE"), "{finding:?}");
    }
}

#[test]
fn rights_to_create_weigh_less_where_nothing_is_created() {
    let bare = |facts: &mut Facts| facts.server.rights = Fact::Seen(DatabaseRights::default());
    for flow in [Flow::Join, Flow::Review, Flow::Edit] {
        assert!(warn(&of(flow, CheckId::DbRights, bare)).says.contains("cannot create tables"), "{flow:?}");
        let no_database = of(flow, CheckId::DbRights, |facts| {
            if let Fact::Seen(rights) = &mut facts.server.rights {
                rights.create_database = false;
            }
        });
        evidence(&no_database);
    }
    stop(&of(Flow::FirstNode, CheckId::DbRights, bare));
    let mut answers = answers();
    answers.set(FieldId::MakeRegistry, Raw::Text("true".into()), crate::model::answers::Origin::Typed);
    let mut facts = facts();
    bare(&mut facts);
    stop(&judged_in(&Case { flow: Flow::Join, ..case(&answers, &facts) }, CheckId::DbRights));
}

#[test]
fn rights_to_install_a_service_are_not_needed_for_one_that_is_there() {
    let bare = |facts: &mut Facts| facts.service.elevated = Fact::Seen(false);
    assert!(evidence(&of(Flow::Review, CheckId::ServiceRights, bare)).contains("not needed"));
    warn(&of(Flow::Join, CheckId::ServiceRights, bare));
}

#[test]
fn what_octopus_server_s_config_does_not_say_is_not_judged_by_a_default() {
    let subject = Subject { instance: "OctopusServer".into(), config: "/x.config".into(), maker: Maker::Octopus };
    let (answers, mut facts) = (answers(), facts());
    facts.node.config = Fact::Missing(Trouble::Unasked);
    facts.node.octopus = Fact::Seen(Some(Box::new(OctopusConfig { has_master_key: true, ..OctopusConfig::default() })));
    facts.home.folder = Fact::Seen(HomeState::Occupied { entries: 9 });
    let judged = |check| judged_in(&Case { flow: Flow::Review, subject: Some(&subject), ..case(&answers, &facts) }, check);
    assert!(evidence(&judged(CheckId::ServiceAccount)).contains("does not name it"));
    assert!(evidence(&judged(CheckId::HomePath)).contains("there"));
    assert!(evidence(&judged(CheckId::WebPorts)).contains("in use"));
}
