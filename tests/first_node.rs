//! The first node, end to end, through the real engine against the practice server. No screen, no keys: events.
#![cfg(feature = "practice")]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod support;

use octopus_setup::engine::Engine;
use octopus_setup::model::field::FieldId;
use octopus_setup::model::flow::Flow;
use octopus_setup::model::node_config::NodeConfig;
use octopus_setup::model::screen::ScreenId;
use octopus_setup::wizard::event::{Action, Event, StartChoice};
use octopus_setup::wizard::gate::Gate;
use octopus_setup::wizard::run::Phase;
use octopus_setup::wizard::state::Ending;

use support::walk::{Site, last_six, mode, to, type_in};

/// Enter until the end, as an operator does it.
async fn finish(engine: &mut Engine) {
    to(engine, ScreenId::MasterKey).await;
    let proof = last_six(engine);
    type_in(engine, FieldId::KeyProof, &proof);
    engine.handle(Event::Next);
    engine.run_until_idle().await;
    assert_eq!(engine.state().place.here, ScreenId::Done);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_first_node_from_nothing_to_done() {
    let site = Site::start().await;
    let mut engine = site.wizard("node-1", Some(Flow::FirstNode));
    to(&mut engine, ScreenId::MasterKey).await;
    assert_eq!(site.journals().len(), 1, "until the key's keeping is proven, the journal stays");
    let proof = last_six(&engine);
    type_in(&mut engine, FieldId::KeyProof, &proof);
    engine.handle(Event::Next);
    engine.handle(Event::Next);
    assert_eq!(engine.state().ending, Some(Ending::Finished));
    // The program ends now, and what it has just begun comes to its end all the same.
    engine.wind_down(std::time::Duration::from_secs(60)).await;

    let plan = engine.state().run().plan.clone().unwrap();
    let file = plan.node.home.join(NodeConfig::FILE);
    let text = std::fs::read_to_string(&file).unwrap();
    let config: NodeConfig = toml::from_str(&text).unwrap();
    assert_eq!(config.cluster.id, plan.cluster);
    assert_eq!(config.cluster.fingerprint, plan.fingerprint);
    assert!(!text.contains(site.password()), "the password stands in the node config");
    assert_eq!(mode(&file), 0o600);
    assert_eq!(mode(&plan.node.home.join(NodeConfig::KEY_FILE)), 0o600);
    assert!(site.journals().is_empty(), "the journal is gone: {:?}", site.journals());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_run_refuses_to_initialise_and_points_to_joining() {
    let site = Site::start().await;
    finish(&mut site.wizard("node-1", Some(Flow::FirstNode))).await;

    let mut second = site.wizard("node-2", Some(Flow::FirstNode));
    to(&mut second, ScreenId::Database).await;
    assert!(matches!(second.state().gate(), Gate::Shut(_)), "{:?}", second.state().gate());
    let finding = second.state().foremost().unwrap();
    assert_eq!(finding.check.id(), "db-content");
    assert!(finding.says.contains("cluster"), "{}", finding.says);
    assert!(finding.fix.contains("Add this server"), "{}", finding.fix);
    for _ in 0..3 {
        second.handle(Event::Next);
        second.run_until_idle().await;
    }
    assert_eq!(second.state().place.here, ScreenId::Database);
    assert!(!site.home("node-2").exists(), "nothing was written");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_operators_at_once_exactly_one_initialises() {
    let site = Site::start().await;
    let mut one = site.wizard("node-1", Some(Flow::FirstNode));
    let mut two = site.wizard_with_state("node-2", "other-state", Some(Flow::FirstNode));
    to(&mut one, ScreenId::Review).await;
    to(&mut two, ScreenId::Review).await;
    one.handle(Event::Next);
    two.handle(Event::Next);
    tokio::join!(one.run_until_idle(), two.run_until_idle());

    let mut phases = [one.state().run().phase, two.state().run().phase];
    phases.sort_by_key(|phase| *phase == Phase::Undone);
    assert_eq!(phases, [Phase::Finished, Phase::Undone]);
    let (winner, loser) = if one.state().run().phase == Phase::Finished { (&one, &two) } else { (&two, &one) };
    let row = loser.state().run().failed().unwrap();
    let said = octopus_setup::catalog::failures::explain_step(row.kind, row.failure.as_ref().unwrap());
    let id = winner.state().run().plan.as_ref().unwrap().cluster.short();
    assert!(said.says.contains(&id), "the loser is told who won: {}", said.says);

    // The loser has taken back what it made, and the winner's cluster stays.
    assert!(!site.home(&loser.state().run().plan.as_ref().unwrap().node.name).exists());
    let mut third = site.wizard("node-3", Some(Flow::FirstNode));
    to(&mut third, ScreenId::Database).await;
    assert!(matches!(third.state().gate(), Gate::Shut(_)));
}

/// Ends the wizard after so many pieces of news of the install, as a crash would: whatever runs is dropped.
async fn crash_after(site: &Site, news: usize) -> Option<usize> {
    site.cut_off(site.wizard("node-1", Some(Flow::FirstNode)), "node-1", news).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_a_crash_leaves_the_next_start_finishes() {
    for news in 0..16 {
        let site = Site::start().await;
        let ended = crash_after(&site, news).await;
        let mut next = site.wizard("node-1", None);
        next.run_until_idle().await;
        match next.state().start_choices().first() {
            Some(StartChoice::Resume(instance)) => {
                let instance = instance.clone();
                next.handle(Event::Begin(StartChoice::Resume(instance)));
                next.run_until_idle().await;
                type_in(&mut next, FieldId::Password, site.password());
            }
            // Nothing was begun yet, so there is nothing to go on with.
            _ => next.handle(Event::Begin(StartChoice::Flow(Flow::FirstNode))),
        }
        finish(&mut next).await;
        assert!(site.home("node-1").join(NodeConfig::FILE).exists(), "after {news} pieces of news");
        if ended.is_some() {
            return;
        }
    }
    panic!("the install never came to its end");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_a_crash_leaves_the_next_start_can_undo() {
    for news in 0..16 {
        let site = Site::start().await;
        let ended = crash_after(&site, news).await;
        let mut next = site.wizard("node-1", None);
        next.run_until_idle().await;
        if let Some(StartChoice::Resume(instance)) = next.state().start_choices().first() {
            let instance = instance.clone();
            next.handle(Event::Begin(StartChoice::Resume(instance)));
            next.run_until_idle().await;
            if next.state().place.here != ScreenId::MasterKey {
                type_in(&mut next, FieldId::Password, site.password());
                to(&mut next, ScreenId::Review).await;
                next.handle(Event::Press(Action::Undo));
                next.handle(Event::Reply(true));
                next.run_until_idle().await;
                assert_eq!(next.state().run().phase, Phase::Undone, "after {news}: {:?}", next.state().run().rows);
                assert!(!site.home("node-1").exists(), "after {news} pieces of news");
                // And the database is as if nothing had happened.
                let mut again = site.wizard("node-1", Some(Flow::FirstNode));
                finish(&mut again).await;
            }
        }
        if ended.is_some() {
            return;
        }
    }
    panic!("the install never came to its end");
}
