//! A single node's files move to shared storage, and it becomes the first node of a cluster.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::machine::{Ended, Machine};
use crate::site::Site;
use crate::support::sql;
use crate::support::stand_in::StandIn;

const SHARED: [&str; 6] = ["Artifacts", "EventExports", "Imports", "Packages", "TaskLogs", "Telemetry"];

fn put(home: &Path) {
    for (path, content) in [("Artifacts/a.zip", "artifact"), ("TaskLogs/2026/1.txt", "log"), ("Packages/feed/x.nupkg", "package")]
    {
        let path = home.join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
    }
}

/// Every file below a folder with its content.
fn files(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut all = BTreeMap::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            all.extend(files(&path));
        } else {
            all.insert(path.clone(), std::fs::read(path).unwrap());
        }
    }
    all
}

fn migrate(machine: &Machine, site: &Site, more: &[&str]) -> Ended {
    let (shared, program) = (site.shared().display().to_string(), machine.octopus.program().display().to_string());
    machine.run(&[&["migrate", "--to", &shared, "--octopus-server", &program, "--output", "json"], more].concat())
}

/// The objects of one event.
fn of(ended: &Ended, event: &str) -> Vec<serde_json::Value> {
    let all = ended.out.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
    all.filter(|value| value["event"] == event).collect()
}

fn states(ended: &Ended) -> Vec<String> {
    of(ended, "after").iter().map(|after| after["state"].as_str().unwrap().to_owned()).collect()
}

fn told(octopus: &StandIn) -> Vec<Vec<String>> {
    octopus.changes().into_iter().filter(|call| call.verb() == "path").map(|call| call.args).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_single_node_becomes_the_first_of_a_cluster() {
    let site = Site::start().await;
    let first = Machine::alone(&site, "web01", "daemon");
    first.run(&["first-node"]).ended(0);
    put(&first.home());
    assert!(told(&first.octopus).is_empty(), "it shares nothing yet");

    // While its heart beats, nothing is begun.
    let refused = migrate(&first, &site, &["--yes"]).ended(4);
    assert!(of(&refused, "concern").iter().any(|concern| concern["id"] == "octopus-running"), "{}", refused.told());
    assert!(files(&site.shared()).is_empty() && told(&first.octopus).is_empty());
    first.octopus.run(&["service", "--instance", "web01", "--stop"]);
    let mut session = sql::session(&site.server, "OctopusDeploy").await;
    // Its last beat was a while ago.
    for table in ["OctopusServerNode", "OctopusServerNodeStatus"] {
        let past = "LastSeen = DATEADD(second, -864000, SYSDATETIMEOFFSET())";
        sql::ask(&mut session, &format!("UPDATE dbo.{table} SET {past}")).await;
    }

    let moved = migrate(&first, &site, &["--yes"]).ended(0);
    assert_eq!(states(&moved), ["done"; 3], "{}", moved.told());
    assert_eq!(of(&moved, "outcome")[0]["copied"]["files"], 3);
    let root = site.shared().display().to_string();
    let command = ["path", "--instance", "web01", "--clusterShared", &root].map(str::to_owned).to_vec();
    assert_eq!(told(&first.octopus), std::slice::from_ref(&command));
    let call = first.octopus.changes().into_iter().find(|call| call.verb() == "path").unwrap();
    assert!(!call.env.to_string().contains("OCTOPUS_SETUP_"), "its own variables are nobody else's: {}", call.env);
    let config = first.home().join("octopus-node.toml");
    let text = std::fs::read_to_string(&config).unwrap();
    assert!(text.contains("[storage]") && text.contains(&root), "{text}");
    for folder in SHARED {
        assert!(site.shared().join(folder).join(".octopus-setup/web01.canary").is_file(), "{folder}");
    }
    for path in ["Artifacts/a.zip", "TaskLogs/2026/1.txt", "Packages/feed/x.nupkg"] {
        assert_eq!(std::fs::read(site.shared().join(path)).unwrap(), std::fs::read(first.home().join(path)).unwrap());
    }
    let canaries = "SELECT COUNT(*) FROM octopus_setup.canary";
    assert_eq!(sql::ask(&mut session, canaries).await, ["6"]);

    // Again, nothing is changed.
    let before = files(&site.shared());
    let again = migrate(&first, &site, &["--yes"]).ended(0);
    assert_eq!(states(&again), ["already"; 3], "{}", again.told());
    assert_eq!(
        (&of(&again, "outcome")[0]["copied"]["files"], &of(&again, "outcome")[0]["there"]["files"]),
        (&0.into(), &3.into())
    );
    assert_eq!(files(&site.shared()), before);
    assert_eq!((told(&first.octopus), std::fs::read_to_string(&config).unwrap()), (vec![command], text));
    assert_eq!(sql::ask(&mut session, canaries).await, ["6"]);

    // It starts, nothing stands against it, and whoever joins finds the storage and the canaries.
    first.octopus.run(&["service", "--instance", "web01", "--start"]);
    let second = Machine::joining(&site, "web02", "games", &first);
    second.run(&["join"]).ended(0);
    for folder in SHARED {
        assert!(site.shared().join(folder).join(".octopus-setup/web02.canary").is_file(), "{folder}");
    }
    for machine in [&first, &second] {
        let checked = machine.run(&["check"]);
        assert!(matches!(checked.status, Some(0 | 1)), "{}", checked.told());
        assert!(!checked.out.contains("  stop"), "{}", checked.told());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_step_that_fails_after_the_copy_is_done_by_the_next_run() {
    let site = Site::start().await;
    let first = Machine::alone(&site, "web01", "daemon");
    first.run(&["first-node"]).ended(0);
    put(&first.home());
    first.octopus.fault("path", "once fail 3");
    let failed = migrate(&first, &site, &["--yes", "--accept", "octopus-running"]).ended(7);
    assert_eq!(states(&failed), ["failed", "done", "done"], "{}", failed.told());
    let text = of(&failed, "after")[0]["text"].as_str().unwrap().to_owned();
    assert!(text.contains("status 3") && text.contains("--clusterShared"), "{text}");
    let done = migrate(&first, &site, &["--yes", "--accept", "octopus-running"]).ended(0);
    assert_eq!(states(&done), ["done", "already", "already"], "{}", done.told());
}

/// Made by Octopus' own commands: there is no node config of ours, only `OctopusServer.config`.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_files_of_a_node_that_octopus_made_by_itself_move_and_it_is_told() {
    let site = Site::start().await;
    let machine = Machine::alone(&site, "web01", "daemon");
    let config = machine.home().join("OctopusServer.config");
    let (text, database) = (config.display().to_string(), site.connection("OctopusDeploy"));
    sql::ask(&mut sql::session(&site.server, "master").await, "CREATE DATABASE [OctopusDeploy]").await;
    for words in [
        &["create-instance", "--instance", "theirs", "--config", &text, "--serverNodeName", "theirs"][..],
        &["database", "--instance", "theirs", "--create", "--upgrade", "--connectionString", &database],
    ] {
        let (status, said) = machine.octopus.run(words);
        assert_eq!(status, Some(0), "{said}");
    }
    put(&machine.home());
    let moved = migrate(&machine, &site, &["--yes", "--config", &text]).ended(0);
    assert_eq!(states(&moved), ["done"], "{}", moved.told());
    let root = site.shared().display().to_string();
    assert_eq!(told(&machine.octopus), [["path", "--config", &text, "--clusterShared", &root].map(str::to_owned).to_vec()]);
    assert_eq!(files(&site.shared()).len(), 3, "no canary: there is no registry that would know of it");
}
