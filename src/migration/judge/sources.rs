//! Which folders are copied, from where and to where.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::migration::model::Source;
use crate::model::storage::{SharedFolder, under};

/// Folders that are elsewhere than in the home directory.
pub type Overrides = BTreeMap<SharedFolder, PathBuf>;

/// Reads `NAME=DIR`: a folder by its id or by its name, whatever the case.
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

/// Every folder that there may be: below the home directory, where it is known, unless it was said to be elsewhere; and below the
/// destination by the names that Octopus Server looks for there.
pub fn planned(home: Option<&Path>, overrides: &Overrides, root: &Path) -> Vec<Source> {
    SharedFolder::ALL
        .into_iter()
        .filter_map(|folder| {
            let from = overrides.get(&folder).cloned().or_else(|| home.map(|home| under(home, folder.name())))?;
            Some(Source { folder, from, to: under(root, folder.name()) })
        })
        .collect()
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
}
