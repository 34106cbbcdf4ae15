//! The headless command that adds the next node of the same cluster.

use crate::catalog::flow;
use crate::catalog::settings::{self, Group, NextNode, Setting};
use crate::model::check::CheckId;
use crate::model::field::FieldId;
use crate::model::flow::Flow;
use crate::model::survey::AccountKind;
use crate::model::untrusted::Untrusted;

use super::{Secret, Setup, Shell};

/// The words of the command, each quoted for the shell where it needs it, a flag and its value together in one. What a shell
/// cannot carry is cleaned; it would have been refused as an answer.
pub fn words(setup: &Setup<'_>, shell: Shell) -> Vec<String> {
    words_with(setup, shared(setup), shell)
}

/// The command that adds this very server, with all that is its own, in lines as [`lines`] makes them. `accepted`: the checks whose
/// warnings were accepted.
pub fn lines_for_this_server(setup: &Setup<'_>, accepted: &[CheckId], shell: Shell, columns: usize) -> Vec<String> {
    let mut words = words_with(setup, own(setup), shell);
    let mut accepted: Vec<&str> = accepted.iter().map(|check| check.id()).collect();
    accepted.dedup();
    if !accepted.is_empty() {
        words.push(format!("--accept {}", accepted.join(",")));
    }
    in_lines(words, shell, columns)
}

fn words_with(setup: &Setup<'_>, answers: Vec<(FieldId, String)>, shell: Shell) -> Vec<String> {
    let mut words = vec!["octopus-setup".to_owned(), "join".to_owned()];
    for (field, text) in answers {
        // Behind a blank, a value that begins with a hyphen would be taken for a flag.
        let between = if text.starts_with('-') { '=' } else { ' ' };
        words.push(format!("--{}{between}{}", field.id(), shell.word(Untrusted::new(&text).as_str())));
    }
    let mut secrets = vec![Secret::Password, Secret::MasterKey];
    if setup.node.service.kind == AccountKind::Custom && setup.node.service.password.is_some() {
        secrets.push(Secret::ServicePassword);
    }
    for secret in secrets {
        words.push(format!("--{}-from env:{}", secret.field().id(), secret.variable()));
    }
    words.push("--yes".to_owned());
    words
}

/// The command in lines of at most this many columns, joined as the shell joins them; a word that is longer by itself stays
/// whole, since no shell could put it together again.
pub fn lines(setup: &Setup<'_>, shell: Shell, columns: usize) -> Vec<String> {
    in_lines(words(setup, shell), shell, columns)
}

fn in_lines(words: Vec<String>, shell: Shell, columns: usize) -> Vec<String> {
    let joint = match shell {
        Shell::Bash => " \\",
        Shell::PowerShell => " `",
    };
    let mut lines: Vec<String> = Vec::new();
    for word in words {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() + joint.len() <= columns => {
                line.push(' ');
                line.push_str(&word);
            }
            Some(line) => {
                line.push_str(joint);
                lines.push(format!("  {word}"));
            }
            None => lines.push(word),
        }
    }
    lines
}

/// The answers that the next node shares and that are not the fields' own defaults, the database's first. Its name is its
/// machine's unless it is told otherwise, as is what any node decides for itself.
fn shared(setup: &Setup<'_>) -> Vec<(FieldId, String)> {
    let mut rows: Vec<&Setting> = settings::all().collect();
    rows.sort_by_key(|row| row.group != Group::Database);
    let told = |row: &Setting| {
        let text = match row.field {
            FieldId::ListenPrefixes => prefixes(setup),
            _ => row.node?(setup.node)?,
        };
        let is_told = match row.next_node {
            NextNode::Never => false,
            NextNode::UnlessDefault => text != row.default,
            NextNode::Always => true,
        };
        (is_told && !text.is_empty()).then_some((row.field, text))
    };
    rows.into_iter().filter_map(told).collect()
}

/// The answers of this very server that are not the fields' own defaults, the database's first.
fn own(setup: &Setup<'_>) -> Vec<(FieldId, String)> {
    let mut rows: Vec<&Setting> = settings::all().collect();
    rows.sort_by_key(|row| row.group != Group::Database);
    let told = |row: &Setting| {
        let text = row.node?(setup.node)?;
        let is_own = matches!(row.group, Group::Node | Group::Service | Group::Web);
        let is_told = match row.next_node {
            NextNode::Never => is_own && text != row.default,
            NextNode::UnlessDefault => text != row.default,
            NextNode::Always => true,
        };
        let asked = flow::asks(Flow::Join, row.field) && row.presettable && !row.field.is_secret();
        (is_told && asked && !text.is_empty()).then_some((row.field, text))
    };
    rows.into_iter().filter_map(told).collect()
}

/// The prefixes, with a place to fill in where this node's own name stands.
fn prefixes(setup: &Setup<'_>) -> String {
    let name = setup.node.name.to_lowercase();
    let mut prefixes = setup.node.web.prefixes.clone();
    for prefix in &mut prefixes {
        let labels: Vec<&str> = prefix.host.split('.').map(|label| if label == name { "<name>" } else { label }).collect();
        prefix.host = labels.join(".");
    }
    prefixes.iter().map(ToString::to_string).collect::<Vec<_>>().join(",")
}
