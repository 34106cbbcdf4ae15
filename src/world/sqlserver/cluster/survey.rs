//! The survey of the cluster: one batch on the kept session, and the facts in its answer.

use std::time::Instant;

use super::super::answer::{Answer, ask};
use super::super::attempts::{Attempts, Hitch};
use super::super::handle::{Place, SqlServer};
use super::super::limits;
use super::super::read::{self, fact};
use super::evidence::{self, EVIDENCE_SQL};
use super::nodes;
use crate::model::facts::{ClusterFacts, Content, Fact, Identity, Trouble};
use crate::model::target::Target;

const CLUSTER: &str = concat!(include_str!("../sql/content.sql"), include_str!("../sql/cluster.sql"));

impl SqlServer {
    /// Looks at the cluster and its nodes. One round trip on the kept session; a session that died in the meantime is
    /// replaced without a word, and with `fresh` it is replaced in any case.
    ///
    /// What fails is the trouble of each fact that it costs, and of no other.
    pub async fn cluster(&self, target: &Target, fresh: bool) -> ClusterFacts {
        let begun = Instant::now();
        if fresh {
            self.forget();
        }
        let mut attempts = Attempts::new();
        let looked = loop {
            match self.look_at_cluster(target).await {
                Ok(answer) => break Ok(answer),
                Err(hitch) => {
                    if let Err(trouble) = attempts.again(hitch).await {
                        break Err(trouble);
                    }
                }
            }
        };
        let facts = match looked {
            Ok(answer) => facts(&answer),
            Err(trouble) => lost(&trouble),
        };
        ClusterFacts { took: begun.elapsed(), ..facts }
    }

    async fn look_at_cluster(&self, target: &Target) -> Result<Answer, Hitch> {
        let mut link = self.link(target, Place::Database).await?;
        let batch = [CLUSTER, EVIDENCE_SQL].concat();
        let answer = ask(&mut link.session, &batch, &[], limits::NODES).await.map_err(Hitch::Work)?;
        self.keep_unless_in_the_way(target, link);
        Ok(answer)
    }
}

fn facts(answer: &Answer) -> ClusterFacts {
    let limit = |rows: &[super::super::answer::Row]| {
        rows.first().and_then(|row| row.number("node_limit")).and_then(|limit| u32::try_from(limit).ok())
    };
    ClusterFacts {
        identity: fact(identity(answer)),
        nodes: fact(nodes::read(answer)),
        node_limit: fact(answer.rows("licence").map(limit)),
        evidence: fact(evidence::read(answer).map(|evidence| evidence.kind())),
        ..ClusterFacts::default()
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
        evidence: Fact::Missing(trouble.clone()),
        ..ClusterFacts::default()
    }
}
