//! The node config: the TOML file that the wizard writes for a node, `<home>/octopus-node.toml`.

use std::fmt;
use std::path::PathBuf;

use data_encoding::{HEXLOWER, HEXLOWER_PERMISSIVE};
use serde::{Deserialize, Serialize};

use super::cluster::ClusterId;
use super::master_key::Fingerprint;
use super::storage::SharedStorage;
use super::survey::AccountKind;
use super::target::{Encryption, Trust, TrustKind};
pub use super::web::{CommsSection, WebSection};

/// A secret sealed under this machine's key, as text: `sealed:<scheme>:<key id>:<base64>`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Sealed(pub String);

impl Sealed {
    /// Prefix of the first scheme: the purpose and the instance are authenticated.
    pub const HEAD: &'static str = "sealed:1:";
    /// Prefix of the second one: the destination is authenticated too.
    pub const HEAD_BOUND: &'static str = "sealed:2:";

    /// Returns whether nothing binds it to the server that it is sent to: an older build sealed it.
    pub fn is_unbound(&self) -> bool {
        self.0.trim_start().starts_with(Self::HEAD)
    }
}

/// Shows nothing: a config that somebody edited may hold a password in the clear here.
impl fmt::Debug for Sealed {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Sealed(«text»)")
    }
}

/// The file. Order of the fields is the order in the file; unknown keys are refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NodeConfig {
    /// The format's number; 1.
    pub format: u32,
    /// The instance's name.
    pub instance: String,
    /// `[node]`
    pub node: NodeSection,
    /// `[service]`
    pub service: ServiceSection,
    /// `[database]`
    pub database: DatabaseSection,
    /// `[cluster]`
    pub cluster: ClusterSection,
    /// `[web]`
    pub web: WebSection,
    /// `[comms]`
    pub comms: CommsSection,
    /// `[storage]`, where anything is shared.
    #[serde(default, with = "storage_section", skip_serializing_if = "SharedStorage::is_none")]
    pub storage: SharedStorage,
}

impl NodeConfig {
    /// The format that this program writes.
    pub const FORMAT: u32 = 1;
    /// The file's name in the home directory.
    pub const FILE: &'static str = "octopus-node.toml";
    /// The sealed master key's file name in the home directory.
    pub const KEY_FILE: &'static str = "octopus-master-key.sealed";
}

/// `[node]`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NodeSection {
    /// Its name in the cluster.
    pub name: String,
    /// The home directory.
    pub home: PathBuf,
    /// How many tasks it takes at a time. Octopus keeps it in the database; here it is what was asked for.
    #[serde(default = "default_task_cap")]
    pub task_cap: u16,
}

/// Octopus' own default, and that of configs which were written before there was such a key.
const fn default_task_cap() -> u16 {
    5
}

/// `[service]`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ServiceSection {
    /// The kind of account.
    pub account: AccountKind,
    /// Its name.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub user: String,
    /// Its password, sealed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password: Option<Sealed>,
}

/// `[database]`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "DatabaseTable", into = "DatabaseTable")]
pub struct DatabaseSection {
    /// The server, as people write it.
    pub server: String,
    /// The database.
    pub name: String,
    /// Who connects.
    pub sign_in: SealedSignIn,
    pub encryption: Encryption,
    /// How the server's certificate is checked.
    pub trust: TrustSection,
    /// All addresses at once.
    pub multi_subnet: bool,
    /// The certificate that the server showed when this was written, SHA-256 in hexadecimal digits, so that another one is told.
    pub certificate: Option<String>,
}

impl DatabaseSection {
    /// Returns the fingerprint of the certificate that the server showed when this was written; `None` where that is not known.
    pub fn known_certificate(&self) -> Option<[u8; 32]> {
        let text = self.certificate.as_ref()?;
        HEXLOWER_PERMISSIVE.decode(text.as_bytes()).ok()?.try_into().ok()
    }
}

/// How the node signs in to the server, with sealed secrets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SealedSignIn {
    /// A SQL Server login.
    SqlLogin {
        /// Its name.
        user: String,
        password: Sealed,
    },
}

/// `[database]` in the file, where the keys tell the kind of sign-in.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename = "DatabaseSection")]
struct DatabaseTable {
    server: String,
    name: String,
    user: String,
    password: Sealed,
    encryption: Encryption,
    trust: TrustSection,
    multi_subnet: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    certificate: Option<String>,
}

impl From<DatabaseTable> for DatabaseSection {
    fn from(table: DatabaseTable) -> Self {
        let DatabaseTable { server, name, user, password, encryption, trust, multi_subnet, certificate } = table;
        let sign_in = SealedSignIn::SqlLogin { user, password };
        Self { server, name, sign_in, encryption, trust, multi_subnet, certificate }
    }
}

impl From<DatabaseSection> for DatabaseTable {
    fn from(section: DatabaseSection) -> Self {
        let DatabaseSection { server, name, sign_in, encryption, trust, multi_subnet, certificate } = section;
        let SealedSignIn::SqlLogin { user, password } = sign_in;
        Self { server, name, user, password, encryption, trust, multi_subnet, certificate }
    }
}

/// How the server's certificate is checked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TrustSection {
    /// This machine's roots.
    System,
    CaFile(PathBuf),
    /// One certificate, SHA-256 in hexadecimal digits.
    Fingerprint(String),
    /// Not at all.
    None,
}

impl TrustSection {
    pub const fn kind(&self) -> TrustKind {
        match self {
            Self::System => TrustKind::System,
            Self::CaFile(_) => TrustKind::CaFile,
            Self::Fingerprint(_) => TrustKind::Fingerprint,
            Self::None => TrustKind::Nothing,
        }
    }

    pub fn ca_file(&self) -> Option<String> {
        if let Self::CaFile(path) = self { Some(path.to_string_lossy().into_owned()) } else { None }
    }

    /// Returns the certificate's fingerprint, where trust is by one.
    pub fn fingerprint(&self) -> Option<String> {
        if let Self::Fingerprint(text) = self { Some(text.clone()) } else { None }
    }
}

/// As the file says it; a fingerprint in lower case.
impl From<&Trust> for TrustSection {
    fn from(trust: &Trust) -> Self {
        match trust {
            Trust::SystemRoots => Self::System,
            Trust::CaFile(path) => Self::CaFile(path.clone()),
            Trust::Fingerprint(digest) => Self::Fingerprint(HEXLOWER.encode(digest)),
            Trust::Nothing => Self::None,
        }
    }
}

/// `[cluster]`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClusterSection {
    pub id: ClusterId,
    /// The master key's fingerprint.
    pub fingerprint: Fingerprint,
    /// The sealed master key's file, in the home directory.
    pub master_key_file: String,
}

/// `[storage]`: either a root, or `[storage.folders]` with each folder by its id.
mod storage_section {
    use std::collections::BTreeMap;
    use std::path::PathBuf;

    use serde::de::Error;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    use crate::model::storage::{SharedFolder, SharedStorage};

    #[derive(Serialize, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Section {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        root: Option<PathBuf>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        folders: Option<BTreeMap<SharedFolder, PathBuf>>,
    }

    pub fn serialize<S: Serializer>(storage: &SharedStorage, to: S) -> Result<S::Ok, S::Error> {
        let section = match storage {
            SharedStorage::None => Section { root: None, folders: None },
            SharedStorage::Root(root) => Section { root: Some(root.clone()), folders: None },
            SharedStorage::Folders(folders) => Section { root: None, folders: Some(folders.iter().cloned().collect()) },
        };
        section.serialize(to)
    }

    pub fn deserialize<'a, D: Deserializer<'a>>(from: D) -> Result<SharedStorage, D::Error> {
        let empty = |path: &PathBuf| path.as_os_str().is_empty();
        match Section::deserialize(from)? {
            Section { root: Some(root), folders: None } if !empty(&root) => Ok(SharedStorage::Root(root)),
            Section { root: None, folders: Some(folders) } if !folders.is_empty() && !folders.values().any(empty) => {
                Ok(SharedStorage::Folders(folders.into_iter().collect()))
            }
            _ => Err(D::Error::custom("storage has either a root or folders, and no path in it is empty")),
        }
    }
}
