//! The first node: registry, cluster and node in one transaction.

use super::super::answer::run;
use super::super::attempts::{Attempts, Hitch};
use super::super::handle::{Place, SqlServer};
use super::super::{limits, numbers};
use super::transaction::Locked;
use crate::model::facts::{Content, Trouble};
use crate::model::registry::{Initialised, NewCluster};
use crate::model::target::Target;

/// The registry's tables, made in the lock's own batch where the database is free for us.
const TABLES: &str = concat!(include_str!("../sql/if_free.sql"), include_str!("../sql/registry.sql"), "END;\n");
const ROWS: &str = include_str!("../sql/initialise.sql");

impl SqlServer {
    /// Makes the registry and the cluster, in one transaction under the application lock. Three round trips.
    ///
    /// May be repeated: a cluster with our own id is recognised ([`Initialised::Ours`]), so a lost connection, after
    /// which nobody knows whether the commit was done, is simply looked into again.
    ///
    /// # Errors
    /// The way to the server, or an error of the server. Nothing is changed then, unless the very commit's answer was
    /// lost and no new connection could be had.
    pub async fn initialise(&self, target: &Target, cluster: &NewCluster) -> Result<Initialised, Trouble> {
        let mut attempts = Attempts::new();
        loop {
            match self.try_to_initialise(target, cluster).await {
                Ok(ended) => return Ok(ended),
                // The key of the cluster's one row decided a race that the lock should have: look who was first.
                Err(Hitch::Work(Trouble::Sql(said))) if numbers::is_a_duplicate(said.number) => {
                    attempts.once_more(Trouble::Sql(said)).await?;
                }
                Err(hitch) => attempts.again(hitch).await?,
            }
        }
    }

    async fn try_to_initialise(&self, target: &Target, cluster: &NewCluster) -> Result<Initialised, Hitch> {
        let mut locked = Locked::begin(self.link(target, Place::Database).await?, TABLES).await?;
        let found = match &locked.content {
            Content::Empty | Content::RegistryOnly => None,
            Content::Cluster(seen) if seen.id == cluster.id => Some(Initialised::Ours),
            Content::Cluster(seen) => Some(Initialised::Taken(seen.clone())),
            other => Some(Initialised::Occupied(other.clone())),
        };
        if let Some(found) = found {
            if let Some(link) = locked.give_up().await {
                self.keep(target, Place::Database, link);
            }
            return Ok(found);
        }
        let NewCluster { id, verifier, fingerprint, node } = cluster;
        let (id, verifier, fingerprint) = (id.to_string(), verifier.to_bytes(), fingerprint.to_string());
        let (comms, grpc, cap) = (i32::from(node.comms_port), i32::from(node.grpc_port), i32::from(node.task_cap));
        let values: [&dyn tiberius::ToSql; 12] = [
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
        ];
        run(&mut locked.link().session, ROWS, &values, limits::WRITE).await.map_err(Hitch::Work)?;
        let link = locked.commit().await?;
        self.keep(target, Place::Database, link);
        Ok(Initialised::Made)
    }
}
