//! Undoing: only what this run made, and only while nobody else has anything in it.

use super::super::answer::{Answer, run};
use super::super::attempts::{Attempts, Hitch};
use super::super::handle::{Place, SqlServer, fresh};
use super::super::{limits, numbers, read};
use super::transaction::Locked;
use crate::model::cluster::ClusterId;
use crate::model::facts::{Content, Trouble};
use crate::model::identifier::quoted;
use crate::model::target::Target;

/// Drops the registry, and looks at what is left without it.
const DROP: &str =
    concat!(include_str!("../sql/origin.sql"), include_str!("../sql/drop_registry.sql"), include_str!("../sql/content.sql"));
const IS_THERE: &str = "SELECT N'there' AS part, CASE WHEN DB_ID(@P1) IS NULL THEN 0 ELSE 1 END AS there";

/// How undoing ended.
#[derive(Debug, Clone, PartialEq)]
pub enum Undone {
    /// It was there, and is gone.
    Gone,
    /// It was not there.
    NothingThere,
    /// It is not ours alone, or not empty, and was left as it is.
    LeftAlone(Content),
}

impl SqlServer {
    /// Drops the registry, if its cluster is ours and has no second node. A cluster that Octopus Server has begun to use
    /// stays, however new: what it has encrypted since depends on the key, and whoever undoes this deletes that next. One
    /// that Octopus had made before, and that was only adopted, loses the registry while no node is in it, and nothing else.
    ///
    /// # Errors
    /// The way to the server, or an error of the server; nothing is changed then.
    pub async fn undo_initialise(&self, target: &Target, cluster: ClusterId) -> Result<Undone, Trouble> {
        let mut attempts = Attempts::new();
        loop {
            match self.try_to_undo(target, cluster).await {
                Ok(undone) => return Ok(undone),
                Err(hitch) => attempts.again(hitch).await?,
            }
        }
    }

    async fn try_to_undo(&self, target: &Target, cluster: ClusterId) -> Result<Undone, Hitch> {
        let link = match self.link(target, Place::Database).await {
            Err(Hitch::Way(Trouble::Sql(said))) if numbers::is_about_the_database(said.number) && !is_there(target).await? => {
                // Whoever had to drop it by hand has left nothing to undo.
                return Ok(Undone::NothingThere);
            }
            link => link?,
        };
        let mut locked = Locked::begin(link).await?;
        let ours = matches!(&locked.content, Content::Cluster(seen) if seen.id == cluster && seen.node_count <= 1);
        let undone = match locked.content.clone() {
            Content::Empty => Undone::NothingThere,
            _ if ours => Undone::Gone,
            other => Undone::LeftAlone(other),
        };
        if undone != Undone::Gone {
            if let Some(link) = locked.give_up().await {
                self.keep(target, Place::Database, link);
            }
            return Ok(undone);
        }
        let answer = run(&mut locked.link().session, DROP, &[], limits::WRITE).await.map_err(Hitch::Work)?;
        let left = read::content::read(&answer).map_err(Hitch::Work)?;
        if matches!(left, Content::Octopus { .. }) && !only_adopted(&answer).map_err(Hitch::Work)? {
            let undone = Undone::LeftAlone(locked.content.clone());
            if let Some(link) = locked.give_up().await {
                self.keep(target, Place::Database, link);
            }
            return Ok(undone);
        }
        let link = locked.commit().await?;
        self.keep(target, Place::Database, link);
        Ok(undone)
    }

    /// Drops the database, if it holds nothing. A database that somebody is connected to is left to them: the server
    /// refuses then (3702), and that is the error.
    ///
    /// # Errors
    /// The way to the server, or an error of the server; nothing is changed then.
    pub async fn drop_database(&self, target: &Target) -> Result<Undone, Trouble> {
        let mut attempts = Attempts::new();
        loop {
            match self.try_to_drop(target).await {
                Ok(undone) => return Ok(undone),
                // Our own last session may take a moment to be gone.
                Err(Hitch::Work(Trouble::Sql(said))) if said.number == numbers::DATABASE_IN_USE => {
                    attempts.once_more(Trouble::Sql(said)).await?;
                }
                Err(hitch) => attempts.again(hitch).await?,
            }
        }
    }

    async fn try_to_drop(&self, target: &Target) -> Result<Undone, Hitch> {
        match self.look(target).await {
            Ok(Content::Empty) => {}
            Ok(other) => return Ok(Undone::LeftAlone(other)),
            Err(Trouble::Sql(said)) if numbers::is_about_the_database(said.number) => {
                // Gone, or closed to us. Only the first is good: members of dbcreator may drop what they cannot open,
                // and what cannot be opened may hold anything.
                return if is_there(target).await? { Err(Hitch::Way(Trouble::Sql(said))) } else { Ok(Undone::NothingThere) };
            }
            Err(trouble) => return Err(Hitch::Way(trouble)),
        }
        self.forget();
        let mut link = fresh(target, Place::Master).await?;
        let statement = format!("DROP DATABASE {}", quoted(target.database.as_str()));
        run(&mut link.session, &statement, &[], limits::DATABASE).await.map_err(Hitch::Work)?;
        Ok(Undone::Gone)
    }
}

/// Whether the registry that was dropped just now was made beside the tables of Octopus, and had no node.
fn only_adopted(answer: &Answer) -> Result<bool, Trouble> {
    Ok(answer.rows("origin")?.first().is_some_and(|row| row.flag("adopted") && row.count("nodes") == 0))
}

async fn is_there(target: &Target) -> Result<bool, Hitch> {
    let mut link = fresh(target, Place::Master).await?;
    let name = target.database.as_str();
    let answer = run(&mut link.session, IS_THERE, &[&name], limits::READ).await.map_err(Hitch::Work)?;
    Ok(answer.row("there").map_err(Hitch::Work)?.flag("there"))
}
