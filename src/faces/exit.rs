//! Exit statuses, which scripts rely on, and the lines that remain after a face has closed.
//!
//! `review --check` has statuses of its own, as monitoring systems know them; see [`super::headless::ReviewStatus`].

use crate::catalog::format::within;
use crate::model::flow::Flow;
use crate::model::node_config::NodeConfig;
use crate::model::screen::ScreenId;
use crate::model::untrusted::Untrusted;
use crate::wizard::end_page::end_page;
use crate::wizard::run::Phase;
use crate::wizard::state::{Ending, State};
use crate::wizard::summary;

use super::sentences::{self, clean};

/// The exit status of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// Done; of a dry run: it would be done.
    Done,
    /// The command line cannot be obeyed, or there is no terminal where one is needed.
    Usage,
    /// The answers are refused: missing, malformed, unreadable. Nothing was written.
    Answers,
    /// The checks refuse: a stop has to be fixed first, or a warning was not accepted. Nothing was written.
    Checks,
    /// Another first node created its cluster in the database, and nothing of this run is left. This server can join that cluster.
    Lost,
    /// Left unfinished: a step failed, or the key's keeping is not proven. The same command, or the next start, goes on.
    Unfinished,
    /// Left by the operator, or at the end of the input, with nothing written or with all of it undone.
    Left,
    /// Ended by a signal, with this status: 128 and the signal's number. The journal knows what was begun.
    Signal(u8),
}

impl Exit {
    /// The number.
    pub const fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Usage => 2,
            Self::Answers => 3,
            Self::Checks => 4,
            Self::Lost => 5,
            Self::Unfinished => 7,
            Self::Left => 130,
            Self::Signal(status) => status,
        }
    }

    /// Its id for programs.
    pub const fn id(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Usage => "usage",
            Self::Answers => "answers-refused",
            Self::Checks => "checks-refused",
            Self::Lost => "another-was-first",
            Self::Unfinished => "unfinished",
            Self::Left => "left",
            Self::Signal(_) => "interrupted",
        }
    }
}

/// What each status means, for the command line's help, the manual and docs/exit-statuses.md. 101 is Rust's own, of a panic.
pub const STATUSES: [(&str, &str); 9] = [
    ("0", "done; of a dry run or a check of answers: no problems found"),
    ("2", "the command line cannot be obeyed, or there is no terminal where one is needed"),
    ("3", "the answers are refused; nothing was written"),
    ("4", "the checks refuse, or a warning was not accepted; nothing was written"),
    ("5", "the database is another first node's cluster by now, and nothing of this run is left: join it"),
    ("7", "unfinished: the same command, or the next start, goes on"),
    ("101", "a defect of the program"),
    ("130", "left with nothing written, or with all of it undone"),
    ("129, 130, 131, 143", "ended by a signal; the journal knows what was begun"),
];

/// The same of `review --check`.
pub const CHECK_STATUSES: &str = "0 fine; 1 warnings; 2 stops; 3 not everything could be looked at; 64 usage";

/// How a face ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionEnd {
    /// How the run ended, as an exit status.
    pub exit: Exit,
    /// What is worth reading once the screen is gone: where the config is, how to go on.
    pub farewell: Vec<String>,
}

impl SessionEnd {
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

/// Returns the whole end of a run that is done, for a terminal whose screen is gone; otherwise what is worth reading.
pub fn on_the_terminal(state: &State, end: SessionEnd) -> SessionEnd {
    let page = end_page(state).filter(|_| end.exit == Exit::Done && state.place.here == ScreenId::Done);
    let farewell = page.map(|page| sentences::end_page(&page, state.run().plan.as_deref()));
    SessionEnd { farewell: farewell.unwrap_or(end.farewell), ..end }
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

/// Returns what is worth reading at the end.
pub(super) fn farewell(state: &State) -> Vec<String> {
    match (ending(state), &state.run().plan) {
        (Some(Ending::Finished), Some(plan)) if plan.flow == Flow::Remove => {
            let gone = plan.before.as_ref().map_or_else(Untrusted::default, |kept| Untrusted::new(&kept.row.name));
            vec![format!("Node {gone} is out of the registry of cluster {}.", plan.cluster.short())]
        }
        (Some(Ending::Finished), Some(plan)) if plan.flow == Flow::Leave => vec![
            format!("Node {} is out of cluster {}.", plan.node.name, plan.cluster.short()),
            format!("A dated copy of its node config and the sealed master key stay in {}.", plan.node.home.display()),
        ],
        (Some(Ending::Finished), Some(plan)) if plan.flow == Flow::Edit => {
            let changes: Vec<String> =
                summary::changes(plan).iter().map(|line| format!("{} {}", within(line.label), line.value)).collect();
            let changes = if changes.is_empty() { "it was written anew".to_owned() } else { changes.join(", ") };
            vec![
                format!("Node {} of cluster {} is changed: {changes}.", plan.node.name, plan.cluster.short()),
                format!("Its node config is {}; the one before lies beside it.", plan.node.home.join(NodeConfig::FILE).display()),
            ]
        }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_status_is_told() {
        let told: Vec<&str> = STATUSES.iter().flat_map(|(numbers, _)| numbers.split(", ")).collect();
        let plain = [Exit::Done, Exit::Usage, Exit::Answers, Exit::Checks, Exit::Lost, Exit::Unfinished, Exit::Left];
        for exit in plain.into_iter().chain([129, 130, 131, 143].map(Exit::Signal)) {
            assert!(told.contains(&exit.code().to_string().as_str()), "{exit:?}");
        }
    }
}
