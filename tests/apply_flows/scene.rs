//! Machines and servers on which the flows are tried.

use std::collections::BTreeMap;

use octopus_setup::model::cluster::ClusterId;
use octopus_setup::model::flow::Flow;
use octopus_setup::model::master_key::MasterKey;
use octopus_setup::model::plan::{Failure, Plan, Progress, Step, StepKind};
use octopus_setup::model::registry::{KeptRow, NodeRow};
use octopus_setup::world::apply::{self, Cancel};

use crate::apply_support::{Bench, Cluster, Fake, INSTANCE, Server, key, survived};

/// A flow, and what it finds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Case {
    /// A node joins.
    Insert,
    /// A node joins in the place of a dead one.
    Replace,
    /// A node joins a cluster that Octopus made, with a registry.
    Adopt,
    /// A node joins a cluster that Octopus made, and that stays without a registry.
    Plain,
    /// A node's ports are changed.
    Edit,
    /// The same, where home and config came from another machine.
    EditElsewhere,
    /// A node leaves.
    Leave,
    /// A dead node's row goes.
    Remove,
}

impl Case {
    pub const ALL: [Self; 8] =
        [Self::Insert, Self::Replace, Self::Adopt, Self::Plain, Self::Edit, Self::EditElsewhere, Self::Leave, Self::Remove];

    pub fn steps(self) -> &'static [StepKind] {
        use StepKind::{
            AdoptCluster, ConnectOnce, CreateHome, DrainNode, JoinCluster, ProveAgain, RemoveNode, RemoveNodeConfig, RemoveRow,
            SealMasterKey, UpdateRow, WriteNodeConfig,
        };
        match self {
            Self::Insert | Self::Replace => &[ProveAgain, CreateHome, SealMasterKey, JoinCluster, WriteNodeConfig, ConnectOnce],
            Self::Adopt => &[ProveAgain, CreateHome, SealMasterKey, AdoptCluster, JoinCluster, WriteNodeConfig, ConnectOnce],
            Self::Plain => &[ProveAgain, CreateHome, SealMasterKey, WriteNodeConfig, ConnectOnce],
            Self::Edit => &[ProveAgain, UpdateRow, WriteNodeConfig, ConnectOnce],
            Self::EditElsewhere => &[ProveAgain, SealMasterKey, UpdateRow, WriteNodeConfig, ConnectOnce],
            Self::Leave => &[DrainNode, RemoveRow, RemoveNodeConfig],
            Self::Remove => &[RemoveNode],
        }
    }

    const fn flow(self) -> Flow {
        match self {
            Self::Insert | Self::Replace | Self::Adopt | Self::Plain => Flow::Join,
            Self::Edit | Self::EditElsewhere => Flow::Edit,
            Self::Leave => Flow::Leave,
            Self::Remove => Flow::Remove,
        }
    }

    /// The key, where the operator has given it; a machine that has it sealed does not ask.
    pub fn key(self) -> Option<MasterKey> {
        (self.flow() == Flow::Join || self == Self::EditElsewhere).then(key)
    }

    /// Whose row it is about.
    const fn node(self) -> &'static str {
        if matches!(self, Self::Remove) { "web09" } else { "web01" }
    }
}

pub const CLUSTER: ClusterId = ClusterId([9; 16]);

pub fn row(name: &str) -> NodeRow {
    NodeRow {
        name: name.into(),
        address: format!("https://{name}:443/").into(),
        host: name.into(),
        system: "Linux".into(),
        program: "0.1.0".into(),
        prefixes: format!("https://{name}:443/").into(),
        comms_port: 10_943,
        grpc_port: 8_443,
        task_cap: 5,
    }
}

/// The machine and the server before the flow begins.
pub async fn before(case: Case) -> Bench {
    let cluster = Cluster::new(CLUSTER, key().fingerprint()).with(row("web00")).with(row("web09"));
    match case {
        Case::Insert => Bench::new(Fake::of(Server::of(cluster))),
        Case::Replace => {
            let mut cluster = cluster.with(row("WEB01"));
            let dead = cluster.rows.get_mut("web01").unwrap();
            (dead.last_seen, dead.drained) = ("2025-01-01 00:00:00.000".into(), true);
            Bench::new(Fake::of(Server::of(cluster)))
        }
        Case::Adopt | Case::Plain => {
            let octopus_key = Some(key().fingerprint());
            Bench::new(Fake::of(Server { database: true, octopus: true, octopus_key, ..Server::default() }))
        }
        Case::Edit | Case::EditElsewhere | Case::Leave | Case::Remove => {
            let bench = Bench::new(Fake::of(Server::of(cluster)));
            install(&bench, &plan(Case::Insert, &bench), Some(&key()), |_| {}).await.expect("no crash").expect("joined");
            apply::close(&bench.places, INSTANCE).await.expect("closed");
            if case == Case::EditElsewhere {
                std::fs::remove_dir_all(&bench.places.state).expect("removed");
            }
            bench.database.asked.lock().unwrap().clear();
            bench
        }
    }
}

/// The plan, as the wizard makes it from what is to be seen by now: also on a later start.
pub fn plan(case: Case, bench: &Bench) -> Plan {
    let mut plan = bench.plan();
    plan.flow = case.flow();
    plan.node.create_database = false;
    plan.cluster = CLUSTER;
    plan.before = seen(bench, case.node());
    plan.steps = case.steps().iter().map(|kind| Step { kind: *kind, title: kind.id().into(), mode: "" }).collect();
    if plan.flow == Flow::Edit {
        plan.node.web.comms_port = 10_999;
    }
    plan
}

/// A node's row on the server.
pub fn seen(bench: &Bench, name: &str) -> Option<KeptRow> {
    bench.database.server().cluster.and_then(|cluster| cluster.rows.get(name).cloned())
}

pub async fn install(
    bench: &Bench,
    plan: &Plan,
    key: Option<&MasterKey>,
    mut report: impl FnMut(&Progress) + Send,
) -> Option<Result<(), Failure>> {
    let cancel = Cancel::default();
    survived(apply::install(&bench.places, &bench.database, plan, key, &cancel, |progress| report(&progress))).await
}

/// A start of the flow, and no crash.
pub async fn go(case: Case, bench: &Bench) -> Result<(), Failure> {
    install(bench, &plan(case, bench), case.key().as_ref(), |_| {}).await.expect("no crash")
}

/// The files, without the dated copies, which stay whatever happens.
pub fn lasting(mut files: BTreeMap<String, String>) -> BTreeMap<String, String> {
    files.retain(|path, _| !is_copy(path));
    files
}

/// The dated copies.
pub fn dated(bench: &Bench) -> Vec<String> {
    bench.raw_files().into_iter().filter(|(path, _)| is_copy(path)).map(|(_, text)| text).collect()
}

fn is_copy(path: &str) -> bool {
    std::path::Path::new(path).extension().is_some_and(|extension| extension == "bak")
}
