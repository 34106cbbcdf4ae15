//! A whole first node, and a second one's join, review and leaving, against the SQL Server that
//! `OCTOPUS_SETUP_TEST_SQLSERVER` names by a .NET connection string: a true one, Azure SQL, Babelfish. Its login has to be
//! allowed to create databases. Without the variable there is nothing to test against, and the test says so.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

#[cfg(feature = "practice")]
mod support;

use octopus_setup::catalog::flow;
use octopus_setup::catalog::form::read;
use octopus_setup::engine::Engine;
use octopus_setup::model::answers::{Answers, Origin, Raw};
use octopus_setup::model::cluster::ClusterId;
use octopus_setup::model::connection_string::ConnectionString;
use octopus_setup::model::field::FieldId;
use octopus_setup::model::finding::Verdict;
use octopus_setup::model::flow::Flow;
use octopus_setup::model::master_key::MasterKey;
use octopus_setup::model::node::{Maker, Subject};
use octopus_setup::model::node_config::NodeConfig;
use octopus_setup::model::registry::{NodeRow, RowChange, RowChangeOutcome, RowOperation};
use octopus_setup::model::screen::ScreenId;
use octopus_setup::model::target::Target;
use octopus_setup::wizard::event::{Action, Event, StartChoice};
use octopus_setup::wizard::run::Phase;
use octopus_setup::world::World;
use octopus_setup::world::clipboard::Surroundings;
use octopus_setup::world::places::Places;
use octopus_setup::world::sqlserver::{Membership, SqlServer};
use secrecy::ExposeSecret;

/// The variable with the connection string.
const VARIABLE: &str = "OCTOPUS_SETUP_TEST_SQLSERVER";

/// The answers for a node whose database nobody else has.
fn answers(string: &str, folder: &std::path::Path) -> Answers {
    let mut answers = Answers::new(octopus_setup::world::host::platform());
    for (field, raw) in ConnectionString::parse(string).unwrap().fields {
        answers.set(field, raw, Origin::Environment);
    }
    let database = format!("octopus_setup_test_{}_{}", std::process::id(), folder.file_name().unwrap().len());
    let home = folder.join("node").display().to_string();
    let port = |port: u16| port.to_string();
    for (field, text) in [
        (FieldId::Database, database),
        (FieldId::CreateDatabase, "true".to_owned()),
        (FieldId::Home, home),
        (FieldId::NodeName, "node-1".to_owned()),
        (FieldId::ListenPrefixes, "http://localhost:28065/".to_owned()),
        (FieldId::CommsPort, port(28_943)),
        (FieldId::GrpcPort, port(28_443)),
    ] {
        answers.set(field, Raw::of(field, text), Origin::Flag);
    }
    answers
}

/// Enter, accepting warnings, until a screen is open.
async fn to(engine: &mut Engine, screen: ScreenId) {
    for _ in 0..24 {
        engine.run_until_idle().await;
        if engine.state().place.here == screen {
            return;
        }
        engine.handle(Event::Next);
    }
    panic!("never came to {screen:?}: {:?}, {:#?}", engine.state().place, engine.state().verdicts());
}

/// Every operation on a row, and every one taken back.
async fn a_second_node_comes_and_goes(target: &Target, cluster: ClusterId) {
    let server = SqlServer::new();
    let by = |run: &str, operation: RowOperation| RowChange { cluster, run: run.into(), host: "host-2".into(), operation };
    let seen = async || server.cluster(target, false).await.node("node-2").and_then(|node| node.row.clone());
    let first = server.cluster(target, false).await.node("node-1").and_then(|node| node.row.clone()).unwrap();
    let row = NodeRow { name: "Node-2".into(), host: "host-2".into(), ..first.row };

    let join = by("join", RowOperation::Insert(row.clone()));
    assert_eq!(server.change_row(target, &join).await, Ok(RowChangeOutcome::Made));
    assert_eq!(server.change_row(target, &join).await, Ok(RowChangeOutcome::Ours));
    assert!(matches!(server.change_row(target, &by("other", join.operation.clone())).await, Ok(RowChangeOutcome::Taken(_))));
    let before = seen().await.unwrap();
    assert_eq!(before.row, row);

    let after = NodeRow { task_cap: 9, ..row.clone() };
    for operation in [
        RowOperation::Replace { before: before.clone(), after: after.clone() },
        RowOperation::Update { before: before.clone(), after },
        RowOperation::Drain { before: before.clone() },
        RowOperation::Remove { before: before.clone() },
    ] {
        let change = by("change", operation);
        assert_eq!(server.undo_row_change(target, &change).await, Ok(RowChangeOutcome::Gone), "{change:?}");
        assert_eq!(server.change_row(target, &change).await, Ok(RowChangeOutcome::Made), "{change:?}");
        assert_ne!(seen().await.as_ref(), Some(&before), "{change:?}");
        assert_eq!(server.undo_row_change(target, &change).await, Ok(RowChangeOutcome::Made), "{change:?}");
        assert_eq!(seen().await.as_ref(), Some(&before), "{change:?}");
    }
    assert!(
        matches!(server.undo_row_change(target, &join).await, Ok(RowChangeOutcome::Taken(_))),
        "other runs have changed it since"
    );
    assert_eq!(server.change_row(target, &by("leave", RowOperation::Remove { before })).await, Ok(RowChangeOutcome::Made));
}

/// A second node, from the start to done; its review, in which every check is run; and its leaving.
async fn a_second_node_joins_is_reviewed_and_leaves(string: &str, folder: &std::path::Path, key: &MasterKey) {
    // Another machine: on this one the first run still waits for the proof that its key is kept.
    let world = || World::new(Places::under(folder.join("state-2")), Surroundings::default());
    let home = folder.join("node-2");
    let mut joining = answers(string, folder);
    for (field, text) in [
        (FieldId::Instance, "node-2".to_owned()),
        (FieldId::Home, home.display().to_string()),
        (FieldId::NodeName, "Node-2".to_owned()),
        (FieldId::ListenPrefixes, "http://localhost:28066/".to_owned()),
        (FieldId::CommsPort, "28944".to_owned()),
        (FieldId::GrpcPort, "28444".to_owned()),
        (FieldId::MasterKey, key.to_base64().expose_secret().to_owned()),
    ] {
        joining.set(field, Raw::of(field, text), Origin::Flag);
    }
    let mut engine = Engine::new(world(), joining, Some(Flow::Join));
    to(&mut engine, ScreenId::Install).await;
    engine.run_until_idle().await;
    assert_eq!(engine.state().run().phase, Phase::Finished, "{:#?}", engine.state().run().rows);
    to(&mut engine, ScreenId::Done).await;
    engine.run_until_idle().await;
    drop(engine);

    let subject = Subject { instance: "node-2".into(), config: home.join(NodeConfig::FILE), maker: Maker::Wizard };
    let mut engine = Engine::new(world(), Answers::new(octopus_setup::world::host::platform()), None);
    engine.run_until_idle().await;
    engine.handle(Event::Begin(StartChoice::Review(subject)));
    engine.run_until_idle().await;
    for screen in flow::path(Flow::Review) {
        engine.handle(Event::Jump(*screen));
        engine.run_until_idle().await;
    }
    // What only a set-up asks is no part of a review.
    let set_up = [ScreenId::Octopus, ScreenId::Octopus, ScreenId::Octopus];
    let screens = ScreenId::ALL.into_iter().filter(|screen| !set_up.contains(screen));
    for (check, verdict) in screens.flat_map(|screen| engine.state().verdicts_of(screen)) {
        // What the server itself is warned of is not this test's business, but that nothing was left out is.
        assert!(
            !matches!(verdict, Verdict::NotYet | Verdict::Running) || ["key-kept", "key-file"].contains(&check.id()),
            "{check:?}"
        );
        if ["cluster-key", "cluster-node", "drift-row", "node-config", "node-seals"].contains(&check.id()) {
            assert!(matches!(verdict, Verdict::Good(_)), "{check:?}: {verdict:#?}");
        }
    }
    engine.handle(Event::Jump(ScreenId::Node));
    engine.run_until_idle().await;
    engine.handle(Event::Press(Action::LeaveCluster));
    engine.run_until_idle().await;
    to(&mut engine, ScreenId::Install).await;
    engine.run_until_idle().await;
    assert_eq!(engine.state().run().phase, Phase::Finished, "{:#?}", engine.state().run().rows);
    to(&mut engine, ScreenId::Done).await;
    engine.run_until_idle().await;
    assert!(!home.join(NodeConfig::FILE).exists());
}

async fn first_node_and_undo(string: &str) {
    let folder = tempfile::tempdir().unwrap();
    let answers = answers(string, folder.path());
    let target = read::target(&answers).unwrap();
    let world = World::new(Places::under(folder.path().join("state")), Surroundings::default());
    let mut engine = Engine::new(world, answers, Some(Flow::FirstNode));

    to(&mut engine, ScreenId::Install).await;
    engine.run_until_idle().await;
    assert_eq!(engine.state().run().phase, Phase::Finished, "{:#?}", engine.state().run().rows);
    let plan = engine.state().run().plan.clone().unwrap();
    let proof = SqlServer::new().prove(&target, plan.cluster, &plan.node.name).await.unwrap();
    assert!(matches!(&proof, Membership::Member(seen) if seen.id == plan.cluster), "{proof:?}");

    Box::pin(a_second_node_comes_and_goes(&target, plan.cluster)).await;
    let key = engine.state().custody().generated.as_ref().unwrap().key.clone();
    Box::pin(a_second_node_joins_is_reviewed_and_leaves(string, folder.path(), &key)).await;
    assert!(SqlServer::new().cluster(&target, false).await.node("node-2").is_none(), "it has left");

    // What was made on somebody's server goes again, by a wizard of its own: the first one's connection would keep the
    // database in use.
    drop(engine);
    let world = World::new(Places::under(folder.path().join("state")), Surroundings::default());
    let mut reports = Vec::new();
    assert!(world.undo(&plan.node.instance, Some(&plan.node.target), |report| reports.push(report)).await, "{reports:#?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_first_node_on_the_server_that_is_named() {
    match std::env::var(VARIABLE) {
        Ok(string) => Box::pin(first_node_and_undo(&string)).await,
        Err(_) => println!("skipped: {VARIABLE} names no server"),
    }
}

/// The same on the practice server, so that the test itself is known to work.
#[cfg(feature = "practice")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_first_node_on_the_practice_server_by_a_connection_string() {
    let site = support::walk::Site::start().await;
    let string = format!(
        "Server=127.0.0.1,{};User ID={};Password='{}';Encrypt=Mandatory;TrustServerCertificate=true",
        site.server.addr().port(),
        site.server.user(),
        site.server.password().expose_secret()
    );
    Box::pin(first_node_and_undo(&string)).await;
}
