//! Reads and parses the licence's file, and notes the present day.

use std::path::Path;
use std::time::Duration;

use secrecy::ExposeSecret;
use zeroize::Zeroizing;

use crate::model::facts::{Fact, LicenceFacts, Trouble};
use crate::model::licence::{LIMIT, Licence};
use crate::model::survey::LicenceSource;
use crate::world::budget::{io, within};
use crate::world::{clock, small_file};

/// The budget for its file, which may be on a share or a stick.
const BUDGET: Duration = Duration::from_secs(15);

/// Reads a licence.
pub async fn licence(source: &LicenceSource) -> LicenceFacts {
    let today = Some(clock::now().date());
    let bytes = match source {
        LicenceSource::Text(text) => Ok(Zeroizing::new(text.expose_secret().as_bytes().to_vec())),
        LicenceSource::File(path) => file(path, BUDGET).await,
    };
    let (licence, text) = match bytes.map(|bytes| Licence::read(&bytes)) {
        Ok(Ok((licence, text))) => (Fact::Seen(Ok(licence)), Some(text)),
        Ok(Err(not)) => (Fact::Seen(Err(not)), None),
        Err(trouble) => (Fact::Missing(trouble), None),
    };
    LicenceFacts { licence, text, today }
}

/// Reads a regular file. Does not open a pipe or a device, nor wait for a dead disk.
async fn file(path: &Path, budget: Duration) -> Result<Zeroizing<Vec<u8>>, Trouble> {
    let path = path.to_owned();
    let read = within(budget, move || small_file::read(&path, LIMIT).map(Zeroizing::new)).await?;
    read.map_err(|error| io(&error))
}

#[cfg(test)]
mod tests {
    use secrecy::SecretString;

    use super::*;
    use crate::model::licence::{NodeLimit, NotALicence};

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
