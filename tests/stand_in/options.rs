//! The options of a command, by the spelling that Octopus documents.

use std::collections::BTreeMap;

use super::Failed;

#[derive(Debug, Default)]
pub struct Options(BTreeMap<String, String>);

/// Options that stand by themselves.
const BARE: [&str; 12] = [
    "create",
    "upgrade",
    "install",
    "uninstall",
    "start",
    "stop",
    "restart",
    "reconfigure",
    "console",
    "nologo",
    "skipLicenseCheck",
    "cancel-tasks",
];

const fn known(verb: &str) -> &'static [&'static str] {
    match verb.as_bytes() {
        b"create-instance" => &["config", "home", "serverNodeName"],
        b"delete-instance" => &["config"],
        b"list-instances" | b"version" => &["format"],
        b"database" => &["create", "upgrade", "connectionString", "masterKey", "skipLicenseCheck"],
        b"configure" => &["webForceSSL", "webListenPrefixes", "commsListenPort", "grpcListenPort", "trustedProxies", "home"],
        b"admin" => &["username", "email", "password"],
        b"license" => &["licenseBase64", "licenseFile", "skipLicenseCheck"],
        b"path" => &[
            "config",
            "clusterShared",
            "artifacts",
            "taskLogs",
            "nugetRepository",
            "telemetry",
            "imports",
            "eventExports",
            "cacheDirectory",
        ],
        b"node" => &["taskCap", "drain", "wait", "cancel-tasks"],
        b"service" => &["install", "uninstall", "start", "stop", "restart", "reconfigure", "username", "password", "dependOn"],
        _ => &[],
    }
}

/// Options that came later, and with which version. No source tells the first one of `--grpcListenPort`; some version was it.
const LATER: [(&str, [u32; 3]); 5] = [
    ("clusterShared", [2020, 2, 15]),
    ("imports", [2021, 1, 0]),
    ("trustedProxies", [2023, 1, 0]),
    ("eventExports", [2023, 3, 0]),
    ("grpcListenPort", [2024, 1, 0]),
];

/// The first version that takes a master key of 32 bytes.
const LONG_KEYS: [u32; 3] = [2024, 4, 0];

fn numbers(version: &str) -> [u32; 3] {
    let mut numbers = version.split('.').map(|number| number.parse().unwrap_or(0));
    std::array::from_fn(|_| numbers.next().unwrap_or(0))
}

fn is_later(name: &str, version: &str) -> bool {
    LATER.iter().any(|(later, since)| *later == name && numbers(version) < *since)
}

/// Whether a master key, in base64, is one that this version does not take.
fn is_too_long(name: &str, value: &str, version: &str) -> bool {
    name == "masterKey" && value.len() > 24 && numbers(version) < LONG_KEYS
}

impl Options {
    /// Reads the options of a command that a program of this version knows.
    pub fn read(verb: &str, words: &[String], version: &str) -> Result<Self, Failed> {
        let mut options = BTreeMap::new();
        let mut words = words.iter();
        while let Some(word) = words.next() {
            let flag = word.strip_prefix("--").ok_or_else(|| format!("Unrecognized command line argument: {word}"))?;
            let (name, value) = flag.split_once('=').map_or((flag, None), |(name, value)| (name, Some(value.to_owned())));
            let everywhere = ["instance", "console", "nologo"].contains(&name);
            if !everywhere && (!known(verb).contains(&name) || is_later(name, version)) {
                return Err(format!("Unrecognized command line arguments: {word}").into());
            }
            let value = match value {
                Some(value) => value,
                None if BARE.contains(&name) => String::new(),
                None => words.next().cloned().ok_or_else(|| format!("Missing required value for option '--{name}'."))?,
            };
            if is_too_long(name, &value, version) {
                return Err("The master key is not valid: it has to be 16 bytes.".into());
            }
            options.insert(name.to_owned(), value);
        }
        Ok(Self(options))
    }

    pub fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    pub fn must(&self, name: &str) -> Result<&str, Failed> {
        self.get(name).filter(|text| !text.is_empty()).ok_or_else(|| format!("Please specify --{name}.").into())
    }

    pub fn instance(&self) -> &str {
        self.get("instance").unwrap_or("OctopusServer")
    }
}
