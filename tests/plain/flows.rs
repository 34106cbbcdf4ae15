//! Whole flows, and their text from the first word to the last.

use octopus_setup::faces::exit::Exit;
use octopus_setup::model::node_config::NodeConfig;
use octopus_setup::render::{self, Shell};

use crate::scene::*;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_first_node_and_a_node_that_joins_it() {
    let scene = Scene::new().await;
    let first = hear(scene.wizard("machine-1", None), scene.first_node()).await;
    assert_eq!((first.ended.exit, first.left), (Exit::Done, 0), "{}", first.said);
    assert!(first.ended.farewell[0].contains("is configured"), "{:?}", first.ended.farewell);
    let config = std::fs::read_to_string(scene.site.home("node-1").join(NodeConfig::FILE)).unwrap();
    assert!(toml::from_str::<NodeConfig>(&config).is_ok());
    let key = master_key(&first.engine);
    assert!(std::fs::read_to_string(scene.key_file()).unwrap().contains(&key));
    first.assert_silent(PASSWORD);
    first.assert_silent(&key);
    insta::assert_snapshot!("first_node", scene.masked(&first));

    let second = hear(scene.wizard("machine-2", None), scene.join(&key)).await;
    assert_eq!((second.ended.exit, second.left), (Exit::Done, 0), "{}", second.said);
    assert!(scene.site.home("node-2").join(NodeConfig::FILE).exists());
    second.assert_silent(PASSWORD);
    second.assert_silent(&key);
    insta::assert_snapshot!("join", scene.masked(&second));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_first_node_on_the_same_database_is_refused_before_anything_is_written() {
    let scene = Scene::new().await;
    scene.cluster().await;
    let mut lines = scene.to_the_password("first-node", "node-2");
    lines.push(PASSWORD.to_owned());
    lines.extend(scene.trust("first-node"));
    lines.extend(["end".to_owned(), "yes".to_owned()]);
    let session = hear(scene.wizard("machine-2", None), lines).await;
    assert_eq!(session.ended.exit, Exit::Left, "{}", session.said);
    session.assert_says(&["Fix this first.", "stop: db-content", "What to do:", "1 change:", "End the program?"]);
    assert!(!scene.site.home("node-2").exists());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_script_is_shown_as_it_is_and_the_menu_asks_again() {
    let scene = Scene::new().await;
    let mut lines = scene.first_node();
    let install = lines.iter().position(|line| line == "install").unwrap();
    lines.insert(install, "script".to_owned());
    lines.insert(install, "3".to_owned());
    let session = hear(scene.wizard("machine-1", None), lines).await;
    assert_eq!((session.ended.exit, session.left), (Exit::Done, 0), "{}", session.said);
    let plan = session.engine.state().run().plan.clone().unwrap();
    let script = render::script(&plan, Shell::of(plan.node.platform));
    assert_eq!(session.times(&format!("\n\n{script}\n")), 2, "{script}\n{}", session.said);
    session.assert_silent(PASSWORD);
    session.assert_silent(&master_key(&session.engine));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_answers_are_saved_where_nothing_is_and_without_secrets() {
    let scene = Scene::new().await;
    let key = scene.cluster().await;
    let file = scene.site.home("answers.toml");
    let mut lines = scene.join(&key);
    lines.pop();
    let path = file.display().to_string();
    // A file that is there stays what it is, and only what is named is written.
    let more = ["save", "<", "save", "relative.toml", &path, "2", &path, "end", "yes"];
    lines.extend(more.map(str::to_owned));
    let session = hear(scene.wizard("machine-2", None), lines).await;
    assert_eq!((session.ended.exit, session.left), (Exit::Left, 0), "{}", session.said);
    session.assert_says(&["Type an absolute path", "The answers are saved in", "That file is there already"]);
    assert_eq!(crate::shared::walk::mode(&file), 0o600);
    let text = std::fs::read_to_string(&file).unwrap();
    assert!(!text.contains(PASSWORD) && !text.contains(&key), "{text}");
    assert!(text.contains("flow = \"join\"") && text.contains("node-name = \"web02\""), "{text}");
    assert!(text.contains("master-key = { env = \"OCTOPUS_SETUP_MASTER_KEY\" }"), "{text}");
    assert!(!scene.site.home("node-2").exists());
}
