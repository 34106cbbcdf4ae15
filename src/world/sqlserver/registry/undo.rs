//! Undoes what this run made, and only while nobody else has anything in it.

use super::lock::LockedConnection;
use crate::model::cluster::ClusterId;
use crate::model::facts::{Content, Trouble};
use crate::model::quote::sql_name;
use crate::model::target::Target;
use crate::world::sqlserver::batch::{self, Reply};
use crate::world::sqlserver::content::{self, CONTENT};
use crate::world::sqlserver::retry::{WorkError, retry, retry_also};
use crate::world::sqlserver::server::{SessionDatabase, SqlServer, connect_anew};
use crate::world::sqlserver::{errors, limits};

const DROP: &str = include_str!("../sql/registry/drop.sql");
const DATABASE_EXISTS: &str = include_str!("../sql/registry/database_exists.sql");

/// How undoing ended.
#[derive(Debug, Clone, PartialEq)]
pub enum Undone {
    /// It existed, and is gone.
    Gone,
    /// It did not exist.
    NothingThere,
    /// Others use it, or it is not empty: it was left unchanged.
    LeftAlone(Content),
}

impl SqlServer {
    /// Drops the registry, if its cluster is this one and has no second node. Leaves a cluster that Octopus Server has begun to use,
    /// however new: what that has encrypted depends on the key, and whoever undoes this deletes the key next. A cluster that
    /// was only adopted loses the registry if no node is in it, and nothing else.
    ///
    /// # Errors
    /// Of the connection or the server; nothing is changed then.
    pub async fn undo_initialise(&self, target: &Target, cluster: ClusterId) -> Result<Undone, Trouble> {
        retry(|| self.try_to_undo(target, cluster)).await
    }

    async fn try_to_undo(&self, target: &Target, cluster: ClusterId) -> Result<Undone, WorkError> {
        let connection = match self.connection(target, SessionDatabase::Own).await {
            Err(WorkError::Connecting(Trouble::Sql(error)))
                if errors::is_about_the_database(error.number) && !database_exists(target).await? =>
            {
                // Somebody dropped it by hand: nothing is left to undo.
                return Ok(Undone::NothingThere);
            }
            connection => connection?,
        };
        let mut locked = LockedConnection::begin(connection).await?;
        let ours = matches!(&locked.content, Content::Cluster(seen) if seen.id == cluster && seen.node_count <= 1);
        let undone = match locked.content.clone() {
            Content::Empty => Undone::NothingThere,
            _ if ours => Undone::Gone,
            other => Undone::LeftAlone(other),
        };
        if undone != Undone::Gone {
            if let Some(connection) = locked.roll_back().await {
                self.keep(target, SessionDatabase::Own, connection);
            }
            return Ok(undone);
        }
        let sql = batch::fill(DROP, &[("content", CONTENT)]);
        let reply = batch::run(&mut locked.connection().session, &sql, &[], limits::WRITE).await?;
        let left = content::read(&reply)?;
        if matches!(left, Content::Octopus { .. }) && !was_only_adopted(&reply)? {
            let undone = Undone::LeftAlone(locked.content.clone());
            if let Some(connection) = locked.roll_back().await {
                self.keep(target, SessionDatabase::Own, connection);
            }
            return Ok(undone);
        }
        let connection = locked.commit().await?;
        self.keep(target, SessionDatabase::Own, connection);
        Ok(undone)
    }

    /// Drops the database, if it holds nothing. If somebody is connected to it, the server refuses (3702), and that is the error.
    ///
    /// # Errors
    /// Of the connection or the server; nothing is changed then.
    pub async fn drop_database(&self, target: &Target) -> Result<Undone, Trouble> {
        // This program's last session may take a moment to end.
        let in_use = |number| number == errors::DATABASE_IN_USE;
        retry_also(in_use, || self.try_to_drop(target)).await
    }

    async fn try_to_drop(&self, target: &Target) -> Result<Undone, WorkError> {
        match self.content(target).await {
            Ok(Content::Empty) => {}
            Ok(other) => return Ok(Undone::LeftAlone(other)),
            Err(Trouble::Sql(error)) if errors::is_about_the_database(error.number) => {
                // Absent, or closed to the login. A closed one must stay: members of dbcreator may drop what they cannot open, and
                // what cannot be opened may hold anything.
                return if database_exists(target).await? {
                    Err(WorkError::Connecting(Trouble::Sql(error)))
                } else {
                    Ok(Undone::NothingThere)
                };
            }
            Err(trouble) => return Err(WorkError::Connecting(trouble)),
        }
        self.forget();
        let mut connection = connect_anew(target, SessionDatabase::Master).await?;
        let statement = format!("DROP DATABASE {}", sql_name(target.database.as_str()));
        batch::run(&mut connection.session, &statement, &[], limits::DATABASE).await?;
        Ok(Undone::Gone)
    }
}

/// Returns whether the registry that was just dropped was made beside the tables of Octopus Server, and had no node.
fn was_only_adopted(reply: &Reply) -> Result<bool, Trouble> {
    Ok(reply.rows("origin")?.first().is_some_and(|row| row.flag("adopted") && row.count("nodes") == 0))
}

async fn database_exists(target: &Target) -> Result<bool, WorkError> {
    let mut connection = connect_anew(target, SessionDatabase::Master).await?;
    let name = target.database.as_str();
    let reply = batch::run(&mut connection.session, DATABASE_EXISTS, &[&name], limits::READ).await?;
    Ok(reply.row("there")?.flag("there"))
}
