//! The answers that a node's own files give.

use crate::model::answers::Raw;
use crate::model::facts::{Fact, Facts, NodeFacts};
use crate::model::field::FieldId;
use crate::model::node_config::NodeConfig;
use crate::model::octopus_config::OctopusConfig;
use crate::model::subject::Subject;

use super::{account, storage, trust, truth};

/// What the files of the node under review answer. A secret that does not open is answered with nothing: whatever stood
/// there before must not pass for it.
pub fn answers(facts: &Facts, subject: Option<&Subject>) -> Vec<(FieldId, Raw)> {
    match (&facts.node.config, &facts.node.octopus) {
        (Fact::Seen(config), _) => of_node_config(config, &facts.node),
        (Fact::Missing(crate::model::facts::Trouble::Unasked), Fact::Seen(Some(config))) => {
            of_octopus(config, facts.machine.host_name.as_str(), subject)
        }
        _ => Vec::new(),
    }
}

fn of_node_config(config: &NodeConfig, node: &NodeFacts) -> Vec<(FieldId, Raw)> {
    let NodeConfig { format: _, instance, node: own, service, database, cluster: _, web, comms, storage: shared } = config;
    let (trust, trusted) = trust(&database.trust);
    let (choice, paths) = storage(shared);
    let texts = [
        (FieldId::Instance, instance.clone()),
        (FieldId::Home, own.home.display().to_string()),
        (FieldId::NodeName, own.name.clone()),
        (FieldId::TaskCap, own.task_cap.to_string()),
        (FieldId::ServiceAccount, account(service.account).to_owned()),
        (FieldId::ServiceUser, service.user.clone()),
        (FieldId::Server, database.server.clone()),
        (FieldId::Database, database.name.clone()),
        (FieldId::User, database.user.clone()),
        (FieldId::Encryption, database.encryption.id().to_owned()),
        (FieldId::Trust, trust.to_owned()),
        (FieldId::MultiSubnet, truth(database.multi_subnet).to_owned()),
        (FieldId::ListenPrefixes, web.listen_prefixes.join(",")),
        (FieldId::ForceSsl, truth(web.force_ssl).to_owned()),
        (FieldId::CommsPort, comms.port.to_string()),
        (FieldId::GrpcPort, comms.grpc_port.to_string()),
        (FieldId::Storage, choice.to_owned()),
    ];
    let mut answers: Vec<_> =
        texts.into_iter().chain(trusted).chain(paths).map(|(field, text)| (field, Raw::of(field, text))).collect();
    let nothing = |field| Raw::of(field, "");
    let opened = |field, fact: &Fact<Raw>| (field, fact.seen().cloned().unwrap_or_else(|| nothing(field)));
    answers.push(opened(FieldId::Password, &node.password));
    answers.push(opened(FieldId::MasterKey, &node.key));
    let service = node.service_password.seen().cloned().flatten();
    answers.push((FieldId::ServicePassword, service.unwrap_or_else(|| nothing(FieldId::ServicePassword))));
    answers
}

/// What Octopus' own config says. What it lacks is Octopus' own default.
fn of_octopus(config: &OctopusConfig, host: &str, subject: Option<&Subject>) -> Vec<(FieldId, Raw)> {
    let own = |text: &Option<crate::model::untrusted::Untrusted>, field: FieldId| {
        text.as_ref().map_or_else(|| field.default().to_owned(), ToString::to_string)
    };
    let name = config.node_name.as_ref().map_or(host, crate::model::untrusted::Untrusted::as_str);
    let instance = subject.map(|subject| subject.instance.as_str()).filter(|name| !name.is_empty());
    let texts = [
        (FieldId::Instance, instance.unwrap_or(FieldId::Instance.default()).to_owned()),
        (FieldId::Home, own(&config.home, FieldId::Home)),
        (FieldId::NodeName, name.to_owned()),
        (FieldId::ListenPrefixes, own(&config.prefixes, FieldId::ListenPrefixes)),
        (FieldId::ForceSsl, truth(config.force_ssl.unwrap_or(false)).to_owned()),
        (FieldId::CommsPort, own(&config.comms_port, FieldId::CommsPort)),
    ];
    let texts = texts.into_iter().map(|(field, text)| (field, Raw::of(field, text)));
    texts.chain(config.connection.iter().flatten().cloned()).collect()
}
