//! The folder that everything is kept in.

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};

pub struct Place {
    pub folder: PathBuf,
    /// As it was called: what the service is started as.
    pub program: PathBuf,
}

impl Place {
    pub fn of(program: &str) -> Self {
        let program = PathBuf::from(program);
        let beside = program.parent().map_or_else(|| PathBuf::from("."), Path::to_owned);
        Self { folder: std::env::var_os("OCTOPUS_STAND_IN").map_or(beside, PathBuf::from), program }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    pub fn read(&self, name: &str) -> Option<String> {
        fs::read_to_string(self.path(name)).ok()
    }

    /// Writes a call down: its arguments, what of the environment is Octopus' or ours, and the licence that it names.
    pub fn record(&self, words: &[String]) {
        let environment: serde_json::Map<String, serde_json::Value> =
            std::env::vars().filter(|(name, _)| name.starts_with("OCTOPUS_")).map(|(name, value)| (name, value.into())).collect();
        let file = words.iter().position(|word| word == "--licenseFile").and_then(|place| words.get(place + 1));
        let licence = file.map(|path| fs::read_to_string(path).unwrap_or_else(|error| error.to_string()));
        let call = serde_json::json!({ "args": words, "env": environment, "licence": licence, "licence_mode": mode(file) });
        // One write, so that the lines of two calls do not mix.
        let mut line = call.to_string();
        line.push('\n');
        let log = File::options().append(true).create(true).open(self.path("calls.jsonl"));
        if let Err(error) = log.and_then(|mut log| log.write_all(line.as_bytes())) {
            eprintln!("calls.jsonl: {error}");
        }
    }
}

#[cfg(unix)]
fn mode(file: Option<&String>) -> Option<u32> {
    use std::os::unix::fs::PermissionsExt;
    Some(fs::metadata(file?).ok()?.permissions().mode() & 0o777)
}

#[cfg(not(unix))]
fn mode(_: Option<&String>) -> Option<u32> {
    None
}
