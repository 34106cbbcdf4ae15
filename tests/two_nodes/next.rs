//! What one run prints or saves for the next node is enough for it: the printed command, the script's answers, the saved ones.

use std::process::Command;

use octopus_setup::model::answers::Raw;
use octopus_setup::model::field::FieldId;
use octopus_setup::model::flow::Flow;
use octopus_setup::model::screen::ScreenId;
use octopus_setup::wizard::event::{Action, Event};

use super::support::walk::{Site, free_port, to, type_in};
use super::{programs, told};

/// A folder whose name a shell would take apart.
const HOME: &str = "it's $HOME";

/// A command on a machine with a state of its own, with the secrets in its environment.
fn on(site: &Site, machine: &str, program: &str, key: &str) -> Command {
    let mut command = Command::new(program);
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("OCTOPUS_SETUP_")) {
        command.env_remove(name);
    }
    command.env("PATH", format!("{}:{}", programs().display(), std::env::var("PATH").unwrap()));
    command.env("OCTOPUS_SETUP_STATE_DIR", site.home(machine)).stdin(std::process::Stdio::null());
    command.env("OCTOPUS_SETUP_PASSWORD", site.password());
    if !key.is_empty() {
        command.env("OCTOPUS_SETUP_MASTER_KEY", key);
    }
    command
}

/// A first node, called after a name that leads here so that its prefix has a place to fill in; what the program said, and its key.
fn first_node(site: &Site) -> (serde_json::Value, String) {
    let key_file = site.home("key.txt");
    let mut command = on(site, "machine-1", "octopus-setup", "");
    command.args([
        "first-node",
        "--yes",
        "--output",
        "json",
        "--accept",
        "sql-latency",
        "--accept",
        "home-node",
        "--instance",
        "My Blue",
    ]);
    command.args(["--node-name", "localhost", "--user", site.server.user(), "--trust", "ca-file"]);
    command.arg("--server").arg(format!("localhost,{}", site.server.addr().port()));
    command.arg("--ca-file").arg(site.server.ca_file()).arg("--home").arg(site.home(HOME)).arg("--key-file").arg(&key_file);
    command.arg("--listen-prefixes").arg(format!("http://localhost:{}/", free_port()));
    let output = command.output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", told(&output));
    let out = String::from_utf8(output.stdout).unwrap();
    let end = serde_json::from_str(out.lines().last().unwrap()).unwrap();
    (end, std::fs::read_to_string(key_file).unwrap().trim().to_owned())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_printed_command_joins_another_machine_as_it_is() {
    let site = Site::start().await;
    let (end, key) = first_node(&site);
    let next = end["next_node"].as_str().unwrap();
    assert!(next.contains("'http://<name>:"), "{next}");
    // On another machine nothing of the first one is there.
    std::fs::rename(site.home(HOME), site.home("node-on-the-first-machine")).unwrap();
    // What is added is about how busy this machine is, and that the first node shares nothing.
    let line = format!(
        "{} --accept sql-latency --accept home-node --accept storage-folders --accept cluster-nodes",
        next.replace("<name>", "localhost")
    );
    let output = on(&site, "machine-2", "bash", &key).args(["-c", &line]).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{line}\n{}", told(&output));
    assert!(site.home(HOME).join("octopus-node.toml").exists());
    // Its own text names the same command for the third: nothing in it is the second one's.
    let said = String::from_utf8(output.stdout).unwrap();
    let again = said.lines().map(str::trim).skip_while(|line| !line.starts_with("octopus-setup join "));
    let again: Vec<&str> = again.take_while(|line| !line.is_empty()).map(|line| line.trim_end_matches(" \\")).collect();
    assert_eq!(again.join(" ").replace("//localhost:", "//<name>:").replace('\'', ""), next.replace('\'', ""));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_answers_of_a_node_config_join_the_next_one() {
    let site = Site::start().await;
    let (_, key) = first_node(&site);
    let file = site.home("next.toml");
    let mut script = on(&site, "machine-1", "octopus-setup", "");
    let output = script.args(["script", "--format", "answers", "--out"]).arg(&file).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", told(&output));
    std::fs::rename(site.home(HOME), site.home("node-on-the-first-machine")).unwrap();
    let mut join = on(&site, "machine-2", "octopus-setup", &key);
    join.args([
        "join",
        "--yes",
        "--accept",
        "sql-latency",
        "--accept",
        "home-node",
        "--accept",
        "storage-folders",
        // Both nodes are on this host, with one address.
        "--accept",
        "cluster-nodes",
        "--node-name",
        "web02",
        "--answers",
    ])
    .arg(&file);
    let output = join.output().unwrap();
    let text = std::fs::read_to_string(&file).unwrap();
    assert_eq!(output.status.code(), Some(0), "{text}\n{}", told(&output));
    assert!(site.home(HOME).join("octopus-node.toml").exists());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_saved_answers_of_a_walk_through_the_screens_join_the_same_node() {
    let site = Site::start().await;
    let (_, key) = first_node(&site);
    let file = site.home("saved.toml");
    let mut engine = site.wizard("node-2", Some(Flow::Join));
    type_in(&mut engine, FieldId::MasterKey, &key);
    to(&mut engine, ScreenId::Review).await;
    let path = file.display().to_string();
    engine.handle(Event::Edit(FieldId::AnswersFile, Raw::of(FieldId::AnswersFile, path)));
    engine.handle(Event::Press(Action::SaveAnswers));
    engine.run_until_idle().await;
    drop(engine);
    let mut join = on(&site, "machine-2", "octopus-setup", &key);
    let output = join
        .args(["join", "--yes", "--accept", "sql-latency", "--accept", "home-node", "--answers"])
        .arg(&file)
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", told(&output));
    assert!(site.home("node-2").join("octopus-node.toml").exists());
}
