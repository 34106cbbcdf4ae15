//! The options of a command, by the spelling that Octopus documents.

use std::collections::BTreeMap;

use super::Failed;

#[derive(Debug, Default)]
pub struct Options(BTreeMap<String, String>);

/// Options that stand by themselves.
const BARE: [&str; 11] = [
    "create",
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
        b"database" => &["create", "connectionString", "masterKey", "skipLicenseCheck"],
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

impl Options {
    pub fn read(verb: &str, words: &[String]) -> Result<Self, Failed> {
        let mut options = BTreeMap::new();
        let mut words = words.iter();
        while let Some(word) = words.next() {
            let flag = word.strip_prefix("--").ok_or_else(|| format!("Unrecognized command line argument: {word}"))?;
            let (name, value) = flag.split_once('=').map_or((flag, None), |(name, value)| (name, Some(value.to_owned())));
            let everywhere = ["instance", "console", "nologo"].contains(&name);
            if !everywhere && !known(verb).contains(&name) {
                return Err(format!("Unrecognized command line arguments: {word}").into());
            }
            let value = match value {
                Some(value) => value,
                None if BARE.contains(&name) => String::new(),
                None => words.next().cloned().ok_or_else(|| format!("Missing required value for option '--{name}'."))?,
            };
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
