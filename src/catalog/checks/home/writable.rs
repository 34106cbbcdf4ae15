//! `home-writable`.

use crate::catalog::checks::{Case, one};
use crate::catalog::failures;
use crate::catalog::form::read;
use crate::catalog::format;
use crate::model::check::CheckId;
use crate::model::facts::{Fact, HomeState, Trouble};
use crate::model::finding::{Finding, Verdict};
use crate::model::quote::bash;

/// A file could be created, written, synced and removed there.
pub fn judge(case: &Case<'_>) -> Verdict {
    let home = &case.facts.home;
    if matches!(home.folder, Fact::Seen(HomeState::NotAFolder) | Fact::Missing(_)) {
        return Verdict::NotYet;
    }
    let trouble = match (&home.writable, &home.folder) {
        (Fact::Unknown, _) => return case.pending(),
        (Fact::Seen(()), Fact::Seen(HomeState::Creatable { parent })) => {
            return Verdict::Good(format!("{parent} can be written, synced and cleaned"));
        }
        (Fact::Seen(()), _) => return Verdict::Good("written, synced and removed a file".into()),
        (Fact::Missing(trouble), _) => trouble,
    };
    let place = match (&home.folder, read::home(case.answers)) {
        (Fact::Seen(HomeState::Creatable { parent }), _) => parent.to_string(),
        (_, Ok(path)) => path.display().to_string(),
        _ => "the home directory".to_owned(),
    };
    let says = match trouble {
        Trouble::Io(said) => format!("This user cannot write in {place}: {}", format::sentence(said.as_str())),
        Trouble::TimedOut { waited } => {
            return one(Finding::stop(
                CheckId::HomeWritable,
                format!("Writing in {place} came to no end within {}: the disk hangs, or is a share.", format::duration(*waited)),
                "Type a path on a local disk of this machine.",
            ));
        }
        other => failures::explain_trouble(other).says,
    };
    let finding = Finding::stop(
        CheckId::HomeWritable,
        says,
        "Start the wizard as a user who may write there (sudo, an elevated terminal), have the folder made for this user, or type \
         another path.",
    );
    one(match read::home(case.answers) {
        Ok(path) if !case.is_on_windows() => {
            finding.command(format!("sudo install -d -m 0750 -o \"$(id -un)\" {}", bash(&path.to_string_lossy())))
        }
        _ => finding,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::checks::tests::{evidence, judged, stop};
    use crate::catalog::samples;
    use crate::model::facts::Facts;
    use crate::model::field::FieldId;

    fn refused() -> Facts {
        let mut facts = samples::facts();
        facts.home.writable = Fact::Missing(Trouble::Io("Read-only file system".into()));
        facts
    }

    #[test]
    fn writable_or_not() {
        let answers = samples::answers();
        assert!(evidence(&judged(CheckId::HomeWritable, &answers, &samples::facts())).starts_with("/var/lib can be written"));
        let mut there = samples::facts();
        there.home.folder = Fact::Seen(HomeState::Empty);
        assert!(evidence(&judged(CheckId::HomeWritable, &answers, &there)).starts_with("written"));
        let finding = stop(&judged(CheckId::HomeWritable, &answers, &refused()));
        assert_eq!(finding.says, "This user cannot write in /var/lib: Read-only file system.");
        let mut hanging = samples::facts();
        hanging.home.writable = Fact::Missing(Trouble::TimedOut { waited: std::time::Duration::from_secs(5) });
        let finding = stop(&judged(CheckId::HomeWritable, &answers, &hanging));
        assert!(finding.says.contains("within 5 s") && finding.remedy.is_none(), "{finding:?}");
    }

    #[test]
    fn the_command_is_safe_whatever_the_path() {
        let answers = samples::with(&[(FieldId::Home, "/opt/it's; rm -rf x")]);
        let remedy = stop(&judged(CheckId::HomeWritable, &answers, &refused())).remedy;
        assert!(remedy.is_some_and(|remedy| remedy.text().ends_with("'/opt/it'\\''s; rm -rf x'")));
    }

    #[test]
    fn behind_something_that_is_no_folder_nothing_is_judged() {
        let mut facts = refused();
        for folder in [Fact::Seen(HomeState::NotAFolder), Fact::Missing(Trouble::Unasked)] {
            facts.home.folder = folder;
            assert_eq!(judged(CheckId::HomeWritable, &samples::answers(), &facts), Verdict::NotYet);
        }
    }
}
