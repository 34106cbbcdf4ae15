//! `key-file`.

use crate::catalog::failures;
use crate::catalog::format;
use crate::model::check::CheckId;
use crate::model::facts::{Fact, KeyFileState, Trouble};
use crate::model::field::FieldId;
use crate::model::finding::{Finding, Verdict};
use crate::model::flow::Flow;
use crate::model::screen::ScreenId;
use crate::model::survey::SurveyId;
use crate::model::untrusted::Untrusted;

use super::{Case, Check, report};

/// The rows of these checks.
pub(super) const CHECKS: &[Check] = &[
    Check {
        id: CheckId::KeyFile,
        screen: ScreenId::MasterKey,
        field: Some(FieldId::KeyFile),
        surveys: &[SurveyId::KeyFile],
        flows: &Flow::ALL,
        judge,
    },
    Check {
        id: CheckId::KeyKept,
        screen: ScreenId::MasterKey,
        field: Some(FieldId::KeyProof),
        surveys: &[],
        flows: &Flow::ALL,
        judge: kept,
    },
];

/// The key can be saved there, or is saved there already. Nothing is overwritten, whatever it is.
fn judge(case: &Case<'_>) -> Verdict {
    let path = Untrusted::new(case.answers.trimmed(FieldId::KeyFile));
    let stop = |says: String, fix: &str| report(Finding::stop(CheckId::KeyFile, says, fix));
    let warn = |says: String, fix: &str| report(Finding::warn(CheckId::KeyFile, says, fix));
    let spot = match &case.facts.key_file.spot {
        Fact::Unknown => return case.pending(),
        Fact::Seen(spot) => spot,
        Fact::Missing(trouble) => {
            let says = match trouble {
                Trouble::Io(said) => format!("The master key cannot be saved to {path}: {}", format::sentence(said.as_str())),
                Trouble::TimedOut { waited } => {
                    format!(
                        "The master key cannot be saved to {path}: its disk did not answer within {}.",
                        format::duration(*waited)
                    )
                }
                other => failures::explain_trouble(other).says,
            };
            return stop(says, "Name a file in a folder that this user may write in.");
        }
    };
    match spot {
        KeyFileState::Free { network: false, volatile: false } => {
            Verdict::Good("nothing is there yet, and its folder can be written".into())
        }
        KeyFileState::Free { volatile: true, .. } => warn(
            format!("{path} would be in memory: the key would be gone with the next boot."),
            "Name a file on a disk that lasts, or take the key from there before the machine is started again.",
        ),
        KeyFileState::Free { .. } => warn(
            format!("{path} would be on a network disk: anyone who reads that share reads the master key."),
            "Name a file on a disk of this machine, or one on a share that only those read who may have the key.",
        ),
        KeyFileState::Key(found) if case.key == Some(*found) => Verdict::Good("holds this very key already".into()),
        KeyFileState::Key(found) => stop(
            format!("{path} holds another master key, {found}. It is not overwritten: it may be the only copy of that one."),
            "Name another file.",
        ),
        KeyFileState::Taken => stop(format!("{path} is there already. It is not overwritten."), "Name another file."),
        KeyFileState::NoFolder { folder } => stop(
            format!("The master key cannot be saved to {path}: there is no folder {folder}."),
            "Make the folder, or name a file in one that is there.",
        ),
    }
}

/// `key-kept`. Never judged here: whether the key is kept stands neither in an answer nor in a fact, but is known to custody,
/// which holds the key itself. The state puts custody's verdict in place of this one.
fn kept(_case: &Case<'_>) -> Verdict {
    Verdict::NotYet
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::checks::tests::{case, evidence, judged_in, stop, warn};
    use crate::catalog::samples;
    use crate::model::facts::Facts;
    use crate::model::master_key::Fingerprint;

    fn at(spot: Fact<KeyFileState>, key: Option<Fingerprint>) -> Verdict {
        let answers = samples::with(&[(FieldId::KeyFile, "/root/key.txt")]);
        let mut facts = Facts::default();
        facts.key_file.spot = spot;
        judged_in(&Case { key, ..case(&answers, &facts) }, CheckId::KeyFile)
    }

    #[test]
    fn where_nothing_is_the_key_can_be_saved() {
        let free = |network, volatile| at(Fact::Seen(KeyFileState::Free { network, volatile }), None);
        assert!(evidence(&free(false, false)).contains("can be written"));
        assert!(warn(&free(true, false)).says.contains("network"));
        assert!(warn(&free(false, true)).says.contains("memory"));
    }

    #[test]
    fn what_is_there_is_as_good_only_where_it_is_this_very_key() {
        let (own, other) = (Fingerprint([1; 4]), Fingerprint([2; 4]));
        assert!(evidence(&at(Fact::Seen(KeyFileState::Key(own)), Some(own))).contains("this very key"));
        for key in [None, Some(other)] {
            assert!(stop(&at(Fact::Seen(KeyFileState::Key(own)), key)).says.contains("another master key, 0101-0101"));
        }
        assert!(stop(&at(Fact::Seen(KeyFileState::Taken), Some(own))).says.contains("not overwritten"));
    }

    #[test]
    fn what_cannot_be_written_is_told_with_its_reason() {
        let gone = at(Fact::Seen(KeyFileState::NoFolder { folder: "/root".into() }), None);
        assert_eq!(stop(&gone).says, "The master key cannot be saved to /root/key.txt: there is no folder /root.");
        let refused = at(Fact::Missing(Trouble::Io("Read-only file system".into())), None);
        assert_eq!(stop(&refused).says, "The master key cannot be saved to /root/key.txt: Read-only file system.");
        let hangs = at(Fact::Missing(Trouble::TimedOut { waited: std::time::Duration::from_secs(15) }), None);
        assert!(stop(&hangs).says.contains("within 15 s"));
    }
}
