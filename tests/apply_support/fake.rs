//! The scripted database: it does as a script says, and remembers what it was asked.

use std::sync::Mutex;

use octopus_setup::model::cluster::ClusterId;
use octopus_setup::model::facts::{Content, NodeSeen, Trouble};
use octopus_setup::model::key_evidence::{KeyBasis, KeyVerdict, NoBasis};
use octopus_setup::model::master_key::MasterKey;
use octopus_setup::model::registry::{
    CreatedDatabase, GivenCollation, InitialiseOutcome, NewCluster, RegisterOutcome, RowChange, RowChangeOutcome, StorageRows,
    VerifiedCluster,
};
use octopus_setup::model::target::Target;
use octopus_setup::world::apply::{ClusterDatabase, Proven, Removed};

use super::crash;
use super::server::{Cluster, Server};

/// A call of the installer to the database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Call {
    Create,
    Initialise,
    Prove,
    Verify,
    Adopt,
    Node,
    Change,
    Unchange,
    Register,
    Unregister,
    UndoInitialise,
    Drop,
}

/// What happens at a call.
#[derive(Debug, Clone, PartialEq)]
pub enum Act {
    CrashBefore,
    CrashAfter,
    /// The server falls silent.
    Hang,
    /// The answer never comes, and nothing happened.
    FailBefore(Trouble),
    /// The answer never comes, but it happened.
    FailAfter(Trouble),
}

/// A database that does as scripted, once for each entry.
#[derive(Default)]
pub struct Fake {
    pub server: Mutex<Server>,
    pub script: Mutex<Vec<(Call, Act)>>,
    /// What it was asked, in order.
    pub asked: Mutex<Vec<Call>>,
    /// The target of the last proof, which came from the disk.
    pub proven_with: Mutex<Option<Target>>,
}

impl Fake {
    pub fn with(call: Call, act: Act) -> Self {
        let fake = Self::default();
        fake.plot(call, act);
        fake
    }

    pub fn of(server: Server) -> Self {
        Self { server: Mutex::new(server), ..Self::default() }
    }

    pub fn plot(&self, call: Call, act: Act) {
        self.script.lock().unwrap().push((call, act));
    }

    pub fn server(&self) -> Server {
        self.server.lock().unwrap().clone()
    }

    /// How often it was asked this.
    pub fn count(&self, call: Call) -> usize {
        self.asked.lock().unwrap().iter().filter(|asked| **asked == call).count()
    }

    async fn call<T: Send>(&self, call: Call, effect: impl FnOnce(&mut Server) -> T + Send) -> Result<T, Trouble> {
        // A real server answers later; so no step may count on being polled once.
        tokio::task::yield_now().await;
        self.asked.lock().unwrap().push(call);
        let act = {
            let mut script = self.script.lock().unwrap();
            script.iter().position(|(at, _)| *at == call).map(|place| script.remove(place).1)
        };
        match &act {
            Some(Act::CrashBefore) => crash(),
            Some(Act::Hang) => std::future::pending().await,
            Some(Act::FailBefore(trouble)) => return Err(trouble.clone()),
            _ => {}
        }
        let done = effect(&mut self.server.lock().unwrap());
        match act {
            Some(Act::CrashAfter) => crash(),
            Some(Act::FailAfter(trouble)) => Err(trouble),
            _ => Ok(done),
        }
    }
}

impl ClusterDatabase for Fake {
    async fn create_database(&self, _: &Target) -> Result<CreatedDatabase, Trouble> {
        self.call(Call::Create, |server| {
            let made = !std::mem::replace(&mut server.database, true);
            CreatedDatabase {
                made,
                collation: server.collation.map_or(GivenCollation::Ours, |name| GivenCollation::Other(name.into())),
            }
        })
        .await
    }

    async fn initialise(&self, _: &Target, cluster: &NewCluster) -> Result<InitialiseOutcome, Trouble> {
        let cluster = cluster.clone();
        self.call(Call::Initialise, move |server| match server.content() {
            Content::Empty => {
                let set_by = cluster.node.name.clone();
                let mut made = Cluster::new(cluster.id, cluster.fingerprint).with(cluster.node);
                made.storage = Some((cluster.storage, set_by.to_string())).filter(|(storage, _)| !storage.is_none());
                made.canaries = cluster.canaries;
                server.cluster = Some(made);
                InitialiseOutcome::Made
            }
            Content::Cluster(seen) if seen.id == cluster.id => InitialiseOutcome::Ours,
            Content::Cluster(seen) => InitialiseOutcome::Taken(seen),
            other => InitialiseOutcome::Occupied(other),
        })
        .await
    }

    async fn prove(&self, target: &Target, cluster: ClusterId, node: &str) -> Result<Proven, Trouble> {
        *self.proven_with.lock().unwrap() = Some(target.clone());
        self.call(Call::Prove, |server| match &server.cluster {
            Some(there) if there.id == cluster && there.has(node) => Proven::Member,
            Some(there) if there.id == cluster => Proven::NodeMissing,
            _ => Proven::NotThere(server.content()),
        })
        .await
    }

    async fn verify(&self, _: &Target, key: &MasterKey) -> Result<VerifiedCluster, Trouble> {
        let key = key.fingerprint();
        self.call(Call::Verify, |server| {
            let (known, basis) = match &server.cluster {
                Some(cluster) => (Some(cluster.fingerprint), KeyBasis::Verifier),
                None => (server.octopus_key, KeyBasis::Certificate),
            };
            let verdict = match known {
                None => KeyVerdict::Unverifiable(NoBasis::Nothing),
                Some(known) if known == key => KeyVerdict::Correct(basis),
                Some(_) => KeyVerdict::Wrong(basis),
            };
            VerifiedCluster { content: server.content(), verdict }
        })
        .await
    }

    async fn adopt(&self, _: &Target, cluster: &NewCluster) -> Result<InitialiseOutcome, Trouble> {
        let cluster = cluster.clone();
        self.call(Call::Adopt, move |server| match server.content() {
            Content::Octopus { .. } => {
                server.cluster = Some(Cluster::new(cluster.id, cluster.fingerprint));
                InitialiseOutcome::Made
            }
            Content::Cluster(seen) if seen.id == cluster.id => InitialiseOutcome::Ours,
            Content::Cluster(seen) => InitialiseOutcome::Taken(seen),
            other => InitialiseOutcome::Occupied(other),
        })
        .await
    }

    async fn node(&self, _: &Target, name: &str) -> Result<Option<NodeSeen>, Trouble> {
        let name = name.to_lowercase();
        self.call(Call::Node, move |server| server.node(&name)).await
    }

    async fn change(&self, _: &Target, change: &RowChange) -> Result<RowChangeOutcome, Trouble> {
        self.call(Call::Change, |server| server.change(change)).await
    }

    async fn unchange(&self, _: &Target, change: &RowChange) -> Result<RowChangeOutcome, Trouble> {
        self.call(Call::Unchange, |server| server.unchange(change)).await
    }

    async fn register(&self, _: &Target, rows: &StorageRows) -> Result<RegisterOutcome, Trouble> {
        self.call(Call::Register, |server| server.register(rows)).await
    }

    async fn unregister(&self, _: &Target, rows: &StorageRows) -> Result<RegisterOutcome, Trouble> {
        self.call(Call::Unregister, |server| server.unregister(rows)).await
    }

    async fn undo_initialise(&self, _: &Target, cluster: ClusterId) -> Result<Removed, Trouble> {
        self.call(Call::UndoInitialise, |server| match &server.cluster {
            Some(there) if there.id == cluster && there.rows.len() <= 1 => {
                server.cluster = None;
                Removed::Gone
            }
            None => Removed::Gone,
            Some(_) => Removed::Kept(server.content()),
        })
        .await
    }

    async fn drop_database(&self, _: &Target) -> Result<Removed, Trouble> {
        self.call(Call::Drop, |server| match server.content() {
            Content::Empty => {
                server.database = false;
                Removed::Gone
            }
            other => Removed::Kept(other),
        })
        .await
    }
}
