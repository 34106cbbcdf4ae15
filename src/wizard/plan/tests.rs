//! The plans of each flow, and what no plan holds.

use proptest::prelude::*;

use super::*;
use crate::catalog::{samples, steps};
use crate::model::facts::{DatabaseSeen, Fact, Facts, HomeState, Identity, Nodes, Trouble};
use crate::model::field::Kind;
use crate::model::key_evidence::{KeyBasis, NoBasis};
use crate::model::master_key::Fingerprint;
use crate::model::plan::{Scope, StepKind};
use crate::model::registry::KeptRow;
use crate::wizard::custody;

/// The plan that these answers and facts lead to, as `update()` makes it.
fn plan(flow: Flow, answers: &Answers, facts: &Facts, kept: Option<&KeptRow>, resuming: bool) -> Result<Plan, NoPlan> {
    let existing = custody::resolve_cluster_key(flow, answers, facts).expect("known");
    make(&Proposal {
        flow,
        answers,
        facts,
        cluster: existing.cluster,
        fingerprint: existing.fingerprint,
        accepted: &[CheckId::ClusterKey],
        resuming,
        kept,
        changes: &[],
    })
}

fn titles(plan: &Plan) -> Vec<&str> {
    plan.steps.iter().map(|step| step.title.as_str()).collect()
}

fn kinds(plan: &Plan) -> Vec<StepKind> {
    plan.steps.iter().map(|step| step.kind).collect()
}

fn joins(changes: &[(FieldId, &str)], facts: &Facts) -> Plan {
    plan(Flow::Join, &samples::joining_with(changes), facts, None, false).expect("a plan")
}

fn with_dead(mut facts: Facts) -> Facts {
    let web01 = facts.cluster.node("web01").cloned().expect("web01");
    facts.cluster.nodes = Fact::Seen(Nodes::from([web01, samples::dead_node("web-old")]));
    facts
}

#[test]
fn a_join_writes_its_own_row_and_nothing_else_of_the_cluster_s() {
    let plan = joins(&[], &samples::facts_of_a_cluster());
    let home = format!("Create {}", samples::HOME);
    assert_eq!(
        titles(&plan),
        [
            "Prove cluster and master key once more",
            home.as_str(),
            "Seal the master key",
            "Enter web02 into cluster 7f3a-91c2",
            "Write octopus-node.toml",
            "Connect once more with what was written",
        ]
    );
    assert_eq!((plan.before.is_none(), plan.key_unverified, plan.cluster), (true, false, samples::CLUSTER));
    assert_eq!(plan.fingerprint, samples::key().fingerprint());
}

#[test]
fn a_dead_node_is_replaced_where_that_was_chosen() {
    let facts = with_dead(samples::facts_of_a_cluster());
    let name = (FieldId::NodeName, "web-old");
    let plan = joins(&[name, (FieldId::ReplaceNode, "true")], &facts);
    assert!(titles(&plan).contains(&"Replace dead node web-old in cluster 7f3a-91c2"), "{:?}", titles(&plan));
    assert_eq!(plan.before, samples::dead_node("web-old").row);
    assert_eq!(joins(&[name], &facts).before, None);
    assert_eq!(joins(&[(FieldId::ReplaceNode, "true")], &facts).before, None, "another name");
}

#[test]
fn a_database_of_octopus_s_is_not_written_unless_the_operator_says_so() {
    let facts = samples::facts_of_octopus();
    let silent = joins(&[], &facts);
    assert_eq!(
        kinds(&silent),
        [StepKind::ProveAgain, StepKind::CreateHome, StepKind::SealMasterKey, StepKind::WriteNodeConfig],
        "without a registry there is no row, and none by which a member is told"
    );
    let adopting = joins(&[(FieldId::MakeRegistry, "true")], &facts);
    let all = titles(&adopting);
    let at = |title: &str| all.iter().position(|other| *other == title).expect(title);
    let enter = format!("Enter web02 into cluster {}", adopting.cluster.short());
    assert!(at("Seal the master key") < at("Create the registry in OctopusDeploy"));
    assert!(at("Create the registry in OctopusDeploy") < at(&enter) && at(&enter) < at("Write octopus-node.toml"));
    assert_eq!((silent.cluster, adopting.cluster == samples::CLUSTER), (adopting.cluster, false));
}

#[test]
fn an_unproven_key_makes_no_registry() {
    let mut facts = samples::facts_of_octopus();
    facts.key.verdict = Fact::Seen(KeyVerdict::Unverifiable(NoBasis::Nothing));
    let changes = [(FieldId::MakeRegistry, "true"), (FieldId::UnverifiedKey, "true")];
    let plan = joins(&changes, &facts);
    assert!(plan.key_unverified && !kinds(&plan).contains(&StepKind::AdoptCluster), "{:?}", kinds(&plan));
    assert!(!joins(&changes[..1], &facts).key_unverified);
}

#[test]
fn an_adoption_that_is_gone_on_with_keeps_its_step_though_the_registry_is_there_by_now() {
    let answers = samples::joining_with(&[(FieldId::MakeRegistry, "true")]);
    let mut facts = samples::facts_of_octopus();
    let before = plan(Flow::Join, &answers, &facts, None, false).expect("a plan");
    let seen = crate::model::facts::ClusterSeen { id: before.cluster, ..samples::cluster() };
    facts.cluster.identity = Fact::Seen(Identity::Registered(seen));
    let after = plan(Flow::Join, &answers, &facts, None, true).expect("a plan");
    assert_eq!((kinds(&after), after.cluster), (kinds(&before), before.cluster));
    let foreign = plan(Flow::Join, &answers, &samples::facts_of_a_cluster(), None, true).expect("a plan");
    assert!(!kinds(&foreign).contains(&StepKind::AdoptCluster), "a registry that is there was never adopted");
}

#[test]
fn an_edit_of_nothing_is_no_plan() {
    let (answers, facts) = (samples::joining(), samples::facts_of_a_node());
    assert_eq!(plan(Flow::Edit, &answers, &facts, None, false).map(|plan| kinds(&plan)), Err(NoPlan::Unchanged));
}

#[test]
fn an_edit_changes_the_config_and_the_row_only_where_that_says_something_else() {
    let facts = samples::facts_of_a_node();
    let edit =
        |field, text| plan(Flow::Edit, &samples::joining_with(&[(field, text)]), &facts, None, false).map(|plan| kinds(&plan));
    let with_row = [StepKind::ProveAgain, StepKind::UpdateRow, StepKind::WriteNodeConfig, StepKind::ConnectOnce];
    for (field, text) in [
        (FieldId::ListenPrefixes, "http://localhost:8080/"),
        (FieldId::CommsPort, "10944"),
        (FieldId::GrpcPort, "8444"),
        (FieldId::TaskCap, "0"),
    ] {
        assert_eq!(edit(field, text).as_deref(), Ok(&with_row[..]), "{field:?}");
    }
    let alone = [StepKind::ProveAgain, StepKind::WriteNodeConfig, StepKind::ConnectOnce];
    for (field, text) in [
        (FieldId::Server, "sql-alias"),
        (FieldId::User, "octopus2"),
        (FieldId::Password, "another"),
        (FieldId::Encryption, "strict"),
        (FieldId::Trust, "none"),
        (FieldId::MultiSubnet, "true"),
        (FieldId::ForceSsl, "true"),
    ] {
        assert_eq!(edit(field, text).as_deref(), Ok(&alone[..]), "{field:?}");
    }
}

#[test]
fn an_edit_says_which_passwords_it_leaves_as_they_are() {
    let facts = samples::facts_of_a_node();
    let kept = |field, text| {
        plan(Flow::Edit, &samples::joining_with(&[(field, text)]), &facts, None, false).expect("a plan").kept_passwords
    };
    assert_eq!(kept(FieldId::TaskCap, "7"), [FieldId::Password]);
    assert_eq!(kept(FieldId::Password, "another"), []);
}

#[test]
fn a_key_that_does_not_open_here_is_sealed_anew() {
    let mut facts = samples::facts_of_a_node();
    facts.node.key = Fact::Missing(Trouble::Seal(crate::model::facts::SealTrouble::OtherMachine));
    let plan = plan(Flow::Edit, &samples::joining(), &facts, None, false).expect("a plan");
    assert_eq!(kinds(&plan), [StepKind::ProveAgain, StepKind::SealMasterKey, StepKind::WriteNodeConfig, StepKind::ConnectOnce]);
}

#[test]
fn leaving_takes_the_own_row_where_there_is_one() {
    let (answers, mut facts) = (samples::joining(), samples::facts_of_a_node());
    let own = facts.cluster.node("web02").and_then(|node| node.row.clone());
    let left = plan(Flow::Leave, &answers, &facts, None, false).expect("a plan");
    assert_eq!(
        titles(&left),
        ["Mark web02 as drained", "Take web02 out of cluster 7f3a-91c2", "Move octopus-node.toml to a dated copy",]
    );
    assert!(own.is_some() && left.before == own);
    facts.cluster.nodes = Fact::Seen(Nodes::from([]));
    assert_eq!(kinds(&plan(Flow::Leave, &answers, &facts, None, false).expect("a plan")), [StepKind::RemoveNodeConfig]);
    let resumed = plan(Flow::Leave, &answers, &facts, own.as_ref(), true).expect("a plan");
    assert_eq!((resumed.steps, resumed.before), (left.steps, own), "its row is gone by now, and the run knows it");
}

#[test]
fn removing_takes_the_row_that_was_chosen_and_nothing_else() {
    let (answers, facts) = (samples::joining(), samples::facts_of_a_node());
    let dead = samples::dead_node("web-old").row;
    let removed = plan(Flow::Remove, &answers, &facts, dead.as_ref(), false).expect("a plan");
    assert_eq!(titles(&removed), ["Take dead node web-old out of cluster 7f3a-91c2"]);
    assert_eq!((removed.before, removed.node.name.as_str()), (dead, "web02"));
    assert_eq!(plan(Flow::Remove, &answers, &facts, None, false).map(|plan| kinds(&plan)), Err(NoPlan::NoRow));
}

#[test]
fn a_join_that_is_gone_on_with_keeps_the_row_that_it_began_with_under_its_name() {
    let facts = samples::facts_of_a_node();
    let dead = samples::dead_node("web02").row;
    let again = plan(Flow::Join, &samples::joining(), &facts, dead.as_ref(), true).expect("a plan");
    assert_eq!(again.before, dead);
    let renamed = samples::joining_with(&[(FieldId::NodeName, "web03")]);
    assert_eq!(plan(Flow::Join, &renamed, &facts, dead.as_ref(), true).expect("a plan").before, None);
}

/// The facts that a join may meet.
fn worlds() -> Vec<Facts> {
    let mut worlds = Vec::new();
    for facts in [samples::facts_of_a_cluster(), samples::facts_of_octopus(), samples::facts_of_a_node()] {
        for facts in [facts.clone(), with_dead(facts)] {
            for verdict in [
                KeyVerdict::Correct(KeyBasis::Values(3)),
                KeyVerdict::Wrong(KeyBasis::Certificate),
                KeyVerdict::Unverifiable(NoBasis::Nothing),
            ] {
                let mut facts = facts.clone();
                facts.key.verdict = Fact::Seen(verdict);
                worlds.push(facts);
            }
        }
    }
    worlds
}

/// A text for a field: mostly one that makes sense there.
fn answer(field: FieldId) -> BoxedStrategy<String> {
    let texts: &[&str] = match field {
        FieldId::NodeName => &["web02", "web-old", "WEB01", "3f2a91c07b1e"],
        FieldId::Server => &["sql01", "tcp:sql02\\OCTO,1435"],
        FieldId::Database => &["OctopusDeploy", "x]; DROP DATABASE y; --"],
        FieldId::TaskCap => &["0", "5", "1000"],
        FieldId::ServiceUser => &["CORP\\svc"],
        FieldId::ServicePassword => &["s3rvice-canary"],
        FieldId::Fingerprint => &["9c9c9c9c9c9c9c9c9c9c9c9c9c9c9c9c9c9c9c9c9c9c9c9c9c9c9c9c9c9c9c9c"],
        FieldId::CaFile => &[samples::HOME],
        _ => match field.kind() {
            Kind::Choice(values) => values,
            Kind::Toggle => &["true", "false"],
            _ => &[],
        },
    };
    let text = if texts.is_empty() { field.default().to_owned() } else { String::new() };
    if texts.is_empty() { Just(text).boxed() } else { prop::sample::select(texts.to_vec()).prop_map(str::to_owned).boxed() }
}

fn corpus() -> impl Strategy<Value = (Answers, Facts, bool)> {
    let kept = [FieldId::Home, FieldId::User, FieldId::Password, FieldId::MasterKey, FieldId::Instance];
    let fields: Vec<_> = FieldId::ALL.into_iter().filter(|field| !kept.contains(field)).collect();
    let texts: Vec<_> = fields.iter().map(|field| answer(*field)).collect();
    (texts, prop::sample::select(worlds()), any::<bool>()).prop_map(move |(texts, facts, resuming)| {
        let changes: Vec<_> = fields.iter().copied().zip(texts.iter().map(String::as_str)).collect();
        (samples::joining_with(&changes), facts, resuming)
    })
}

proptest! {
    #[test]
    fn a_join_has_no_step_that_others_depend_on_unless_the_operator_said_so((answers, facts, resuming) in corpus()) {
        if let Ok(plan) = plan(Flow::Join, &answers, &facts, None, resuming) {
            let said = answers.is_on(FieldId::MakeRegistry);
            for step in &plan.steps {
                prop_assert!((steps::row(step.kind).scope)(Flow::Join) != Scope::Cluster || (said && step.kind == StepKind::AdoptCluster), "{step:?}");
            }
            let taken = plan.before.as_ref().map(|kept| kept.row.name.clone());
            prop_assert!(taken.is_none() || (answers.is_on(FieldId::ReplaceNode) && taken.as_deref() == Some("web-old")));
            prop_assert!(!plan.node.create_database);
        }
    }

    #[test]
    fn no_plan_of_any_flow_holds_a_secret((answers, facts, resuming) in corpus()) {
        let dead = samples::dead_node("web-old").row;
        let node = samples::facts_of_a_node().node;
        let facts = Facts { node, ..facts };
        for flow in [Flow::Join, Flow::Edit, Flow::Leave, Flow::Remove] {
            let Ok(plan) = plan(flow, &answers, &facts, dead.as_ref(), resuming) else { continue };
            let shown = format!("{plan:?} {:?}", plan.answers);
            for secret in [samples::PASSWORD, "s3rvice-canary", &samples::KEY[..8]] {
                prop_assert!(!shown.contains(secret), "{flow:?}");
            }
        }
    }
}

fn first_node(answers: &Answers, facts: &Facts, resuming: bool) -> Plan {
    let accepted = [CheckId::SqlClock];
    let fingerprint = Fingerprint([0x5d, 0x1c, 0x88, 0xe0]);
    let proposal = Proposal {
        flow: Flow::FirstNode,
        answers,
        facts,
        cluster: samples::CLUSTER,
        fingerprint,
        accepted: &accepted,
        resuming,
        kept: None,
        changes: &[],
    };
    make(&proposal).unwrap()
}

fn absent() -> Facts {
    let mut facts = samples::facts();
    facts.server.database = Fact::Seen(DatabaseSeen::Absent);
    facts
}

#[test]
fn a_bare_machine_and_server_take_every_step() {
    let plan = first_node(&samples::answers(), &absent(), false);
    let titles: Vec<&str> = plan.steps.iter().map(|step| step.title.as_str()).collect();
    let home = format!("Create {}", samples::HOME);
    assert_eq!(
        titles,
        [
            home.as_str(),
            "Seal the new master key",
            "Create database OctopusDeploy on sql01",
            "Create the registry and cluster 7f3a-91c2",
            "Write octopus-node.toml",
            "Connect once more with what was written",
        ]
    );
    let modes: Vec<&str> = plan.steps.iter().map(|step| step.mode).collect();
    assert_eq!(modes, ["0750", "0600", "", "", "0600", ""]);
    assert_eq!(plan.accepted, [CheckId::SqlClock]);
}

#[test]
fn what_is_there_is_not_created() {
    let mut facts = samples::facts();
    facts.home.folder = Fact::Seen(HomeState::Empty);
    let kinds = kinds(&first_node(&samples::answers(), &facts, false));
    assert_eq!(kinds, [StepKind::SealMasterKey, StepKind::InitialiseCluster, StepKind::WriteNodeConfig, StepKind::ConnectOnce]);
}

#[test]
fn a_database_that_may_not_be_created_is_not_planned() {
    let off = samples::with(&[(FieldId::CreateDatabase, "false")]);
    assert!(!kinds(&first_node(&off, &absent(), false)).contains(&StepKind::CreateDatabase));
    assert!(!kinds(&first_node(&off, &absent(), true)).contains(&StepKind::CreateDatabase));
}

#[test]
fn going_on_takes_every_step_again() {
    let mut facts = samples::facts();
    facts.home.folder = Fact::Seen(HomeState::Occupied { entries: 2 });
    assert_eq!(kinds(&first_node(&samples::answers(), &facts, true)), StepKind::FIRST_NODE);
}

#[test]
fn a_first_node_s_canaries_are_there_before_the_registry_tells_of_them() {
    let shares = samples::with(&[(FieldId::Storage, "root"), (FieldId::StorageRoot, "\\\\files\\octopus")]);
    let kinds = kinds(&first_node(&shares, &absent(), false));
    let made = kinds.iter().position(|kind| *kind == StepKind::InitialiseCluster).expect("a cluster");
    let before = [StepKind::CreateDatabase, StepKind::ShareStorage, StepKind::LeaveCanary, StepKind::InitialiseCluster];
    assert_eq!(kinds[made - 3..=made], before);
}

#[test]
fn the_key_is_sealed_before_the_cluster_and_the_config_comes_after() {
    let kinds = kinds(&first_node(&samples::answers(), &absent(), false));
    let place = |kind| kinds.iter().position(|other| *other == kind);
    assert!(place(StepKind::SealMasterKey) < place(StepKind::InitialiseCluster));
    assert!(place(StepKind::InitialiseCluster) < place(StepKind::WriteNodeConfig));
}

#[test]
fn a_named_instance_is_in_the_title() {
    let answers = samples::with(&[(FieldId::Server, "tcp:sql01.corp.example\\OCTO,1435"), (FieldId::Database, "Octo")]);
    let plan = first_node(&answers, &absent(), false);
    assert!(plan.steps.iter().any(|step| step.title == "Create database Octo on sql01.corp.example\\OCTO"));
}

#[test]
fn the_recorded_answers_hold_no_secret() {
    let answers = samples::with(&[(FieldId::KeyProof, "x9Yz=="), (FieldId::ServicePassword, "s3cret-canary")]);
    let plan = first_node(&answers, &samples::facts(), false);
    assert_eq!(plan.answers.get("server").map(String::as_str), Some("sql01,1433"));
    assert_eq!(plan.answers.get("instance").map(String::as_str), Some("OctopusServer"));
    let all = format!("{:?}", plan.answers);
    for secret in [samples::PASSWORD, "s3cret-canary", "x9Yz=="] {
        assert!(!all.contains(secret));
    }
    assert!(!plan.answers.contains_key("key-proof") && !plan.answers.contains_key("password"));
}

#[test]
fn malformed_answers_make_no_plan() {
    let facts = samples::facts();
    let answers = samples::with(&[(FieldId::Server, "sql01:1433")]);
    let proposal = Proposal {
        flow: Flow::FirstNode,
        answers: &answers,
        facts: &facts,
        cluster: samples::CLUSTER,
        fingerprint: Fingerprint([0; 4]),
        accepted: &[],
        resuming: false,
        kept: None,
        changes: &[],
    };
    assert_eq!(make(&proposal).map(|plan| plan.steps).unwrap_err(), NoPlan::Fields(vec![FieldId::Server]));
}
