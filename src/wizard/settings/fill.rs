//! The answers that a node's own files give.

use crate::catalog::settings::{self, OctopusSource};
use crate::model::answers::Raw;
use crate::model::facts::{Fact, Facts, NodeFacts, Trouble};
use crate::model::field::FieldId;
use crate::model::node::Subject;
use crate::model::node_config::NodeConfig;
use crate::model::octopus::OctopusConfig;

/// What the files of the node under review answer. A secret that does not open is answered with nothing: whatever stood
/// there before must not pass for it.
pub fn answers(facts: &Facts, subject: Option<&Subject>) -> Vec<(FieldId, Raw)> {
    match (&facts.node.config, &facts.node.octopus) {
        (Fact::Seen(config), _) => of_node_config(config, &facts.node),
        (Fact::Missing(Trouble::Unasked), Fact::Seen(Some(config))) => {
            of_octopus(config, facts.machine.host_name.as_str(), subject)
        }
        _ => Vec::new(),
    }
}

fn of_node_config(config: &NodeConfig, node: &NodeFacts) -> Vec<(FieldId, Raw)> {
    let text = |setting: &'static settings::Setting| Some((setting.field, Raw::of(setting.field, (setting.config?)(config)?)));
    let mut answers: Vec<_> = settings::all().filter_map(text).collect();
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
    let instance = subject.map(|subject| subject.instance.as_str()).filter(|name| !name.is_empty());
    let defaults = settings::all().filter_map(|setting| match setting.octopus {
        OctopusSource::Keys { .. } if setting.field == FieldId::NodeName => Some((setting.field, host)),
        OctopusSource::Keys { .. } => Some((setting.field, setting.default)),
        OctopusSource::Connection | OctopusSource::Nowhere => None,
    });
    let instance = (FieldId::Instance, instance.unwrap_or(FieldId::Instance.default()));
    let unsaid = defaults.chain([instance]).filter(|(field, _)| config.get(*field).is_none());
    unsaid.map(|(field, text)| (field, Raw::of(field, text))).chain(config.said.iter().cloned()).collect()
}
