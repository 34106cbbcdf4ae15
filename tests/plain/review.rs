//! Review, edit, leave, and the key of a node that is there.

use octopus_setup::faces::exit::Exit;
use octopus_setup::model::node_config::NodeConfig;

use crate::scene::*;
use crate::shared::sql;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_is_reviewed_and_its_key_is_shown_once_its_name_is_typed() {
    let scene = Scene::new().await;
    let key = scene.cluster().await;
    let lines = ["review node-1", "?", "key", "show", "wrong", "show", "node-1", "yes", "back", "again", "report", "end", "yes"];
    let session = hear(scene.wizard("machine-1", None), lines).await;
    assert_eq!((session.ended.exit, session.left), (Exit::Left, 0), "{}", session.said);
    session.assert_says(&[
        "No problems found with this node",
        "Settings: ",
        "Nodes of the cluster: 1",
        "1 report:",
        "The key's fingerprint is",
        "First type the instance's name, node-1",
        "Show the master key?",
        &key,
        "Checked again",
        "No problems found with this node",
    ]);
    assert_eq!(session.times(&key), 1, "{}", session.said);
    session.assert_silent(PASSWORD);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_setting_is_changed() {
    let scene = Scene::new().await;
    scene.cluster().await;
    let port = free_port().to_string();
    // The database: server, login, password, and nothing else. The task cap, the prefixes, the rest of the web portal, and the plan.
    let mut lines = vec!["review node-1", "edit"];
    lines.extend([""; 4]);
    lines.extend(["7", "", "comms-port", &port, "apply"]);
    let session = hear(scene.wizard("machine-1", None), lines).await;
    assert_eq!((session.ended.exit, session.left), (Exit::Done, 0), "{}", session.said);
    session.assert_says(&["Task cap (task-cap) [5]:", "Apply the changes", "Plan: ", "1 apply:", "Changed"]);
    let config = std::fs::read_to_string(scene.site.home("node-1").join(NodeConfig::FILE)).unwrap();
    assert!(config.contains(&port), "{config}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_leaves_its_cluster_and_first_thinks_better_of_it() {
    let scene = Scene::new().await;
    scene.cluster().await;
    let lines = ["review node-1", "leave", "back", "leave", "1", "node-9", "<", "1", "node-1"];
    let session = hear(scene.wizard("machine-1", None), lines).await;
    assert_eq!((session.ended.exit, session.left), (Exit::Done, 0), "{}", session.said);
    session.assert_says(&[
        "Leave the cluster",
        "last node of its cluster",
        "1 leave: Leave the cluster.",
        "This is not the node's name: node-1.",
        "Left",
        "1. Take the node",
    ]);
    assert!(!scene.site.home("node-1").join(NodeConfig::FILE).exists());
    assert!(session.ended.farewell[0].contains("is out of cluster"), "{:?}", session.ended.farewell);
}

/// Makes a node look as if nobody had seen it for long.
async fn forget(scene: &Scene, node: &str) {
    let update = "UPDATE octopus_setup.node SET last_seen = DATEADD(day, -19, SYSUTCDATETIME()) WHERE name = ";
    let mut session = sql::session(&scene.site.server, "OctopusDeploy").await;
    sql::ask(&mut session, &format!("{update}N'{node}'")).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dead_node_is_taken_out_of_the_registry_by_its_name() {
    let scene = Scene::new().await;
    let key = scene.cluster().await;
    let joined = hear(scene.wizard("machine-2", None), scene.join(&key)).await;
    assert_eq!(joined.ended.exit, Exit::Done, "{}", joined.said);
    let living = hear(scene.wizard("machine-1", None), ["review node-1", "remove", "quit", "yes"]).await;
    living.assert_says(&["1 report:", "Type a number from 1 to"]);

    forget(&scene, "web02").await;
    let lines = ["review node-1", "remove", "2", "node-1", "WEB02", "back", "remove", "1", "1", "web02"];
    let session = hear(scene.wizard("machine-1", None), lines).await;
    assert_eq!((session.ended.exit, session.left), (Exit::Done, 0), "{}", session.said);
    session.assert_says(&[
        "1 Node web02: dead, last seen 19 d ago.",
        "There is no such dead node.",
        "There is no such dead node.",
        "warning: web02 on",
        "1 remove: Remove the node.",
        "Removed",
    ]);
    assert!(session.ended.farewell[0].contains("Node web02 is out of the registry"), "{:?}", session.ended.farewell);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_joins_under_a_dead_node_s_name_is_asked_whether_to_replace_it() {
    let scene = Scene::new().await;
    let key = scene.cluster().await;
    forget(&scene, "node-1").await;
    let mut lines = scene.join(&key);
    let name = lines.iter().position(|line| line == "web02").unwrap();
    lines.truncate(name);
    lines.extend(["node-1", "perhaps", "no", ""].map(str::to_owned));
    let session = hear(scene.wizard("machine-2", None), lines).await;
    session.assert_says(&[
        "Node node-1: dead, last seen 19 d ago.",
        "Dead node (replace-node), yes: Replace it, no: Leave it [no]:",
        "Type yes or no.",
        "stop: Node name (cluster-node)",
        "Fix this first.",
    ]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_there_is_nothing_to_review_it_is_said() {
    let scene = Scene::new().await;
    let session = hear(scene.wizard("machine-1", None), ["review", "quit", "yes"]).await;
    session.assert_says(&["There is nothing to review here", "Choose 1 to 3:"]);
}
