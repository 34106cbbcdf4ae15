//! A node that joins, with nobody there.

use crate::scene::*;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_node_joins_with_the_first_one_s_key() {
    let site = Site::start().await;
    let key = first_node(&site).await;
    let before = (site.server.turns(), site.server.connections());
    let (exit, all) = lines(&site, order(&site, Flow::Join, "node-2", &[(FieldId::MasterKey, &key)])).await;
    assert_eq!(exit, Exit::Done, "{all:#?}");
    // The walk through the screens takes 6 turns with their TCP, then 2, then 14 over two more connections: node_life/turns.rs.
    let (turns, connections) = (site.server.turns() - before.0, site.server.connections() - before.1);
    assert!(turns + connections <= 22 && connections <= 3, "{turns} turns, {connections} connections");
    let steps = of(&all, "plan")[0]["steps"].as_array().unwrap();
    assert!(steps.iter().all(|step| step["scope"] != "cluster"), "{steps:?}");
    assert_eq!(end(&all)["key_file"], Value::Null, "whoever gave it keeps it");
    assert!(end(&all)["next_node"].as_str().is_some_and(|next| next.contains(" --instance node-2 ")), "{all:#?}");
    assert!(site.home("node-2").join("octopus-node.toml").exists() && site.journals().is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dry_join_writes_nothing() {
    let site = Site::start().await;
    let key = first_node(&site).await;
    let before = written(&site);
    let (exit, all) = lines(&site, dry(order(&site, Flow::Join, "node-2", &[(FieldId::MasterKey, &key)]))).await;
    assert_eq!((exit, of(&all, "plan").len()), (Exit::Done, 1));
    assert_eq!(written(&site), before);
    // The row would stand in the way of the name.
    let (exit, _) = text(&site, order(&site, Flow::Join, "node-2", &[(FieldId::MasterKey, &key)])).await;
    assert_eq!(exit, Exit::Done);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wrong_password_is_tried_once_and_not_by_three_surveys() {
    let site = Site::start().await;
    let key = first_node(&site).await;
    let before = (site.server.connections(), site.server.logins());
    let changes = [(FieldId::MasterKey, key.as_str()), (FieldId::Password, "Wrong-0815")];
    let (exit, all) = lines(&site, order(&site, Flow::Join, "node-2", &changes)).await;
    assert_eq!(exit, Exit::Checks);
    assert_eq!((site.server.connections() - before.0, site.server.logins() - before.1), (1, 1));
    let ended = end(&all);
    assert!(ended["stops"].to_string().contains("sql-login") && ended["unknown"].to_string().contains("cluster-key"), "{ended}");
}
