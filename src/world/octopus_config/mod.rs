//! `OctopusServer.config`: XML that Octopus Server writes and we only read.

mod decode;
#[cfg(test)]
mod tests;
mod xml;

use std::path::Path;

use zeroize::Zeroizing;

use self::xml::Settings;
use super::small_file;
use super::toml_file::{shown, unreadable};
use crate::catalog::settings::{self, OctopusSource, Setting};
use crate::model::answers::Raw;
use crate::model::choice;
use crate::model::connection_string::ConnectionString;
use crate::model::facts::ConfigTrouble;
use crate::model::field::Kind;
use crate::model::octopus::OctopusConfig;
use crate::model::untrusted::Untrusted;

/// The file's name in a home directory.
pub const FILE: &str = "OctopusServer.config";

/// The setting that holds the connection string, in plain text.
const CONNECTION: &str = "Octopus.Storage.ExternalDatabaseConnectionString";

/// The setting that holds the master key, protected by the machine.
const MASTER_KEY: &str = "Octopus.Storage.MasterKey";

/// Reads one, of at most 1 MiB. Errors tell the line and never a part of the text: it holds a password.
pub fn read(path: &Path) -> Result<OctopusConfig, ConfigTrouble> {
    let bytes = small_file::read(path, small_file::LIMIT).map(Zeroizing::new).map_err(|error| unreadable(path, &error))?;
    let text = decode::decode(&bytes).map_err(|error| unreadable(path, &error))?;
    let settings = xml::read(&text).map_err(|error| ConfigTrouble::Malformed {
        path: shown(path),
        line: error.line,
        said: error.said.into(),
    })?;
    Ok(config(path, settings))
}

fn config(path: &Path, mut settings: Settings) -> OctopusConfig {
    let mut unused: Vec<Untrusted> = settings.unused.drain(..).map(Untrusted::from).collect();
    let connection = settings.get(CONNECTION).and_then(|text| match ConnectionString::parse(text) {
        Ok(string) => {
            unused.extend(string.ignored.iter().map(|sentence| Untrusted::new(sentence)));
            Some(string.fields)
        }
        Err(error) => {
            unused.push(format!("{CONNECTION} cannot be used: {error}").into());
            None
        }
    });
    let has_connection = connection.is_some();
    let mut said = connection.unwrap_or_default();
    for setting in settings::all() {
        let OctopusSource::Keys { keys, .. } = setting.octopus else { continue };
        let Some((key, text)) = keys.iter().find_map(|key| Some((key, settings.get(key)?))) else { continue };
        match value(setting, text) {
            Some(text) => said.push((setting.field, Raw::of(setting.field, text))),
            None => unused.push(format!("{key} is neither true nor false.").into()),
        }
    }
    let has_master_key = settings.get(MASTER_KEY).is_some();
    OctopusConfig { path: shown(path), said, has_connection, has_master_key, unused }
}

/// A value as an answer to its field; `None` if it is none of a toggle's two.
fn value(setting: &Setting, text: &str) -> Option<String> {
    match setting.kind {
        Kind::Toggle => choice::TOGGLES.into_iter().find(|word| text.eq_ignore_ascii_case(word)).map(str::to_owned),
        // It may hold anything.
        _ => Some(Untrusted::new(text).to_string()),
    }
}
