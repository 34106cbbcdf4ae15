//! Going on with a run that was cut off, by the same order.

use crate::scene::*;

/// Cuts a first node's install off after so many pieces of its news; how many there were where it was faster.
async fn cut_off(site: &Site, flow: Flow, node: &str, key: &str, news: usize) -> Option<usize> {
    let mut answers = site.answers(node);
    answers.set(FieldId::MasterKey, Raw::of(FieldId::MasterKey, key), Origin::Flag);
    let world = World::new(site.places(), Surroundings::default());
    site.cut_off(Engine::new(world, answers, Some(flow)), node, news).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_first_node_that_was_cut_off_anywhere_is_finished_by_the_same_order() {
    for news in 0.. {
        let site = Site::start().await;
        let whole = cut_off(&site, Flow::FirstNode, "node-1", "", news).await.is_some();
        let (exit, said) = text(&site, order(&site, Flow::FirstNode, "node-1", &[])).await;
        assert_eq!(exit, Exit::Done, "after {news} pieces of news\n{said}");
        assert!(key_file(&site).exists() && site.journals().is_empty(), "after {news}");
        if whole {
            assert!(news > 6);
            return;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_join_that_was_cut_off_anywhere_is_finished_by_the_same_order() {
    let site = Site::start().await;
    let key = first_node(&site).await;
    for news in 0.. {
        let node = format!("node-{}", news + 2);
        let whole = cut_off(&site, Flow::Join, &node, &key, news).await.is_some();
        if whole {
            assert!(news > 6);
            return;
        }
        let (mut exit, mut said) = text(&site, order(&site, Flow::Join, &node, &[(FieldId::MasterKey, &key)])).await;
        if exit == Exit::Checks && said.contains("home-instance") {
            // The dropped wizard had closed its journal a moment before.
            (exit, said) = (Exit::Done, String::new());
        }
        assert_eq!(exit, Exit::Done, "after {news} pieces of news\n{said}");
        assert!(site.home(&node).join("octopus-node.toml").exists() && site.journals().is_empty(), "after {news}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dry_run_of_a_cut_off_run_changes_nothing() {
    let site = Site::start().await;
    cut_off(&site, Flow::FirstNode, "node-1", "", 5).await;
    let before: Vec<_> = written(&site).into_iter().map(|path| (std::fs::read(&path).unwrap(), path)).collect();
    let (exit, all) = lines(&site, dry(order(&site, Flow::FirstNode, "node-1", &[]))).await;
    assert_eq!((exit, of(&all, "resuming").len()), (Exit::Done, 1), "{all:#?}");
    let after: Vec<_> = written(&site).into_iter().map(|path| (std::fs::read(&path).unwrap(), path)).collect();
    assert!(before == after, "a dry run has written");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn other_answers_than_the_run_was_begun_with_are_refused() {
    let site = Site::start().await;
    let begun = order(&site, Flow::FirstNode, "node-1", &[]).loaded;
    cut_off_with(&site, &begun.answers, 5).await;
    let with = |changes: &[(FieldId, &str)]| {
        let mut order = order(&site, Flow::FirstNode, "node-1", changes);
        for field in [FieldId::ListenPrefixes, FieldId::CommsPort, FieldId::GrpcPort] {
            order.loaded.answers.set(field, begun.answers.get(field).raw.clone(), Origin::Flag);
        }
        order
    };
    let (exit, said) = text(&site, with(&[(FieldId::NodeName, "other"), (FieldId::Database, "Elsewhere")])).await;
    assert_eq!(exit, Exit::Answers, "{said}");
    for part in ["node-name: ", "node-1", "other", "database: ", "Elsewhere", "OctopusDeploy"] {
        assert!(said.contains(part), "{part} is not in\n{said}");
    }
    assert_eq!(site.journals().len(), 1, "the run is still there");
    let (exit, said) = text(&site, Order { flow: Flow::Join, ..with(&[(FieldId::MasterKey, "5qJcW9E6B99teMmrOzaYNA==")]) }).await;
    assert_eq!(exit, Exit::Answers, "{said}");
    assert!(said.contains("a run of first-node for instance node-1"), "{said}");
    // Where the key is to be kept may be said anew.
    let file = site.home("elsewhere.txt").display().to_string();
    let (exit, said) = text(&site, with(&[(FieldId::KeyFile, &file)])).await;
    assert_eq!(exit, Exit::Done, "{said}");
    assert!(Path::new(&file).exists() && !key_file(&site).exists());
}

async fn cut_off_with(site: &Site, answers: &Answers, news: usize) {
    let world = World::new(site.places(), Surroundings::default());
    let engine = Engine::new(world, answers.clone(), Some(Flow::FirstNode));
    assert_eq!(site.cut_off(engine, "node-1", news).await, None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_that_was_saved_just_before_the_end_is_the_proof() {
    let site = Site::start().await;
    let mut engine = site.wizard("node-1", Some(Flow::FirstNode));
    crate::support::walk::to(&mut engine, octopus_setup::model::screen::ScreenId::MasterKey).await;
    engine.handle(octopus_setup::wizard::event::Event::Press(octopus_setup::wizard::event::Action::SaveKey));
    engine.run_until_idle().await;
    drop(engine);
    assert!(key_file(&site).exists());
    let begun = site.journals().len();
    let (exit, all) = lines(&site, dry(order(&site, Flow::FirstNode, "node-1", &[]))).await;
    assert_eq!((exit, site.journals().len(), begun), (Exit::Done, 1, 1), "{all:#?}");
    let (exit, said) = again(&site).await;
    assert_eq!(exit, Exit::Done, "{said}");
    assert!(site.journals().is_empty());
}

/// The same command, with the answers that the journal has where a test's own would differ: its ports are drawn each time.
async fn again(site: &Site) -> (Exit, String) {
    let mut order = order(site, Flow::FirstNode, "node-1", &[]);
    for field in [FieldId::ListenPrefixes, FieldId::CommsPort, FieldId::GrpcPort] {
        order.loaded.answers.set(field, Raw::of(field, field.default()), Origin::Default);
    }
    text(site, order).await
}
