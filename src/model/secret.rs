//! The secrets of a node.

use super::field::FieldId;

/// A secret that a step, or a rendering, may need.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Secret {
    /// The SQL login's password.
    Password,
    /// The cluster's master key.
    MasterKey,
    /// The service account's password.
    ServicePassword,
    /// The first administrator's password.
    AdminPassword,
    /// The licence, in base64 as Octopus Server takes it.
    Licence,
}

impl Secret {
    pub const ALL: [Self; 5] = [Self::Password, Self::MasterKey, Self::ServicePassword, Self::AdminPassword, Self::Licence];

    /// The field that it answers.
    pub const fn field(self) -> FieldId {
        match self {
            Self::Password => FieldId::Password,
            Self::MasterKey => FieldId::MasterKey,
            Self::ServicePassword => FieldId::ServicePassword,
            Self::AdminPassword => FieldId::AdminPassword,
            Self::Licence => FieldId::Licence,
        }
    }

    /// The environment variable that holds it: the field's own, so that there is one name for one thing.
    pub const fn variable(self) -> &'static str {
        match self {
            Self::Password => "OCTOPUS_SETUP_PASSWORD",
            Self::MasterKey => "OCTOPUS_SETUP_MASTER_KEY",
            Self::ServicePassword => "OCTOPUS_SETUP_SERVICE_PASSWORD",
            Self::AdminPassword => "OCTOPUS_SETUP_ADMIN_PASSWORD",
            Self::Licence => "OCTOPUS_SETUP_LICENCE",
        }
    }

    /// What it is, for people.
    pub const fn noun(self) -> &'static str {
        match self {
            Self::Password => "the password of the SQL login",
            Self::MasterKey => "the master key of the cluster",
            Self::ServicePassword => "the password of the service account",
            Self::AdminPassword => "the password of the first administrator",
            Self::Licence => "the licence, in base64",
        }
    }
}
