//! The step that puts the master key on disk, sealed and synced, before anything in the database depends on it.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use secrecy::ExposeSecret;

use super::copies;
use super::instance_lock::file;
use crate::model::cluster::ClusterId;
use crate::model::master_key::{Fingerprint, MasterKey};
use crate::model::node_config::{NodeConfig, Sealed};
use crate::model::plan::Failure;
use crate::world::atomic_write::{Existing, atomic_write};
use crate::world::journals::Copy;
use crate::world::places::Places;
use crate::world::seal::{Purpose, SealError, Sealer};
use crate::world::toml_file::shown;
use crate::world::{clock, small_file};

/// Where a home's sealed key is.
pub(super) fn path(home: &Path) -> PathBuf {
    home.join(NodeConfig::KEY_FILE)
}

/// Whose key it is: what it was sealed for, and what tells it from another one.
#[derive(Debug, Clone)]
pub(super) struct Owner {
    pub(super) instance: String,
    pub(super) home: PathBuf,
    pub(super) cluster: ClusterId,
    pub(super) fingerprint: Fingerprint,
}

/// What is to become of a sealed key that another machine sealed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Elsewhere {
    /// It stays, and is in the way: it may be the only copy there is of another cluster's.
    InTheWay,
    /// It came here with a copied config and the key was entered again: it is kept under a dated name.
    SetAside,
}

/// Keeps a copy of what is in the sealed key's place, before the step is begun.
pub(super) fn keep_copy(places: &Places, owner: &Owner) -> Result<(), Failure> {
    copies::keep(places, &owner.instance, Copy::Key, &path(&owner.home))
}

/// Seals the key, or finds it sealed by an earlier start; either way it was opened from the disk when this returns.
/// Another key's file is never overwritten: it may be the only copy there is. `touched` tells whether an earlier start
/// may have written it.
pub(super) fn seal(places: &Places, owner: &Owner, key: &MasterKey, touched: bool, elsewhere: Elsewhere) -> Result<(), Failure> {
    let path = path(&owner.home);
    let stamp = clock::stamp(clock::now());
    let existing = match look(places, owner)? {
        Found::Ours(_) => return Ok(()),
        Found::Nothing => Existing::Refuse,
        Found::Elsewhere if elsewhere == Elsewhere::SetAside => Existing::Backup(&stamp),
        Found::Elsewhere | Found::Other if touched => return Err(Failure::SealBroken { path: shown(&path) }),
        Found::Elsewhere | Found::Other => return Err(Failure::FileInTheWay { path: shown(&path) }),
    };
    let sealer = Sealer::open_or_create(places).map_err(|error| broken(&path, &error))?;
    let text = sealer.seal(&purpose(owner), key.expose_bytes()).map_err(|error| broken(&path, &error))?;
    atomic_write(&path, format!("{}\n", text.0).as_bytes(), existing).map_err(|error| match error.kind() {
        ErrorKind::AlreadyExists => Failure::FileInTheWay { path: shown(&path) },
        _ => file(&path)(error),
    })?;
    match find(places, owner)? {
        Some(_) => Ok(()),
        None => Err(Failure::ReadBack { what: shown(&path) }),
    }
}

/// The sealed key, opened, if there is one. One that does not open, or is another than the owner's, is an error.
pub(super) fn find(places: &Places, owner: &Owner) -> Result<Option<MasterKey>, Failure> {
    match look(places, owner)? {
        Found::Nothing => Ok(None),
        Found::Ours(key) => Ok(Some(key)),
        Found::Elsewhere | Found::Other => Err(Failure::SealBroken { path: shown(&path(&owner.home)) }),
    }
}

/// What is in the sealed key's place.
enum Found {
    Nothing,
    /// The owner's key, opened.
    Ours(MasterKey),
    /// What another machine sealed.
    Elsewhere,
    /// What does not open here although it was sealed here, or is another key, or no sealed key at all.
    Other,
}

fn look(places: &Places, owner: &Owner) -> Result<Found, Failure> {
    let path = path(&owner.home);
    let text = match small_file::read_text(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Found::Nothing),
        Err(error) => return Err(file(&path)(error)),
    };
    let opened = match Sealer::open(places).and_then(|sealer| sealer.unseal(&purpose(owner), &Sealed(text))) {
        Ok(opened) => opened,
        Err(SealError::OtherMachine) => return Ok(Found::Elsewhere),
        Err(SealError::Damaged | SealError::Malformed) => return Ok(Found::Other),
        Err(error) => return Err(broken(&path, &error)),
    };
    Ok(match MasterKey::from_bytes(opened.expose_secret()) {
        Ok(key) if key.fingerprint() == owner.fingerprint => Found::Ours(key),
        _ => Found::Other,
    })
}

/// Takes back what [`seal`] did: the owner's sealed key goes, and one that was there before comes back; whoever calls
/// this knows that no cluster depends on it. A key that is not the owner's stays, whoever put it there and whenever.
pub(super) fn undo(places: &Places, owner: &Owner) -> Result<(), Failure> {
    match look(places, owner)? {
        Found::Ours(_) | Found::Nothing => copies::put_back(places, &owner.instance, Copy::Key, &path(&owner.home)),
        Found::Elsewhere | Found::Other => Ok(()),
    }
}

fn purpose(owner: &Owner) -> Purpose<'_> {
    Purpose::MasterKey { instance: &owner.instance, cluster: owner.cluster }
}

/// A machine key that cannot be used is told as the file that it is; everything else is the sealed key's own fault.
fn broken(path: &Path, error: &SealError) -> Failure {
    match error {
        SealError::MachineKey { path, source } => Failure::File { path: shown(path), said: source.to_string().into() },
        SealError::NoRandomness(error) => Failure::Defect(error.to_string().into()),
        SealError::OtherMachine | SealError::Damaged | SealError::Malformed => Failure::SealBroken { path: shown(path) },
    }
}
