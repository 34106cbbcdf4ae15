//! Connections that end or go silent.

use octopus_setup::model::field::FieldId;
use octopus_setup::model::finding::Verdict;
use octopus_setup::model::screen::ScreenId;
use octopus_setup::wizard::event::{Action, Event};
use octopus_setup::wizard::gate::Gate;
use practice_server::WireFault;

use crate::scene::{Scene, again, is_good, to};

#[tokio::test]
async fn a_connection_that_ends_during_the_survey() {
    for database in ["Own", "Absent"] {
        breaks(database).await;
    }
}

/// Breaks the connection during the survey, or during the look from master.
async fn breaks(database: &str) {
    let make = "CREATE DATABASE [Own] COLLATE Latin1_General_CI_AS\nGO\nALTER AUTHORIZATION ON DATABASE::[Own] TO [octopus]";
    let scene = Scene::new().await.prepared(make).await;
    scene.site.server.set_wire_fault(Some(WireFault::DropMidReply));
    let mut engine = scene.at_database(&[(FieldId::Database, database)]).await;
    let found = scene.stays_shut(&mut engine, "db-exists").await;
    assert!(found.says.contains("ended in the middle") && found.says.contains("localhost"), "{found:#?}");
    assert!(found.fix.contains("error log") && found.about == Some(FieldId::Server), "{found:#?}");
    is_good(&engine, "sql-login");
    // Nothing that was to be learnt behind it looks proven.
    for (check, verdict) in engine.state().verdicts() {
        let way = ["sql-name", "sql-connect", "sql-tls", "sql-login"].contains(&check.id());
        assert!(way || !matches!(verdict, Verdict::Good(_)), "{check:?}: {verdict:?}");
    }
    scene.site.server.set_wire_fault(None);
    again(&mut engine).await;
    to(&mut engine, ScreenId::Octopus).await;
}

#[tokio::test]
async fn a_server_that_falls_silent_after_the_login_blocks_nothing() {
    let scene = Scene::new().await;
    scene.site.server.set_wire_fault(Some(WireFault::SilentAfterLogin));
    let mut engine = scene.wizard(&[]);
    to(&mut engine, ScreenId::Service).await;
    engine.handle(Event::Next);
    while engine.state().facts.server.login.is_unknown() {
        let event = engine.next_event().await;
        engine.handle(event);
    }
    is_good(&engine, "sql-login");
    assert_eq!(engine.state().gate(), Gate::Waiting);
    engine.handle(Event::Press(Action::Cancel));
    engine.run_until_idle().await;
    assert_eq!(engine.state().gate(), Gate::Unproven);
    scene.untouched().await;
    scene.site.server.set_wire_fault(None);
    again(&mut engine).await;
    to(&mut engine, ScreenId::Octopus).await;
}
