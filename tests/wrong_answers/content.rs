//! A database that is not empty.

use octopus_setup::engine::Engine;
use octopus_setup::model::field::FieldId;
use octopus_setup::model::screen::ScreenId;

use crate::scene::{DATABASE, NODE, Scene, to, type_in};
use crate::shared::walk::last_six;

async fn holding(statements: &[&str]) -> Scene {
    let mut batches = vec![
        format!("CREATE DATABASE [{DATABASE}] COLLATE Latin1_General_CI_AS"),
        format!("ALTER AUTHORIZATION ON DATABASE::[{DATABASE}] TO [octopus]"),
    ];
    batches.extend(statements.iter().map(|statement| format!("USE [{DATABASE}]; {statement}")));
    Scene::new().await.prepared(&batches.join("\nGO\n")).await
}

#[tokio::test]
async fn foreign_tables_are_named() {
    let scene = holding(&[
        "CREATE TABLE dbo.Orders (Id int NOT NULL PRIMARY KEY)",
        "CREATE SCHEMA sales",
        "CREATE TABLE sales.Lines (Id int)",
    ])
    .await;
    let mut engine = scene.at_database(&[]).await;
    let found = scene.stays_shut(&mut engine, "db-content").await;
    assert!(found.says.contains("2 tables") && found.says.contains("dbo.Orders and sales.Lines"), "{found:#?}");
    assert!(found.says.contains(DATABASE) && found.fix.contains("another") || found.fix.contains("new or empty"), "{found:#?}");
    assert_eq!(found.about, Some(FieldId::Database));
    // Another name, and the same screen goes on.
    type_in(&mut engine, FieldId::Database, "Octopus2");
    to(&mut engine, ScreenId::Octopus).await;
}

#[tokio::test]
async fn a_few_of_many_tables_are_named_and_the_rest_counted() {
    let tables: Vec<String> = (0..12).map(|n| format!("CREATE TABLE dbo.T{n:02} (Id int)")).collect();
    let scene = holding(&tables.iter().map(String::as_str).collect::<Vec<_>>()).await;
    let mut engine = scene.at_database(&[]).await;
    let found = scene.stays_shut(&mut engine, "db-content").await;
    assert!(found.says.contains("12 tables") && found.says.contains("dbo.T00") && found.says.contains("7 more"), "{found:#?}");
}

#[tokio::test]
async fn a_database_that_octopus_made_points_to_joining() {
    let scene = holding(&[
        "CREATE TABLE dbo.OctopusServerNode (Id nvarchar(250) NOT NULL PRIMARY KEY, Name nvarchar(200) NOT NULL)",
        "CREATE TABLE dbo.OctopusServerInstallationHistory (Id nvarchar(50) NOT NULL PRIMARY KEY, Version nvarchar(50) NULL, Installed datetimeoffset NOT NULL)",
        "INSERT INTO dbo.OctopusServerNode (Id, Name) VALUES (N'1', N'web01'), (N'2', N'web02')",
        "INSERT INTO dbo.OctopusServerInstallationHistory (Id, Version, Installed) VALUES (N'2', N'2024.4.6962', '2024-12-01T00:00:00+00:00')",
    ])
    .await;
    let mut engine = scene.at_database(&[]).await;
    let found = scene.stays_shut(&mut engine, "db-content").await;
    for part in ["Octopus Server", "2024.4.6962", "web01 and web02", DATABASE] {
        assert!(found.says.contains(part), "{part}: {found:#?}");
    }
    assert!(found.fix.contains("Add this server"), "{found:#?}");
}

/// Presses Enter until the end.
async fn finish(engine: &mut Engine) {
    to(engine, ScreenId::MasterKey).await;
    let proof = last_six(engine);
    type_in(engine, FieldId::KeyProof, &proof);
    to(engine, ScreenId::Done).await;
}

#[tokio::test]
async fn a_registered_cluster_and_a_newer_registry() {
    let mut scene = Scene::new().await;
    finish(&mut scene.site.wizard("web01", Some(octopus_setup::model::flow::Flow::FirstNode))).await;
    scene.remember().await;
    let mut engine = scene.at_database(&[]).await;
    let found = scene.stays_shut(&mut engine, "db-content").await;
    for part in ["cluster", "by web01", "1 node"] {
        assert!(found.says.contains(part), "{part}: {found:#?}");
    }
    assert!(found.fix.contains("Add this server"), "{found:#?}");
    drop(engine);
    let scene = scene.prepared(&format!("USE [{DATABASE}]; UPDATE octopus_setup.version SET version = 99")).await;
    let mut engine = scene.at_database(&[]).await;
    let found = scene.stays_shut(&mut engine, "db-content").await;
    assert!(found.says.contains("format 99") && found.fix.contains("that version or a later one"), "{found:#?}");
    assert!(!scene.site.home(NODE).exists());
}
