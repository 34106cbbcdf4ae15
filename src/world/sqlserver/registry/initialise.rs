//! Creates the registry: for the first node of a new cluster, or for a cluster that Octopus Server made.

use super::lock::{LockMode, granted, lock};
use super::storage::StorageParameters;
use crate::model::facts::{Content, Trouble};
use crate::model::licence::NodeLimit;
use crate::model::registry::{InitialiseOutcome, NewCluster};
use crate::model::target::Target;
use crate::world::sqlserver::batch::{self, Reply};
use crate::world::sqlserver::content::{self, CONTENT};
use crate::world::sqlserver::retry::{WorkError, retry_also};
use crate::world::sqlserver::server::{SessionDatabase, SqlServer};
use crate::world::sqlserver::{errors, limits};

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
        let (comms, grpc, cap) = (i32::from(node.comms_port), i32::from(node.grpc_port), i32::from(node.task_cap));
        let (limit, ends) = (node_limit.map(NodeLimit::to_row), licence_ends.map(|day| day.to_string()));
        let storage = StorageParameters::new(storage, canaries);
        let mut values: Vec<&dyn tiberius::ToSql> = vec![
            &id,
            &verifier,
            &fingerprint,
            &node.name,
            &node.address,
            &node.host,
            &node.system,
            &node.program,
            &node.prefixes,
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
        let values: [&dyn tiberius::ToSql; 6] = [&id, &verifier, &fingerprint, &node.name, &node.host, &node.program];
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
        let sql = batch::fill(sql, &[("lock", &lock(LockMode::Exclusive)), ("content", CONTENT), ("tables", TABLES)]);
        // A duplicate key decided a race that the lock should have: the next try finds who was first.
        let created = retry_also(errors::is_duplicate_key, || async {
            let mut connection = self.connection(target, SessionDatabase::Own).await?;
            let reply = batch::run(&mut connection.session, &sql, values, limits::WRITE).await?;
            let created = outcome(&reply, cluster, is_free)?;
            self.keep(target, SessionDatabase::Own, connection);
            Ok::<_, WorkError>(created)
        });
        match created.await {
            Ok(created) => Ok(created),
            Err(trouble) => self.newer_registry_or(target, trouble).await.map(InitialiseOutcome::Occupied),
        }
    }
}

/// Reads whether the registry was created, or what prevented it, as seen under the lock. `is_free`: content that does not.
fn outcome(reply: &Reply, cluster: &NewCluster, is_free: fn(&Content) -> bool) -> Result<InitialiseOutcome, Trouble> {
    granted(reply)?;
    if !reply.rows("made")?.is_empty() {
        return Ok(InitialiseOutcome::Made);
    }
    match content::read(reply)? {
        Content::Cluster(seen) if seen.id == cluster.id => Ok(InitialiseOutcome::Ours),
        Content::Cluster(seen) => Ok(InitialiseOutcome::Taken(seen)),
        // The batch saw something that content.sql did not.
        content if is_free(&content) => Err(Trouble::Unasked),
        other => Ok(InitialiseOutcome::Occupied(other)),
    }
}
