//! Renderings of a node for others to run: scripts for Octopus Server's own command line, a compose file for its container,
//! and the headless command for the next node. Pure text in, pure text out; templates are in `assets/`, and a value cannot
//! stand in one unquoted, since each shell's escaper makes it one word.
//!
//! Secrets are references to environment variables, unless they are handed over to stand there in the clear; what holds
//! them is a secret then as a whole.

pub mod compose;
pub mod load_balancer;
pub mod next_node;
pub mod octopus;
pub mod script;
pub mod tentacles;

use std::collections::BTreeMap;

use askama::filters::Safe;
use secrecy::ExposeSecret;

use crate::model::flow::Flow;
use crate::model::master_key::Fingerprint;
use crate::model::node::Node;
use crate::model::plan::Plan;

pub use crate::model::quote::Shell;
pub use crate::model::secret::{Secret, SecretString};

/// A node that is to be set up.
#[derive(Debug, Clone, Copy)]
pub struct Setup<'a> {
    /// As which one. [`Flow::FirstNode`] alone has what concerns the whole cluster.
    pub flow: Flow,
    /// The node. Its secrets are never read here: they may be empty.
    pub node: &'a Node,
    /// The master key's fingerprint, by which its holder tells it from others; `None` where it is not known.
    pub fingerprint: Option<Fingerprint>,
}

impl<'a> Setup<'a> {
    /// Returns what a plan sets up.
    pub fn from_plan(plan: &'a Plan) -> Self {
        Self { flow: plan.flow, node: &plan.node, fingerprint: Some(plan.fingerprint) }
    }

    /// Whether it is the first node, with which the cluster begins.
    pub fn is_first(&self) -> bool {
        self.flow == Flow::FirstNode
    }
}

/// A value cannot be rendered: there is a NUL in it, which no shell, no environment and no command line can carry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("One of the answers has a NUL character in it, which neither a shell nor a command line can carry.")]
pub struct Unrenderable;

/// The script of a plan for Octopus Server's own command line, its secrets as references to the environment.
pub fn script(plan: &Plan, shell: Shell) -> String {
    script::by_reference(&Setup::from_plan(plan), shell).unwrap_or_else(|unwritable| format!("# {unwritable}\n"))
}

/// The exact command by which `octopus-setup` adds the next node of the plan's cluster, in one line for the shell of its
/// platform. Secrets are references to the environment; what the next node has to choose by itself stands between `<` and `>`.
pub fn next_node(plan: &Plan) -> String {
    next_node::words(&Setup::from_plan(plan), Shell::of(plan.node.platform)).join(" ")
}

/// The secrets that are at hand.
#[derive(Debug, Clone, Default)]
pub struct ClearSecrets(BTreeMap<Secret, SecretString>);

impl FromIterator<(Secret, Option<SecretString>)> for ClearSecrets {
    fn from_iter<I: IntoIterator<Item = (Secret, Option<SecretString>)>>(secrets: I) -> Self {
        Self(secrets.into_iter().filter_map(|(secret, text)| Some((secret, text?))).collect())
    }
}

impl ClearSecrets {
    pub fn get(&self, secret: Secret) -> Option<&SecretString> {
        self.0.get(&secret)
    }

    pub fn texts(&self) -> impl Iterator<Item = &SecretString> {
        self.0.values()
    }

    /// Returns those of these kinds.
    #[must_use]
    pub fn only(&self, kinds: &[Secret]) -> Self {
        kinds.iter().map(|kind| (*kind, self.get(*kind).cloned())).collect()
    }
}

/// How secrets stand in a rendering.
#[derive(Debug, Clone, Copy)]
pub enum Secrets<'a> {
    /// As references to the environment.
    ByReference,
    /// In the clear; one that is not there stays a reference.
    InClear(&'a ClearSecrets),
}

impl<'a> Secrets<'a> {
    /// Returns the secret if it stands in the clear.
    fn text(self, secret: Secret) -> Option<&'a str> {
        match self {
            Self::ByReference => None,
            Self::InClear(clear) => clear.get(secret).map(ExposeSecret::expose_secret),
        }
    }
}

/// Returns a line as a comment; in ASCII for Windows PowerShell, which guesses a file's encoding. A line break would begin a
/// statement.
fn comment(line: &str, ascii: bool) -> Safe<String> {
    let clean = |c: char| match c {
        c if c.is_control() => ' ',
        c if ascii && !c.is_ascii() => '?',
        c => c,
    };
    let line: String = line.chars().map(clean).collect();
    Safe(if line.is_empty() { "#".to_owned() } else { format!("# {line}") })
}

/// Leaves one empty line where a template leaves several, and a line break at the end: `HAProxy` takes a file without one for
/// a part.
fn tidy(text: &str) -> String {
    let mut tidy = String::with_capacity(text.len() + 1);
    for line in text.trim_end().lines() {
        if !line.is_empty() || !tidy.ends_with("\n\n") {
            tidy.push_str(line);
            tidy.push('\n');
        }
    }
    tidy
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_s_variable_is_its_field_s() {
        for secret in Secret::ALL {
            assert_eq!(secret.variable(), secret.field().variable());
            assert!(secret.field().is_secret());
        }
    }
}
