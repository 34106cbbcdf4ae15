//! Creates the database.

use super::lock::granted;
use crate::model::facts::Trouble;
use crate::model::quote::sql_name;
use crate::model::target::Target;
use crate::world::sqlserver::connect::Connection;
use crate::world::sqlserver::retry::{WorkError, retry};
use crate::world::sqlserver::server::{SessionDatabase, SqlServer};
use crate::world::sqlserver::{batch, errors, limits};

const AT_ONCE: &str = include_str!("../sql/registry/create_database.sql");
const LOCK: &str = include_str!("../sql/registry/lock_database_name.sql");
/// What Octopus Server asks for: case-insensitive, accent-sensitive.
const COLLATION: &str = "Latin1_General_CI_AS";

impl SqlServer {
    /// Creates the database, unless it exists; returns whether this call created it.
    ///
    /// Works in `master`, under an application lock, so that two wizards take turns; if both get through all the same, the server's
    /// own "already exists" (1801) decides. One round trip on the session that a survey left there, which then stays for
    /// [`Self::initialise`]. If the server refuses the collation, the database is created without one, and the check of
    /// collations judges the result.
    ///
    /// # Errors
    /// Of the connection or the server.
    pub async fn create_database(&self, target: &Target) -> Result<bool, Trouble> {
        retry(|| self.try_to_create(target)).await
    }

    async fn try_to_create(&self, target: &Target) -> Result<bool, WorkError> {
        let mut connection = self.connection(target, SessionDatabase::Master).await?;
        let name = target.database.as_str();
        let reply = batch::send(&mut connection.session, AT_ONCE, &[&name], limits::DATABASE).await?;
        match &reply.error {
            None => {
                granted(&reply)?;
                let made = !reply.row("lock")?.flag("there");
                if reply.rows("released").is_ok_and(|rows| !rows.is_empty()) {
                    self.keep(target, SessionDatabase::Master, connection);
                }
                Ok(made)
            }
            Some(Trouble::Sql(error)) if error.number == errors::DATABASE_EXISTS => Ok(false),
            // The server wants the statement alone in its batch, or lacks the collation; after any other error, trying it alone does
            // no harm.
            Some(_) => step_by_step(connection, name).await,
        }
    }
}

/// Takes the lock and creates the database in batches of their own. The session owns the lock, which ends with it.
async fn step_by_step(mut connection: Connection, name: &str) -> Result<bool, WorkError> {
    let locked = batch::run(&mut connection.session, LOCK, &[&name], limits::DATABASE).await?;
    granted(&locked)?;
    if locked.row("lock")?.flag("there") {
        return Ok(false);
    }
    let plain = format!("CREATE DATABASE {}", sql_name(name));
    let collated = format!("{plain} COLLATE {COLLATION}");
    match create(&mut connection, &collated).await {
        Err(Trouble::Sql(error)) if errors::is_about_the_collation(error.number) => Ok(create(&mut connection, &plain).await?),
        created => Ok(created?),
    }
}

/// Creates the database; returns `false` if it exists.
async fn create(connection: &mut Connection, statement: &str) -> Result<bool, Trouble> {
    match batch::send(&mut connection.session, statement, &[], limits::DATABASE).await?.error {
        None => Ok(true),
        Some(Trouble::Sql(error)) if error.number == errors::DATABASE_EXISTS => Ok(false),
        Some(trouble) => Err(trouble),
    }
}
