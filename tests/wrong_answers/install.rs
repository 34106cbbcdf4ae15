//! Things that were right when they were checked and are wrong at the install.

use octopus_setup::catalog::failures::Explanation;
use octopus_setup::engine::Engine;
use octopus_setup::model::field::FieldId;
use octopus_setup::model::finding::Remedy;
use octopus_setup::model::plan::StepKind;
use octopus_setup::model::screen::ScreenId;
use octopus_setup::wizard::event::{Action, Event};
use octopus_setup::wizard::run::Phase;
use practice_server::WireFault;
use secrecy::ExposeSecret;

use crate::scene::{DATABASE, NODE, Scene, login, password, to};

/// Confirms the plan and runs it until it stops.
async fn run(engine: &mut Engine) {
    assert_eq!(engine.state().place.here, ScreenId::Review);
    engine.handle(Event::Next);
    engine.run_until_idle().await;
}

/// The step that failed, and its explanation.
fn failed(engine: &Engine) -> (StepKind, Explanation) {
    let run = engine.state().run();
    assert_eq!(run.phase, Phase::Failed, "{:?}", run.rows);
    let row = run.failed().unwrap();
    let words = engine.state().explain_step(row).unwrap();
    assert!(words.says.ends_with('.') && words.fix.ends_with('.'), "{words:#?}");
    let secret = engine.state().answers.secret(FieldId::Password).unwrap().expose_secret();
    assert!(!format!("{words:?} {run:?}").contains(secret));
    (row.kind, words)
}

/// Retries to the end.
async fn finished(engine: &mut Engine) {
    engine.handle(Event::Press(Action::Retry));
    engine.run_until_idle().await;
    assert_eq!(engine.state().run().phase, Phase::Finished, "{:?}", engine.state().run().rows);
}

/// Undoes everything; nothing is left.
async fn undone(scene: &Scene, engine: &mut Engine) {
    engine.handle(Event::Press(Action::Undo));
    engine.handle(Event::Reply(true));
    engine.run_until_idle().await;
    assert_eq!(engine.state().run().phase, Phase::Undone, "{:?}", engine.state().run().rows);
    scene.untouched().await;
}

async fn at_review(scene: &Scene, changes: &[(FieldId, &str)]) -> Engine {
    let mut engine = scene.wizard(changes);
    to(&mut engine, ScreenId::Review).await;
    engine
}

#[tokio::test]
async fn a_connection_that_breaks() {
    for retries in [true, false] {
        let scene = Scene::new().await;
        let mut engine = at_review(&scene, &[]).await;
        scene.site.server.set_wire_fault(Some(WireFault::DropMidReply));
        run(&mut engine).await;
        let (_, words) = failed(&engine);
        assert!(words.says.contains("ended in the middle") && words.says.contains("localhost"), "{words:#?}");
        assert!(words.fix.contains("Retry"), "{words:#?}");
        scene.site.server.set_wire_fault(None);
        if retries { finished(&mut engine).await } else { undone(&scene, &mut engine).await }
    }
}

#[tokio::test]
async fn a_right_that_was_taken_away() {
    let scene = Scene::with(|options| options.logins.push(login("plain"))).await;
    let scene = scene.prepared("ALTER SERVER ROLE dbcreator ADD MEMBER [plain]").await;
    let password = password("plain");
    let mut engine = at_review(&scene, &[(FieldId::User, "plain"), (FieldId::Password, &password)]).await;
    scene.run("ALTER SERVER ROLE dbcreator DROP MEMBER [plain]").await;
    run(&mut engine).await;
    let (kind, words) = failed(&engine);
    assert_eq!(kind, StepKind::CreateDatabase);
    assert!(words.says.contains("plain lacks a right") && words.says.contains("error 262"), "{words:#?}");
    let Some(Remedy::Sql(sql)) = words.remedy else { panic!("no SQL") };
    engine.handle(Event::Press(Action::CopyRemedy));
    assert_eq!(engine.take_terminal_copy().unwrap().expose_secret(), sql, "F6 works here too");
    scene.run(&sql).await;
    finished(&mut engine).await;
}

#[tokio::test]
async fn a_database_that_became_read_only() {
    let make = format!(
        "CREATE DATABASE [{DATABASE}] COLLATE Latin1_General_CI_AS\nGO\nALTER AUTHORIZATION ON DATABASE::[{DATABASE}] TO [octopus]"
    );
    let scene = Scene::new().await.prepared(&make).await;
    let mut engine = at_review(&scene, &[]).await;
    // The wizard's session goes, as it does when a DBA ends it.
    scene.site.server.set_wire_fault(Some(WireFault::DropMidReply));
    run(&mut engine).await;
    failed(&engine);
    scene.site.server.set_wire_fault(None);
    scene.run(&format!("ALTER DATABASE [{DATABASE}] SET READ_ONLY")).await;
    engine.handle(Event::Press(Action::Retry));
    engine.run_until_idle().await;
    let (kind, words) = failed(&engine);
    assert_eq!(kind, StepKind::InitialiseCluster);
    assert!(words.says.contains(&format!("{DATABASE} takes no writes")), "{words:#?}");
    let Some(Remedy::Sql(sql)) = words.remedy else { panic!("no SQL") };
    scene.run(&sql).await;
    finished(&mut engine).await;
}

#[tokio::test]
async fn tables_that_appeared_in_between() {
    let make = format!(
        "CREATE DATABASE [{DATABASE}] COLLATE Latin1_General_CI_AS\nGO\nALTER AUTHORIZATION ON DATABASE::[{DATABASE}] TO [octopus]"
    );
    let mut scene = Scene::new().await.prepared(&make).await;
    let mut engine = at_review(&scene, &[]).await;
    scene.run(&format!("USE [{DATABASE}]; CREATE TABLE dbo.Orders (Id int)")).await;
    scene.remember().await;
    run(&mut engine).await;
    let (kind, words) = failed(&engine);
    assert_eq!(kind, StepKind::InitialiseCluster);
    assert!(words.says.contains("dbo.Orders") && words.fix.contains("Undo"), "{words:#?}");
    undone(&scene, &mut engine).await;
}

#[tokio::test]
async fn a_password_that_was_changed() {
    let scene = Scene::new().await;
    let mut engine = at_review(&scene, &[]).await;
    scene.site.server.set_wire_fault(Some(WireFault::DropMidReply));
    run(&mut engine).await;
    failed(&engine);
    scene.site.server.set_wire_fault(None);
    scene.run("ALTER LOGIN [octopus] WITH PASSWORD = N'Another-1-Password'").await;
    let before = scene.site.server.connections();
    engine.handle(Event::Press(Action::Retry));
    engine.run_until_idle().await;
    let (_, words) = failed(&engine);
    assert!(words.says.contains("did not let octopus in") && words.says.contains("18456"), "{words:#?}");
    assert_eq!(scene.site.server.connections() - before, 1, "a refused login is not tried again");
}

#[tokio::test]
async fn a_home_that_is_in_use_by_then() {
    let scene = Scene::new().await;
    let mut engine = at_review(&scene, &[]).await;
    let home = scene.path(NODE);
    std::fs::write(&home, "mine").unwrap();
    run(&mut engine).await;
    let (kind, words) = failed(&engine);
    assert_eq!(kind, StepKind::CreateHome);
    assert!(words.says.contains(&home.display().to_string()), "{words:#?}");
    std::fs::remove_file(&home).unwrap();
    finished(&mut engine).await;
}
