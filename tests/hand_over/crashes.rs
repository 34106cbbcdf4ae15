//! Cut off at any piece of news, a run is gone on with, whatever was half done.

use octopus_setup::model::plan::Progress;
use octopus_setup::world::apply::Cancel;

use crate::lab::{Lab, boxed, crash, key, survived};

/// Cuts a run off at its `at`th piece of news; `None` when it came to its end before.
async fn cut_off(lab: &Lab, at: usize) -> Option<()> {
    let (world, plan, first) = (lab.start(), lab.plan(), key());
    let (mut seen, cancel) = (0, Cancel::default());
    let work = world.install(&plan, Some(&first), &cancel, |_: Progress| {
        seen += 1;
        if seen > at {
            crash();
        }
    });
    match survived(Box::pin(work)).await {
        None => Some(()),
        Some(outcome) => {
            outcome.expect("no failure");
            None
        }
    }
}

/// The pieces of news are dealt to four tests, which run at the same time.
async fn every_fourth(first: usize) {
    for at in (first..).step_by(4) {
        let lab = Lab::new().await;
        if cut_off(&lab, at).await.is_none() {
            return;
        }
        let (key, plan) = (lab.sealed().await, lab.plan());
        let (outcome, _) = boxed(lab.install_with(&plan, &key)).await;
        outcome.unwrap_or_else(|failure| panic!("{at}: {failure:?}"));
        lab.assert_whole(&format!("resumed after {at}")).await;
        if at % 3 == 0 {
            lab.undo().await;
            assert!(lab.standin.keeps().is_empty(), "{at}");
        }
    }
}

#[tokio::test]
async fn a_run_that_is_cut_off_at_any_news_is_gone_on_with() {
    every_fourth(0).await;
}

#[tokio::test]
async fn a_run_that_is_cut_off_at_any_news_is_gone_on_with_1() {
    every_fourth(1).await;
}

#[tokio::test]
async fn a_run_that_is_cut_off_at_any_news_is_gone_on_with_2() {
    every_fourth(2).await;
}

#[tokio::test]
async fn a_run_that_is_cut_off_at_any_news_is_gone_on_with_3() {
    every_fourth(3).await;
}

#[tokio::test]
async fn a_run_that_was_cut_off_can_be_undone() {
    for at in (12..).step_by(4) {
        let lab = Lab::new().await;
        if cut_off(&lab, at).await.is_none() {
            return;
        }
        lab.undo().await;
        assert!(lab.standin.keeps().is_empty(), "{at}: {:?}", lab.standin.keeps());
        assert!(!lab.bench.home.join("OctopusServer.config").exists(), "{at}");
    }
}
