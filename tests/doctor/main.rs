//! `octopus-setup check`, by the binary itself: for each line of the source documents' troubleshooting a node in that state is
//! recognised, and what mends it is named.
#![cfg(feature = "practice")]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

#[path = "../support/mod.rs"]
mod shared;

use std::process::{Command, Output};

use octopus_setup::engine::Engine;
use octopus_setup::model::field::FieldId;
use octopus_setup::model::flow::Flow;
use octopus_setup::model::node_config::NodeConfig;
use octopus_setup::model::screen::ScreenId;
use octopus_setup::wizard::event::Event;
use octopus_setup::world::World;
use octopus_setup::world::clipboard::Surroundings;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use shared::walk::{Site, last_six, to, type_in};
use shared::{octopus, sql};

const NODE: &str = "node-1";

/// A server with a cluster of one node.
async fn site() -> Site {
    of(Site::start().await, &[]).await
}

/// The same on this server, with these answers.
async fn of(site: Site, typed: &[(FieldId, &str)]) -> Site {
    let world = World::new(site.places(), Surroundings::default());
    let mut first = Engine::new(world, site.answers_with(NODE, typed), Some(Flow::FirstNode));
    to(&mut first, ScreenId::MasterKey).await;
    let proof = last_six(&first);
    type_in(&mut first, FieldId::KeyProof, &proof);
    first.handle(Event::Next);
    first.run_until_idle().await;
    assert_eq!(first.state().place.here, ScreenId::Done);
    site
}

fn config(site: &Site) -> NodeConfig {
    toml::from_str(&std::fs::read_to_string(site.home(NODE).join(NodeConfig::FILE)).unwrap()).unwrap()
}

fn check(site: &Site, arguments: &[&str]) -> (Option<i32>, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_octopus-setup"));
    command.arg("check").args(arguments).env("OCTOPUS_SETUP_STATE_DIR", site.home("state"));
    let Output { status, stdout, .. } = command.output().unwrap();
    (status.code(), String::from_utf8(stdout).unwrap())
}

/// The finding of this check whose words have this in them, with the lines below it.
fn named(said: &str, check: &str, part: &str) -> String {
    let mut paragraphs = said.split("\n\n");
    let found = paragraphs.find(|text| text.contains(check) && text.contains(part));
    found.unwrap_or_else(|| panic!("{check} does not name {part:?}:\n{said}")).to_owned()
}

fn log(site: &Site, lines: &[&str]) {
    let logs = config(site).node.home.join("Logs");
    std::fs::create_dir_all(&logs).unwrap();
    let text = lines.iter().map(|line| format!("2026-11-21 10:00:01.0000   4120      7  FATAL  {line}\n"));
    std::fs::write(logs.join("OctopusServer.txt"), text.collect::<String>()).unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_line_of_the_log_that_the_documents_tell_of_is_recognised_and_mended() {
    let site = site().await;
    for (line, part, fix) in [
        (r"Could not find a part of the path 'Z:\Octopus\TaskLogs'", "not there for the service account", "UNC"),
        (r"Access to the path 'Z:\Octopus\TaskLogs' is denied", "may not use a folder", "full control"),
        ("Padding is invalid and cannot be removed.", "another master key", "set-master-key"),
        ("your license limits have been exceeded, and you will no longer be able to create", "licence allows", "dead nodes"),
        ("Login failed for user 'octopus'.", "refused the login", "password"),
        ("error occurred while establishing a connection to SQL Server.", "could not be reached", "restart the service"),
        ("An Access Denied error was received trying to start the HttpListener.", "may not listen", "Reserve"),
        ("Failed to bind to address http://[::]:80: address already in use.", "Another program listens", "ss -ltnp"),
    ] {
        log(&site, &[line]);
        let (status, said) = check(&site, &["--instance", NODE]);
        assert!(matches!(status, Some(1 | 2)), "{status:?} {said}");
        let finding = named(&said, "octopus-log", part);
        assert!(finding.contains(line.trim_end_matches('.')) && finding.contains(fix), "{finding}");
        assert!(said.contains("Something is wrong with this node"), "{said}");
        assert!(!said.contains(site.password()), "a secret is in it");
    }
    let started = ["Login failed for user 'octopus'.", "==== RunCommand ====", "Listening"];
    log(&site, &started);
    let (_, said) = check(&site, &["--instance", NODE]);
    assert!(!said.contains("Login failed"), "what was before the last start is over:\n{said}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_newest_errors_that_nobody_knows_are_quoted_by_check_and_by_review() {
    let site = site().await;
    let logs = config(&site).node.home.join("Logs");
    std::fs::create_dir_all(&logs).unwrap();
    let at = "2026-11-21 10:00:01.0000   4120      7";
    let text = format!(
        "{at}  ERROR  Before the start 0814.\n{at}  INFO  ==== RunCommand ====\n{at}  FATAL  Exception appending to log with correlationId \
         Scheduled 0815\n{at}  INFO  Listening\n{at}  ERROR  Older 0816.\n{at}  ERROR  Kaputt 0817.\n   at Octopus.X()\n{at}  INFO  Goes on\n"
    );
    std::fs::write(logs.join("OctopusServer.txt"), text).unwrap();
    for words in [&["check"][..], &["review", "--check"]] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_octopus-setup"));
        command.args(words).args(["--instance", NODE]).env("OCTOPUS_SETUP_STATE_DIR", site.home("state"));
        let said = String::from_utf8(command.output().unwrap().stdout).unwrap();
        // A server logs FATAL and runs on (OctopusDeploy/Issues#6522): nothing says that it has ended.
        assert!(said.contains("Scheduled 0815") && !said.contains("has ended"), "{words:?}: {said}");
        assert!(said.contains("Kaputt 0817"), "{words:?}: {said}");
        assert!(!said.contains("0816") && !said.contains("0814"), "{words:?}: {said}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_that_drains_dead_nodes_and_mixed_versions_are_named_and_the_json_says_the_same() {
    let site = site().await;
    let config = config(&site);
    let prefixes = octopus_setup::model::web::ListenPrefix::parse_all(&config.web.listen_prefixes.join(",")).unwrap();
    let server = tokio::net::TcpListener::bind(("127.0.0.1", prefixes[0].port)).await.unwrap();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = server.accept().await {
            let _ = stream.read(&mut [0; 4_096]).await;
            let _ = stream.write_all(b"HTTP/1.1 418 I'm a teapot\r\nContent-Length: 0\r\n\r\n").await;
        }
    });
    let mut session = sql::session(&site.server, &config.database.name).await;
    sql::ask(&mut session, octopus::TABLES).await;
    for (node, age, version) in
        [("node-1", 2, "2026.4.1"), ("node-2", 2, "2026.3.9"), ("node-3", 864_000, "2026.4.1"), ("node-4", 2, "2026.4.1")]
    {
        sql::ask(&mut session, &format!(
            "INSERT INTO dbo.OctopusServerNode (Id, Name, LastSeen) VALUES (N'OctopusServerNodes-{node}', N'{node}', DATEADD(second, -{age}, SYSDATETIMEOFFSET()))"
        )).await;
        sql::ask(&mut session, &format!(
            "INSERT INTO dbo.OctopusServerInstallationHistory (Id, Node, Version, Installed) VALUES (N'{node}', N'{node}', N'{version}', SYSDATETIMEOFFSET())"
        )).await;
    }
    let (_, said) = check(&site, &["--instance", NODE]);
    named(&said, "octopus-ping", "draining");
    named(&said, "cluster-nodes", "node-3");
    named(&said, "cluster-version", "2026.3.9");

    let (status, said) = check(&site, &["--instance", NODE, "--output", "json"]);
    let report: serde_json::Value = serde_json::from_str(&said).unwrap();
    assert_eq!(report["exit"].as_i64(), status.map(i64::from));
    let ping = report["checks"].as_array().unwrap().iter().find(|check| check["id"] == "octopus-ping").unwrap();
    assert_eq!(ping["verdict"], "note");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_looked_at_and_a_wrong_command_line_have_statuses_of_their_own() {
    let site = Site::start().await;
    assert_eq!(check(&site, &["--instance", "nobody"]).0, Some(3));
    assert_eq!(check(&site, &["--outputs"]).0, Some(64));
}

/// A row in Octopus' own tables, of a node whose heart beat so many seconds ago.
async fn beats(session: &mut sql::Session, node: &str, age: u32) {
    let batch = "INSERT INTO dbo.OctopusServerNode (Id, Name, LastSeen) VALUES";
    let row = format!("(N'OctopusServerNodes-{node}', N'{node}', DATEADD(second, -{age}, SYSDATETIMEOFFSET()))");
    sql::ask(session, &format!("{batch} {row}")).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_licence_that_is_exceeded_nothing_shared_and_a_silent_node_are_named_with_their_remedies() {
    let site = site().await;
    let mut session = sql::session(&site.server, &config(&site).database.name).await;
    sql::ask(&mut session, octopus::TABLES).await;
    // Beside the one that these tables come with.
    for node in [NODE, "node-2"] {
        beats(&mut session, node, 2).await;
    }
    sql::ask(&mut session, "UPDATE octopus_setup.cluster SET licence_node_limit = 1").await;
    let (status, said) = check(&site, &["--instance", NODE]);
    assert_eq!(status, Some(1), "{said}");
    let licence = named(&said, "cluster-licence", "only allows 1 active nodes. You currently have 3 active nodes.");
    assert!(licence.contains("NodeLimit"), "{licence}");
    // Empty task logs, and missing artifacts and packages, have this cause.
    let storage = named(&said, "storage-folders", "task logs, artifacts and packages");
    assert!(storage.contains("octopus-setup migrate --to"), "{storage}");
    let ping = named(&said, "octopus-ping", "heart beats");
    assert!(ping.contains("connection refused"), "{ping}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn clocks_that_differ_are_named() {
    let site = of(Site::with(|options| options.personality.clock_ahead = 1_000).await, &[]).await;
    let (status, said) = check(&site, &["--instance", NODE]);
    assert_eq!(status, Some(1), "{said}");
    let clock = named(&said, "sql-clock", "ahead of this machine");
    assert!(clock.contains("NTP") && clock.contains("count as dead"), "{clock}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn shared_folders_that_are_empty_in_a_cluster_that_has_worked_are_named() {
    let shared = tempfile::tempdir().unwrap();
    let root = shared.path().display().to_string();
    let site = of(Site::start().await, &[(FieldId::Storage, "root"), (FieldId::StorageRoot, &root)]).await;
    let mut session = sql::session(&site.server, &config(&site).database.name).await;
    sql::ask(&mut session, octopus::TABLES).await;
    beats(&mut session, NODE, 2).await;
    let (_, said) = check(&site, &["--instance", NODE]);
    named(&said, "storage-content", "no task has run yet");
    sql::ask(
        &mut session,
        "IF OBJECT_ID(N'dbo.ServerTask', N'U') IS NULL CREATE TABLE dbo.ServerTask (Id nvarchar(50) NOT NULL PRIMARY KEY)",
    )
    .await;
    sql::ask(&mut session, "INSERT INTO dbo.ServerTask (Id) VALUES (N'ServerTasks-1')").await;
    let (status, said) = check(&site, &["--instance", NODE]);
    assert_eq!(status, Some(1), "{said}");
    let empty = named(&said, "storage-content", "TaskLogs");
    assert!(empty.contains("Octopus has run tasks") && empty.contains(&format!("migrate --to '{root}'")), "{empty}");
    // Before and from 2025.2.10530 on.
    for log in ["servertasks-1_abcdefghij.txt", "servertasks-1_abcdefghij/klmnopqrst.tl.txt"] {
        let path = shared.path().join("TaskLogs").join(log);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, "log").unwrap();
        let (_, said) = check(&site, &["--instance", NODE]);
        assert!(!said.contains("are somewhere else"), "{log}: {said}");
        let logs = shared.path().join("TaskLogs");
        if path.parent() == Some(&logs) { std::fs::remove_file(&path) } else { std::fs::remove_dir_all(path.parent().unwrap()) }
            .unwrap();
    }
}
