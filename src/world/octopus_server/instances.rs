//! Octopus Server's list of this machine's instances.

use crate::model::names::instance_key;
use crate::model::untrusted::Untrusted;

/// An instance in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// Its name.
    pub name: Untrusted,
    /// Its config file.
    pub config: Untrusted,
}

/// The instance of this name in what `list-instances` printed. Octopus looks names up without regard to case, and keeps
/// two that differ by a blank and a hyphen in one file. Lines of any other form are somebody's log, and are passed over.
pub fn listed(lines: &[Untrusted], name: &str) -> Option<Listed> {
    let mut all = lines.iter().filter_map(|line| read(line.as_str()));
    all.find(|listed| instance_key(listed.name.as_str()) == instance_key(name))
}

/// `Instance 'X' uses configuration 'C:\Octopus\X.config'.`
fn read(line: &str) -> Option<Listed> {
    let (_, rest) = line.split_once("Instance '")?;
    let (name, config) = rest.split_once("' uses configuration '")?;
    let config = config.strip_suffix('.').unwrap_or(config).strip_suffix('\'')?;
    Some(Listed { name: name.into(), config: config.into() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instance_is_found_among_other_lines() {
        let lines: Vec<Untrusted> = [
            "Octopus Deploy: Server version 2025.1.10",
            "Instance 'Default' uses configuration 'C:\\Octopus\\Default.config'.",
            "Instance 'It's Mine' uses configuration '/srv/it's/OctopusServer.config'.",
            "Instance 'broken' uses configuration 'x",
        ]
        .map(Untrusted::new)
        .to_vec();
        let found = |name: &str| listed(&lines, name).map(|listed| listed.config.to_string());
        assert_eq!(found("default").as_deref(), Some("C:\\Octopus\\Default.config"));
        assert_eq!(found("it's-mine").as_deref(), Some("/srv/it's/OctopusServer.config"));
        assert_eq!((found("broken"), found("Other")), (None, None));
    }
}
