//! `OctopusServer.config`: XML that Octopus Server writes and we only read.

mod decode;
mod settings;
#[cfg(test)]
mod tests;

use std::path::Path;

use zeroize::Zeroizing;

use self::settings::Settings;
use super::small_file;
use super::toml_file::{shown, unreadable};
use crate::model::connection_string::ConnectionString;
use crate::model::facts::ConfigTrouble;
use crate::model::octopus_config::OctopusConfig;
use crate::model::untrusted::Untrusted;

/// The file's name in a home directory.
pub const FILE: &str = "OctopusServer.config";

/// The setting that holds the connection string, in plain text.
const CONNECTION: &str = "Octopus.Storage.ExternalDatabaseConnectionString";

/// Reads one, of at most 1 MiB. Errors tell the line and never a part of the text: it holds a password.
pub fn read(path: &Path) -> Result<OctopusConfig, ConfigTrouble> {
    let bytes = small_file::read(path, small_file::LIMIT).map(Zeroizing::new).map_err(|error| unreadable(path, &error))?;
    let text = decode::decode(&bytes).map_err(|error| unreadable(path, &error))?;
    let settings = settings::read(&text).map_err(|error| ConfigTrouble::Malformed {
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
    let force_ssl = settings.get("Octopus.WebPortal.ForceSsl").and_then(|text| {
        let truth = [("true", true), ("false", false)].into_iter().find(|(word, _)| text.eq_ignore_ascii_case(word));
        if truth.is_none() {
            unused.push("Octopus.WebPortal.ForceSsl is neither true nor false.".into());
        }
        truth.map(|(_, truth)| truth)
    });
    let shown_value = |key: &str| settings.get(key).map(Untrusted::new);
    OctopusConfig {
        path: shown(path),
        node_name: shown_value("Octopus.Server.NodeName").or_else(|| shown_value("Octopus.Storage.NodeName")),
        home: shown_value("Octopus.Home"),
        connection,
        prefixes: shown_value("Octopus.WebPortal.ListenPrefixes"),
        force_ssl,
        comms_port: shown_value("Octopus.Communications.ServicesPort"),
        has_master_key: settings.get("Octopus.Storage.MasterKey").is_some(),
        unused,
    }
}
