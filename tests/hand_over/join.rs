//! A node that joins: it changes nothing that other nodes depend on, and takes tasks only once it is in.

use octopus_setup::model::plan::StepKind;
use octopus_setup::render::octopus::{Flag, Reach, Verb};

use crate::lab::{Lab, failed};
use crate::shared::sql;

#[tokio::test]
async fn a_join_runs_no_command_and_no_option_that_concerns_the_whole_cluster() {
    let first = Lab::new().await;
    first.install(&first.plan()).await.0.expect("no failure");
    let second = first.another();
    let (outcome, news) = second.install(&second.join("web02")).await;
    outcome.unwrap_or_else(|failure| panic!("{failure:?}\n{news:?}"));
    let calls = second.standin.calls();
    let is_cluster_wide = |word: &str| {
        Verb::ALL.into_iter().any(|verb| verb.reach() == Reach::Cluster && verb.id() == word)
            || Flag::all().any(|flag| flag.reach() == Reach::Cluster && flag.id() == word)
    };
    for call in &calls {
        let words = call.args.iter().map(|word| word.split('=').next().unwrap_or_default());
        let words: Vec<_> = words.filter(|word| is_cluster_wide(word)).collect();
        assert!(words.is_empty(), "{words:?} of {call:?}");
    }
    let changes = second.standin.changes();
    let caps: Vec<_> = changes.iter().map(|call| (call.verb(), call.value("--taskCap"))).collect();
    assert_eq!(
        caps,
        [
            ("create-instance", None),
            ("database", None),
            ("configure", None),
            ("node", Some("0")),
            ("service", None),
            ("node", Some("5")),
        ]
    );
    assert_eq!(second.node_row("web02").await, ["seen|5"]);
    assert_eq!(first.node_row("web01").await, ["seen|5"]);
}

#[tokio::test]
async fn a_join_that_does_not_come_up_takes_no_tasks() {
    let first = Lab::new().await;
    first.install(&first.plan()).await.0.expect("no failure");
    let mut second = first.another();
    let patience = second.bench.places.patience;
    second.bench.places.patience.ping = std::time::Duration::from_secs(1);
    second.standin.fault("ping", "503");
    let plan = second.join("web02");
    assert_eq!(failed(&second.install(&plan).await.1).map(|(kind, _)| kind), Some(StepKind::AwaitPing));
    assert!(second.node_row("web02").await.iter().all(|row| row.ends_with("|0")));
    second.standin.fault("ping", "");
    second.bench.places.patience = patience;
    second.install(&plan).await.0.expect("no failure");
    assert_eq!(second.node_row("web02").await, ["seen|5"]);
    // A join is undone whole: what is left is the first node's.
    let (whole, news) = second.undo().await;
    assert!(whole, "{news:?}");
    assert!(second.left().is_empty(), "{:?}", second.left());
    first.assert_whole("the first node").await;
}

#[tokio::test]
async fn the_row_of_a_dead_node_of_the_same_name_is_not_taken_for_the_one_that_octopus_makes_at_the_first_start() {
    let first = Lab::new().await;
    first.install(&first.plan()).await.0.expect("no failure");
    let mut session = sql::session(&first.server, "OctopusDeploy").await;
    let columns = "(Id, Name, MaxConcurrentTasks, LastSeen)";
    let dead = "(N'OctopusServerNodes-web02', N'web02', 9, DATEADD(day, -9, SYSDATETIMEOFFSET()))";
    sql::ask(&mut session, &format!("INSERT INTO dbo.OctopusServerNode {columns} VALUES {dead}")).await;
    let second = first.another();
    second.standin.fault("row", "late");
    let (outcome, news) = second.install(&second.join("web02")).await;
    outcome.unwrap_or_else(|failure| panic!("{failure:?}\n{news:?}"));
    assert_eq!(second.node_row("web02").await, ["seen|5"]);
    // One whose service is not started has no row to read back either.
    let third = first.another();
    third.standin.fault("row", "late");
    let mut plan = third.join("web03");
    plan.node.start_service = false;
    plan.steps.retain(|step| !matches!(step.kind, StepKind::OctopusHold | StepKind::AwaitPing | StepKind::AwaitBeat));
    let dead = dead.replace("web02", "web03");
    sql::ask(&mut session, &format!("INSERT INTO dbo.OctopusServerNode {columns} VALUES {dead}")).await;
    let (outcome, news) = third.install(&plan).await;
    outcome.unwrap_or_else(|failure| panic!("{failure:?}\n{news:?}"));
}
