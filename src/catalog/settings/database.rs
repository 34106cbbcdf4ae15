//! The settings of the database screen.

use super::{Equivalence, FIRST, Group, NEW, NEW_OR_EDIT, NextNode, OctopusSource, OnlyWith, ROW, Setting};
use crate::catalog::form::read;
use crate::model::choice::{Choice, spelled};
use crate::model::field::{FieldId, Kind};
use crate::model::node_config::SealedSignIn;
use crate::model::screen::ScreenId;
use crate::model::target::{Encryption, SignIn, TrustKind};

const DATABASE: Setting = Setting {
    group: Group::Database,
    screens: &[(ScreenId::Database, NEW_OR_EDIT)],
    octopus: OctopusSource::Connection,
    next_node: NextNode::Always,
    ..ROW
};

pub(super) const ROWS: [Setting; 10] = [
    Setting {
        field: FieldId::Server,
        id: "server",
        problem: |answers| read::server(answers).err(),
        node: Some(|node| Some(node.target.address.to_string())),
        config: Some(|config| Some(config.database.server.clone())),
        same: Equivalence::Server,
        ..DATABASE
    },
    Setting {
        field: FieldId::Database,
        id: "database",
        default: "OctopusDeploy",
        // Not asked when a node is edited: a node with another database belongs to another cluster.
        screens: &[(ScreenId::Database, NEW)],
        problem: |answers| read::database(answers).err(),
        node: Some(|node| Some(node.target.database.to_string())),
        config: Some(|config| Some(config.database.name.clone())),
        // SQL Server compares database names by its collation, which is nearly always case-insensitive.
        same: Equivalence::AnyCase,
        ..DATABASE
    },
    Setting {
        field: FieldId::User,
        id: "user",
        problem: |answers| read::user(answers).err(),
        node: Some(|node| match &node.target.sign_in {
            SignIn::SqlLogin { user, .. } => Some(user.clone()),
        }),
        config: Some(|config| match &config.database.sign_in {
            SealedSignIn::SqlLogin { user, .. } => Some(user.clone()),
        }),
        same: Equivalence::AnyCase,
        ..DATABASE
    },
    Setting {
        field: FieldId::Password,
        id: "password",
        kind: Kind::Secret,
        problem: |answers| read::password(answers).err(),
        next_node: NextNode::Never,
        ..DATABASE
    },
    Setting {
        field: FieldId::Encryption,
        aside: true,
        id: "encryption",
        kind: Kind::Choice(Encryption::SPELLINGS),
        default: Encryption::Mandatory.spelling(),
        node: Some(|node| Some(node.target.encryption.spelling().to_owned())),
        config: Some(|config| Some(config.database.encryption.spelling().to_owned())),
        ..DATABASE
    },
    Setting {
        field: FieldId::Trust,
        aside: true,
        id: "trust",
        kind: Kind::Choice(TrustKind::SPELLINGS),
        default: TrustKind::System.spelling(),
        node: Some(|node| Some(node.target.trust.kind().spelling().to_owned())),
        config: Some(|config| Some(config.database.trust.kind().spelling().to_owned())),
        ..DATABASE
    },
    Setting {
        field: FieldId::CaFile,
        aside: true,
        id: "ca-file",
        kind: Kind::Path,
        only_with: OnlyWith::Values(FieldId::Trust, &[TrustKind::CaFile.spelling()]),
        problem: |answers| read::ca_file(answers).err(),
        node: Some(|node| node.target.trust.ca_file()),
        config: Some(|config| config.database.trust.ca_file()),
        octopus: OctopusSource::Nowhere,
        next_node: NextNode::UnlessDefault,
        ..DATABASE
    },
    Setting {
        field: FieldId::Fingerprint,
        aside: true,
        id: "fingerprint",
        only_with: OnlyWith::Values(FieldId::Trust, &[TrustKind::Fingerprint.spelling()]),
        problem: |answers| read::fingerprint(answers).err(),
        node: Some(|node| node.target.trust.fingerprint()),
        config: Some(|config| config.database.trust.fingerprint()),
        octopus: OctopusSource::Nowhere,
        next_node: NextNode::UnlessDefault,
        ..DATABASE
    },
    Setting {
        field: FieldId::CreateDatabase,
        aside: true,
        id: "create-database",
        kind: Kind::Toggle,
        default: spelled(true),
        screens: &[(ScreenId::Database, FIRST)],
        octopus: OctopusSource::Nowhere,
        next_node: NextNode::Never,
        ..DATABASE
    },
    Setting {
        field: FieldId::MultiSubnet,
        aside: true,
        id: "multi-subnet",
        kind: Kind::Toggle,
        default: spelled(false),
        node: Some(|node| Some(spelled(node.target.multi_subnet).to_owned())),
        config: Some(|config| Some(spelled(config.database.multi_subnet).to_owned())),
        next_node: NextNode::UnlessDefault,
        ..DATABASE
    },
];
