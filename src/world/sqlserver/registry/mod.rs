//! The registry: the wizard's own tables in the cluster's database. Creates and drops them, and the database itself, and checks
//! whether a node is in its cluster; rows and shared storage are in modules of their own.
//!
//! Every write happens in one transaction under the application lock (`lock`). The statements are in `sql/registry`.

use std::sync::atomic::{AtomicBool, Ordering};

use crate::catalog::dba::COLLATION;
use crate::model::cluster::ClusterId;
use crate::model::facts::{ClusterSeen, Content, SqlTrouble, Trouble};
use crate::model::licence::NodeLimit;
use crate::model::quote::sql_name;
use crate::model::registry::{CreatedDatabase, DropObstacle, GivenCollation, InitialiseOutcome, NewCluster};
use crate::model::target::Target;
use crate::model::untrusted::Untrusted;
use crate::world::sqlserver::batch::{self, Question, Reply};
use crate::world::sqlserver::connect::{Connection, IfUnopened};
use crate::world::sqlserver::content::{self, CONTENT};
use crate::world::sqlserver::errors::WorkError;
use crate::world::sqlserver::registry::storage::StorageParameters;
use crate::world::sqlserver::server::{SessionDatabase, SqlServer};
use crate::world::sqlserver::{errors, limits};

pub(super) mod row;
mod storage;

const LOCK: &str = include_str!("../sql/registry/lock.sql");
const MIGRATE: &str = include_str!("../sql/registry/migrate.sql");
const COMMIT: &str = "COMMIT TRANSACTION";
const ROLL_BACK: &str = "IF @@TRANCOUNT > 0 ROLLBACK TRANSACTION";

/// How the application lock is held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LockMode {
    /// Alone: by who creates, drops or undoes something.
    Exclusive,
    /// Beside others: by who changes one row.
    Shared,
}

/// Returns the begin of a batch that writes the registry: the transaction and the lock.
pub fn lock(mode: LockMode) -> String {
    let mode = match mode {
        LockMode::Exclusive => "Exclusive",
        LockMode::Shared => "Shared",
    };
    batch::fill(LOCK, &[("mode", mode)])
}

/// A connection inside the transaction. [`LockedConnection::commit`] and [`LockedConnection::roll_back`] return it; dropped, it ends
/// the connection, and the server rolls back.
pub struct LockedConnection {
    connection: Connection,
    /// What the database holds, seen under the lock.
    pub content: Content,
}

impl LockedConnection {
    /// Begins, waits for the lock, and reads what the database holds. Two round trips.
    pub async fn begin(mut connection: Connection) -> Result<Self, WorkError> {
        let reply = batch::run(&mut connection.session, &lock(LockMode::Exclusive), &[], limits::WRITE).await?;
        granted(&reply)?;
        let content = content::ask(&mut connection.session).await?;
        Ok(Self { connection, content })
    }

    /// Returns the connection, for work inside the transaction.
    pub fn connection(&mut self) -> &mut Connection {
        &mut self.connection
    }

    /// Commits the transaction.
    pub async fn commit(mut self) -> Result<Connection, WorkError> {
        batch::run(&mut self.connection.session, COMMIT, &[], limits::WRITE).await?;
        Ok(self.connection)
    }

    /// Leaves everything unchanged. `None` if the session broke, which rolls back too.
    pub async fn roll_back(mut self) -> Option<Connection> {
        batch::run(&mut self.connection.session, ROLL_BACK, &[], limits::WRITE).await.ok().map(|_| self.connection)
    }
}

/// Checks that `sp_getapplock` granted the lock: 0 at once, 1 after waiting. Any negative number means that it did not: other vendors'
/// servers have numbers of their own.
///
/// # Errors
/// The same as for an ordinary lock that was not granted, so that the work is tried again.
pub fn granted(reply: &Reply) -> Result<(), Trouble> {
    let granted = reply.row("lock")?.number("granted").unwrap_or(-1);
    if granted >= 0 {
        return Ok(());
    }
    Err(Trouble::Sql(SqlTrouble {
        number: errors::LOCK_TIMEOUT,
        state: 0,
        class: 16,
        text: Untrusted::new(&format!(
            "The application lock octopus_setup was not granted (sp_getapplock: {granted}). Another wizard is at work in this database."
        )),
    }))
}

/// Returns the SQL expression of a node name's key: equal for names that differ in upper and lower case only, and the same under
/// every collation of the database. In a Turkish one `I` would not be the capital of `i`.
fn name_key(name: &str) -> String {
    format!("CAST(LOWER({name} COLLATE Latin1_General_CI_AS) AS varbinary(400))")
}

/// Sends a batch that writes the registry, and checks that it got the lock. Brings a registry of format 1 to our format first.
async fn write(connection: &mut Connection, sql: &str, values: &[&dyn tiberius::ToSql]) -> Result<Reply, Trouble> {
    let sent = batch::run(&mut connection.session, sql, values, limits::WRITE).await;
    let may_be_old = match &sent {
        Ok(reply) => {
            granted(reply)?;
            reply.row("lock")?.number("format") == Some(1)
        }
        // A server compiles a batch before it runs it, and format 1 lacks some columns.
        Err(Trouble::Sql(error)) => error.number == errors::NO_SUCH_COLUMN,
        Err(_) => false,
    };
    if !may_be_old || !migrate(connection).await? {
        return sent;
    }
    let reply = batch::run(&mut connection.session, sql, values, limits::WRITE).await?;
    granted(&reply)?;
    Ok(reply)
}

/// Brings a registry of format 1 to our format; returns `false` if it has another format, or there is none.
async fn migrate(connection: &mut Connection) -> Result<bool, Trouble> {
    let parts = [("lock", &*lock(LockMode::Exclusive)), ("name_key", &name_key("name")), ("node_key", &name_key("node"))];
    let reply = batch::run(&mut connection.session, &batch::fill(MIGRATE, &parts), &[], limits::WRITE).await?;
    granted(&reply)?;
    // Another run may have been faster.
    Ok(!reply.rows("made")?.is_empty() || reply.row("lock")?.number("format") == Some(i64::from(content::FORMAT)))
}

const AT_ONCE: &str = include_str!("../sql/registry/create_database.sql");
const LOCK_DATABASE_NAME: &str = include_str!("../sql/registry/lock_database_name.sql");
const GIVEN_COLLATION: &str = include_str!("../sql/registry/given_collation.sql");

impl SqlServer {
    /// Creates the database, unless it exists.
    ///
    /// Works in `master`, under an application lock, so that two wizards take turns; if both get through all the same, the server's
    /// own "already exists" (1801) decides. One round trip on the session that a survey left there, which then stays for
    /// [`Self::initialise`]. If the server refuses the collation, the database is created without one, and the answer tells
    /// which it got. A database that is there after a try whose answer was lost counts as created by this call.
    ///
    /// # Errors
    /// Of the connection or the server.
    pub async fn create_database(&self, target: &Target) -> Result<CreatedDatabase, Trouble> {
        let unanswered = AtomicBool::new(false);
        let try_once = || Box::pin(self.while_answering(target, self.try_to_create(target, &unanswered)));
        let created = self.retry(try_once).await?;
        // Also if another wizard created it: some servers refuse logins to a new database for a moment.
        *self.just_made() = Some(target.clone());
        Ok(CreatedDatabase { made: created.made || unanswered.into_inner(), ..created })
    }

    async fn try_to_create(&self, target: &Target, unanswered: &AtomicBool) -> Result<CreatedDatabase, WorkError> {
        let mut connection = self.connection(target, SessionDatabase::Master).await?;
        let name = target.database.as_str();
        let sql = batch::fill(AT_ONCE, &[("collation", COLLATION)]);
        let reply = send_creating(&mut connection, &sql, &[&name], unanswered).await?;
        match &reply.error {
            None => {
                granted(&reply)?;
                let made = !reply.row("lock")?.flag("there");
                let collation = if made { GivenCollation::Ours } else { given_collation(&mut connection, name).await };
                // After a question without an answer the session may be broken.
                if collation != GivenCollation::Unknown && reply.rows("released").is_ok_and(|rows| !rows.is_empty()) {
                    self.keep(target, SessionDatabase::Master, connection);
                }
                Ok(CreatedDatabase { made, collation })
            }
            Some(Trouble::Sql(error)) if error.number == errors::DATABASE_EXISTS => {
                Ok(CreatedDatabase { made: false, collation: given_collation(&mut connection, name).await })
            }
            // The server wants the statement alone in its batch, or lacks the collation; after any other error, trying it alone does
            // no harm.
            Some(_) => step_by_step(connection, name, unanswered).await,
        }
    }
}

/// Takes the lock and creates the database in batches of their own. The session owns the lock, which ends with it. Where the server
/// has no such lock in `master`, its own "already exists" decides alone.
async fn step_by_step(mut connection: Connection, name: &str, unanswered: &AtomicBool) -> Result<CreatedDatabase, WorkError> {
    let locked = batch::send(&mut connection.session, LOCK_DATABASE_NAME, &[&name], limits::DATABASE).await?;
    if locked.error.is_none() {
        granted(&locked)?;
    }
    let there = locked.row("lock").is_ok_and(|row| row.flag("there"));
    let made = !there && create_alone(&mut connection, name, unanswered).await?;
    Ok(CreatedDatabase { made, collation: given_collation(&mut connection, name).await })
}

/// Creates the database with our collation, or without one where the server refuses that; returns `false` if it exists.
async fn create_alone(connection: &mut Connection, name: &str, unanswered: &AtomicBool) -> Result<bool, WorkError> {
    let plain = format!("CREATE DATABASE {}", sql_name(name));
    let collated = format!("{plain} COLLATE {COLLATION}");
    match create(connection, &collated, unanswered).await {
        Err(Trouble::Sql(error)) if errors::is_about_the_collation(error.number) => {
            Ok(create(connection, &plain, unanswered).await?)
        }
        created => Ok(created?),
    }
}

/// Returns the database's collation. An error is none of the work: the database is there, and a try that failed here would find it and
/// take it for another's.
async fn given_collation(connection: &mut Connection, name: &str) -> GivenCollation {
    let reply = batch::send(&mut connection.session, GIVEN_COLLATION, &[&name], limits::READ).await;
    let given = reply.and_then(|reply| Ok(reply.row("collation")?.text("name"))).unwrap_or_default();
    match given.as_str() {
        "" => GivenCollation::Unknown,
        ours if ours.eq_ignore_ascii_case(COLLATION) => GivenCollation::Ours,
        _ => GivenCollation::Other(given),
    }
}

/// Creates the database; returns `false` if it exists.
async fn create(connection: &mut Connection, statement: &str, unanswered: &AtomicBool) -> Result<bool, Trouble> {
    match send_creating(connection, statement, &[], unanswered).await?.error {
        None => Ok(true),
        Some(Trouble::Sql(error)) if error.number == errors::DATABASE_EXISTS => Ok(false),
        Some(trouble) => Err(trouble),
    }
}

/// Sends a batch that creates the database, and remembers if its answer was lost, or the server ended the session over it: then nobody
/// knows whether the database was created.
async fn send_creating(
    connection: &mut Connection,
    sql: &str,
    values: &[&dyn tiberius::ToSql],
    unanswered: &AtomicBool,
) -> Result<Reply, Trouble> {
    let reply = batch::send(&mut connection.session, sql, values, limits::DATABASE).await;
    let is_lost = match &reply {
        Err(_) => true,
        Ok(reply) => matches!(&reply.error, Some(Trouble::Sql(error)) if error.class >= errors::ENDS_SESSION),
    };
    if is_lost {
        unanswered.store(true, Ordering::Relaxed);
    }
    reply
}

const INITIALISE: &str = include_str!("../sql/registry/initialise.sql");
const ADOPT: &str = include_str!("../sql/registry/adopt.sql");
const TABLES: &str = include_str!("../sql/registry/tables.sql");

impl SqlServer {
    /// Creates the registry and the cluster with its first node, in one transaction under the application lock: one batch, which
    /// decides by itself, since others wait for each round trip under the lock. One more round trip if the session that
    /// [`Self::create_database`] left in `master` moves into the database first.
    ///
    /// May be repeated: a cluster with the same id is recognised ([`InitialiseOutcome::Ours`]). So after a lost connection, when nobody
    /// knows whether the commit was done, the next try finds out.
    ///
    /// # Errors
    /// Of the connection or the server. Nothing is changed then, unless the reply itself was lost and no new connection could be
    /// made: then nobody knows, and the next call will find out.
    pub async fn initialise(&self, target: &Target, cluster: &NewCluster) -> Result<InitialiseOutcome, Trouble> {
        let NewCluster { id, verifier, fingerprint, node, node_limit, licence_ends, storage, canaries } = cluster;
        let (id, verifier, fingerprint) = (id.to_string(), verifier.to_bytes(), fingerprint.to_string());
        let [name, address, host, system, program, prefixes] = row::texts(node);
        let (comms, grpc, cap) = (i32::from(node.comms_port), i32::from(node.grpc_port), i32::from(node.task_cap));
        // No parameter is NULL: tiberius would send it without a type, which a strict server refuses (8009).
        let limit = node_limit.map(NodeLimit::to_row).unwrap_or_default();
        let ends = licence_ends.map(|day| day.to_string()).unwrap_or_default();
        let storage = StorageParameters::new(storage, canaries);
        let mut values: Vec<&dyn tiberius::ToSql> = vec![
            &id,
            &verifier,
            &fingerprint,
            &name,
            &address,
            &host,
            &system,
            &program,
            &prefixes,
            &comms,
            &grpc,
            &cap,
            &limit,
            &ends,
        ];
        values.extend(storage.values());
        let is_free = |content: &Content| matches!(content, Content::Empty | Content::RegistryOnly);
        self.create_registry(target, (INITIALISE, is_free), &values, cluster).await
    }

    /// Creates the registry with its cluster row, and no node, beside the tables of Octopus Server, in one transaction under the
    /// application lock. One round trip on the kept session. May be repeated, as [`Self::initialise`].
    ///
    /// # Errors
    /// As [`Self::initialise`].
    pub async fn adopt_cluster(&self, target: &Target, cluster: &NewCluster) -> Result<InitialiseOutcome, Trouble> {
        let NewCluster { id, verifier, fingerprint, node, .. } = cluster;
        let (id, verifier, fingerprint) = (id.to_string(), verifier.to_bytes(), fingerprint.to_string());
        let [name, _, host, _, program, _] = row::texts(node);
        let values: [&dyn tiberius::ToSql; 6] = [&id, &verifier, &fingerprint, &name, &host, &program];
        let is_free = |content: &Content| matches!(content, Content::Octopus { .. });
        self.create_registry(target, (ADOPT, is_free), &values, cluster).await
    }

    async fn create_registry(
        &self,
        target: &Target,
        (sql, is_free): (&str, fn(&Content) -> bool),
        values: &[&dyn tiberius::ToSql],
        cluster: &NewCluster,
    ) -> Result<InitialiseOutcome, Trouble> {
        let parts = [("lock", &*lock(LockMode::Exclusive)), ("tables", TABLES), ("name_key", &name_key("@P4"))];
        let sql = batch::fill(sql, &parts);
        // A duplicate key decided a race that the lock should have: the next try finds who was first.
        let created = self.retry_also(errors::is_duplicate_key, || async {
            let mut connection = self.connection(target, SessionDatabase::Own).await?;
            let reply = write(&mut connection, &sql, values).await?;
            let created = if reply.rows("made")?.is_empty() {
                prevented(content::ask(&mut connection.session).await?, cluster, is_free)?
            } else {
                InitialiseOutcome::Made
            };
            self.keep(target, SessionDatabase::Own, connection);
            Ok::<_, WorkError>(created)
        });
        match created.await {
            Ok(created) => Ok(created),
            Err(trouble) => self.newer_registry_or(target, trouble).await.map(InitialiseOutcome::Occupied),
        }
    }
}

/// Tells what prevented the registry by what the database holds after the batch. `is_free`: content that does not.
fn prevented(content: Content, cluster: &NewCluster, is_free: fn(&Content) -> bool) -> Result<InitialiseOutcome, Trouble> {
    match content {
        Content::Cluster(seen) if seen.id == cluster.id => Ok(InitialiseOutcome::Ours),
        Content::Cluster(seen) => Ok(InitialiseOutcome::Taken(seen)),
        // What the batch saw is gone.
        content if is_free(&content) => Err(Trouble::Unasked),
        other => Ok(InitialiseOutcome::Occupied(other)),
    }
}

const FIND_NODE: &str = include_str!("../sql/registry/find_node.sql");

/// What a new connection found of a node.
#[derive(Debug, Clone, PartialEq)]
pub enum Membership {
    /// The cluster is the expected one, and the node is in it.
    Member(ClusterSeen),
    /// The cluster is the expected one, and the node is not in it.
    NodeMissing(ClusterSeen),
    /// Another cluster is there.
    OtherCluster(ClusterSeen),
    /// The registry has no cluster.
    NoCluster(Content),
}

impl SqlServer {
    /// Reads what the database holds now. One round trip on the kept session.
    ///
    /// # Errors
    /// Of the connection or the server.
    pub async fn content(&self, target: &Target) -> Result<Content, Trouble> {
        self.retry(|| async {
            let mut connection = self.connection(target, SessionDatabase::Own).await?;
            let content = content::ask(&mut connection.session).await?;
            self.keep(target, SessionDatabase::Own, connection);
            Ok(content)
        })
        .await
    }

    /// Looks for a newer registry behind an error of a batch that writes the registry. A server compiles a batch before it runs it:
    /// if a newer registry lacks a column, the server says so (207) before the batch can check the format.
    ///
    /// # Errors
    /// The trouble itself, if no newer registry explains it.
    async fn newer_registry_or(&self, target: &Target, trouble: Trouble) -> Result<Content, Trouble> {
        match &trouble {
            Trouble::Sql(_) => {
                let content = self.content(target).await;
                // The operator may need the database alone to fix the error.
                self.forget();
                match content {
                    Ok(newer @ Content::NewerRegistry { .. }) => Ok(newer),
                    _ => Err(trouble),
                }
            }
            _ => Err(trouble),
        }
    }

    /// Connects anew, by nothing but the target, and looks for the node in its cluster. What others will read proves what was
    /// written, not the session that wrote it.
    ///
    /// # Errors
    /// Of the connection or the server.
    pub async fn prove(&self, target: &Target, cluster: ClusterId, node: &str) -> Result<Membership, Trouble> {
        let question = Question::new(&[FIND_NODE, CONTENT]);
        self.retry(|| async {
            let mut connection = self.connect_anew(target, (SessionDatabase::Own, IfUnopened::Refuse)).await?;
            let reply = batch::ask(&mut connection.session, &question, &[&node], limits::READ).await?;
            let content = content::read(&reply)?;
            let is_member = !reply.rows("proof")?.is_empty();
            Ok(match content {
                Content::Cluster(seen) if seen.id != cluster => Membership::OtherCluster(seen),
                Content::Cluster(seen) if is_member => Membership::Member(seen),
                Content::Cluster(seen) => Membership::NodeMissing(seen),
                other => Membership::NoCluster(other),
            })
        })
        .await
    }
}

const DROP: &str = include_str!("../sql/registry/drop.sql");
const DROP_OBSTACLE: &str = include_str!("../sql/registry/drop_obstacle.sql");
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
    /// The server would refuse to drop it.
    Held(DropObstacle),
}

impl SqlServer {
    /// Drops the registry, if its cluster is this one and has no second node. Leaves a cluster that Octopus Server has begun to use,
    /// however new: what that has encrypted depends on the key, and undo deletes the key next. A cluster that
    /// was only adopted loses the registry if no node is in it, and nothing else.
    ///
    /// # Errors
    /// Of the connection or the server; nothing is changed then.
    pub async fn undo_initialise(&self, target: &Target, cluster: ClusterId) -> Result<Undone, Trouble> {
        self.retry(|| self.try_to_undo(target, cluster)).await
    }

    async fn try_to_undo(&self, target: &Target, cluster: ClusterId) -> Result<Undone, WorkError> {
        let connection = match self.connection(target, SessionDatabase::Own).await {
            Err(WorkError::Connecting(Trouble::Sql(error))) if errors::is_about_the_database(error.number) => {
                return self.undone_unopened(target, error).await;
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
        let reply = batch::run(&mut locked.connection().session, DROP, &[], limits::WRITE).await?;
        let left = content::ask(&mut locked.connection().session).await?;
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
        self.retry_also(in_use, || self.try_to_drop(target)).await
    }

    async fn try_to_drop(&self, target: &Target) -> Result<Undone, WorkError> {
        match self.content(target).await {
            Ok(Content::Empty) => {}
            Ok(other) => return Ok(Undone::LeftAlone(other)),
            // Absent, or closed to the login. A closed one must stay: members of dbcreator may drop what they cannot open, and what
            // cannot be opened may hold anything.
            Err(Trouble::Sql(error)) if errors::is_about_the_database(error.number) => {
                return self.undone_unopened(target, error).await;
            }
            Err(trouble) => return Err(WorkError::Connecting(trouble)),
        }
        self.forget();
        let mut connection = self.connect_anew(target, (SessionDatabase::Master, IfUnopened::Refuse)).await?;
        let name = target.database.as_str();
        let reply = batch::send(&mut connection.session, DROP_OBSTACLE, &[&name], limits::READ).await?;
        if let Some(obstacle) = drop_obstacle(&reply) {
            return Ok(Undone::Held(obstacle));
        }
        let statement = format!("DROP DATABASE {}", sql_name(name));
        batch::run(&mut connection.session, &statement, &[], limits::DATABASE).await?;
        Ok(Undone::Gone)
    }

    /// Tells how undoing ends where the database could not be opened, by whether it exists.
    async fn undone_unopened(&self, target: &Target, refusal: SqlTrouble) -> Result<Undone, WorkError> {
        match self.database_exists(target).await? {
            Some(true) => Err(WorkError::Connecting(Trouble::Sql(refusal))),
            // Somebody dropped it by hand: nothing is left to undo.
            Some(false) => Ok(Undone::NothingThere),
            None => Ok(Undone::Held(DropObstacle::Unseen)),
        }
    }

    /// Returns whether the database exists; `None` if the login may not see that.
    async fn database_exists(&self, target: &Target) -> Result<Option<bool>, WorkError> {
        let mut connection = self.connect_anew(target, (SessionDatabase::Master, IfUnopened::Refuse)).await?;
        let name = target.database.as_str();
        let reply = batch::run(&mut connection.session, DATABASE_EXISTS, &[&name], limits::READ).await?;
        Ok(reply.row("there")?.told("there"))
    }
}

/// Reads why the server would refuse to drop the database; nothing that is known does not keep it from being tried.
fn drop_obstacle(reply: &Reply) -> Option<DropObstacle> {
    let row = reply.rows_received("obstacle").first()?;
    let (in_group, mirrored) = (row.flag("in_group"), row.flag("mirrored"));
    if row.flag("rds") && (in_group || mirrored) {
        Some(DropObstacle::AmazonRds)
    } else if in_group {
        let group = reply.rows_received("group").first().map(|row| row.text("name"));
        Some(DropObstacle::AvailabilityGroup(group))
    } else {
        mirrored.then_some(DropObstacle::Mirroring)
    }
}

/// Returns whether the registry that was just dropped was made beside the tables of Octopus Server, and had no node.
fn was_only_adopted(reply: &Reply) -> Result<bool, Trouble> {
    Ok(reply.rows("origin")?.first().is_some_and(|row| row.flag("adopted") && row.count("nodes") == 0))
}

#[cfg(test)]
mod tests {
    use super::*;

    use crate::world::sqlserver::batch::tests::reply;

    #[test]
    fn copies_keep_a_database_from_being_dropped() {
        let obstacle = |in_group, mirrored, rds| {
            let row = [("part", "obstacle"), ("in_group", in_group), ("mirrored", mirrored), ("rds", rds)];
            drop_obstacle(&reply(&[&row, &[("part", "group"), ("name", "ag1")]]))
        };
        assert_eq!(obstacle("#0", "#0", "#0"), None);
        assert_eq!(obstacle("#0", "#0", "#1"), None, "without a copy RDS drops it like any other");
        assert_eq!(obstacle("#0", "#1", "#1"), Some(DropObstacle::AmazonRds));
        assert_eq!(obstacle("#1", "#0", "#1"), Some(DropObstacle::AmazonRds));
        assert_eq!(obstacle("#1", "#0", "#0"), Some(DropObstacle::AvailabilityGroup(Some(Untrusted::new("ag1")))));
        assert_eq!(obstacle("#0", "#1", "#0"), Some(DropObstacle::Mirroring));
        assert_eq!(drop_obstacle(&reply(&[])), None);
    }

    #[test]
    fn any_negative_answer_is_no_lock() {
        for (number, expected) in [("#0", true), ("#1", true), ("#-1", false), ("#-3", false), ("#-999", false), ("-", false)] {
            let outcome = granted(&reply(&[&[("part", "lock"), ("granted", number)]]));
            assert_eq!(outcome.is_ok(), expected, "{number}");
        }
        assert_eq!(granted(&reply(&[])), Err(Trouble::Unasked));
    }
}
