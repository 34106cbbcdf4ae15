//! The survey of the cluster: one batch on the kept session, and the facts in its answer.

use std::borrow::Cow;
use std::time::{Duration, Instant};

use super::super::answer::{Answer, ask};
use super::super::attempts::{Attempts, Hitch};
use super::super::handle::{Known, Place, SqlServer};
use super::super::limits;
use super::super::read::{self, fact};
use super::evidence::{self, EVIDENCE_SQL};
use super::{kept, nodes};
use crate::model::facts::{ClusterFacts, Content, Evidence, Fact, Identity, NodeSeen, Trouble};
use crate::model::target::Target;

const CLUSTER: &str = concat!(include_str!("../sql/content.sql"), include_str!("../sql/cluster.sql"));

impl SqlServer {
    /// Looks at the cluster and its nodes. One round trip on the kept session; a session that died in the meantime is
    /// replaced without a word, and with `fresh` it is replaced in any case.
    ///
    /// What fails is the trouble of each fact that it costs, and of no other. What a key can be judged by is asked for only
    /// until it was found once, and again with `fresh` or when the cluster is another one.
    pub async fn cluster(&self, target: &Target, fresh: bool) -> ClusterFacts {
        let begun = Instant::now();
        if fresh {
            self.forget();
        }
        let known = self.known().clone().filter(|known| known.target == *target);
        let facts = match known {
            None => self.look_at_all(target).await,
            Some(known) => {
                let facts = self.look_again(target, With::NoEvidence).await;
                match &facts.identity {
                    Fact::Seen(identity) if is_same(identity, &known.identity) => {
                        ClusterFacts { evidence: Fact::Seen(known.evidence), ..facts }
                    }
                    // Nothing came at all, and nothing more would.
                    Fact::Missing(trouble) if *trouble != Trouble::Unasked => facts,
                    _ => self.look_at_all(target).await,
                }
            }
        };
        ClusterFacts { took: begun.elapsed(), ..facts }
    }

    /// Looks at everything, and remembers what evidence there is, as far as none can be added that matters.
    async fn look_at_all(&self, target: &Target) -> ClusterFacts {
        let facts = self.look_again(target, With::Evidence).await;
        *self.known() = match (&facts.identity, &facts.evidence) {
            (
                Fact::Seen(identity),
                Fact::Seen(evidence @ (Evidence::Verifier | Evidence::Certificate | Evidence::Values(3..))),
            ) => Some(Known { target: target.clone(), identity: identity.clone(), evidence: *evidence }),
            _ => None,
        };
        facts
    }

    async fn look_again(&self, target: &Target, with: With) -> ClusterFacts {
        let mut attempts = Attempts::new();
        loop {
            match self.look_at_cluster(target, with).await {
                Ok(answer) => return facts(&answer, with),
                Err(hitch) => {
                    if let Err(trouble) = attempts.again(hitch).await {
                        return lost(&trouble);
                    }
                }
            }
        }
    }

    /// Looks at the node of this name, whatever the case of its letters; `None` where there is none.
    ///
    /// # Errors
    /// The way to the server, or what it said of the registry's rows.
    pub async fn node(&self, target: &Target, name: &str) -> Result<Option<NodeSeen>, Trouble> {
        let facts = self.cluster(target, false).await;
        match &facts.nodes {
            Fact::Seen(_) => Ok(facts.node(name).cloned()),
            Fact::Missing(trouble) => Err(trouble.clone()),
            Fact::Unknown => Err(Trouble::Unasked),
        }
    }

    async fn look_at_cluster(&self, target: &Target, with: With) -> Result<Answer, Hitch> {
        let mut link = self.link(target, Place::Database).await?;
        let batch = match with {
            With::Evidence => Cow::Owned([CLUSTER, EVIDENCE_SQL].concat()),
            With::NoEvidence => Cow::Borrowed(CLUSTER),
        };
        let answer = ask(&mut link.session, &batch, &[], limits::NODES).await.map_err(Hitch::Work)?;
        self.keep_unless_in_the_way(target, link);
        Ok(answer)
    }
}

/// Whether the evidence is asked for as well.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum With {
    Evidence,
    NoEvidence,
}

/// Whether it is still the same cluster. What is known of it may have changed.
fn is_same(one: &Identity, other: &Identity) -> bool {
    match (one, other) {
        (Identity::Registered(one), Identity::Registered(other)) => one.id == other.id,
        (Identity::Octopus { .. }, Identity::Octopus { .. }) => true,
        _ => false,
    }
}

fn facts(answer: &Answer, with: With) -> ClusterFacts {
    ClusterFacts {
        identity: fact(identity(answer)),
        nodes: fact(nodes::read(answer)),
        node_limit: fact(kept::node_limit(answer)),
        storage: fact(kept::storage(answer)),
        canaries: fact(kept::canaries(answer)),
        licence_ends: fact(kept::licence_ends(answer)),
        ran_tasks: fact(nodes::ran_tasks(answer)),
        evidence: match with {
            With::Evidence => fact(evidence::read(answer).map(|evidence| evidence.kind())),
            // Whoever left it out knows it.
            With::NoEvidence => fact(answer.ended.clone().map_or(Err(Trouble::Unasked), Err)),
        },
        took: Duration::ZERO,
    }
}

/// Whose cluster it is. Anything else is told by the check of what the database holds, and is no trouble of this look.
fn identity(answer: &Answer) -> Result<Identity, Trouble> {
    match read::content::read(answer)? {
        Content::Cluster(seen) => Ok(Identity::Registered(seen)),
        Content::Octopus { version, .. } => Ok(Identity::Octopus { version }),
        Content::Empty | Content::RegistryOnly | Content::NewerRegistry { .. } | Content::Foreign { .. } => Err(Trouble::Unasked),
    }
}

fn lost(trouble: &Trouble) -> ClusterFacts {
    ClusterFacts {
        identity: Fact::Missing(trouble.clone()),
        nodes: Fact::Missing(trouble.clone()),
        node_limit: Fact::Missing(trouble.clone()),
        storage: Fact::Missing(trouble.clone()),
        canaries: Fact::Missing(trouble.clone()),
        licence_ends: Fact::Missing(trouble.clone()),
        ran_tasks: Fact::Missing(trouble.clone()),
        evidence: Fact::Missing(trouble.clone()),
        took: Duration::ZERO,
    }
}
