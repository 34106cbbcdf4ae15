//! How a face with a person in front of it ended, and what is worth reading afterwards.

use crate::model::flow::Flow;
use crate::model::node_config::NodeConfig;
use crate::model::untrusted::Untrusted;
use crate::wizard::run::Phase;
use crate::wizard::state::{Ending, State};

use super::exit::Exit;

/// How a face ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ended {
    /// How the run ended, as an exit status.
    pub exit: Exit,
    /// What is worth reading once the screen is gone: where the config is, how to go on.
    pub farewell: Vec<String>,
}

impl Ended {
    /// The exit status and what to say on the way out. `signal`: the status of the signal that ended it.
    pub fn of(state: &State, signal: Option<u8>) -> Self {
        let exit = match (signal, state.ending) {
            (Some(status), _) => Exit::Signal(status),
            (None, Some(Ending::Finished)) => Exit::Done,
            (None, Some(Ending::Unfinished)) => Exit::Unfinished,
            (None, Some(Ending::Left | Ending::HungUp) | None) => Exit::Left,
        };
        Self { exit, farewell: farewell(state) }
    }
}

fn farewell(state: &State) -> Vec<String> {
    match (state.ending, &state.run.plan) {
        (Some(Ending::Finished), Some(plan)) if plan.flow == Flow::Remove => {
            let gone = plan.before.as_ref().map_or_else(Untrusted::default, |kept| Untrusted::new(&kept.row.name));
            vec![format!("Node {gone} is out of the registry of cluster {}.", plan.cluster.short())]
        }
        (Some(Ending::Finished), Some(plan)) if plan.flow == Flow::Leave => vec![
            format!("Node {} is out of cluster {}.", plan.node.name, plan.cluster.short()),
            format!("A dated copy of its node config and the sealed master key stay in {}.", plan.node.home.display()),
        ],
        (Some(Ending::Finished), Some(plan)) => vec![
            format!("Node {} of cluster {} is configured.", plan.node.name, plan.cluster.short()),
            format!("Its node config is {}.", plan.node.home.join(NodeConfig::FILE).display()),
            format!("The master key's fingerprint is {}.", plan.fingerprint),
        ],
        (Some(Ending::Unfinished), _) if state.run.phase == Phase::Finished => vec![
            "The node is configured, but it is not proven that its master key is kept.".to_owned(),
            "Start octopus-setup again and choose Continue to see the key and to keep it.".to_owned(),
        ],
        (Some(Ending::Unfinished), _) => {
            vec!["The run is unfinished. Start octopus-setup again and choose Continue to go on or to undo it.".to_owned()]
        }
        _ => Vec::new(),
    }
}
