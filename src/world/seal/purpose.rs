//! What a sealed value is for.

use crate::model::cluster::ClusterId;
use crate::model::names::instance_key;

/// What a sealed value is for. It is bound to that: put elsewhere, it does not open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose<'a> {
    /// A cluster's master key.
    MasterKey {
        /// The instance whose home it is in.
        instance: &'a str,
        /// The cluster.
        cluster: ClusterId,
    },
    /// The SQL login's password.
    DatabasePassword {
        /// The instance whose config it is in.
        instance: &'a str,
    },
    /// The service account's password.
    ServicePassword {
        /// The instance whose config it is in.
        instance: &'a str,
    },
}

impl Purpose<'_> {
    /// The text that is authenticated with the value. It is part of the format: a changed word opens nothing any more.
    pub(super) fn text(&self) -> String {
        let (what, instance) = match self {
            Self::MasterKey { instance, cluster } => (format!("master-key\0{cluster}"), instance),
            Self::DatabasePassword { instance } => ("database-password".to_owned(), instance),
            Self::ServicePassword { instance } => ("service-password".to_owned(), instance),
        };
        format!("octopus-setup sealed 1\0{}\0{what}", instance_key(instance))
    }
}
