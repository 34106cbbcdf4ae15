//! The secrets of a node, and how a rendering refers to them.

use secrecy::{ExposeSecret, SecretString};

use crate::model::field::FieldId;

/// A secret that a rendering may need.
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
    /// Every one of them.
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

/// The secrets themselves.
#[derive(Debug, Default)]
pub struct Clear {
    /// The SQL login's password.
    pub password: SecretString,
    /// The master key in base64; `None` where it is not to be had.
    pub master_key: Option<SecretString>,
    /// The service account's password, where it has one.
    pub service_password: Option<SecretString>,
    /// The first administrator's password, where one is made.
    pub admin_password: Option<SecretString>,
    /// The licence in base64, where one was given.
    pub licence: Option<SecretString>,
}

impl Clear {
    /// One of them, where it is there.
    pub fn get(&self, secret: Secret) -> Option<&SecretString> {
        match secret {
            Secret::Password => Some(&self.password),
            Secret::MasterKey => self.master_key.as_ref(),
            Secret::ServicePassword => self.service_password.as_ref(),
            Secret::AdminPassword => self.admin_password.as_ref(),
            Secret::Licence => self.licence.as_ref(),
        }
    }
}

/// How secrets stand in a rendering.
#[derive(Debug, Clone, Copy)]
pub enum Secrets<'a> {
    /// As references to the environment.
    ByReference,
    /// In the clear; one that is not there stays a reference.
    InClear(&'a Clear),
}

impl<'a> Secrets<'a> {
    /// The text that stands in the clear, where one does.
    pub(super) fn text(self, secret: Secret) -> Option<&'a str> {
        match self {
            Self::ByReference => None,
            Self::InClear(clear) => clear.get(secret).map(ExposeSecret::expose_secret),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_s_variable_is_its_field_s() {
        for secret in Secret::ALL {
            assert_eq!(secret.variable(), secret.field().variable());
            assert!(secret.field().is_secret());
        }
    }
}
