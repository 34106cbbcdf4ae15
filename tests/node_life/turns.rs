//! What a join costs the server: turns, which are what it takes far away, and connections.

use octopus_setup::engine::Engine;
use octopus_setup::model::flow::Flow;
use octopus_setup::model::screen::ScreenId;
use practice_server::RunningServer;

use crate::scene::*;

/// Walks to a screen; tells the turns that it took, each connection's TCP among them, and the connections.
async fn walk(scene: &Scene, engine: &mut Engine, screen: ScreenId) -> (u64, u64) {
    let server = &scene.site.server;
    let before = (server.turns(), server.connections());
    to(engine, screen).await;
    engine.run_until_idle().await;
    let (turns, connections) = (server.turns() - before.0, server.connections() - before.1);
    (turns + connections, connections)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_join_logs_in_once_and_proves_what_it_did_anew() {
    let scene = Scene::new().await;
    let mut engine = scene.joining("node-2");
    assert_eq!(walk(&scene, &mut engine, ScreenId::Service).await, (0, 0), "nothing is asked before the server is named");
    assert_eq!(walk(&scene, &mut engine, ScreenId::Database).await, (6, 1));
    assert_eq!(
        walk(&scene, &mut engine, ScreenId::Cluster).await,
        (2, 0),
        "the nodes, and the key, on the session that is there"
    );
    assert_eq!(walk(&scene, &mut engine, ScreenId::Review).await, (0, 0));
    // A connection that trusts no earlier one and judges the key once more; a look whether a dead node's heart beats again;
    // the row; and a last connection that reads it back.
    assert_eq!(walk(&scene, &mut engine, ScreenId::Install).await, (14, 2));
    assert_eq!(walk(&scene, &mut engine, ScreenId::Done).await, (0, 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_first_node_and_a_join_cost_few_flights_and_bytes() {
    let site = Site::start().await;
    let mut first = site.wizard("node-1", Some(Flow::FirstNode));
    to(&mut first, ScreenId::MasterKey).await;
    let server = &site.server;
    let cost = |server: &RunningServer| (server.flights() + server.connections(), server.bytes());
    let (flights, bytes) = cost(server);
    assert!(flights <= 15 && bytes < 30_000, "a first node: {flights} flights, {bytes} bytes");

    let scene = Scene::new().await;
    let mut engine = scene.joining("node-2");
    let before = cost(&scene.site.server);
    to(&mut engine, ScreenId::Done).await;
    engine.run_until_idle().await;
    let after = cost(&scene.site.server);
    let (flights, bytes) = (after.0 - before.0, after.1 - before.1);
    assert!(flights <= 23 && bytes < 71_000, "a join: {flights} flights, {bytes} bytes");
}
