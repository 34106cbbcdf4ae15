//! The instances of this machine that can be reviewed, and the one that was asked for.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::model::facts::Machine;
use crate::model::names::instance_key;
use crate::model::node::{Maker, Subject};

/// What to review, as asked for before anything is known of this machine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Wanted {
    /// The only instance of this machine.
    Only,
    /// The instance of this name; case is ignored, and a blank equals a hyphen.
    Named(String),
    /// The instance of this file: a node config, or an `OctopusServer.config`.
    File(PathBuf),
}

/// Lists every instance of this machine: those with a node config, and those that Octopus Server alone knows.
pub fn all(machine: &Machine) -> Vec<Subject> {
    let ours = machine.instances.iter().map(|seen| subject(seen.name.as_str(), seen.config.as_str(), Maker::Wizard));
    let covered = |name: &str| machine.instances.iter().any(|seen| instance_key(seen.name.as_str()) == instance_key(name));
    let theirs = machine
        .octopus_instances
        .iter()
        .filter(|(name, _)| !covered(name.as_str()))
        .map(|(name, file)| subject(name.as_str(), file.as_str(), Maker::Octopus));
    ours.chain(theirs).collect()
}

fn subject(instance: &str, config: &str, maker: Maker) -> Subject {
    Subject { instance: instance.to_owned(), config: config.into(), maker }
}

/// Finds what was asked for; the error says what there is, as sentences.
pub fn find(machine: &Machine, wanted: &Wanted) -> Result<Subject, String> {
    let mut all = all(machine);
    match wanted {
        Wanted::File(path) => Ok(from_file(path)),
        Wanted::Named(name) => {
            let found = all.iter().position(|subject| instance_key(&subject.instance) == instance_key(name));
            match found {
                Some(place) => Ok(all.swap_remove(place)),
                None if all.is_empty() => Err(format!("There is no instance {name}, nor any other on this machine.")),
                None => Err(format!("There is no instance {name} on this machine. There are: {}.", names(&all))),
            }
        }
        Wanted::Only => match all.len() {
            0 => Err(NOTHING.to_owned()),
            1 => Ok(all.swap_remove(0)),
            _ => Err(format!("There are several instances on this machine; name one of them: {}.", names(&all))),
        },
    }
}

/// Says that there is nothing to review.
pub const NOTHING: &str = "There is nothing to review here: no instance of Octopus Server is on this machine's lists.";

/// Returns the instance of a file that somebody named. Octopus' own configs end in `.config`, the wizard's in `.toml`.
pub fn from_file(path: &Path) -> Subject {
    let is_octopus = path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("config"));
    let maker = if is_octopus { Maker::Octopus } else { Maker::Wizard };
    Subject { instance: String::new(), config: path.to_owned(), maker }
}

fn names(all: &[Subject]) -> String {
    let names: Vec<&str> = all.iter().map(|subject| subject.instance.as_str()).collect();
    names.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::facts::InstanceSeen;

    fn machine(ours: &[&str], theirs: &[&str]) -> Machine {
        let seen = |name: &&str| InstanceSeen {
            name: (*name).into(),
            config: format!("/{name}/octopus-node.toml").into(),
            ..InstanceSeen::default()
        };
        Machine {
            instances: ours.iter().map(seen).collect(),
            octopus_instances: theirs.iter().map(|name| ((*name).into(), format!("/{name}.config").into())).collect(),
            ..Machine::default()
        }
    }

    fn found(machine: &Machine, wanted: &Wanted) -> Result<String, String> {
        find(machine, wanted).map(|subject| subject.instance)
    }

    #[test]
    fn what_a_node_config_covers_is_not_there_twice() {
        let all = all(&machine(&["My Node"], &["my-node", "Other"]));
        let all: Vec<_> = all.iter().map(|subject| (subject.instance.as_str(), subject.maker)).collect();
        assert_eq!(all, [("My Node", Maker::Wizard), ("Other", Maker::Octopus)]);
    }

    #[test]
    fn a_name_is_found_whatever_its_case_and_else_those_that_there_are_are_told() {
        let machine = machine(&["My Node"], &["Other"]);
        assert_eq!(found(&machine, &Wanted::Named("my-node".into())), Ok("My Node".into()));
        assert_eq!(found(&machine, &Wanted::Named("OTHER".into())), Ok("Other".into()));
        let none = found(&machine, &Wanted::Named("third".into())).unwrap_err();
        assert!(none.contains("third") && none.contains("My Node, Other."), "{none}");
        assert!(found(&Machine::default(), &Wanted::Named("x".into())).unwrap_err().contains("nor any other"));
    }

    #[test]
    fn without_a_name_the_only_one_is_meant() {
        assert_eq!(found(&machine(&["A"], &[]), &Wanted::Only), Ok("A".into()));
        assert!(found(&machine(&["A"], &["B"]), &Wanted::Only).unwrap_err().contains("A, B."));
        assert_eq!(found(&Machine::default(), &Wanted::Only), Err(NOTHING.into()));
    }

    #[test]
    fn a_file_is_taken_for_what_its_name_says() {
        for (file, maker) in
            [("/x/octopus-node.toml", Maker::Wizard), ("/x/OctopusServer.CONFIG", Maker::Octopus), ("/x", Maker::Wizard)]
        {
            let subject = find(&Machine::default(), &Wanted::File(file.into())).unwrap();
            assert_eq!((subject.maker, subject.config), (maker, PathBuf::from(file)));
        }
    }
}
