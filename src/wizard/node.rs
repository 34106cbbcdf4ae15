//! From answers to the node: the one place where a whole flow's answers are parsed, for every face.

use crate::model::answers::Answers;
use crate::model::field::FieldId;
use crate::model::node::{Node, ServiceAccount, Web};
use crate::model::prefixes;

use super::form::{self, read};

/// The node that these answers ask for; `Err` names the fields that are missing or malformed, all of them, in the
/// order in which they are asked.
pub fn from_answers(answers: &Answers) -> Result<Node, Vec<FieldId>> {
    let bad: Vec<FieldId> = FieldId::ALL
        .into_iter()
        // These are about the key, which is custody's business, and its keeping; no node depends on them.
        .filter(|field| !matches!(field, FieldId::MasterKey | FieldId::KeyFile | FieldId::KeyProof | FieldId::KeyConfirm))
        .filter(|field| form::problem(*field, answers).is_some())
        .collect();
    if !bad.is_empty() {
        return Err(bad);
    }
    let one = |field: FieldId| move |_| vec![field];
    Ok(Node {
        instance: read::instance(answers).map_err(one(FieldId::Instance))?.as_str().to_owned(),
        home: read::home(answers).map_err(one(FieldId::Home))?,
        name: read::node_name(answers).map_err(one(FieldId::NodeName))?.as_str().to_owned(),
        service: ServiceAccount {
            kind: read::account_kind(answers),
            user: read::service_user(answers).map_err(one(FieldId::ServiceUser))?,
            password: read::service_password(answers).map_err(one(FieldId::ServicePassword))?,
        },
        target: read::target(answers).ok_or_else(|| vec![FieldId::Server])?,
        create_database: answers.is_on(FieldId::CreateDatabase),
        web: Web {
            prefixes: prefixes::parse(answers.text(FieldId::ListenPrefixes)).map_err(|_| vec![FieldId::ListenPrefixes])?,
            force_ssl: answers.is_on(FieldId::ForceSsl),
            comms_port: read::port(FieldId::CommsPort, answers).map_err(one(FieldId::CommsPort))?,
            grpc_port: read::port(FieldId::GrpcPort, answers).map_err(one(FieldId::GrpcPort))?,
        },
        key_size: read::key_size(answers),
        task_cap: read::task_cap(answers).map_err(one(FieldId::TaskCap))?,
    })
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use super::*;
    use crate::model::master_key::KeySize;
    use crate::model::survey::AccountKind;
    use crate::model::target::{Encryption, Trust};
    use crate::wizard::samples;

    #[test]
    fn good_answers_make_a_node() {
        let node = from_answers(&samples::answers()).unwrap();
        assert_eq!((node.instance.as_str(), node.name.as_str()), ("OctopusServer", "web01"));
        assert_eq!(node.home, std::path::PathBuf::from(samples::HOME));
        assert_eq!(node.target.address.to_string(), "sql01,1433");
        assert_eq!(node.target.password.expose_secret(), samples::PASSWORD);
        assert_eq!((node.target.encryption, node.target.trust), (Encryption::Mandatory, Trust::SystemRoots));
        assert_eq!(node.web.prefixes.len(), 1);
        assert_eq!((node.web.comms_port, node.web.grpc_port), (10943, 8443));
        assert!(node.create_database && !node.web.force_ssl);
        assert_eq!(node.key_size, KeySize::Aes256);
        assert_eq!(node.service.kind, AccountKind::LocalSystem);
    }

    #[test]
    fn every_bad_field_is_named_at_once_and_in_order() {
        let answers = samples::with(&[
            (FieldId::Home, "relative"),
            (FieldId::ServiceAccount, "custom"),
            (FieldId::Server, ""),
            (FieldId::Trust, "fingerprint"),
            (FieldId::GrpcPort, "x"),
        ]);
        let bad = from_answers(&answers).unwrap_err();
        let mut expected = vec![FieldId::Home, FieldId::ServiceUser];
        if cfg!(windows) {
            expected.push(FieldId::ServicePassword);
        }
        expected.extend([FieldId::Server, FieldId::Fingerprint, FieldId::GrpcPort]);
        assert_eq!(bad, expected);
    }

    #[test]
    fn every_field_of_a_node_is_looked_at() {
        for field in FieldId::ALL {
            let not_looked_at = matches!(
                field,
                FieldId::KeyFile
                    | FieldId::MasterKey
                    | FieldId::KeyProof
                    | FieldId::KeyConfirm
                    | FieldId::ServiceUser
                    | FieldId::ServicePassword
                    | FieldId::CaFile
                    | FieldId::Fingerprint
            );
            let outcome = from_answers(&samples::with(&[(field, "\u{1}")]));
            assert_eq!(outcome.err(), (!not_looked_at).then(|| vec![field]), "{}", field.id());
        }
    }

    #[test]
    fn answers_of_hidden_fields_are_not_read() {
        let answers =
            samples::with(&[(FieldId::ServiceUser, "CORP\\x"), (FieldId::CaFile, "relative"), (FieldId::Fingerprint, "x")]);
        assert_eq!(from_answers(&answers).unwrap().service.user, "");
    }

    #[test]
    fn a_custom_account_and_a_pinned_certificate() {
        let answers = samples::with(&[
            (FieldId::ServiceAccount, "custom"),
            (FieldId::ServiceUser, " CORP\\svc "),
            (FieldId::ServicePassword, "s3cret"),
            (FieldId::Trust, "fingerprint"),
            (FieldId::Fingerprint, &"9C:".repeat(31).chars().chain("4e".chars()).collect::<String>()),
        ]);
        let node = from_answers(&answers).unwrap();
        assert_eq!(node.service.user, "CORP\\svc");
        assert!(node.service.password.is_some_and(|secret| secret.expose_secret() == "s3cret"));
        assert!(matches!(node.target.trust, Trust::Fingerprint(sha) if sha[0] == 0x9c && sha[31] == 0x4e));
    }
}
