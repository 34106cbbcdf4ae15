//! A canary's file: what a node leaves in a shared folder, so that the other nodes can tell that they see the same one.
//!
//! It is three lines of text and no secret: whoever reads it may read the whole folder. What makes it proof is that its
//! nonce is in the registry as well, which nobody writes who only sees a folder.

use std::path::{Path, PathBuf};

use data_encoding::HEXLOWER;

use super::cluster::ClusterId;
use super::storage::under;

/// The folder, in each shared folder, that the canaries are in.
pub const FOLDER: &str = ".octopus-setup";
/// How the name of a canary's file ends.
pub const SUFFIX: &str = ".canary";
/// A file of more bytes than this is no canary, and need not be read: a name has at most 200 characters.
pub const MOST_BYTES: u64 = 2_048;

/// Longer names are cut and told apart by a digest: no file system takes more than 255 bytes.
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
    /// The file's text: `cluster=`, `node=` and `token=`, a line each.
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
}

/// A nonce, as it is written.
pub fn token(bytes: [u8; 16]) -> String {
    HEXLOWER.encode(&bytes)
}

/// Whether a text has a nonce's form.
pub fn is_token(text: &str) -> bool {
    text.len() == 32 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

/// The folder of the canaries in a shared folder.
pub fn folder(shared: &Path) -> PathBuf {
    under(shared, FOLDER)
}

/// The file of a node's canary in a shared folder.
pub fn path(shared: &Path, node: &str) -> PathBuf {
    under(&folder(shared), &file_name(node))
}

/// The name of a node's file: the node's in lower case, so that no two spellings of it are two files, and every character
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
    stem.push_str(SUFFIX);
    stem
}

/// Whether Windows takes a name for a device: `nul`, `com1.web`.
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

    fn canary() -> Canary {
        Canary { cluster: ClusterId([0x7f; 16]), node: "web01".into(), token: token([9; 16]) }
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
            assert_eq!(file_name(node), name);
        }
    }

    #[test]
    fn a_long_name_is_cut_and_stays_its_own() {
        let (one, other) = (file_name(&"ü".repeat(199)), file_name(&format!("{}x", "ü".repeat(198))));
        assert_eq!((one.len(), other.len()), (LONGEST_STEM + SUFFIX.len(), LONGEST_STEM + SUFFIX.len()));
        assert_ne!(one, other);
        let longest = Canary { node: "😀".repeat(200), ..canary() };
        assert!(u64::try_from(longest.text().len()).unwrap() <= MOST_BYTES);
    }

    #[test]
    fn it_lies_in_a_folder_of_its_own() {
        assert_eq!(path(Path::new("/srv/o/TaskLogs"), "Web01"), Path::new("/srv/o/TaskLogs/.octopus-setup/web01.canary"));
        assert_eq!(path(Path::new("\\\\f\\o"), "w"), Path::new("\\\\f\\o\\.octopus-setup\\w.canary"));
    }
}
