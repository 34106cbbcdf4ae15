//! Creating the database.

use super::super::answer::{ask, run};
use super::super::attempts::{Attempts, Hitch};
use super::super::connect::Link;
use super::super::handle::{Place, SqlServer};
use super::super::{limits, numbers};
use super::transaction::granted;
use crate::model::facts::Trouble;
use crate::model::identifier::quoted;
use crate::model::target::Target;

const AT_ONCE: &str = include_str!("../sql/create_database.sql");
const LOCK: &str = include_str!("../sql/master_lock.sql");
/// What Octopus asks for: case-insensitive, accent-sensitive.
const COLLATION: &str = "Latin1_General_CI_AS";

impl SqlServer {
    /// Creates the database, unless it is there already: `true` when it was made by this call.
    ///
    /// Works in `master`, under an application lock, so that two wizards take turns; should both get through all the
    /// same, the server's own "exists already" (1801) decides. One round trip on the session that a survey left there,
    /// which then stays for [`Self::initialise`]. Where the server refuses the collation, the database is
    /// made without one, and the check of collations judges what came of it.
    ///
    /// # Errors
    /// The way to the server, or an error of the server.
    pub async fn create_database(&self, target: &Target) -> Result<bool, Trouble> {
        let mut attempts = Attempts::new();
        loop {
            match self.try_to_create(target).await {
                Ok(made) => return Ok(made),
                Err(hitch) => attempts.again(hitch).await?,
            }
        }
    }

    async fn try_to_create(&self, target: &Target) -> Result<bool, Hitch> {
        let mut link = self.link(target, Place::Master).await?;
        let name = target.database.as_str();
        let answer = ask(&mut link.session, AT_ONCE, &[&name], limits::DATABASE).await.map_err(Hitch::Work)?;
        match &answer.ended {
            None => {
                granted(&answer).map_err(Hitch::Work)?;
                let made = !answer.row("lock").map_err(Hitch::Work)?.flag("there");
                if answer.rows("released").is_ok_and(|rows| !rows.is_empty()) {
                    self.keep(target, Place::Master, link);
                }
                Ok(made)
            }
            Some(Trouble::Sql(said)) if said.number == numbers::DATABASE_EXISTS => Ok(false),
            // A server that wants the statement alone in its batch, or has no such collation; and whatever else it is,
            // once more, alone, it does no harm.
            Some(_) => step_by_step(link, name).await,
        }
    }
}

/// Lock and statement by themselves. The lock belongs to the session, and goes with it.
async fn step_by_step(mut link: Link, name: &str) -> Result<bool, Hitch> {
    let locked = run(&mut link.session, LOCK, &[&name], limits::DATABASE).await.map_err(Hitch::Work)?;
    granted(&locked).map_err(Hitch::Work)?;
    if locked.row("lock").map_err(Hitch::Work)?.flag("there") {
        return Ok(false);
    }
    let plain = format!("CREATE DATABASE {}", quoted(name));
    let collated = format!("{plain} COLLATE {COLLATION}");
    match create(&mut link, &collated).await {
        Err(Trouble::Sql(said)) if numbers::is_about_the_collation(said.number) => create(&mut link, &plain).await,
        ended => ended,
    }
    .map_err(Hitch::Work)
}

/// `false` when it is there already.
async fn create(link: &mut Link, statement: &str) -> Result<bool, Trouble> {
    match ask(&mut link.session, statement, &[], limits::DATABASE).await?.ended {
        None => Ok(true),
        Some(Trouble::Sql(said)) if said.number == numbers::DATABASE_EXISTS => Ok(false),
        Some(trouble) => Err(trouble),
    }
}
