//! Surveys the shared folders: tries each as far as possible without leaving anything behind.
//!
//! Every operation has its own thread and budget, because a dead share never answers: that costs the facts that depend on it, and
//! nothing else. If even the first operation is not answered, no other is tried.

#[cfg(test)]
mod tests;

use std::ffi::OsStr;
use std::fs::{File, OpenOptions};
use std::io::{self, Error, ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use futures_util::future::{join, join_all, join5};
use tempfile::TempPath;
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};
use tokio::sync::{Mutex, OnceCell};

use crate::model::facts::{
    Access, CanaryFile, Disk, Fact, FolderFacts, FolderIdentity, FolderOperation, FolderPlace, FolderRights, StorageFacts,
    Trouble,
};
use crate::model::storage::{Canary, SharedFolder};
use crate::model::untrusted::Untrusted;
use crate::world::budget::{fact_within, io as trouble_of, io, io_at, within};
use crate::world::places::Places;
use crate::world::survey::account::{self, Account};
use crate::world::survey::disk;
use crate::world::toml_file::shown;
use crate::world::{folder, probe, small_file};

/// A share answers in milliseconds; only a dead one takes this long.
const BUDGET: Duration = Duration::from_secs(5);
/// The most entries of a folder that are counted.
const MOST_ENTRIES: usize = 1_000;

/// One fact about a folder.
enum Piece {
    Place(Fact<FolderPlace>, Option<FolderIdentity>),
    Disk(Fact<Disk>, Fact<bool>),
    Rights(Fact<FolderRights>),
    Latency(Fact<Duration>),
    Canaries(Fact<Vec<CanaryFile>>),
    Entries(Fact<u64>),
    Account(Fact<Access>),
}

/// What the surveys of all folders share.
struct Common {
    places: Places,
    /// The account's name; empty for the machine's own.
    user: String,
    /// The account, looked up when it is first needed.
    who: OnceCell<Fact<Option<Account>>>,
    /// Latencies are measured one at a time: six on the same disk would measure each other.
    turn: Mutex<()>,
}

/// Surveys the folders for an account of this name (empty: the machine's own), and reports each fact as soon as it is known.
pub async fn storage(
    places: &Places,
    folders: &[(SharedFolder, PathBuf)],
    user: &str,
    mut report: impl FnMut(StorageFacts) + Send,
) {
    let blank = |(folder, path): &(SharedFolder, PathBuf)| FolderFacts::new(*folder, shown(path));
    let mut facts = StorageFacts { folders: folders.iter().map(blank).collect() };
    report(facts.clone());
    let common = Common { places: places.clone(), user: user.trim().to_owned(), who: OnceCell::new(), turn: Mutex::new(()) };
    let (said, mut heard) = unbounded_channel();
    let looks = folders.iter().enumerate().map(|(at, (_, path))| Look { at, path, common: &common, said: said.clone() }.all());
    let looks = join_all(looks);
    drop(said);
    let listening = async {
        while let Some((at, piece)) = heard.recv().await {
            if let Some(folder) = facts.folders.get_mut(at) {
                take(folder, piece);
                report(facts.clone());
            }
        }
    };
    join(looks, listening).await;
}

fn take(folder: &mut FolderFacts, piece: Piece) {
    match piece {
        Piece::Place(place, identity) => (folder.place, folder.identity) = (place, identity),
        Piece::Disk(disk, read_only) => (folder.disk, folder.read_only) = (disk, read_only),
        Piece::Rights(rights) => folder.rights = rights,
        Piece::Latency(latency) => folder.latency = latency,
        Piece::Canaries(canaries) => folder.canaries = canaries,
        Piece::Entries(entries) => folder.entries = entries,
        Piece::Account(account) => folder.account = account,
    }
}

/// The survey of one folder.
struct Look<'a> {
    at: usize,
    path: &'a Path,
    common: &'a Common,
    said: UnboundedSender<(usize, Piece)>,
}

impl Look<'_> {
    async fn all(self) {
        let (place, identity) = match within(BUDGET, self.with_path(find_folder)).await {
            Ok(seen) => seen,
            Err(trouble) => (Fact::Missing(trouble), None),
        };
        let trouble = match &place {
            Fact::Seen(FolderPlace::There | FolderPlace::Creatable { .. }) => None,
            Fact::Missing(trouble) => Some(trouble.clone()),
            Fact::Seen(_) | Fact::Unknown => Some(Trouble::Unasked),
        };
        self.say(Piece::Place(place, identity));
        match trouble {
            Some(trouble) => self.nothing(&trouble),
            None => {
                join5(self.disk(), self.rights(), self.canaries(), self.entries(), self.account()).await;
            }
        }
    }

    fn say(&self, piece: Piece) {
        // This fails once nobody listens any more.
        let _ = self.said.send((self.at, piece));
    }

    /// Binds work to the folder's path.
    fn with_path<T: 'static>(&self, work: fn(&Path) -> T) -> impl FnOnce() -> T + Send + 'static + use<T> {
        let path = self.path.to_owned();
        move || work(&path)
    }

    /// Reports that nothing is known about an inaccessible folder.
    fn nothing(&self, trouble: &Trouble) {
        self.say(Piece::Disk(Fact::Missing(trouble.clone()), Fact::Missing(trouble.clone())));
        self.say(Piece::Rights(Fact::Missing(trouble.clone())));
        self.say(Piece::Latency(Fact::Missing(trouble.clone())));
        self.say(Piece::Canaries(Fact::Missing(trouble.clone())));
        self.say(Piece::Entries(Fact::Missing(trouble.clone())));
        self.say(Piece::Account(Fact::Missing(trouble.clone())));
    }

    async fn disk(&self) {
        let seen = within(
            BUDGET,
            self.with_path(|path| match folder::nearest(path) {
                Some(nearest) => (disk::under(nearest), disk::read_only(nearest)),
                None => (Fact::Missing(Trouble::Unasked), Fact::Missing(Trouble::Unasked)),
            }),
        );
        let (disk, read_only) = match seen.await {
            Ok(seen) => seen,
            Err(trouble) => (Fact::Missing(trouble.clone()), Fact::Missing(trouble)),
        };
        self.say(Piece::Disk(disk, read_only));
    }

    async fn rights(&self) {
        let rights = try_rights(BUDGET, self.path.to_owned()).await;
        let all = rights.seen() == Some(&FolderRights::ALL);
        self.say(Piece::Rights(rights));
        let latency = if all {
            let _turn = self.common.turn.lock().await;
            fact_within(BUDGET, self.with_path(measure_latency)).await
        } else {
            Fact::Missing(Trouble::Unasked)
        };
        self.say(Piece::Latency(latency));
    }

    async fn canaries(&self) {
        self.say(Piece::Canaries(fact_within(BUDGET, self.with_path(read_canaries)).await));
    }

    async fn entries(&self) {
        self.say(Piece::Entries(fact_within(BUDGET, self.with_path(entries)).await));
    }

    async fn account(&self) {
        let Common { places, user, who, .. } = self.common;
        let find = || async {
            if user.is_empty() {
                return Fact::Seen(Some(Account::ROOT));
            }
            let (places, user) = (places.clone(), user.clone());
            fact_within(BUDGET, move || account::find(&places, &user, BUDGET)).await
        };
        let (who, path) = (who.get_or_init(find).await.clone(), self.path.to_owned());
        self.say(Piece::Account(fact_within(BUDGET, move || account::access_of(&who, &path)).await));
    }
}

/// Counts a folder's entries except for canaries and test files.
fn entries(path: &Path) -> Fact<u64> {
    let entries = match std::fs::read_dir(path) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Fact::Seen(0),
        Err(error) => return Fact::Missing(io(&error)),
    };
    let counts = |name: &str| name != Canary::FOLDER && !name.starts_with(probe::PREFIX);
    let entries = entries.flatten().filter(|entry| counts(&entry.file_name().to_string_lossy()));
    Fact::Seen(u64::try_from(entries.take(MOST_ENTRIES).count()).unwrap_or(u64::MAX))
}

/// `ELOOP` of Linux, and `ERROR_CANT_RESOLVE_FILENAME`: the standard library has no stable name for them.
const LOOP: i32 = if cfg!(windows) {
    1921
} else if cfg!(target_os = "linux") {
    40
} else {
    62
};

/// Looks for a folder. Does not look for a relative path, or one in another system's form.
pub(super) fn find_folder(path: &Path) -> (Fact<FolderPlace>, Option<FolderIdentity>) {
    if !path.is_absolute() {
        return (Fact::Missing(Trouble::Unasked), None);
    }
    match std::fs::metadata(path) {
        Ok(seen) if seen.is_dir() => (Fact::Seen(FolderPlace::There), identity(&seen)),
        Ok(_) => (Fact::Seen(FolderPlace::NotAFolder), None),
        Err(error) => (absent(path, &error), None),
    }
}

#[cfg(unix)]
#[expect(clippy::unnecessary_wraps, reason = "other systems do not tell")]
fn identity(seen: &std::fs::Metadata) -> Option<FolderIdentity> {
    use std::os::unix::fs::MetadataExt;
    Some(FolderIdentity(seen.dev(), seen.ino()))
}

#[cfg(not(unix))]
fn identity(_seen: &std::fs::Metadata) -> Option<FolderIdentity> {
    None
}

/// Explains why the folder is missing, and where it could be created.
fn absent(path: &Path, error: &Error) -> Fact<FolderPlace> {
    match error.kind() {
        _ if error.raw_os_error() == Some(LOOP) => Fact::Seen(FolderPlace::Loop),
        ErrorKind::NotADirectory => Fact::Seen(FolderPlace::NotAFolder),
        // A dangling link: nothing can be created in its place.
        ErrorKind::NotFound if std::fs::symlink_metadata(path).is_ok() => Fact::Seen(FolderPlace::DeadLink),
        ErrorKind::NotFound => match path.parent() {
            None => Fact::Missing(io(error)),
            Some(parent) => match std::fs::metadata(parent) {
                Ok(seen) if seen.is_dir() => Fact::Seen(FolderPlace::Creatable { parent: shown(parent) }),
                Ok(_) => Fact::Seen(FolderPlace::NotAFolder),
                Err(error) => absent(parent, &error),
            },
        },
        // A mount whose server is gone, or a folder that this user may not enter.
        _ => Fact::Missing(io_at(path, error)),
    }
}

/// The test file's content, for anyone who finds it.
const TEXT: &[u8] = b"octopus-setup looks whether it can write here, and removes this file at once.\n";

/// The operation being tried, which is known even if it hangs.
#[derive(Debug, Clone, Default)]
pub(super) struct At(Arc<AtomicUsize>);

impl At {
    pub(super) fn set(&self, operation: FolderOperation) {
        let place = FolderOperation::ALL.iter().position(|other| *other == operation).unwrap_or_default();
        self.0.store(place, Ordering::Relaxed);
    }

    fn get(&self) -> FolderOperation {
        FolderOperation::ALL.get(self.0.load(Ordering::Relaxed)).copied().unwrap_or(FolderOperation::Create)
    }
}

/// Tries every operation in a folder, or in its nearest existing parent.
pub(super) async fn try_rights(budget: Duration, path: PathBuf) -> Fact<FolderRights> {
    try_within(budget, move |at| match folder::nearest(&path) {
        Some(nearest) => try_deeds(nearest, at),
        None => Ok(()),
    })
    .await
}

/// Runs work within a budget, and reports what failed or hung.
pub(super) async fn try_within<W>(budget: Duration, work: W) -> Fact<FolderRights>
where
    W: FnOnce(&At) -> io::Result<()> + Send + 'static,
{
    let at = At::default();
    let there = at.clone();
    let failed = |said: Untrusted| Fact::Seen(FolderRights { failed: Some((at.get(), said)) });
    match within(budget, move || work(&there)).await {
        Ok(Ok(())) => Fact::Seen(FolderRights::ALL),
        Ok(Err(error)) => match trouble_of(&error) {
            Trouble::Io(said) => failed(bare(said.as_str()).into()),
            trouble => Fact::Missing(trouble),
        },
        Err(Trouble::TimedOut { waited }) => failed(format!("no answer within {} s", waited.as_secs()).as_str().into()),
        Err(trouble) => Fact::Missing(trouble),
    }
}

/// Returns the operating system's message without the test file's name, which is random for each folder: so that the same trouble in
/// all folders is reported once.
fn bare(said: &str) -> &str {
    match said.split_once(" at path ") {
        Some((bare, path)) if path.contains(probe::PREFIX) => bare,
        _ => said,
    }
}

fn try_deeds(folder: &Path, at: &At) -> io::Result<()> {
    at.set(FolderOperation::Create);
    let (mut file, path) = probe::named(folder)?.into_parts();
    file.write_all(TEXT)?;
    at.set(FolderOperation::Append);
    append(&path)?;
    at.set(FolderOperation::Lock);
    lock(&file)?;
    at.set(FolderOperation::Sync);
    file.sync_all()?;
    // Windows does not rename an open file.
    drop(file);
    at.set(FolderOperation::Rename);
    let mut name = path.as_os_str().to_owned();
    name.push("-renamed");
    let renamed = TempPath::try_from_path(PathBuf::from(name))?;
    std::fs::rename(&path, &renamed)?;
    at.set(FolderOperation::Delete);
    renamed.close()
}

/// Appends to a file as Octopus appends to its task logs, and checks the result.
fn append(path: &Path) -> io::Result<()> {
    let mut file = OpenOptions::new().append(true).open(path)?;
    file.write_all(TEXT)?;
    let (length, expected) = (file.metadata()?.len(), 2 * TEXT.len() as u64);
    if length == expected {
        return Ok(());
    }
    Err(io::Error::other(format!("the file has {length} bytes where {expected} were written")))
}

/// Locks the file's bytes, which the share's server does for all its clients. Not `flock`, which some file systems keep on this machine
/// alone.
#[cfg(unix)]
fn lock(file: &File) -> io::Result<()> {
    use rustix::fs::{FlockOperation, fcntl_lock};
    fcntl_lock(file, FlockOperation::NonBlockingLockExclusive)?;
    Ok(fcntl_lock(file, FlockOperation::Unlock)?)
}

/// The same.
#[cfg(not(unix))]
fn lock(file: &File) -> io::Result<()> {
    file.try_lock().map_err(io::Error::from)?;
    file.unlock()
}

/// The most canaries that are read: more than the nodes of any cluster.
const MOST_CANARIES: usize = 1_000;

/// Reads the canaries, by name. Ignores anything else: malformed, too large, or not a file.
pub(super) fn read_canaries(path: &Path) -> Fact<Vec<CanaryFile>> {
    let entries = match std::fs::read_dir(Canary::folder_in(path)) {
        Ok(entries) => entries,
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => return Fact::Seen(Vec::new()),
        Err(error) => return Fact::Missing(io(&error)),
    };
    let is_named = |name: &OsStr| name.to_string_lossy().ends_with(Canary::SUFFIX);
    let mut canaries = Vec::new();
    for entry in entries.flatten().filter(|entry| is_named(&entry.file_name())).take(MOST_CANARIES) {
        match small_file::read(&entry.path(), Canary::MOST_BYTES) {
            Ok(bytes) => canaries.extend(String::from_utf8(bytes).ok().and_then(|text| Canary::parse(&text).ok()).map(told)),
            Err(error) if matches!(error.kind(), ErrorKind::InvalidInput | ErrorKind::FileTooLarge | ErrorKind::NotFound) => {}
            // An unreadable one may be the one that matters.
            Err(error) => return Fact::Missing(io(&error)),
        }
    }
    canaries.sort_by(|one, other| one.node.cmp(&other.node));
    Fact::Seen(canaries)
}

fn told(Canary { cluster, node, token }: Canary) -> CanaryFile {
    CanaryFile { cluster, node: Untrusted::new(&node), token: Untrusted::new(&token) }
}

/// How many files are tried; the median counts.
const ROUNDS: usize = 5;
/// A page of a task log.
const PAGE: [u8; 4_096] = [b'\n'; 4_096];

/// Returns the median time to create, write, sync and delete a file.
pub(super) fn measure_latency(path: &Path) -> Fact<Duration> {
    let Some(nearest) = folder::nearest(path) else { return Fact::Missing(Trouble::Unasked) };
    let mut took = Vec::with_capacity(ROUNDS);
    for _ in 0..ROUNDS {
        let begun = Instant::now();
        if let Err(error) = write_and_sync(nearest) {
            return Fact::Missing(trouble_of(&error));
        }
        took.push(begun.elapsed());
    }
    took.sort();
    took.get(ROUNDS / 2).copied().map_or(Fact::Missing(Trouble::Unasked), Fact::Seen)
}

fn write_and_sync(folder: &Path) -> io::Result<()> {
    let mut file = probe::unnamed(folder)?;
    file.write_all(&PAGE)?;
    file.sync_all()
}

#[cfg(test)]
mod unit_tests {
    use super::*;

    #[test]
    fn the_same_trouble_is_told_in_the_same_words_whatever_the_file_was_called() {
        let denied = |name: &str| format!("Permission denied (os error 13) at path \"/mnt/octopus/{name}\"");
        assert_eq!(bare(&denied(".octopus-setup-proof-Ab12Cd")), "Permission denied (os error 13)");
        assert_eq!(bare(&denied("else")), denied("else"));
        assert_eq!(bare("No locks available (os error 37)"), "No locks available (os error 37)");
    }
}
