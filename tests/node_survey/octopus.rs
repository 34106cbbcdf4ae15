//! `OctopusServer.config`, beside a node config and without one.

use std::fs;
use std::path::Path;

use octopus_setup::model::facts::{ConfigTrouble, Fact, NodeFacts, Trouble};
use octopus_setup::model::field::FieldId;
use octopus_setup::model::node::Maker;

use crate::bench::{Bench, bench};

fn put(path: &Path, name: &str) {
    let text = format!(
        "<octopus-settings>\n<set key=\"Octopus.Server.NodeName\">{name}</set>\n\
         <set key=\"Octopus.Storage.ExternalDatabaseConnectionString\">Server=sql01;Password=hunter2</set>\n</octopus-settings>"
    );
    fs::write(path, text).expect("written");
}

fn register(bench: &Bench, name: &str, config: &Path) {
    fs::create_dir_all(&bench.places.octopus_instances).expect("created");
    let record = format!(r#"{{"name":"{name}","CONFIGURATIONFILEPATH":{:?},"More":[1]}}"#, config.to_string_lossy());
    fs::write(bench.places.octopus_instances.join("my-node.config"), record).expect("written");
}

fn name(facts: &NodeFacts) -> Option<&str> {
    facts.octopus.seen()?.as_ref()?.text(FieldId::NodeName)
}

#[tokio::test]
async fn octopus_config_is_found_in_the_home_or_by_octopus_servers_registry() {
    let bench = bench();
    bench.install();
    assert_eq!(bench.node().await.octopus, Fact::Seen(None));
    put(&bench.home.join("OctopusServer.config"), "at-home");
    assert_eq!(name(&bench.node().await), Some("at-home"));
    let elsewhere = bench.root.path().join("elsewhere.config");
    put(&elsewhere, "registered");
    register(&bench, "Other", &elsewhere);
    assert_eq!(name(&bench.node().await), Some("at-home"));
    register(&bench, "MY-node", &elsewhere);
    assert_eq!(name(&bench.node().await), Some("registered"));
    // What the registry names must be there.
    fs::remove_file(&elsewhere).expect("removed");
    assert!(matches!(bench.node().await.octopus, Fact::Missing(Trouble::Config(ConfigTrouble::Absent { .. }))));
}

#[tokio::test]
async fn octopus_config_is_found_even_if_the_node_config_cannot_be_read() {
    let bench = bench();
    fs::write(bench.path(), "format = 7\n").expect("written");
    put(&bench.home.join("OctopusServer.config"), "at-home");
    assert_eq!(name(&bench.node().await), Some("at-home"));
}

#[tokio::test]
async fn an_instance_of_octopus_server_has_only_octopus_config() {
    let bench = bench();
    let path = bench.home.join("OctopusServer.config");
    put(&path, "theirs");
    let facts = bench.look(&path, Maker::Octopus).await;
    assert_eq!(name(&facts), Some("theirs"));
    assert_eq!(facts.config, Fact::Missing(Trouble::Unasked));
    fs::write(&path, "<octopus-settings>\n<set key=\"a\">x</octopus-settings>").expect("written");
    match bench.look(&path, Maker::Octopus).await.octopus {
        Fact::Missing(Trouble::Config(ConfigTrouble::Malformed { path: told, line: 2, .. })) => {
            assert_eq!(told.as_str(), path.to_string_lossy());
        }
        other => panic!("{other:?}"),
    }
    fs::remove_file(&path).expect("removed");
    let facts = bench.look(&path, Maker::Octopus).await;
    assert!(matches!(facts.octopus, Fact::Missing(Trouble::Config(ConfigTrouble::Absent { .. }))));
}
