//! The survey of the chosen home directory.

use std::ffi::{OsStr, OsString};
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use futures_util::future::{BoxFuture, FutureExt};
use futures_util::stream::{FuturesUnordered, StreamExt};

use super::disk;
use super::octopus::{self, Record};
use crate::model::facts::{Disk, Fact, HomeFacts, HomeState, Trouble};
use crate::model::field::FieldId;
use crate::model::journal::Journal;
use crate::model::names::instance_key;
use crate::model::node_config::NodeConfig;
use crate::model::untrusted::Untrusted;
use crate::world::budget::{fact_within, io_at};
use crate::world::places::Places;
use crate::world::toml_file::{TomlFileError, shown};
use crate::world::{folder, instances, journals, node_config, probe};

/// A local disk answers in milliseconds; only a dead share takes this long.
const BUDGET: Duration = Duration::from_secs(5);

/// One of the facts.
enum Piece {
    Folder(Fact<HomeState>),
    Disk(Fact<Disk>),
    Writable(Fact<()>),
    Taken(Fact<Taken>),
}

/// Surveys a home directory for an instance, and reports each fact as soon as it is known.
pub async fn home(places: &Places, path: &Path, instance: &str, mut report: impl FnMut(HomeFacts) + Send) -> HomeFacts {
    let mut facts = HomeFacts::default();
    let (asked, places, name) = (path.to_owned(), places.clone(), instance.to_owned());
    let (at, here, own) = (asked.clone(), places.clone(), name.clone());
    let pieces: [BoxFuture<'_, Piece>; 4] = [
        fact_within(BUDGET, move || taken(&places, &name)).map(Piece::Taken).boxed(),
        fact_within(BUDGET, move || occupant(&here, &at, &own)).map(Piece::Folder).boxed(),
        look_at(asked.clone(), disk::under).map(Piece::Disk).boxed(),
        look_at(asked, writable).map(Piece::Writable).boxed(),
    ];
    let mut pieces = FuturesUnordered::from_iter(pieces);
    while let Some(piece) = pieces.next().await {
        match piece {
            Piece::Folder(fact) => facts.folder = fact,
            Piece::Disk(fact) => facts.disk = fact,
            Piece::Writable(fact) => facts.writable = fact,
            Piece::Taken(fact) => {
                if let Fact::Seen(taken) = &fact {
                    (facts.unread_entry, facts.unread) = (taken.unread_entry.clone(), taken.unread.clone());
                }
                facts.taken = fact.map(|taken| taken.config);
            }
        }
        report(facts.clone());
    }
    facts
}

/// Returns a fact about the nearest existing folder. A relative path has none: it would depend on where the wizard was started.
async fn look_at<T: Send + 'static>(path: PathBuf, look: fn(&Path) -> Fact<T>) -> Fact<T> {
    if !path.is_absolute() {
        return Fact::Missing(Trouble::Unasked);
    }
    fact_within(BUDGET, move || folder::nearest(&path).map_or(Fact::Missing(Trouble::Unasked), look)).await
}

fn occupant(places: &Places, path: &Path, instance: &str) -> Fact<HomeState> {
    if !path.is_absolute() {
        return Fact::Missing(Trouble::Unasked);
    }
    match std::fs::metadata(path) {
        Ok(seen) if !seen.is_dir() => return Fact::Seen(HomeState::NotAFolder),
        Ok(_) => {}
        Err(error) if error.kind() == ErrorKind::NotFound && std::fs::symlink_metadata(path).is_ok() => {
            // A dangling link: no folder can be created in its place.
            return Fact::Seen(HomeState::NotAFolder);
        }
        Err(error) if error.kind() == ErrorKind::NotFound => {
            let parent = folder::nearest(path).map(shown).unwrap_or_default();
            return Fact::Seen(HomeState::Creatable { parent });
        }
        // A parent is a file.
        Err(error) if error.kind() == ErrorKind::NotADirectory => return Fact::Seen(HomeState::NotAFolder),
        Err(error) => return Fact::Missing(io_at(path, &error)),
    }
    let ours = match is_of_an_unfinished_run(places, path, instance) {
        Ok(ours) => ours,
        Err(error) => return Fact::Missing(Trouble::Config(error.into())),
    };
    match node_config::find(path) {
        Ok(Some(config)) if !ours => return Fact::Seen(HomeState::NodeConfig { instance: config.instance.into() }),
        Ok(_) => {}
        // One that may not be looked at is neither there nor absent.
        Err(error) if error.is_refusal() => return Fact::Missing(Trouble::Config(error.into())),
        // A config that we cannot make out still belongs to somebody.
        Err(_) => return Fact::Seen(HomeState::NodeConfig { instance: Untrusted::default() }),
    }
    let entries = match std::fs::read_dir(path) {
        Ok(entries) => entries.flatten(),
        Err(error) => return Fact::Missing(io_at(path, &error)),
    };
    let counts = |name: &OsStr| {
        let left_by_run = ours && (name == NodeConfig::FILE || name == NodeConfig::KEY_FILE);
        // The write test, which runs at the same time, may have its file there just now.
        !left_by_run && !is_dated_copy(name) && !name.to_string_lossy().starts_with(probe::PREFIX)
    };
    let names: Vec<OsString> = entries.map(|entry| entry.file_name()).filter(|name| counts(name)).collect();
    Fact::Seen(match u64::try_from(names.len()).unwrap_or(u64::MAX) {
        0 => HomeState::Empty,
        1 if names.iter().any(|name| name == NodeConfig::KEY_FILE) => HomeState::KeyOnly,
        entries => HomeState::Occupied { entries },
    })
}

/// Returns whether this is a node config under a dated name, which an edit or a node that has left keeps.
fn is_dated_copy(name: &OsStr) -> bool {
    let name = name.to_string_lossy();
    name.strip_prefix(NodeConfig::FILE).and_then(|rest| rest.strip_suffix(".bak")).is_some_and(|stamp| stamp.starts_with('.'))
}

/// Returns whether an unfinished run of this instance has this home: what it left must not block its continuation.
fn is_of_an_unfinished_run(places: &Places, path: &Path, instance: &str) -> Result<bool, TomlFileError> {
    let is_home = |journal: &Journal| journal.answers.get(FieldId::Home.id()).is_some_and(|home| Path::new(home) == path);
    match journals::read(places, instance) {
        Ok(journal) => Ok(journal.as_ref().is_some_and(is_home)),
        Err(error) if error.is_refusal() => Err(error),
        // One that cannot be made out is nobody's run.
        Err(_) => Ok(false),
    }
}

/// Creates, writes, syncs and removes a file, which tests rights, quotas and read-only mounts at once.
pub(super) fn writable(folder: &Path) -> Fact<()> {
    let tried = probe::unnamed(folder).and_then(|mut file| {
        file.write_all(b"octopus-setup looks whether it can write here, and removes this file at once.\n")?;
        file.sync_all()
    });
    match tried {
        Ok(()) => Fact::Seen(()),
        Err(error) => Fact::Missing(io_at(folder, &error)),
    }
}

/// Who has an instance's name already.
#[derive(Default)]
struct Taken {
    config: Option<Untrusted>,
    unread_entry: Option<Untrusted>,
    unread: Vec<Untrusted>,
}

/// Looks for the instance's name in our list and in Octopus' own. An unfinished run does not block its own name.
fn taken(places: &Places, instance: &str) -> Fact<Taken> {
    match (instances::find(places, instance), places.instance(instance).symlink_metadata()) {
        (Ok(Some(found)), _) if !matches!(journals::read(places, instance), Ok(Some(_))) => {
            return Fact::Seen(Taken { config: Some(shown(&found.config)), ..Taken::default() });
        }
        (Ok(_), _) => {}
        // An unreadable entry takes the name all the same.
        (Err(error), Ok(_)) => {
            return Fact::Seen(Taken { unread_entry: Some(error.to_string().into()), ..Taken::default() });
        }
        // Without a state directory there is no list; `state-folder` says what is in its place.
        (Err(_), Err(error)) if error.kind() == ErrorKind::NotADirectory => {}
        // A list that cannot be looked at is not an empty one.
        (Err(_), Err(error)) => return Fact::Missing(io_at(&places.instance(instance), &error)),
    }
    let (records, unread) = octopus::read_records(&places.octopus_instances);
    let key = instance_key(instance);
    // Octopus names the file of a record after its instance, and would write over it.
    let record = records.into_iter().find(|record| record.key == key || instance_key(&record.name) == key);
    let leads_nowhere = |record: &Record| record.config.metadata().is_err_and(|error| error.kind() == ErrorKind::NotFound);
    let dead = record.as_ref().filter(|record| leads_nowhere(record));
    let dead = dead.map(|_| "Octopus Server's list names that file, and there is none.".into());
    let config = record.map(|record| shown(&record.config));
    let entry = unread.iter().find(|unread| unread.key == key).map(|unread| unread.says.clone()).or(dead);
    Fact::Seen(Taken { config, unread_entry: entry, unread: unread.into_iter().map(|unread| unread.says).collect() })
}
