//! What is printed of a node that was really set up, on a practice server.

use std::time::Duration;

use octopus_setup::engine::Engine;
use octopus_setup::faces::headless::{self, OutputFormat, ReviewStatus};
use octopus_setup::model::answers::Answers;
use octopus_setup::model::check::CheckId;
use octopus_setup::model::field::FieldId;
use octopus_setup::model::finding::Verdict;
use octopus_setup::model::flow::Flow;
use octopus_setup::model::screen::ScreenId;
use octopus_setup::wizard::event::Event;
use octopus_setup::wizard::review::Wanted;
use octopus_setup::world::World;
use octopus_setup::world::clipboard::Surroundings;
use secrecy::ExposeSecret;

use super::support::walk::{Site, last_six, to, type_in};

/// A first node to its end.
async fn set_up(site: &Site) -> String {
    let mut engine = site.wizard("node-1", Some(Flow::FirstNode));
    to(&mut engine, ScreenId::MasterKey).await;
    let proof = last_six(&engine);
    type_in(&mut engine, FieldId::KeyProof, &proof);
    engine.handle(Event::Next);
    engine.run_until_idle().await;
    let key = engine.state().custody().generated.as_ref().unwrap().key.to_base64();
    key.expose_secret().to_owned()
}

fn review(site: &Site, wanted: Wanted) -> Engine {
    Engine::review(
        World::new(site.places(), Surroundings::default()),
        Answers::new(octopus_setup::world::host::platform()),
        wanted,
    )
}

/// Far more than a review takes.
const PATIENCE: Duration = Duration::from_secs(120);

async fn printed(site: &Site, wanted: Wanted, output: OutputFormat) -> (ReviewStatus, String) {
    let mut out = Vec::new();
    let status = headless::check(&mut review(site, wanted), (&[], PATIENCE), output, &mut out).await.unwrap();
    (status, String::from_utf8(out).unwrap())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_has_not_answered_in_time_is_unknown_and_ends_with_3() {
    let site = Site::start().await;
    set_up(&site).await;
    let mut engine = review(&site, Wanted::Only);
    // As far as the first question to the server.
    let is_read = |engine: &Engine| matches!(engine.state().verdict(CheckId::NodeConfig), Verdict::Good(_));
    while !is_read(&engine) || engine.state().verdict(CheckId::SqlLogin) != Verdict::Running {
        assert!(engine.step().await, "the server is never asked");
    }
    let mut out = Vec::new();
    let status = headless::check(&mut engine, (&[], Duration::ZERO), OutputFormat::Text, &mut out).await.unwrap();
    let text = String::from_utf8(out).unwrap();
    assert_eq!(status, ReviewStatus::Unknown, "{text}");
    assert!(text.contains("no answer in the time that it was given") && !text.contains(" 0 unknown"), "{text}");
    assert!(text.contains("ok       node-config"), "what was looked at is told: {text}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_that_was_set_up_is_looked_at_in_full() {
    let site = Site::start().await;
    let key = set_up(&site).await;
    let (status, text) = printed(&site, Wanted::Only, OutputFormat::Text).await;
    assert!(matches!(status, ReviewStatus::Fine | ReviewStatus::Warnings), "{text}");
    for part in ["Instance  node-1", "node-config", "sealed, opens here", "drift-row", "the row of node-1 says the same"] {
        assert!(text.contains(part), "{part}: {text}");
    }
    let (again, json) = printed(&site, Wanted::Named("NODE-1".into()), OutputFormat::Json).await;
    // Not that both are the same: how long a round trip takes is not.
    assert!(matches!(again, ReviewStatus::Fine | ReviewStatus::Warnings), "{json}");
    let value: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(value["schema"], 1);
    assert_eq!(value["exit"], again.code());
    assert_eq!(value["instance"], "node-1");
    assert_eq!(value["key"]["verdict"], "ok");
    assert_eq!(value["nodes"].as_array().unwrap().len(), 1);
    // No Octopus Server has been started here, which would tell its version and its licence; and nobody shows log shipping.
    let checks = value["checks"].as_array().unwrap();
    let unknown: Vec<&str> =
        checks.iter().filter(|check| check["verdict"] == "unknown").filter_map(|check| check["id"].as_str()).collect();
    assert_eq!(unknown, ["db-copies", "cluster-version", "cluster-licence"], "{json}");
    assert_eq!(value["counts"]["unknown"], unknown.len());
    assert!(checks.iter().all(|check| check["verdict"] != "unproven"));
    for printed in [&text, &json] {
        assert!(!printed.contains(site.password()) && !printed.contains(&key), "a secret in {printed}");
        assert!(!printed.chars().any(|c| c.is_control() && c != '\n'), "{printed}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_config_that_cannot_be_read_and_a_server_that_is_gone_could_not_be_looked_at() {
    let site = Site::start().await;
    set_up(&site).await;
    let file = site.home("node-1").join("octopus-node.toml");
    site.server.set_wire_fault(Some(practice_server::WireFault::NotSqlServer));
    let (status, text) = printed(&site, Wanted::Only, OutputFormat::Text).await;
    assert_eq!(status.code(), 3, "{text}");
    assert!(text.contains("does not speak SQL Server's protocol"), "{text}");
    std::fs::write(&file, "format = 1\nnews = true\n").unwrap();
    let (status, text) = printed(&site, Wanted::File(file.clone()), OutputFormat::Text).await;
    assert_eq!(status.code(), 3, "{text}");
    assert!(text.contains("octopus-node.toml, line"), "{text}");
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "format = 1\nnews = true\n", "never overwritten");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_instance_that_is_not_there_is_told_with_those_that_are() {
    let site = Site::start().await;
    set_up(&site).await;
    let (status, json) = printed(&site, Wanted::Named("other".into()), OutputFormat::Json).await;
    let value: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!((status, &value["status"]), (ReviewStatus::Unknown, &serde_json::Value::from("could-not-look")));
    assert!(value["error"].as_str().unwrap().contains("node-1"), "{json}");
}
