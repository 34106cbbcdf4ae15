//! What the build be1584d wrote is read: its node config, its journal, its registry and its answer files.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use octopus_setup::engine::Engine;
use octopus_setup::model::facts::{Fact, SealTrouble, Trouble};
use octopus_setup::model::field::FieldId;
use octopus_setup::model::node::{Maker, Subject};
use octopus_setup::model::screen::ScreenId;
use octopus_setup::wizard::event::{Event, StartChoice};
use octopus_setup::wizard::run::Phase;
use octopus_setup::world::World;
use octopus_setup::world::clipboard::Surroundings;
use octopus_setup::world::places::Places;
use practice_server::{PracticeServer, RunningServer, ServerOptions};
use secrecy::ExposeSecret;

use crate::scene::*;
use crate::shared::sql;

/// The folder and the port that the fixtures were made with.
const FOLDER: &str = "/tmp/fx";
const PORT: &str = "41433";

/// That build's machine, with its server.
struct Older {
    folder: tempfile::TempDir,
    server: RunningServer,
}

impl Older {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let port = free_port();
        let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/be1584d");
        lay(&fixtures, folder.path(), &|text| {
            text.replace(FOLDER, folder.path().to_str().unwrap()).replace(PORT, &port.to_string())
        });
        let options = ServerOptions { port, ..ServerOptions::new(folder.path().join("server")) };
        let server = PracticeServer::start(options).await.unwrap();
        let older = Self { folder, server };
        let path = older.folder.path().display();
        older.ask(&format!("UPDATE octopus_setup.shared_storage SET path = REPLACE(path, N'{FOLDER}', N'{path}')")).await;
        older
    }

    async fn ask(&self, batch: &str) -> Vec<String> {
        let mut session = sql::session(&self.server, DATABASE).await;
        sql::ask(&mut session, batch).await
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn wizard(&self) -> Engine {
        let places = Places::under(self.path("state"));
        Engine::new(
            World::new(places, Surroundings::default()),
            octopus_setup::model::answers::Answers::new(octopus_setup::world::host::platform()),
            None,
        )
    }

    async fn review(&self) -> Engine {
        let mut engine = self.wizard();
        engine.run_until_idle().await;
        let subject = Subject { instance: "First".into(), config: self.path("web01/octopus-node.toml"), maker: Maker::Wizard };
        assert!(
            engine.state().start_choices().contains(&StartChoice::Review(subject.clone())),
            "{:?}",
            engine.state().start_choices()
        );
        engine.handle(Event::Begin(StartChoice::Review(subject)));
        engine.run_until_idle().await;
        engine
    }

    fn program(&self, words: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_octopus-setup"));
        command.args(words).current_dir(self.folder.path()).env("OCTOPUS_SETUP_STATE_DIR", self.path("state"));
        command.env("OCTOPUS_SETUP_PASSWORD", self.server.password().expose_secret());
        command.env("OCTOPUS_SETUP_MASTER_KEY", fs::read_to_string(self.path("master-key.txt")).unwrap().trim());
        command.output().unwrap()
    }
}

/// Copies the fixtures, private as they were written, with other places in their texts.
fn lay(from: &Path, to: &Path, places: &dyn Fn(String) -> String) {
    fs::create_dir_all(to).unwrap();
    fs::set_permissions(to, fs::Permissions::from_mode(0o700)).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let (path, name) = entry.map(|entry| (entry.path(), entry.file_name())).unwrap();
        let to = to.join(name);
        if path.is_dir() {
            lay(&path, &to, places);
            continue;
        }
        let bytes = fs::read(&path).unwrap();
        let is_text = path.extension().is_some_and(|extension| extension == "toml");
        fs::write(&to, if is_text { places(String::from_utf8(bytes).unwrap()).into_bytes() } else { bytes }).unwrap();
        fs::set_permissions(&to, fs::Permissions::from_mode(0o600)).unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn its_node_config_is_read_and_its_seals_open() {
    let older = Older::new().await;
    let engine = older.review().await;
    let node = &engine.state().facts.node;
    let config = node.config.seen().unwrap_or_else(|| panic!("{:?}", node.config));
    assert_eq!((config.instance.as_str(), config.node.name.as_str(), config.comms.port), ("First", "web01", 10_943));
    assert!(node.password.seen().is_some(), "{:?}", node.password);
    assert!(node.key.seen().is_some(), "{:?}", node.key);
    assert!(engine.state().facts.server.login.seen().is_some(), "{:?}", engine.state().facts.server.login);
    let key = fs::read_to_string(older.path("master-key.txt")).unwrap();
    let generated = engine.state().custody().generated.as_ref().unwrap();
    assert!(key.contains(generated.key.to_base64().expose_secret()), "the sealed key is the one that was saved");
    drop(engine);

    // Elsewhere it is known to be a copy.
    fs::remove_file(older.path("state/machine.key")).unwrap();
    let engine = older.review().await;
    let node = &engine.state().facts.node;
    assert!(node.config.seen().is_some());
    assert_eq!(node.password, Fact::Missing(Trouble::Seal(SealTrouble::OtherMachine)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn its_unfinished_run_is_offered_and_gone_on_with() {
    let older = Older::new().await;
    let mut engine = older.wizard();
    engine.run_until_idle().await;
    assert_eq!(
        engine.state().start_choices().first(),
        Some(&StartChoice::Resume("Second".into())),
        "{:?}",
        engine.state().start_choices()
    );
    let unfinished = &engine.state().facts.machine.unfinished[0];
    assert_eq!((unfinished.done, unfinished.steps), (4, 7));
    engine.handle(Event::Begin(StartChoice::Resume("Second".into())));
    engine.run_until_idle().await;
    type_in(&mut engine, FieldId::Password, older.server.password().expose_secret());
    to(&mut engine, ScreenId::Done).await;
    engine.run_until_idle().await;
    assert_eq!(engine.state().run().phase, Phase::Finished);
    assert!(older.path("web02/octopus-node.toml").is_file());
    assert_eq!(older.ask("SELECT name FROM octopus_setup.node ORDER BY name").await, ["web01", "web02"]);
    // The run has brought the older program's registry to the format of today.
    assert_eq!(older.ask("SELECT version FROM octopus_setup.version").await, ["2"]);
    let canaries =
        "SELECT DISTINCT n.name FROM octopus_setup.canary c JOIN octopus_setup.node n ON n.name_key = c.node_key ORDER BY n.name";
    assert_eq!(older.ask(canaries).await, ["web01", "web02"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn its_registry_is_surveyed_and_a_node_joins_by_its_answer_files() {
    let older = Older::new().await;
    let json = |output: &Output| -> Vec<serde_json::Value> {
        let text = String::from_utf8(output.stdout.clone()).unwrap();
        text.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {text}"))).collect()
    };
    // The file by hand says nothing of the server; the saved one says everything.
    let server = older.path("server.toml");
    let saved = fs::read_to_string(older.path("answers/saved.toml")).unwrap();
    let of_server = |line: &&str| ["server ", "user ", "trust ", "ca-file ", "password "].iter().any(|key| line.starts_with(key));
    fs::write(&server, saved.lines().filter(of_server).collect::<Vec<_>>().join("\n")).unwrap();
    fs::set_permissions(&server, fs::Permissions::from_mode(0o600)).unwrap();
    fs::copy(older.path("master-key.txt"), older.path("answers/master-key.txt")).unwrap();
    let answers = |files: &[&str], how: &[&str]| {
        let files = files.iter().flat_map(|file| ["--answers", file]);
        let words: Vec<&str> =
            ["join", "--output", "json", "--accept", "sql-latency"].into_iter().chain(files).chain(how.iter().copied()).collect();
        let output = older.program(&words);
        let lines = json(&output);
        let plan = lines.iter().find(|line| line["event"] == "plan").unwrap_or_else(|| panic!("{lines:#?}"));
        let given = plan["answers"].as_array().unwrap().iter();
        given.map(|answer| (answer["field"].to_string(), answer["value"].to_string())).collect::<BTreeMap<_, _>>()
    };
    let by_hand = answers(&["server.toml", "answers/by-hand.toml"], &["--dry-run"]);
    assert_eq!(answers(&["answers/saved.toml"], &["--dry-run"]), by_hand, "they give the same node");
    answers(&["answers/saved.toml"], &["--yes"]);
    assert_eq!(older.ask("SELECT name FROM octopus_setup.node ORDER BY name").await, ["web01", "web02", "web03"]);

    let expected: BTreeMap<String, BTreeMap<String, serde_json::Value>> =
        serde_json::from_str(&fs::read_to_string(older.path("answers/expected.json")).unwrap()).unwrap();
    for (file, expected) in expected {
        let output = older.program(&["answers", "check", "--answers", &format!("answers/{file}.toml"), "--output", "json"]);
        let answers = json(&output)[0]["answers"].as_array().unwrap().clone();
        for (field, value) in expected {
            let answer = answers.iter().find(|answer| answer["field"] == *field).unwrap_or_else(|| panic!("{file}: no {field}"));
            let is_of_a_place = value.as_str().is_some_and(|value| value.contains(FOLDER) || value.contains(PORT));
            assert!(is_of_a_place || answer.get("value").unwrap_or(&serde_json::Value::Null) == &value, "{file}: {answer}");
        }
    }
}
