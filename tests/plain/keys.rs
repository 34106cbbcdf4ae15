//! The master key, and what comes of an install that stops.

use octopus_setup::faces::exit::Exit;
use octopus_setup::wizard::run::Phase;

use crate::scene::*;

/// The lines of a first node up to the install, and then these.
fn then(scene: &Scene, more: &[&str]) -> Vec<String> {
    let mut lines = scene.first_node();
    let install = lines.iter().position(|line| line == "install").unwrap();
    lines.truncate(install + 1);
    lines.extend(more.iter().map(|line| (*line).to_owned()));
    lines
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_key_is_shown_only_when_it_is_meant_and_nothing_goes_on_unproven() {
    let scene = Scene::new().await;
    let more = ["show", "no", "show", "yes", "prove", "AAAAA=", "?", "", "<", "end", "no", "", "quit", "yes"];
    let session = hear(scene.wizard("m", None), then(&scene, &more)).await;
    assert_eq!((session.ended.exit, session.left), (Exit::Unfinished, 0), "{}", session.said);
    let key = master_key(&session.engine);
    assert_eq!(session.times(&key), 1, "{}", session.said);
    session.assert_says(&[
        "warning: The key stays on this screen",
        "Show the master key? (yes or no):",
        "Show the master key? (yes or no):",
        &key,
        "These are not its last six characters.",
        "there is nothing to go back to",
        "End the program? The node is configured",
        "Type a number from 1 to 4",
    ]);
    session.assert_silent("AAAAA=");
    assert!(!session.engine.state().custody().revealed);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_that_is_there_is_not_overwritten() {
    let scene = Scene::new().await;
    std::fs::write(scene.key_file(), "precious").unwrap();
    let file = scene.key_file().display().to_string();
    let session = hear(scene.wizard("m", None), then(&scene, &["save", "relative", &file, "end", "yes"])).await;
    assert_eq!((session.ended.exit, session.left), (Exit::Unfinished, 0), "{}", session.said);
    session.assert_says(&["Type an absolute path", "That file is there already and stays as it is"]);
    assert_eq!(std::fs::read_to_string(scene.key_file()).unwrap(), "precious");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_step_that_fails_is_explained_and_undone() {
    let scene = Scene::new().await;
    // What the checks see is a folder that can be made; what the install meets is a file.
    let lines = then(&scene, &["undo", "no", "undo", "quit", "no", "yes", "leave"]);
    let home = scene.site.home("node-1");
    let mut engine = scene.wizard("m", None);
    let session = {
        let install = lines.iter().position(|line| line == "install").unwrap();
        let mut script = Blocking { lines: lines.into_iter(), at: install, home, asked: 0 };
        let mut out = Vec::new();
        let options = octopus_setup::faces::plain::PlainOptions::default();
        let ended = octopus_setup::faces::plain::run(&mut engine, &mut script, &mut out, options).await.unwrap();
        Session { ended, said: String::from_utf8(out).unwrap(), left: script.lines.count(), engine }
    };
    assert_eq!((session.ended.exit, session.left), (Exit::Left, 0), "{}", session.said);
    session.assert_says(&[
        "Step 1 of 6 failed:",
        "The install has stopped.",
        "stop: ",
        "What to do: ",
        "1 retry:",
        "2 undo:",
        "3 leave:",
        "Undo everything that this run created, and nothing else? (yes or no):",
        "Undo everything that this run created, and nothing else? (yes or no):",
        "Everything that this run created is undone.",
        "1 plan:",
    ]);
    assert_eq!(session.engine.state().run().phase, Phase::Undone);
}

#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_that_would_be_gone_with_the_next_boot_is_warned_of_before_it_is_written() {
    let scene = Scene::new().await;
    let folder = tempfile::tempdir_in("/dev/shm").unwrap();
    let file = folder.path().join("key.txt");
    let path = file.display().to_string();
    let session = hear(scene.wizard("m", None), then(&scene, &["save", &path, "no", "save", &path, "yes"])).await;
    assert_eq!((session.ended.exit, session.left), (Exit::Done, 0), "{}", session.said);
    let question = "Save it there anyway? (yes or no):";
    session.assert_says(&["would be in memory", question, "would be in memory", question]);
    assert!(file.exists());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_journal_that_stays_is_told_before_the_end() {
    let scene = Scene::new().await;
    let lines = scene.first_node();
    let journals = octopus_setup::world::places::Places::under(scene.site.home("m").join("state")).journals();
    let mut script = Blocking { at: lines.len() - 1, lines: lines.into_iter(), home: journals, asked: 0 };
    let mut engine = scene.wizard("m", None);
    let mut out = Vec::new();
    let options = octopus_setup::faces::plain::PlainOptions::default();
    octopus_setup::faces::plain::run(&mut engine, &mut script, &mut out, options).await.unwrap();
    let said = String::from_utf8(out).unwrap();
    assert!(said.contains("The journal could not be removed"), "{said}");
}

/// Lines that put a file in the home's place just before the install.
struct Blocking {
    lines: std::vec::IntoIter<String>,
    at: usize,
    home: std::path::PathBuf,
    asked: usize,
}

impl octopus_setup::faces::plain::LineSource for Blocking {
    async fn next(&mut self, _echo: octopus_setup::faces::plain::Echo) -> octopus_setup::faces::plain::InputLine {
        use octopus_setup::faces::plain::InputLine;
        if self.asked == self.at {
            let _ = std::fs::remove_dir_all(&self.home);
            std::fs::write(&self.home, "in the way").unwrap();
        }
        self.asked += 1;
        self.lines.next().map_or(InputLine::End, |line| InputLine::Line(line.into()))
    }
}
