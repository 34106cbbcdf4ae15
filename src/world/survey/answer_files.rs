//! Surveys the files that answers name: where the master key will be saved, before anything that depends on the key is
//! written, and the licence.

use std::io::ErrorKind;
use std::path::Path;
use std::time::Duration;

use secrecy::ExposeSecret;
use zeroize::Zeroizing;

use crate::model::facts::{Fact, KeyFileFacts, KeyFileState, LicenceFacts, Trouble};
use crate::model::licence::{LIMIT, Licence};
use crate::model::survey::LicenceSource;
use crate::world::budget::{fact_within, io, io_at, within};
use crate::world::survey::disk;
use crate::world::survey::home::writable;
use crate::world::toml_file::shown;
use crate::world::{clock, key_file as file, small_file};

/// The same budget as for saving: the file may be on a share or a stick.
const BUDGET: Duration = Duration::from_secs(15);

/// Surveys the path and its folder.
pub async fn key_file(path: &Path) -> KeyFileFacts {
    let path = path.to_owned();
    KeyFileFacts { spot: fact_within(BUDGET, move || key_file_state(&path)).await }
}

fn key_file_state(path: &Path) -> Fact<KeyFileState> {
    let Some(folder) = path.parent().filter(|_| path.is_absolute()) else { return Fact::Missing(Trouble::Unasked) };
    match std::fs::symlink_metadata(path) {
        Ok(_) => return Fact::Seen(file::read(path).map_or(KeyFileState::Taken, |key| KeyFileState::Key(key.fingerprint()))),
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {}
        Err(error) => return Fact::Missing(io_at(path, &error)),
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

/// Reads a licence.
pub async fn licence(source: &LicenceSource) -> LicenceFacts {
    let today = Some(clock::now().date());
    let bytes = match source {
        LicenceSource::Text(text) => Ok(Zeroizing::new(text.expose_secret().as_bytes().to_vec())),
        LicenceSource::File(path) => read_file(path, BUDGET).await,
    };
    let (licence, text) = match bytes.map(|bytes| Licence::read(&bytes)) {
        Ok(Ok((licence, text))) => (Fact::Seen(Ok(licence)), Some(text)),
        Ok(Err(not)) => (Fact::Seen(Err(not)), None),
        Err(trouble) => (Fact::Missing(trouble), None),
    };
    LicenceFacts { licence, text, today }
}

/// Reads a regular file. Does not open a pipe or a device, nor wait for a dead disk.
async fn read_file(path: &Path, budget: Duration) -> Result<Zeroizing<Vec<u8>>, Trouble> {
    let path = path.to_owned();
    let read = within(budget, move || small_file::read(&path, LIMIT).map(Zeroizing::new)).await?;
    read.map_err(|error| io(&error))
}

#[cfg(test)]
mod tests {
    use super::*;

    use crate::model::secret::SecretString;

    use crate::model::licence::{NodeLimit, NotALicence};
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

    const LICENCE: &str = "<License><LicensedTo>Acme</LicensedTo><NodeLimit>2</NodeLimit></License>";

    fn nodes(facts: &LicenceFacts) -> Option<NodeLimit> {
        facts.licence.seen()?.as_ref().ok().map(|licence| licence.nodes)
    }

    #[tokio::test]
    async fn a_licence_comes_from_a_text_or_a_file() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("a licence.xml");
        let wide: Vec<u8> = LICENCE.encode_utf16().flat_map(u16::to_le_bytes).collect();
        std::fs::write(&path, [&[0xff, 0xfe], &*wide].concat()).expect("written");
        for source in [LicenceSource::Text(SecretString::from(LICENCE)), LicenceSource::File(path)] {
            let facts = licence(&source).await;
            assert_eq!(nodes(&facts), Some(NodeLimit::Nodes(2)));
            assert_eq!(facts.text.expect("a text").expose_secret(), LICENCE);
            assert!(facts.today.is_some());
        }
    }

    #[tokio::test]
    async fn what_is_no_licence_says_why() {
        let folder = tempfile::tempdir().expect("a folder");
        let at = |name: &str| LicenceSource::File(folder.path().join(name));
        let missing = licence(&at("missing")).await;
        assert!(matches!(missing.licence, Fact::Missing(Trouble::Io(_))), "{missing:?}");
        let is_a_folder = licence(&LicenceSource::File(folder.path().to_owned())).await;
        assert_eq!(is_a_folder.licence, Fact::Missing(Trouble::Io("it is not a file".into())));
        std::fs::write(folder.path().join("long"), vec![b' '; 65_537]).expect("written");
        assert_eq!(licence(&at("long")).await.licence, Fact::Missing(Trouble::Io("it is larger than 65536 bytes".into())));
        std::fs::write(folder.path().join("empty"), "\n").expect("written");
        let empty = licence(&at("empty")).await;
        assert_eq!((empty.licence, empty.text.is_none()), (Fact::Seen(Err(NotALicence::Empty)), true));
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn a_pipe_is_not_waited_for() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("pipe");
        rustix::fs::mknodat(rustix::fs::CWD, &path, rustix::fs::FileType::Fifo, rustix::fs::Mode::RWXU, 0).expect("a pipe");
        let facts = licence(&LicenceSource::File(path)).await;
        assert_eq!(facts.licence, Fact::Missing(Trouble::Io("it is not a file".into())));
    }
}
