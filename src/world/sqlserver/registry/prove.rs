//! Checks on the registry: what the database holds now, and whether a node is in its cluster.

use crate::model::cluster::ClusterId;
use crate::model::facts::{ClusterSeen, Content, Trouble};
use crate::model::target::Target;
use crate::world::sqlserver::content::{self, CONTENT};
use crate::world::sqlserver::retry::retry;
use crate::world::sqlserver::server::{SessionDatabase, SqlServer, connect_anew};
use crate::world::sqlserver::{batch, limits};

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
        retry(|| async {
            let mut connection = self.connection(target, SessionDatabase::Own).await?;
            let reply = batch::run(&mut connection.session, CONTENT, &[], limits::READ).await?;
            self.keep(target, SessionDatabase::Own, connection);
            Ok(content::read(&reply)?)
        })
        .await
    }

    /// Looks for a newer registry behind an error of a batch that writes the registry. A server compiles a batch before it runs it:
    /// if a newer registry lacks a column, the server says so (207) before the batch can check the format.
    ///
    /// # Errors
    /// The trouble itself, if no newer registry explains it.
    pub(super) async fn newer_registry_or(&self, target: &Target, trouble: Trouble) -> Result<Content, Trouble> {
        match &trouble {
            Trouble::Sql(_) => {
                let content = self.content(target).await;
                // Whoever fixes the error may need the database alone.
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
        let sql = batch::fill(FIND_NODE, &[("content", CONTENT)]);
        retry(|| async {
            let mut connection = connect_anew(target, SessionDatabase::Own).await?;
            let reply = batch::run(&mut connection.session, &sql, &[&node], limits::READ).await?;
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
