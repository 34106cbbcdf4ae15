//! Surveys the file that the master key will be saved to, before anything that depends on the key is written.

use std::io::ErrorKind;
use std::path::Path;
use std::time::Duration;

use super::disk;
use super::home::writable;
use crate::model::facts::{Fact, KeyFileFacts, KeyFileState, Trouble};
use crate::world::budget::{fact_within, io};
use crate::world::key_file as file;
use crate::world::toml_file::shown;

/// The same budget as for saving: the file may be on a share or a stick.
const BUDGET: Duration = Duration::from_secs(15);

/// Surveys the path and its folder.
pub async fn key_file(path: &Path) -> KeyFileFacts {
    let path = path.to_owned();
    KeyFileFacts { spot: fact_within(BUDGET, move || spot(&path)).await }
}

fn spot(path: &Path) -> Fact<KeyFileState> {
    let Some(folder) = path.parent().filter(|_| path.is_absolute()) else { return Fact::Missing(Trouble::Unasked) };
    match std::fs::symlink_metadata(path) {
        Ok(_) => return Fact::Seen(file::read(path).map_or(KeyFileState::Taken, |key| KeyFileState::Key(key.fingerprint()))),
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {}
        Err(error) => return Fact::Missing(io(&error)),
    }
    if !folder.is_dir() {
        return Fact::Seen(KeyFileState::NoFolder { folder: shown(folder) });
    }
    if let Fact::Missing(trouble) = writable(folder) {
        return Fact::Missing(trouble);
    }
    let disk = disk::under(folder);
    let (network, volatile) = disk.seen().map_or((false, false), |disk| (disk.network, disk.volatile));
    Fact::Seen(KeyFileState::Free { network, volatile })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::master_key::MasterKey;

    #[tokio::test]
    async fn what_stands_at_the_path_is_told_and_left_alone() {
        let folder = tempfile::tempdir().expect("a folder");
        let at = |name: &str| folder.path().join(name);
        let seen = async |name: &str| key_file(&at(name)).await.spot;
        assert!(matches!(seen("key").await, Fact::Seen(KeyFileState::Free { .. })));
        assert_eq!(std::fs::read_dir(folder.path()).expect("listed").count(), 0, "the proof of writing is gone again");
        assert_eq!(seen("no/key").await, Fact::Seen(KeyFileState::NoFolder { folder: shown(&at("no")) }));
        let key = MasterKey::from_bytes(&[7; 32]).expect("a key");
        file::save(&at("key"), &key).expect("saved");
        assert_eq!(seen("key").await, Fact::Seen(KeyFileState::Key(key.fingerprint())));
        std::fs::write(at("mine"), "mine").expect("written");
        assert_eq!(seen("mine").await, Fact::Seen(KeyFileState::Taken));
        assert_eq!(
            seen("mine/key").await,
            Fact::Seen(KeyFileState::NoFolder { folder: shown(&at("mine")) }),
            "a file is no folder"
        );
        assert_eq!(key_file(Path::new("key")).await.spot, Fact::Missing(Trouble::Unasked));
    }
}
