//! Going on with a run that was cut off, by the same order.

use octopus_setup::model::screen::ScreenId;
use octopus_setup::wizard::event::{Action, Event};

use crate::scene::*;
use crate::support::walk::to;

/// Cuts the install of this order off after so many pieces of its news; how many there were where it was faster.
async fn cut_off(site: &Site, order: &Order, news: usize) -> Option<usize> {
    let world = World::new(site.places(), Surroundings::default());
    let engine = Engine::new(world, order.loaded.answers.clone(), Some(order.flow));
    site.cut_off(engine, order.loaded.answers.text(FieldId::Instance), news).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_first_node_that_was_cut_off_anywhere_is_finished_by_the_same_order() {
    for news in 0.. {
        let site = Site::start().await;
        let order = order(&site, Flow::FirstNode, "node-1", &[]);
        let whole = cut_off(&site, &order, news).await.is_some();
        let (exit, said) = text(&site, order.clone()).await;
        assert_eq!(exit, Exit::Done, "after {news} pieces of news\n{said}");
        let (exit, said) = text(&site, order).await;
        assert!(exit == Exit::Done && said.contains("Already done"), "once more after {news}\n{said}");
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
        let order = order(&site, Flow::Join, &node, &[(FieldId::MasterKey, &key)]);
        let whole = cut_off(&site, &order, news).await.is_some();
        if whole {
            assert!(news > 6);
            return;
        }
        let (mut exit, mut said) = text(&site, order.clone()).await;
        while exit == Exit::Unfinished && said.contains("Another octopus-setup works on this instance") {
            // The dropped wizard had just begun to close its journal, and held the lock.
            site.wait_until_nobody_works(&node).await;
            (exit, said) = text(&site, order.clone()).await;
        }
        assert_eq!(exit, Exit::Done, "after {news} pieces of news\n{said}");
        assert!(site.home(&node).join("octopus-node.toml").exists() && site.journals().is_empty(), "after {news}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dry_run_of_a_cut_off_run_changes_nothing() {
    let site = Site::start().await;
    let order = order(&site, Flow::FirstNode, "node-1", &[]);
    assert_eq!(cut_off(&site, &order, 5).await, None);
    let before: Vec<_> = written(&site).into_iter().map(|path| (std::fs::read(&path).unwrap(), path)).collect();
    let (exit, all) = lines(&site, dry(order)).await;
    assert_eq!((exit, of(&all, "resuming").len()), (Exit::Done, 1), "{all:#?}");
    let after: Vec<_> = written(&site).into_iter().map(|path| (std::fs::read(&path).unwrap(), path)).collect();
    assert!(before == after, "a dry run has written");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wrong_password_is_tried_once_there_too() {
    let site = Site::start().await;
    let key = first_node(&site).await;
    for (flow, node) in [(Flow::FirstNode, "node-7"), (Flow::Join, "node-2")] {
        let changes: &[(FieldId, &str)] = &[(FieldId::MasterKey, &key), (FieldId::Database, "Octopus7")];
        let changes = if flow == Flow::Join { &changes[..1] } else { &changes[1..] };
        let mut order = order(&site, flow, node, changes);
        assert_eq!(cut_off(&site, &order, 5).await, None);
        order.loaded.answers.set(FieldId::Password, Raw::of(FieldId::Password, "Wrong-0815"), Origin::Flag);
        let before = site.server.logins();
        let (exit, said) = text(&site, order).await;
        assert_eq!((exit, site.server.logins() - before), (Exit::Checks, 1), "{said}");
        assert!(said.contains("Nothing more was written."), "what was begun is still there\n{said}");
        std::fs::remove_dir_all(site.places().journals()).unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_answers_that_are_told_are_those_of_the_plan() {
    let site = Site::start().await;
    let begun = order(&site, Flow::FirstNode, "node-1", &[]);
    let port = begun.loaded.answers.text(FieldId::GrpcPort).to_owned();
    assert_eq!(cut_off(&site, &begun, 5).await, None);
    let mut order = dry(begun);
    order.loaded.answers.set(FieldId::GrpcPort, Raw::of(FieldId::GrpcPort, "8443"), Origin::Default);
    let (exit, all) = lines(&site, order.clone()).await;
    assert_eq!(exit, Exit::Done, "{all:#?}");
    let answers = of(&all, "plan")[0]["answers"].as_array().unwrap();
    let told = answers.iter().find(|answer| answer["field"] == "grpc-port").unwrap();
    assert_eq!((&told["value"], &told["origin"]), (&port.as_str().into(), &"unfinished-run".into()), "nobody gave another one");
    let home = answers.iter().find(|answer| answer["field"] == "home").unwrap();
    assert_eq!(home["origin"], "flag");
    let (_, said) = text(&site, order).await;
    assert!(said.contains(&format!("grpc-port          {port}  (unfinished-run)")), "{said}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn other_answers_than_the_run_was_begun_with_are_refused() {
    let site = Site::start().await;
    let begun = order(&site, Flow::FirstNode, "node-1", &[]);
    assert_eq!(cut_off(&site, &begun, 5).await, None);
    let with = |changes: &[(FieldId, &str)]| {
        let mut order = begun.clone();
        for (field, text) in changes {
            order.loaded.answers.set(*field, Raw::of(*field, *text), Origin::Flag);
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

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_that_was_saved_just_before_the_end_is_the_proof() {
    let site = Site::start().await;
    let order = order(&site, Flow::FirstNode, "node-1", &[]);
    let world = World::new(site.places(), Surroundings::default());
    let mut engine = Engine::new(world, order.loaded.answers.clone(), Some(Flow::FirstNode));
    to(&mut engine, ScreenId::MasterKey).await;
    engine.handle(Event::Press(Action::SaveKey));
    engine.run_until_idle().await;
    drop(engine);
    assert!(key_file(&site).exists());
    let (exit, said) = text(&site, dry(order.clone())).await;
    assert_eq!((exit, site.journals().len()), (Exit::Done, 1), "{said}");
    assert!(said.contains("Every step was done by an earlier start."), "{said}");
    let (exit, said) = text(&site, order).await;
    assert_eq!(exit, Exit::Done, "{said}");
    assert!(site.journals().is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_that_cannot_be_saved_after_all_leaves_the_run_unfinished_and_another_place_ends_it() {
    let site = Site::start().await;
    let order = order(&site, Flow::FirstNode, "node-1", &[]);
    let world = World::new(site.places(), Surroundings::default());
    let mut engine = Engine::new(world, order.loaded.answers.clone(), Some(Flow::FirstNode));
    to(&mut engine, ScreenId::MasterKey).await;
    drop(engine);
    std::fs::write(key_file(&site), "mine").unwrap();
    let (exit, all) = lines(&site, order.clone()).await;
    assert_eq!(exit, Exit::Unfinished);
    let ended = end(&all);
    assert_eq!((&ended["exit"], &ended["resumable"], &ended["key_file"]), (&7.into(), &true.into(), &Value::Null));
    assert!(ended["says"][0].as_str().unwrap().contains("its master key is not kept"), "{ended}");
    assert_eq!(std::fs::read(key_file(&site)).unwrap(), b"mine");
    let mut elsewhere = order;
    let file = site.home("elsewhere.txt");
    elsewhere.loaded.answers.set(FieldId::KeyFile, Raw::Text(file.display().to_string()), Origin::Flag);
    let (exit, said) = text(&site, elsewhere).await;
    assert_eq!(exit, Exit::Done, "{said}");
    assert!(file.exists() && site.journals().is_empty());
}
