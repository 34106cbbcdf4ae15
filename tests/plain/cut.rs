//! The end of the input, wherever it comes.

use std::path::Path;

use octopus_setup::engine::Engine;
use octopus_setup::faces::exit::Exit;
use octopus_setup::faces::plain::{self, PlainOptions, ScriptedLines};
use octopus_setup::model::answers::{Answers, Origin, Raw};
use octopus_setup::model::field::FieldId;
use octopus_setup::world::World;
use octopus_setup::world::clipboard::Surroundings;
use octopus_setup::world::places::Places;

use crate::scene::*;

/// Waits until nothing is written: a survey that nobody waits for any more still removes the file by which it looked.
async fn until_nothing_is_written(folder: &Path) {
    let gone = async {
        while !written(folder).is_empty() {
            tokio::task::yield_now().await;
        }
    };
    let in_time = tokio::time::timeout(std::time::Duration::from_secs(60), gone).await;
    assert!(in_time.is_ok(), "left behind: {:?}", written(folder));
}

/// Everything below a folder, but for the server's own.
fn written(folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    let Ok(entries) = std::fs::read_dir(folder) else { return found };
    for path in entries.flatten().map(|entry| entry.path()) {
        if path.file_name().is_some_and(|name| name == "server") {
            continue;
        }
        found.push(path.display().to_string());
        if path.is_dir() {
            found.extend(written(&path));
        }
    }
    found
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn before_the_install_it_leaves_nothing_behind() {
    let scene = Scene::new().await;
    let lines = scene.first_node();
    let install = lines.iter().position(|line| line == "install").unwrap();
    for cut in 0..=install {
        let session = hear(scene.wizard("machine-1", None), &lines[..cut]).await;
        assert_eq!(session.ended.exit, Exit::Left, "after {cut} lines:\n{}", session.said);
        assert!(session.said.ends_with("The input has ended. Nothing was written.\n"), "after {cut} lines:\n{}", session.said);
        until_nothing_is_written(&scene.site.home("")).await;
        assert!(session.ended.farewell.is_empty());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn at_the_master_key_it_leaves_a_run_that_is_gone_on_with() {
    let scene = Scene::new().await;
    let lines = scene.first_node();
    let install = lines.iter().position(|line| line == "install").unwrap();
    let cut = hear(scene.wizard("machine-1", None), &lines[..=install]).await;
    assert_eq!(cut.ended.exit, Exit::Unfinished, "{}", cut.said);
    assert!(cut.said.ends_with("The input has ended.\n"), "{}", cut.said);
    let places = Places::under(scene.site.home("machine-1").join("state"));
    assert_eq!(std::fs::read_dir(places.journals()).unwrap().count(), 1);
    let key = master_key(&cut.engine);
    drop(cut);

    let six = &key[key.len() - 6..];
    let done = hear(scene.wizard("machine-1", None), ["continue node-1", "prove", six]).await;
    assert_eq!((done.ended.exit, done.left), (Exit::Done, 0), "{}", done.said);
    done.assert_says(&["continue node-1: Go on with instance node-1: it is installed"]);
    done.assert_silent(&key);
    assert_eq!(std::fs::read_dir(places.journals()).unwrap().count(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_join_is_cut_just_as_well() {
    let scene = Scene::new().await;
    let key = scene.cluster().await;
    let lines = scene.join(&key);
    let home = scene.site.home("node-2");
    for cut in 0..lines.len() {
        let session = hear(scene.wizard("machine-2", None), &lines[..cut]).await;
        assert_eq!(session.ended.exit, Exit::Left, "after {cut} lines:\n{}", session.said);
        assert!(!home.exists() && !scene.site.home("machine-2").exists(), "after {cut} lines something is written");
        session.assert_silent(&key);
    }
}

/// An output whose reader goes away after so many bytes.
struct Closing(usize);

impl std::io::Write for Closing {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0 = self.0.checked_sub(bytes.len()).ok_or(std::io::ErrorKind::BrokenPipe)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// An output that breaks as soon as this was said.
struct Breaking(&'static str, bool);

impl std::io::Write for Breaking {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        if self.1 {
            return Err(std::io::ErrorKind::StorageFull.into());
        }
        self.1 = String::from_utf8_lossy(bytes).contains(self.0);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_output_that_breaks_in_the_install_leaves_it_unfinished_and_that_is_the_status() {
    let scene = Scene::new().await;
    let mut engine = scene.wizard("machine-1", None);
    let mut script = ScriptedLines::new(scene.first_node());
    let broken = &mut Breaking("Step 1 of 6", false);
    let ended = plain::run(&mut engine, &mut script, broken, PlainOptions::default()).await.unwrap();
    assert_eq!(ended.exit, Exit::Unfinished);
    let places = Places::under(scene.site.home("machine-1").join("state"));
    assert_eq!(std::fs::read_dir(places.journals()).unwrap().count(), 1);
    // Before it, there is nothing to go on with: whoever started it has to mend the output.
    let mut engine = scene.wizard("machine-2", None);
    let broken = &mut Breaking("Home directory", false);
    assert!(plain::run(&mut engine, &mut ScriptedLines::new(scene.first_node()), broken, PlainOptions::default()).await.is_err());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_last_step_that_ends_after_all_is_the_end() {
    let scene = Scene::new().await;
    let key = scene.cluster().await;
    let mut engine = scene.wizard("machine-2", None);
    let broken = &mut Breaking("Step 6 of 6", false);
    let ended =
        plain::run(&mut engine, &mut ScriptedLines::new(scene.join(&key)), broken, PlainOptions::default()).await.unwrap();
    let places = Places::under(scene.site.home("machine-2").join("state"));
    assert_eq!(std::fs::read_dir(places.journals()).unwrap().count(), 0, "nothing is left to go on with");
    assert_eq!(ended.exit, Exit::Done);
    assert!(ended.farewell[0].contains("is configured"), "{:?}", ended.farewell);
}

/// Breaks the output off at this step, and goes on with the run by these answers beforehand; what was said then.
async fn gone_on_with(scene: &Scene, machine: &str, lines: Vec<String>, step: &'static str, given: Option<&str>) -> Session {
    let mut engine = scene.wizard(machine, None);
    let (mut script, mut broken) = (ScriptedLines::new(lines), Breaking(step, false));
    let ended = plain::run(&mut engine, &mut script, &mut broken, PlainOptions::default()).await.unwrap();
    assert_eq!(ended.exit, Exit::Unfinished);
    drop(engine);
    let mut answers = Answers::new(octopus_setup::world::host::platform());
    if let Some(password) = given {
        answers.set(FieldId::Password, Raw::of(FieldId::Password, password), Origin::Environment);
    }
    let places = Places::under(scene.site.home(machine).join("state"));
    let engine = Engine::new(World::new(places, Surroundings::default()), answers, None);
    // Every question that is asked has its answer already.
    hear(engine, std::iter::once("1").chain(std::iter::repeat_n("", 60))).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_run_has_sealed_or_the_environment_gives_is_not_asked_for() {
    let (password, key_question) = ("Password (password)", "Master key (master-key)");
    let goes_on = ["No password is asked again.", "ok: Login (sql-login):", "continue: Go on with it."];
    let first = Scene::new().await;
    let sealed = gone_on_with(&first, "machine-1", first.first_node(), "Step 5 of 6", None).await;
    sealed.assert_says(&goes_on);
    sealed.assert_silent(password);
    // Where nothing is sealed yet, what was given beforehand counts, and what nobody has is asked for.
    let first = Scene::new().await;
    let given = gone_on_with(&first, "machine-1", first.first_node(), "Step 2 of 6", Some(PASSWORD)).await;
    given.assert_says(&goes_on);
    given.assert_silent(password);
    drop(given);
    let first = Scene::new().await;
    let asked = gone_on_with(&first, "machine-1", first.first_node(), "Step 2 of 6", None).await;
    asked.assert_says(&["Passwords are asked again.", password]);
    // A join seals the master key as well.
    let cluster = Scene::new().await;
    let key = cluster.cluster().await;
    let joins = gone_on_with(&cluster, "machine-2", cluster.join(&key), "Step 5 of 6", None).await;
    joins.assert_says(&["No password is asked again.", "ok: Login (sql-login):"]);
    joins.assert_silent(password);
    joins.assert_silent(key_question);
    assert!(joins.said.contains("(cluster-key)"), "the key is proven: {}", joins.said);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_stops_reading_has_left() {
    let scene = Scene::new().await;
    for bytes in [0, 100, 500, 2_000] {
        let mut engine = scene.wizard("machine-1", None);
        let mut script = ScriptedLines::new(scene.first_node());
        let ended = plain::run(&mut engine, &mut script, &mut Closing(bytes), PlainOptions::default()).await.unwrap();
        assert_eq!(ended.exit, Exit::Left);
        until_nothing_is_written(&scene.site.home("")).await;
    }
}
