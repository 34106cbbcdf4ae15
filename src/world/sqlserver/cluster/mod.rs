//! The cluster in the database: its nodes, and the evidence for a master key. Reads only, in one batch on the kept session.
//!
//! The statements are in `sql/cluster`.

use std::time::{Duration, Instant};

use crate::model::facts::{ClusterFacts, Content, Evidence, Fact, Identity, NodeSeen, Trouble};
use crate::model::target::Target;
use crate::world::sqlserver::batch::{Question, Reply, ReplyRow, ask_for_many};
use crate::world::sqlserver::cluster::key::{KEY_EVIDENCE, read_evidence};
use crate::world::sqlserver::cluster::nodes::NodesReader;
use crate::world::sqlserver::content::{self, CONTENT};
use crate::world::sqlserver::errors::WorkError;
use crate::world::sqlserver::limits;
use crate::world::sqlserver::registry::row;
use crate::world::sqlserver::server::{KnownEvidence, SessionDatabase, SqlServer};

mod key;
mod nodes;

const NODES: &str = include_str!("../sql/cluster/nodes.sql");
const NODE_COLUMNS: &str = include_str!("../sql/cluster/node_columns.sql");
const REMOVED: &str = include_str!("../sql/cluster/removed.sql");
const BEATS: &str = include_str!("../sql/cluster/beats.sql");

impl SqlServer {
    /// Surveys the cluster and its nodes. One round trip on the kept session; a session that died in the meantime is replaced
    /// silently, and with `fresh` it is replaced in any case.
    ///
    /// An error is the trouble of the facts that it costs, and of no others. The evidence for a key is asked for only until it was
    /// found once, and again with `fresh` or if the cluster is another one.
    pub async fn cluster(&self, target: &Target, fresh: bool) -> ClusterFacts {
        let begun = Instant::now();
        if fresh {
            self.forget();
        }
        let known = self.known_evidence().clone().filter(|known| known.target == *target);
        let facts = match known {
            None => self.survey_all(target).await,
            Some(known) => {
                let facts = self.survey_with(target, Ask::WithoutEvidence).await;
                match &facts.identity {
                    Fact::Seen(identity) if is_same_cluster(identity, &known.identity) => {
                        ClusterFacts { evidence: Fact::Seen(known.evidence), ..facts }
                    }
                    // Nothing came at all, and nothing more would come.
                    Fact::Missing(trouble) if *trouble != Trouble::Unasked => facts,
                    _ => self.survey_all(target).await,
                }
            }
        };
        ClusterFacts { took: begun.elapsed(), ..facts }
    }

    /// Surveys everything, and remembers the kind of evidence if no further evidence would matter.
    async fn survey_all(&self, target: &Target) -> ClusterFacts {
        let facts = self.survey_with(target, Ask::WithEvidence).await;
        *self.known_evidence() = match (&facts.identity, &facts.evidence) {
            (
                Fact::Seen(identity),
                Fact::Seen(evidence @ (Evidence::Verifier | Evidence::Certificate | Evidence::Values(3..))),
            ) => Some(KnownEvidence { target: target.clone(), identity: identity.clone(), evidence: *evidence }),
            _ => None,
        };
        facts
    }

    async fn survey_with(&self, target: &Target, asked: Ask) -> ClusterFacts {
        let nodes = NODES.replace("{columns}", NODE_COLUMNS);
        let question = match asked {
            Ask::WithEvidence => Question::new(&[CONTENT, &nodes, REMOVED, KEY_EVIDENCE]),
            Ask::WithoutEvidence => Question::new(&[CONTENT, &nodes]),
        };
        let reply = self.retry(|| async {
            let mut connection = self.connection(target, SessionDatabase::Own).await?;
            let mut nodes = NodesReader::default();
            let mut take = |row: &ReplyRow| nodes.take(row);
            let mut reply = ask_for_many(&mut connection.session, &question, &[], limits::CLUSTER, &mut take).await?;
            if reply.trouble("beat").is_some() {
                let by_column = Question::new(&[&BEATS.replace("{columns}", NODE_COLUMNS)]);
                reply.extend(ask_for_many(&mut connection.session, &by_column, &[], limits::CLUSTER, &mut take).await?);
            }
            self.keep_unless_blocking(target, connection);
            Ok::<_, WorkError>((reply, nodes))
        });
        match reply.await {
            Ok((reply, nodes)) => facts(&reply, nodes, asked),
            Err(trouble) => missing_facts(&trouble),
        }
    }

    /// Returns the node of this name, in upper or lower case; `None` if there is none.
    ///
    /// # Errors
    /// Of the connection, or of the registry's rows.
    pub async fn node(&self, target: &Target, name: &str) -> Result<Option<NodeSeen>, Trouble> {
        let facts = self.cluster(target, false).await;
        match &facts.nodes {
            Fact::Seen(_) => Ok(facts.node(name).cloned()),
            Fact::Missing(trouble) => Err(trouble.clone()),
            Fact::Unknown => Err(Trouble::Unasked),
        }
    }
}

/// Whether to ask for the evidence too, and for the nodes that are no more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ask {
    WithEvidence,
    WithoutEvidence,
}

/// Returns whether it is still the same cluster. What is known of it may have changed.
fn is_same_cluster(one: &Identity, other: &Identity) -> bool {
    match (one, other) {
        (Identity::Registered(one), Identity::Registered(other)) => one.id == other.id,
        (Identity::Octopus { .. }, Identity::Octopus { .. }) => true,
        _ => false,
    }
}

fn facts(reply: &Reply, nodes: NodesReader, asked: Ask) -> ClusterFacts {
    ClusterFacts {
        identity: identity(reply).into(),
        nodes: nodes.finish(reply).into(),
        node_limit: row::node_limit(reply).into(),
        storage: row::storage(reply).into(),
        canaries: row::canaries(reply).into(),
        removed: match asked {
            Ask::WithEvidence => row::removed(reply).into(),
            Ask::WithoutEvidence => Fact::Missing(reply.error.clone().unwrap_or(Trouble::Unasked)),
        },
        licence_ends: row::licence_ends(reply).into(),
        ran_tasks: nodes::ran_tasks(reply).into(),
        evidence: match asked {
            Ask::WithEvidence => read_evidence(reply).map(|evidence| evidence.kind()).into(),
            // The caller knows it.
            Ask::WithoutEvidence => Fact::Missing(reply.error.clone().unwrap_or(Trouble::Unasked)),
        },
        took: Duration::ZERO,
    }
}

/// Reads whose cluster it is. The check of what the database holds reports anything else.
fn identity(reply: &Reply) -> Result<Identity, Trouble> {
    match content::read(reply)? {
        Content::Cluster(seen) => Ok(Identity::Registered(seen)),
        Content::Octopus { version, .. } => Ok(Identity::Octopus { version }),
        Content::Empty | Content::RegistryOnly | Content::NewerRegistry { .. } | Content::Foreign { .. } => Err(Trouble::Unasked),
    }
}

fn missing_facts(trouble: &Trouble) -> ClusterFacts {
    ClusterFacts {
        identity: Fact::Missing(trouble.clone()),
        nodes: Fact::Missing(trouble.clone()),
        node_limit: Fact::Missing(trouble.clone()),
        storage: Fact::Missing(trouble.clone()),
        canaries: Fact::Missing(trouble.clone()),
        removed: Fact::Missing(trouble.clone()),
        licence_ends: Fact::Missing(trouble.clone()),
        ran_tasks: Fact::Missing(trouble.clone()),
        evidence: Fact::Missing(trouble.clone()),
        took: Duration::ZERO,
    }
}
