//! `OctopusServer.config`, as far as it is compared with a node config. Read and never written.

use serde::{Deserialize, Serialize};

use super::answers::Raw;
use super::field::FieldId;
use super::untrusted::Untrusted;

/// The settings of one instance of Octopus Server (facts/octopus.md section 2). A setting that is not in the file is
/// `None`: Octopus then takes its own default.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct OctopusConfig {
    /// The file.
    pub path: Untrusted,
    /// `Octopus.Server.NodeName`, or `Octopus.Storage.NodeName` as some versions spell it.
    pub node_name: Option<Untrusted>,
    /// `Octopus.Home`.
    pub home: Option<Untrusted>,
    /// `Octopus.Storage.ExternalDatabaseConnectionString`, as the fields that it fills; its password is a secret one.
    pub connection: Option<Vec<(FieldId, Raw)>>,
    /// `Octopus.WebPortal.ListenPrefixes`.
    pub prefixes: Option<Untrusted>,
    /// `Octopus.WebPortal.ForceSsl`.
    pub force_ssl: Option<bool>,
    /// `Octopus.Communications.ServicesPort`.
    pub comms_port: Option<Untrusted>,
    /// Whether `Octopus.Storage.MasterKey` is there. It is protected by the machine and is not opened.
    pub has_master_key: bool,
    /// What could not be used, as sentences.
    pub unused: Vec<Untrusted>,
}
