//! A first node's plan.

use super::*;
use crate::catalog::samples;
use crate::model::facts::{DatabaseSeen, Fact, Facts, HomeState};
use crate::model::master_key::Fingerprint;
use crate::model::plan::StepKind;

fn plan(answers: &Answers, facts: &Facts, resuming: bool) -> Plan {
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
    };
    make(&proposal).unwrap()
}

fn kinds(plan: &Plan) -> Vec<StepKind> {
    plan.steps.iter().map(|step| step.kind).collect()
}

fn absent() -> Facts {
    let mut facts = samples::facts();
    facts.server.database = Fact::Seen(DatabaseSeen::Absent);
    facts
}

#[test]
fn a_bare_machine_and_server_take_every_step() {
    let plan = plan(&samples::answers(), &absent(), false);
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
    let kinds = kinds(&plan(&samples::answers(), &facts, false));
    assert_eq!(kinds, [StepKind::SealMasterKey, StepKind::InitialiseCluster, StepKind::WriteNodeConfig, StepKind::ConnectOnce]);
}

#[test]
fn a_database_that_may_not_be_created_is_not_planned() {
    let off = samples::with(&[(FieldId::CreateDatabase, "false")]);
    assert!(!kinds(&plan(&off, &absent(), false)).contains(&StepKind::CreateDatabase));
    assert!(!kinds(&plan(&off, &absent(), true)).contains(&StepKind::CreateDatabase));
}

#[test]
fn going_on_takes_every_step_again() {
    let mut facts = samples::facts();
    facts.home.folder = Fact::Seen(HomeState::Occupied { entries: 2 });
    assert_eq!(kinds(&plan(&samples::answers(), &facts, true)), StepKind::FIRST_NODE);
}

#[test]
fn a_first_node_s_canaries_are_there_before_the_registry_tells_of_them() {
    let shares = samples::with(&[(FieldId::Storage, "root"), (FieldId::StorageRoot, "\\\\files\\octopus")]);
    let kinds = kinds(&plan(&shares, &absent(), false));
    let made = kinds.iter().position(|kind| *kind == StepKind::InitialiseCluster).expect("a cluster");
    let before = [StepKind::CreateDatabase, StepKind::ShareStorage, StepKind::LeaveCanary, StepKind::InitialiseCluster];
    assert_eq!(kinds[made - 3..=made], before);
}

#[test]
fn the_key_is_sealed_before_the_cluster_and_the_config_comes_after() {
    let kinds = kinds(&plan(&samples::answers(), &absent(), false));
    let place = |kind| kinds.iter().position(|other| *other == kind);
    assert!(place(StepKind::SealMasterKey) < place(StepKind::InitialiseCluster));
    assert!(place(StepKind::InitialiseCluster) < place(StepKind::WriteNodeConfig));
}

#[test]
fn a_named_instance_is_in_the_title() {
    let answers = samples::with(&[(FieldId::Server, "tcp:sql01.corp.example\\OCTO,1435"), (FieldId::Database, "Octo")]);
    let plan = plan(&answers, &absent(), false);
    assert!(plan.steps.iter().any(|step| step.title == "Create database Octo on sql01.corp.example\\OCTO"));
}

#[test]
fn the_recorded_answers_hold_no_secret() {
    let answers = samples::with(&[(FieldId::KeyProof, "x9Yz=="), (FieldId::ServicePassword, "s3cret-canary")]);
    let plan = plan(&answers, &samples::facts(), false);
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
    };
    assert_eq!(make(&proposal).map(|plan| plan.steps).unwrap_err(), NoPlan::Fields(vec![FieldId::Server]));
}
