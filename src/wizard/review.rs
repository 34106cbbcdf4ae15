//! The review of a node: which instances can be reviewed, and what faces and `update()` ask of an open review.

use super::event::Action;
use super::state::{Focus, State};
use crate::catalog::{checks, flow};
use crate::model::check::CheckId;
use crate::model::facts::Machine;
use crate::model::facts::{ClusterFacts, Fact, Liveness, NodeSeen, Trouble, UnfinishedRun};
use crate::model::field::FieldId;
use crate::model::finding::Verdict;
use crate::model::flow::Flow;
use crate::model::names::instance_key;
use crate::model::node::{Maker, Subject};
use crate::model::screen::ScreenId;
use crate::model::survey::SurveyId;
use crate::model::untrusted::Untrusted;
use crate::words;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// The screens whose checks make up a review, in the order in which they are shown.
pub const PROVEN: [ScreenId; 8] = [
    ScreenId::Node,
    ScreenId::Home,
    ScreenId::Service,
    ScreenId::Database,
    ScreenId::Octopus,
    ScreenId::Cluster,
    ScreenId::Storage,
    ScreenId::Drift,
];

/// Returns the checks that a screen shows: its own, or those of every screen for the section that runs them all again.
pub fn checks_of(screen: ScreenId) -> Box<dyn Iterator<Item = CheckId>> {
    match screen {
        ScreenId::Proof => Box::new(PROVEN.into_iter().flat_map(|screen| words::screen(screen).checks())),
        _ => Box::new(words::screen(screen).checks()),
    }
}

/// Returns the surveys that may still supply an unknown fact of a check. In a review these include that of the node's files, whose answers
/// all others need, and the login before everything that needs one.
pub fn awaited_by(state: &State, check: CheckId) -> Vec<SurveyId> {
    let mut surveys = checks::row(check).surveys.to_vec();
    if state.flow() == Some(Flow::Review) {
        if surveys.iter().any(|survey| matches!(survey, SurveyId::Cluster | SurveyId::Key)) {
            surveys.push(SurveyId::Server);
        }
        surveys.push(SurveyId::Node);
    }
    surveys
}

/// Returns the verdict on the key of an instance that Octopus Server made: the machine protects it and this program does not open it, so
/// there is none to judge.
pub fn key_of_octopus(state: &State) -> Option<Verdict> {
    let reviewed = state.flow() == Some(Flow::Review)
        && state.subject().is_some_and(|subject| subject.maker == Maker::Octopus)
        && matches!(state.facts.node.octopus, Fact::Seen(Some(_)));
    reviewed.then(|| Verdict::Unknown("not looked at: Octopus Server keeps it under the machine's own protection".to_owned()))
}

/// Returns the checks that are judged before the first step of a flow although none of its screens shows them: those of the machine,
/// whose facts every flow has.
pub fn guards(flow: Flow) -> impl Iterator<Item = CheckId> {
    let shown = move |check: &CheckId| flow::path(flow).contains(&checks::row(*check).screen);
    let of_machine = |check: &CheckId| checks::row(*check).surveys == [SurveyId::Machine];
    CheckId::ALL.into_iter().filter(of_machine).filter(move |check| !shown(check))
}

/// Returns whether the server itself refused the last look at the cluster. Asking again unasked might lock the account.
pub fn is_refused(cluster: &ClusterFacts) -> bool {
    matches!(cluster.identity.trouble(), Some(Trouble::Sql(_)))
}

impl State {
    /// Returns the surveys whose work the open screen shows: in a review, all of them.
    pub fn surveys(&self) -> &'static [SurveyId] {
        match self.flow() {
            Some(Flow::Review) => super::tickets::surveys_of(ScreenId::Proof, self.flow()),
            flow => super::tickets::surveys_of(self.place.here, flow),
        }
    }

    /// Returns whether a node of this wizard with a readable config is under review, so that it can be changed.
    pub fn is_ours(&self) -> bool {
        self.flow() == Some(Flow::Review)
            && self.subject().is_some_and(|subject| subject.maker == Maker::Wizard)
            && self.facts.node.config.seen().is_some()
    }

    /// Returns the focused node of the cluster's table if it may be removed from the registry: a dead one that has a row and is not the node
    /// under review.
    pub fn removable(&self) -> Option<&NodeSeen> {
        let Focus::Item(item) = self.place.focus else { return None };
        if !self.is_ours() || self.place.here != ScreenId::Cluster {
            return None;
        }
        let node = self.facts.cluster.nodes.seen()?.get(item)?;
        let own = node.is_called(self.answers.trimmed(FieldId::NodeName));
        (node.row.is_some() && node.life() == Liveness::Dead && !own).then_some(node)
    }

    /// Returns whether the key of the node under review may be shown: the instance's name was typed once more.
    pub fn is_unlocked(&self) -> bool {
        let name = self.answers.trimmed(FieldId::Instance);
        !name.is_empty() && self.answers.text(FieldId::KeyConfirm) == name
    }

    /// Returns the unfinished run of the instance under review. While there is one, no other is begun.
    pub fn unfinished(&self) -> Option<&UnfinishedRun> {
        let own = instance_key(self.answers.trimmed(FieldId::Instance));
        self.facts.machine.unfinished.iter().find(|run| instance_key(run.instance.as_str()) == own)
    }

    /// Says what has to be typed before an action works.
    pub fn locks(&self, action: Action) -> Option<String> {
        let about_key = matches!(action, Action::Reveal | Action::CopyKey | Action::SaveKey);
        if self.place.here != ScreenId::Key || !about_key || self.is_unlocked() {
            return None;
        }
        let name = self.answers.trimmed(FieldId::Instance);
        Some(format!(
            "First type the instance's name, {name}, exactly as it is written here; then the key can be shown, copied or saved."
        ))
    }

    /// Says what to consider before this node leaves its cluster.
    pub fn caution(&self) -> Option<String> {
        if self.flow() != Some(Flow::Leave) {
            return None;
        }
        let nodes = self.facts.cluster.nodes.seen()?;
        let name = self.answers.trimmed(FieldId::NodeName);
        let last = "This is the last node of its cluster. The database then holds a cluster without nodes, which a new node can join \
                    with the master key; the sealed key stays on this machine.";
        self.other_host(name).or_else(|| nodes.except(name).is_empty().then(|| last.to_owned()))
    }

    /// Warns if the registry has this node on another host: a copied config makes two machines one node, and only one of them leaves.
    fn other_host(&self, name: &str) -> Option<String> {
        let row = self.facts.cluster.node(name)?.registered()?;
        let (own, other) = (self.facts.machine.host_name.as_str(), Untrusted::new(&row.host));
        let same = own.is_empty() || other.is_empty() || own.eq_ignore_ascii_case(other.as_str());
        (!same).then(|| {
            format!(
                "This machine is called {own}, and the registry has this node on {other}. Go on only if no other machine works as this \
                 node: its row in the registry goes."
            )
        })
    }
}

/// The choice of what to review, made before anything is known of this machine.
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
pub fn subjects(machine: &Machine) -> Vec<Subject> {
    let ours = machine.instances.iter().map(|seen| subject(seen.name.as_str(), seen.config.as_str(), Maker::Wizard));
    let same = |one: &Untrusted, other: &Untrusted| instance_key(one.as_str()) == instance_key(other.as_str());
    let is_ours = |name: &Untrusted| machine.instances.iter().any(|seen| same(&seen.name, name));
    // An unfinished run may have written its config and not listed it yet.
    let unlisted = || machine.unfinished.iter().filter(|run| !run.config.is_empty() && !is_ours(&run.instance));
    let begun = unlisted().map(|run| subject(run.instance.as_str(), run.config.as_str(), Maker::Wizard));
    let covered = |name: &Untrusted| is_ours(name) || unlisted().any(|run| same(&run.instance, name));
    let theirs = machine
        .octopus_instances
        .iter()
        .filter(|(name, _)| !covered(name))
        .map(|(name, file)| subject(name.as_str(), file.as_str(), Maker::Octopus));
    ours.chain(begun).chain(theirs).collect()
}

fn subject(instance: &str, config: &str, maker: Maker) -> Subject {
    Subject { instance: instance.to_owned(), config: config.into(), maker }
}

/// Finds the chosen instance. The error lists, as sentences, those that exist.
pub fn find_subject(machine: &Machine, wanted: &Wanted) -> Result<Subject, String> {
    let mut all = subjects(machine);
    match wanted {
        Wanted::File(path) => Ok(subject_from_file(path)),
        Wanted::Named(name) => {
            let found = all.iter().position(|subject| instance_key(&subject.instance) == instance_key(name));
            match found {
                Some(place) => Ok(all.swap_remove(place)),
                None if all.is_empty() => Err(match unread(machine) {
                    Some(unread) => format!("No instance {name} was found. {unread}"),
                    None => format!("There is no instance {name}, nor any other on this machine."),
                }),
                None => {
                    let also = unread(machine).map(|unread| format!(" {unread}")).unwrap_or_default();
                    Err(format!("There is no instance {name} on this machine. There are: {}.{also}", names(&all)))
                }
            }
        }
        Wanted::Only => match all.len() {
            0 => Err(nothing_to_review(machine)),
            1 => Ok(all.swap_remove(0)),
            _ => Err(format!("There are several instances on this machine; name one of them: {}.", names(&all))),
        },
    }
}

/// Says that there is nothing to review, or that this cannot be told.
pub fn nothing_to_review(machine: &Machine) -> String {
    unread(machine).map_or_else(|| NOTHING_TO_REVIEW.to_owned(), |unread| format!("No instance was found. {unread}"))
}

/// The message when the lists of instances could be read and are empty.
pub const NOTHING_TO_REVIEW: &str = "There is nothing to review here: no instance of Octopus Server is on this machine's lists.";

/// What of this machine's lists could not be read: an instance that was not found may be in it.
fn unread(machine: &Machine) -> Option<String> {
    let said: Vec<&str> = machine.unreadable.iter().map(Untrusted::as_str).collect();
    (!said.is_empty()).then(|| format!("Not everything could be read: {}", said.join(" ")))
}

/// Returns the instance of a file that somebody named. Octopus' own configs end in `.config`, the wizard's in `.toml`.
pub fn subject_from_file(path: &Path) -> Subject {
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
        find_subject(machine, wanted).map(|subject| subject.instance)
    }

    #[test]
    fn what_a_node_config_covers_is_not_there_twice() {
        let all = subjects(&machine(&["My Node"], &["my-node", "Other"]));
        let all: Vec<_> = all.iter().map(|subject| (subject.instance.as_str(), subject.maker)).collect();
        assert_eq!(all, [("My Node", Maker::Wizard), ("Other", Maker::Octopus)]);
    }

    #[test]
    fn the_config_of_an_unfinished_run_is_found_before_it_is_listed() {
        use crate::model::facts::UnfinishedRun;
        let run = |config: &str| UnfinishedRun {
            instance: "Begun".into(),
            flow: Flow::FirstNode,
            done: 3,
            steps: 6,
            when: Untrusted::default(),
            serves: false,
            config: config.into(),
        };
        let mut machine = machine(&[], &["begun"]);
        machine.unfinished = vec![run("/begun/octopus-node.toml")];
        let subject = find_subject(&machine, &Wanted::Named("BEGUN".into())).unwrap();
        assert_eq!((subject.maker, subject.config), (Maker::Wizard, PathBuf::from("/begun/octopus-node.toml")));
        assert_eq!(subjects(&machine).len(), 1, "Octopus' own entry is the same instance");
        machine.unfinished = vec![run("")];
        assert_eq!(find_subject(&machine, &Wanted::Only).unwrap().maker, Maker::Octopus, "there is no config yet");
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
        assert_eq!(found(&Machine::default(), &Wanted::Only), Err(NOTHING_TO_REVIEW.into()));
    }

    #[test]
    fn a_file_is_taken_for_what_its_name_says() {
        for (file, maker) in
            [("/x/octopus-node.toml", Maker::Wizard), ("/x/OctopusServer.CONFIG", Maker::Octopus), ("/x", Maker::Wizard)]
        {
            let subject = find_subject(&Machine::default(), &Wanted::File(file.into())).unwrap();
            assert_eq!((subject.maker, subject.config), (maker, PathBuf::from(file)));
        }
    }
}
