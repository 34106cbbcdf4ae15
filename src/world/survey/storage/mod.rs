//! The shared folders: each tried as far as can be without leaving anything behind.
//!
//! Every operation is on a thread of its own with a time of its own, because a share that has gone never answers: it costs
//! the facts that hang on it, and nothing else. Where even the first look is not answered, nothing more is asked of it.

mod canaries;
mod latency;
mod place;
mod rights;

use std::path::{Path, PathBuf};
use std::time::Duration;

use futures_util::future::{join, join_all, join5};
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};
use tokio::sync::{Mutex, OnceCell};

use super::account::{self, Account};
use super::disk;
use crate::model::canary;
use crate::model::facts::{
    Access, CanaryFile, Disk, Fact, FolderFacts, FolderIdentity, FolderPlace, FolderRights, StorageFacts, Trouble,
};
use crate::model::storage::SharedFolder;
use crate::world::budget::{fact_within, io, within};
use crate::world::folder;
use crate::world::places::Places;
use crate::world::toml_file::shown;

/// A share answers in milliseconds; what takes this long does not answer at all.
const BUDGET: Duration = Duration::from_secs(5);
/// How the names of files begin that are tried with.
const PROOF: &str = ".octopus-setup-proof-";
/// So many entries of a folder are counted.
const MOST_ENTRIES: usize = 1_000;

/// One piece of what is learnt of a folder.
enum Piece {
    Place(Fact<FolderPlace>, Option<FolderIdentity>),
    Disk(Fact<Disk>, Fact<bool>),
    Rights(Fact<FolderRights>),
    Latency(Fact<Duration>),
    Canaries(Fact<Vec<CanaryFile>>),
    Entries(Fact<u64>),
    Account(Fact<Access>),
}

/// What the looks at all folders share.
struct Common {
    places: Places,
    /// The account's name; empty for the machine's own.
    user: String,
    /// The account, once somebody has asked for it.
    who: OnceCell<Fact<Option<Account>>>,
    /// Latencies are measured one at a time: six that wait for the same disk would measure each other.
    turn: Mutex<()>,
}

/// Looks at the folders, for an account of this name (none: the machine's own); each fact is reported as soon as it is
/// there.
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

/// The look at one folder.
struct Look<'a> {
    at: usize,
    path: &'a Path,
    common: &'a Common,
    said: UnboundedSender<(usize, Piece)>,
}

impl Look<'_> {
    async fn all(self) {
        let (place, identity) = match within(BUDGET, self.with_path(place::seen)).await {
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
        // Nobody listens any more when this fails.
        let _ = self.said.send((self.at, piece));
    }

    /// Work on the folder's path.
    fn with_path<T: 'static>(&self, work: fn(&Path) -> T) -> impl FnOnce() -> T + Send + 'static + use<T> {
        let path = self.path.to_owned();
        move || work(&path)
    }

    /// Of a folder that cannot be got at nothing is to be learnt.
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
        let rights = rights::tried(BUDGET, self.path.to_owned()).await;
        let all = rights.seen() == Some(&FolderRights::ALL);
        self.say(Piece::Rights(rights));
        let latency = if all {
            let _turn = self.common.turn.lock().await;
            fact_within(BUDGET, self.with_path(latency::measured)).await
        } else {
            Fact::Missing(Trouble::Unasked)
        };
        self.say(Piece::Latency(latency));
    }

    async fn canaries(&self) {
        self.say(Piece::Canaries(fact_within(BUDGET, self.with_path(canaries::read)).await));
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

/// How many entries are in a folder, but for the canaries and what is just being tried with.
fn entries(path: &Path) -> Fact<u64> {
    let entries = match std::fs::read_dir(path) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Fact::Seen(0),
        Err(error) => return Fact::Missing(io(&error)),
    };
    let counts = |name: &str| name != canary::FOLDER && !name.starts_with(PROOF);
    let entries = entries.flatten().filter(|entry| counts(&entry.file_name().to_string_lossy()));
    Fact::Seen(u64::try_from(entries.take(MOST_ENTRIES).count()).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests;
