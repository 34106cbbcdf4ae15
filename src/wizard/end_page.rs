//! The end of a run: what exists now, what to do now and what can wait. One page for the screen, for what stays on the terminal and for data.

use crate::catalog::format;
use crate::model::flow::Flow;
use crate::model::node_config::NodeConfig;
use crate::model::octopus::HandOver;
use crate::model::plan::Plan;
use crate::model::screen::ScreenId;
use crate::model::storage::SharedStorage;
use crate::words;

use super::next_steps::{NextStep, next_steps};
use super::state::State;
use super::summary::{self, SummaryLine};

/// The end of a run that is done.
#[derive(Debug, Clone)]
pub struct EndPage {
    /// One sentence about what was done.
    pub says: String,
    /// What exists now. Texts that came from files or from the database are in it as they are: faces clean them.
    pub facts: Vec<SummaryLine>,
    /// What to do before this node is relied upon.
    pub now: Vec<NextStep>,
    /// What can wait.
    pub later: Vec<NextStep>,
}

/// Returns the end of the run that is done; without its plan, only what always applies.
pub fn end_page(state: &State) -> Option<EndPage> {
    let flow = state.flow()?;
    let plan = state.run().plan.as_deref();
    let (now, later) = next_steps(flow, plan).into_iter().partition(|next| next.advice.is_urgent());
    let says = words::screen(ScreenId::Done).intro(Some(flow)).to_owned();
    Some(EndPage { says, facts: plan.map(|plan| facts(plan, state)).unwrap_or_default(), now, later })
}

fn facts(plan: &Plan, state: &State) -> Vec<SummaryLine> {
    let node = &plan.node;
    let mut facts = Vec::with_capacity(10);
    let mut add = |label: &'static str, value: String| {
        if !value.is_empty() {
            facts.push(SummaryLine { label, value });
        }
    };
    match (plan.flow, plan.before.as_ref().or(state.kept_row())) {
        (Flow::Remove, Some(kept)) => add("Removed", kept.row.name.to_string()),
        (Flow::Remove, None) => {}
        _ => {
            add("Node", format!("{} (instance {})", node.name, node.instance));
            add("Home", node.home.display().to_string());
        }
    }
    add("Database", format!("{} on {}", node.target.database, node.target.address));
    add("Cluster", plan.cluster.short());
    if plan.flow != Flow::Remove {
        add("Master key", format!("fingerprint {}", plan.fingerprint));
    }
    match plan.flow {
        Flow::FirstNode | Flow::Join => {
            add("Shared", shared(&node.storage));
            add("Octopus", octopus(plan).to_owned());
            add("Web portal", node.web.prefix_texts().join(", "));
        }
        Flow::Leave => {
            add("Config", format!("dated copy beside {}", NodeConfig::FILE));
            add("Sealed key", node.home.join(NodeConfig::KEY_FILE).display().to_string());
        }
        Flow::Edit => {
            for change in summary::changes(plan) {
                add(change.label, change.value);
            }
        }
        Flow::Remove | Flow::Review => {}
    }
    if plan.flow == Flow::FirstNode {
        add("Sign-in", sign_in(plan));
        add("Next node", next_node(plan).to_owned());
    }
    if state.is_practice() {
        add("Practice", "this is the practice server: nothing of it is for production".to_owned());
    }
    facts
}

/// Says who can sign in to the web portal.
fn sign_in(plan: &Plan) -> String {
    match (&plan.node.administrator, &plan.hand_over) {
        (Some(administrator), Some(_)) => administrator.user.clone(),
        (Some(_) | None, _) => "nobody before an administrator is made".to_owned(),
    }
}

/// Says whether a second node can join.
const fn next_node(plan: &Plan) -> &'static str {
    match plan.node.storage {
        SharedStorage::None => "not before this node's files are on shared storage",
        SharedStorage::Root(_) | SharedStorage::Folders(_) => "can join now",
    }
}

/// Describes what the nodes share.
fn shared(storage: &SharedStorage) -> String {
    match storage {
        SharedStorage::None => "nothing: a single node".to_owned(),
        SharedStorage::Root(root) => root.display().to_string(),
        SharedStorage::Folders(folders) => format::count(folders.len() as u64, "folder"),
    }
}

/// Describes what the run did with Octopus Server itself.
const fn octopus(plan: &Plan) -> &'static str {
    match (&plan.hand_over, plan.node.start_service) {
        (None::<HandOver>, _) => "not set up by this run",
        (Some(_), true) => "set up, and its service answers",
        (Some(_), false) => "set up, its service not started",
    }
}
