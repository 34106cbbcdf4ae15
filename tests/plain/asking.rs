//! Help, garbage, going back, escapes, clearing, quitting.

use octopus_setup::faces::exit::Exit;
use octopus_setup::model::field::FieldId;
use octopus_setup::model::flow::Flow;
use octopus_setup::model::screen::ScreenId;

use crate::scene::*;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_question_mark_tells_more_wherever_it_is_typed() {
    let scene = Scene::new().await;
    let session = hear(scene.wizard("m", None), ["?", "first-node", "?", "quit", "yes"]).await;
    assert_eq!(session.ended.exit, Exit::Left);
    session.assert_says(&[
        "Choose 1 to",
        "Continue goes on with a run that stopped in the middle",
        "Instance (instance) [OctopusServer]:",
        "One machine can run several instances",
        "For instance: OctopusServer",
        "Enter alone takes what stands in square brackets.",
        "a backslash before it",
        "Instance (instance) [OctopusServer]:",
        "End the program? Nothing has been written.",
    ]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn garbage_is_asked_again_and_never_taken_for_the_default() {
    let scene = Scene::new().await;
    let mut lines = vec!["", "0", "9", "getting started", "first-node"];
    let home = scene.site.home("node-1").display().to_string();
    // A name, a relative path, a name with a blank; then a service account that is none.
    lines.extend(["node-1", "relative", &home, "web 01", "web01", "4", "root", "1"]);
    let session = hear(scene.wizard("m", None), lines).await;
    assert_eq!(session.ended.exit, Exit::Left);
    assert_eq!(session.times("Type a number from 1 to 3, or the word behind it."), 4, "{}", session.said);
    session.assert_says(&[
        "Home directory (home):",
        "absolute path",
        "Home directory (home):",
        "Node name (node-name)",
        "Node name (node-name)",
        "Type a number from 1 to 3, or one of local-system, custom, managed.",
        "Type a number from 1 to 3, or one of local-system, custom, managed.",
        "Server (server):",
    ]);
    let answers = &session.engine.state().answers;
    assert_eq!((answers.text(FieldId::NodeName), answers.text(FieldId::Home)), ("web01", home.as_str()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_refused_is_not_what_enter_takes_next() {
    let scene = Scene::new().await;
    let home = scene.site.home("node-1").display().to_string();
    let lines = ["node-1", &home, "web01", "no way/", "", "", "", ""];
    let session = hear(scene.wizard("m", Some(Flow::FirstNode)), lines).await;
    // Enter at a question that has no answer yet is no answer.
    assert_eq!(session.engine.state().answers.text(FieldId::Server), "", "{}", session.said);
    session.assert_silent("[no way/]");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn back_goes_one_question_back_and_over_screens_and_the_answers_stay() {
    let scene = Scene::new().await;
    let home = scene.site.home("node-1").display().to_string();
    let lines = [
        "node-1",
        &home,
        "<",
        "",
        "web01", // one back and on again
        "<",     // from the service's first question to the last one of the screen before
        "web02",
        "custom",
        "<",
        "local-system",
        "sql.example.org",
        "<",
        "<",
        "<",
        "<",
        "<",
        "<",
    ];
    let session = hear(scene.wizard("m", Some(Flow::FirstNode)), lines).await;
    session.assert_says(&[
        &format!("Home directory (home) [{home}]:"),
        "Runs as (service-account) [local-system]:",
        "Node name (node-name) [web01]:",
        "Account (service-user):",
        "Runs as (service-account) [custom]:",
        "Server (server):",
        "Database (database)",
        "Server (server) [sql.example.org]:",
        "Runs as (service-account) [local-system]:",
        "Node name (node-name) [web02]:",
        "Instance (instance) [node-1]:",
        "Set up an Octopus Server node",
    ]);
    assert_eq!(session.engine.state().place.here, ScreenId::Start);
    assert_eq!(session.engine.state().answers.text(FieldId::NodeName), "web02");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_word_behind_a_backslash_is_an_answer_and_a_dot_empties() {
    let scene = Scene::new().await;
    let session = hear(scene.wizard("m", Some(Flow::FirstNode)), ["\\quit", "<", ".", "", "\\\\host\\share"]).await;
    let answers = &session.engine.state().answers;
    // The dot emptied the name, which needs one, so it was refused and what was there stayed.
    assert_eq!(answers.text(FieldId::Instance), "quit", "{}", session.said);
    session.assert_says(&["Instance (instance) [quit]:", "Instance (instance) [quit]:", "Home directory (home):"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn quitting_asks_once_and_takes_a_no() {
    let scene = Scene::new().await;
    let session = hear(scene.wizard("m", None), ["!", "perhaps", "no", "quit", "y"]).await;
    assert_eq!((session.ended.exit, session.left), (Exit::Left, 0));
    session.assert_says(&["End the program?", "Type yes or no.", "End the program?", "Choose 1 to 3:", "End the program?"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connection_string_fills_the_screen_and_its_password_is_not_said() {
    let scene = Scene::new().await;
    let home = scene.site.home("node-1").display().to_string();
    let string = format!("Server={};Initial Catalog=Octo;User ID=canary;Password={PASSWORD}", "localhost,1");
    let lines = ["node-1", &home, "web01", "", "connection", "?", "nonsense", &string, "end", "yes"];
    let session = hear(scene.wizard("m", Some(Flow::FirstNode)), lines).await;
    assert_eq!((session.ended.exit, session.left), (Exit::Left, 0), "{}", session.said);
    session.assert_says(&["Connection string (not shown):", "The connection string filled 4 fields.", "stop:", "sql-connect"]);
    session.assert_silent(PASSWORD);
    assert_eq!(session.engine.state().answers.text(FieldId::Database), "Octo");

    // In answer to any question of the screen it does the same.
    let lines = ["node-1", &home, "web01", "", "sql09", &string, "end", "yes"];
    let session = hear(scene.wizard("n", Some(Flow::FirstNode)), lines).await;
    assert_eq!((session.ended.exit, session.left), (Exit::Left, 0), "{}", session.said);
    session.assert_says(&["The connection string filled 4 fields.", "stop:", "sql-connect"]);
    session.assert_silent(PASSWORD);
    assert_eq!(session.engine.state().answers.text(FieldId::Server), "localhost,1");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn there_is_an_empty_line_before_each_screen_and_none_between_its_questions() {
    let scene = Scene::new().await;
    let home = scene.site.home("node-1").display().to_string();
    let session = hear(scene.wizard("m", Some(Flow::FirstNode)), ["node-1", &home, "web01"]).await;
    // A pipe does not show what is typed: each prompt ends its own line.
    let questions = "Instance (instance) [OctopusServer]: \nHome directory (home): \nNode name (node-name)";
    session.assert_says(&["\n\nHome directory\n", questions, "\n\nService account\n"]);
    assert!(!session.said.contains("\n\n\n"), "{}", session.said);
}

/// The case `plain-invalid-fill`.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn why_a_pasted_string_s_server_is_asked_for_again_is_said_at_once() {
    let scene = Scene::new().await;
    for (string, reason) in [
        (r"Server=np:\\sql01\pipe\sql\query;Database=Octopus;User ID=a;Password=b", "amed pipe"),
        (r"Server=(localdb)\MSSQLLocalDB;Database=Octopus;User ID=a;Password=b", "LocalDB"),
        ("Server=localhost:24010;Database=Octopus;User ID=a;Password=b", "comma"),
        ("Server=admin:localhost;Database=Octopus;User ID=a;Password=b", "admin"),
    ] {
        let mut lines = scene.to_the_password("first-node", "node-1");
        lines.truncate(5);
        lines.extend(["connection".to_owned(), string.to_owned()]);
        let session = hear(scene.wizard("m", None), lines).await;
        let (_, after) = session.said.rsplit_once("Connection string (not shown):").unwrap();
        let (before_the_question, _) = after.split_once("Server (server)").unwrap_or_else(|| panic!("{}", session.said));
        assert!(before_the_question.contains(reason), "{string}: {before_the_question:?}\n{}", session.said);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn why_a_value_that_was_given_is_asked_for_again_is_said_before_the_question() {
    let scene = Scene::new().await;
    for (given, why) in [
        ("np:sql01", "Named pipes are not supported"),
        ("(localdb)\\x", "LocalDB serves one user"),
        ("sql01:1433", "Write a comma before the port, not a colon: sql01,1433."),
    ] {
        let mut lines = scene.to_the_password("first-node", "node-1");
        lines.truncate(5);
        let session = hear(scene.given("m", FieldId::Server, given), lines).await;
        session.assert_says(&[why, "Server (server)"]);
    }
}
