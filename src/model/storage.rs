//! Shared storage: the folders that all nodes read and write, and the canaries in them.
//!
//! A canary is a file that a node leaves in a shared folder, so that the other nodes can tell that they see the same folder. It is
//! three lines of text and no secret: anyone who reads it may read the whole folder. It is proof because its nonce is in the
//! registry as well, which nobody can write who only sees a folder.

use std::path::{Path, PathBuf};

use data_encoding::HEXLOWER;
use serde::{Deserialize, Serialize};

use super::choice::{choices, ids};
use super::cluster::ClusterId;
use super::field::FieldId;

ids! {
    /// A folder that all nodes share (`facts/octopus.md`, section 7). Its id is used in the registry, the node config and the
    /// migration's manifest.
    #[derive(PartialOrd, Ord, Serialize, Deserialize)]
    #[serde(rename_all = "kebab-case")]
    pub enum SharedFolder {
        /// Files that deployments hand over.
        Artifacts = "artifacts",
        /// The tasks' logs.
        TaskLogs = "task-logs",
        /// The built-in package repository.
        Packages = "packages",
        Telemetry = "telemetry",
        /// What was imported from other instances.
        Imports = "imports",
        /// The archive of the audit log.
        EventExports = "event-exports",
    }
}

impl SharedFolder {
    /// Returns its name under a shared root, and under the home directory of a node that shares nothing.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Artifacts => "Artifacts",
            Self::TaskLogs => "TaskLogs",
            Self::Packages => "Packages",
            Self::Telemetry => "Telemetry",
            Self::Imports => "Imports",
            Self::EventExports => "EventExports",
        }
    }

    /// Returns the field that names it where each folder is by itself.
    pub const fn field(self) -> FieldId {
        match self {
            Self::Artifacts => FieldId::ArtifactsFolder,
            Self::TaskLogs => FieldId::TaskLogsFolder,
            Self::Packages => FieldId::PackagesFolder,
            Self::Telemetry => FieldId::TelemetryFolder,
            Self::Imports => FieldId::ImportsFolder,
            Self::EventExports => FieldId::EventExportsFolder,
        }
    }
}

choices! {
    /// What is shared, without its paths.
    pub enum StorageKind {
        /// One root.
        Root = "root",
        /// Each folder by itself.
        Folders = "folders",
        /// Nothing.
        None = "none",
    }
}

/// What the nodes of a cluster share.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SharedStorage {
    /// Nothing: a single node.
    #[default]
    None,
    /// One root, with a folder for each below it.
    Root(PathBuf),
    /// Each folder by itself, in the order of [`SharedFolder::ALL`].
    Folders(Vec<(SharedFolder, PathBuf)>),
}

impl SharedStorage {
    /// The registry's word for a root.
    pub const ROOT: &'static str = "cluster-shared";

    pub const fn kind(&self) -> StorageKind {
        match self {
            Self::None => StorageKind::None,
            Self::Root(_) => StorageKind::Root,
            Self::Folders(_) => StorageKind::Folders,
        }
    }

    pub fn root(&self) -> Option<String> {
        if let Self::Root(root) = self { Some(root.to_string_lossy().into_owned()) } else { None }
    }

    /// Returns a folder that is shared by itself.
    pub fn folder(&self, wanted: SharedFolder) -> Option<String> {
        let Self::Folders(folders) = self else { return None };
        folders.iter().find(|(folder, _)| *folder == wanted).map(|(_, path)| path.to_string_lossy().into_owned())
    }

    /// Returns the folders and where they are, in the order of [`SharedFolder::ALL`].
    pub fn folders(&self) -> Vec<(SharedFolder, PathBuf)> {
        match self {
            Self::None => Vec::new(),
            Self::Root(root) => SharedFolder::ALL.into_iter().map(|folder| (folder, under(root, folder.name()))).collect(),
            Self::Folders(folders) => folders.clone(),
        }
    }

    /// As the registry keeps it: the root alone, or each folder by its id.
    pub fn rows(&self) -> Vec<(&'static str, PathBuf)> {
        match self {
            Self::None => Vec::new(),
            Self::Root(root) => vec![(Self::ROOT, root.clone())],
            Self::Folders(folders) => folders.iter().map(|(folder, path)| (folder.id(), path.clone())).collect(),
        }
    }

    /// Reads the registry's rows; words that this program does not know are left out, and a root counts before folders.
    pub fn from_rows<'a>(rows: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let mut folders = Vec::new();
        for (word, path) in rows {
            if word == Self::ROOT {
                return Self::Root(PathBuf::from(path));
            }
            folders.extend(SharedFolder::from_id(word).map(|folder| (folder, PathBuf::from(path))));
        }
        folders.sort_by_key(|(folder, _)| *folder);
        if folders.is_empty() { Self::None } else { Self::Folders(folders) }
    }

    pub const fn is_none(&self) -> bool {
        matches!(self, Self::None)
    }
}

/// Returns a folder below a path, by the rules of the system that the path is of: a UNC path keeps its backslashes on Linux too.
pub fn under(root: &Path, name: &str) -> PathBuf {
    let text = root.to_string_lossy();
    if text.contains('\\') && !text.starts_with('/') {
        return PathBuf::from(format!("{}\\{name}", text.trim_end_matches('\\')));
    }
    root.join(name)
}

/// Longer names are cut, and a digest keeps them distinct: no file system takes more than 255 bytes.
const LONGEST_STEM: usize = 200;
/// Names that mean devices to Windows, whatever follows their first dot.
const DEVICES: [&str; 6] = ["con", "prn", "aux", "nul", "com", "lpt"];

/// A canary, as its file says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Canary {
    /// The cluster of the node that left it.
    pub cluster: ClusterId,
    /// The node's name.
    pub node: String,
    /// Its nonce: 32 hexadecimal digits, lower-case.
    pub token: String,
}

/// A text is no canary: not three lines, of these names, with values of their forms.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("it is no canary of this program")]
pub struct NotACanary;

impl Canary {
    /// The folder, in each shared folder, that the canaries are in.
    pub const FOLDER: &str = ".octopus-setup";
    /// How the name of a canary's file ends.
    pub const SUFFIX: &str = ".canary";
    /// A longer file is no canary, and need not be read: a name has at most 200 characters.
    pub const MOST_BYTES: u64 = 2_048;

    /// Returns the file's text: `cluster=`, `node=` and `token=`, a line each.
    pub fn text(&self) -> String {
        let Self { cluster, node, token } = self;
        format!("cluster={cluster}\nnode={node}\ntoken={token}\n")
    }

    /// Reads a file's text: what [`Self::text`] writes, to the byte, and nothing else.
    ///
    /// # Errors
    /// [`NotACanary`].
    pub fn parse(text: &str) -> Result<Self, NotACanary> {
        let mut lines = text.lines();
        let mut value = |name: &str| lines.next().and_then(|line| line.strip_prefix(name)?.strip_prefix('=')).ok_or(NotACanary);
        let (cluster, node, token) = (value("cluster")?, value("node")?, value("token")?);
        let canary = Self { cluster: cluster.parse().map_err(|_| NotACanary)?, node: node.to_owned(), token: token.to_owned() };
        let whole = is_token(token) && !node.trim().is_empty() && canary.text() == text;
        if whole { Ok(canary) } else { Err(NotACanary) }
    }

    /// Writes a nonce as text.
    pub fn encode_token(bytes: [u8; 16]) -> String {
        HEXLOWER.encode(&bytes)
    }

    /// Returns the folder of the canaries in a shared folder.
    pub fn folder_in(shared: &Path) -> PathBuf {
        under(shared, Self::FOLDER)
    }

    /// Returns the file of a node's canary in a shared folder.
    pub fn path_in(shared: &Path, node: &str) -> PathBuf {
        under(&Self::folder_in(shared), &Self::file_name(node))
    }

    /// Returns the name of a node's file: the node's in lower case, so that no two spellings of it are two files, and every character
    /// but letters, digits, `.`, `_` and `-` of ASCII percent-encoded, so that every file system takes it.
    pub fn file_name(node: &str) -> String {
        let name = node.trim().to_lowercase();
        let device = is_device(&name);
        let mut stem = String::with_capacity(name.len());
        for (place, byte) in name.bytes().enumerate() {
            match byte {
                b'a'..=b'z' | b'0'..=b'9' | b'.' | b'_' | b'-' if place > 0 || !device => stem.push(char::from(byte)),
                other => {
                    stem.push('%');
                    stem.push_str(&HEXLOWER.encode(&[other]));
                }
            }
        }
        if stem.len() > LONGEST_STEM {
            let digest = ring::digest::digest(&ring::digest::SHA256, name.as_bytes());
            stem.truncate(LONGEST_STEM - 33);
            stem.push('-');
            stem.push_str(&HEXLOWER.encode(&digest.as_ref()[..16]));
        }
        stem.push_str(Self::SUFFIX);
        stem
    }
}

/// Returns whether a text has the form of a nonce.
fn is_token(text: &str) -> bool {
    text.len() == 32 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

/// Returns whether Windows takes a name for a device: `nul`, `com1.web`.
fn is_device(name: &str) -> bool {
    let first = name.split('.').next().unwrap_or_default();
    DEVICES.iter().any(|device| {
        first.strip_prefix(device).is_some_and(|rest| {
            let numbered = matches!(*device, "com" | "lpt");
            if numbered { rest.len() == 1 && rest.bytes().all(|byte| byte.is_ascii_digit()) } else { rest.is_empty() }
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_registry_keeps_comes_back() {
        let folders = vec![(SharedFolder::Artifacts, "/a".into()), (SharedFolder::Packages, "/p".into())];
        for storage in [SharedStorage::None, SharedStorage::Root("/srv/octopus".into()), SharedStorage::Folders(folders)] {
            let rows = storage.rows();
            let back = SharedStorage::from_rows(rows.iter().map(|(word, path)| (*word, path.to_str().expect("text"))).rev());
            assert_eq!(back, storage);
        }
    }

    #[test]
    fn a_folder_below_a_root_is_written_as_the_root_is() {
        for (root, path) in [
            ("/srv/octopus", "/srv/octopus/TaskLogs"),
            ("\\\\files\\octopus", "\\\\files\\octopus\\TaskLogs"),
            ("D:\\Shared\\", "D:\\Shared\\TaskLogs"),
        ] {
            assert_eq!(under(Path::new(root), "TaskLogs"), PathBuf::from(path));
        }
    }

    fn canary() -> Canary {
        Canary { cluster: ClusterId([0x7f; 16]), node: "web01".into(), token: Canary::encode_token([9; 16]) }
    }

    #[test]
    fn a_canary_is_three_lines_and_is_read_back() {
        let text = canary().text();
        assert_eq!(text, "cluster=7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f\nnode=web01\ntoken=09090909090909090909090909090909\n");
        assert_eq!(Canary::parse(&text), Ok(canary()));
        let odd = Canary { node: "Büro = 1".into(), ..canary() };
        assert_eq!(Canary::parse(&odd.text()), Ok(odd));
    }

    #[test]
    fn nothing_else_is_one() {
        let text = canary().text();
        for broken in [
            String::new(),
            text.trim_end().to_owned(),
            format!("{text}\n"),
            format!("{text}more=1\n"),
            format!("\u{feff}{text}"),
            text.replace('\n', "\r\n"),
            text.replace("cluster=7f", "cluster=7F"),
            text.replace("token=09", "token=0g"),
            text.replace("token=09", "token="),
            text.replace("node=web01", "node= "),
            text.replace("node=web01", "node="),
            text.replace("node=", "name="),
            text.lines().rev().collect::<Vec<_>>().join("\n") + "\n",
        ] {
            assert_eq!(Canary::parse(&broken), Err(NotACanary), "{broken:?}");
        }
    }

    #[test]
    fn a_name_becomes_a_file_name_that_every_file_system_takes() {
        for (node, name) in [
            ("web01", "web01.canary"),
            (" WEB01 ", "web01.canary"),
            ("web-01.corp_x", "web-01.corp_x.canary"),
            ("a/b\\c d", "a%2fb%5cc%20d.canary"),
            ("..", "...canary"),
            ("100%", "100%25.canary"),
            ("BÜRO", "b%c3%bcro.canary"),
            ("NUL", "%6eul.canary"),
            ("com1.web", "%63om1.web.canary"),
            ("com", "com.canary"),
            ("console", "console.canary"),
        ] {
            assert_eq!(Canary::file_name(node), name);
        }
    }

    #[test]
    fn a_long_name_is_cut_and_stays_its_own() {
        let (one, other) = (Canary::file_name(&"ü".repeat(199)), Canary::file_name(&format!("{}x", "ü".repeat(198))));
        assert_eq!((one.len(), other.len()), (LONGEST_STEM + Canary::SUFFIX.len(), LONGEST_STEM + Canary::SUFFIX.len()));
        assert_ne!(one, other);
        let longest = Canary { node: "😀".repeat(200), ..canary() };
        assert!(u64::try_from(longest.text().len()).unwrap() <= Canary::MOST_BYTES);
    }

    #[test]
    fn it_lies_in_a_folder_of_its_own() {
        assert_eq!(
            Canary::path_in(Path::new("/srv/o/TaskLogs"), "Web01"),
            Path::new("/srv/o/TaskLogs/.octopus-setup/web01.canary")
        );
        assert_eq!(Canary::path_in(Path::new("\\\\f\\o"), "w"), Path::new("\\\\f\\o\\.octopus-setup\\w.canary"));
    }
}
