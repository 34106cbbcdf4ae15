//! A program that hangs, floods, lies, is killed, or is not there.

use std::time::{Duration, Instant};

use octopus_setup::model::octopus::CommandFailure;
use octopus_setup::model::plan::{Failure, Progress, StepKind};
use octopus_setup::model::untrusted::Untrusted;
use octopus_setup::world::apply::Cancel;

use crate::lab::{Lab, boxed, failed};

fn ended(news: &[Progress]) -> (StepKind, CommandFailure) {
    match failed(news) {
        Some((kind, Failure::Octopus { ended, .. })) => (kind, ended),
        other => unreachable!("{other:?}"),
    }
}

#[tokio::test]
async fn a_command_that_hangs_is_killed_when_its_time_is_over() {
    let mut lab = Lab::new().await;
    let patience = lab.bench.places.patience;
    let short = Duration::from_millis(200);
    lab.standin.fault("admin", "once hang");
    // Only the command that hangs has so little time.
    let plan = lab.plan();
    lab.standin.fault("configure", "once fail 1");
    lab.install(&plan).await.0.expect_err("configure fails");
    lab.bench.places.patience.command = Duration::from_secs(6);
    let (_, news) = lab.install(&plan).await;
    assert_eq!(ended(&news), (StepKind::OctopusAdmin, CommandFailure::TimedOut(Duration::from_secs(6))));
    lab.bench.places.patience = patience;
    lab.bench.places.patience.database = short;
    lab.standin.fault("database", "once hang");
    let (_, news) = lab.install(&plan).await;
    assert_eq!(ended(&news), (StepKind::OctopusDatabase, CommandFailure::TimedOut(short)));
    lab.bench.places.patience = patience;
    lab.install(&plan).await.0.expect("no failure");
    lab.assert_whole("after it hung").await;
}

/// Cancels as soon as the stand-in has been called so, or a step has begun, and gives the step at which it ended.
async fn cancelled_at(lab: &Lab, verb: &str, step: Option<StepKind>) -> (StepKind, Duration) {
    let (world, plan, first, cancel) = (lab.start(), lab.plan(), lab.sealed().await, Cancel::default());
    let (mut last, mut asked) = (None, None);
    let work = world.install(&plan, Some(&first), &cancel, |progress| {
        if step.is_some_and(|step| matches!(progress, Progress::Begun(kind) if kind == step)) {
            cancel.ask();
            asked = Some(Instant::now());
        }
        last = Some(progress);
    });
    let called = async {
        while step.is_some() || !lab.standin.calls().iter().any(|call| call.verb() == verb) {
            tokio::task::yield_now().await;
        }
        cancel.ask();
        std::future::pending::<()>().await;
    };
    let outcome = tokio::select! {
        outcome = boxed(work) => outcome,
        () = called => unreachable!("it waits for ever"),
    };
    assert_eq!(outcome, Err(Failure::Cancelled));
    let Some(Progress::Failed(kind, Failure::Cancelled)) = last else { unreachable!("{last:?}") };
    (kind, asked.map_or(Duration::ZERO, |asked| asked.elapsed()))
}

#[tokio::test]
async fn who_cancels_waits_neither_for_a_command_that_hangs_nor_for_a_node_that_is_not_in() {
    let lab = Lab::new().await;
    lab.standin.fault("admin", "once hang");
    // The patience of this program's tests is twenty seconds; nobody has had it.
    assert_eq!(cancelled_at(&lab, "admin", None).await.0, StepKind::OctopusAdmin);
    lab.standin.fault("ping", "418");
    lab.standin.fault("beat", "mute");
    for (at, fault) in [(StepKind::AwaitPing, "ping"), (StepKind::AwaitBeat, "beat")] {
        let (kind, took) = cancelled_at(&lab, "", Some(at)).await;
        assert_eq!(kind, at);
        assert!(took < Duration::from_secs(1), "{at:?}: {took:?}");
        lab.standin.fault(fault, "");
    }
    boxed(lab.install_with(&lab.plan(), &lab.sealed().await)).await.0.expect("no failure");
    lab.assert_whole("after it was cancelled").await;
}

#[tokio::test]
async fn a_hundred_megabytes_are_read_and_let_go() {
    let lab = Lab::new().await;
    lab.standin.fault("configure", "flood");
    let (outcome, news) = lab.install(&lab.plan()).await;
    outcome.expect("no failure");
    let lines = news.iter().find_map(|news| match news {
        Progress::Said(StepKind::OctopusConfigure, lines) => Some(lines),
        _ => None,
    });
    let lines = lines.expect("what it said");
    let bytes: usize = lines.iter().map(|line| line.as_str().len()).sum();
    assert!(bytes < 400 * 1024 && lines.len() <= 1_000, "{bytes} bytes, {} lines", lines.len());
    assert!(lines.iter().any(|line| line.as_str().contains("bytes are left out here")));
    assert_eq!(lines.last().map(Untrusted::as_str), Some("Web portal and ports configured."));
}

#[tokio::test]
async fn a_lie_is_found_out_where_it_can_be_seen() {
    let lab = Lab::new().await;
    let plan = lab.plan();
    for (at, kind) in [
        ("create-instance", StepKind::OctopusInstance),
        ("database", StepKind::OctopusDatabase),
        ("node", StepKind::OctopusTaskCap),
    ] {
        lab.standin.fault(at, "once lie");
        // A node that was never told of its cap has the default, which would not be found out.
        let mut plan = plan.clone();
        plan.node.task_cap = 7;
        let (_, news) = lab.install(&plan).await;
        let Some((step, Failure::ReadBack { .. })) = failed(&news) else { unreachable!("{at}: {news:?}") };
        assert_eq!(step, kind);
    }
    lab.install(&plan).await.0.expect("no failure");
    lab.assert_whole("after all lies").await;
}

#[tokio::test]
async fn an_instance_is_gone_once_the_list_says_so_and_a_node_that_octopus_still_has_is_told() {
    let first = Lab::new().await;
    first.install(&first.plan()).await.0.expect("no failure");
    let second = first.another();
    second.install(&second.join("web02")).await.0.expect("no failure");
    second.standin.fault("delete-instance", "once lie");
    let (whole, news) = second.undo().await;
    let refused =
        |progress: &&Progress| matches!(progress, Progress::UndoFailed(StepKind::OctopusInstance, Failure::ReadBack { .. }));
    assert!(!whole && news.iter().any(|progress| refused(&progress)), "{news:?}");
    assert!(second.standin.keeps().contains(&"my-node.config".to_owned()));
    assert!(second.bench.home.join("OctopusServer.config").exists(), "its config stays as long as it is on the list");
    let (whole, news) = second.undo().await;
    assert!(whole, "{news:?}");
    // The command says that the node is de-registered. Its row is there.
    let said: Vec<String> = news
        .iter()
        .filter_map(|progress| match progress {
            Progress::Said(StepKind::OctopusInstance, lines) => Some(lines.iter().map(ToString::to_string)),
            _ => None,
        })
        .flatten()
        .collect();
    assert!(said.iter().any(|line| line.starts_with("De-registered web02")), "{said:?}");
    assert!(said.iter().any(|line| line.starts_with("Octopus' own list still has node web02")), "{said:?}");
    assert_eq!(second.node_row("web02").await, ["seen|5"]);
}

#[tokio::test]
async fn one_that_is_killed_or_cannot_be_run_is_told_as_such() {
    let lab = Lab::new().await;
    let plan = lab.plan();
    lab.standin.fault("license", "once kill");
    assert_eq!(ended(&lab.install(&plan).await.1), (StepKind::OctopusLicence, CommandFailure::Signal(9)));
    // A file that is no program; and then none at all.
    let program = lab.standin.program();
    let real = std::fs::read_link(&program).unwrap();
    std::fs::remove_file(&program).unwrap();
    std::fs::write(&program, "no program").unwrap();
    assert_eq!(ended(&lab.install(&plan).await.1), (StepKind::OctopusInstance, CommandFailure::NotStarted));
    std::fs::remove_file(&program).unwrap();
    assert_eq!(ended(&lab.install(&plan).await.1), (StepKind::OctopusInstance, CommandFailure::NotStarted));
    std::os::unix::fs::symlink(real, &program).unwrap();
    lab.install(&plan).await.0.expect("no failure");
}

#[tokio::test]
async fn a_run_whose_program_has_vanished_is_not_begun() {
    let lab = Lab::new().await;
    std::fs::remove_file(lab.standin.program()).unwrap();
    let (_, news) = lab.install(&lab.plan()).await;
    assert_eq!(ended(&news), (StepKind::OctopusInstance, CommandFailure::NotStarted));
    assert!(lab.bench.raw_files().is_empty() && !lab.bench.home.exists(), "{:?}", lab.bench.raw_files().keys());
}

#[tokio::test]
async fn one_that_others_may_change_is_given_no_secret() {
    use std::os::unix::fs::PermissionsExt;
    let lab = Lab::new().await;
    let program = lab.standin.program();
    let real = std::fs::read_link(&program).unwrap();
    std::fs::remove_file(&program).unwrap();
    std::fs::copy(real, &program).unwrap();
    std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o777)).unwrap();
    let (_, news) = lab.install(&lab.plan()).await;
    let Some((_, Failure::Octopus { ended: CommandFailure::NotStarted, said, .. })) = failed(&news) else {
        unreachable!("{news:?}")
    };
    assert!(said[0].as_str().ends_with("can be changed by others, and is not run."), "{said:?}");
    assert!(lab.standin.calls().is_empty());
}
