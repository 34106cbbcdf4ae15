//! The settings of the service screen.

use super::{Group, NEW, NextNode, OnlyWith, ROW, Setting};
use crate::catalog::form::read;
use crate::model::choice::Choice;
use crate::model::field::{FieldId, Kind};
use crate::model::flow::Flow;
use crate::model::screen::ScreenId;
use crate::model::survey::AccountKind;

const ASKED: &[(ScreenId, &[Flow])] = &[(ScreenId::Service, NEW)];
const SERVICE: Setting = Setting { group: Group::Service, screens: ASKED, ..ROW };

pub(super) const ROWS: [Setting; 3] = [
    Setting {
        field: FieldId::ServiceAccount,
        id: "service-account",
        kind: Kind::Choice(AccountKind::SPELLINGS),
        default: AccountKind::LocalSystem.spelling(),
        node: Some(|node| Some(node.service.kind.spelling().to_owned())),
        config: Some(|config| Some(config.service.account.spelling().to_owned())),
        next_node: NextNode::UnlessDefault,
        ..SERVICE
    },
    Setting {
        field: FieldId::ServiceUser,
        id: "service-user",
        only_with: OnlyWith::Values(FieldId::ServiceAccount, &[AccountKind::Custom.spelling(), AccountKind::Managed.spelling()]),
        problem: |answers| read::service_user(answers).err(),
        node: Some(|node| Some(node.service.user.clone())),
        config: Some(|config| Some(config.service.user.clone())),
        next_node: NextNode::UnlessDefault,
        ..SERVICE
    },
    Setting {
        field: FieldId::ServicePassword,
        id: "service-password",
        kind: Kind::Secret,
        only_with: OnlyWith::Values(FieldId::ServiceAccount, &[AccountKind::Custom.spelling()]),
        problem: |answers| read::service_password(answers).err(),
        ..SERVICE
    },
];
