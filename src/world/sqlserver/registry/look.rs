//! Looking at the registry: what the database holds now, and whether a node is in it.

use super::super::answer::run;
use super::super::attempts::{Attempts, Hitch};
use super::super::handle::{Place, SqlServer, fresh};
use super::super::{limits, read};
use crate::model::cluster::ClusterId;
use crate::model::facts::{ClusterSeen, Content, Trouble};
use crate::model::target::Target;

const CONTENT: &str = include_str!("../sql/content.sql");
const PROVE: &str = concat!(include_str!("../sql/prove.sql"), include_str!("../sql/content.sql"));

/// What a fresh connection found of a node.
#[derive(Debug, Clone, PartialEq)]
pub enum Proof {
    /// The cluster is the one, and the node is in it.
    Member(ClusterSeen),
    /// The cluster is the one, and no such node is in it.
    NodeMissing(ClusterSeen),
    /// Another cluster is there.
    OtherCluster(ClusterSeen),
    /// No cluster of ours is there.
    NoCluster(Content),
}

impl SqlServer {
    /// What the database holds now. One round trip on the kept session.
    ///
    /// # Errors
    /// The way to the server, or an error of the server.
    pub async fn look(&self, target: &Target) -> Result<Content, Trouble> {
        let mut attempts = Attempts::new();
        loop {
            match self.try_to_look(target).await {
                Ok(content) => return Ok(content),
                Err(hitch) => attempts.again(hitch).await?,
            }
        }
    }

    /// Looks behind an error of a batch that writes the registry. A server compiles a batch before it runs it: where a newer
    /// registry lacks a column of ours, it says so (207) before the batch could look at the format.
    ///
    /// # Errors
    /// The trouble itself, where it is no newer registry that explains it.
    pub(in crate::world::sqlserver) async fn newer_behind(&self, target: &Target, trouble: Trouble) -> Result<Content, Trouble> {
        match &trouble {
            Trouble::Sql(_) => {
                let content = self.look(target).await;
                // Whoever mends what went wrong may need the database for himself.
                self.forget();
                match content {
                    Ok(newer @ Content::NewerRegistry { .. }) => Ok(newer),
                    _ => Err(trouble),
                }
            }
            _ => Err(trouble),
        }
    }

    async fn try_to_look(&self, target: &Target) -> Result<Content, Hitch> {
        let mut link = self.link(target, Place::Database).await?;
        let answer = run(&mut link.session, CONTENT, &[], limits::READ).await.map_err(Hitch::Work)?;
        self.keep(target, Place::Database, link);
        read::content::read(&answer).map_err(Hitch::Work)
    }

    /// Connects anew, by nothing but the target, and finds the node in its cluster. What was written is proven by what
    /// others will read, not by the session that wrote it.
    ///
    /// # Errors
    /// The way to the server, or an error of the server.
    pub async fn prove(&self, target: &Target, cluster: ClusterId, node: &str) -> Result<Proof, Trouble> {
        let mut attempts = Attempts::new();
        loop {
            match try_to_prove(target, cluster, node).await {
                Ok(proof) => return Ok(proof),
                Err(hitch) => attempts.again(hitch).await?,
            }
        }
    }
}

async fn try_to_prove(target: &Target, cluster: ClusterId, node: &str) -> Result<Proof, Hitch> {
    let mut link = fresh(target, Place::Database).await?;
    let answer = run(&mut link.session, PROVE, &[&node], limits::READ).await.map_err(Hitch::Work)?;
    let content = read::content::read(&answer).map_err(Hitch::Work)?;
    let there = !answer.rows("proof").map_err(Hitch::Work)?.is_empty();
    Ok(match content {
        Content::Cluster(seen) if seen.id != cluster => Proof::OtherCluster(seen),
        Content::Cluster(seen) if there => Proof::Member(seen),
        Content::Cluster(seen) => Proof::NodeMissing(seen),
        other => Proof::NoCluster(other),
    })
}
