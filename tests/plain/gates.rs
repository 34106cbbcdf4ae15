//! Gates: what is refused and mended, warned and accepted, and a certificate that nobody knows.

use std::time::Duration;

use octopus_setup::faces::exit::Exit;
use octopus_setup::faces::plain::{self, PlainOptions, ScriptedLines};
use octopus_setup::model::check::CheckId;
use octopus_setup::model::field::FieldId;
use octopus_setup::model::screen::ScreenId;

use crate::scene::*;

const WRONG: &str = "Canary-Wrong-5Rt60Bn1";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wrong_password_is_told_and_mended() {
    let scene = Scene::new().await;
    let mut lines = scene.to_the_password("first-node", "node-1");
    lines.push(WRONG.to_owned());
    lines.extend(scene.trust("first-node"));
    lines.extend(["nonsense", "", "password", PASSWORD].map(str::to_owned));
    let session = hear(scene.wizard("m", None), lines).await;
    session.assert_says(&[
        "stop: Login (sql-login):",
        "Fix this first.",
        "stop: sql-login:",
        "What to do:",
        "1 change: Change the answers.",
        "2 again: Check again.",
        "3 back:",
        "4 end:",
        "Type a number from 1 to 4",
        "Password (password) [kept]:",
        "ok: Login (sql-login):",
        "Shared storage",
    ]);
    session.assert_silent(WRONG);
    session.assert_silent(PASSWORD);
    assert_eq!(session.engine.state().place.here, ScreenId::Storage);
    assert_eq!(scene.site.server.logins(), 2, "each password once");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wrong_password_is_tried_once_by_a_join() {
    let scene = Scene::new().await;
    scene.cluster().await;
    let before = scene.site.server.logins();
    let mut lines = scene.to_the_password("join", "node-2");
    lines.push(WRONG.to_owned());
    lines.extend(scene.trust("join"));
    lines.extend(["end", "yes"].map(str::to_owned));
    let session = hear(scene.wizard("m", None), lines).await;
    assert_eq!((session.left, scene.site.server.logins() - before), (0, 1), "{}", session.said);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn warnings_are_refused_and_then_accepted() {
    let scene = Scene::new().await;
    let mut lines = scene.to_the_password("first-node", "node-1");
    lines.push(PASSWORD.to_owned());
    // Trust nothing, create the database, no multi-subnet.
    lines.extend(["yes", "", "none", "", ""].map(str::to_owned));
    lines.extend(["", "perhaps", "no", "again", "yes"].map(str::to_owned));
    let session = hear(scene.wizard("m", None), lines).await;
    session.assert_says(&[
        "warning: Certificate (sql-tls):",
        "There are warnings.",
        "warning: sql-tls:",
        "Accept sql-tls and go on? (yes or no):",
        "Type yes or no.",
        "1 change:",
        "warning: Certificate (sql-tls):",
        "Accept sql-tls and go on? (yes or no):",
        "Shared storage",
    ]);
    assert_eq!(session.engine.state().accepted(), [CheckId::SqlTls]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_certificate_that_nobody_knows_is_shown_and_trusted_by_itself() {
    let scene = Scene::new().await;
    let mut lines = scene.to_the_password("first-node", "node-1");
    lines.push(PASSWORD.to_owned());
    lines.extend(["yes", "", "system", "", "", "no", "2", "yes"].map(str::to_owned));
    let session = hear(scene.wizard("m", None), lines).await;
    session.assert_says(&[
        "stop: Certificate (sql-tls):",
        "The server's certificate was refused.",
        "Subject: ",
        "Issuer: ",
        "Valid: ",
        "SHA-256: ",
        "Trust just this certificate? (yes or no):",
        "1 change:",
        "Trust just this certificate? (yes or no):",
        "From now on only this certificate is trusted.",
        "ok: Login (sql-login):",
        "Shared storage",
    ]);
    assert_eq!(session.engine.state().answers.text(FieldId::Trust), "fingerprint");
    assert_eq!(session.engine.state().answers.text(FieldId::Fingerprint).len(), 64);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn from_the_gate_one_may_go_back_or_end() {
    let scene = Scene::new().await;
    let mut lines = scene.to_the_password("first-node", "node-1");
    lines.push(WRONG.to_owned());
    lines.extend(scene.trust("first-node"));
    lines.extend(["back", "quit", "yes"].map(str::to_owned));
    let session = hear(scene.wizard("m", None), lines).await;
    assert_eq!((session.ended.exit, session.left), (Exit::Left, 0), "{}", session.said);
    session.assert_says(&["Fix this first.", "Runs as (service-account) [local-system]:", "End the program?"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wrong_master_key_stops_a_join() {
    let scene = Scene::new().await;
    let key = scene.cluster().await;
    let mut lines = scene.to_the_password("join", "node-2");
    lines.push(PASSWORD.to_owned());
    lines.extend(scene.trust("join"));
    let wrong = "QUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUE=";
    lines.extend(["abc", wrong, "web02", "", "master-key", &key].map(str::to_owned));
    let session = hear(scene.wizard("m", None), lines).await;
    session.assert_says(&[
        "The cluster has 1 node.",
        "Node node-1: alive",
        "truncated",
        "stop: Master key (cluster-key):",
        "Fix this first.",
        "ok: Master key (cluster-key):",
        "Shared storage",
    ]);
    session.assert_silent(&key);
    session.assert_silent(wrong);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_takes_long_is_said_to_be_still_there() {
    let scene = Scene::with_round_trip(Duration::from_millis(80)).await;
    let mut lines = scene.to_the_password("first-node", "node-1");
    lines.push(PASSWORD.to_owned());
    lines.extend(scene.trust("first-node"));
    let mut out = Vec::new();
    let options = PlainOptions { still: Duration::from_millis(20), ..PlainOptions::default() };
    let mut engine = scene.wizard("m", None);
    plain::run(&mut engine, &mut ScriptedLines::new(lines), &mut out, options).await.unwrap();
    let said = String::from_utf8(out).unwrap();
    assert!(said.contains("\nStill checking ") && said.contains("Content, 0 s.\n"), "{said}");
    assert_eq!(said.matches("ok: Login (sql-login):").count(), 1, "{said}");
}
