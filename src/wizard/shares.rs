//! The shared folders of a node that joins, as faces show them: nothing of them is asked there.

use crate::catalog::form::read;
use crate::model::check::CheckId;
use crate::model::facts::{Fact, FolderFacts, FolderPlace, Trouble};
use crate::model::finding::Severity;
use crate::model::flow::Flow;
use crate::model::screen::ScreenId;
use crate::model::storage::SharedFolder;
use crate::model::untrusted::Untrusted;

use super::state::State;

/// One of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Share {
    /// Which.
    pub folder: SharedFolder,
    /// Where the registry has it.
    pub path: Untrusted,
    /// How it stands here: `there`, `not there`; as long as nobody knows, what is being done about it.
    pub stands: &'static str,
    /// Whether that is as it should be, once it is known.
    pub good: Option<bool>,
}

/// All of them, where the open screen is about them and asks nothing.
pub fn of(state: &State) -> Vec<Share> {
    if state.place.here != ScreenId::Storage || state.flow() != Some(Flow::Join) {
        return Vec::new();
    }
    let folders = read::storage(&state.answers).map(|storage| storage.folders()).unwrap_or_default();
    let seen = |folder| state.facts.storage.folders.iter().find(|facts| facts.folder == folder);
    // A folder that is there and is not the one that the others see is not as it should be; the checks say which.
    let foreign = state.verdict(CheckId::StorageShared).severity() == Some(Severity::Stop);
    let shares = folders.into_iter().map(|(folder, path)| {
        let (stands, good) = standing(seen(folder));
        let good = good.filter(|good| !(*good && foreign));
        Share { folder, path: Untrusted::new(&path.to_string_lossy()), stands, good }
    });
    shares.collect()
}

fn standing(facts: Option<&FolderFacts>) -> (&'static str, Option<bool>) {
    match facts.map(|facts| &facts.place) {
        None => ("not looked at", None),
        Some(Fact::Unknown) => ("looking", None),
        Some(Fact::Seen(FolderPlace::There)) => ("there", Some(true)),
        Some(Fact::Seen(FolderPlace::Creatable { .. } | FolderPlace::DeadLink)) => ("not there", Some(false)),
        Some(Fact::Seen(FolderPlace::NotAFolder)) => ("no folder", Some(false)),
        Some(Fact::Seen(FolderPlace::Loop)) => ("links in a circle", Some(false)),
        Some(Fact::Missing(Trouble::TimedOut { .. })) => ("no answer", Some(false)),
        Some(Fact::Missing(Trouble::Unasked)) => ("no path of this system", Some(false)),
        Some(Fact::Missing(_)) => ("not accessible", Some(false)),
    }
}
