//! No secret is anywhere but where it belongs: a whole first node with passwords that can be recognised, and then a look
//! into every file that was written, and into every text that could be printed.
#![cfg(feature = "practice")]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod support;

use std::path::{Path, PathBuf};

use data_encoding::{BASE64, HEXLOWER};
use octopus_setup::engine::Engine;
use octopus_setup::model::export::FileTrouble;
use octopus_setup::model::field::FieldId;
use octopus_setup::model::flow::Flow;
use octopus_setup::model::node_config::NodeConfig;
use octopus_setup::model::screen::ScreenId;
use octopus_setup::wizard::event::{Action, Event, StartChoice};
use octopus_setup::world::World;
use octopus_setup::world::clipboard::Surroundings;
use octopus_setup::world::places::Places;
use practice_server::Login;
use secrecy::ExposeSecret;

use support::canaries::{Secrets, clean_engine, clean_folder};
use support::walk::{Site, mode, to, type_in};

const PASSWORD: &str = "Canary-Db-7Qx41Zp9";
const SERVICE: &str = "Canary-Svc-3Kw88Lm2";
const WRONG: &str = "Canary-Wrong-5Rt60Bn1";

struct Bench {
    site: Site,
}

impl Bench {
    async fn new() -> Self {
        let login = Login { name: "canary".into(), password: PASSWORD.into(), sysadmin: false, dbcreator: true, disabled: false };
        Self { site: Site::with(|options| options.logins.push(login)).await }
    }

    fn root(&self) -> PathBuf {
        self.site.home("")
    }

    fn wizard(&self, flow: Option<Flow>, password: &str) -> Engine {
        let typed = [
            (FieldId::User, "canary"),
            (FieldId::Password, password),
            (FieldId::ServiceAccount, "custom"),
            (FieldId::ServiceUser, "root"),
            (FieldId::ServicePassword, SERVICE),
        ];
        let answers = self.site.answers_with("node-1", &typed);
        Engine::new(World::new(Places::under(self.root().join("state")), Surroundings::default()), answers, flow)
    }

    /// The practice server is the other side: its passwords and its CA's key are its own business. What it holds of *ours*
    /// is looked at all the same.
    fn all_clean(&self, key_file: Option<&Path>, secrets: &Secrets) -> usize {
        let but: Vec<&Path> = key_file.into_iter().collect();
        clean_folder(&self.root(), &but, secrets)
    }
}

const PASSWORDS: [(&str, &[u8]); 3] =
    [("database password", PASSWORD.as_bytes()), ("service password", SERVICE.as_bytes()), ("wrong password", WRONG.as_bytes())];

fn passwords() -> Secrets {
    Secrets::new(&PASSWORDS)
}

/// The master key, as its base64.
fn key(engine: &Engine) -> String {
    engine.state().custody().generated.as_ref().unwrap().key.to_base64().expose_secret().to_owned()
}

/// The passwords, and the key as its bytes and as its base64.
fn with_key(engine: &Engine) -> Secrets {
    let text = key(engine);
    let bytes = BASE64.decode(text.as_bytes()).unwrap();
    let mut all = PASSWORDS.to_vec();
    all.extend([("master key", text.as_bytes()), ("master key's bytes", bytes.as_slice())]);
    Secrets::new(&all)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_whole_first_node_leaves_no_secret_anywhere() {
    let bench = Bench::new().await;
    // A password that is wrong first: neither its finding nor the tickets tell it.
    let mut engine = bench.wizard(Some(Flow::FirstNode), WRONG);
    to(&mut engine, ScreenId::Database).await;
    clean_engine(&engine, &passwords());
    type_in(&mut engine, FieldId::Password, PASSWORD);
    engine.handle(Event::Press(Action::CheckAgain));
    to(&mut engine, ScreenId::Review).await;
    let secrets = with_key(&engine);
    clean_engine(&engine, &secrets);
    engine.handle(Event::Next);
    // Whenever the installer says something, everything that is on disk by then is clean.
    let mut looks = 0;
    while engine.state().run().is_working() {
        let event = engine.next_event().await;
        secrets.absent("an event", format!("{event:?}").as_bytes());
        engine.handle(event);
        looks += 1;
        bench.all_clean(None, &secrets);
        clean_engine(&engine, &secrets);
    }
    assert!(looks > 10, "the install was watched");
    to(&mut engine, ScreenId::MasterKey).await;
    engine.handle(Event::Press(Action::Reveal));
    clean_engine(&engine, &secrets);
    bench.all_clean(None, &secrets);

    // Only the operator's own file has the key.
    engine.handle(Event::Press(Action::SaveKey));
    engine.run_until_idle().await;
    assert_eq!(engine.state().custody().file_trouble, None::<FileTrouble>);
    let key_file = PathBuf::from(engine.state().answers.text(FieldId::KeyFile));
    let kept = std::fs::read_to_string(&key_file).unwrap();
    assert!(kept.contains(&key(&engine)), "the key's own file holds it");
    assert_eq!(mode(&key_file), 0o600);
    passwords().absent("the key's file", kept.as_bytes());
    engine.handle(Event::Next);
    engine.run_until_idle().await;
    assert_eq!(engine.state().place.here, ScreenId::Done);
    clean_engine(&engine, &secrets);
    let looked = bench.all_clean(Some(&key_file), &secrets);
    assert!(looked > 8, "the state, the home and the database were looked at, {looked} files");
    let config = bench.site.home("node-1").join(NodeConfig::FILE);
    assert!(std::fs::read_to_string(config).unwrap().contains("canary"), "the login's name is no secret");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_a_crash_leaves_holds_no_secret() {
    for news in [1, 3, 5, 7, 9, 11] {
        let bench = Bench::new().await;
        let mut engine = bench.wizard(Some(Flow::FirstNode), PASSWORD);
        to(&mut engine, ScreenId::Review).await;
        let secrets = with_key(&engine);
        engine.handle(Event::Next);
        for _ in 0..news {
            if engine.state().run().is_working() {
                let event = engine.next_event().await;
                engine.handle(event);
            }
        }
        drop(engine);
        bench.site.wait_until_nobody_works("node-1").await;
        bench.all_clean(None, &secrets);
        for journal in bench.site.journals() {
            assert_eq!(mode(&journal), 0o600, "{}", journal.display());
        }

        // Going on unseals the key, and nothing else comes to light.
        let mut next = bench.wizard(None, PASSWORD);
        next.run_until_idle().await;
        if let Some(StartChoice::Resume(instance)) = next.state().start_choices().first().cloned() {
            next.handle(Event::Begin(StartChoice::Resume(instance)));
            next.run_until_idle().await;
            clean_engine(&next, &secrets);
            bench.all_clean(None, &secrets);
        }
    }
}

#[test]
fn the_disguises_are_seen_through() {
    let secrets = passwords();
    let caught = |text: Vec<u8>| std::panic::catch_unwind(|| secrets.absent("here", &text)).is_err();
    let wide: Vec<u8> = PASSWORD.encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert!(caught(format!("password={PASSWORD};").into_bytes()));
    assert!(caught(wide.clone()));
    for before in ["", "a", "ab", "abc"] {
        assert!(caught(BASE64.encode(format!("{before}{PASSWORD}tail").as_bytes()).into_bytes()), "{before}");
    }
    assert!(caught(HEXLOWER.encode(&wide).to_uppercase().into_bytes()));
    assert!(caught(format!("{:?}", PASSWORD.as_bytes()).into_bytes()));
    assert!(!caught(b"nothing of the kind".to_vec()));
}
