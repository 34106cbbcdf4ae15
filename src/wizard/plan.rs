//! Asked × observed = proposed: the plan.

use std::collections::BTreeMap;

use crate::model::answers::Answers;
use crate::model::check::CheckId;
use crate::model::cluster::ClusterId;
use crate::model::facts::{Database, Facts, Occupant};
use crate::model::field::FieldId;
use crate::model::fingerprint::Fingerprint;
use crate::model::flow::Flow;
use crate::model::node::Node;
use crate::model::node_config::NodeConfig;
use crate::model::plan::{Plan, Step, StepKind};

use super::node;

/// What a plan is made from.
#[derive(Debug, Clone, Copy)]
pub struct Proposal<'a> {
    /// The flow.
    pub flow: Flow,
    /// What was asked for.
    pub answers: &'a Answers,
    /// What was observed.
    pub facts: &'a Facts,
    /// The cluster's id.
    pub cluster: ClusterId,
    /// The master key's fingerprint.
    pub fingerprint: Fingerprint,
    /// Warnings that were accepted.
    pub accepted: &'a [CheckId],
    /// Whether this goes on with an unfinished run: then every step is in the plan, since each finds out by itself
    /// whether it is done already.
    pub resuming: bool,
}

/// Makes the plan; `Err` names the fields that are missing or malformed.
pub fn make(proposal: &Proposal<'_>) -> Result<Plan, Vec<FieldId>> {
    let node = node::from_answers(proposal.answers)?;
    let steps = StepKind::ALL
        .into_iter()
        .filter(|kind| is_needed(*kind, &node, proposal))
        .map(|kind| Step { kind, title: title(kind, &node, proposal.cluster), mode: mode(kind) })
        .collect();
    Ok(Plan {
        flow: proposal.flow,
        node,
        cluster: proposal.cluster,
        fingerprint: proposal.fingerprint,
        steps,
        accepted: proposal.accepted.to_vec(),
        answers: recorded(proposal.answers),
        before: None,
        key_unverified: false,
    })
}

fn is_needed(kind: StepKind, node: &Node, proposal: &Proposal<'_>) -> bool {
    match kind {
        StepKind::CreateHome => {
            proposal.resuming || matches!(proposal.facts.home.folder.seen(), Some(Occupant::Creatable { .. }))
        }
        StepKind::CreateDatabase => {
            let absent = matches!(proposal.facts.server.database.seen(), Some(Database::Absent));
            node.create_database && (proposal.resuming || absent)
        }
        StepKind::SealMasterKey | StepKind::InitialiseCluster | StepKind::WriteNodeConfig | StepKind::ConnectOnce => true,
        StepKind::ProveAgain
        | StepKind::AdoptCluster
        | StepKind::JoinCluster
        | StepKind::UpdateRow
        | StepKind::DrainNode
        | StepKind::RemoveRow
        | StepKind::RemoveNode
        | StepKind::RemoveNodeConfig => false,
    }
}

fn title(kind: StepKind, node: &Node, cluster: ClusterId) -> String {
    match kind {
        StepKind::CreateHome => format!("Create {}", node.home.display()),
        StepKind::SealMasterKey => "Seal the new master key".into(),
        StepKind::CreateDatabase => {
            let address = &node.target.address;
            let instance = address.instance.as_ref().map(|name| format!("\\{name}")).unwrap_or_default();
            format!("Create database {} on {}{instance}", node.target.database, address.host)
        }
        StepKind::InitialiseCluster => format!("Create the registry and cluster {}", cluster.short()),
        StepKind::ProveAgain => "Prove cluster and master key once more".into(),
        StepKind::AdoptCluster => format!("Create the registry in {}", node.target.database),
        StepKind::JoinCluster => format!("Enter {} into cluster {}", node.name, cluster.short()),
        StepKind::UpdateRow => format!("Change the row of {} in cluster {}", node.name, cluster.short()),
        StepKind::DrainNode => format!("Mark {} as drained", node.name),
        StepKind::RemoveRow | StepKind::RemoveNode => format!("Take {} out of cluster {}", node.name, cluster.short()),
        StepKind::RemoveNodeConfig => format!("Take {} away, keeping a dated copy", NodeConfig::FILE),
        StepKind::WriteNodeConfig => format!("Write {}", NodeConfig::FILE),
        StepKind::ConnectOnce => "Connect once more with what was written".into(),
    }
}

const fn mode(kind: StepKind) -> &'static str {
    match kind {
        StepKind::CreateHome => "0750",
        StepKind::SealMasterKey | StepKind::WriteNodeConfig => "0600",
        _ => "",
    }
}

/// The answers as the journal may hold them: no secret, and not the six characters of the master key that prove its
/// keeping, which are a piece of a secret.
fn recorded(answers: &Answers) -> BTreeMap<String, String> {
    FieldId::ALL
        .into_iter()
        .filter(|field| !field.is_secret() && *field != FieldId::KeyProof)
        .map(|field| (field.id().to_owned(), answers.text(field).to_owned()))
        .filter(|(_, text)| !text.is_empty())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::facts::Fact;
    use crate::wizard::samples;

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
        };
        make(&proposal).unwrap()
    }

    fn kinds(plan: &Plan) -> Vec<StepKind> {
        plan.steps.iter().map(|step| step.kind).collect()
    }

    fn absent() -> Facts {
        let mut facts = samples::facts();
        facts.server.database = Fact::Seen(Database::Absent);
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
        facts.home.folder = Fact::Seen(Occupant::Empty);
        let kinds = kinds(&plan(&samples::answers(), &facts, false));
        assert_eq!(
            kinds,
            [StepKind::SealMasterKey, StepKind::InitialiseCluster, StepKind::WriteNodeConfig, StepKind::ConnectOnce]
        );
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
        facts.home.folder = Fact::Seen(Occupant::Occupied { entries: 2 });
        assert_eq!(kinds(&plan(&samples::answers(), &facts, true)), StepKind::ALL);
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
        };
        assert_eq!(make(&proposal).map(|plan| plan.steps).unwrap_err(), [FieldId::Server]);
    }
}
