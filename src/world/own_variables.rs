//! This program's own environment variables, which the programs it starts must not see.

use std::ffi::OsStr;
use std::process::Command;

/// Prefix of all their names.
const OWN: &[u8] = b"OCTOPUS_SETUP_";

/// Removes them from the environment of a program to start, and so from everything it starts: they may hold any answer and any
/// secret.
pub(super) fn remove(command: &mut Command) {
    for (name, _) in std::env::vars_os().filter(|(name, _)| is_ours(name)) {
        command.env_remove(name);
    }
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
}
