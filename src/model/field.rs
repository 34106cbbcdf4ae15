//! The fields: one question each, as a closed set. Everything that is fixed about a field stands in one table here;
//! its words stand in `screens/*.toml`.

use serde::{Deserialize, Serialize};

/// One question.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum FieldId {
    /// The instance's name on this machine.
    Instance,
    /// The home directory.
    Home,
    /// The node's name in the cluster.
    NodeName,
    /// What kind of account Octopus Server runs as.
    ServiceAccount,
    /// The custom or managed account's name.
    ServiceUser,
    /// The custom account's password.
    ServicePassword,
    /// The server, as people write it.
    Server,
    /// The database's name.
    Database,
    /// The SQL login's name.
    User,
    /// The SQL login's password.
    Password,
    /// How the connection is encrypted.
    Encryption,
    /// Against what the server's certificate is checked.
    Trust,
    /// The CA file.
    CaFile,
    /// The trusted certificate's SHA-256 fingerprint.
    Fingerprint,
    /// Whether to create the database when it is missing.
    CreateDatabase,
    /// Whether all addresses are tried at once, for listeners that span subnets.
    MultiSubnet,
    /// The cluster's master key, typed or pasted (a node that joins; or one whose sealed key does not open here).
    MasterKey,
    /// Whether a key that nothing in the database can confirm is taken all the same.
    UnverifiedKey,
    /// Whether this node takes the place of a dead one of its name.
    ReplaceNode,
    /// How many tasks the node takes at a time.
    TaskCap,
    /// Whether the registry's schema may be made in a database that Octopus itself made.
    MakeRegistry,
    /// The web portal's listen prefixes.
    ListenPrefixes,
    /// Whether HTTP is redirected to HTTPS.
    ForceSsl,
    /// The port for polling Tentacles.
    CommsPort,
    /// The gRPC port for the Kubernetes agent and monitor.
    GrpcPort,
    /// The size of the new master key.
    KeySize,
    /// Where to save the master key.
    KeyFile,
    /// The master key's last six characters, typed back.
    KeyProof,
    /// The instance's name, typed once more before the master key of a node under review is shown.
    KeyConfirm,
    /// Where to save the answers of this run.
    AnswersFile,
    /// What the nodes share: nothing, one root, or each folder by itself.
    Storage,
    /// The root of the shared folders.
    StorageRoot,
    /// The folder of artifacts, where each is by itself.
    ArtifactsFolder,
    /// The folder of task logs.
    TaskLogsFolder,
    /// The folder of packages.
    PackagesFolder,
    /// The folder of telemetry.
    TelemetryFolder,
    /// The folder of imports.
    ImportsFolder,
    /// The folder of event exports, the archive of the audit log.
    EventExportsFolder,
    /// The first administrator's name.
    AdminUser,
    /// The first administrator's mail address.
    AdminEmail,
    /// The first administrator's password.
    AdminPassword,
    /// The licence itself: XML, or base64 of it.
    Licence,
    /// The file that the licence is in.
    LicenceFile,
    /// Whether Octopus Server's own commands are run at the end.
    HandOver,
    /// Where Octopus Server's program is.
    OctopusServer,
    /// Whether the service is started at the end.
    StartService,
}

/// What a field takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A line of text.
    Text,
    /// A path on this machine.
    Path,
    /// A line that is never shown.
    Secret,
    /// A whole number.
    Number,
    /// One of a closed set; the values are what answer files and the node config say.
    Choice(&'static [&'static str]),
    /// `true` or `false`.
    Toggle,
}

impl From<FieldId> for String {
    fn from(field: FieldId) -> Self {
        field.id().to_owned()
    }
}

impl TryFrom<String> for FieldId {
    type Error = String;

    fn try_from(id: String) -> Result<Self, String> {
        Self::from_id(&id).ok_or_else(|| format!("there is no field {id:?}"))
    }
}

impl FieldId {
    /// Every field.
    pub const ALL: [Self; 46] = [
        Self::Instance,
        Self::Home,
        Self::NodeName,
        Self::ServiceAccount,
        Self::ServiceUser,
        Self::ServicePassword,
        Self::Server,
        Self::Database,
        Self::User,
        Self::Password,
        Self::Encryption,
        Self::Trust,
        Self::CaFile,
        Self::Fingerprint,
        Self::CreateDatabase,
        Self::MultiSubnet,
        Self::MasterKey,
        Self::UnverifiedKey,
        Self::ReplaceNode,
        Self::TaskCap,
        Self::MakeRegistry,
        Self::ListenPrefixes,
        Self::ForceSsl,
        Self::CommsPort,
        Self::GrpcPort,
        Self::KeySize,
        Self::KeyFile,
        Self::KeyProof,
        Self::KeyConfirm,
        Self::AnswersFile,
        Self::Storage,
        Self::StorageRoot,
        Self::ArtifactsFolder,
        Self::TaskLogsFolder,
        Self::PackagesFolder,
        Self::TelemetryFolder,
        Self::ImportsFolder,
        Self::EventExportsFolder,
        Self::AdminUser,
        Self::AdminEmail,
        Self::AdminPassword,
        Self::Licence,
        Self::LicenceFile,
        Self::HandOver,
        Self::OctopusServer,
        Self::StartService,
    ];

    /// Its id in `screens/*.toml`, answer files and the journal.
    pub const fn id(self) -> &'static str {
        self.row().0
    }

    /// What it takes.
    pub const fn kind(self) -> Kind {
        self.row().1
    }

    /// What it holds before anybody answers; the node name and the paths get theirs from the machine.
    pub const fn default(self) -> &'static str {
        self.row().2
    }

    /// Whether its value must never be shown, stored or logged in the clear.
    pub const fn is_secret(self) -> bool {
        matches!(self.kind(), Kind::Secret)
    }

    /// Whether it can be answered beforehand, by a file, a variable or a flag. The others are a person's own proofs, and
    /// where a person wants something kept.
    pub const fn is_given(self) -> bool {
        !matches!(self, Self::KeyProof | Self::KeyConfirm | Self::AnswersFile)
    }

    /// Whether nothing is an answer to it too.
    pub const fn may_be_left_out(self) -> bool {
        matches!(
            self,
            Self::AdminUser
                | Self::AdminEmail
                | Self::Licence
                | Self::LicenceFile
                | Self::OctopusServer
                | Self::TelemetryFolder
                | Self::ImportsFolder
                | Self::EventExportsFolder
        )
    }

    /// The environment variable that answers it: `OCTOPUS_SETUP_NODE_NAME` for `node-name`.
    pub fn variable(self) -> String {
        format!("{}{}", Self::VARIABLES, self.id().to_uppercase().replace('-', "_"))
    }

    /// What the names of all of them begin with.
    pub const VARIABLES: &'static str = "OCTOPUS_SETUP_";

    /// The field of this id.
    pub fn from_id(id: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|field| field.id() == id)
    }

    /// The one table of ids, kinds and defaults.
    const fn row(self) -> (&'static str, Kind, &'static str) {
        match self {
            Self::Instance => ("instance", Kind::Text, "OctopusServer"),
            Self::Home => ("home", Kind::Path, ""),
            Self::NodeName => ("node-name", Kind::Text, ""),
            Self::ServiceAccount => ("service-account", Kind::Choice(&["local-system", "custom", "managed"]), "local-system"),
            Self::ServiceUser => ("service-user", Kind::Text, ""),
            Self::ServicePassword => ("service-password", Kind::Secret, ""),
            Self::Server => ("server", Kind::Text, ""),
            Self::Database => ("database", Kind::Text, "OctopusDeploy"),
            Self::User => ("user", Kind::Text, ""),
            Self::Password => ("password", Kind::Secret, ""),
            Self::Encryption => ("encryption", Kind::Choice(&["mandatory", "strict", "optional"]), "mandatory"),
            Self::Trust => ("trust", Kind::Choice(&["system", "ca-file", "fingerprint", "none"]), "system"),
            Self::CaFile => ("ca-file", Kind::Path, ""),
            Self::Fingerprint => ("fingerprint", Kind::Text, ""),
            Self::CreateDatabase => ("create-database", Kind::Toggle, "true"),
            Self::MultiSubnet => ("multi-subnet", Kind::Toggle, "false"),
            Self::MasterKey => ("master-key", Kind::Secret, ""),
            Self::UnverifiedKey => ("unverified-key", Kind::Toggle, "false"),
            Self::ReplaceNode => ("replace-node", Kind::Toggle, "false"),
            Self::TaskCap => ("task-cap", Kind::Number, "5"),
            Self::MakeRegistry => ("make-registry", Kind::Toggle, "false"),
            Self::ListenPrefixes => ("listen-prefixes", Kind::Text, "http://localhost:80/"),
            Self::ForceSsl => ("force-ssl", Kind::Toggle, "false"),
            Self::CommsPort => ("comms-port", Kind::Number, "10943"),
            Self::GrpcPort => ("grpc-port", Kind::Number, "8443"),
            Self::KeySize => ("key-size", Kind::Choice(&["aes-256", "aes-128"]), "aes-256"),
            Self::KeyFile => ("key-file", Kind::Path, ""),
            Self::KeyProof => ("key-proof", Kind::Text, ""),
            Self::KeyConfirm => ("key-confirm", Kind::Text, ""),
            Self::AnswersFile => ("answers-file", Kind::Path, ""),
            Self::Storage => ("storage", Kind::Choice(&["none", "root", "folders"]), "none"),
            Self::StorageRoot => ("storage-root", Kind::Path, ""),
            Self::ArtifactsFolder => ("artifacts-folder", Kind::Path, ""),
            Self::TaskLogsFolder => ("task-logs-folder", Kind::Path, ""),
            Self::PackagesFolder => ("packages-folder", Kind::Path, ""),
            Self::TelemetryFolder => ("telemetry-folder", Kind::Path, ""),
            Self::ImportsFolder => ("imports-folder", Kind::Path, ""),
            Self::EventExportsFolder => ("event-exports-folder", Kind::Path, ""),
            Self::AdminUser => ("admin-user", Kind::Text, ""),
            Self::AdminEmail => ("admin-email", Kind::Text, ""),
            Self::AdminPassword => ("admin-password", Kind::Secret, ""),
            Self::Licence => ("licence", Kind::Secret, ""),
            Self::LicenceFile => ("licence-file", Kind::Path, ""),
            Self::HandOver => ("hand-over", Kind::Choice(&["when-found", "always", "script"]), "when-found"),
            Self::OctopusServer => ("octopus-server", Kind::Path, ""),
            Self::StartService => ("start-service", Kind::Toggle, "true"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_unique_ascii_and_found_again() {
        for field in FieldId::ALL {
            assert!(field.id().chars().all(|c| c.is_ascii_lowercase() || c == '-'), "{}", field.id());
            assert_eq!(FieldId::from_id(field.id()), Some(field));
        }
    }

    #[test]
    fn a_choice_defaults_to_one_of_its_values() {
        for field in FieldId::ALL {
            if let Kind::Choice(values) = field.kind() {
                assert!(values.contains(&field.default()), "{}", field.id());
            }
        }
    }
}
