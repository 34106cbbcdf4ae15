//! For shells: completions and the manual page, from the one definition of the command line.

use std::process::ExitCode;

use super::cli::Completions;
use super::complain;

/// Prints the completions of a shell.
pub fn completions(_asked: &Completions) -> ExitCode {
    complain("not built yet")
}

/// Prints the manual page.
pub fn man() -> ExitCode {
    complain("not built yet")
}
