//! No secret is anywhere but where it belongs: a join, a review, a change and a copied config, looked at after each piece
//! of news; and everything that a check prints.

use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use data_encoding::BASE64;
use octopus_setup::catalog::flow;
use octopus_setup::engine::Engine;
use octopus_setup::model::field::FieldId;
use octopus_setup::model::node::{Maker, Subject};
use octopus_setup::model::screen::ScreenId;
use octopus_setup::wizard::event::{Action, Event, StartChoice};
use octopus_setup::wizard::update::update;

use crate::scene::*;
use crate::shared::canaries::{Secrets, clean_engine, clean_folder};

const SERVICE: &str = "Canary-Svc-3Kw88Lm2";

/// A cluster, and its secrets under all their disguises.
struct Watch {
    scene: Scene,
    secrets: Secrets,
    /// Files that may hold one: the practice server's own logins, and the operator's own key file.
    but: Vec<PathBuf>,
}

impl Watch {
    async fn new() -> Self {
        let scene = Scene::new().await;
        let text = scene.key_text();
        let bytes = BASE64.decode(text.as_bytes()).unwrap();
        let secrets = Secrets::new(&[
            ("master key", text.as_bytes()),
            ("master key's bytes", &bytes),
            ("database password", scene.site.password().as_bytes()),
            ("service password", SERVICE.as_bytes()),
        ]);
        let logins = scene.site.server.data().join("logins.toml");
        assert!(logins.exists(), "{}", logins.display());
        Self { scene, secrets, but: vec![logins] }
    }

    fn clean(&self, engine: &Engine) {
        clean_engine(engine, &self.secrets);
        let but: Vec<_> = self.but.iter().map(PathBuf::as_path).collect();
        clean_folder(&self.scene.site.home(""), &but, &self.secrets);
    }

    /// Handles an event after a look at it and at what follows from it, and at everything after each piece of news.
    async fn does(&self, engine: &mut Engine, event: impl Fn() -> Event) {
        self.secrets.absent("an event", format!("{:?}", event()).as_bytes());
        let effects = update(&mut engine.state().clone(), event(), Duration::ZERO);
        self.secrets.absent("an effect", format!("{effects:?} {effects:#?}").as_bytes());
        engine.handle(event());
        while engine.state().run().is_working() {
            let news = engine.next_event().await;
            self.secrets.absent("news", format!("{news:?}").as_bytes());
            engine.handle(news);
            self.clean(engine);
        }
        engine.run_until_idle().await;
        self.clean(engine);
    }

    async fn to(&self, engine: &mut Engine, screen: ScreenId) {
        for _ in 0..24 {
            if engine.state().place.here == screen {
                return;
            }
            self.does(engine, || Event::Next).await;
        }
        panic!("never came to {screen:?}: {:?} {:#?}", engine.state().place, engine.state().verdicts());
    }

    /// Everything that a check prints.
    fn printed(&self, node: &str) {
        for format in ["text", "json"] {
            let output = Command::new(env!("CARGO_BIN_EXE_octopus-setup"))
                .args(["review", "--check", "--instance", node, "--output", format])
                .env("OCTOPUS_SETUP_STATE_DIR", self.scene.site.home("state"))
                .output()
                .unwrap();
            assert!(!output.stdout.is_empty());
            self.secrets.absent("stdout", &output.stdout);
            self.secrets.absent("stderr", &output.stderr);
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_join_a_review_and_a_change_leave_no_secret_anywhere() {
    let mut watch = Watch::new().await;
    let service = [(FieldId::ServiceAccount, "custom"), (FieldId::ServiceUser, "root"), (FieldId::ServicePassword, SERVICE)];
    let mut engine = watch.scene.joining_with("node-2", &service);
    watch.to(&mut engine, ScreenId::Done).await;
    watch.printed("node-2");

    let mut engine = watch.scene.review("node-2").await;
    for screen in flow::path(octopus_setup::model::flow::Flow::Review) {
        watch.does(&mut engine, || Event::Jump(*screen)).await;
    }
    watch.does(&mut engine, || Event::Jump(ScreenId::Key)).await;
    type_in(&mut engine, FieldId::KeyConfirm, "node-2");
    watch.does(&mut engine, || Event::Press(Action::Reveal)).await;
    assert!(engine.state().custody().revealed, "the key is on the screen, and only there");
    let saved = watch.scene.site.home("key.txt");
    watch.but.push(saved.clone());
    watch.does(&mut engine, || Event::Press(Action::SaveKey)).await;
    assert!(std::fs::read_to_string(saved).unwrap().contains(&watch.scene.key_text()), "the operator's own file has it");

    watch.does(&mut engine, || Event::Jump(ScreenId::Node)).await;
    watch.does(&mut engine, || Event::Press(Action::Edit)).await;
    type_in(&mut engine, FieldId::CommsPort, &free_port().to_string());
    type_in(&mut engine, FieldId::Password, watch.scene.site.password());
    type_in(&mut engine, FieldId::ServicePassword, SERVICE);
    watch.to(&mut engine, ScreenId::Done).await;
    let backup = |path: &PathBuf| path.extension().is_some_and(|end| end == "bak");
    assert!(tree(&watch.scene.site.home("node-2")).iter().any(|(path, _)| backup(path)), "a backup was looked at too");
    watch.printed("node-2");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_copied_config_and_its_new_seals_hold_no_secret() {
    let watch = Watch::new().await;
    let mut engine = watch.scene.site.wizard_with_state("nobody", "other-machine", None);
    engine.run_until_idle().await;
    let subject = Subject { instance: "node-1".into(), config: watch.scene.config_file("node-1"), maker: Maker::Wizard };
    watch.does(&mut engine, || Event::Begin(StartChoice::Review(subject.clone()))).await;
    watch.does(&mut engine, || Event::Press(Action::Edit)).await;
    type_in(&mut engine, FieldId::Password, watch.scene.site.password());
    type_in(&mut engine, FieldId::MasterKey, &watch.scene.key_text());
    watch.to(&mut engine, ScreenId::Done).await;
    assert!(!watch.scene.history(1).await.is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_a_cut_join_leaves_holds_no_secret() {
    let watch = Watch::new().await;
    for news in [2, 4, 6, 8, 10] {
        let node = format!("node-{news}");
        let mut engine = watch.scene.joining(&node);
        to(&mut engine, ScreenId::Review).await;
        engine.handle(Event::Next);
        for _ in 0..news {
            if engine.state().run().is_working() {
                let event = engine.next_event().await;
                engine.handle(event);
            }
        }
        watch.clean(&engine);
        drop(engine);
        watch.scene.site.wait_until_nobody_works(&node).await;
        let mut next = watch.scene.site.wizard(&node, None);
        next.run_until_idle().await;
        let resume = |choice: &&StartChoice| matches!(choice, StartChoice::Resume(_));
        if let Some(choice) = next.state().start_choices().iter().find(resume).cloned() {
            watch.does(&mut next, || Event::Begin(choice.clone())).await;
        }
        watch.clean(&next);
    }
}
