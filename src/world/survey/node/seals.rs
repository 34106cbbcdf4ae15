//! The secrets of a node config, opened.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use secrecy::{ExposeSecret, SecretString};

use crate::model::answers::Raw;
use crate::model::facts::{SealTrouble, Trouble};
use crate::model::master_key::MasterKey;
use crate::model::node_config::{NodeConfig, Sealed, SealedSignIn};
use crate::world::budget::io;
use crate::world::node_config::{self, OpenError};
use crate::world::seal::{Purpose, SealError, Sealer};
use crate::world::small_file;

/// This machine's sealer, or why there is none.
type Seals = Result<Sealer, SealError>;

/// The database login's password.
pub(super) fn password(config: &NodeConfig, sealer: &Seals) -> Result<Raw, Trouble> {
    let SealedSignIn::SqlLogin { password, .. } = &config.database.sign_in;
    if password.0.trim().is_empty() {
        return Err(Trouble::Seal(SealTrouble::Absent));
    }
    let sealer = sealer.as_ref().map_err(trouble)?;
    node_config::database_password(config, sealer).map(Raw::Secret).map_err(|error| opening(&error))
}

/// The service account's password, where the config has one.
pub(super) fn service_password(config: &NodeConfig, sealer: &Seals) -> Result<Option<Raw>, Trouble> {
    if config.service.password.is_none() {
        return Ok(None);
    }
    let sealer = sealer.as_ref().map_err(trouble)?;
    let password = node_config::service_password(config, sealer).map_err(|error| opening(&error))?;
    Ok(password.map(Raw::Secret))
}

/// The sealed master key beside the config, or in its home where the config itself lies elsewhere. A file that does
/// not open hides none that does.
pub(super) fn key(config: &NodeConfig, path: &Path, sealer: &Seals) -> Result<SecretString, Trouble> {
    let mut first = None;
    for file in key_files(config, path) {
        match key_in(config, &file, sealer) {
            Ok(key) => return Ok(key.to_base64()),
            Err(Trouble::Seal(SealTrouble::Absent)) => {}
            Err(trouble) => first = first.or(Some(trouble)),
        }
    }
    Err(first.unwrap_or(Trouble::Seal(SealTrouble::Absent)))
}

/// Where the key file may be. What is no bare name leads out of the folder, and no config of ours says such a thing.
fn key_files(config: &NodeConfig, path: &Path) -> Vec<PathBuf> {
    let name = Path::new(&config.cluster.master_key_file);
    if name.file_name() != Some(OsStr::new(&config.cluster.master_key_file)) {
        return Vec::new();
    }
    let mut files: Vec<_> = path.parent().map(|folder| folder.join(name)).into_iter().collect();
    let at_home = config.node.home.join(name);
    if !files.contains(&at_home) {
        files.push(at_home);
    }
    files
}

fn key_in(config: &NodeConfig, file: &Path, sealer: &Seals) -> Result<MasterKey, Trouble> {
    let text = match small_file::read_text(file) {
        Ok(text) if text.trim().is_empty() => return Err(Trouble::Seal(SealTrouble::Absent)),
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Err(Trouble::Seal(SealTrouble::Absent)),
        // A file of ours is text; what is none was changed.
        Err(error) if error.kind() == std::io::ErrorKind::InvalidData => return Err(Trouble::Seal(SealTrouble::Damaged)),
        Err(error) => return Err(io(&error)),
    };
    let purpose = Purpose::MasterKey { instance: &config.instance, cluster: config.cluster.id };
    let sealer = sealer.as_ref().map_err(trouble)?;
    let opened = sealer.unseal(&purpose, &Sealed(text)).map_err(|error| trouble(&error))?;
    match MasterKey::from_bytes(opened.expose_secret()) {
        Ok(key) if key.fingerprint() == config.cluster.fingerprint => Ok(key),
        _ => Err(Trouble::Seal(SealTrouble::Damaged)),
    }
}

/// A machine key that cannot be used is told as the file that it is; everything else is the seal's own fault.
fn trouble(error: &SealError) -> Trouble {
    match error {
        SealError::OtherMachine => Trouble::Seal(SealTrouble::OtherMachine),
        SealError::Damaged | SealError::Malformed => Trouble::Seal(SealTrouble::Damaged),
        SealError::MachineKey { .. } | SealError::NoRandomness(_) => Trouble::Io(error.to_string().into()),
    }
}

fn opening(error: &OpenError) -> Trouble {
    match error {
        OpenError::Seal { source, .. } => trouble(source),
        OpenError::Value { .. } => Trouble::Seal(SealTrouble::Damaged),
    }
}
