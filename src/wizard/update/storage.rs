//! What the nodes share, of every node but the first: the registry says it, and it becomes the answers.

use crate::catalog::settings;
use crate::model::answers::{Origin, Raw};
use crate::model::flow::Flow;
use crate::model::storage::SharedStorage;
use crate::wizard::state::State;

/// Makes the answers about the storage those of the registry, whatever they were. Of a join nothing is shared while it is
/// not known, so that no path of another cluster is looked at or planned with; a node under review has its own config to
/// go by then, and where the registry has lost what it knew.
pub fn told(state: &mut State) {
    let known = state.facts.cluster.storage.seen();
    match (state.flow(), known) {
        (Some(Flow::Join), _) => {}
        (Some(Flow::Review), Some(storage)) if !storage.is_none() => {}
        _ => return,
    }
    let origin = if known.is_some() { Origin::File } else { Origin::Default };
    for (field, text) in settings::storage::answers(known.unwrap_or(&SharedStorage::None)) {
        if state.answers.text(field) != text {
            state.answers.set(field, Raw::of(field, text), origin);
        }
    }
}
