//! Which keys of the foot work, and when.

use crate::model::flow::Flow;
use crate::model::screen::ScreenId;

use super::event::Action;
use super::run::Phase;
use super::state::State;

/// The actions that apply now, in the order of the foot. Help and Quit always do and close the list. `mends`: whether there
/// is a remedy to copy, which takes every check of the screen to know.
pub fn of(state: &State, mends: bool) -> Vec<Action> {
    let mut actions = Vec::new();
    let here = state.place.here;
    match here {
        ScreenId::Database => {
            actions.push(Action::ConnectionString);
            if state.facts.server.certificate.is_some() {
                actions.push(Action::Certificate);
            }
        }
        ScreenId::Review => {
            if state.resuming().is_some() {
                actions.push(Action::Undo);
            }
            if matches!(state.flow(), Some(Flow::FirstNode | Flow::Join)) && state.run().plan.is_some() {
                actions.extend([Action::Script, Action::SaveAnswers]);
            }
        }
        ScreenId::Install => {
            match state.run().phase {
                Phase::Running => actions.push(Action::Cancel),
                Phase::Failed => actions.extend([Action::Retry, Action::Undo, Action::Leave]),
                Phase::UndoneInPart => actions.extend([Action::Undo, Action::Leave]),
                Phase::Undone => actions.push(Action::Leave),
                Phase::Idle | Phase::Finished | Phase::Undoing => {}
            }
            if state.run().has_said() {
                actions.push(Action::Output);
            }
        }
        ScreenId::Done if matches!(state.flow(), Some(Flow::FirstNode | Flow::Join)) && state.run().plan.is_some() => {
            actions.push(Action::CopyNext);
        }
        ScreenId::MasterKey => actions.extend([Action::Reveal, Action::CopyKey, Action::SaveKey, Action::ReadKey]),
        ScreenId::Node if state.is_ours() => actions.extend([Action::Edit, Action::LeaveCluster]),
        // What they find says that it is mended there.
        ScreenId::Proof | ScreenId::Drift if state.is_ours() => actions.push(Action::Edit),
        ScreenId::Cluster if state.removable().is_some() => actions.push(Action::RemoveNode),
        ScreenId::Key if state.custody().drawn.is_some() => {
            actions.extend([Action::Reveal, Action::CopyKey, Action::SaveKey, Action::ReadKey]);
        }
        _ => {}
    }
    let surveys = state.surveys();
    // Whether the key can be saved is tried by saving it; the foot of its screen is full.
    let own = matches!(here, ScreenId::Start | ScreenId::MasterKey);
    if !own && !surveys.is_empty() {
        // What keeps a screen fresh is no work that anybody waits for.
        let running = surveys.iter().any(|survey| state.tickets.awaited(*survey));
        actions.push(if running { Action::Cancel } else { Action::CheckAgain });
    }
    if mends {
        actions.push(Action::CopyRemedy);
    }
    actions.extend([Action::Help, Action::Quit]);
    actions
}
