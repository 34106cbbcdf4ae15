//! The nouns of a migration: files, what is in their way, what was copied and recorded, how far it is.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use data_encoding::HEXLOWER;

use crate::model::storage::{Canary, SharedFolder};
use crate::model::untrusted::Untrusted;

/// The folder that this program keeps for itself in shared folders. It is never copied, because a canary belongs to its place.
pub const OWN_FOLDER: &str = Canary::FOLDER;

/// A shared folder: where its files are, and where they are copied to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CopySource {
    pub folder: SharedFolder,
    /// On this machine.
    pub from: PathBuf,
    /// On shared storage.
    pub to: PathBuf,
}

/// When a file was last written, as file systems record it: seconds since 1970, and nanoseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Moment {
    pub seconds: i64,
    /// Below 1,000,000,000.
    pub nanos: u32,
}

impl Moment {
    /// Returns whether two file systems mean the same time. FAT, the coarsest, has steps of two seconds.
    pub const fn is_about(self, other: Self) -> bool {
        self.seconds.abs_diff(other.seconds) <= 2
    }
}

/// Tells without reading a file whether it is the same as before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Stamp {
    /// In bytes.
    pub size: u64,
    pub written: Moment,
}

/// The SHA-256 of a content.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Digest(pub [u8; 32]);

/// A file in a source folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// The index of its source.
    pub source: usize,
    /// Below the source.
    pub path: PathBuf,
    /// When it was found.
    pub stamp: Stamp,
}

/// Why something in a source cannot be copied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SkipReason {
    /// A symbolic link to this path.
    Link(Untrusted),
    /// A socket, a pipe or a device.
    Special,
    /// The operating system refused to read it, with this message.
    Unreadable(Untrusted),
}

/// Something in a source that cannot be copied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SkippedEntry {
    /// The index of its source.
    pub source: usize,
    /// Below the source; empty for the source itself.
    pub path: PathBuf,
    pub why: SkipReason,
}

/// Everything in the sources, ordered by source and then by the bytes of the path.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Tree {
    /// The folders below the sources, each after its parent.
    pub folders: Vec<(usize, PathBuf)>,
    pub files: Vec<Item>,
    pub skipped: Vec<SkippedEntry>,
}

impl Tree {
    /// Adds up the files.
    pub fn figures(&self) -> Figures {
        self.files.iter().map(|item| Figures { files: 1, bytes: item.stamp.size }).sum()
    }
}

/// A number of files and of bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Figures {
    pub files: u64,
    pub bytes: u64,
}

impl std::ops::Add for Figures {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self { files: self.files + other.files, bytes: self.bytes + other.bytes }
    }
}

impl std::iter::Sum for Figures {
    fn sum<I: Iterator<Item = Self>>(all: I) -> Self {
        all.fold(Self::default(), std::ops::Add::add)
    }
}

/// What is in the way of a file or folder at the destination.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Obstacle {
    /// A file with another content.
    OtherContent,
    /// A folder in the place of a file.
    Folder,
    /// Something other than a folder in the place of a folder.
    NoFolder,
    /// A link or special file in the place of a file.
    NoFile,
    /// Another source file whose name differs only in case, at a destination that keeps only one of the two.
    SameName(PathBuf),
}

/// A file or folder whose place at the destination is taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Collision {
    /// The index of the source.
    pub source: usize,
    /// Below the source.
    pub path: PathBuf,
    pub obstacle: Obstacle,
}

/// Whether a destination takes names that differ only in case for the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Folding {
    Folds,
    Keeps,
    #[default]
    Unknown,
}

/// The room on a disk of the destination.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Room {
    /// A folder on it.
    pub at: PathBuf,
    /// Bytes that are free for this account; `None` if the host does not tell.
    pub free: Option<u64>,
    /// Bytes needed, in whole blocks.
    pub needed: u64,
    /// Files that can be created; `None` if there is no limit or the host does not tell.
    pub inodes: Option<u64>,
    /// Files and folders to create.
    pub entries: u64,
}

/// What a migration would do: the result of inspecting both sides before the first byte is copied.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Preview {
    /// All files of the sources.
    pub all: Figures,
    /// Files to copy.
    pub copy: Figures,
    /// Files that the destination has already, with the same content.
    pub existing: Figures,
    pub collisions: Vec<Collision>,
    /// Files that would collide with each other if the destination folded case, which is unknown.
    pub possible_collisions: Vec<Collision>,
    pub skipped: Vec<SkippedEntry>,
    pub room: Vec<Room>,
    pub folding: Folding,
    /// Files that an earlier run copied and that are no longer in the sources. They stay.
    pub gone: u64,
    /// This run continues an interrupted one.
    pub resumes: bool,
}

/// Why a file was not copied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CopyFailure {
    /// The operating system refused.
    Refused {
        /// What was being done: `reading`, `writing` and so on.
        doing: &'static str,
        /// The operating system's message.
        said: Untrusted,
    },
    /// It was written to during each attempt.
    KeepsChanging,
    /// It was deleted before its turn came.
    Gone,
    /// It was written to after it had been copied, or it appeared during the copy.
    Changed,
    /// What was read back is not what was written.
    ReadBackOtherwise,
    /// Something else took its place at the destination during the copy.
    Taken,
    /// One operation did not end within this many seconds.
    Hangs(u64),
}

/// A file that was not copied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FailedFile {
    /// In the source.
    pub path: PathBuf,
    pub why: CopyFailure,
}

/// The result of a copy.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CopyOutcome {
    /// Copied and verified.
    pub copied: Figures,
    /// At the destination before, with the same content.
    pub existing: Figures,
    /// The first files that were not copied.
    pub failed: Vec<FailedFile>,
    /// How many files failed.
    pub failures: u64,
    /// How many files were not begun or not finished because the run ended.
    pub open: u64,
    /// How many files and folders have another time, mode or owner at the destination.
    pub metadata_differs: u64,
}

impl CopyOutcome {
    /// The most failures that are kept.
    pub const MOST_SHOWN: usize = 100;

    /// Returns whether every file is at the destination, verified.
    pub const fn is_complete(&self) -> bool {
        self.failures == 0 && self.open == 0
    }

    /// Adds a failure.
    pub fn fail(&mut self, path: PathBuf, why: CopyFailure) {
        self.failures += 1;
        if self.failed.len() < Self::MOST_SHOWN {
            self.failed.push(FailedFile { path, why });
        }
    }
}

/// How a follow-up step of a complete copy ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FollowUp {
    Done,
    /// It had been done before.
    Already,
    /// The operator has to run this command.
    ByHand(String),
    /// It failed; what to do.
    Failed(String),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum CopyPhase {
    /// Listing the sources.
    #[default]
    Walking,
    /// Inspecting the destination and comparing what it has already.
    Comparing,
    /// Copying, reading back and comparing.
    Copying,
}

/// How far a migration is.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CopyProgress {
    pub phase: CopyPhase,
    /// All of the phase's work; while walking, what was found so far.
    pub all: Figures,
    pub done: Figures,
    /// An operation that takes long: its path, and for how many seconds.
    pub waits: Option<(PathBuf, u64)>,
}

/// Returns a path's key in the manifest: the folder's id and the bytes of the path, those that are not printable ASCII as `%` and
/// two hexadecimal digits. So any name is one line, and different names have different keys.
pub fn manifest_key(folder: SharedFolder, path: &Path) -> String {
    let mut key = folder.id().to_owned();
    for part in path.components() {
        key.push('/');
        for byte in part.as_os_str().as_encoded_bytes() {
            if byte.is_ascii_graphic() && *byte != b'%' && *byte != b'/' {
                key.push(char::from(*byte));
            } else {
                key.push('%');
                key.push_str(&data_encoding::HEXLOWER.encode(&[*byte]));
            }
        }
    }
    key
}

/// Prefix and suffix of the names of partial files.
const PART: (&str, &str) = (".octopus-setup-", ".part");

/// Returns the name of a partial file, made of the manifest's id and a number.
pub fn partial_file_name(manifest: &str, number: u64) -> OsString {
    format!("{}{manifest}-{number:x}{}", PART.0, PART.1).into()
}

/// Returns whether a name is that of a partial file of the same manifest, left behind by an interrupted run.
pub fn is_partial_file(manifest: &str, name: &OsStr) -> bool {
    let Some(name) = name.to_str() else { return false };
    let number = name.strip_prefix(PART.0).and_then(|rest| rest.strip_prefix(manifest)?.strip_prefix('-')?.strip_suffix(PART.1));
    number.is_some_and(|number| !number.is_empty() && number.bytes().all(|digit| digit.is_ascii_hexdigit()))
}

/// A file that was copied and verified.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ProgressRecord {
    /// The source's, when it was copied.
    pub stamp: Stamp,
    pub digest: Digest,
}

/// How many digits of its own digest a line begins with.
const CHECK: usize = 8;

impl ProgressRecord {
    /// Returns the line for this key, with its line break. It begins with a digest of itself: a power cut may leave anything in a file's
    /// last block, and that must not pass for a line.
    pub fn line(&self, key: &str) -> String {
        let Self { stamp: Stamp { size, written }, digest } = self;
        let rest = format!("{size} {}.{:09} {} {key}", written.seconds, written.nanos, HEXLOWER.encode(&digest.0));
        format!("{} {rest}\n", check(&rest))
    }

    /// Reads a line without its line break; `None` if it is damaged.
    pub fn read(line: &str) -> Option<(&str, Self)> {
        let (said, rest) = line.split_once(' ')?;
        if said != check(rest) {
            return None;
        }
        let mut parts = rest.splitn(4, ' ');
        let size = parts.next()?.parse().ok()?;
        let (seconds, nanos) = parts.next()?.split_once('.')?;
        let written = Moment { seconds: seconds.parse().ok()?, nanos: nanos.parse().ok()? };
        let digest = HEXLOWER.decode(parts.next()?.as_bytes()).ok()?.try_into().ok()?;
        Some((parts.next()?, Self { stamp: Stamp { size, written }, digest: Digest(digest) }))
    }
}

fn check(rest: &str) -> String {
    let digest = ring::digest::digest(&ring::digest::SHA256, rest.as_bytes());
    HEXLOWER.encode(digest.as_ref()).chars().take(CHECK).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_one_line_whatever_the_name() {
        let key = |path: &str| manifest_key(SharedFolder::TaskLogs, Path::new(path));
        assert_eq!(key("a b/c\"'%\n/ü"), "task-logs/a%20b/c\"'%25%0a/%c3%bc");
        assert_ne!(key("a%20b"), key("a b"));
        #[cfg(unix)]
        {
            use std::os::unix::ffi::OsStrExt;
            let odd = Path::new(OsStr::from_bytes(b"x\xff\xfe"));
            assert_eq!(super::manifest_key(SharedFolder::Packages, odd), "packages/x%ff%fe");
        }
    }

    #[test]
    fn only_the_parts_of_one_s_own_runs_are_one_s_own() {
        let name = partial_file_name("abcd", 0x1f);
        assert_eq!(name, ".octopus-setup-abcd-1f.part");
        assert!(is_partial_file("abcd", &name) && !is_partial_file("abce", &name) && !is_partial_file("abc", &name));
        for other in [".octopus-setup", ".octopus-setup-abcd-.part", ".octopus-setup-abcd-1g.part", "x.part"] {
            assert!(!is_partial_file("abcd", OsStr::new(other)), "{other}");
        }
    }

    #[test]
    fn an_outcome_tells_the_first_hundred_and_counts_all() {
        let mut outcome = CopyOutcome::default();
        assert!(outcome.is_complete());
        for number in 0..250 {
            outcome.fail(number.to_string().into(), CopyFailure::Gone);
        }
        assert_eq!((outcome.failed.len(), outcome.failures, outcome.is_complete()), (100, 250, false));
        assert!(!CopyOutcome { open: 1, ..CopyOutcome::default() }.is_complete());
    }

    #[test]
    fn times_are_compared_as_coarsely_as_the_coarsest_file_system() {
        let at = |seconds, nanos| Moment { seconds, nanos };
        assert!(at(10, 999).is_about(at(12, 0)) && !at(10, 0).is_about(at(13, 0)) && at(-1, 0).is_about(at(1, 0)));
    }

    fn record() -> ProgressRecord {
        ProgressRecord { stamp: Stamp { size: 77, written: Moment { seconds: -5, nanos: 42 } }, digest: Digest([0xab; 32]) }
    }

    #[test]
    fn a_line_is_read_back_whatever_the_key() {
        for key in ["packages/a", "task-logs/a%20b%0a/c"] {
            let line = record().line(key);
            assert_eq!(line.matches('\n').count(), 1);
            assert_eq!(ProgressRecord::read(line.trim_end()), Some((key, record())));
        }
    }

    proptest::proptest! {
        #[test]
        fn a_torn_or_damaged_line_is_none(cut in 0usize..110, byte in 0usize..110) {
            let line = record().line("packages/a/b/c.nupkg");
            let line = line.trim_end();
            if cut < line.len() {
                proptest::prop_assert_eq!(ProgressRecord::read(&line[..cut]), None);
            }
            let mut other = line.as_bytes().to_vec();
            let place = byte % other.len();
            other[place] ^= 1;
            let other = String::from_utf8_lossy(&other).into_owned();
            proptest::prop_assert_eq!(ProgressRecord::read(&other), None);
        }
    }
}
