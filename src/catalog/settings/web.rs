//! The settings of the screen of Octopus Server that are about its web portal and ports.

use super::{Equivalence, Group, NEW_OR_EDIT, NextNode, OctopusSource, ROW, Setting};
use crate::catalog::form::read;
use crate::catalog::octopus::OctopusOption;
use crate::model::answers::Answers;
use crate::model::choice::spelled;
use crate::model::field::{FieldId, Kind};
use crate::model::screen::ScreenId;
use crate::model::web::{TrustedProxy, Web};

const WEB: Setting =
    Setting { group: Group::Web, screens: &[(ScreenId::Octopus, NEW_OR_EDIT)], next_node: NextNode::UnlessDefault, ..ROW };

pub(super) const ROWS: [Setting; 5] = [
    Setting {
        field: FieldId::ListenPrefixes,
        id: "listen-prefixes",
        default: "http://+:80/",
        is_list: true,
        problem: |answers| read::prefixes(answers).err(),
        node: Some(|node| Some(node.web.prefix_texts().join(","))),
        config: Some(|config| Some(config.web.listen_prefixes.join(","))),
        row: Some(|row| row.prefixes.to_string()),
        octopus: OctopusSource::Keys { keys: &["Octopus.WebPortal.ListenPrefixes"], unset: Some("") },
        option: Some(OctopusOption::configure("--webListenPrefixes")),
        same: Equivalence::Prefixes,
        ..WEB
    },
    Setting {
        field: FieldId::ForceSsl,
        aside: true,
        id: "force-ssl",
        kind: Kind::Toggle,
        default: spelled(false),
        node: Some(|node| Some(spelled(node.web.force_ssl).to_owned())),
        config: Some(|config| Some(spelled(config.web.force_ssl).to_owned())),
        octopus: OctopusSource::Keys { keys: &["Octopus.WebPortal.ForceSsl"], unset: Some(spelled(false)) },
        option: Some(OctopusOption::configure("--webForceSSL")),
        ..WEB
    },
    Setting {
        field: FieldId::CommsPort,
        aside: true,
        id: "comms-port",
        kind: Kind::Number,
        default: "10943",
        problem: |answers| read::port(FieldId::CommsPort, answers).err(),
        node: Some(|node| Some(node.web.comms_port.to_string())),
        config: Some(|config| Some(config.comms.port.to_string())),
        row: Some(|row| row.comms_port.to_string()),
        octopus: OctopusSource::Keys { keys: &["Octopus.Communications.ServicesPort"], unset: Some("10943") },
        option: Some(OctopusOption::configure("--commsListenPort")),
        ..WEB
    },
    Setting {
        field: FieldId::GrpcPort,
        aside: true,
        id: "grpc-port",
        kind: Kind::Number,
        default: "8443",
        problem: |answers| read::port(FieldId::GrpcPort, answers).err(),
        node: Some(|node| Some(node.web.grpc_port.to_string())),
        config: Some(|config| Some(config.comms.grpc_port.to_string())),
        row: Some(|row| row.grpc_port.to_string()),
        option: Some(OctopusOption::configure("--grpcListenPort")),
        ..WEB
    },
    Setting {
        field: FieldId::TrustedProxies,
        aside: true,
        id: "trusted-proxies",
        is_list: true,
        optional: true,
        problem: |answers| TrustedProxy::parse_all(answers.text(FieldId::TrustedProxies)).err(),
        node: Some(|node| Some(TrustedProxy::join(&node.web.trusted_proxies))),
        config: Some(|config| Some(TrustedProxy::join(&config.web.trusted_proxies))),
        // Not compared, because the key under which Octopus Server stores it is not documented.
        option: Some(OctopusOption::configure("--trustedProxies")),
        ..WEB
    },
];

/// Parses these answers. The error is the field that is malformed.
pub fn read(answers: &Answers) -> Result<Web, FieldId> {
    let port = |field| read::port(field, answers).map_err(|_| field);
    Ok(Web {
        prefixes: read::prefixes(answers).map_err(|_| FieldId::ListenPrefixes)?,
        force_ssl: answers.is_on(FieldId::ForceSsl),
        comms_port: port(FieldId::CommsPort)?,
        grpc_port: port(FieldId::GrpcPort)?,
        trusted_proxies: TrustedProxy::parse_all(answers.text(FieldId::TrustedProxies)).map_err(|_| FieldId::TrustedProxies)?,
    })
}
