//! Writes what all nodes share, and a node's canaries, to the registry.

use tiberius::ToSql;

use super::row;
use super::{LockMode, lock, name_key, write};
use crate::model::facts::{Content, Trouble};
use crate::model::registry::{CanaryRow, RegisterOutcome, StorageRows};
use crate::model::storage::{SharedFolder, SharedStorage};
use crate::model::target::Target;
use crate::world::sqlserver::batch::{Reply, fill};
use crate::world::sqlserver::content;
use crate::world::sqlserver::errors;
use crate::world::sqlserver::errors::WorkError;
use crate::world::sqlserver::server::{SessionDatabase, SqlServer};

const STORAGE: &str = include_str!("../sql/registry/storage.sql");
const MEMBER: &str = include_str!("../sql/registry/storage_member.sql");
const ENTER: &str = include_str!("../sql/registry/storage_enter.sql");
const SET: &str = include_str!("../sql/registry/storage_set.sql");
const WITHDRAW: &str = include_str!("../sql/registry/storage_withdraw.sql");
const UNSET: &str = include_str!("../sql/registry/storage_unset.sql");

/// The largest number of folders, and of canaries, in one call.
const MAX_ROWS: usize = SharedFolder::ALL.len();
/// The length of a detail in the history.
const MAX_DETAIL: usize = 400;

impl SqlServer {
    /// Enters what the node shares, and its canaries, in one transaction and one round trip on the kept session. Nodes that leave
    /// canaries do not wait for each other. May be repeated.
    ///
    /// # Errors
    /// Of the connection or the server. Nothing is changed then, unless the reply itself was lost and no new connection could be
    /// made: then nobody knows, and the next call will find out.
    pub async fn register_storage(&self, target: &Target, rows: &StorageRows) -> Result<RegisterOutcome, Trouble> {
        let (reply, other) = match self.send_storage(target, &enter_batch(rows.sets), rows).await {
            Ok(sent) => sent,
            Err(trouble) => return self.newer_registry_or(target, trouble).await.map(RegisterOutcome::NotThere),
        };
        if !reply.rows("made")?.is_empty() {
            return Ok(RegisterOutcome::Made);
        }
        match other {
            Some(content) => Ok(RegisterOutcome::NotThere(content)),
            None => row::storage(&reply).map(RegisterOutcome::Otherwise),
        }
    }

    /// Deletes exactly these rows: canaries with these tokens, and the storage if this node has set it so and no other node has a
    /// canary there. One round trip on the kept session; may be repeated.
    ///
    /// [`RegisterOutcome::Otherwise`] tells what remains of a storage that should have been deleted.
    ///
    /// # Errors
    /// As [`Self::register_storage`].
    pub async fn unregister_storage(&self, target: &Target, rows: &StorageRows) -> Result<RegisterOutcome, Trouble> {
        let (reply, other) = match self.send_storage(target, &withdraw_batch(rows.sets), rows).await {
            Ok(sent) => sent,
            Err(trouble) => return self.newer_registry_or(target, trouble).await.map(RegisterOutcome::NotThere),
        };
        if let Some(content) = other {
            return Ok(RegisterOutcome::NotThere(content));
        }
        Ok(match row::storage(&reply)? {
            SharedStorage::None => RegisterOutcome::Made,
            left if rows.sets => RegisterOutcome::Otherwise(left),
            _ => RegisterOutcome::Made,
        })
    }

    /// Returns the reply, and what the database holds if that is not the cluster with the node.
    async fn send_storage(&self, target: &Target, sql: &str, rows: &StorageRows) -> Result<(Reply, Option<Content>), Trouble> {
        let cluster = rows.cluster.to_string();
        let storage = StorageParameters::new(&rows.storage, &rows.canaries);
        let mut values: Vec<&dyn ToSql> = vec![&cluster, &rows.node, &rows.host];
        values.extend(storage.values());
        // After a duplicate key another start of the same run was faster: the next try finds its rows.
        self.retry_also(errors::is_duplicate_key, || async {
            let mut connection = self.connection(target, SessionDatabase::Own).await?;
            let reply = write(&mut connection, sql, &values).await?;
            // An error inside the transaction is this part's.
            let is_right = !reply.rows("made")?.is_empty() || reply.rows("right").is_ok_and(|rows| !rows.is_empty());
            let other = if is_right { None } else { Some(content::ask(&mut connection.session).await?) };
            self.keep(target, SessionDatabase::Own, connection);
            Ok::<_, WorkError>((reply, other))
        })
        .await
    }
}

fn enter_batch(sets: bool) -> String {
    let (mode, set) = if sets { (LockMode::Exclusive, SET) } else { (LockMode::Shared, "") };
    let enter = fill(ENTER, &[("set", set)]);
    storage_batch(mode, MEMBER, &enter)
}

fn withdraw_batch(unsets: bool) -> String {
    let withdraw = fill(WITHDRAW, &[("unset", if unsets { UNSET } else { "" })]);
    storage_batch(LockMode::Exclusive, "", &withdraw)
}

fn storage_batch(mode: LockMode, member: &str, change: &str) -> String {
    fill(STORAGE, &[("lock", &lock(mode)), ("name_key", &name_key("@P2")), ("member", member), ("change", change)])
}

/// The parameters of a batch for the shared storage and a node's canaries.
pub(super) struct StorageParameters {
    in_words: String,
    folders: i32,
    canaries: i32,
    /// Folder and path of each, then folder and token of each canary; empty where there are fewer. None is NULL: tiberius would
    /// send it without a type, which a strict server refuses (8009).
    texts: Vec<String>,
}

impl StorageParameters {
    pub(super) fn new(storage: &SharedStorage, canaries: &[CanaryRow]) -> Self {
        let storage = storage.rows();
        let in_words: Vec<String> = storage.iter().map(|(word, path)| format!("{word} {}", path.display())).collect();
        let mut texts: Vec<String> = Vec::with_capacity(4 * MAX_ROWS);
        texts.extend(storage.iter().flat_map(|(word, path)| [(*word).to_owned(), path.display().to_string()]));
        texts.resize(2 * MAX_ROWS, String::new());
        let tokens = canaries.iter().take(MAX_ROWS);
        texts.extend(tokens.flat_map(|canary| [canary.folder.id().to_owned(), canary.token.clone()]));
        texts.resize(4 * MAX_ROWS, String::new());
        Self { in_words: detail(&in_words.join(", ")), folders: count(storage.len()), canaries: count(canaries.len()), texts }
    }

    /// Returns the storage in words, the numbers of folders and canaries, and all of them.
    pub(super) fn values(&self) -> impl Iterator<Item = &dyn ToSql> {
        let first: [&dyn ToSql; 3] = [&self.in_words, &self.folders, &self.canaries];
        first.into_iter().chain(self.texts.iter().map(|text| text as &dyn ToSql))
    }
}

/// Cuts a text to the length of a detail: the server counts characters beyond the first plane as two.
fn detail(text: &str) -> String {
    let mut room = MAX_DETAIL;
    let mut fits = |character: char| room.checked_sub(character.len_utf16()).map(|left| room = left);
    text.chars().take_while(|character| fits(*character).is_some()).collect()
}

fn count(rows: usize) -> i32 {
    i32::try_from(rows).unwrap_or(i32::MAX)
}
