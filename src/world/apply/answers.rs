//! The answers that a journal keeps: made from the node, so that they are what was agreed to, and never a secret.

use std::collections::BTreeMap;

use data_encoding::HEXLOWER;

use crate::model::field::FieldId;
use crate::model::master_key::KeySize;
use crate::model::node::Node;
use crate::model::survey::AccountKind;
use crate::model::target::{Encryption, Trust};
use crate::world::node_config::{address, prefix};

/// The node as answers by field id. Secrets and what only the last screens ask are left out.
pub(super) fn of(node: &Node) -> BTreeMap<String, String> {
    let target = &node.target;
    let trust = match &target.trust {
        Trust::SystemRoots => ("system", None),
        Trust::CaFile(path) => ("ca-file", Some((FieldId::CaFile, path.to_string_lossy().into_owned()))),
        Trust::Fingerprint(digest) => ("fingerprint", Some((FieldId::Fingerprint, HEXLOWER.encode(digest)))),
        Trust::Nothing => ("none", None),
    };
    let prefixes: Vec<String> = node.web.prefixes.iter().map(prefix).collect();
    let mut answers = vec![
        (FieldId::Instance, node.instance.clone()),
        (FieldId::Home, node.home.to_string_lossy().into_owned()),
        (FieldId::NodeName, node.name.clone()),
        (FieldId::ServiceAccount, account(node.service.kind).to_owned()),
        (FieldId::ServiceUser, node.service.user.clone()),
        (FieldId::Server, address(&target.address)),
        (FieldId::Database, target.database.to_string()),
        (FieldId::User, target.user.clone()),
        (FieldId::Encryption, encryption(target.encryption).to_owned()),
        (FieldId::Trust, trust.0.to_owned()),
        (FieldId::CreateDatabase, node.create_database.to_string()),
        (FieldId::MultiSubnet, target.multi_subnet.to_string()),
        (FieldId::ListenPrefixes, prefixes.join(", ")),
        (FieldId::ForceSsl, node.web.force_ssl.to_string()),
        (FieldId::CommsPort, node.web.comms_port.to_string()),
        (FieldId::GrpcPort, node.web.grpc_port.to_string()),
        (FieldId::KeySize, key_size(node.key_size).to_owned()),
    ];
    answers.extend(trust.1);
    answers.into_iter().map(|(field, text)| (field.id().to_owned(), text)).collect()
}

const fn account(kind: AccountKind) -> &'static str {
    match kind {
        AccountKind::LocalSystem => "local-system",
        AccountKind::Custom => "custom",
        AccountKind::Managed => "managed",
    }
}

const fn encryption(encryption: Encryption) -> &'static str {
    match encryption {
        Encryption::Strict => "strict",
        Encryption::Mandatory => "mandatory",
        Encryption::Optional => "optional",
    }
}

const fn key_size(size: KeySize) -> &'static str {
    match size {
        KeySize::Aes128 => "aes-128",
        KeySize::Aes256 => "aes-256",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::field::Kind;
    use crate::world::apply::sample;

    #[test]
    fn every_answer_fits_its_field_and_none_is_a_secret() {
        let mut node = sample::plan(std::path::Path::new("/opt/o")).node;
        for trust in [Trust::SystemRoots, Trust::CaFile("/ca".into()), Trust::Fingerprint([1; 32]), Trust::Nothing] {
            node.target.trust = trust;
            for (id, text) in of(&node) {
                let field = FieldId::from_id(&id).expect("a field");
                assert!(!field.is_secret(), "{id}");
                assert!(!text.contains(sample::PASSWORD) && !text.contains(sample::SERVICE_PASSWORD), "{id}");
                if let Kind::Choice(values) = field.kind() {
                    assert!(values.contains(&text.as_str()), "{id}: {text}");
                }
            }
        }
    }
}
