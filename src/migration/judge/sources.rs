//! Which folders are copied, from where and to where, and whether they lie in each other.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::migration::model::CopySource;
use crate::model::storage::{SharedFolder, under};

/// Folders that are not in the home directory.
pub type Overrides = BTreeMap<SharedFolder, PathBuf>;

/// Reads `NAME=DIR`, where the name is a folder's id or name in upper or lower case.
///
/// # Errors
/// What is wrong, as a sentence.
pub fn read_override(text: &str) -> Result<(SharedFolder, PathBuf), String> {
    let names = || SharedFolder::ALL.map(SharedFolder::id).join(", ");
    let Some((name, path)) = text.split_once('=').filter(|(_, path)| !path.is_empty()) else {
        return Err(format!("It takes NAME=DIR; the names are {}.", names()));
    };
    let known = |folder: &SharedFolder| name.eq_ignore_ascii_case(folder.id()) || name.eq_ignore_ascii_case(folder.name());
    match SharedFolder::ALL.into_iter().find(known) {
        Some(folder) => Ok((folder, PathBuf::from(path))),
        None => Err(format!("There is no such folder; the names are {}.", names())),
    }
}

/// Returns every folder that may exist: below the home directory unless it is overridden, and at the destination below the names
/// that Octopus Server looks for there.
pub fn planned(home: Option<&Path>, overrides: &Overrides, root: &Path) -> Vec<CopySource> {
    SharedFolder::ALL
        .into_iter()
        .filter_map(|folder| {
            let from = overrides.get(&folder).cloned().or_else(|| home.map(|home| under(home, folder.name())))?;
            Some(CopySource { folder, from, to: under(root, folder.name()) })
        })
        .collect()
}

/// Returns whether a source and a destination are the same or contain each other. Both are resolved paths. A copy into itself never
/// ends, and a source below the destination would be copied beside itself.
pub fn entangled(from: &Path, to: &Path) -> bool {
    from.starts_with(to) || to.starts_with(from)
}

/// Returns the indices of two sources of which the first is inside the second: its files would be copied twice.
pub fn misplaced(sources: &[PathBuf]) -> Option<(usize, usize)> {
    let pairs = (0..sources.len()).flat_map(|one| (0..sources.len()).map(move |other| (one, other)));
    pairs.into_iter().find(|(one, other)| {
        one != other && sources.get(*one).zip(sources.get(*other)).is_some_and(|(one, other)| one.starts_with(other))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_named_by_its_id_or_its_name() {
        for name in ["task-logs", "TaskLogs", "TASKLOGS", "Task-Logs"] {
            assert_eq!(read_override(&format!("{name}=/a=b")), Ok((SharedFolder::TaskLogs, "/a=b".into())), "{name}");
        }
        for wrong in ["logs=/a", "task-logs", "task-logs=", "=/a", ""] {
            assert!(read_override(wrong).is_err_and(|said| said.contains("task-logs, packages")), "{wrong}");
        }
    }

    #[test]
    fn what_is_elsewhere_is_taken_from_there_and_lands_where_octopus_looks() {
        let overrides = Overrides::from([(SharedFolder::Packages, "/big/nuget".into())]);
        let sources = planned(Some(Path::new("/opt/o")), &overrides, Path::new("/mnt/o"));
        assert_eq!(sources.len(), 6);
        assert_eq!(sources[1].from, Path::new("/opt/o/TaskLogs"));
        assert_eq!((&*sources[2].from, &*sources[2].to), (Path::new("/big/nuget"), Path::new("/mnt/o/Packages")));
        assert_eq!(planned(None, &overrides, Path::new("/mnt/o")).len(), 1);
    }

    #[test]
    fn one_s_own_inside_is_no_destination() {
        let told = |from: &str, to: &str| entangled(Path::new(from), Path::new(to));
        assert!(told("/o/Artifacts", "/o/Artifacts") && told("/o/Artifacts", "/o/Artifacts/x/Artifacts"));
        assert!(told("/mnt/s/Artifacts/old", "/mnt/s/Artifacts"));
        assert!(!told("/o/Artifacts", "/o/Artifacts2") && !told("/o/Artifacts", "/mnt/o/Artifacts"));
    }

    #[test]
    fn one_source_in_another_is_told() {
        let places = |all: &[&str]| all.iter().map(PathBuf::from).collect::<Vec<_>>();
        assert_eq!(misplaced(&places(&["/o/A", "/o/B", "/o/A/x"])), Some((2, 0)));
        assert_eq!(misplaced(&places(&["/o/A", "/o/A"])), Some((0, 1)));
        assert_eq!(misplaced(&places(&["/o/A", "/o/AB"])), None);
    }
}
