//! Surveys what is on this machine already.

use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use futures_util::future::join3;

use super::disk;
use super::octopus::{installed_version, list_instances};
use crate::catalog::format;
use crate::model::cluster::ClusterId;
use crate::model::facts::{Fact, InstanceSeen, Machine, StateFolder, StateTrial, UnfinishedRun};
use crate::model::field::FieldId;
use crate::model::journal::Journal;
use crate::model::node_config::NodeConfig;
use crate::model::plan::{StepKind, StepState};
use crate::model::untrusted::Untrusted;
use crate::world::atomic_write::sync_folder;
use crate::world::budget::{fact_within, within};
use crate::world::places::{Places, STATE_DIR_VARIABLE};
use crate::world::seal::{SealError, Sealer};
use crate::world::toml_file::{self, shown};
use crate::world::{clock, departed, host, instances, journals, node_config, probe};

/// Everything is local and small; only a state directory on a dead share takes longer.
const BUDGET: Duration = Duration::from_secs(5);

/// Surveys this machine. The first snapshot has the facts of the state directory; those of the instances' files and of an installed
/// Octopus Server come in a second one, because the start screen does not wait for them.
pub async fn machine(places: &Places, mut report: impl FnMut(Machine) + Send) -> Machine {
    let here = places.clone();
    let (mut machine, configs) = within(BUDGET, move || look(&here)).await.unwrap_or_else(|_| {
        let unreadable = vec![Untrusted::new("The state directory did not answer in time.")];
        (
            Machine { host_name: host::name().into(), today: Some(clock::now().date()), unreadable, ..Machine::default() },
            Vec::new(),
        )
    });
    report(machine.clone());
    // Each home may be on another disk; one that hangs costs only the cluster ids and the days.
    let details = within(BUDGET, move || configs.iter().map(|config| detail(config)).collect::<Vec<_>>());
    let here = places.clone();
    let state = fact_within(BUDGET, move || Fact::Seen(state_folder(&here)));
    let (details, version, state) = join3(details, installed_version(places), state).await;
    for (instance, (cluster, written)) in machine.instances.iter_mut().zip(details.unwrap_or_default()) {
        instance.cluster = cluster;
        instance.written = written;
    }
    machine.octopus_version = version;
    machine.state_folder = state;
    report(machine.clone());
    machine
}

/// The facts of the state directory, and the instances' configs in the same order.
fn look(places: &Places) -> (Machine, Vec<PathBuf>) {
    let (octopus_instances, mut unreadable) = list_instances(&places.octopus_instances);
    let (mut instances, mut configs) = (Vec::new(), Vec::new());
    // One sentence, and not one for each folder in it.
    let is_shut = shut(&places.state).map(|sentence| unreadable.push(sentence)).is_some();
    if let Some(other) = &places.other_state {
        unreadable.push(other_state(&places.state, other));
    }
    let mut listed = if is_shut { Vec::new() } else { instances::list(places) };
    // Files sort differently from names: `-2.toml` comes before `.toml`.
    listed.sort_by_key(|entry| entry.as_ref().ok().map(|instance| instance.name.to_lowercase()));
    for entry in listed {
        match entry {
            Ok(instance) => {
                instances.push(InstanceSeen {
                    name: Untrusted::new(&instance.name),
                    home: shown(&instance.home),
                    config: shown(&instance.config),
                    ..InstanceSeen::default()
                });
                configs.push(instance.config);
            }
            Err(error) => unreadable.push(error.to_string().into()),
        }
    }
    let mut unfinished = Vec::new();
    let journals = if is_shut { Vec::new() } else { journals::list(places) };
    for journal in journals {
        match journal {
            Ok(journal) => unfinished.push(UnfinishedRun {
                instance: Untrusted::new(&journal.instance),
                flow: journal.flow,
                done: journal.done(),
                steps: journal.steps.len(),
                when: clock::to_minute(&journal.written).into(),
                serves: !matches!(journal.state(StepKind::OctopusService), StepState::Planned | StepState::Undone),
                config: config_of(&journal),
            }),
            Err(error) => unreadable.push(error.to_string().into()),
        }
    }
    let departed = if is_shut { Vec::new() } else { departed::list(places) };
    let departed = departed.into_iter().flatten().map(|entry| Untrusted::new(&entry.name)).collect();
    let machine = Machine {
        today: Some(clock::now().date()),
        host_name: host::name().into(),
        system: host::system(&places.os_release).into(),
        instances,
        octopus_instances,
        octopus_version: Fact::Unknown,
        unfinished,
        departed,
        unreadable,
        state_folder: Fact::Unknown,
    };
    (machine, configs)
}

/// Returns the node config that an unfinished run has written already, which the list of instances may not name yet. One that cannot be
/// looked at counts: a review says why.
fn config_of(journal: &Journal) -> Untrusted {
    let Some(home) = journal.answers.get(FieldId::Home.id()) else { return Untrusted::default() };
    let config = node_config::path(Path::new(home));
    match config.symlink_metadata() {
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => Untrusted::default(),
        _ => shown(&config),
    }
}

/// Says that earlier runs of this account kept their files elsewhere: what they list is not seen here.
fn other_state(state: &Path, other: &Path) -> Untrusted {
    format!(
        "Earlier runs of this account kept their instances, journals and machine key in {}, and this machine's are in {}; name the former in \
         {STATE_DIR_VARIABLE} to see them.",
        shown(other),
        shown(state)
    )
    .into()
}

/// Says why this account may not look into the state directory, and whose it is.
fn shut(state: &Path) -> Option<Untrusted> {
    let error = std::fs::read_dir(state).err().filter(|error| error.kind() == ErrorKind::PermissionDenied)?;
    let owner = closed_folder(state).and_then(owner_of).map(|owner| format!(" It belongs to {}.", format::account(owner)));
    Some(format!("The state directory {} cannot be read: {error}.{}", shown(state), owner.unwrap_or_default()).into())
}

/// Returns the innermost folder of a path that this account may see: the one that hides the rest, or the path itself.
fn closed_folder(path: &Path) -> Option<&Path> {
    path.ancestors().find(|ancestor| ancestor.symlink_metadata().is_ok())
}

/// Returns the number of the account that a folder belongs to, where that is another than this one.
#[cfg(unix)]
fn owner_of(folder: &Path) -> Option<u32> {
    use std::os::unix::fs::MetadataExt;
    let owner = folder.metadata().ok()?.uid();
    (owner != rustix::process::geteuid().as_raw()).then_some(owner)
}

#[cfg(not(unix))]
fn owner_of(_: &Path) -> Option<u32> {
    None
}

/// Tries the wizard's own state directory as a run uses it, with one small file that is removed at once. If it does not exist yet,
/// tries its nearest existing parent: nothing is created before the first step.
fn state_folder(places: &Places) -> StateFolder {
    let path = &*places.state;
    let mut seen = StateFolder { path: shown(path), ..StateFolder::default() };
    let nearest = closed_folder(path).unwrap_or(path);
    match path.symlink_metadata() {
        Err(error) if error.kind() == ErrorKind::PermissionDenied => {
            seen.hidden = true;
            seen.above = Some(shown(nearest));
            seen.owner = owner_of(nearest);
            seen.refused = Some((StateTrial::Folder, error.to_string().into()));
            return seen;
        }
        Ok(_) | Err(_) => {}
    }
    match nearest.metadata() {
        Ok(found) if found.is_dir() => {}
        Ok(_) => {
            seen.refused = Some((StateTrial::Folder, format!("{} is not a folder", shown(nearest)).into()));
            return seen;
        }
        Err(error) => {
            seen.refused = Some((StateTrial::Folder, error.to_string().into()));
            return seen;
        }
    }
    seen.above = (nearest != path).then(|| shown(nearest));
    seen.free = disk::under(nearest).seen().map(|disk| disk.free);
    #[cfg(unix)]
    if nearest == path
        && let Ok(found) = path.metadata()
    {
        seen.owner = owner_of(path);
        seen.mode = Some(std::os::unix::fs::MetadataExt::mode(&found) & 0o7777);
    }
    seen.refused = try_folder(nearest).err().map(|(trial, error)| (trial, error.to_string().into()));
    if seen.refused.is_none()
        && let Some((part, trial, said)) = try_parts(places)
    {
        (seen.part, seen.refused) = (Some(shown(&part)), Some((trial, said)));
    }
    seen
}

/// Looks at what is in the state directory already: folders that a run writes to, and the machine key. Returns the first that a run could
/// not use.
fn try_parts(places: &Places) -> Option<(PathBuf, StateTrial, Untrusted)> {
    for folder in [places.locks(), places.journals(), places.instances()] {
        let found = match folder.symlink_metadata() {
            Err(error) if error.kind() == ErrorKind::NotFound => continue,
            // A link that leads nowhere is no folder either.
            Ok(_) => folder.metadata(),
            Err(error) => Err(error),
        };
        let trouble = match found {
            Ok(found) if !found.is_dir() => Some((StateTrial::Folder, "it is something else".into())),
            Err(error) => Some((StateTrial::Folder, error.to_string().into())),
            Ok(_) => may_write(&folder).err().map(|error| (StateTrial::Write, error.to_string().into())),
        };
        if let Some((trial, said)) = trouble {
            return Some((folder, trial, said));
        }
    }
    match Sealer::open(places) {
        Err(SealError::MachineKey { path, source }) => Some((path, StateTrial::Key, source.to_string().into())),
        _ => None,
    }
}

/// Asks the system whether this account may make files in a folder, without making one.
#[cfg(unix)]
fn may_write(folder: &Path) -> io::Result<()> {
    use rustix::fs::Access;
    Ok(rustix::fs::access(folder, Access::WRITE_OK | Access::EXEC_OK)?)
}

#[cfg(not(unix))]
fn may_write(_: &Path) -> io::Result<()> {
    Ok(())
}

/// Writes, syncs and locks a file.
fn try_folder(folder: &Path) -> Result<(), (StateTrial, io::Error)> {
    let failed = |trial| move |error: io::Error| (trial, error);
    let mut file = probe::unnamed(folder).map_err(failed(StateTrial::Write))?;
    file.write_all(b"octopus-setup looks whether it can work here, and removes this file at once.\n")
        .map_err(failed(StateTrial::Write))?;
    file.sync_all().and_then(|()| sync_folder(folder)).map_err(failed(StateTrial::Sync))?;
    file.try_lock().map_err(|error| (StateTrial::Lock, error.into()))
}

/// Returns the cluster that a config names, and the day it was last written. The review of the node reports errors.
fn detail(config: &Path) -> (Option<ClusterId>, Untrusted) {
    let cluster = toml_file::read::<NodeConfig>(config, NodeConfig::FORMAT).ok().map(|config| config.cluster.id);
    let written = std::fs::metadata(config).and_then(|seen| seen.modified()).map(clock::day).unwrap_or_default();
    (cluster, written.into())
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn state(path: &Path) -> StateFolder {
        state_folder(&Places::under(path.to_owned()))
    }

    fn trial(path: &Path) -> Option<StateTrial> {
        state(path).refused.map(|(trial, _)| trial)
    }

    #[test]
    fn a_directory_of_ours_can_be_used_and_nothing_is_left_in_it() {
        let root = tempfile::tempdir().expect("a folder");
        let path = root.path().join("state");
        let absent = state(&path);
        assert_eq!((absent.refused, absent.above, absent.mode), (None, Some(shown(root.path())), None));
        assert!(!path.exists(), "a survey makes nothing");
        std::fs::create_dir(&path).expect("made");
        for mode in [0o700, 0o755] {
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).expect("a mode");
            let seen = state(&path);
            assert_eq!((seen.refused, seen.above, seen.owner, seen.mode), (None, None, None, Some(mode)));
        }
        assert_eq!(std::fs::read_dir(&path).expect("read").count(), 0);
        assert_eq!(std::fs::read_dir(root.path()).expect("read").count(), 1);
    }

    #[test]
    fn files_in_the_way_are_no_folders() {
        let root = tempfile::tempdir().expect("a folder");
        let file = root.path().join("file");
        std::fs::write(&file, "x").expect("written");
        let link = root.path().join("link");
        std::os::unix::fs::symlink(root.path().join("nowhere"), &link).expect("a link");
        for path in [file.clone(), file.join("state"), link] {
            assert_eq!(trial(&path), Some(StateTrial::Folder), "{}", path.display());
        }
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn where_not_even_root_can_write_nothing_can_be_kept() {
        assert_eq!(trial(Path::new("/proc/octopus-setup")), Some(StateTrial::Write));
    }

    #[test]
    fn another_account_is_told_by_its_number() {
        let root = tempfile::tempdir().expect("a folder");
        // Only root may give a folder away; for everybody else this is a folder of root's.
        let path = match std::os::unix::fs::chown(root.path(), Some(54_321), None) {
            Ok(()) => root.path(),
            Err(_) => Path::new("/"),
        };
        assert_ne!(state(path).owner, None);
    }
}
