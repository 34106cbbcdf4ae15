//! What a log holds of a whole cluster: what was done, and no secret in any disguise.

use std::path::Path;

use data_encoding::BASE64;
use octopus_setup::engine::Engine;
use octopus_setup::model::connection_string::ConnectionString;
use octopus_setup::model::field::FieldId;
use octopus_setup::model::flow::Flow;
use octopus_setup::model::screen::ScreenId;
use octopus_setup::wizard::event::{Action, Event};
use octopus_setup::world::World;
use octopus_setup::world::clipboard::Surroundings;
use octopus_setup::world::log::{Log, LogFile, LogLevel};
use practice_server::Login;
use secrecy::ExposeSecret;
use tracing::subscriber::DefaultGuard;

use super::support::canaries::Secrets;
use super::support::walk::{Site, last_six, to, type_in};

const PASSWORD: &str = "Canary-Db-7Qx41Zp9";
const SERVICE: &str = "Canary-Svc-3Kw88Lm2";
const WRONG: &str = "Canary-Wrong-5Rt60Bn1";
const PASTED: &str = "Canary-Pasted-2Yh17Vd4";
const PROOF: &str = "Canary-Proof-9Gf53Ks8";

/// From now on and in this thread, everything is logged to this file.
fn listen(path: &Path, level: LogLevel) -> DefaultGuard {
    tracing::subscriber::set_default(Log::open(path, level, LogFile::MOST).unwrap())
}

async fn site() -> Site {
    let login = Login { name: "canary".into(), password: PASSWORD.into(), sysadmin: false, dbcreator: true, disabled: false };
    Site::with(|options| options.logins.push(login)).await
}

fn wizard(site: &Site, node: &str, flow: Flow, password: &str) -> Engine {
    let typed = [
        (FieldId::User, "canary"),
        (FieldId::Password, password),
        (FieldId::ServiceAccount, "custom"),
        (FieldId::ServiceUser, "root"),
        (FieldId::ServicePassword, SERVICE),
    ];
    Engine::new(World::new(site.places(), Surroundings::default()), site.answers_with(node, &typed), Some(flow))
}

/// A first node with everything that can go wrong with a secret on the way; the master key, and its last six characters.
async fn first_node(site: &Site) -> (String, String) {
    let mut engine = wizard(site, "node-1", Flow::FirstNode, WRONG);
    to(&mut engine, ScreenId::Database).await;
    let server = format!("localhost,{}", site.server.addr().port());
    engine.handle(Event::Press(Action::ConnectionString));
    let pasted = format!("Server={server};Database=OctopusDeploy;User Id=canary;Password={PASTED};Encrypt=true");
    engine.handle(Event::ConnectionString(ConnectionString::parse(&pasted)));
    engine.run_until_idle().await;
    type_in(&mut engine, FieldId::Password, PASSWORD);
    engine.handle(Event::Press(Action::CheckAgain));
    to(&mut engine, ScreenId::MasterKey).await;
    engine.handle(Event::Press(Action::Reveal));
    engine.handle(Event::Press(Action::SaveKey));
    engine.run_until_idle().await;
    // A field whose text may be shown, and which holds a piece of the key, or of whatever lay on the clipboard.
    type_in(&mut engine, FieldId::KeyProof, PROOF);
    engine.handle(Event::Next);
    let proof = last_six(&engine);
    type_in(&mut engine, FieldId::KeyProof, &proof);
    let key = engine.state().custody().generated.as_ref().unwrap().key.to_base64().expose_secret().to_owned();
    to(&mut engine, ScreenId::Done).await;
    (key, proof)
}

/// Each line begins with its time, level and module.
fn well_formed(text: &str) {
    for line in text.lines() {
        let mut parts = line.split(' ').filter(|part| !part.is_empty());
        let (time, level, module) = (parts.next().unwrap(), parts.next().unwrap(), parts.next().unwrap());
        assert!(time.len() == 24 && time.starts_with("20") && time.ends_with('Z'), "{line}");
        assert!(["ERROR", "WARN", "INFO", "DEBUG", "TRACE"].contains(&level), "{line}");
        assert!(module.starts_with("engine") || module.starts_with("world") || module == "test", "{line}");
        assert!(!line.chars().any(char::is_control), "{line:?}");
    }
}

// One thread, so that the log of this thread hears everything.
#[tokio::test]
async fn a_log_of_everything_holds_what_was_done_and_no_secret() {
    let site = site().await;
    let path = site.home("wizard.log");
    let listening = listen(&path, LogLevel::Trace);
    let (key, proof) = first_node(&site).await;
    let mut second = wizard(&site, "node-2", Flow::Join, PASSWORD);
    type_in(&mut second, FieldId::MasterKey, &BASE64.encode(b"another key, 32 bytes of nothing"));
    type_in(&mut second, FieldId::MasterKey, &key);
    to(&mut second, ScreenId::Done).await;
    second.run_until_idle().await;
    drop(listening);

    let text = std::fs::read_to_string(&path).unwrap();
    well_formed(&text);
    for part in [
        "screen flow=first-node screen=database",
        "survey begun survey=Server",
        "survey ended survey=Server",
        "stops=sql-login",
        "a connection string was given",
        "event: edit password\n",
        "event: edit key-proof\n",
        "event: edit master-key\n",
        "plan made flow=first-node",
        "kind=initialise-cluster scope=Cluster",
        "plan made flow=join",
        "kind=join-cluster scope=Row",
        "install: step write-node-config begun",
        "step write-node-config Done",
        "all steps are done",
        "screen flow=join screen=done",
    ] {
        assert!(text.contains(part), "{part} is not in {text}");
    }
    let bytes = BASE64.decode(key.as_bytes()).unwrap();
    let secrets = Secrets::new(&[
        ("password", PASSWORD.as_bytes()),
        ("service password", SERVICE.as_bytes()),
        ("wrong password", WRONG.as_bytes()),
        ("pasted password", PASTED.as_bytes()),
        ("wrong proof", PROOF.as_bytes()),
        ("master key", key.as_bytes()),
        ("master key's bytes", &bytes),
        ("another key", b"another key, 32 bytes of nothing"),
        ("server's own password", site.password().as_bytes()),
    ]);
    secrets.absent("the log", text.as_bytes());
    // Too short to be told from chance but by its case; it is base64.
    assert!(!text.contains(&proof), "the key's last six characters are in the log");
}

#[tokio::test]
async fn a_level_holds_what_it_promises() {
    let site = site().await;
    let path = site.home("wizard.log");
    let listening = listen(&path, LogLevel::Info);
    let mut engine = wizard(&site, "node-1", Flow::FirstNode, WRONG);
    to(&mut engine, ScreenId::Database).await;
    engine.run_until_idle().await;
    drop(listening);
    let text = std::fs::read_to_string(&path).unwrap();
    well_formed(&text);
    assert!(text.contains(" INFO ") && !text.contains(" DEBUG ") && !text.contains(" TRACE "), "{text}");
}

#[test]
fn of_what_others_tell_nothing_is_heard_and_what_we_tell_stays_in_its_line() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log");
    let listening = listen(&path, LogLevel::Trace);
    tracing::error!(target: "tiberius::client", "CREATE LOGIN a WITH PASSWORD = 'hunter2'");
    tracing::error!(target: "octopus_setup_other", "hunter2");
    let forged = "sql01\n2026-11-21T12:00:00.000Z INFO  engine forged\u{1b}[2J\u{202e}";
    tracing::warn!(target: "octopus_setup::test", server = forged, quoted = "a \"b\" c\\", plain = 7, "said {forged}");
    drop(listening);
    let text = std::fs::read_to_string(&path).unwrap();
    well_formed(&text);
    assert_eq!(text.lines().count(), 1, "{text}");
    assert!(!text.contains("hunter2"));
    assert!(text.contains(r#"quoted="a \"b\" c\\" plain=7"#), "{text}");
}
