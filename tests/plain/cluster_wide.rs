//! What concerns the whole cluster, and the hand-over to Octopus Server.

use octopus_setup::faces::exit::Exit;

use crate::scene::*;
use crate::shared::stand_in::StandIn;

/// The administrator's password, which must never be said.
const ADMIN_PASSWORD: &str = "Canary-Boss-5Kd83";
/// A licence as it is pasted, and what of it must never be said.
const LICENCE: [&str; 6] = [
    "<License Signature=\"Q2FuYXJ5LUxpY2VuY2U=\">",
    "  <LicensedTo>Acme</LicensedTo>",
    "  <LicenseKey>77777-12345-54321</LicenseKey>",
    "  <NodeLimit>3</NodeLimit>",
    "  <MaintenanceExpires>2099-12-31</MaintenanceExpires>",
    "</License>",
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_licence_is_pasted_over_several_lines_and_a_command_that_fails_is_told_in_its_own_words() {
    let scene = Scene::new().await;
    let standin = StandIn::new();
    standin.fault("database", "fail 3");
    let root = scene.site.home("shared").display().to_string();
    let program = standin.program().display().to_string();
    let administrator = ["admin", "admin@corp.example", ADMIN_PASSWORD, ADMIN_PASSWORD];
    // The folders are on a local disk, which is warned of.
    let storage = ["1", root.as_str(), "yes"];
    let hand_over = ["always", program.as_str(), ""];
    let cluster_wide = [&administrator[..], &LICENCE, &[""]].concat();
    let mut lines = scene.first_node_with(&storage, &cluster_wide, &hand_over);
    lines.extend(["install", "output", "retry", "output", "leave"].map(str::to_owned));
    let session = hear(scene.wizard("machine-1", None), lines).await;
    assert_eq!((session.ended.exit, session.left), (Exit::Unfinished, 0), "{}", session.said);
    session.assert_says(&[
        "More lines are read, until </License>",
        "Acme",
        "storage-disk",
        "stop: ",
        "Show what Octopus Server printed.",
    ]);
    for secret in [PASSWORD, ADMIN_PASSWORD, "Q2FuYXJ5LUxpY2VuY2U", "77777-12345", &master_key(&session.engine)] {
        session.assert_silent(secret);
    }
    let folder = standin.folder().display().to_string();
    insta::assert_snapshot!("hand_over", scene.masked(&session).replace(&folder, "<standin>"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_licence_that_breaks_off_is_ended_by_a_point_and_asked_for_again() {
    let scene = Scene::new().await;
    // It is no licence, and so what was typed is changed: by the number of the way out, and with a whole one.
    let mut lines = scene.first_node_with(&["none"], &["", LICENCE[0], LICENCE[1], ".", ""], &["script", ""]);
    lines.extend(["end".to_owned(), "yes".to_owned()]);
    let session = hear(scene.wizard("machine-1", None), lines).await;
    assert_eq!((session.ended.exit, session.left), (Exit::Left, 0), "{}", session.said);
    session.assert_says(&["More lines are read", "stop: Licence (licence)", "it breaks off before its end", "Fix this first."]);
    assert!(!scene.site.home("node-1").exists());
}
