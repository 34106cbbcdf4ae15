//! What the scripted server has: a database, a cluster, its rows and its history, and how they change.

use std::collections::BTreeMap;

use octopus_setup::model::cluster::ClusterId;
use octopus_setup::model::facts::{ClusterSeen, Content, Heartbeat, NodeSeen};
use octopus_setup::model::master_key::Fingerprint;
use octopus_setup::model::registry::{
    CanaryRow, KeptRow, NodeRow, RegisterOutcome, RowChange, RowChangeOutcome, RowOperation, StorageRows,
};
use octopus_setup::model::storage::SharedStorage;

/// The server's clock; it stands still.
pub const NOW: &str = "2026-11-21 12:00:00.000";

/// What the scripted server has.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Server {
    pub database: bool,
    /// The collation that it gives a new database, if it is not the one that it is asked for.
    pub collation: Option<&'static str>,
    pub cluster: Option<Cluster>,
    /// Somebody else's tables.
    pub foreign: bool,
    /// Octopus' own tables.
    pub octopus: bool,
    /// The key that opens what is in them, where there is anything.
    pub octopus_key: Option<Fingerprint>,
    /// Octopus' heartbeats, by name in lower case.
    pub beats: BTreeMap<String, Heartbeat>,
}

/// The registry.
#[derive(Debug, Clone)]
pub struct Cluster {
    pub id: ClusterId,
    pub fingerprint: Fingerprint,
    /// By name in lower case.
    pub rows: BTreeMap<String, KeptRow>,
    /// What was done and not taken back: by which run, what, to whose row.
    pub history: Vec<(String, &'static str, String)>,
    /// What all nodes share, and who has set it.
    pub storage: Option<(SharedStorage, String)>,
    /// The nodes' canaries.
    pub canaries: Vec<CanaryRow>,
    /// Those of nodes whose rows were taken away, by the run that did.
    pub gone: Vec<(String, CanaryRow)>,
}

/// Equal but for the runs' numbers and the nonces, which are drawn.
impl PartialEq for Cluster {
    fn eq(&self, other: &Self) -> bool {
        let deeds = |cluster: &Self| cluster.history.iter().map(|(_, what, node)| (*what, node.clone())).collect::<Vec<_>>();
        let left =
            |cluster: &Self| cluster.canaries.iter().map(|canary| (canary.node.clone(), canary.folder)).collect::<Vec<_>>();
        (self.id, self.fingerprint, &self.rows) == (other.id, other.fingerprint, &other.rows)
            && deeds(self) == deeds(other)
            && (&self.storage, left(self)) == (&other.storage, left(other))
    }
}

impl Eq for Cluster {}

impl Cluster {
    pub fn new(id: ClusterId, fingerprint: Fingerprint) -> Self {
        Self {
            id,
            fingerprint,
            rows: BTreeMap::new(),
            history: Vec::new(),
            storage: None,
            canaries: Vec::new(),
            gone: Vec::new(),
        }
    }

    /// With this row in it.
    pub fn with(mut self, row: NodeRow) -> Self {
        self.enter(row);
        self
    }

    pub fn enter(&mut self, row: NodeRow) {
        self.put(KeptRow { row, joined: NOW.into(), last_seen: NOW.into(), drained: false });
    }

    fn put(&mut self, kept: KeptRow) {
        self.rows.insert(kept.row.name.as_str().to_lowercase(), kept);
    }

    pub fn has(&self, name: &str) -> bool {
        self.rows.contains_key(&name.to_lowercase())
    }

    fn change(&mut self, change: &RowChange) -> RowChangeOutcome {
        let entry = entry(change);
        let mine = self.history.contains(&entry);
        let present = self.rows.get(&entry.2).cloned();
        let after = match (&change.operation, present) {
            (RowOperation::Remove { .. }, None) if mine => return RowChangeOutcome::Ours,
            (RowOperation::Insert(row), None) => Some(fresh(row)),
            (_, None) => return RowChangeOutcome::Gone,
            (RowOperation::Remove { before }, Some(present)) if present.row == before.row => None,
            (_, Some(_)) if mine => return RowChangeOutcome::Ours,
            (RowOperation::Replace { before, after }, Some(present)) if present == *before => Some(fresh(after)),
            (RowOperation::Update { before, after }, Some(present)) if present == *before => {
                Some(KeptRow { row: after.clone(), last_seen: NOW.into(), ..present })
            }
            (RowOperation::Drain { before }, Some(present)) if present == *before => Some(KeptRow { drained: true, ..present }),
            (_, Some(present)) => return RowChangeOutcome::Taken(Box::new(present)),
        };
        self.rows.remove(&entry.2);
        if let Some(row) = after {
            self.put(row);
        }
        if matches!(change.operation, RowOperation::Insert(_) | RowOperation::Replace { .. } | RowOperation::Remove { .. }) {
            let (own, others) = std::mem::take(&mut self.canaries).into_iter().partition(|canary| is_of(canary, &entry.2));
            self.canaries = others;
            if matches!(change.operation, RowOperation::Remove { .. }) {
                let own: Vec<CanaryRow> = own;
                self.gone.extend(own.into_iter().map(|canary| (change.run.clone(), canary)));
            }
        }
        self.history.push(entry);
        RowChangeOutcome::Made
    }

    fn unchange(&mut self, change: &RowChange) -> RowChangeOutcome {
        let entry = entry(change);
        if !self.history.contains(&entry) {
            return RowChangeOutcome::Gone;
        }
        let present = self.rows.get(&entry.2).cloned();
        let before = match (&change.operation, present) {
            (RowOperation::Remove { before }, None) => Some(before.clone()),
            (RowOperation::Insert(_), None) => None,
            (_, None) => return RowChangeOutcome::Gone,
            (RowOperation::Insert(row), Some(present)) if present == fresh(row) => None,
            (RowOperation::Replace { before, after }, Some(present)) if present == fresh(after) => Some(before.clone()),
            (RowOperation::Update { before, after }, Some(present)) if present.row == *after => Some(before.clone()),
            (RowOperation::Drain { before }, Some(present)) if present.row == before.row => Some(before.clone()),
            (_, Some(present)) => return RowChangeOutcome::Taken(Box::new(present)),
        };
        self.rows.remove(&entry.2);
        match &change.operation {
            RowOperation::Insert(_) => self.canaries.retain(|canary| !is_of(canary, &entry.2)),
            RowOperation::Remove { .. } => {
                let back = self.gone.iter().filter(|(run, _)| *run == change.run).map(|(_, canary)| canary.clone());
                self.canaries.extend(back);
            }
            _ => {}
        }
        if let Some(row) = before {
            self.put(row);
        }
        self.history.retain(|made| *made != entry);
        RowChangeOutcome::Made
    }
}

fn is_of(canary: &CanaryRow, node: &str) -> bool {
    canary.node.to_lowercase() == node.to_lowercase()
}

fn fresh(row: &NodeRow) -> KeptRow {
    KeptRow { row: row.clone(), joined: NOW.into(), last_seen: NOW.into(), drained: false }
}

fn entry(change: &RowChange) -> (String, &'static str, String) {
    (change.run.clone(), change.operation.what(), change.operation.node().to_lowercase())
}

impl Server {
    /// One with a cluster.
    pub fn of(cluster: Cluster) -> Self {
        Self { database: true, cluster: Some(cluster), ..Self::default() }
    }

    pub fn cluster(&mut self) -> &mut Cluster {
        self.cluster.as_mut().expect("a cluster")
    }

    pub fn content(&self) -> Content {
        match &self.cluster {
            _ if self.foreign => Content::Foreign { tables: Vec::new(), count: 1 },
            None if self.octopus => Content::Octopus { version: None, nodes: Vec::new() },
            None => Content::Empty,
            Some(cluster) => Content::Cluster(ClusterSeen {
                id: cluster.id,
                created: "2026-11-18 12:04:05Z".into(),
                created_by: "web01".into(),
                fingerprint: cluster.fingerprint,
                nodes: cluster.rows.values().map(|kept| kept.row.name.as_str().into()).collect(),
                node_count: cluster.rows.len() as u64,
            }),
        }
    }

    /// The node of this name in lower case; every row is old.
    pub fn node(&self, name: &str) -> Option<NodeSeen> {
        let row = self.cluster.as_ref().and_then(|cluster| cluster.rows.get(name).cloned());
        let beat = self.beats.get(name).copied();
        (row.is_some() || beat.is_some()).then(|| NodeSeen {
            name: name.into(),
            row_age: row.as_ref().map(|_| 2 * NodeSeen::ROW),
            beat: beat.unwrap_or(Heartbeat::Never),
            version: None,
            task_cap: None,
            drained: false,
            row,
        })
    }

    pub fn change(&mut self, change: &RowChange) -> RowChangeOutcome {
        match &mut self.cluster {
            Some(cluster) if cluster.id == change.cluster => cluster.change(change),
            _ => RowChangeOutcome::NotThere(self.content()),
        }
    }

    pub fn register(&mut self, rows: &StorageRows) -> RegisterOutcome {
        let content = self.content();
        match &mut self.cluster {
            Some(cluster) if cluster.id == rows.cluster && cluster.has(&rows.node) => {
                if rows.sets && cluster.storage.is_none() {
                    cluster.storage = Some((rows.storage.clone(), rows.node.clone()));
                }
                let shared = cluster.storage.clone().map(|(storage, _)| storage).unwrap_or_default();
                if shared != rows.storage {
                    return RegisterOutcome::Otherwise(shared);
                }
                if !rows.canaries.is_empty() {
                    cluster.canaries.retain(|canary| !is_of(canary, &rows.node));
                    cluster.canaries.extend(rows.canaries.iter().cloned());
                }
                RegisterOutcome::Made
            }
            _ => RegisterOutcome::NotThere(content),
        }
    }

    pub fn unregister(&mut self, rows: &StorageRows) -> RegisterOutcome {
        let content = self.content();
        match &mut self.cluster {
            Some(cluster) if cluster.id == rows.cluster => {
                cluster.canaries.retain(|canary| !rows.canaries.contains(canary));
                if !rows.sets {
                    return RegisterOutcome::Made;
                }
                let alone = cluster.canaries.iter().all(|canary| is_of(canary, &rows.node));
                let ours = cluster.storage.as_ref().is_some_and(|set| *set == (rows.storage.clone(), rows.node.clone()));
                if ours && alone {
                    cluster.storage = None;
                }
                cluster.storage.clone().map_or(RegisterOutcome::Made, |(storage, _)| RegisterOutcome::Otherwise(storage))
            }
            _ => RegisterOutcome::NotThere(content),
        }
    }

    pub fn unchange(&mut self, change: &RowChange) -> RowChangeOutcome {
        match &mut self.cluster {
            Some(cluster) if cluster.id == change.cluster => cluster.unchange(change),
            _ => RowChangeOutcome::NotThere(self.content()),
        }
    }
}
