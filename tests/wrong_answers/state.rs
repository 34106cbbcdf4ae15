//! A database that can be opened but is not as Octopus Server needs it. Most fixes need exclusive access, so the wizard must not stay
//! connected to it.

use octopus_setup::model::finding::Severity;
use octopus_setup::model::screen::ScreenId;

use crate::scene::{DATABASE, Scene, finding, is_good, to};

/// A scene with the login's own database, changed by these statements.
async fn scene(collation: &str, change: &str) -> Scene {
    let make = format!(
        "CREATE DATABASE [{DATABASE}] COLLATE {collation}\nGO\nALTER AUTHORIZATION ON DATABASE::[{DATABASE}] TO [octopus]"
    );
    let scene = Scene::new().await.prepared(&make).await;
    if change.is_empty() { scene } else { scene.prepared(&format!("ALTER DATABASE [{DATABASE}] {change}")).await }
}

#[tokio::test]
async fn the_shown_sql_fixes_stops() {
    let cases = [
        ("Latin1_General_CI_AS", "SET READ_ONLY", "db-state", "is read-only"),
        ("Latin1_General_CI_AS", "SET SINGLE_USER", "db-state", "single-user mode"),
        ("Latin1_General_CS_AS", "", "db-collation", "tells upper from lower case (Latin1_General_CS_AS)"),
        ("Latin1_General_BIN2", "", "db-collation", "tells upper from lower case (Latin1_General_BIN2)"),
    ];
    for (collation, change, check, says) in cases {
        let scene = scene(collation, change).await;
        let mut engine = scene.at_database(&[]).await;
        let found = scene.stays_shut(&mut engine, check).await;
        assert!(found.says.starts_with(DATABASE) && found.says.contains(says), "{found:#?}");
        assert!(found.fix.contains("DBA"), "{found:#?}");
        scene.mended_by_its_sql(&mut engine, check).await;
        to(&mut engine, ScreenId::Octopus).await;
    }
}

#[tokio::test]
async fn the_shown_sql_fixes_warnings_or_they_are_accepted() {
    let cases = [
        ("SET RESTRICTED_USER", "db-state", "RESTRICTED_USER"),
        ("SET AUTO_CLOSE ON", "db-state", "AUTO_CLOSE"),
        ("SET COMPATIBILITY_LEVEL = 120", "db-snapshot", "is 120"),
    ];
    for (change, check, says) in cases {
        let scene = scene("Latin1_General_CI_AS", change).await;
        let mut accepting = scene.at_database(&[]).await;
        let found = scene.takes_acceptance(&mut accepting, check).await;
        assert!(found.says.contains(says) && found.says.contains(DATABASE), "{found:#?}");
        drop(accepting);
        let mut mending = scene.at_database(&[]).await;
        scene.mended_by_its_sql(&mut mending, check).await;
    }
}

#[tokio::test]
async fn read_committed_snapshot_off_is_a_note_if_the_login_may_turn_it_on() {
    let scene = scene("Latin1_General_CI_AS", "").await;
    let engine = scene.at_database(&[]).await;
    let found = finding(&engine, "db-snapshot");
    assert!(found.severity == Severity::Note && found.says.contains(DATABASE), "{found:#?}");
    let sql = found.remedy.unwrap().text().to_owned();
    // The statement ends other sessions on a SQL Server; the practice server never does that, so the wizard leaves first.
    drop(engine);
    scene.run(&sql).await;
    let engine = scene.at_database(&[]).await;
    is_good(&engine, "db-snapshot");
    assert!(!engine.state().verdicts().iter().any(|(id, verdict)| id.id() == "db-snapshot" && verdict.severity().is_some()));
}

#[tokio::test]
async fn columns_of_another_collation_are_named() {
    let scene = scene("Latin1_General_CI_AS", "").await;
    let table = "CREATE TABLE dbo.Event (Id int NOT NULL PRIMARY KEY, Name nvarchar(50) COLLATE Latin1_General_BIN2 NOT NULL)";
    let scene = scene.prepared(&format!("USE [{DATABASE}]; {table}")).await;
    let engine = scene.at_database(&[]).await;
    let found = finding(&engine, "db-collation");
    assert!(found.severity == Severity::Stop && found.says.contains("dbo.Event.Name (Latin1_General_BIN2)"), "{found:#?}");
}
