//! Surveys Octopus Server itself on this machine: its program, version, instances and service.
//!
//! The program is run twice, for its version and for its instances. Nothing is changed, and if it hangs or lies, that costs only its
//! own fact.

pub(super) mod registry;
mod service;
#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};
use std::time::Duration;

use futures_util::future::join;

use crate::model::facts::{Fact, OctopusFacts, Trouble};
use crate::model::octopus::CommandFailure;
use crate::model::untrusted::Untrusted;
use crate::world::budget::{fact_within, within};
use crate::world::octopus_server::{self, Call, Ended, Masks, read_instances};
use crate::world::places::Places;

/// Looks for the program, and asks it for its version and its instances. The first snapshot says where it is.
pub async fn octopus(places: &Places, program: Option<&Path>, instance: &str, mut report: impl FnMut(OctopusFacts) + Send) {
    let (here, asked) = (places.clone(), program.map(Path::to_owned));
    let program = fact_within(BUDGET, move || Fact::Seen(find_program(&here, asked.as_deref()))).await;
    let mut facts = OctopusFacts { program, ..OctopusFacts::default() };
    report(facts.clone());
    let (folders, named) = (places.unit_folders.clone(), instance.to_owned());
    let service = fact_within(service::BUDGET, move || service::find_service(&folders, &named));
    if let Fact::Seen(Some(program)) = facts.program.clone() {
        // One after the other: two .NET programs at once are slower on a small machine.
        let asked = async {
            let version = ask_version(&program, ASK_BUDGET).await;
            let instances = ask_instances(&program, ASK_BUDGET).await;
            (version, instances)
        };
        let ((version, instances), service) = join(asked, service).await;
        (facts.version, facts.instances, facts.service) = (version, instances, service);
    } else {
        facts.version = Fact::Missing(Trouble::Unasked);
        facts.instances = Fact::Missing(Trouble::Unasked);
        facts.service = service.await;
    }
    if facts.instances.seen().is_none() {
        facts.instances = recorded(places, facts.instances).await;
    }
    report(facts);
}

/// Reads Octopus' own instance registry, if the program did not answer. These are files, so they do not depend on the program; but a
/// later version may keep them elsewhere, so the program's answer is preferred.
async fn recorded(places: &Places, told: Fact<Vec<(Untrusted, Untrusted)>>) -> Fact<Vec<(Untrusted, Untrusted)>> {
    let folder = places.octopus_instances.clone();
    let recorded = fact_within(BUDGET, move || Fact::Seen(registry::list_instances(&folder).0)).await;
    match recorded {
        Fact::Seen(records) if !records.is_empty() => Fact::Seen(records),
        _ => told,
    }
}

/// The budget for looking at a few paths, one of which may be on a dead share.
pub(super) const BUDGET: Duration = Duration::from_secs(5);

/// Returns the program that was asked for and no other, or else the first in the usual places.
///
/// On Windows the installer also writes its folder to the registry key `HKLM\Software\Octopus\OctopusServer`. None of our
/// dependencies reads the registry, so the operator has to say where if Octopus Server is installed elsewhere.
pub(super) fn find_program(places: &Places, asked: Option<&Path>) -> Option<PathBuf> {
    match asked {
        Some(path) => path.is_file().then(|| path.to_owned()),
        None => places.octopus_executables.iter().find(|path| path.is_file()).cloned(),
    }
}

/// The budget for the program. A .NET program that was not started for a while takes a second or two.
pub(super) const ASK_BUDGET: Duration = Duration::from_secs(10);
/// The most characters that are quoted of an unexpected output.
const QUOTED: usize = 300;

/// The program's answer.
#[derive(Debug)]
pub(super) struct Said {
    /// The cleaned lines of its output, then of its errors.
    lines: Vec<Untrusted>,
    outcome: Result<(), CommandFailure>,
}

impl Said {
    /// All of it.
    pub(super) fn text(&self) -> String {
        self.lines.iter().map(Untrusted::as_str).collect::<Vec<_>>().join("\n")
    }

    /// Describes an unexpected answer: how the program ended, and its first words.
    pub(super) fn no_answer(&self, what: &str) -> Trouble {
        let ending = match self.outcome {
            Ok(()) => "it ended with status 0".to_owned(),
            Err(CommandFailure::Status(status)) => format!("it ended with status {status}"),
            Err(_) => "it was ended by a signal".to_owned(),
        };
        let all = self.text();
        let all = Untrusted::new(&all);
        let mut quoted: String = all.as_str().chars().take(QUOTED).collect();
        if quoted.len() < all.as_str().len() {
            quoted.push('…');
        }
        let said = if quoted.is_empty() { "and printed nothing".to_owned() } else { format!("and printed: {quoted}") };
        Trouble::Io(format!("asked for {what}, {ending} {said}").into())
    }
}

/// Runs `<program> <words>` for at most `budget`, and always ends it.
pub(super) async fn ask(program: &Path, words: &[&str], budget: Duration) -> Result<Said, Trouble> {
    if let Some(said) = octopus_server::refusal(program) {
        return Err(Trouble::Io(said.trim_end_matches('.').into()));
    }
    let Ended { outcome, said } = octopus_server::run(program, &Call::plain(words), &Masks::default(), budget).await;
    match outcome {
        Err(CommandFailure::TimedOut(waited)) => Err(Trouble::TimedOut { waited }),
        // The output says why.
        Err(CommandFailure::NotStarted) => {
            Err(Trouble::Io(said.first().map_or_else(|| "it could not be started".into(), Clone::clone)))
        }
        outcome => Ok(Said { lines: said, outcome }),
    }
}

/// Returns the version of the installed program; [`Trouble::Unasked`] if there is none.
pub(in crate::world::survey) async fn installed_version(places: &Places) -> Fact<Untrusted> {
    let here = places.clone();
    match within(BUDGET, move || find_program(&here, None)).await {
        Ok(Some(program)) => ask_version(&program, ASK_BUDGET).await,
        Ok(None) => Fact::Missing(Trouble::Unasked),
        Err(trouble) => Fact::Missing(trouble),
    }
}

/// Asks the program for its version.
pub(super) async fn ask_version(program: &Path, budget: Duration) -> Fact<Untrusted> {
    match ask(program, &["version"], budget).await {
        Ok(said) => match version_in(&said.text()) {
            Some(version) => Fact::Seen(version.into()),
            None => Fact::Missing(said.no_answer("its version")),
        },
        Err(trouble) => Fact::Missing(trouble),
    }
}

/// Returns the first word that is a version of at least three numbers: `2024.4.6962`, `2025.1.10-beta`.
fn version_in(text: &str) -> Option<&str> {
    text.split_whitespace().map(|word| word.trim_matches(|c: char| !c.is_ascii_alphanumeric())).find(|word| {
        let numbers = word.split(['-', '+']).next().unwrap_or_default();
        let numbers: Vec<_> = numbers.split('.').collect();
        let number = |text: &&str| !text.is_empty() && text.len() <= 9 && text.bytes().all(|byte| byte.is_ascii_digit());
        (3..=4).contains(&numbers.len()) && numbers.iter().all(number) && word.len() <= 64
    })
}

/// Asks the program for its instances' names and config files. An older one that lacks the option prints text.
pub(super) async fn ask_instances(program: &Path, budget: Duration) -> Fact<Vec<(Untrusted, Untrusted)>> {
    match ask(program, &["list-instances", "--format=json"], budget).await {
        Ok(said) => match read_instances(&said.text()) {
            Some(instances) => Fact::Seen(instances.into_iter().map(|listed| (listed.name, listed.config)).collect()),
            None => Fact::Missing(said.no_answer("its instances")),
        },
        Err(trouble) => Fact::Missing(trouble),
    }
}

#[cfg(test)]
mod unit_tests {
    use super::*;

    #[test]
    fn a_version_is_found_in_what_is_printed() {
        for (text, expected) in [
            ("2024.4.6962\n", Some("2024.4.6962")),
            ("Octopus Deploy: Server version (2025.1.10-beta.2) \nCopyright 2.0", Some("2025.1.10-beta.2")),
            ("warning 1.2\n2018.3.1.5", Some("2018.3.1.5")),
            ("v1.2.3", None),
            ("1..2 1.2. 127.0.0.0.1 99999999999.1.1", None),
            ("", None),
        ] {
            assert_eq!(version_in(text), expected, "{text}");
        }
    }
}
