//! What the nodes share, of every node but the first: the registry says it, and it becomes the answers.

use crate::model::answers::{Origin, Raw};
use crate::model::field::FieldId;
use crate::model::flow::Flow;
use crate::model::storage::{SharedFolder, SharedStorage};
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
    for (field, text) in answers(known.unwrap_or(&SharedStorage::None)) {
        if state.answers.text(field) != text {
            state.answers.set(field, Raw::of(field, text), origin);
        }
    }
}

/// The answers that say what is shared.
fn answers(storage: &SharedStorage) -> impl Iterator<Item = (FieldId, String)> {
    let word = match storage {
        SharedStorage::None => "none",
        SharedStorage::Root(_) => "root",
        SharedStorage::Folders(_) => "folders",
    };
    let root = match storage {
        SharedStorage::Root(root) => root.display().to_string(),
        SharedStorage::None | SharedStorage::Folders(_) => String::new(),
    };
    let named = match storage {
        SharedStorage::Folders(folders) => folders.clone(),
        SharedStorage::None | SharedStorage::Root(_) => Vec::new(),
    };
    let folders = SharedFolder::ALL.into_iter().map(move |folder| {
        let path = named.iter().find(|(other, _)| *other == folder).map(|(_, path)| path.display().to_string());
        (folder.field(), path.unwrap_or_default())
    });
    [(FieldId::Storage, word.to_owned()), (FieldId::StorageRoot, root)].into_iter().chain(folders)
}
