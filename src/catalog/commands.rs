//! This program's own commands, as texts name them.

use crate::model::flow::Flow;

/// The command that prints the script for Octopus Server itself. Without the flow it would be a further node's, which makes
/// no database, sets no licence and no folders.
pub fn script(flow: Flow, by: &str, what: &str) -> String {
    let language = if cfg!(windows) { "powershell" } else { "bash" };
    let first = if flow == Flow::FirstNode { " --flow first-node" } else { "" };
    format!("octopus-setup script --format {language}{first} {by} {}", quoted(what))
}

/// Whether no shell finds anything in a word.
pub fn is_plain(word: &str) -> bool {
    let backslash = cfg!(windows);
    let plain = |c: char| c.is_ascii_alphanumeric() || "_-./:@+".contains(c) || (backslash && c == '\\');
    !word.is_empty() && word.chars().all(plain)
}

/// A word for this system's own shell.
pub fn quoted(word: &str) -> String {
    if is_plain(word) {
        return word.to_owned();
    }
    let escaped = if cfg!(windows) { "''" } else { "'\\''" };
    format!("'{}'", word.replace('\'', escaped))
}
