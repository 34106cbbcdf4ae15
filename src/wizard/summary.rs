//! What a plan sets up, setting by setting, and what an edit changes.

use crate::catalog::{format, steps};
use crate::model::field::FieldId;
use crate::model::flow::Flow;
use crate::model::licence::NodeLimit;
use crate::model::plan::{Plan, Scope, StepKind};
use crate::model::storage::SharedStorage;
use crate::model::survey::AccountKind;
use crate::model::target::SignIn;
use crate::words;

/// One line: a label, and what it will be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SummaryLine {
    pub label: &'static str,
    /// Texts that came from files or from the database are in it as they are: faces clean them.
    pub value: String,
}

/// Says what a plan sets up, or what an edit changes.
pub fn lines(plan: &Plan) -> Vec<SummaryLine> {
    match plan.flow {
        Flow::FirstNode | Flow::Join => new_node(plan),
        Flow::Edit => changes(plan),
        Flow::Leave | Flow::Remove | Flow::Review => Vec::new(),
    }
}

/// Says how many steps there are, and how many of them are about all nodes.
pub fn steps_in_words(plan: &Plan) -> String {
    let wide = plan.steps.iter().filter(|step| (steps::row(step.kind).scope)(plan.flow) == Scope::Cluster).count();
    match (plan.steps.len(), wide) {
        (1, 0) => "1 step, for this node only".to_owned(),
        (1, _) => "1 step, for all nodes".to_owned(),
        (steps, 0) => format!("{steps} steps, all of them for this node only"),
        (steps, wide) => format!("{steps} steps, {wide} of them for all nodes"),
    }
}

fn new_node(plan: &Plan) -> Vec<SummaryLine> {
    let node = &plan.node;
    let target = &node.target;
    let SignIn::SqlLogin { user, .. } = &target.sign_in;
    let created = if plan.has(StepKind::CreateDatabase) { ", created by this run" } else { "" };
    let mut lines = vec![
        line("Node", format!("{}, instance {}", node.name, node.instance)),
        line("Home", node.home.display().to_string()),
        line("Runs as", account(plan)),
        line("Database", format!("{} on {}{created}", target.database, target.address)),
        line("SQL login", format!("{user}, encryption {}", target.encryption.spelling())),
        line("Storage", storage(&node.storage)),
        line("Web portal", portal(plan)),
        line("Ports", format!("Tentacles {}, gRPC {}", node.web.comms_port, node.web.grpc_port)),
    ];
    if plan.flow == Flow::FirstNode {
        let administrator = node.administrator.as_ref();
        // Nothing that was answered is dropped without a word.
        let unused = if plan.hand_over.is_some() { "" } else { ", in the script only" };
        let user = administrator.map_or_else(|| "none yet".to_owned(), |one| format!("{}{unused}", one.user));
        lines.push(line("Administrator", user));
        let given = if plan.node.licensed { unused } else { "" };
        lines.push(line("Licence", format!("{}{given}", licence(plan))));
    }
    lines.push(line("Octopus", octopus(plan)));
    let new = if plan.flow == Flow::FirstNode { ", new" } else { "" };
    lines.push(line("Cluster", format!("{}{new}", plan.cluster.short())));
    lines.push(line("Master key", key(plan)));
    lines
}

fn line(label: &'static str, value: String) -> SummaryLine {
    SummaryLine { label, value }
}

fn account(plan: &Plan) -> String {
    let service = &plan.node.service;
    match service.kind {
        AccountKind::LocalSystem => "local system".to_owned(),
        AccountKind::Custom => service.user.clone(),
        AccountKind::Managed => format!("{}, a managed service account", service.user),
    }
}

fn storage(storage: &SharedStorage) -> String {
    match storage {
        SharedStorage::None => "nothing is shared: a single node".to_owned(),
        SharedStorage::Root(root) => root.display().to_string(),
        SharedStorage::Folders(folders) => format!("{}, each by itself", format::count(folders.len() as u64, "folder")),
    }
}

fn portal(plan: &Plan) -> String {
    let web = &plan.node.web;
    let forced = if web.force_ssl { ", HTTPS by force" } else { "" };
    format!("{}{forced}", web.prefix_texts().join(", "))
}

fn licence(plan: &Plan) -> String {
    match &plan.licence {
        Some(licence) => match licence.nodes {
            NodeLimit::Unlimited => "given, for any number of nodes".to_owned(),
            NodeLimit::Nodes(nodes) => format!("given, for {}", format::count(nodes.into(), "node")),
        },
        None if plan.node.licensed => "given".to_owned(),
        None => "none yet".to_owned(),
    }
}

fn octopus(plan: &Plan) -> String {
    match (&plan.hand_over, plan.node.start_service) {
        (None, _) => "its commands as a script".to_owned(),
        (Some(hand_over), true) => format!("{}, set up and started", hand_over.program.display()),
        (Some(hand_over), false) => format!("{}, set up and not started", hand_over.program.display()),
    }
}

fn key(plan: &Plan) -> String {
    match plan.flow {
        Flow::FirstNode => format!("new, {} bits, fingerprint {}", plan.node.key_size.bytes() * 8, plan.fingerprint),
        _ => format!("the cluster's, fingerprint {}", plan.fingerprint),
    }
}

/// Says which settings an edit changes, from what to what.
pub fn changes(plan: &Plan) -> Vec<SummaryLine> {
    let changed = plan.changes.iter().map(|change| {
        let shown = |text: &str| match value_in_words(change.field, text) {
            Some(words) => words,
            None if text.is_empty() => "none".to_owned(),
            None => change.field.setting().shown(text),
        };
        let value = if change.field.is_secret() {
            "another one".to_owned()
        } else {
            format!("{} → {}", shown(&change.from), shown(&change.to))
        };
        line(change.field.label(), value)
    });
    changed.collect()
}

/// Returns the words for a value of a closed set.
fn value_in_words(field: FieldId, value: &str) -> Option<String> {
    let (screen, _) = field.setting().screens.first()?;
    words::screen(*screen).field(field)?.choices.get(value).map(|words| format::within(words))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::samples;
    use crate::model::cluster::ClusterId;
    use crate::model::facts::Fact;
    use crate::model::master_key::MasterKey;
    use crate::model::plan::SettingChange;
    use crate::wizard::plan::{self, Proposal};

    fn said(flow: Flow, changes: &[(FieldId, &str)]) -> Vec<String> {
        let (answers, facts) = (samples::joining_with(changes), samples::facts_of_a_node());
        let config = facts.node.config.seen().expect("a config").clone();
        let proposal = Proposal {
            flow,
            answers: &answers,
            facts: &facts,
            cluster: ClusterId(config.cluster.id.0),
            fingerprint: MasterKey::from_bytes(&[7; 16]).expect("a key").fingerprint(),
            accepted: &[],
            kept: None,
            resuming: false,
            changes: &[],
        };
        assert!(matches!(facts.node.config, Fact::Seen(_)));
        let plan = plan::make(&proposal).expect("a plan");
        lines(&plan).into_iter().map(|line| format!("{}: {}", line.label, line.value)).collect()
    }

    #[test]
    fn an_edit_shows_what_it_changes_and_nothing_else() {
        assert_eq!(said(Flow::Edit, &[(FieldId::TaskCap, "7")]), ["Task cap: 5 → 7"]);
        assert_eq!(said(Flow::Edit, &[(FieldId::Encryption, "strict")]), ["Encryption: mandatory → strict (TDS 8.0)"]);
        assert_eq!(said(Flow::Edit, &[(FieldId::Password, "another")]), ["Password: another one"]);
    }

    #[test]
    fn an_edit_that_has_written_its_config_still_shows_what_it_changes() {
        let (answers, mut facts) = (samples::joining_with(&[(FieldId::TaskCap, "7")]), samples::facts_of_a_node());
        let Fact::Seen(config) = &mut facts.node.config else { panic!("a config") };
        let cluster = ClusterId(config.cluster.id.0);
        config.node.task_cap = 7;
        let change = |field, from: &str, to: &str| SettingChange { field, from: from.into(), to: to.into() };
        let changes = [change(FieldId::TaskCap, "5", "7"), change(FieldId::Password, "", "")];
        let proposal = Proposal {
            flow: Flow::Edit,
            answers: &answers,
            facts: &facts,
            cluster,
            fingerprint: MasterKey::from_bytes(&[7; 16]).expect("a key").fingerprint(),
            accepted: &[],
            kept: None,
            resuming: true,
            changes: &changes,
        };
        let plan = plan::make(&proposal).expect("a plan");
        assert_eq!(plan.changes, changes);
        let said: Vec<String> = lines(&plan).into_iter().map(|line| line.value).collect();
        assert_eq!(said, ["5 → 7", "another one"]);
    }

    #[test]
    fn a_join_says_what_is_set_up_and_no_secret() {
        let said = said(Flow::Join, &[]).join("\n");
        for words in ["Node: web02", "Runs as: local system", "Storage: ", "Master key: the cluster's, fingerprint"] {
            assert!(said.contains(words), "{said}");
        }
        assert!(!said.contains("Administrator"), "{said}");
    }
}
