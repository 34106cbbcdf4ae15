//! A move of a single node's files to shared storage: what is there, what stands in its way, how far it is.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use crate::model::storage::SharedFolder;
use crate::model::untrusted::Untrusted;

/// The folder that this program keeps in shared folders, for itself. It is never copied: a canary tells of its own place.
pub use crate::model::canary::FOLDER as OWN_FOLDER;

/// One shared folder: where its files are, and where they are to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// Which.
    pub folder: SharedFolder,
    /// Its folder on this machine.
    pub from: PathBuf,
    /// Its folder on shared storage.
    pub to: PathBuf,
}

/// When a file was last written, as file systems tell it: seconds since 1970 and what is left of the last one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Moment {
    /// Whole seconds.
    pub seconds: i64,
    /// Nanoseconds, below a thousand million.
    pub nanos: u32,
}

impl Moment {
    /// Whether two file systems mean the same time: FAT, the coarsest of them, has steps of two seconds.
    pub const fn is_about(self, other: Self) -> bool {
        self.seconds.abs_diff(other.seconds) <= 2
    }
}

/// By what a file is taken to be the same as before, without reading it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Stamp {
    /// Its size in bytes.
    pub size: u64,
    /// When it was last written.
    pub written: Moment,
}

/// A content's SHA-256.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Digest(pub [u8; 32]);

/// A file of a source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// Its source, by its place among them.
    pub source: usize,
    /// Its path below the source.
    pub path: PathBuf,
    /// As it was when it was found.
    pub stamp: Stamp,
}

/// Why something in a source cannot be copied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Odd {
    /// A symbolic link; where it leads.
    Link(Untrusted),
    /// A socket, a pipe, a device.
    Special,
    /// The operating system refused to tell.
    Unreadable(Untrusted),
}

/// Something in a source that cannot be copied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeftOut {
    /// Its source, by its place among them.
    pub source: usize,
    /// Its path below the source; empty for the source itself.
    pub path: PathBuf,
    /// Why.
    pub why: Odd,
}

/// Everything in the sources, in the order of sources and, in each, of the bytes of the paths.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Tree {
    /// The folders below the sources, each after the one that it is in.
    pub folders: Vec<(usize, PathBuf)>,
    /// The files.
    pub files: Vec<Item>,
    /// What cannot be copied.
    pub left_out: Vec<LeftOut>,
}

impl Tree {
    /// How much it is.
    pub fn figures(&self) -> Figures {
        self.files.iter().map(|item| Figures { files: 1, bytes: item.stamp.size }).sum()
    }
}

/// Files and their bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Figures {
    /// How many files.
    pub files: u64,
    /// How many bytes are in them.
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

/// What stands in a file's or a folder's way at the destination.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum InTheWay {
    /// A file of another content.
    OtherContent,
    /// A folder, where a file is to be.
    Folder,
    /// A file, a link or something stranger, where a folder is to be.
    NoFolder,
    /// A link or something stranger, where a file is to be.
    NoFile,
    /// Another one of the sources' own, whose name differs in case only, and the destination keeps one of the two.
    SameName(PathBuf),
}

/// A collision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Collision {
    /// The source, by its place among them.
    pub source: usize,
    /// The path below it.
    pub path: PathBuf,
    /// What is in the way.
    pub way: InTheWay,
}

/// Whether a destination takes names that differ in case only for one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Folding {
    /// It does.
    Folds,
    /// It does not.
    Keeps,
    /// It could not be told.
    #[default]
    Unknown,
}

/// The room on one disk of the destination.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Room {
    /// A folder on it.
    pub at: PathBuf,
    /// Bytes that are free for us; `None` where the host does not tell.
    pub free: Option<u64>,
    /// Bytes that are needed, in whole blocks.
    pub needed: u64,
    /// Files that can be made; `None` where there is no limit, or none is told.
    pub inodes: Option<u64>,
    /// Files and folders that are to be made.
    pub entries: u64,
}

/// What lies ahead: the outcome of a look at both sides, before the first byte.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Preview {
    /// Everything in the sources.
    pub all: Figures,
    /// What is to be copied.
    pub copy: Figures,
    /// What stands at the destination already, the same.
    pub existing: Figures,
    /// What stands in the way.
    pub collisions: Vec<Collision>,
    /// What would stand in its own way if the destination folded case, where that could not be told.
    pub perhaps: Vec<Collision>,
    /// What cannot be copied.
    pub left_out: Vec<LeftOut>,
    /// The room on each disk of the destination.
    pub room: Vec<Room>,
    /// Whether the destination folds case.
    pub folding: Folding,
    /// Files that an earlier run copied and that are in the sources no more; they stay.
    pub gone: u64,
    /// An earlier run was interrupted, and this one goes on with it.
    pub resumes: bool,
}

/// Why a file was not copied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trouble {
    /// The operating system refused while this was done.
    Refused {
        /// What was done: `reading`, `writing` and so on.
        doing: &'static str,
        /// What it said.
        said: Untrusted,
    },
    /// It was written to each time that it was copied.
    KeepsChanging,
    /// It was gone when its turn came.
    Gone,
    /// It was written to after it had been copied, or it came while others were copied.
    Changed,
    /// What was read back is not what was written.
    ReadBackOtherwise,
    /// Something came to stand in its place while we copied.
    Taken,
    /// One operation did not come to an end in this many seconds.
    Hangs(u64),
}

/// A file that was not copied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failed {
    /// Its path in the source.
    pub path: PathBuf,
    /// Why.
    pub why: Trouble,
}

/// What came of a copy.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Outcome {
    /// What was copied and verified.
    pub copied: Figures,
    /// What was there already, the same.
    pub existing: Figures,
    /// The first of the files that were not copied.
    pub failed: Vec<Failed>,
    /// How many were not copied for a reason of their own.
    pub failures: u64,
    /// How many were not begun, or not ended, because the run was.
    pub open: u64,
    /// Files whose time, mode or owner the destination did not take.
    pub unlike: u64,
}

impl Outcome {
    /// How many failures are told.
    pub const TOLD: usize = 100;

    /// Whether every file is at the destination, verified.
    pub const fn is_complete(&self) -> bool {
        self.failures == 0 && self.open == 0
    }

    /// Notes a failure.
    pub fn fail(&mut self, path: PathBuf, why: Trouble) {
        self.failures += 1;
        if self.failed.len() < Self::TOLD {
            self.failed.push(Failed { path, why });
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

/// What is being done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Phase {
    /// The sources are walked through.
    #[default]
    Walking,
    /// The destination is looked at; what stands there already is compared.
    Comparing,
    /// Files are copied, read back and compared.
    Copying,
}

/// How far it is.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Progress {
    /// What is being done.
    pub phase: Phase,
    /// How much of it there is; while the sources are walked through, how much was found.
    pub all: Figures,
    /// How much of it is done.
    pub done: Figures,
    /// An operation that has not come to an end for a while: on what, and since how many seconds.
    pub waits: Option<(PathBuf, u64)>,
}

/// A path as the manifest keys it: the folder's id and the bytes of the path, those that are no printable ASCII as `%` and two
/// hexadecimal digits. So a name of any bytes is one line, and two names are one key only where they are the same.
pub fn key(folder: SharedFolder, path: &Path) -> String {
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

/// The beginning and the end of the names of files that are not whole yet.
const PART: (&str, &str) = (".octopus-setup-", ".part");

/// The name of a file that is not whole yet: of this run's manifest, and its number.
pub fn part(manifest: &str, number: u64) -> OsString {
    format!("{}{manifest}-{number:x}{}", PART.0, PART.1).into()
}

/// Whether a name is of a file that an interrupted run of the same manifest left behind.
pub fn is_part(manifest: &str, name: &OsStr) -> bool {
    let Some(name) = name.to_str() else { return false };
    let number = name.strip_prefix(PART.0).and_then(|rest| rest.strip_prefix(manifest)?.strip_prefix('-')?.strip_suffix(PART.1));
    number.is_some_and(|number| !number.is_empty() && number.bytes().all(|digit| digit.is_ascii_hexdigit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_one_line_whatever_the_name() {
        let key = |path: &str| key(SharedFolder::TaskLogs, Path::new(path));
        assert_eq!(key("a b/c\"'%\n/ü"), "task-logs/a%20b/c\"'%25%0a/%c3%bc");
        assert_ne!(key("a%20b"), key("a b"));
        #[cfg(unix)]
        {
            use std::os::unix::ffi::OsStrExt;
            let odd = Path::new(OsStr::from_bytes(b"x\xff\xfe"));
            assert_eq!(super::key(SharedFolder::Packages, odd), "packages/x%ff%fe");
        }
    }

    #[test]
    fn only_the_parts_of_one_s_own_runs_are_one_s_own() {
        let name = part("abcd", 0x1f);
        assert_eq!(name, ".octopus-setup-abcd-1f.part");
        assert!(is_part("abcd", &name) && !is_part("abce", &name) && !is_part("abc", &name));
        for other in [".octopus-setup", ".octopus-setup-abcd-.part", ".octopus-setup-abcd-1g.part", "x.part"] {
            assert!(!is_part("abcd", OsStr::new(other)), "{other}");
        }
    }

    #[test]
    fn an_outcome_tells_the_first_hundred_and_counts_all() {
        let mut outcome = Outcome::default();
        assert!(outcome.is_complete());
        for number in 0..250 {
            outcome.fail(number.to_string().into(), Trouble::Gone);
        }
        assert_eq!((outcome.failed.len(), outcome.failures, outcome.is_complete()), (100, 250, false));
        assert!(!Outcome { open: 1, ..Outcome::default() }.is_complete());
    }

    #[test]
    fn times_are_compared_as_coarsely_as_the_coarsest_file_system() {
        let at = |seconds, nanos| Moment { seconds, nanos };
        assert!(at(10, 999).is_about(at(12, 0)) && !at(10, 0).is_about(at(13, 0)) && at(-1, 0).is_about(at(1, 0)));
    }
}
