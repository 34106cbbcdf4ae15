//! The settings of the screen of Octopus Server that are about the first administrator and the licence: what a first node sets once for the whole cluster.

use super::{FIRST, OnlyWith, ROW, Setting};
use crate::catalog::form::read;
use crate::model::field::{FieldId, Kind};
use crate::model::screen::ScreenId;

const ADMINISTRATOR: Setting = Setting { screens: &[(ScreenId::Octopus, FIRST)], ..ROW };
const LICENCE: Setting = Setting { screens: &[(ScreenId::Octopus, FIRST)], optional: true, ..ROW };

pub(super) const ROWS: [Setting; 6] = [
    Setting {
        field: FieldId::AdminUser,
        id: "admin-user",
        optional: true,
        problem: |answers| read::admin_user(answers).err(),
        ..ADMINISTRATOR
    },
    Setting {
        field: FieldId::AdminEmail,
        id: "admin-email",
        only_with: OnlyWith::Answered(FieldId::AdminUser),
        optional: true,
        problem: |answers| read::admin_email(answers).err(),
        ..ADMINISTRATOR
    },
    Setting {
        field: FieldId::AdminPassword,
        id: "admin-password",
        kind: Kind::Secret,
        only_with: OnlyWith::Answered(FieldId::AdminUser),
        problem: |answers| read::admin_password(answers).err(),
        ..ADMINISTRATOR
    },
    // Only who types the password is asked for it twice.
    Setting {
        field: FieldId::AdminPasswordAgain,
        id: "admin-password-again",
        kind: Kind::Secret,
        only_with: OnlyWith::Answered(FieldId::AdminUser),
        presettable: false,
        affects_node: false,
        problem: |answers| read::same_password_again(answers).err(),
        ..ADMINISTRATOR
    },
    // The survey of the licence judges its contents.
    Setting {
        field: FieldId::Licence,
        id: "licence",
        kind: Kind::Secret,
        problem: |answers| read::one_licence(answers).err(),
        ..LICENCE
    },
    Setting {
        field: FieldId::LicenceFile,
        id: "licence-file",
        kind: Kind::Path,
        problem: |answers| {
            let file = read::file_to_be(FieldId::LicenceFile, "licence.xml", answers);
            read::one_licence(answers).and(file).err()
        },
        ..LICENCE
    },
];
