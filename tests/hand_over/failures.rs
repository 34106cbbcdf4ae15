//! A failure at each command: told as it is, gone on from by the next try, and undone.

use octopus_setup::model::octopus::CommandFailure;
use octopus_setup::model::plan::{Failure, StepKind};

use crate::lab::{Lab, failed, kept};

/// Where each step's command is caught.
const COMMANDS: [(&str, StepKind); 8] = [
    ("create-instance", StepKind::OctopusInstance),
    ("database", StepKind::OctopusDatabase),
    ("configure", StepKind::OctopusConfigure),
    ("admin", StepKind::OctopusAdmin),
    ("license", StepKind::OctopusLicence),
    ("path", StepKind::OctopusPaths),
    ("service@--start", StepKind::OctopusService),
    ("node", StepKind::OctopusTaskCap),
];

#[tokio::test]
async fn a_command_that_fails_is_told_and_the_next_try_goes_on() {
    let lab = Lab::new().await;
    let plan = lab.plan();
    for (at, kind) in COMMANDS {
        lab.standin.fault(at, "once fail 3");
        let (outcome, news) = lab.install(&plan).await;
        let (step, failure) = failed(&news).expect("a failure");
        assert_eq!((step, outcome), (kind, Err(failure.clone())));
        let Failure::Octopus { ended, said, by_hand } = failure else { unreachable!("{failure:?}") };
        assert_eq!(ended, CommandFailure::Status(3));
        let verb = at.split('@').next().unwrap();
        assert_eq!(said.last().map(ToString::to_string), Some(format!("Something is wrong with {verb}.")));
        assert!(
            by_hand.as_str().contains(&format!("{}' {verb} --instance 'My Node'", lab.standin.program().display())),
            "{by_hand}"
        );
    }
    lab.install(&plan).await.0.expect("no failure");
    lab.assert_whole("after all failures").await;
}

#[tokio::test]
async fn a_run_that_failed_at_any_command_is_undone() {
    for (at, kind) in COMMANDS {
        let lab = Lab::new().await;
        lab.standin.fault(at, "fail 3");
        assert_eq!(failed(&lab.install(&lab.plan()).await.1).map(|(step, _)| step), Some(kind));
        let (whole, news) = lab.undo().await;
        // Before Octopus has its tables nothing holds the run's work back.
        let alone = ["create-instance", "database"].contains(&at);
        assert_eq!(whole, alone, "{at}: {news:?}");
        assert!(lab.standin.keeps().is_empty(), "{at}: {:?}", lab.standin.keeps());
        assert!(!lab.bench.home.join("OctopusServer.config").exists(), "{at}");
        if !alone {
            assert_eq!(kept(&news).first(), Some(&StepKind::InitialiseCluster), "{at}");
            lab.drop_database().await;
            assert!(lab.undo().await.0, "{at}");
        }
        assert!(lab.left().is_empty(), "{at}: {:?}", lab.left());
    }
}

#[tokio::test]
async fn an_undo_that_fails_can_be_tried_again() {
    let lab = Lab::new().await;
    lab.install(&lab.plan()).await.0.expect("no failure");
    lab.standin.fault("service@--uninstall", "once fail 5");
    lab.standin.fault("delete-instance", "once kill");
    let (_, news) = lab.undo().await;
    // The instance outlives its service: without it nothing could take that away.
    assert_eq!(kept(&news)[..2], [StepKind::OctopusService, StepKind::OctopusInstance]);
    assert!(lab.standin.changes().iter().all(|call| call.verb() != "delete-instance"));
    let (_, news) = lab.undo().await;
    assert_eq!(kept(&news).first(), Some(&StepKind::OctopusInstance));
    lab.undo().await;
    assert!(lab.standin.keeps().is_empty());
}

#[tokio::test]
async fn a_node_that_is_up_is_configured_anew_where_something_else_is_asked_for_by_now() {
    let mut lab = Lab::new().await;
    let mut plan = lab.plan();
    let patience = lab.bench.places.patience;
    lab.standin.fault("beat", "mute");
    lab.bench.places.patience.beat = std::time::Duration::ZERO;
    assert_eq!(failed(&lab.install(&plan).await.1).map(|(step, _)| step), Some(StepKind::AwaitBeat));
    lab.standin.fault("beat", "");
    lab.bench.places.patience = patience;
    plan.node.web.comms_port = 10_999;
    plan.answers.insert("comms-port".into(), "10999".into());
    lab.standin.forget();
    lab.install(&plan).await.0.expect("no failure");
    let calls = lab.standin.changes();
    let place = |verb: &str, word: &str| {
        calls.iter().position(|call| call.verb() == verb && call.args.iter().any(|arg| arg == word)).expect(word)
    };
    let (stopped, configured, started) = (place("service", "--stop"), place("configure", "10999"), place("service", "--start"));
    assert!(stopped < configured && configured < started, "{stopped} {configured} {started}");
    lab.assert_whole("configured anew").await;
}

#[tokio::test]
async fn a_node_that_is_not_in_is_told_and_waited_for_anew() {
    let mut lab = Lab::new().await;
    let patience = lab.bench.places.patience;
    lab.bench.places.patience.ping = std::time::Duration::ZERO;
    lab.bench.places.patience.beat = std::time::Duration::ZERO;
    let plan = lab.plan();
    lab.standin.fault("run", "fail 1");
    let at =
        |news: &[_]| failed(news).map(|(step, failure)| (step, matches!(failure, Failure::NotAnswering { status: None, .. })));
    assert_eq!(at(&lab.install(&plan).await.1), Some((StepKind::AwaitPing, true)));
    lab.standin.fault("run", "");
    // It is up and not in.
    lab.bench.places.patience.ping = patience.ping;
    for status in [418, 503] {
        lab.standin.fault("ping", &status.to_string());
        lab.standin.fault("beat", "mute");
        if status == 503 {
            lab.bench.places.patience.ping = std::time::Duration::from_millis(300);
        }
        if status == 418 {
            lab.bench.places.patience.ping = std::time::Duration::from_secs(6);
        }
        let (_, news) = lab.install(&plan).await;
        let Some((StepKind::AwaitPing, Failure::NotAnswering { status: told, .. })) = failed(&news) else {
            unreachable!("{news:?}")
        };
        assert_eq!(told, Some(status));
    }
    lab.standin.fault("ping", "");
    lab.bench.places.patience.ping = patience.ping;
    let (_, news) = lab.install(&plan).await;
    let Some((StepKind::AwaitBeat, Failure::NoBeat { node, .. })) = failed(&news) else { unreachable!("{news:?}") };
    assert_eq!(node.as_str(), "web01");
    lab.standin.fault("beat", "");
    lab.bench.places.patience = patience;
    lab.install(&plan).await.0.expect("no failure");
    lab.assert_whole("at last").await;
}
