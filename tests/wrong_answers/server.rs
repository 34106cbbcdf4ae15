//! The server itself.

use octopus_setup::model::field::FieldId;
use octopus_setup::model::finding::Severity;

use crate::scene::{Scene, finding, is_good};

#[tokio::test]
async fn a_version_that_is_too_old() {
    for (number, name) in [("12.0.6024.0", "SQL Server 2014"), ("10.50.6000.34", "SQL Server 2008")] {
        let scene = Scene::with(|options| options.personality.product_version = number.into()).await;
        let mut engine = scene.at_database(&[]).await;
        let found = scene.stays_shut(&mut engine, "sql-version").await;
        assert!(found.says.contains(name) && found.says.contains("2016 or later"), "{found:#?}");
        assert!(found.fix.contains("newer server") && found.about == Some(FieldId::Server), "{found:#?}");
    }
}

#[tokio::test]
async fn a_version_that_must_be_accepted() {
    let scene = Scene::with(|options| options.personality.product_version = "13.0.5888.11".into()).await;
    let mut engine = scene.at_database(&[]).await;
    let found = scene.takes_acceptance(&mut engine, "sql-version").await;
    assert!(found.says.contains("SQL Server 2016") && found.says.contains("2017 or later"), "{found:#?}");
}

#[tokio::test]
async fn clocks_that_differ() {
    for (ahead, says) in [(90, "ahead of"), (-90, "behind"), (-7_300, "count as dead")] {
        let scene = Scene::with(|options| options.personality.clock_ahead = ahead).await;
        let mut engine = scene.at_database(&[]).await;
        let found = scene.takes_acceptance(&mut engine, "sql-clock").await;
        assert!(found.says.contains(says) && found.fix.contains("NTP"), "{found:#?}");
    }
    let scene = Scene::with(|options| options.personality.clock_ahead = 12).await;
    let engine = scene.at_database(&[]).await;
    is_good(&engine, "sql-clock");
    assert_eq!(finding(&engine, "sql-clock").severity, Severity::Note);
}

#[tokio::test]
async fn a_server_that_is_far_away() {
    let far = std::time::Duration::from_millis(25);
    let scene = Scene::with(|options| options.faults.round_trip = far).await;
    let mut engine = scene.at_database(&[]).await;
    let found = scene.takes_acceptance(&mut engine, "sql-latency").await;
    assert!(found.says.contains("round trip") && found.says.contains("same data centre"), "{found:#?}");
}
