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

use askama::filters::Safe;
use secrecy::{ExposeSecret, SecretString};

use crate::model::field::FieldId;
use crate::model::flow::Flow;
use crate::model::master_key::Fingerprint;
use crate::model::node::Node;
use crate::model::plan::Plan;

pub use crate::model::quote::Shell;

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

/// A secret that a rendering may need.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Secret {
    /// The SQL login's password.
    Password,
    /// The cluster's master key.
    MasterKey,
    /// The service account's password.
    ServicePassword,
    /// The first administrator's password.
    AdminPassword,
    /// The licence, in base64 as Octopus Server takes it.
    Licence,
}

impl Secret {
    pub const ALL: [Self; 5] = [Self::Password, Self::MasterKey, Self::ServicePassword, Self::AdminPassword, Self::Licence];

    /// The field that it answers.
    pub const fn field(self) -> FieldId {
        match self {
            Self::Password => FieldId::Password,
            Self::MasterKey => FieldId::MasterKey,
            Self::ServicePassword => FieldId::ServicePassword,
            Self::AdminPassword => FieldId::AdminPassword,
            Self::Licence => FieldId::Licence,
        }
    }

    /// The environment variable that holds it: the field's own, so that there is one name for one thing.
    pub const fn variable(self) -> &'static str {
        match self {
            Self::Password => "OCTOPUS_SETUP_PASSWORD",
            Self::MasterKey => "OCTOPUS_SETUP_MASTER_KEY",
            Self::ServicePassword => "OCTOPUS_SETUP_SERVICE_PASSWORD",
            Self::AdminPassword => "OCTOPUS_SETUP_ADMIN_PASSWORD",
            Self::Licence => "OCTOPUS_SETUP_LICENCE",
        }
    }

    /// What it is, for people.
    pub const fn noun(self) -> &'static str {
        match self {
            Self::Password => "the password of the SQL login",
            Self::MasterKey => "the master key of the cluster",
            Self::ServicePassword => "the password of the service account",
            Self::AdminPassword => "the password of the first administrator",
            Self::Licence => "the licence, in base64",
        }
    }
}

/// The secrets themselves.
#[derive(Debug, Default)]
pub struct ClearSecrets {
    /// The SQL login's password.
    pub password: SecretString,
    /// The master key in base64; `None` where it is not to be had.
    pub master_key: Option<SecretString>,
    /// The service account's password, where it has one.
    pub service_password: Option<SecretString>,
    /// The first administrator's password, where one is made.
    pub admin_password: Option<SecretString>,
    /// The licence in base64, where one was given.
    pub licence: Option<SecretString>,
}

impl ClearSecrets {
    pub fn get(&self, secret: Secret) -> Option<&SecretString> {
        match secret {
            Secret::Password => Some(&self.password),
            Secret::MasterKey => self.master_key.as_ref(),
            Secret::ServicePassword => self.service_password.as_ref(),
            Secret::AdminPassword => self.admin_password.as_ref(),
            Secret::Licence => self.licence.as_ref(),
        }
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
