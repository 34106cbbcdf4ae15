//! The headless command that adds the next node of the same cluster.

use super::Setup;
use super::Shell;
use super::octopus;
use super::secrets::Secret;
use crate::model::field::FieldId;
use crate::model::survey::AccountKind;
use crate::model::target::{Encryption, Trust};
use crate::model::untrusted::Untrusted;

/// The words of the command, each quoted for the shell where it needs it, a flag and its value together in one. What a shell
/// cannot carry is cleaned; it would have been refused as an answer.
pub fn words(setup: &Setup<'_>, shell: Shell) -> Vec<String> {
    let mut words = vec!["octopus-setup".to_owned(), "join".to_owned()];
    for (field, text) in shared(setup) {
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
    let joint = match shell {
        Shell::Bash => " \\",
        Shell::PowerShell => " `",
    };
    let mut lines: Vec<String> = Vec::new();
    for word in words(setup, shell) {
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

/// The answers that the next node shares and that are not the fields' own defaults. Its name is its machine's unless it is
/// told otherwise, as is what any node decides for itself.
fn shared(setup: &Setup<'_>) -> Vec<(FieldId, String)> {
    let node = setup.node;
    let target = &node.target;
    let (trust, trusted) = match &target.trust {
        Trust::SystemRoots => ("system", None),
        Trust::CaFile(path) => ("ca-file", Some((FieldId::CaFile, path.to_string_lossy().into_owned()))),
        Trust::Fingerprint(bytes) => ("fingerprint", Some((FieldId::Fingerprint, data_encoding::HEXLOWER.encode(bytes)))),
        Trust::Nothing => ("none", None),
    };
    let encryption = match target.encryption {
        Encryption::Strict => "strict",
        Encryption::Mandatory => "mandatory",
        Encryption::Optional => "optional",
    };
    let (account, user) = match node.service.kind {
        AccountKind::LocalSystem => ("local-system", None),
        AccountKind::Custom => ("custom", Some((FieldId::ServiceUser, node.service.user.clone()))),
        AccountKind::Managed => ("managed", Some((FieldId::ServiceUser, node.service.user.clone()))),
    };
    let truth = |on: bool| if on { "true" } else { "false" };
    let one = |field, text: &str| Some((field, text.to_owned()));
    let all = [
        one(FieldId::Server, &target.address.to_string()),
        one(FieldId::Database, target.database.as_str()),
        one(FieldId::User, &target.user),
        one(FieldId::Encryption, encryption),
        one(FieldId::Trust, trust),
        trusted,
        one(FieldId::MultiSubnet, truth(target.multi_subnet)),
        one(FieldId::Instance, &node.instance),
        one(FieldId::Home, &node.home.to_string_lossy()),
        one(FieldId::ServiceAccount, account),
        user,
        one(FieldId::ListenPrefixes, &prefixes(setup)),
        one(FieldId::ForceSsl, truth(node.web.force_ssl)),
        one(FieldId::CommsPort, &node.web.comms_port.to_string()),
        one(FieldId::GrpcPort, &node.web.grpc_port.to_string()),
    ];
    // Server, database, user, encryption and trust are what one looks at before one runs it, so they always stand there.
    let spoken = [FieldId::Server, FieldId::Database, FieldId::User, FieldId::Encryption, FieldId::Trust];
    let is_told = |(field, text): &(FieldId, String)| !text.is_empty() && (spoken.contains(field) || text != field.default());
    all.into_iter().flatten().filter(is_told).collect()
}

/// The prefixes, with a place to fill in where this node's own name stands.
fn prefixes(setup: &Setup<'_>) -> String {
    let name = setup.node.name.to_lowercase();
    let mut prefixes = setup.node.web.prefixes.clone();
    for prefix in &mut prefixes {
        let labels: Vec<&str> = prefix.host.split('.').map(|label| if label == name { "<name>" } else { label }).collect();
        prefix.host = labels.join(".");
    }
    let others: Vec<String> = prefixes.iter().map(ToString::to_string).collect();
    if prefixes == setup.node.web.prefixes { octopus::prefixes(setup) } else { others.join(",") }
}
