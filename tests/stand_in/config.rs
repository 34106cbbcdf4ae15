//! `OctopusServer.config`: keys in order, rewritten in place.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use super::Failed;
use super::instances;
use super::options::Options;
use super::place::Place;

pub struct Config {
    pub path: PathBuf,
    settings: BTreeMap<String, String>,
}

const ESCAPES: [(&str, &str); 4] = [("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ("\"", "&quot;")];

impl Config {
    /// Reads one, or makes an empty one.
    pub fn open(path: PathBuf) -> Result<Self, Failed> {
        let text = match fs::read_to_string(&path) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
            read => read?,
        };
        let line = |line: &str| {
            let (key, rest) = line.trim().strip_prefix("<set key=\"")?.split_once("\">")?;
            let unescaped = ESCAPES.iter().rev().fold(rest.strip_suffix("</set>")?.to_owned(), |t, (c, e)| t.replace(e, c));
            Some((key.to_owned(), unescaped))
        };
        Ok(Self { path, settings: text.lines().filter_map(line).collect() })
    }

    pub fn get(&self, key: &str) -> Option<&str> {
        self.settings.get(key).map(String::as_str)
    }

    pub fn set(&mut self, key: &str, value: &str) {
        self.settings.insert(key.to_owned(), value.to_owned());
    }

    pub fn save(&self) -> Result<(), Failed> {
        let mut text = String::from("<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<octopus-settings>\n");
        for (key, value) in &self.settings {
            let value = ESCAPES.iter().fold(value.clone(), |text, (c, escape)| text.replace(c, escape));
            text.push_str(&format!("  <set key=\"{key}\">{value}</set>\n"));
        }
        text.push_str("</octopus-settings>\n");
        Ok(fs::write(&self.path, text)?)
    }
}

pub fn configure(place: &Place, options: &Options) -> Result<String, Failed> {
    let mut config = instances::config(place, options)?;
    let keys = [
        ("webForceSSL", "Octopus.WebPortal.ForceSsl"),
        ("webListenPrefixes", "Octopus.WebPortal.ListenPrefixes"),
        ("commsListenPort", "Octopus.Communications.ServicesPort"),
        ("grpcListenPort", "Octopus.Communications.GrpcListenPort"),
        ("trustedProxies", "Octopus.WebPortal.TrustedProxies"),
        ("home", "Octopus.Home"),
    ];
    for (option, key) in keys {
        if let Some(value) = options.get(option) {
            config.set(key, value);
        }
    }
    config.save()?;
    Ok("Web portal and ports configured.".into())
}
