//! A join that is cut off after every piece of news ends finished or as if it had never begun.

use octopus_setup::model::screen::ScreenId;
use octopus_setup::wizard::event::{Action, Event};
use octopus_setup::wizard::run::Phase;

use crate::scene::*;

/// Joins and drops everything after so many pieces of the install's news; how many there were where it was faster.
async fn cut(scene: &Scene, news: usize) -> Option<usize> {
    scene.site.cut_off(scene.joining("node-2"), "node-2", news).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_a_crash_leaves_the_next_start_finishes() {
    for news in 0..16 {
        let scene = Scene::new().await;
        let ended = cut(&scene, news).await;
        match scene.site.next_start("node-2", &scene.key_text()).await {
            Some(mut next) => {
                if next.state().place.here != ScreenId::Done {
                    to(&mut next, ScreenId::Done).await;
                }
                next.run_until_idle().await;
            }
            None if ended.is_some() => {}
            // The last step and the end of its journal were under way when everything was dropped, and came to their end.
            None if scene.config_file("node-2").exists() => {}
            None => drop(scene.join("node-2").await),
        }
        assert_eq!(scene.nodes().await, ["node-1", "node-2"], "after {news} pieces of news");
        assert_eq!(scene.config("node-2").cluster, scene.config("node-1").cluster);
        if ended.is_some() {
            return;
        }
    }
    panic!("the join never came to its end");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_a_crash_leaves_the_next_start_can_undo() {
    for news in 0..16 {
        let scene = Scene::new().await;
        let ended = cut(&scene, news).await;
        // A join whose last step was done is over, whatever its journal had no time to say.
        let unfinished =
            scene.site.next_start("node-2", &scene.key_text()).await.filter(|next| next.state().place.here != ScreenId::Done);
        if let Some(mut next) = unfinished {
            to(&mut next, ScreenId::Review).await;
            next.handle(Event::Press(Action::Undo));
            next.handle(Event::Reply(true));
            next.run_until_idle().await;
            assert_eq!(next.state().run().phase, Phase::Undone, "after {news}: {:#?}", next.state().run().rows);
            assert_eq!(scene.nodes().await, ["node-1"], "after {news} pieces of news");
            assert!(!scene.site.home("node-2").exists(), "after {news} pieces of news");
            assert!(scene.config_file("node-1").exists());
        }
        if ended.is_some() {
            return;
        }
    }
    panic!("the join never came to its end");
}
