//! A review: its answers come from the node's files, its sections are all open, and nothing of it stays behind.

use super::*;
use crate::catalog::flow;
use crate::model::facts::{
    Backup, ClusterFacts, ConfigTrouble, Heartbeat, InstanceSeen, Liveness, NodeFacts, NodeSeen, SealTrouble,
};
use crate::model::node::Maker;
use crate::model::octopus::OctopusConfig;
use crate::model::survey::SurveyId;
use crate::wizard::review::{self, Wanted};

fn machine() -> Machine {
    let seen = InstanceSeen {
        name: "OctopusServer".into(),
        home: samples::HOME.into(),
        config: samples::listed(),
        ..InstanceSeen::default()
    };
    Machine { instances: vec![seen], ..samples::facts().machine }
}

fn subject() -> Subject {
    review::subjects(&machine()).remove(0)
}

/// A wizard in whose machine an instance is seen, with a review of it open and nothing answered yet.
fn opened() -> Bench {
    let mut bench = Bench::new();
    bench.send(Event::Begin(StartChoice::Review(subject())));
    bench
}

/// The same, and everything has been answered well.
fn reviewed() -> Bench {
    let mut bench = opened();
    bench.answer_all();
    bench
}

fn surveys(bench: &Bench) -> Vec<SurveyId> {
    bench.asked.iter().map(|(_, inputs)| inputs.survey()).collect()
}

/// Answers one survey of a kind.
fn answer(bench: &mut Bench, survey: SurveyId, observed: Observed) {
    let place = bench.asked.iter().position(|(_, inputs)| inputs.survey() == survey).expect("asked");
    let (ticket, _) = bench.asked.remove(place);
    bench.observed(ticket, observed, true);
}

#[test]
fn the_start_screen_offers_every_instance_and_a_bare_review_only_where_there_is_none() {
    let mut bench = Bench::new();
    assert!(bench.state.start_choices().contains(&StartChoice::Flow(Flow::Review)));
    bench.send(Event::Begin(StartChoice::Flow(Flow::Review)));
    assert_eq!((bench.state.place.here, bench.state.flow()), (ScreenId::Start, None));
    assert!(bench.notice().contains("nothing to review"), "{}", bench.notice());
    bench.state.facts.machine = machine();
    bench.state.facts.machine.octopus_instances = vec![("Other".into(), "/x.config".into())];
    let start_choices = bench.state.start_choices();
    assert!(!start_choices.contains(&StartChoice::Flow(Flow::Review)));
    assert_eq!(start_choices.iter().filter(|choice| matches!(choice, StartChoice::Review(_))).count(), 2);
}

#[test]
fn the_answers_are_the_node_s_own_and_everything_is_looked_at() {
    let mut bench = opened();
    assert_eq!(bench.state.place.here, ScreenId::Node);
    assert_eq!(surveys(&bench), [SurveyId::Node], "nothing is asked for answers that nobody has told yet");
    answer(&mut bench, SurveyId::Node, Observed::Node(Box::new(samples::node())));
    assert_eq!(bench.state.answers.text(FieldId::Server), "sql01,1433");
    assert_eq!(bench.state.answers.get(FieldId::Server).origin, Origin::File);
    let mut asked = surveys(&bench);
    asked.sort_by_key(|survey| *survey as u8);
    assert_eq!(asked, [SurveyId::Home, SurveyId::Service, SurveyId::Server, SurveyId::Ports, SurveyId::Health]);
    answer(&mut bench, SurveyId::Server, Observed::Server(Box::new(good_server())));
    assert!(surveys(&bench).contains(&SurveyId::Cluster) && surveys(&bench).contains(&SurveyId::Key));
    bench.answer_all();
    assert_eq!(bench.state.custody().generated.as_ref().map(|generated| generated.cluster), Some(samples::CLUSTER));
}

#[test]
fn a_refused_login_is_tried_once_and_not_by_three_surveys() {
    let mut bench = opened();
    answer(&mut bench, SurveyId::Node, Observed::Node(Box::new(samples::node())));
    let refused = ServerFacts { login: Fact::Missing(login_failed()), ..ServerFacts::default() };
    answer(&mut bench, SurveyId::Server, Observed::Server(Box::new(refused)));
    assert!(!surveys(&bench).contains(&SurveyId::Cluster) && !surveys(&bench).contains(&SurveyId::Key));
    for _ in 0..3 {
        bench.send(Event::Next);
    }
    assert!(!surveys(&bench).iter().any(|survey| matches!(survey, SurveyId::Server | SurveyId::Cluster)));
}

#[test]
fn a_config_that_cannot_be_read_leaves_everything_behind_it_open() {
    let mut bench = opened();
    let trouble = Trouble::Config(ConfigTrouble::Malformed { path: "/x".into(), line: 3, said: "unknown key".into() });
    let node = NodeFacts { config: Fact::Missing(trouble), ..NodeFacts::default() };
    answer(&mut bench, SurveyId::Node, Observed::Node(Box::new(node)));
    assert!(bench.asked.is_empty(), "{:?}", surveys(&bench));
    for (check, verdict) in bench.state.verdicts_of(ScreenId::Proof) {
        match check {
            CheckId::NodeConfig => assert!(matches!(verdict, Verdict::Found(_))),
            // Of the machine, and not of the node.
            CheckId::StateFolder => assert!(matches!(verdict, Verdict::Good(_))),
            _ => assert_eq!(verdict, Verdict::NotYet, "{}", check.id()),
        }
    }
    assert!(!bench.state.actions().contains(&Action::Edit));
}

#[test]
fn sections_have_no_gate_and_the_last_one_leads_back_to_the_start() {
    let mut bench = reviewed();
    for screen in flow::path(Flow::Review) {
        assert_eq!(bench.state.place.here, *screen);
        assert_eq!(bench.state.gate(), Gate::Open);
        bench.send(Event::Next);
    }
    assert_eq!((bench.state.place.here, bench.state.flow()), (ScreenId::Start, None));
    let mut bench = reviewed();
    bench.send(Event::Jump(ScreenId::Backups));
    assert_eq!(bench.state.place.here, ScreenId::Backups);
    bench.send(Event::Back);
    assert_eq!(bench.state.place.here, ScreenId::Key);
}

#[test]
fn what_was_answered_for_setting_up_comes_back_and_nothing_of_the_node_stays() {
    let mut bench = Bench::at(ScreenId::Database);
    bench.edit(FieldId::Database, "Mine");
    for _ in 0..3 {
        bench.send(Event::Back);
    }
    bench.answer_all();
    bench.send(Event::Begin(StartChoice::Review(subject())));
    bench.answer_all();
    assert_eq!(bench.state.answers.text(FieldId::Database), "OctopusDeploy");
    bench.send(Event::Back);
    assert_eq!(bench.state.place.here, ScreenId::Start);
    assert_eq!(bench.state.answers.text(FieldId::Database), "Mine");
    assert!(
        bench.state.subject().is_none() && bench.state.custody().generated.is_none(),
        "a new cluster never gets this node's key"
    );
}

#[test]
fn check_again_looks_at_everything_anew() {
    let mut bench = reviewed();
    bench.send(Event::Press(Action::CheckAgain));
    assert!(
        surveys(&bench).contains(&SurveyId::Node)
            && surveys(&bench).contains(&SurveyId::Server) == bench.state.facts.node.config.seen().is_some()
    );
    bench.answer_all();
    assert!(bench.state.facts.cluster.nodes.seen().is_some());
    assert!(!bench.state.tickets.any_awaited());
}

#[test]
fn the_key_is_locked_until_the_instance_s_name_is_typed() {
    let mut bench = reviewed();
    bench.send(Event::Jump(ScreenId::Key));
    for action in [Action::Reveal, Action::CopyKey, Action::SaveKey] {
        bench.send(Event::Press(action));
        assert!(bench.notice().contains("OctopusServer"), "{action:?}: {}", bench.notice());
    }
    assert!(!bench.state.custody().revealed && bench.effects.iter().all(|effect| !matches!(effect, Effect::Copy(_))));
    bench.edit(FieldId::KeyConfirm, "octopusserver");
    bench.send(Event::Press(Action::Reveal));
    assert!(!bench.state.custody().revealed, "case counts");
    bench.edit(FieldId::KeyConfirm, "OctopusServer");
    bench.send(Event::Press(Action::Reveal));
    assert!(bench.state.custody().revealed);
    bench.send(Event::Press(Action::CopyKey));
    assert!(bench.effects.iter().any(|effect| matches!(effect, Effect::Copy(_))));
    bench.send(Event::Next);
    bench.send(Event::Back);
    assert_eq!(bench.state.place.here, ScreenId::Key);
    assert!(!bench.state.custody().revealed && !bench.state.is_unlocked(), "it is typed each time anew");
}

#[test]
fn a_key_that_does_not_open_here_has_no_keys_of_the_foot() {
    let mut bench = opened();
    let node = NodeFacts { key: Fact::Missing(Trouble::Seal(SealTrouble::OtherMachine)), ..samples::node() };
    answer(&mut bench, SurveyId::Node, Observed::Node(Box::new(node)));
    bench.send(Event::Jump(ScreenId::Key));
    assert!(!bench.state.actions().contains(&Action::Reveal));
}

#[test]
fn an_edit_keeps_what_was_typed_and_a_review_shows_what_is_written() {
    let mut bench = reviewed();
    bench.send(Event::Press(Action::Edit));
    assert_eq!((bench.state.flow(), bench.state.place.here), (Some(Flow::Edit), ScreenId::Database));
    bench.edit(FieldId::Server, "sql-alias");
    bench.send(Event::Back);
    assert_eq!((bench.state.flow(), bench.state.place.here), (Some(Flow::Review), ScreenId::Node));
    assert_eq!(bench.state.answers.text(FieldId::Server), "sql01,1433");
    assert!(bench.notice().contains("{key:edit}"), "{}", bench.notice());
    bench.send(Event::Press(Action::Edit));
    assert_eq!(bench.state.answers.text(FieldId::Server), "sql-alias");
    assert_eq!(bench.state.answers.get(FieldId::Server).origin, Origin::Typed);
}

fn dead(name: &str) -> NodeSeen {
    let node = samples::node_seen(name, Heartbeat::Never);
    assert_eq!(node.life(), Liveness::Dead);
    node
}

fn with_nodes(bench: &mut Bench, nodes: Vec<NodeSeen>) {
    bench.state.facts.cluster.nodes = Fact::Seen(nodes.into());
}

#[test]
fn only_a_dead_node_of_the_registry_that_is_another_one_can_be_removed() {
    let mut bench = reviewed();
    bench.send(Event::Jump(ScreenId::Cluster));
    let unregistered = NodeSeen { row: None, ..dead("web04") };
    let alive = samples::node_seen("web05", Heartbeat::Ago(Duration::from_secs(1)));
    with_nodes(&mut bench, vec![dead("WEB01"), unregistered, alive, dead("web02")]);
    for (item, removable) in [(0, false), (1, false), (2, false), (3, true)] {
        bench.send(Event::Focus(Focus::Item(item)));
        assert_eq!(bench.state.place.focus, Focus::Item(item));
        assert_eq!(bench.state.actions().contains(&Action::RemoveNode), removable, "{item}");
    }
    bench.send(Event::Focus(Focus::Item(4)));
    assert_eq!(bench.state.place.focus, Focus::Item(3), "there are no more");
    bench.send(Event::Press(Action::RemoveNode));
    assert_eq!((bench.state.flow(), bench.state.place.here), (Some(Flow::Remove), ScreenId::Review));
    assert_eq!(bench.state.kept_row().map(|kept| kept.row.name.as_str()), Some("web02"));
    bench.send(Event::Back);
    assert_eq!((bench.state.place.here, bench.state.kept_row().is_none()), (ScreenId::Cluster, true));
}

#[test]
fn the_last_node_is_told_what_it_leaves_behind() {
    let mut bench = reviewed();
    bench.send(Event::Press(Action::LeaveCluster));
    assert_eq!((bench.state.flow(), bench.state.place.here), (Some(Flow::Leave), ScreenId::Review));
    assert!(bench.notice().contains("last node"), "{}", bench.notice());
    bench.send(Event::Back);
    assert_eq!(bench.state.flow(), Some(Flow::Review));
    bench.send(Event::Jump(ScreenId::Cluster));
    bench.send(Event::Refresh);
    let nodes = Fact::Seen(vec![dead("web01"), dead("web02")].into());
    answer(&mut bench, SurveyId::Cluster, Observed::Cluster(Box::new(ClusterFacts { nodes, ..samples::cluster_facts() })));
    bench.send(Event::Jump(ScreenId::Node));
    bench.send(Event::Press(Action::LeaveCluster));
    assert_eq!(bench.state.flow(), Some(Flow::Leave));
    assert_eq!(bench.state.caution(), None);
}

#[test]
fn the_focus_of_the_table_stays_on_its_node_when_it_is_read_again() {
    let mut bench = reviewed();
    bench.send(Event::Jump(ScreenId::Cluster));
    let facts = |names: &[&str]| {
        let nodes: Vec<_> = names.iter().map(|name| dead(name)).collect();
        Observed::Cluster(Box::new(ClusterFacts { nodes: Fact::Seen(nodes.into()), ..samples::cluster_facts() }))
    };
    bench.send(Event::Refresh);
    answer(&mut bench, SurveyId::Cluster, facts(&["web01", "web02"]));
    bench.send(Event::Focus(Focus::Item(1)));
    bench.send(Event::Refresh);
    answer(&mut bench, SurveyId::Cluster, facts(&["new", "web01", "web02"]));
    assert_eq!(bench.state.place.focus, Focus::Item(2));
}

#[test]
fn a_table_that_cannot_be_read_again_says_so_and_a_refusal_is_not_repeated_unasked() {
    let mut bench = reviewed();
    bench.send(Event::Jump(ScreenId::Cluster));
    let at = bench.state.refresh_at().expect("the table is kept fresh");
    assert!(at > bench.state.now);
    bench.send(Event::Refresh);
    assert!(bench.state.facts.cluster.nodes.seen().is_some(), "what is known stays until something new is said");
    assert_eq!(bench.state.refresh_at(), None, "one at a time");
    bench.send(Event::Refresh);
    assert_eq!(bench.asked.len(), 1);
    let lost = |trouble: Trouble| {
        Observed::Cluster(Box::new(ClusterFacts {
            identity: Fact::Missing(trouble.clone()),
            nodes: Fact::Missing(trouble),
            ..ClusterFacts::default()
        }))
    };
    answer(&mut bench, SurveyId::Cluster, lost(Trouble::ConnectionLost));
    // An old table would pass for how things are now; what is shown is that it cannot be read, and it is tried again.
    assert_eq!(bench.state.facts.cluster.nodes.trouble(), Some(&Trouble::ConnectionLost));
    assert!(bench.state.refresh_at().is_some());
    bench.send(Event::Refresh);
    answer(&mut bench, SurveyId::Cluster, lost(login_failed()));
    assert_eq!(bench.state.refresh_at(), None, "an account may be locked");
}

#[test]
fn nothing_is_kept_fresh_behind_a_window_or_on_another_section() {
    let mut bench = reviewed();
    assert_eq!(bench.state.refresh_at(), None);
    bench.send(Event::Jump(ScreenId::Cluster));
    bench.send(Event::Press(Action::Help));
    assert_eq!(bench.state.refresh_at(), None);
}

#[test]
fn backups_are_chosen_among() {
    let mut bench = opened();
    let backup = Backup { path: "/x".into(), when: "2026-11-21 12:04".into(), lines: Vec::new() };
    let node = NodeFacts { backups: Fact::Seen(vec![backup.clone(), backup]), ..samples::node() };
    answer(&mut bench, SurveyId::Node, Observed::Node(Box::new(node)));
    bench.send(Event::Jump(ScreenId::Backups));
    assert_eq!((bench.state.place.focus, bench.state.items()), (Focus::Item(0), 2));
    bench.send(Event::Focus(Focus::Item(1)));
    bench.send(Event::Focus(Focus::Item(2)));
    assert_eq!(bench.state.place.focus, Focus::Item(1));
}

#[test]
fn an_instance_of_octopus_is_read_and_never_changed() {
    let mut bench = Bench::new();
    let subject = Subject { instance: "Other".into(), config: "/x.config".into(), maker: Maker::Octopus };
    bench.send(Event::Begin(StartChoice::Review(subject)));
    let config = OctopusConfig {
        said: vec![
            (FieldId::Server, Raw::of(FieldId::Server, "sql09")),
            (FieldId::Database, Raw::of(FieldId::Database, "Octo")),
            (FieldId::User, Raw::of(FieldId::User, "me")),
            (FieldId::Password, Raw::of(FieldId::Password, "pw")),
        ],
        has_connection: true,
        has_master_key: true,
        ..OctopusConfig::default()
    };
    let node = NodeFacts {
        config: Fact::Missing(Trouble::Unasked),
        octopus: Fact::Seen(Some(Box::new(config))),
        ..NodeFacts::default()
    };
    answer(&mut bench, SurveyId::Node, Observed::Node(Box::new(node)));
    assert_eq!((bench.state.answers.text(FieldId::Server), bench.state.answers.text(FieldId::Instance)), ("sql09", "Other"));
    assert!(surveys(&bench).contains(&SurveyId::Server));
    assert!(matches!(bench.state.verdict(CheckId::ClusterKey), Verdict::Unknown(_)), "there is no key to judge");
    let actions = bench.state.actions();
    assert!(!actions.contains(&Action::Edit) && !actions.contains(&Action::LeaveCluster), "{actions:?}");
}

fn begun(wanted: Wanted, machine: Machine) -> Bench {
    let (state, effects) = begin_review(Answers::new(crate::model::platform::Platform::Linux), wanted);
    let mut bench = Bench { state, asked: Vec::new(), effects: Vec::new() };
    bench.take(effects);
    answer(&mut bench, SurveyId::Machine, Observed::Machine(machine));
    bench
}

#[test]
fn what_the_command_line_names_is_opened_once_it_is_known_to_be_there() {
    for wanted in [Wanted::Only, Wanted::Named("OCTOPUSSERVER".into()), Wanted::File("/x/octopus-node.toml".into())] {
        let bench = begun(wanted.clone(), machine());
        assert_eq!(bench.state.place.here, ScreenId::Node, "{wanted:?}");
    }
    let bench = begun(Wanted::Named("other".into()), machine());
    assert_eq!(bench.state.place.here, ScreenId::Start);
    assert!(bench.notice().contains("OctopusServer"), "{}", bench.notice());
    assert!(begun(Wanted::Only, Machine::default()).notice().contains("nothing to review"));
}

#[test]
fn no_other_run_is_begun_of_an_instance_whose_run_stopped_in_the_middle() {
    let mut bench = reviewed();
    bench.state.facts.machine.unfinished = vec![UnfinishedRun {
        instance: "octopusserver".into(),
        flow: Flow::Edit,
        done: 2,
        steps: 4,
        when: "2026-11-21 12:04".into(),
        serves: false,
        config: crate::model::untrusted::Untrusted::default(),
    }];
    for action in [Action::Edit, Action::LeaveCluster] {
        bench.send(Event::Press(action));
        assert_eq!((bench.state.flow(), bench.state.place.here), (Some(Flow::Review), ScreenId::Node), "{action:?}");
        assert!(bench.notice().contains("Continue") && bench.notice().contains("2 of 4"), "{}", bench.notice());
    }
    bench.send(Event::Press(Action::CheckAgain));
    assert!(surveys(&bench).contains(&SurveyId::Machine), "somebody else may have ended it");
    bench.answer_all();
    bench.send(Event::Press(Action::Edit));
    assert_eq!(bench.state.flow(), Some(Flow::Edit));
}

#[test]
fn news_of_the_machine_move_nothing_in_a_list_that_is_not_the_start_s() {
    let mut bench = reviewed();
    bench.send(Event::Jump(ScreenId::Backups));
    bench.state.place.focus = Focus::Item(1);
    let ticket = bench.state.tickets.begin(Inputs::Machine, Duration::ZERO);
    bench.observed(ticket, Observed::Machine(machine()), true);
    assert_eq!(bench.state.place.focus, Focus::Item(1));
}

#[test]
fn a_late_look_at_the_table_is_not_begun_behind_a_refused_login() {
    let mut bench = reviewed();
    bench.send(Event::Jump(ScreenId::Cluster));
    bench.send(Event::Press(Action::CheckAgain));
    bench.send(Event::Refresh);
    assert!(!surveys(&bench).contains(&SurveyId::Cluster), "nobody knows yet whether the login works: {:?}", surveys(&bench));
}

#[test]
fn no_secret_of_a_node_under_review_is_in_what_a_defect_might_print() {
    let mut bench = reviewed();
    let shown = |bench: &Bench| format!("{:?}", bench.state);
    let none = |text: &str, secrets: &[&str]| {
        for secret in secrets {
            assert!(!text.contains(secret), "{} of it", &secret[..3]);
        }
    };
    let secrets = [samples::KEY, &samples::KEY[..8], samples::PASSWORD];
    assert!(bench.state.custody().generated.is_some() && bench.state.facts.node.key.seen().is_some());
    none(&shown(&bench), &secrets);
    bench.send(Event::Press(Action::Edit));
    bench.edit(FieldId::Password, "another-canary");
    bench.send(Event::Back);
    assert!(bench.state.node().is_some_and(|node| !node.edits.is_empty()), "an edit that was set aside");
    none(&shown(&bench), &[&secrets[..], &["another-canary"]].concat());
    bench.send(Event::Press(Action::LeaveCluster));
    bench.answer_all();
    assert!(bench.state.run().plan.is_some(), "{}", bench.notice());
    none(&shown(&bench), &secrets);
    none(&format!("{:?}", bench.asked), &secrets);
    none(&format!("{:?}", bench.effects), &secrets);
}

#[test]
fn a_login_that_is_held_back_is_sent_once_it_was_asked_for_twice() {
    let mut bench = Bench::new();
    let subject = Subject { instance: "Other".into(), config: "/x.config".into(), maker: Maker::Octopus };
    bench.send(Event::Begin(StartChoice::Review(subject)));
    let said =
        [(FieldId::Server, "sql09"), (FieldId::Database, "Octo"), (FieldId::User, "me@corp.example"), (FieldId::Password, "pw")];
    let said = said.map(|(field, text)| (field, Raw::of(field, text))).into();
    let config = OctopusConfig { said, has_connection: true, has_master_key: true, ..OctopusConfig::default() };
    let node = NodeFacts {
        config: Fact::Missing(Trouble::Unasked),
        octopus: Fact::Seen(Some(Box::new(config))),
        ..NodeFacts::default()
    };
    let asks = |bench: &mut Bench| {
        answer(bench, SurveyId::Node, Observed::Node(Box::new(node.clone())));
        let asks = surveys(bench).contains(&SurveyId::Server);
        bench.answer_all();
        asks
    };
    assert!(!asks(&mut bench));
    bench.send(Event::Press(Action::CheckAgain));
    assert!(bench.notice().contains("not sent"), "{}", bench.notice());
    assert!(!asks(&mut bench));
    bench.send(Event::Press(Action::CheckAgain));
    assert!(asks(&mut bench));
}
