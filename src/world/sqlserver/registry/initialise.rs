//! The first node: registry, cluster and node in one transaction.

use super::super::answer::{Answer, run};
use super::super::attempts::{Attempts, Hitch};
use super::super::handle::{Place, SqlServer};
use super::super::{limits, numbers, read};
use super::storage::Words;
use super::transaction::granted;
use crate::model::facts::{Content, Trouble};
use crate::model::licence::NodeLimit;
use crate::model::registry::{Initialised, NewCluster};
use crate::model::target::Target;

/// Lock, look, tables, rows and commit: one batch, which decides by itself, since each turn under the lock is a turn that
/// others wait.
const ONCE: &str = concat!(
    include_str!("../sql/begin.sql"),
    include_str!("../sql/content.sql"),
    include_str!("../sql/initialise_if_free.sql"),
    include_str!("../sql/registry.sql"),
    include_str!("../sql/initialise_rows.sql"),
);

impl SqlServer {
    /// Makes the registry and the cluster, in one transaction under the application lock. One round trip; one more
    /// where the session that [`Self::create_database`] left in `master` goes into the database first.
    ///
    /// May be repeated: a cluster with our own id is recognised ([`Initialised::Ours`]), so a lost connection, after
    /// which nobody knows whether the commit was done, is simply looked into again.
    ///
    /// # Errors
    /// The way to the server, or an error of the server. Nothing is changed then, unless the answer itself was lost and no
    /// new connection could be had: then nobody knows, and the next call will.
    pub async fn initialise(&self, target: &Target, cluster: &NewCluster) -> Result<Initialised, Trouble> {
        let mut attempts = Attempts::new();
        loop {
            match self.try_to_initialise(target, cluster).await {
                Ok(ended) => return Ok(ended),
                // The key of the cluster's one row decided a race that the lock should have: look who was first.
                Err(Hitch::Work(Trouble::Sql(said))) if numbers::is_a_duplicate(said.number) => {
                    attempts.once_more(Trouble::Sql(said)).await?;
                }
                Err(hitch) => {
                    if let Err(trouble) = attempts.again(hitch).await {
                        return self.newer_behind(target, trouble).await.map(Initialised::Occupied);
                    }
                }
            }
        }
    }

    async fn try_to_initialise(&self, target: &Target, cluster: &NewCluster) -> Result<Initialised, Hitch> {
        let NewCluster { id, verifier, fingerprint, node, node_limit, licence_ends, storage, canaries } = cluster;
        let (id, verifier, fingerprint) = (id.to_string(), verifier.to_bytes(), fingerprint.to_string());
        let (comms, grpc, cap) = (i32::from(node.comms_port), i32::from(node.grpc_port), i32::from(node.task_cap));
        let (limit, ends) = (node_limit.map(NodeLimit::to_row), licence_ends.map(|day| day.to_string()));
        let words = Words::of(storage, canaries);
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
        values.extend(words.values());
        let mut link = self.link(target, Place::Database).await?;
        let answer = run(&mut link.session, ONCE, &values, limits::WRITE).await.map_err(Hitch::Work)?;
        granted(&answer).map_err(Hitch::Work)?;
        let made = !answer.rows("made").map_err(Hitch::Work)?.is_empty();
        let ended = if made { Initialised::Made } else { refused(&answer, cluster).map_err(Hitch::Work)? };
        self.keep(target, Place::Database, link);
        Ok(ended)
    }
}

/// Why nothing was made: what stood there, seen under the lock.
fn refused(answer: &Answer, cluster: &NewCluster) -> Result<Initialised, Trouble> {
    match read::content::read(answer)? {
        Content::Cluster(seen) if seen.id == cluster.id => Ok(Initialised::Ours),
        Content::Cluster(seen) => Ok(Initialised::Taken(seen)),
        // The batch saw something that the look did not.
        Content::Empty | Content::RegistryOnly => Err(Trouble::Unasked),
        other => Ok(Initialised::Occupied(other)),
    }
}
