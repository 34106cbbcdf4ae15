//! The steps on this machine's own files: the home directory, the sealed master key, the node config and the entry in this
//! machine's list. What a step is about to replace or take away is copied first, so that undo can put it back byte for byte.

use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use secrecy::ExposeSecret;

use super::deeds::{StepRun, StepUndo};
use super::instance_lock::{file, state_file};
use crate::catalog::steps::{self, StepTarget};
use crate::model::cluster::ClusterId;
use crate::model::flow::Flow;
use crate::model::master_key::{Fingerprint, MasterKey};
use crate::model::node_config::{NodeConfig, Sealed};
use crate::model::plan::{Failure, Plan, StepKind, StepState};
use crate::world::atomic_write::{self, Existing, atomic_write, sync_folder};
use crate::world::instances::{self, Instance};
use crate::world::journals::{self, Copy};
use crate::world::node_config::{self, OpenError, same_but_for_seals};
use crate::world::places::Places;
use crate::world::seal::{Purpose, SealError, Sealer};
use crate::world::toml_file::{TomlFileError, own_record, shown};
use crate::world::{clock, folder, ownership, small_file};

/// The owner of the files: an instance in a home directory, with its cluster and key.
#[derive(Debug, Clone)]
pub(super) struct Owner {
    pub(super) instance: String,
    pub(super) home: PathBuf,
    pub(super) cluster: ClusterId,
    pub(super) fingerprint: Fingerprint,
}

impl Owner {
    pub(super) fn of_plan(plan: &Plan) -> Self {
        let node = &plan.node;
        Self { instance: node.instance.clone(), home: node.home.clone(), cluster: plan.cluster, fingerprint: plan.fingerprint }
    }

    fn has(&self, config: &NodeConfig) -> bool {
        config.instance == self.instance && config.cluster.id == self.cluster
    }
}

/// Creates the home directory.
pub(super) async fn create_home<D>(step: StepRun<'_, D>) -> Result<StepState, Failure> {
    let earlier = if step.was_there() { StepState::Already } else { step.earlier };
    let home = step.run.plan.node.home.clone();
    let state = {
        let home = home.clone();
        step.run.lock.run_blocking(move |_| create(&home, earlier)).await?
    };
    // Held open from now on.
    step.run.lock.run_in_home(&home, |_, _| Ok(())).await?;
    Ok(state)
}

/// Removes the folders that were created, as far as they are empty, unless something of the run is left in them.
pub(super) async fn undo_create_home<D>(step: StepUndo<'_, D>) -> Result<(), Failure> {
    let journal = &step.run.journal;
    if journal.is_begun_or_done(StepKind::SealMasterKey) || journal.is_begun_or_done(StepKind::WriteNodeConfig) {
        return Err(Failure::Kept { what: shown(&journal.owner().home) });
    }
    let folders = journal.journal.folders.clone();
    step.run.lock.run_blocking(move |_| remove_folders(&folders)).await
}

/// Puts the master key on disk, sealed and synced, before anything in the database depends on it.
pub(super) async fn seal_key<D>(step: StepRun<'_, D>) -> Result<StepState, Failure> {
    let (owner, key) = (Owner::of_plan(step.run.plan), step.key()?.clone());
    let touched = step.earlier.is_begun_or_done();
    // On a node that is there, it came with a copied config and the key was entered again. On a new one it stays, and is in
    // the way: it may be the only copy there is of another cluster's.
    let sets_aside = step.run.plan.flow == Flow::Edit;
    let home = owner.home.clone();
    step.run.lock.run_in_home(&home, move |places, folder| seal(places, folder, &owner, &key, touched, sets_aside)).await?;
    Ok(StepState::Done)
}

/// Takes back what [`seal_key`] did: the owner's sealed key goes, and one that was there before comes back. A key that is
/// not the owner's stays.
pub(super) async fn undo_seal_key<D>(step: StepUndo<'_, D>) -> Result<(), Failure> {
    let owner = step.run.journal.owner();
    // The cluster's row may still be there: then this may be the only copy of its key.
    if step.run.journal.is_begun_or_done(StepKind::InitialiseCluster) {
        return Err(Failure::Kept { what: shown(&key_path(&owner.home)) });
    }
    let home = owner.home.clone();
    let restore = move |places: &Places, folder: &Path| match read_key(places, folder, &owner)? {
        KeyFile::Ours(_) | KeyFile::Absent => restore(places, &owner.instance, Copy::Key, &key_path(folder)),
        KeyFile::OtherMachine | KeyFile::Other => Ok(()),
    };
    step.run.lock.run_in_home(&home, restore).await
}

/// Writes the node config and enters the instance in this machine's list.
pub(super) async fn write_config<D>(step: StepRun<'_, D>) -> Result<StepState, Failure> {
    step.target()?;
    let plan = step.run.plan.clone();
    let home = plan.node.home.clone();
    step.run.lock.run_in_home(&home, move |places, folder| write_and_enter(places, folder, &plan)).await?;
    Ok(StepState::Done)
}

/// Takes back what [`write_config`] did: the config and the entry are as they were before the run, or gone where there were
/// none; as far as they are this cluster's: beside another cluster's config the entry is that one's too.
pub(super) async fn undo_write_config<D>(step: StepUndo<'_, D>) -> Result<(), Failure> {
    let owner = step.run.journal.owner();
    let home = owner.home.clone();
    step.run.lock.run_in_home(&home, move |places, folder| undo_write(places, folder, &owner)).await
}

/// Takes the node config away and strikes the instance off this machine's list.
pub(super) async fn remove_config<D>(step: StepRun<'_, D>) -> Result<StepState, Failure> {
    let owner = Owner::of_plan(step.run.plan);
    let home = owner.home.clone();
    step.run.lock.run_in_home(&home, move |places, folder| set_config_aside(places, folder, &owner)).await?;
    Ok(StepState::Done)
}

/// Takes back what [`remove_config`] did: puts both files back, unless somebody has put others in their place.
pub(super) async fn undo_remove_config<D>(step: StepUndo<'_, D>) -> Result<(), Failure> {
    let owner = step.run.journal.owner();
    let home = owner.home.clone();
    step.run.lock.run_in_home(&home, move |places, folder| undo_set_config_aside(places, folder, &owner)).await
}

/// Keeps copies of what a step is about to replace or take away, before it is begun. A config that the step will refuse to
/// touch needs none, and may be of any size.
pub(super) fn keep_copies(places: &Places, folder: &Path, kind: StepKind, owner: &Owner) -> Result<(), Failure> {
    let instance = &owner.instance;
    match steps::row(kind).target {
        StepTarget::Key => keep(places, instance, Copy::Key, &key_path(folder)),
        StepTarget::Config => {
            let path = node_config::path(folder);
            if matches!(node_config::find(folder), Ok(Some(config)) if owner.has(&config)) {
                keep(places, instance, Copy::Config, &path)?;
            } else {
                journals::keep(places, instance, Copy::Config, None).map_err(state_file(&places.journal(instance)))?;
            }
            keep(places, instance, Copy::Entry, &places.instance(instance))
        }
        _ => Ok(()),
    }
}

/// Keeps a copy of a file, or that there was none.
fn keep(places: &Places, instance: &str, copy: Copy, path: &Path) -> Result<(), Failure> {
    let bytes = small_file::find(path).map_err(file(path))?;
    journals::keep(places, instance, copy, bytes.as_deref()).map_err(state_file(&places.journal(instance)))
}

/// Puts a file back as it was before the run, or removes it where there was none; what is there
/// now has to be the run's own, or nothing.
fn restore(places: &Places, instance: &str, copy: Copy, path: &Path) -> Result<(), Failure> {
    let failed = |path: &Path, error: io::Error| {
        if copy == Copy::Entry { state_file(path)(error) } else { file(path)(error) }
    };
    match kept(places, instance, copy)? {
        Some(bytes) if holds(path, &bytes) => Ok(()),
        Some(bytes) => {
            if let Some(parent) = path.parent() {
                // A home that somebody removed meanwhile is made again: 0700, the stricter of its modes.
                folder::create_private(parent).map_err(|error| failed(parent, error))?;
            }
            atomic_write(path, &bytes, Existing::Replace).map_err(|error| failed(path, error))
        }
        // Also where there is none now: an interrupted write may have left its temporary file.
        None => atomic_write::remove(path).map_err(|error| failed(path, error)),
    }
}

/// What was kept of a file.
fn kept(places: &Places, instance: &str, copy: Copy) -> Result<Option<Vec<u8>>, Failure> {
    journals::kept(places, instance, copy).map_err(state_file(&places.journal(instance)))
}

/// Whether the file holds exactly these bytes.
fn holds(path: &Path, bytes: &[u8]) -> bool {
    small_file::find(path).is_ok_and(|found| found.is_some_and(|found| found == bytes))
}

/// Whether there is a folder already; something else in its place is in the way.
pub(super) fn is_home_there(home: &Path) -> Result<bool, Failure> {
    match std::fs::metadata(home) {
        Ok(seen) if seen.is_dir() => Ok(true),
        Ok(_) => Err(Failure::FileInTheWay { path: shown(home) }),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
        Err(error) => Err(file(home)(error)),
    }
}

/// Creates the home directory, unless an earlier start did, and looks whether it is there.
fn create(home: &Path, earlier: StepState) -> Result<StepState, Failure> {
    let there = is_home_there(home)?;
    // Cut off between creating it and setting its mode, an earlier start left it with another one; so once more.
    if !there || earlier == StepState::Begun {
        folder::create_home(home).map_err(file(home))?;
    }
    if !is_home_there(home)? {
        return Err(Failure::ReadBack { what: shown(home) });
    }
    Ok(if there && earlier == StepState::Already { StepState::Already } else { StepState::Done })
}

/// Removes the folders that the run created, the innermost first, as far as they are empty. What somebody else put
/// there is theirs, so a folder that is not empty is no failure: it stays, and so do those above it.
fn remove_folders(folders: &[PathBuf]) -> Result<(), Failure> {
    for folder in folders.iter().rev() {
        match std::fs::remove_dir(folder) {
            Ok(()) => {
                if let Some(parent) = folder.parent() {
                    sync_folder(parent).map_err(file(parent))?;
                }
            }
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) if error.kind() == ErrorKind::DirectoryNotEmpty => break,
            Err(error) => return Err(file(folder)(error)),
        }
    }
    Ok(())
}

/// Where a home's sealed key is.
pub(super) fn key_path(home: &Path) -> PathBuf {
    home.join(NodeConfig::KEY_FILE)
}

/// Seals the key, or finds it sealed by an earlier start; either way it was opened from the disk when this returns.
/// Another key's file is never overwritten: it may be the only copy there is. `touched` tells whether an earlier start
/// may have written it; `sets_aside`, whether one of another machine is kept under a dated name.
fn seal(places: &Places, folder: &Path, owner: &Owner, key: &MasterKey, touched: bool, sets_aside: bool) -> Result<(), Failure> {
    let path = key_path(folder);
    let stamp = clock::stamp(clock::now());
    let existing = match read_key(places, folder, owner)? {
        KeyFile::Ours(_) => return Ok(()),
        KeyFile::Absent => Existing::Refuse,
        KeyFile::OtherMachine if sets_aside => Existing::Backup(&stamp),
        KeyFile::OtherMachine | KeyFile::Other if touched => return Err(Failure::SealBroken { path: shown(&path) }),
        KeyFile::OtherMachine | KeyFile::Other => return Err(Failure::FileInTheWay { path: shown(&path) }),
    };
    let sealer = Sealer::open_or_create(places).map_err(|error| seal_failure(&path, &error))?;
    let text = sealer.seal(&purpose(owner), key.expose_bytes()).map_err(|error| seal_failure(&path, &error))?;
    atomic_write(&path, format!("{}\n", text.0).as_bytes(), existing).map_err(|error| match error.kind() {
        ErrorKind::AlreadyExists => Failure::FileInTheWay { path: shown(&path) },
        _ => file(&path)(error),
    })?;
    match find_key(places, folder, owner)? {
        Some(_) => Ok(()),
        None => Err(Failure::ReadBack { what: shown(&path) }),
    }
}

/// The sealed key, opened, if there is one. One that does not open, or is another than the owner's, is an error.
pub(super) fn find_key(places: &Places, folder: &Path, owner: &Owner) -> Result<Option<MasterKey>, Failure> {
    match read_key(places, folder, owner)? {
        KeyFile::Absent => Ok(None),
        KeyFile::Ours(key) => Ok(Some(key)),
        KeyFile::OtherMachine | KeyFile::Other => Err(Failure::SealBroken { path: shown(&key_path(folder)) }),
    }
}

/// What is in the sealed key's place.
enum KeyFile {
    Absent,
    /// The owner's key, opened.
    Ours(MasterKey),
    /// What another machine sealed.
    OtherMachine,
    /// What does not open here although it was sealed here, or is another key, or no sealed key at all.
    Other,
}

fn read_key(places: &Places, folder: &Path, owner: &Owner) -> Result<KeyFile, Failure> {
    let path = key_path(folder);
    let text = match small_file::read_text(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(KeyFile::Absent),
        Err(error) => return Err(file(&path)(error)),
    };
    let opened = match Sealer::open(places).and_then(|sealer| sealer.unseal(&purpose(owner), &Sealed(text))) {
        Ok(opened) => opened,
        Err(SealError::OtherMachine) => return Ok(KeyFile::OtherMachine),
        Err(SealError::Damaged | SealError::OtherDestination | SealError::Malformed) => return Ok(KeyFile::Other),
        Err(error) => return Err(seal_failure(&path, &error)),
    };
    Ok(match MasterKey::from_bytes(opened.expose_secret()) {
        Ok(key) if key.fingerprint() == owner.fingerprint => KeyFile::Ours(key),
        _ => KeyFile::Other,
    })
}

fn purpose(owner: &Owner) -> Purpose<'_> {
    Purpose::MasterKey { instance: &owner.instance, cluster: owner.cluster }
}

/// A machine key that cannot be used is told as the file that it is; everything else is the sealed key's own fault.
fn seal_failure(path: &Path, error: &SealError) -> Failure {
    match error {
        SealError::MachineKey { path, source } => {
            Failure::StateFile { path: shown(path), said: ownership::explain(path, source).into() }
        }
        SealError::NoRandomness(error) => Failure::Defect(error.to_string().into()),
        SealError::OtherMachine | SealError::Damaged | SealError::OtherDestination | SealError::Malformed => {
            Failure::SealBroken { path: shown(path) }
        }
    }
}

/// Writes the config and the entry, and reads both back. A config that says the same already stays as it is, nonces and all;
/// one of the same instance and cluster is kept under a dated name; one of any other is in the way.
fn write_and_enter(places: &Places, folder: &Path, plan: &Plan) -> Result<(), Failure> {
    let path = node_config::path(folder);
    let sealer = Sealer::open_or_create(places).map_err(|error| sealing_failure(&path, &error))?;
    let config = node_config::build(plan, &sealer).map_err(|error| sealing_failure(&path, &error))?;
    let older = node_config::find(folder).map_err(|_| Failure::FileInTheWay { path: shown(&path) })?;
    if older.as_ref().is_some_and(|older| !Owner::of_plan(plan).has(older)) {
        return Err(Failure::FileInTheWay { path: shown(&path) });
    }
    // An older one that does not open was sealed under another machine key; then it does not say the same.
    let as_it_should = older.is_some_and(|older| same_but_for_seals(&older, &config, &sealer).unwrap_or(false));
    if !as_it_should {
        node_config::write_into(folder, &config).map_err(file(&path))?;
    }
    let back = node_config::read(folder)?;
    if !same_but_for_seals(&back, &config, &sealer).map_err(|error| opening_failure(&path, &error))? {
        return Err(Failure::ReadBack { what: shown(&path) });
    }
    enter(places, &config)
}

/// Enters the instance, unless its name belongs to another home.
fn enter(places: &Places, config: &NodeConfig) -> Result<(), Failure> {
    let entry = places.instance(&config.instance);
    let wanted = Instance {
        format: Instance::FORMAT,
        name: config.instance.clone(),
        home: config.node.home.clone(),
        config: node_config::path(&config.node.home),
    };
    match instances::find(places, &config.instance).map_err(own_record)? {
        Some(found) if found == wanted => return Ok(()),
        Some(found) if found.home != wanted.home => return Err(Failure::FileInTheWay { path: shown(&entry) }),
        _ => {}
    }
    instances::enter(places, &wanted).map_err(state_file(&entry))?;
    match instances::find(places, &config.instance).map_err(own_record)? {
        Some(found) if found == wanted => Ok(()),
        _ => Err(Failure::ReadBack { what: shown(&entry) }),
    }
}

fn undo_write(places: &Places, folder: &Path, owner: &Owner) -> Result<(), Failure> {
    let Owner { instance, home, .. } = owner;
    let path = node_config::path(folder);
    match node_config::find(folder) {
        Ok(found) if found.as_ref().is_some_and(|config| !owner.has(config)) => return Ok(()),
        Ok(_) => {}
        // Ours is written whole or not at all, so what does not parse is somebody else's.
        Err(TomlFileError::Malformed { .. } | TomlFileError::OtherKind { .. } | TomlFileError::OtherFormat { .. }) => {
            return Ok(());
        }
        Err(error) => return Err(error.into()),
    }
    if instances::find(places, instance).map_err(own_record)?.is_none_or(|found| found.home == *home) {
        restore(places, instance, Copy::Entry, &places.instance(instance))?;
    }
    restore(places, instance, Copy::Config, &path)
}

/// Takes the config away, which stays under a dated name, and strikes the instance off the list. A config that is not
/// this instance's and cluster's, or that nobody can read, is in the way. The sealed master key stays where it is:
/// should it be the last copy, nobody could make another.
fn set_config_aside(places: &Places, folder: &Path, owner: &Owner) -> Result<(), Failure> {
    let Owner { instance, home, .. } = owner;
    let path = node_config::path(folder);
    let there = match node_config::find(folder) {
        Ok(None) => false,
        Ok(Some(config)) if owner.has(&config) => true,
        _ => return Err(Failure::FileInTheWay { path: shown(&path) }),
    };
    if instances::find(places, instance).map_err(own_record)?.is_some_and(|found| found.home == *home) {
        instances::strike(places, instance).map_err(state_file(&places.instance(instance)))?;
    }
    // Last, since a run that stops before this is gone on with by what the config says.
    if there {
        node_config::set_aside(folder).map_err(file(&path))?;
    }
    match node_config::find(folder) {
        Ok(None) => Ok(()),
        _ => Err(Failure::ReadBack { what: shown(&path) }),
    }
}

fn undo_set_config_aside(places: &Places, folder: &Path, owner: &Owner) -> Result<(), Failure> {
    let instance = &owner.instance;
    for (copy, path) in [(Copy::Config, node_config::path(folder)), (Copy::Entry, places.instance(instance))] {
        let Some(bytes) = kept(places, instance, copy)? else { continue };
        if std::fs::symlink_metadata(&path).is_ok() && !holds(&path, &bytes) {
            return Err(Failure::FileInTheWay { path: shown(&path) });
        }
        restore(places, instance, copy, &path)?;
    }
    Ok(())
}

/// Whether [`remove_config`] has done all that it is to do.
pub(super) fn is_config_removed(places: &Places, folder: &Path, owner: &Owner) -> Result<bool, Failure> {
    let Owner { instance, home, .. } = owner;
    let listed = instances::find(places, instance).map_err(own_record)?.is_some_and(|found| found.home == *home);
    Ok(!listed && matches!(node_config::find(folder), Ok(None)))
}

/// A failure to seal what goes into the config.
pub(super) fn sealing_failure(path: &Path, error: &SealError) -> Failure {
    match error {
        SealError::MachineKey { path, source } => {
            Failure::StateFile { path: shown(path), said: ownership::explain(path, source).into() }
        }
        other => Failure::File { path: shown(path), said: other.to_string().into() },
    }
}

/// A failure to open what is in the config.
pub(super) fn opening_failure(path: &Path, error: &OpenError) -> Failure {
    match error {
        OpenError::Seal {
            source: SealError::OtherMachine | SealError::Damaged | SealError::OtherDestination | SealError::Malformed,
            ..
        } => Failure::SealBroken { path: shown(path) },
        other => Failure::File { path: shown(path), said: other.to_string().into() },
    }
}
