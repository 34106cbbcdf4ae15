//! A join that is cut off after every piece of news ends finished or as if it had never begun.

use octopus_setup::engine::Engine;
use octopus_setup::model::field::FieldId;
use octopus_setup::model::screen::ScreenId;
use octopus_setup::wizard::event::{Action, Errand, Event};
use octopus_setup::wizard::run::Phase;

use crate::scene::*;

/// Joins and drops everything after so many pieces of the install's news; how many there were where it was faster.
async fn cut(scene: &Scene, news: usize) -> Option<usize> {
    let mut engine = scene.joining("node-2");
    to(&mut engine, ScreenId::Review).await;
    engine.handle(Event::Next);
    for seen in 0..news {
        if !engine.state().run.is_working() {
            return Some(seen);
        }
        let event = engine.news().await;
        engine.handle(event);
    }
    drop(engine);
    scene.site.wait_until_nobody_works("node-2").await;
    None
}

/// The next start, with the unfinished run gone on with where there is one.
async fn next_start(scene: &Scene) -> Option<Engine> {
    let mut next = scene.site.wizard("node-2", None);
    next.run_until_idle().await;
    let Some(Errand::Resume(instance)) = next.state().errands().first().cloned() else { return None };
    next.handle(Event::Begin(Errand::Resume(instance)));
    next.run_until_idle().await;
    type_in(&mut next, FieldId::Password, scene.site.password());
    let asked = next.state().custody.drawn.is_none();
    if asked {
        type_in(&mut next, FieldId::MasterKey, &scene.key_text());
    }
    Some(next)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_a_crash_leaves_the_next_start_finishes() {
    for news in 0..16 {
        let scene = Scene::new().await;
        let ended = cut(&scene, news).await;
        match next_start(&scene).await {
            Some(mut next) => {
                if next.state().place.here != ScreenId::Done {
                    to(&mut next, ScreenId::Done).await;
                }
                next.run_until_idle().await;
            }
            None if ended.is_some() => {}
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
        if let Some(mut next) = next_start(&scene).await {
            to(&mut next, ScreenId::Review).await;
            next.handle(Event::Press(Action::Undo));
            next.handle(Event::Reply(true));
            next.run_until_idle().await;
            assert_eq!(next.state().run.phase, Phase::Undone, "after {news}: {:#?}", next.state().run.rows);
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
