//! Replication and mirroring.

use octopus_setup::model::screen::ScreenId;
use practice_server::Mark;

use crate::scene::{DATABASE, Scene, again, is_good, to};

#[tokio::test]
async fn a_replicated_or_mirrored_database() {
    let cases = [
        (Mark::Published, "replication", "publications"),
        (Mark::Subscribed, "replication", "subscriptions"),
        (Mark::MergePublished, "replication", "publications"),
        (Mark::Mirrored, "mirrored", "availability group"),
    ];
    for (mark, says, fix) in cases {
        let make = format!(
            "CREATE DATABASE [{DATABASE}] COLLATE Latin1_General_CI_AS\nGO\nALTER AUTHORIZATION ON DATABASE::[{DATABASE}] TO [octopus]"
        );
        let scene = Scene::new().await.prepared(&make).await;
        assert!(scene.site.server.mark(DATABASE, mark, true));
        let mut engine = scene.at_database(&[]).await;
        let found = scene.stays_shut(&mut engine, "db-copies").await;
        assert!(found.says.contains(DATABASE) && found.says.contains(says) && found.fix.contains(fix), "{found:#?}");
        assert!(scene.site.server.mark(DATABASE, mark, false));
        again(&mut engine).await;
        is_good(&engine, "db-copies");
        to(&mut engine, ScreenId::Octopus).await;
    }
}
