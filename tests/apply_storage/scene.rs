//! Machines with a share, on which the steps are tried.

use std::collections::BTreeMap;
use std::path::PathBuf;

use octopus_setup::model::cluster::ClusterId;
use octopus_setup::model::flow::Flow;
use octopus_setup::model::master_key::MasterKey;
use octopus_setup::model::plan::{Failure, Plan, Progress, Step, StepKind};
use octopus_setup::model::registry::{CanaryRow, NodeRow};
use octopus_setup::model::storage::{Canary, SharedFolder, SharedStorage};
use octopus_setup::world::apply::{self, Cancel};

use crate::apply_support::{Bench, Cluster, Fake, INSTANCE, Server, key, survived};

/// A flow, and what it finds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Case {
    /// A first node with one root, which is not there yet.
    Root,
    /// A first node with three folders, of which one is there and has something in it.
    Folders,
    /// A node joins; the first node's canaries lie in the folders.
    Join,
    /// A node joins in the place of a dead one, whose canaries lie there.
    Replace,
}

impl Case {
    pub const ALL: [Self; 4] = [Self::Root, Self::Folders, Self::Join, Self::Replace];

    pub const fn joins(self) -> bool {
        matches!(self, Self::Join | Self::Replace)
    }

    pub fn steps(self) -> &'static [StepKind] {
        use StepKind::{
            ConnectOnce, CreateDatabase, CreateHome, InitialiseCluster, JoinCluster, LeaveCanary, ProveAgain, SealMasterKey,
            ShareStorage, WriteNodeConfig,
        };
        if self.joins() {
            &[ProveAgain, CreateHome, SealMasterKey, JoinCluster, LeaveCanary, WriteNodeConfig, ConnectOnce]
        } else {
            &[
                CreateHome,
                SealMasterKey,
                CreateDatabase,
                ShareStorage,
                LeaveCanary,
                InitialiseCluster,
                WriteNodeConfig,
                ConnectOnce,
            ]
        }
    }
}

pub const CLUSTER: ClusterId = ClusterId([9; 16]);

/// The nonce of those who were there before.
pub fn old_token() -> String {
    Canary::encode_token([5; 16])
}

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

pub fn share(bench: &Bench) -> PathBuf {
    bench.root.path().join("mnt").join("octopus")
}

pub fn storage(case: Case, bench: &Bench) -> SharedStorage {
    let own = |folder: SharedFolder| (folder, bench.root.path().join("by itself").join(folder.name()));
    match case {
        Case::Folders => {
            SharedStorage::Folders(vec![own(SharedFolder::Artifacts), own(SharedFolder::TaskLogs), own(SharedFolder::Packages)])
        }
        _ => SharedStorage::Root(share(bench)),
    }
}

/// The machine, the share and the server before the flow begins.
pub fn before(case: Case) -> Bench {
    let bench = Bench::new(Fake::default());
    match case {
        Case::Root => {}
        Case::Folders => {
            let there = bench.root.path().join("by itself/TaskLogs");
            std::fs::create_dir_all(&there).unwrap();
            std::fs::write(there.join("servertasks-1.txt"), "a log").unwrap();
            // As from 2025.2.10530 on.
            std::fs::create_dir(there.join("servertasks-2_abcdefghij")).unwrap();
            std::fs::write(there.join("servertasks-2_abcdefghij/klmnopqrst.tl.txt"), "a log").unwrap();
        }
        Case::Join | Case::Replace => {
            let mut cluster = Cluster::new(CLUSTER, key().fingerprint()).with(row("web00"));
            cluster.storage = Some((storage(case, &bench), "web00".into()));
            let mut left = vec!["web00"];
            if case == Case::Replace {
                cluster.enter(row("WEB01"));
                cluster.rows.get_mut("web01").unwrap().last_seen = "2025-01-01 00:00:00.000".into();
                left.push("WEB01");
            }
            for node in left {
                for (folder, path) in storage(case, &bench).folders() {
                    put(&path, &Canary { cluster: CLUSTER, node: node.into(), token: old_token() });
                    cluster.canaries.push(CanaryRow { node: node.into(), folder, token: old_token() });
                }
            }
            *bench.database.server.lock().unwrap() = Server::of(cluster);
        }
    }
    bench
}

/// Puts a canary into a shared folder.
pub fn put(shared: &std::path::Path, canary: &Canary) {
    std::fs::create_dir_all(Canary::folder_in(shared)).unwrap();
    std::fs::write(Canary::path_in(shared, &canary.node), canary.text()).unwrap();
}

/// The plan, as the wizard makes it from what is to be seen by now: also on a later start, with the key that it found.
pub fn plan(case: Case, bench: &Bench, key: &MasterKey) -> Plan {
    let mut plan = crate::apply_support::plan(&bench.home, key);
    plan.node.storage = storage(case, bench);
    plan.steps = case.steps().iter().map(|kind| Step { kind: *kind, title: kind.id().into(), mode: "" }).collect();
    if case.joins() {
        plan.flow = Flow::Join;
        plan.node.create_database = false;
        plan.before = bench.database.server().cluster.and_then(|cluster| cluster.rows.get("web01").cloned());
    }
    plan
}

pub async fn install(
    bench: &Bench,
    plan: &Plan,
    key: &MasterKey,
    mut report: impl FnMut(&Progress) + Send,
) -> Option<Result<(), Failure>> {
    let cancel = Cancel::default();
    survived(apply::install(&bench.places, &bench.database, plan, Some(key), &cancel, |progress| report(&progress))).await
}

/// A start of the flow, and no crash.
pub async fn go(case: Case, bench: &Bench) -> Result<(), Failure> {
    let key = match apply::resume(&bench.places, INSTANCE).await {
        Ok(left) => left.key.unwrap_or_else(key),
        // There is no journal.
        Err(Failure::ReadBack { .. }) => key(),
        Err(other) => return Err(other),
    };
    install(bench, &plan(case, bench, &key), &key, |_| {}).await.expect("no crash")
}

/// All files, their seals and nonces blotted out, and the paths of empty folders.
pub fn files(bench: &Bench) -> BTreeMap<String, String> {
    let mut files = bench.files();
    files.retain(|path, _| !path.starts_with("state/journals/"));
    for text in files.values_mut() {
        let lines = text.lines().map(|line| if line.starts_with("token=") { "token=" } else { line });
        *text = lines.collect::<Vec<_>>().join("\n").replace(&*bench.root.path().to_string_lossy(), "ROOT");
    }
    for folder in ["mnt", "by itself"] {
        folders(bench, &bench.root.path().join(folder), &mut files);
    }
    files
}

fn folders(bench: &Bench, at: &std::path::Path, files: &mut BTreeMap<String, String>) {
    let Ok(entries) = std::fs::read_dir(at) else { return };
    let name = at.strip_prefix(bench.root.path()).unwrap().to_string_lossy().into_owned();
    files.insert(format!("{name}/"), String::new());
    for entry in entries.flatten().filter(|entry| entry.path().is_dir()) {
        folders(bench, &entry.path(), files);
    }
}

/// What must hold whenever nothing runs: a nonce in the registry of a node that is in it lies in its folder as well, or a
/// join would be refused for ever.
pub fn assert_no_canary_is_missed(bench: &Bench, context: &str) {
    let Some(cluster) = bench.database.server().cluster else { return };
    let Some((storage, _)) = cluster.storage.clone() else { return };
    for CanaryRow { node, folder, token } in cluster.canaries.iter().filter(|canary| cluster.has(&canary.node)) {
        let (_, path) = storage.folders().into_iter().find(|(own, _)| own == folder).unwrap();
        let text = std::fs::read_to_string(Canary::path_in(&path, node)).unwrap_or_default();
        let found = Canary::parse(&text).map(|canary| (canary.cluster, canary.node, canary.token));
        assert_eq!(found, Ok((cluster.id, node.clone(), token.clone())), "{context}: {folder:?}");
    }
}
