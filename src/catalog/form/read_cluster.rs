//! The answers about what the whole cluster shares, and about the hand-over; see [`super::read`].

use std::path::PathBuf;

use secrecy::{ExposeSecret, SecretString};

use super::read;
use crate::model::answers::Answers;
use crate::model::field::FieldId;
use crate::model::node::Administrator;
use crate::model::octopus::HandOverMode;
use crate::model::platform::Platform;
use crate::model::storage::{SharedFolder, SharedStorage, StorageKind};
use crate::model::survey::LicenceSource;

/// What all nodes share; the error names the field that is malformed.
pub fn storage(answers: &Answers) -> Result<SharedStorage, FieldId> {
    match answers.chosen(FieldId::Storage).unwrap_or(StorageKind::None) {
        StorageKind::None => Ok(SharedStorage::None),
        StorageKind::Root => storage_root(answers).map(SharedStorage::Root).map_err(|_| FieldId::StorageRoot),
        StorageKind::Folders => {
            let mut folders = Vec::new();
            for folder in SharedFolder::ALL {
                let path = shared_folder(folder.field(), answers).map_err(|_| folder.field())?;
                folders.extend(path.map(|path| (folder, path)));
            }
            Ok(SharedStorage::Folders(folders))
        }
    }
}

/// The root of the shared folders.
pub fn storage_root(answers: &Answers) -> Result<PathBuf, String> {
    shared_path(answers.trimmed(FieldId::StorageRoot), answers.platform())
}

/// One shared folder; `None` for one that may be left out, and is.
pub fn shared_folder(field: FieldId, answers: &Answers) -> Result<Option<PathBuf>, String> {
    let text = answers.trimmed(field);
    if text.is_empty() && field.is_optional() { Ok(None) } else { shared_path(text, answers.platform()).map(Some) }
}

/// What the registry has place for, as the server counts characters.
const LONGEST_PATH: usize = 1_000;

/// A path that other machines can have too: absolute on this platform, or a UNC path.
fn shared_path(text: &str, platform: Platform) -> Result<PathBuf, String> {
    let example = match platform {
        Platform::Linux => "/mnt/octopus",
        Platform::Windows => "\\\\files\\octopus",
    };
    if text.chars().any(char::is_control) {
        return Err("The path holds a control character; type it anew.".to_owned());
    }
    if text.encode_utf16().count() > LONGEST_PATH {
        return Err(format!("A path has at most {LONGEST_PATH} characters here; type a shorter one."));
    }
    let unc = text.starts_with("\\\\") && text.len() > 4;
    let good = platform.is_absolute(text) || unc;
    if good { Ok(PathBuf::from(text)) } else { Err(format!("Type a path that every node can reach, for instance {example}.")) }
}

/// The first administrator's name; empty for none.
pub fn admin_user(answers: &Answers) -> Result<String, String> {
    let name = answers.trimmed(FieldId::AdminUser);
    if name.chars().any(char::is_control) || name.chars().count() > 200 {
        return Err("A name has at most 200 characters, none of them a control character; type it anew.".to_owned());
    }
    Ok(name.to_owned())
}

/// The first administrator's mail address; may be empty.
pub fn admin_email(answers: &Answers) -> Result<String, String> {
    let text = answers.trimmed(FieldId::AdminEmail);
    let parts = text.split_once('@');
    let good = text.is_empty() || parts.is_some_and(|(name, host)| !name.is_empty() && !host.is_empty() && !host.contains('@'));
    if good && !text.chars().any(|c| c.is_control() || c.is_whitespace()) {
        return Ok(text.to_owned());
    }
    Err("Type a mail address, for instance admin@example.com, or nothing.".to_owned())
}

/// The first administrator's password.
pub fn admin_password(answers: &Answers) -> Result<SecretString, String> {
    let secret = answers.secret(FieldId::AdminPassword).filter(|secret| !secret.expose_secret().is_empty());
    match secret {
        Some(secret) if secret.expose_secret().chars().any(char::is_control) => {
            Err("The password holds a line break or another control character; type it anew.".to_owned())
        }
        Some(secret) => Ok(secret.clone()),
        None => Err("Type the administrator's password.".to_owned()),
    }
}

/// The first administrator, where one is to be made; the error names the field that is malformed.
pub fn administrator(answers: &Answers) -> Result<Option<Administrator>, FieldId> {
    let user = admin_user(answers).map_err(|_| FieldId::AdminUser)?;
    if user.is_empty() {
        return Ok(None);
    }
    let email = admin_email(answers).map_err(|_| FieldId::AdminEmail)?;
    let password = admin_password(answers).map_err(|_| FieldId::AdminPassword)?;
    Ok(Some(Administrator { user, email, password }))
}

/// Where the licence is: what was pasted counts before a file. `None` where there is none.
pub fn licence(answers: &Answers) -> Result<Option<LicenceSource>, FieldId> {
    if let Some(text) = answers.secret(FieldId::Licence).filter(|text| !text.expose_secret().trim().is_empty()) {
        return Ok(Some(LicenceSource::Text(text.clone())));
    }
    let file = answers.trimmed(FieldId::LicenceFile);
    if file.is_empty() {
        return Ok(None);
    }
    let path = read::absolute(FieldId::LicenceFile, answers).ok_or(FieldId::LicenceFile)?;
    Ok(Some(LicenceSource::File(path)))
}

/// Whether Octopus Server's commands are run.
pub fn hand_over(answers: &Answers) -> HandOverMode {
    answers.chosen(FieldId::HandOver).unwrap_or(HandOverMode::WhenFound)
}

/// Octopus Server's program, where somebody said it.
pub fn octopus_server(answers: &Answers) -> Result<Option<PathBuf>, String> {
    let text = answers.trimmed(FieldId::OctopusServer);
    if text.is_empty() {
        return Ok(None);
    }
    let platform = answers.platform();
    let path = read::absolute(FieldId::OctopusServer, answers);
    path.map(Some).ok_or_else(|| read::not_absolute(platform, platform.server_program()))
}
