//! How a face with a person in front of it ended, and what is worth reading afterwards.

use crate::model::flow::Flow;
use crate::model::node_config::NodeConfig;
use crate::model::untrusted::Untrusted;
use crate::wizard::run::Phase;
use crate::wizard::state::{Ending, State};

use super::exit::Exit;
use super::sentences::clean;

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
    pub fn from_state(state: &State, signal: Option<u8>) -> Self {
        let ending = ending(state);
        let exit = match (signal, ending) {
            (Some(status), _) => Exit::Signal(status),
            (None, Some(Ending::Finished)) => Exit::Done,
            (None, Some(Ending::Unfinished)) => Exit::Unfinished,
            (None, Some(Ending::Left | Ending::HungUp) | None) => Exit::Left,
        };
        // The home directory's name may have come from a file.
        Self { exit, farewell: farewell(state).iter().map(|line| clean(line)).collect() }
    }
}

/// How it ended. Who left while the last step ran has left a node that is whole by now, unless its new key is still to be
/// kept.
fn ending(state: &State) -> Option<Ending> {
    let keeps = state.run().plan.as_ref().is_none_or(|plan| plan.flow == Flow::FirstNode);
    match state.ending {
        Some(Ending::Unfinished) if state.run().phase == Phase::Finished && !keeps => Some(Ending::Finished),
        ending => ending,
    }
}

fn farewell(state: &State) -> Vec<String> {
    match (ending(state), &state.run().plan) {
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
        (Some(Ending::Unfinished), _) if state.run().phase == Phase::Finished => vec![
            "The node is configured, but it is not proven that its master key is kept.".to_owned(),
            "Start octopus-setup again and choose Continue to see the key and to keep it.".to_owned(),
        ],
        (Some(Ending::Unfinished), _) => {
            let text = "The run is unfinished. Start octopus-setup again and choose Continue to go on or to undo it.";
            [Some(text.to_owned()), state.run().unkept_key()].into_iter().flatten().collect()
        }
        _ => Vec::new(),
    }
}
