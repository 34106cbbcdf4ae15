//! Names that people choose: of instances, nodes and databases.

use std::fmt;

use super::untrusted::Untrusted;

/// Why a name cannot be used; the words are for people.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct BadName(pub String);

impl From<&str> for BadName {
    fn from(words: &str) -> Self {
        Self(words.to_owned())
    }
}

/// Returns the key under which an instance name is unique on a machine: Octopus files it lower-cased with blanks as `-`
/// (`ApplicationInstanceStore`), so `My Node` and `my-node` collide.
pub fn instance_key(name: &str) -> String {
    name.trim().to_lowercase().replace(' ', "-")
}

/// An instance's name: 1 to 100 letters, digits, blanks, dots, hyphens and underscores, beginning with a letter or
/// digit and not ending with a dot. Its [`instance_key`] names a file, here and in Octopus' own instance list, so
/// what cannot be a file's name on Linux or Windows is refused on both.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct InstanceName(String);

impl InstanceName {
    /// Reads an instance name.
    pub fn parse(text: &str) -> Result<Self, BadName> {
        let name = text.trim();
        if name.is_empty() {
            return Err("Type the instance's name, for instance OctopusServer.".into());
        }
        if name.chars().count() > 100 {
            return Err("An instance's name has at most 100 characters; type a shorter one.".into());
        }
        let good = |c: char| c.is_alphanumeric() || matches!(c, ' ' | '.' | '-' | '_');
        if let Some(bad) = name.chars().find(|c| !good(*c)) {
            let shown = bad.escape_debug();
            return Err(BadName(format!(
                "An instance's name cannot have '{shown}' in it; type letters, digits, blanks, dots, hyphens and underscores."
            )));
        }
        if !name.starts_with(char::is_alphanumeric) || name.ends_with('.') {
            return Err("An instance's name begins with a letter or digit and does not end with a dot; type another one.".into());
        }
        if is_device(name) {
            return Err(BadName(format!("{name} is the name of a device on Windows; type another one.")));
        }
        Ok(Self(name.to_owned()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Returns whether Windows takes the name, with whatever follows a dot, for a device.
fn is_device(name: &str) -> bool {
    let stem = name.split('.').next().unwrap_or_default().trim().to_ascii_lowercase();
    let numbered = |prefix: &str| stem.strip_prefix(prefix).is_some_and(|n| matches!(n.as_bytes(), [b'1'..=b'9']));
    matches!(stem.as_str(), "con" | "prn" | "aux" | "nul") || numbered("com") || numbered("lpt")
}

/// A node's name: 1 to 200 ASCII letters, digits, dots, hyphens and underscores.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct NodeName(String);

impl NodeName {
    /// Reads a node name.
    pub fn parse(text: &str) -> Result<Self, BadName> {
        let name = text.trim();
        if name.is_empty() {
            return Err("Type the node's name, for instance this machine's.".into());
        }
        let good = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
        if let Some(bad) = name.chars().find(|c| !good(*c)) {
            let shown = bad.escape_debug();
            return Err(BadName(format!(
                "A node's name cannot have '{shown}' in it; type letters from a to z, digits, dots, hyphens and underscores."
            )));
        }
        if name.len() > 200 {
            return Err("A node's name has at most 200 characters; type a shorter one.".into());
        }
        Ok(Self(name.to_owned()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns a machine's name as the default of a node's; `None` for one that no node should have, because every machine is called so
    /// or because it is a number or an address.
    pub fn of_machine(name: &str) -> Option<Self> {
        Self::parse(name).ok().filter(|name| name.is_container_id() || name.doubt().is_none())
    }

    /// Returns whether it looks like a container's id, which changes with every start: twelve hexadecimal digits.
    pub fn is_container_id(&self) -> bool {
        self.0.len() == 12 && self.0.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
    }

    /// Says why the name is allowed and yet a bad choice: it does not last, or other machines have it too.
    pub fn doubt(&self) -> Option<String> {
        let name = self.as_str();
        let host = name.split('.').next().unwrap_or_default();
        if self.is_container_id() {
            Some(format!("{name} looks like a container's id, which is another one after the next start."))
        } else if host.eq_ignore_ascii_case("localhost") {
            Some(format!("{name} is what every machine calls itself; this one was not given a name of its own."))
        } else if name.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.') {
            Some(format!("{name} is a number or an address, and no name that tells this machine from others for good."))
        } else {
            None
        }
    }
}

/// A database's name: 1 to 128 UTF-16 units, all of them visible, no blanks at its ends.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct DatabaseName(String);

impl DatabaseName {
    /// Reads a database name. System databases are refused, and so are control and invisible characters: SQL Server
    /// would take them, but the database would be hard to find again.
    pub fn parse(text: &str) -> Result<Self, BadName> {
        let name = text.trim();
        if name.is_empty() {
            return Err("Type the database's name, for instance OctopusDeploy.".into());
        }
        if name.encode_utf16().count() > 128 {
            return Err("A database's name has at most 128 characters; type a shorter one.".into());
        }
        let quotes = [('[', ']'), ('"', '"'), ('`', '`')];
        if let Some(bare) = quotes.into_iter().find_map(|(open, close)| name.strip_prefix(open)?.strip_suffix(close)) {
            return Err(BadName(format!("A database's name is given without brackets and quotes; type {bare}, not {name}.")));
        }
        if Untrusted::new(name).as_str() != name {
            return Err("The database's name holds a character that cannot be seen; type it anew.".into());
        }
        if ["master", "model", "msdb", "tempdb", "mssqlsystemresource"].iter().any(|system| name.eq_ignore_ascii_case(system)) {
            return Err(BadName(format!("{name} belongs to SQL Server itself; type the name of a database for Octopus alone.")));
        }
        Ok(Self(name.to_owned()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for DatabaseName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_octopus_files_alike_have_one_key() {
        assert_eq!(instance_key(" My Node "), "my-node");
        assert_eq!(instance_key("my-node"), instance_key("MY NODE"));
        assert_ne!(instance_key("my_node"), instance_key("my-node"));
    }

    #[test]
    fn instance_names() {
        for good in ["OctopusServer", "Default", "My Node", "a", "9to5", "Büro 2", " padded ", "com0", "console", "v1.2"] {
            assert_eq!(InstanceName::parse(good).map(|name| name.as_str().to_owned()), Ok(good.trim().to_owned()));
        }
        let long = "x".repeat(101);
        for bad in [
            "", "  ", "a/b", "a\\b", "*", "a:b", "..", ".hidden", "-x", "dot.", "a\u{1b}b", "con", "CON.x", "Lpt1", "a\"b", "x?",
            &long,
        ] {
            let error = InstanceName::parse(bad).unwrap_err().to_string();
            assert!(error.ends_with('.'), "{bad:?}: {error}");
        }
    }

    #[test]
    fn node_names() {
        for good in ["web01", "WEB-01.corp_example", "a", &"n".repeat(200)] {
            assert!(NodeName::parse(good).is_ok(), "{good:?}");
        }
        for bad in ["", " ", "web 01", "büro", "web/01", "web\n01", &"n".repeat(201)] {
            assert!(NodeName::parse(bad).unwrap_err().to_string().ends_with('.'), "{bad:?}");
        }
    }

    #[test]
    fn a_machine_name_that_no_node_should_have_is_no_default() {
        for name in ["localhost", "LOCALHOST", "192", "192.168.1.5", "(none)", "žába", "", "7"] {
            assert_eq!(NodeName::of_machine(name), None, "{name}");
        }
        for name in ["web01", "3f2a91c07b1e", "7eleven"] {
            assert!(NodeName::of_machine(name).is_some(), "{name}");
        }
    }

    #[test]
    fn a_container_s_id_is_recognised() {
        for (name, is) in [("3f2a91c07b1e", true), ("3F2A91C07B1E", false), ("web01", false), ("3f2a91c07b1", false)] {
            assert_eq!(NodeName::parse(name).unwrap().is_container_id(), is, "{name}");
        }
    }

    #[test]
    fn database_names() {
        let longest = "d".repeat(128);
        for good in ["OctopusDeploy", "OctopusDeploy-OctopusServer", "a]; DROP DATABASE b", "it's", "数据库", "🐙", &longest]
        {
            assert_eq!(DatabaseName::parse(good).map(|name| name.to_string()), Ok(good.to_owned()));
        }
        assert_eq!(DatabaseName::parse("  x ").unwrap().as_str(), "x");
        let long = "d".repeat(129);
        let long_in_units = "🐙".repeat(65);
        for bad in ["", " ", "master", "Model", "MSDB", "TempDb", "a\u{0}b", "a\tb", "a\u{200b}b", &long, &long_in_units] {
            assert!(DatabaseName::parse(bad).unwrap_err().to_string().ends_with('.'), "{bad:?}");
        }
    }
}
