//! `review --check`: the report and its status, by the binary itself.

use std::process::{Command, Output};

use crate::scene::*;

fn check(scene: &Scene, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_octopus-setup"));
    command.arg("review").args(arguments).env("OCTOPUS_SETUP_STATE_DIR", scene.site.home("state"));
    command.output().unwrap()
}

fn text(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sound_node_is_reported_as_such_and_the_json_says_the_same() {
    let scene = Scene::new().await;
    let output = check(&scene, &["--check", "--instance", "node-1"]);
    let said = text(&output);
    assert!(matches!(output.status.code(), Some(0 | 1)), "{said}");
    assert!(said.contains("node-1") && said.contains("db-content"), "{said}");
    assert!(said.lines().next().unwrap().contains("0 stops"), "{said}");
    let secret = |text: &str| text.contains(scene.site.password()) || text.contains(&scene.key_text());
    assert!(!secret(&said), "a secret is in the report");

    let json = check(&scene, &["--check", "--instance", "node-1", "--output", "json"]);
    // Two looks may differ by a warning of latency on a machine that is busy; each says by itself what it ended with.
    assert!(matches!(json.status.code(), Some(0 | 1)), "{}", text(&json));
    assert!(!secret(&text(&json)));
    let value: serde_json::Value = serde_json::from_str(&text(&json)).unwrap();
    assert_eq!(value["schema"], 1);
    assert_eq!(value["exit"].as_i64(), json.status.code().map(i64::from));
    assert!(value["checks"].as_array().unwrap().iter().any(|check| check["id"] == "cluster-key" && check["verdict"] == "ok"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn stops_end_with_2_and_what_cannot_be_looked_at_with_3() {
    let scene = Scene::new().await;
    let path = scene.config_file("node-1");
    let by_file = ["--check", "--config", path.to_str().unwrap()];
    scene.ask("UPDATE octopus_setup.cluster SET key_verifier = CAST(REPLICATE('x', 48) AS varbinary(64))").await;
    let output = check(&scene, &by_file);
    assert_eq!(output.status.code(), Some(2), "{}", text(&output));
    assert!(text(&output).contains("cluster-key"));

    let good = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, good.replace("[web]", "[web]\nnews = true")).unwrap();
    let output = check(&scene, &by_file);
    assert_eq!(output.status.code(), Some(3), "{}", text(&output));
    assert!(text(&output).contains("line ") && text(&output).contains("news"), "{}", text(&output));
    std::fs::write(&path, good).unwrap();

    let Scene { site, .. } = scene;
    let state = site.home("state");
    let server = site.server;
    server.stop().await;
    let mut command = Command::new(env!("CARGO_BIN_EXE_octopus-setup"));
    command.arg("review").args(by_file).env("OCTOPUS_SETUP_STATE_DIR", state);
    let output = command.output().unwrap();
    assert_eq!(output.status.code(), Some(3), "{}", text(&output));
}
