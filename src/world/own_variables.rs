//! The environment variables that the programs it starts must not see: this program's own, and any other that an answer is read from.

use std::collections::BTreeSet;
use std::ffi::{OsStr, OsString};
use std::process::Command;
use std::sync::{Mutex, PoisonError};

/// Prefix of all their names.
const OWN: &[u8] = b"OCTOPUS_SETUP_";

/// The variables of others that answers are read from. One list for the process, as the environment that children inherit is one.
static READ: Mutex<BTreeSet<OsString>> = Mutex::new(BTreeSet::new());

/// Notes a variable that an answer is read from, whether or not it is set.
pub(super) fn note(name: &str) {
    READ.lock().unwrap_or_else(PoisonError::into_inner).insert(name.into());
}

/// Removes them from the environment of a program to start, and so from everything it starts: they may hold any answer and any
/// secret.
pub(super) fn remove(command: &mut Command) {
    for (name, _) in std::env::vars_os().filter(|(name, _)| is_hidden(name)) {
        command.env_remove(name);
    }
}

/// Returns whether a variable is not passed on.
pub(super) fn is_hidden(name: &OsStr) -> bool {
    let is_read = |read: &OsString| if cfg!(windows) { read.eq_ignore_ascii_case(name) } else { read == name };
    is_ours(name) || READ.lock().unwrap_or_else(PoisonError::into_inner).iter().any(is_read)
}

/// Returns whether a variable is one of them; Windows ignores case.
fn is_ours(name: &OsStr) -> bool {
    name.as_encoded_bytes().get(..OWN.len()).is_some_and(|head| head.eq_ignore_ascii_case(OWN))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn its_own_are_told_from_those_of_others() {
        for own in ["OCTOPUS_SETUP_PASSWORD", "OCTOPUS_SETUP_STATE_DIR", "octopus_setup_x"] {
            assert!(is_ours(OsStr::new(own)), "{own}");
        }
        for other in ["OCTOPUS_SETUP", "OCTOPUS_SERVICE_PASSWORD", "PATH", ""] {
            assert!(!is_ours(OsStr::new(other)), "{other}");
        }
    }

    #[test]
    fn one_that_an_answer_is_read_from_is_hidden() {
        assert!(!is_hidden(OsStr::new("THE_VAULTS_PASSWORD")));
        note("THE_VAULTS_PASSWORD");
        assert!(is_hidden(OsStr::new("THE_VAULTS_PASSWORD")) && !is_hidden(OsStr::new("THE_VAULTS_PASSWORD_2")));
    }
}
