//! A registry for a cluster that Octopus made by itself.

use super::super::answer::run;
use super::super::attempts::{Attempts, Hitch};
use super::super::handle::{Place, SqlServer};
use super::super::registry::granted;
use super::super::{limits, numbers, read};
use crate::model::facts::{Content, Trouble};
use crate::model::registry::{Initialised, NewCluster};
use crate::model::target::Target;

/// As for a new cluster: lock, look, tables, rows and commit in one turn.
const ONCE: &str = concat!(
    include_str!("../sql/begin.sql"),
    include_str!("../sql/content.sql"),
    include_str!("../sql/adopt_if_octopus.sql"),
    include_str!("../sql/registry.sql"),
    include_str!("../sql/adopt_rows.sql"),
);

impl SqlServer {
    /// Makes the registry with its cluster row, and no node, beside the tables of Octopus, in one transaction under the
    /// application lock. One round trip on the kept session. May be repeated, as [`Self::initialise`].
    ///
    /// # Errors
    /// As [`Self::initialise`].
    pub async fn adopt(&self, target: &Target, cluster: &NewCluster) -> Result<Initialised, Trouble> {
        let mut attempts = Attempts::new();
        loop {
            match self.try_to_adopt(target, cluster).await {
                Ok(ended) => return Ok(ended),
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

    async fn try_to_adopt(&self, target: &Target, cluster: &NewCluster) -> Result<Initialised, Hitch> {
        let NewCluster { id, verifier, fingerprint, node, .. } = cluster;
        let (own, verifier, fingerprint) = (id.to_string(), verifier.to_bytes(), fingerprint.to_string());
        let values: [&dyn tiberius::ToSql; 6] = [&own, &verifier, &fingerprint, &node.name, &node.host, &node.program];
        let mut link = self.link(target, Place::Database).await?;
        let answer = run(&mut link.session, ONCE, &values, limits::WRITE).await.map_err(Hitch::Work)?;
        granted(&answer).map_err(Hitch::Work)?;
        let made = !answer.rows("made").map_err(Hitch::Work)?.is_empty();
        let ended = if made {
            Initialised::Made
        } else {
            match read::content::read(&answer).map_err(Hitch::Work)? {
                Content::Cluster(seen) if seen.id == *id => Initialised::Ours,
                Content::Cluster(seen) => Initialised::Taken(seen),
                // The batch saw something that the look did not.
                Content::Octopus { .. } => return Err(Hitch::Work(Trouble::Unasked)),
                other => Initialised::Occupied(other),
            }
        };
        self.keep(target, Place::Database, link);
        Ok(ended)
    }
}
