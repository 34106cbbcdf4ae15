//! The shared storage in the registry: what all nodes share, and the nonces of a node's canaries.

use tiberius::ToSql;

use super::super::answer::{Answer, run};
use super::super::attempts::{Attempts, Hitch};
use super::super::cluster::kept;
use super::super::handle::{Place, SqlServer};
use super::super::{limits, numbers, read};
use super::transaction::granted;
use crate::model::facts::Trouble;
use crate::model::registry::{CanaryRow, Registered, StorageRows};
use crate::model::storage::{SharedFolder, SharedStorage};
use crate::model::target::Target;

/// A batch around what is done.
macro_rules! batch {
    ($($file:literal),+) => {
        concat!(
            $(include_str!(concat!("../sql/", $file)),)+
            include_str!("../sql/storage_end.sql"),
            include_str!("../sql/content.sql"),
            include_str!("../sql/change_otherwise.sql"),
        )
    };
}

const SET: &str = batch!(
    "begin.sql",
    "storage_if_right.sql",
    "storage_is_member.sql",
    "storage_compare.sql",
    "storage_set.sql",
    "storage_canaries.sql"
);
const LEAVE: &str =
    batch!("begin_shared.sql", "storage_if_right.sql", "storage_is_member.sql", "storage_compare.sql", "storage_canaries.sql");
const UNSET: &str = batch!(
    "begin.sql",
    "storage_if_right.sql",
    "storage_compare.sql",
    "storage_take_canaries.sql",
    "storage_unset.sql",
    "storage_taken.sql"
);
const TAKE: &str =
    batch!("begin.sql", "storage_if_right.sql", "storage_compare.sql", "storage_take_canaries.sql", "storage_taken.sql");

/// How many rows a call has place for.
const MOST: usize = SharedFolder::ALL.len();
/// What a line of the history takes.
const LONGEST_DETAIL: usize = 400;

impl SqlServer {
    /// Enters what the node shares, and its canaries, in one transaction: lock, look, rows, history and commit in one round
    /// trip on the kept session. Who leaves canaries waits for no other node that does. May be repeated.
    ///
    /// # Errors
    /// The way to the server, or an error of the server. Nothing is changed then, unless the answer itself was lost and no
    /// new connection could be had: then nobody knows, and the next call will.
    pub async fn register(&self, target: &Target, rows: &StorageRows) -> Result<Registered, Trouble> {
        let answer = match self.send_storage(target, if rows.sets { SET } else { LEAVE }, rows).await {
            Ok(answer) => answer,
            Err(trouble) => return self.newer_behind(target, trouble).await.map(Registered::NotThere),
        };
        if !answer.rows("made")?.is_empty() {
            return Ok(Registered::Made);
        }
        match read::content::read(&answer) {
            Ok(content) => Ok(Registered::NotThere(content)),
            // The look at the whole database is only asked for where the cluster was not the one.
            Err(Trouble::Unasked) => kept::storage(&answer).map(Registered::Otherwise),
            Err(trouble) => Err(trouble),
        }
    }

    /// Takes back exactly what these rows say: canaries of these nonces, and the storage where these rows set it, this node
    /// did, and no other node has a canary there. In one round trip on the kept session, and may be repeated.
    ///
    /// [`Registered::Otherwise`] tells what of the storage stays, where it was to go.
    ///
    /// # Errors
    /// As [`Self::register`].
    pub async fn unregister(&self, target: &Target, rows: &StorageRows) -> Result<Registered, Trouble> {
        let answer = match self.send_storage(target, if rows.sets { UNSET } else { TAKE }, rows).await {
            Ok(answer) => answer,
            Err(trouble) => return self.newer_behind(target, trouble).await.map(Registered::NotThere),
        };
        if answer.rows("made")?.is_empty() {
            return read::content::read(&answer).map(Registered::NotThere);
        }
        Ok(match kept::storage(&answer)? {
            SharedStorage::None => Registered::Made,
            left if rows.sets => Registered::Otherwise(left),
            _ => Registered::Made,
        })
    }

    async fn send_storage(&self, target: &Target, batch: &str, rows: &StorageRows) -> Result<Answer, Trouble> {
        let mut attempts = Attempts::new();
        loop {
            match self.try_to_send_storage(target, batch, rows).await {
                Ok(answer) => return Ok(answer),
                // Another start of the same run was quicker by a moment: the next look sees its rows.
                Err(Hitch::Work(Trouble::Sql(said))) if numbers::is_a_duplicate(said.number) => {
                    attempts.once_more(Trouble::Sql(said)).await?;
                }
                Err(hitch) => attempts.again(hitch).await?,
            }
        }
    }

    async fn try_to_send_storage(&self, target: &Target, batch: &str, rows: &StorageRows) -> Result<Answer, Hitch> {
        let cluster = rows.cluster.to_string();
        let words = Words::of(&rows.storage, &rows.canaries);
        let mut values: Vec<&dyn ToSql> = vec![&cluster, &rows.node, &rows.host];
        values.extend(words.values());
        let mut link = self.link(target, Place::Database).await?;
        let answer = run(&mut link.session, batch, &values, limits::WRITE).await.map_err(Hitch::Work)?;
        granted(&answer).map_err(Hitch::Work)?;
        // An error inside the transaction comes as this part's.
        answer.rows("made").map_err(Hitch::Work)?;
        self.keep(target, Place::Database, link);
        Ok(answer)
    }
}

/// What a batch is told of the storage.
pub(super) struct Words {
    said: String,
    folders: i32,
    canaries: i32,
    /// Folder and path of each, then folder and nonce.
    texts: Vec<Option<String>>,
}

impl Words {
    pub(super) fn of(storage: &SharedStorage, canaries: &[CanaryRow]) -> Self {
        let storage = storage.rows();
        let said: Vec<String> = storage.iter().map(|(word, path)| format!("{word} {}", path.display())).collect();
        let mut texts: Vec<Option<String>> = Vec::with_capacity(4 * MOST);
        texts.extend(storage.iter().flat_map(|(word, path)| [Some((*word).to_owned()), Some(path.display().to_string())]));
        texts.resize(2 * MOST, None);
        let tokens = canaries.iter().take(MOST);
        texts.extend(tokens.flat_map(|canary| [Some(canary.folder.id().to_owned()), Some(canary.token.clone())]));
        texts.resize(4 * MOST, None);
        Self { said: detail(&said.join(", ")), folders: count(storage.len()), canaries: count(canaries.len()), texts }
    }

    /// In words, how many folders, how many canaries, and all of them.
    pub(super) fn values(&self) -> impl Iterator<Item = &dyn ToSql> {
        let first: [&dyn ToSql; 3] = [&self.said, &self.folders, &self.canaries];
        first.into_iter().chain(self.texts.iter().map(|text| text as &dyn ToSql))
    }
}

/// As much of a text as a line of the history takes: the server counts characters beyond the first plane as two.
fn detail(text: &str) -> String {
    let mut room = LONGEST_DETAIL;
    let mut fits = |character: char| room.checked_sub(character.len_utf16()).map(|left| room = left);
    text.chars().take_while(|character| fits(*character).is_some()).collect()
}

fn count(rows: usize) -> i32 {
    i32::try_from(rows).unwrap_or(i32::MAX)
}
