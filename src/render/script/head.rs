//! What stands at the head of a script, for whoever opens it.

use super::super::{Secret, Secrets, Setup};
use super::Shell;
use crate::model::target::Trust;
use crate::model::untrusted::Untrusted;

/// The lines of the head, without the sign of a comment. With it they fit a window of 80 columns where names are not long. Names come from answers, so they are cleaned: a line break in one
/// would begin a command.
pub(super) fn lines(setup: &Setup<'_>, shell: Shell, needed: &[Secret], secrets: Secrets<'_>) -> Vec<String> {
    let node = setup.node;
    let (name, instance) = (Untrusted::new(&node.name), Untrusted::new(&node.instance));
    let mut lines = vec![
        format!("Sets up node {name} (instance {instance}) by Octopus Server's commands."),
        if setup.is_first() {
            "It is the first node of its cluster: run it once, on that machine only.".to_owned()
        } else {
            "It is a further node: nothing here changes what the other nodes use.".to_owned()
        },
        format!("Written by octopus-setup {}.", env!("CARGO_PKG_VERSION")),
        String::new(),
    ];
    if !needed.is_empty() {
        lines.push(format!("Set these environment variables first ({}):", shell.sets_a_variable()));
        for secret in needed {
            let whose = match (secret, setup.fingerprint) {
                (Secret::MasterKey, Some(fingerprint)) => format!("the master key, fingerprint {fingerprint}"),
                _ => secret.noun().to_owned(),
            };
            lines.push(format!("  {:<32}{whose}", secret.variable()));
        }
        lines.push(String::new());
    }
    if matches!(secrets, Secrets::InClear(_)) {
        lines.push("SECRETS STAND IN THIS FILE IN THE CLEAR. Keep it to yourself, and delete".into());
        lines.push("it when it has done its work.".into());
        lines.push(String::new());
    }
    lines.push("Octopus Server takes the connection string, the master key and the password".into());
    lines.push("of an administrator on its command line and nowhere else: while a command".into());
    lines.push("runs, anyone who may list the processes of this machine can read them.".into());
    match node.target.trust {
        Trust::SystemRoots | Trust::Nothing => {}
        Trust::CaFile(_) => {
            lines.push("Octopus Server knows no CA file of its own: the CA has to be among those".into());
            lines.push("that this machine trusts.".into());
        }
        Trust::Fingerprint(_) => {
            lines.push("Octopus Server cannot pin a certificate: with this connection string it".into());
            lines.push("trusts whichever it is shown.".into());
        }
    }
    lines
}
