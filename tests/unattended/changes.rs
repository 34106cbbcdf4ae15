//! What changes a node that is there, with nobody there to ask: `edit`, `leave`, `remove` and `undo`.

use std::io::Read;
use std::process::Output;

use crate::program::*;
use crate::scene::*;
use crate::support::sql;

/// A command on the machine of this node.
fn command<'a>(site: &'a Site, node: &'a str, words: &[&str]) -> Program<'a> {
    let words = words.iter().map(|word| (*word).to_owned()).collect();
    Program { site, machine: node, words, environment: Vec::new() }
}

fn run(site: &Site, node: &str, words: &[&str]) -> Output {
    command(site, node, words).run()
}

fn says(output: &Output, status: i32, text: &str) {
    ends(output, status);
    assert!(told(output).contains(text), "{text}\n{}", told(output));
}

/// Every line of standard output is JSON, and the last one is the end with this status.
fn ends_in_json(output: &Output, status: i32) -> Value {
    ends(output, status);
    let lines = parsed(&String::from_utf8(output.stdout.clone()).unwrap());
    let end = end(&lines).clone();
    assert_eq!(end["exit"], status, "{end}");
    end
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn settings_are_changed_and_are_changed_once() {
    let site = Site::start().await;
    cluster(&site);
    let edit = ["edit", "--instance", "node-1", "--task-cap", "7", "--accept", "sql-latency"];
    let dry = run(&site, "node-1", &[&edit[..], &["--dry-run"]].concat());
    says(&dry, 0, "Dry run: nothing was written");
    assert!(!config(&site, "node-1").contains("task_cap = 7"));
    let edited = run(&site, "node-1", &[&edit[..], &["--yes"]].concat());
    ends(&edited, 0);
    assert!(config(&site, "node-1").contains("task_cap = 7"), "{}", config(&site, "node-1"));
    says(&run(&site, "node-1", &[&edit[..], &["--yes"]].concat()), 0, "Already done");
    let end = ends_in_json(&run(&site, "node-1", &["edit", "--task-cap", "7", "--yes", "--output", "json"]), 0);
    assert!(end["already"] == true && end["flow"] == "edit", "{end}");
    says(&run(&site, "node-1", &["edit", "--task-cap", "many", "--yes"]), 3, "task-cap: ");
    says(
        &run(&site, "node-1", &["edit", "--instance", "other", "--task-cap", "7", "--yes"]),
        4,
        "There is no instance other on this machine",
    );
    says(&run(&site, "node-1", &["edit", "--task-cap", "7"]), 2, "edit goes with --yes or --dry-run");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_leaves_and_has_left() {
    let site = Site::start().await;
    let key = cluster(&site);
    ends(&Program::with_flags(&site, Flow::Join, "node-2", &key).run(), 0);
    let leave = ["leave", "--instance", "node-2"];
    says(&run(&site, "node-2", &[&leave[..], &["--dry-run"]].concat()), 0, "Dry run");
    assert!(site.home("node-2").join("octopus-node.toml").exists());
    says(&run(&site, "node-2", &[&leave[..], &["--yes"]].concat()), 0, "is out of cluster");
    assert!(!site.home("node-2").join("octopus-node.toml").exists());
    let end = ends_in_json(&run(&site, "node-2", &[&leave[..], &["--yes", "--output", "json"]].concat()), 0);
    assert!(end["already"] == true && end["says"][0].as_str().unwrap().contains("node-2"), "{end}");
    // The last one has to say that it means it.
    says(&run(&site, "node-1", &["leave", "--yes"]), 4, "--accept cluster-node");
    says(&run(&site, "node-1", &["leave", "--yes", "--accept", "cluster-node"]), 0, "is out of cluster");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_faces_that_ask_say_that_it_is_done_too() {
    let site = Site::start().await;
    let key = cluster(&site);
    let mut join = Program::with_flags(&site, Flow::Join, "node-2", &key);
    ends(&join.run(), 0);
    join.words.retain(|word| word != "--yes" && !word.starts_with("--accept") && word != "sql-latency");
    says(&join.run(), 0, "Already done. The node is set up as these answers ask for.");
    says(
        &Program { words: join.words.clone(), environment: join.environment.clone(), ..join }.and(&["--plain"]).run(),
        0,
        "Already done.",
    );
    // Other answers are asked about, and so is who gives none.
    let mut other = Program::with_flags(&site, Flow::Join, "node-2", &key).and(&["--plain", "--task-cap=9"]);
    other.words.retain(|word| word != "--yes" && !word.starts_with("--accept") && word != "sql-latency");
    let output = other.run();
    assert!(!told(&output).contains("Already done"), "{}", told(&output));
    assert!(told(&output).contains("Instance (instance) [node-2]"), "{}", told(&output));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_mistyped_instance_is_never_done() {
    let site = Site::start().await;
    cluster(&site);
    let told = "There is no instance nodee-1 on this machine";
    for words in [&["edit", "--task-cap", "7"][..], &["leave"], &["remove", "--node", "node-2"], &["undo"]] {
        for more in [&["--yes"][..], &["--dry-run"]] {
            let output = run(&site, "node-1", &[words, &["--instance", "nodee-1"], more].concat());
            says(&output, 4, told);
            says(&output, 4, "here are: node-1");
        }
        let end =
            ends_in_json(&run(&site, "node-1", &[words, &["--instance", "nodee-1", "--yes", "--output", "json"]].concat()), 4);
        assert!(end["already"] != true, "{words:?}: {end}");
    }
    says(&run(&site, "an-empty-machine", &["leave", "--yes"]), 4, "nor any other on this machine");
    says(&run(&site, "an-empty-machine", &["undo", "--instance", "x", "--yes"]), 4, "nor any other");
    // What is there and has nothing to undo, and what was there, are no mistakes.
    says(&run(&site, "node-1", &["undo", "--instance", "NODE-1", "--yes"]), 0, "Already done");
    says(&run(&site, "node-1", &["leave", "--yes", "--accept", "cluster-node"]), 0, "is out of cluster");
    for words in
        [&["leave", "--yes"][..], &["leave", "--instance", "node-1", "--yes"], &["undo", "--instance", "node-1", "--yes"]]
    {
        says(&run(&site, "node-1", words), 0, "Already done");
    }
    says(&run(&site, "node-1", &["leave", "--instance", "nodee-1", "--yes"]), 4, "There is no instance nodee-1");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dead_node_is_removed_and_a_living_one_is_not() {
    let site = Site::start().await;
    let key = cluster(&site);
    ends(&Program::with_flags(&site, Flow::Join, "node-2", &key).run(), 0);
    let remove = |node: &str| run(&site, "node-1", &["remove", "--node", node, "--yes"]);
    says(&remove("node-2"), 4, "is not dead");
    says(&remove("node-1"), 4, "own node");
    let mut session = sql::session(&site.server, "OctopusDeploy").await;
    sql::ask(&mut session, "UPDATE octopus_setup.node SET last_seen = DATEADD(day, -2, SYSUTCDATETIME()) WHERE name = N'node-2'")
        .await;
    drop(session);
    says(&remove("nodee-2"), 4, "The registry has no node nodee-2");
    says(&remove("nodee-2"), 4, "There are: node-1 and node-2.");
    says(&remove("NODE-2"), 0, "node-2 is out of the registry");
    says(&remove("node-2"), 0, "Already done");
    says(&remove("nodee-2"), 4, "The registry has no node nodee-2");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_whose_leaving_was_killed_leaves_by_the_same_command() {
    for step in ["  2/3 begun", "  3/3 begun", "  3/3 done"] {
        let site = Site::with(|options| options.faults.round_trip = std::time::Duration::from_millis(20)).await;
        let key = cluster(&site);
        ends(&Program::with_flags(&site, Flow::Join, "node-2", &key).run(), 0);
        let leave = command(&site, "node-2", &["leave", "--instance", "node-2", "--yes"]);
        kill_at(&leave, step);
        ends(&leave.run(), 0);
        says(&leave.run(), 0, "Already done");
        assert!(!site.home("node-2").join("octopus-node.toml").exists() && leave.journals() == 0, "{step}");
    }
}

/// A first node whose program is killed in the middle of its install.
fn killed<'a>(site: &'a Site, step: &str) -> Program<'a> {
    let program = Program::with_flags(site, Flow::FirstNode, "node-1", "");
    kill_at(&program, step);
    program
}

/// Kills the program as soon as it tells this.
fn kill_at(program: &Program<'_>, step: &str) {
    let mut child = program.begin();
    let mut said = String::new();
    let mut out = child.stdout.take().unwrap();
    let mut byte = [0];
    while !said.contains(step) {
        assert_eq!(out.read(&mut byte).unwrap(), 1, "{said}");
        said.push(char::from(byte[0]));
    }
    child.kill().unwrap();
    child.wait().unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_unfinished_run_is_undone_without_a_screen() {
    let site = Site::with(|options| options.faults.round_trip = std::time::Duration::from_millis(60)).await;
    let begun = killed(&site, "  4/6 begun");
    let undo = |more: &[&str]| {
        let mut program = command(&site, "node-1", &[&["undo", "--instance", "node-1"], more].concat());
        program.environment.clone_from(&begun.environment);
        program.run()
    };
    says(&undo(&[]), 2, "--yes");
    let listed = undo(&["--dry-run"]);
    says(&listed, 0, "seal-master-key");
    assert!(site.home("node-1").exists() && begun.journals() > 0);
    // The database asks for its password, and the journal has none.
    says(&run(&site, "node-1", &["undo", "--yes"]), 3, "password: ");
    assert!(site.home("node-1").exists());
    let end = ends_in_json(&undo(&["--yes", "--output", "json"]), 0);
    assert_eq!(end["status"], "done", "{end}");
    assert!(!site.home("node-1").exists() && begun.journals() == 0);
    says(&undo(&["--yes"]), 0, "There is no unfinished run of instance node-1");
    ends(&begun.run(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_run_has_sealed_is_not_asked_for() {
    for flow in [Flow::FirstNode, Flow::Join] {
        let site = Site::with(|options| options.faults.round_trip = std::time::Duration::from_millis(60)).await;
        let (node, key) = if flow == Flow::Join { ("node-2", cluster(&site)) } else { ("node-1", String::new()) };
        let mut program = Program::with_flags(&site, flow, node, &key);
        kill_at(&program, "begun    Connect once more");
        program.environment.clear();
        program.words.retain(|word| !word.starts_with("--password-from") && !word.starts_with("--master-key-from"));
        ends(&program.run(), 0);
        assert_eq!(program.journals(), 0);
    }
    let site = Site::with(|options| options.faults.round_trip = std::time::Duration::from_millis(60)).await;
    killed(&site, "begun    Connect once more");
    says(&run(&site, "node-1", &["undo", "--yes"]), 0, "Everything that this run made is undone.");
    // The instance's name may come from anywhere.
    for way in ["file", "variable", "value's file"] {
        let site = Site::with(|options| options.faults.round_trip = std::time::Duration::from_millis(60)).await;
        let mut program = killed(&site, "begun    Connect once more");
        program.environment.clear();
        program.words.retain(|word| !word.starts_with("--password-from") && !word.starts_with("--instance="));
        let answers = site.home("answers.toml");
        match way {
            "file" => std::fs::write(&answers, "instance = \"node-1\"\n").unwrap(),
            "variable" => std::fs::write(&answers, "instance = { env = \"THE_INSTANCE\" }\n").unwrap(),
            _ => {
                std::fs::write(site.home("name"), "node-1\n").unwrap();
                std::fs::write(&answers, "instance = { file = \"name\" }\n").unwrap();
            }
        }
        program.environment.push(("THE_INSTANCE".to_owned(), "node-1".to_owned()));
        let output = program.and(&["--answers", &answers.display().to_string()]).run();
        ends(&output, 0);
    }
}
