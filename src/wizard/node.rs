//! From answers to the node: the one place where a whole flow's answers are parsed, for every face.

use crate::catalog::flow;
use crate::catalog::form::{self, read};
use crate::catalog::settings::web;
use crate::model::answers::Answers;
use crate::model::field::FieldId;
use crate::model::flow::Flow;
use crate::model::node::{Node, ServiceAccount};

/// Returns the node that these answers ask for. The error names all missing or malformed fields, in the order in which they are asked. A
/// new node has defaults for what its flow does not ask; an existing one has its node config's answers, which must be well-formed.
pub fn from_answers(flow: Flow, answers: &Answers) -> Result<Node, Vec<FieldId>> {
    let is_new = matches!(flow, Flow::FirstNode | Flow::Join);
    let bad: Vec<FieldId> = FieldId::ALL
        .into_iter()
        .filter(|field| field.setting().affects_node && (flow::asks(flow, *field) || !is_new))
        .filter(|field| form::problem(*field, answers).is_some())
        .collect();
    if !bad.is_empty() {
        return Err(bad);
    }
    let only = |field: FieldId| move |_| vec![field];
    Ok(Node {
        platform: answers.platform(),
        instance: read::instance(answers).map_err(only(FieldId::Instance))?.as_str().to_owned(),
        home: read::home(answers).map_err(only(FieldId::Home))?,
        name: read::node_name(answers).map_err(only(FieldId::NodeName))?.as_str().to_owned(),
        service: ServiceAccount {
            kind: read::account_kind(answers),
            user: read::service_user(answers).map_err(only(FieldId::ServiceUser))?,
            password: read::service_password(answers).map_err(only(FieldId::ServicePassword))?,
        },
        target: read::target(answers).ok_or_else(|| vec![FieldId::Server])?,
        create_database: flow == Flow::FirstNode && answers.is_on(FieldId::CreateDatabase),
        web: web::read(answers).map_err(|field| vec![field])?,
        key_size: read::key_size(answers),
        task_cap: if flow == Flow::FirstNode {
            read::DEFAULT_TASK_CAP
        } else {
            read::task_cap(answers).map_err(only(FieldId::TaskCap))?
        },
        storage: read::storage(answers).map_err(|field| vec![field])?,
        administrator: if flow == Flow::FirstNode { read::administrator(answers).map_err(|field| vec![field])? } else { None },
        licensed: flow == Flow::FirstNode && read::licence(answers).map_err(|field| vec![field])?.is_some(),
        start_service: answers.is_on(FieldId::StartService),
    })
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use super::*;
    use crate::catalog::samples;
    use crate::model::master_key::KeySize;
    use crate::model::platform::Platform;
    use crate::model::survey::AccountKind;
    use crate::model::target::{Encryption, SignIn, Trust};

    #[test]
    fn good_answers_make_a_node() {
        let node = from_answers(Flow::FirstNode, &samples::answers()).unwrap();
        assert_eq!((node.instance.as_str(), node.name.as_str()), ("OctopusServer", "web01"));
        assert_eq!(node.home, std::path::PathBuf::from(samples::HOME));
        assert_eq!(node.target.address.to_string(), "sql01,1433");
        let SignIn::SqlLogin { user, password } = &node.target.sign_in;
        assert_eq!((user.as_str(), password.expose_secret()), ("octopus", samples::PASSWORD));
        assert_eq!((node.target.encryption, node.target.trust), (Encryption::Mandatory, Trust::SystemRoots));
        assert_eq!(node.web.prefixes.len(), 1);
        assert_eq!((node.web.comms_port, node.web.grpc_port), (10943, 8443));
        assert!(node.create_database && !node.web.force_ssl);
        assert_eq!(node.key_size, KeySize::Aes256);
        assert_eq!(node.service.kind, AccountKind::LocalSystem);
    }

    #[test]
    fn every_bad_field_is_named_at_once_and_in_order() {
        let changes = [
            (FieldId::Home, "relative"),
            (FieldId::ServiceAccount, "custom"),
            (FieldId::Server, ""),
            (FieldId::Trust, "fingerprint"),
            (FieldId::GrpcPort, "x"),
        ];
        for platform in Platform::ALL {
            let bad = from_answers(Flow::FirstNode, &samples::with_on(platform, &changes)).unwrap_err();
            let mut expected = vec![FieldId::Home, FieldId::ServiceUser];
            if platform.is_windows() {
                expected.push(FieldId::ServicePassword);
            }
            expected.extend([FieldId::Server, FieldId::Fingerprint, FieldId::GrpcPort]);
            assert_eq!(bad, expected, "{platform:?}");
        }
    }

    #[test]
    fn every_field_that_the_flow_asks_of_a_node_is_looked_at() {
        let mut hidden = vec![FieldId::ServiceUser, FieldId::ServicePassword, FieldId::CaFile, FieldId::Fingerprint];
        hidden.extend([FieldId::StorageRoot, FieldId::AdminEmail, FieldId::AdminPassword]);
        hidden.extend(crate::model::storage::SharedFolder::ALL.map(crate::model::storage::SharedFolder::field));
        // What is in a licence is its survey's to say.
        hidden.push(FieldId::Licence);
        for flow in [Flow::FirstNode, Flow::Join] {
            for field in FieldId::ALL {
                let looked_at = field.setting().affects_node && flow::asks(flow, field) && !hidden.contains(&field);
                let outcome = from_answers(flow, &samples::joining_with(&[(field, "\u{1}")]));
                let mut wanted = if looked_at { vec![field] } else { Vec::new() };
                // An administrator who is named needs a password.
                wanted.extend((field == FieldId::AdminUser && looked_at).then_some(FieldId::AdminPassword));
                assert_eq!(outcome.err().unwrap_or_default(), wanted, "{flow:?} {}", field.id());
            }
        }
    }

    #[test]
    fn what_a_flow_does_not_ask_it_does_not_take_from_the_answers_either() {
        let answers = samples::with(&[(FieldId::TaskCap, "x"), (FieldId::MasterKey, "x")]);
        assert_eq!(from_answers(Flow::FirstNode, &answers).unwrap().task_cap, 5);
        let answers = samples::joining_with(&[(FieldId::CreateDatabase, "true"), (FieldId::TaskCap, "0")]);
        let node = from_answers(Flow::Join, &answers).unwrap();
        assert_eq!((node.create_database, node.task_cap), (false, 0));
    }

    #[test]
    fn a_node_that_is_there_has_to_be_well_formed_in_all() {
        for flow in [Flow::Edit, Flow::Leave, Flow::Remove, Flow::Review] {
            for field in [FieldId::NodeName, FieldId::Home, FieldId::TaskCap, FieldId::ListenPrefixes, FieldId::Trust] {
                let outcome = from_answers(flow, &samples::joining_with(&[(field, "\u{1}")]));
                assert_eq!(outcome.err(), Some(vec![field]), "{flow:?} {}", field.id());
            }
            assert!(from_answers(flow, &samples::joining_with(&[(FieldId::MasterKey, "x")])).is_ok());
        }
    }

    #[test]
    fn answers_of_hidden_fields_are_not_read() {
        let answers =
            samples::with(&[(FieldId::ServiceUser, "CORP\\x"), (FieldId::CaFile, "relative"), (FieldId::Fingerprint, "x")]);
        assert_eq!(from_answers(Flow::FirstNode, &answers).unwrap().service.user, "");
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
        let node = from_answers(Flow::FirstNode, &answers).unwrap();
        assert_eq!(node.service.user, "CORP\\svc");
        assert!(node.service.password.is_some_and(|secret| secret.expose_secret() == "s3cret"));
        assert!(matches!(node.target.trust, Trust::Fingerprint(sha) if sha[0] == 0x9c && sha[31] == 0x4e));
    }
}
