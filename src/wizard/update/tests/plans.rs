//! Plans for an existing node, resumed runs of every flow, and what invalidates consents.

use super::navigation::journal;
use super::*;
use crate::model::answers::Answers;
use crate::model::connection_string::ConnectionString;
use crate::model::facts::{ClusterFacts, Heartbeat, NodeSeen};
use crate::model::key_evidence::{KeyVerdict, NoBasis};
use crate::model::licence::NodeLimit;
use crate::model::node::Maker;

fn subject() -> Subject {
    let config = std::path::Path::new(samples::HOME).join(crate::model::node_config::NodeConfig::FILE);
    Subject { instance: "OctopusServer".into(), config, maker: Maker::Wizard }
}

/// A wizard that reviews the samples' node and knows what these facts say of it.
fn reviewed(answers: Answers, facts: &Facts) -> Bench {
    let mut bench = Bench::new();
    bench.review(subject(), answers);
    learn(&mut bench, facts);
    bench
}

/// Has every survey of the present answers said what these facts hold.
fn learn(bench: &mut Bench, facts: &Facts) {
    for survey in crate::model::survey::SurveyId::ALL {
        if let Some(inputs) = tickets::survey_inputs(survey, &bench.state.answers, bench.state.subject()) {
            let observed = samples::observed(&inputs, facts);
            let ticket = bench.state.tickets.begin(inputs, Duration::ZERO);
            bench.observed(ticket, observed, true);
        }
    }
}

fn kinds(bench: &Bench) -> Vec<StepKind> {
    bench.state.run().plan.iter().flat_map(|plan| plan.steps.iter().map(|step| step.kind)).collect()
}

fn closes(bench: &Bench) -> bool {
    bench.effects.iter().any(|effect| matches!(effect, Effect::CloseRun(name) if name == "OctopusServer"))
}

#[test]
fn leaving_shows_its_plan_at_once_needs_no_key_and_ends_on_done() {
    let mut bench = reviewed(samples::joining(), &samples::facts_of_a_node());
    bench.send(Event::Begin(StartChoice::Flow(Flow::Leave)));
    assert_eq!(bench.state.place.here, ScreenId::Review);
    assert_eq!(kinds(&bench), [StepKind::DrainNode, StepKind::RemoveRow, StepKind::RemoveNodeConfig]);
    bench.send(Event::Next);
    assert!(bench.effects.iter().any(|effect| matches!(effect, Effect::Install(_, None))));
    bench.install_all();
    bench.send(Event::Next);
    assert_eq!(bench.state.place.here, ScreenId::Done);
    assert!(closes(&bench));
}

#[test]
fn a_plan_that_is_begun_before_all_is_known_comes_when_it_is() {
    let mut bench = Bench::new();
    bench.review(subject(), samples::joining());
    bench.send(Event::Begin(StartChoice::Flow(Flow::Leave)));
    assert!(bench.state.run().plan.is_none() && bench.state.notice.is_none(), "{}", bench.notice());
    learn(&mut bench, &samples::facts_of_a_node());
    assert!(kinds(&bench).contains(&StepKind::RemoveNodeConfig));
}

#[test]
fn removing_is_about_the_row_that_was_chosen() {
    let mut facts = samples::facts_of_a_node();
    let dead = samples::dead_node("web-old");
    facts.cluster.nodes = Fact::Seen(crate::model::facts::Nodes::from([dead.clone()]));
    let dead = dead.row;
    let mut bench = reviewed(samples::joining(), &facts);
    bench.send(Event::Jump(ScreenId::Cluster));
    bench.send(Event::Press(Action::RemoveNode));
    assert_eq!(kinds(&bench), [StepKind::RemoveNode]);
    assert_eq!(bench.state.run().plan.as_ref().and_then(|plan| plan.before.clone()), dead);
}

/// Walks an edit of this node to its plan.
fn edited(answers: Answers, facts: &Facts) -> Bench {
    let mut bench = reviewed(answers, facts);
    bench.send(Event::Begin(StartChoice::Flow(Flow::Edit)));
    for _ in 0..12 {
        bench.answer_with(facts);
        if bench.state.place.here == ScreenId::Review {
            return bench;
        }
        bench.send(Event::Next);
    }
    panic!("never came to the plan; stands at {:?}, gate {:?}", bench.state.place, bench.state.gate());
}

#[test]
fn an_edit_in_which_nothing_was_changed_says_so_and_installs_nothing() {
    let mut bench = edited(samples::joining(), &samples::facts_of_a_node());
    assert!(bench.notice().contains("Nothing has been changed"), "{}", bench.notice());
    bench.send(Event::Next);
    assert!(bench.notice().contains("Nothing has been changed"), "told again");
    assert_eq!((bench.state.place.here, bench.state.run().phase), (ScreenId::Review, Phase::Idle));
}

#[test]
fn an_edit_is_installed_with_the_key_from_its_seal() {
    let mut bench = edited(samples::joining_with(&[(FieldId::TaskCap, "0")]), &samples::facts_of_a_node());
    assert_eq!(kinds(&bench), [StepKind::ProveAgain, StepKind::UpdateRow, StepKind::WriteNodeConfig, StepKind::ConnectOnce]);
    bench.send(Event::Next);
    let key = bench.effects.iter().find_map(|effect| match effect {
        Effect::Install(_, key) => key.clone(),
        _ => None,
    });
    assert_eq!(key, Some(samples::key()));
    bench.install_all();
    bench.send(Event::Next);
    assert_eq!(bench.state.place.here, ScreenId::Done);
}

#[test]
fn a_key_is_asked_in_an_edit_only_where_its_seal_does_not_open() {
    let mut facts = samples::facts_of_a_node();
    let asks = |facts: &Facts| {
        let mut bench = reviewed(samples::joining(), facts);
        bench.send(Event::Begin(StartChoice::Flow(Flow::Edit)));
        bench.state.place.here = ScreenId::Cluster;
        bench.state.fields()
    };
    assert_eq!(asks(&facts), [FieldId::TaskCap]);
    facts.node.key = Fact::Missing(Trouble::Seal(crate::model::facts::SealTrouble::OtherMachine));
    assert_eq!(asks(&facts), [FieldId::MasterKey, FieldId::TaskCap]);
}

fn run_of(flow: Flow, kinds: &[StepKind], done: usize) -> Journal {
    let state = |place| if place < done { StepState::Done } else { StepState::Planned };
    let steps = kinds.iter().enumerate().map(|(place, kind)| StepRecord { kind: *kind, state: state(place) }).collect();
    let answers = [("instance", "OctopusServer"), ("home", samples::HOME), ("node-name", "web02"), ("server", "sql01,1433")];
    Journal {
        flow,
        cluster: samples::CLUSTER,
        before: samples::dead_node("web02").row,
        answers: answers.map(|(id, text)| (id.to_owned(), text.to_owned())).into(),
        steps,
        ..journal(0)
    }
}

fn resumed(journal: Journal, key: Option<MasterKey>) -> Bench {
    let mut bench = Bench::new();
    bench.send(Event::Resumed(Ok(Box::new(Resumption { journal, key, passwords: Vec::new() }))));
    bench
}

const JOIN: [StepKind; 3] = [StepKind::ProveAgain, StepKind::SealMasterKey, StepKind::JoinCluster];
const LEAVE: [StepKind; 3] = [StepKind::DrainNode, StepKind::RemoveRow, StepKind::RemoveNodeConfig];

#[test]
fn a_join_is_gone_on_with_from_its_first_screen_and_its_sealed_key_is_proven_as_if_pasted() {
    let bench = resumed(run_of(Flow::Join, &JOIN, 2), Some(samples::key()));
    assert_eq!((bench.state.place.here, bench.state.flow()), (ScreenId::Home, Some(Flow::Join)));
    assert_eq!(bench.state.resuming(), Some(samples::CLUSTER));
    assert_eq!(crate::catalog::form::read::master_key(&bench.state.answers), Ok(samples::key()));
    assert!(bench.notice().contains("after 2 of 3 steps"), "{}", bench.notice());
    let bench = resumed(run_of(Flow::Join, &JOIN, 1), None);
    assert!(bench.state.answers.get(FieldId::MasterKey).raw.is_empty(), "it is asked again");
}

#[test]
fn a_run_without_a_key_to_keep_whose_steps_are_all_done_is_closed_at_once() {
    for (flow, kinds) in [(Flow::Join, JOIN), (Flow::Leave, LEAVE)] {
        let bench = resumed(run_of(flow, &kinds, 3), None);
        assert_eq!((bench.state.place.here, bench.state.run().phase), (ScreenId::Done, Phase::Finished), "{flow:?}");
        assert!(closes(&bench) && bench.state.resuming().is_none());
    }
}

#[test]
fn leaving_is_gone_on_with_at_its_plan_though_the_row_is_gone() {
    let mut bench = resumed(run_of(Flow::Leave, &LEAVE, 2), None);
    assert_eq!(bench.state.place.here, ScreenId::Review);
    assert_eq!(bench.state.subject(), Some(&subject()));
    assert!(bench.asked.iter().any(|(_, inputs)| matches!(inputs, Inputs::Node(_))), "its files are looked at");
    let mut facts = samples::facts_of_a_node();
    facts.cluster.nodes = Fact::Seen(crate::model::facts::Nodes::from([]));
    for (field, text) in [(FieldId::User, "octopus"), (FieldId::Password, samples::PASSWORD)] {
        bench.state.answers.set(field, Raw::of(field, text), Origin::File);
    }
    bench.answer_with(&facts);
    learn(&mut bench, &facts);
    assert_eq!(kinds(&bench), LEAVE);
    assert_eq!(bench.state.run().plan.as_ref().and_then(|plan| plan.before.clone()), samples::dead_node("web02").row);
}

#[test]
fn a_run_that_meets_another_cluster_makes_no_plan() {
    let mut journal = run_of(Flow::Leave, &LEAVE, 1);
    journal.cluster = ClusterId([9; 16]);
    let mut bench = resumed(journal, None);
    bench.state.answers = samples::joining();
    learn(&mut bench, &samples::facts_of_a_node());
    assert!(bench.state.run().plan.is_none());
    assert!(bench.notice().contains("about cluster 0909-0909"), "{}", bench.notice());
}

/// A run whose answers make no plan any more, of a database whose key is another one by now.
fn planless() -> Bench {
    let mut journal = run_of(Flow::Join, &JOIN, 2);
    journal.cluster = ClusterId([9; 16]);
    let mut bench = resumed(journal, Some(samples::key()));
    bench.state.place.here = ScreenId::Review;
    bench.state.place.furthest = ScreenId::Review;
    bench
}

#[test]
fn a_run_that_makes_no_plan_any_more_can_be_undone_all_the_same() {
    let mut bench = planless();
    for (field, text) in
        [(FieldId::Database, "OctopusDeploy"), (FieldId::User, "octopus"), (FieldId::Password, samples::PASSWORD)]
    {
        bench.state.answers.set(field, Raw::of(field, text), Origin::Typed);
    }
    bench.send(Event::Next);
    assert!(bench.state.run().plan.is_none());
    bench.send(Event::Press(Action::Undo));
    bench.send(Event::Reply(true));
    let undoes = |effect: &Effect| match effect {
        Effect::Undo { instance, target } => instance == "OctopusServer" && target.address.to_string() == "sql01,1433",
        _ => false,
    };
    assert!(bench.effects.iter().any(undoes), "{:?}", bench.effects);
    assert_eq!((bench.state.place.here, bench.state.run().phase), (ScreenId::Install, Phase::Undoing));
    bench.send(Event::Progress(Progress::Undoing(StepKind::JoinCluster)));
    let failure = Failure::Server(Trouble::ConnectionLost);
    bench.send(Event::Progress(Progress::UndoFailed(StepKind::JoinCluster, failure)));
    assert!(bench.state.run().failed().is_some(), "why it could not be undone is shown");
    bench.send(Event::Progress(Progress::Undone(StepKind::JoinCluster)));
    bench.send(Event::Progress(Progress::UndoEnded(true)));
    assert_eq!(bench.state.run().phase, Phase::Undone);
}

#[test]
fn undoing_without_a_way_to_the_database_says_what_is_missing() {
    let mut bench = planless();
    bench.state.answers.set(FieldId::Password, Raw::of(FieldId::Password, ""), Origin::Typed);
    bench.send(Event::Press(Action::Undo));
    bench.send(Event::Reply(true));
    assert!(bench.notice().contains("the password"), "{}", bench.notice());
    assert_eq!((bench.state.place.here, bench.state.run().phase), (ScreenId::Review, Phase::Idle));
}

#[test]
fn nobody_leaves_whose_row_would_stay_because_it_could_not_be_read() {
    for (identity, nodes) in [
        (Fact::Missing(Trouble::ConnectionLost), Fact::Missing(Trouble::ConnectionLost)),
        (samples::facts_of_a_node().cluster.identity, Fact::Missing(Trouble::ConnectionLost)),
        (Fact::Unknown, Fact::Unknown),
    ] {
        let mut facts = samples::facts_of_a_node();
        (facts.cluster.identity, facts.cluster.nodes) = (identity, nodes);
        let mut bench = reviewed(samples::joining(), &facts);
        bench.send(Event::Begin(StartChoice::Flow(Flow::Leave)));
        assert!(bench.state.run().plan.is_none(), "{:?}", kinds(&bench));
        assert!(bench.notice().contains("could not be read"), "{}", bench.notice());
        bench.send(Event::Next);
        assert_eq!(bench.state.place.here, ScreenId::Review);
    }
}

#[test]
fn a_node_of_the_same_name_in_another_cluster_stays() {
    let mut facts = samples::facts_of_a_node();
    let other = crate::model::facts::ClusterSeen { id: ClusterId([9; 16]), ..samples::cluster() };
    facts.cluster.identity = Fact::Seen(crate::model::facts::Identity::Registered(other));
    let mut bench = reviewed(samples::joining(), &facts);
    bench.send(Event::Begin(StartChoice::Flow(Flow::Leave)));
    assert_eq!(kinds(&bench), [StepKind::RemoveNodeConfig]);
}

#[test]
fn a_run_of_a_node_that_is_gone_on_with_leaves_nothing_of_it_in_the_set_up_s_answers() {
    for (flow, kinds) in [(Flow::Edit, JOIN), (Flow::Leave, LEAVE)] {
        let mut bench = resumed(run_of(flow, &kinds, 1), Some(samples::key()));
        assert_eq!(bench.state.answers.text(FieldId::NodeName), "web02");
        while bench.state.flow().is_some() {
            bench.send(Event::Back);
        }
        assert_eq!(bench.state.answers.text(FieldId::Home), "/var/lib/octopus", "{flow:?}");
        assert_eq!(bench.state.answers.text(FieldId::NodeName), "web01");
        assert!(bench.state.answers.get(FieldId::MasterKey).raw.is_empty(), "{flow:?}");
        let state = &bench.state;
        assert!(state.subject().is_none() && state.resuming().is_none() && state.kept_row().is_none(), "{flow:?}");
    }
}

#[test]
fn whoever_ends_the_program_when_all_is_done_has_finished_it() {
    let mut bench = edited(samples::joining_with(&[(FieldId::TaskCap, "0")]), &samples::facts_of_a_node());
    bench.send(Event::Next);
    bench.install_all();
    assert_eq!(bench.state.place.here, ScreenId::Install);
    assert!(closes(&bench), "no key waits to be kept");
    bench.send(Event::Press(Action::Quit));
    bench.send(Event::Reply(true));
    assert_eq!(bench.state.ending, Some(Ending::Finished));
}

#[test]
fn a_removal_that_was_done_before_this_start_names_who_was_removed() {
    let dead = samples::dead_node("web-old").row;
    let journal = Journal { before: dead.clone(), ..run_of(Flow::Remove, &[StepKind::RemoveNode], 1) };
    let bench = resumed(journal, None);
    assert_eq!((bench.state.place.here, bench.state.kept_row()), (ScreenId::Done, dead.as_ref()));
}

#[test]
fn an_edit_that_is_gone_on_with_does_not_take_the_old_password_for_the_new_one() {
    let mut bench = resumed(run_of(Flow::Edit, &JOIN, 1), Some(samples::key()));
    bench.answer_with(&samples::facts_of_a_node());
    assert!(bench.notice().contains("Passwords are asked again"), "{}", bench.notice());
    assert!(bench.state.answers.get(FieldId::Password).raw.is_empty());
    assert!(bench.state.fields().contains(&FieldId::Password));
}

#[test]
fn a_node_that_the_registry_has_on_another_machine_does_not_leave_unwarned() {
    let mut facts = samples::facts_of_a_node();
    let mut nodes = facts.cluster.nodes.seen().expect("nodes").to_vec();
    for node in &mut nodes {
        if let Some(kept) = &mut node.row {
            kept.row.host = "elsewhere".into();
        }
    }
    facts.cluster.nodes = Fact::Seen(nodes.into());
    let mut bench = reviewed(samples::joining(), &facts);
    bench.send(Event::Begin(StartChoice::Flow(Flow::Leave)));
    assert!(bench.notice().contains("elsewhere") && bench.notice().contains("no other machine"), "{}", bench.notice());
}

#[test]
fn no_flow_begins_its_steps_where_the_state_directory_cannot_be_used() {
    let mut facts = samples::facts_of_a_node();
    facts.cluster.nodes = Fact::Seen(crate::model::facts::Nodes::from([samples::dead_node("web-old")]));
    let unusable = |facts: &mut Facts| {
        let seen = facts.machine.state_folder.seen().cloned().expect("seen");
        facts.machine.state_folder = Fact::Seen(crate::model::facts::StateFolder { mode: Some(0o777), ..seen });
    };
    for flow in [Flow::Edit, Flow::Leave, Flow::Remove] {
        let mut bench = reviewed(samples::joining_with(&[(FieldId::TaskCap, "0")]), &facts);
        if flow == Flow::Remove {
            bench.send(Event::Jump(ScreenId::Cluster));
            bench.send(Event::Press(Action::RemoveNode));
        } else {
            bench.send(Event::Begin(StartChoice::Flow(flow)));
        }
        for _ in 0..12 {
            bench.answer_with(&facts);
            if bench.state.place.here == ScreenId::Review {
                break;
            }
            bench.send(Event::Next);
        }
        unusable(&mut bench.state.facts);
        bench.send(Event::Next);
        assert_eq!((bench.state.place.here, bench.state.run().phase), (ScreenId::Review, Phase::Idle), "{flow:?}");
        assert!(bench.notice().contains("is open to other accounts (mode 0777)"), "{flow:?}: {}", bench.notice());
        assert!(!bench.effects.iter().any(|effect| matches!(effect, Effect::Install(..))), "{flow:?}");
    }
    unusable(&mut facts);
    for flow in [Flow::FirstNode, Flow::Join] {
        let mut bench = Bench::new();
        bench.state.answers = samples::joining();
        learn(&mut bench, &facts);
        bench.send(Event::Begin(StartChoice::Flow(flow)));
        bench.answer_with(&facts);
        bench.send(Event::Next);
        assert_eq!(bench.state.place.here, ScreenId::Home, "{flow:?}");
        assert_eq!(bench.state.gate(), Gate::Shut(vec![CheckId::StateFolder]), "{flow:?}");
    }
}

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

fn with_others(nodes: &[&str]) -> ClusterFacts {
    let web01 = samples::facts_of_a_cluster().cluster.node("web01").cloned().expect("web01");
    let nodes: Vec<NodeSeen> = [web01]
        .into_iter()
        .chain(nodes.iter().map(|name| samples::node_seen(name, Heartbeat::Ago(Duration::from_secs(2)))))
        .collect();
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
    let facts = Facts { cluster: with_others(&["web03"]), ..samples::facts_of_a_cluster() };
    let mut bench = joining(&facts);
    bench.send(Event::Next);
    assert!(bench.notice().contains("cluster-licence"), "{}", bench.notice());
    bench.send(Event::Refresh);
    let (ticket, _) = bench.asked.pop().expect("a look");
    bench.observed(ticket, Observed::Cluster(Box::new(with_others(&["web03", "web04"]))), true);
    bench.send(Event::Next);
    assert_eq!(bench.state.place.here, ScreenId::Cluster, "the second Enter was meant for another warning");
    bench.send(Event::Next);
    assert_eq!(bench.state.place.here, ScreenId::Storage);
    bench.send(Event::Back);
    bench.send(Event::Refresh);
    let (ticket, _) = bench.asked.pop().expect("a look");
    bench.observed(ticket, Observed::Cluster(Box::new(with_others(&["web03", "web04", "web05"]))), true);
    assert!(matches!(bench.state.gate(), Gate::Warned(_)), "{:?}", bench.state.gate());
}
