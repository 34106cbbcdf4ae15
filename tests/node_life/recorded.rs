//! One run of each flow is recorded, and its replay shows the same frames; and no secret is in a recording.

use std::io::Write;
use std::sync::{Arc, Mutex};

use data_encoding::BASE64;
use octopus_setup::engine::Engine;
use octopus_setup::engine::recording::{Beginning, Recorder, RecordingHeader, Replay};
use octopus_setup::faces::replay::{self, Style};
use octopus_setup::faces::tui::{Tui, TuiOptions};
use octopus_setup::model::answers::{Answers, Origin, Raw};
use octopus_setup::model::connection_string::ConnectionString;
use octopus_setup::model::field::FieldId;
use octopus_setup::model::flow::Flow;
use octopus_setup::model::node::{Maker, Subject};
use octopus_setup::model::screen::ScreenId;
use octopus_setup::model::stand_in;
use octopus_setup::wizard::event::{Action, Event, StartChoice};
use octopus_setup::wizard::state::{Focus, State};
use octopus_setup::world::World;
use octopus_setup::world::clipboard::Surroundings;
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use secrecy::ExposeSecret;

use crate::scene::*;
use crate::shared::canaries::Secrets;

const SERVICE: &str = "Canary-Svc-3Kw88Lm2";
const WRONG: &str = "Canary-Wrong-5Rt60Bn1";
const PASTED: &str = "Canary-Pasted-2Yh17Vd4";
const ASTRAY: &str = "Canary-Astray-7Tz31Hc5";
const ADMIN: &str = "Canary-Admin-8Jq12Xs6";
const PROOF: &str = "Canary-Proof-9Gf53Ks8";
const LICENCE: &str = "<License Signature=\"Canary-Sig-1Pl46Nw9\"><LicensedTo>A</LicensedTo><LicenseKey>Canary-Lic-4Mb29Ye3</LicenseKey>\
                       <NodeLimit>5</NodeLimit></License>";

/// What a recorder has written.
#[derive(Clone, Default)]
struct Sheet(Arc<Mutex<Vec<u8>>>);

impl Write for Sheet {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// A wizard that is recorded, and the frames that it showed.
struct Taped {
    engine: Engine,
    sheet: Sheet,
    frames: Vec<String>,
}

fn frame(state: &State) -> String {
    let mut terminal = Terminal::new(TestBackend::new(80, 24)).unwrap();
    terminal.draw(|frame| Tui::new(TuiOptions::default()).draw(frame, state)).unwrap();
    format!("{}", terminal.backend())
}

impl Taped {
    fn begin(scene: &Site, answers: Answers, flow: Option<Flow>) -> Self {
        let sheet = Sheet::default();
        let header = RecordingHeader::new(Beginning::Flow(flow), &answers, &[], Some((80, 24)));
        let recorder = Recorder::begin(sheet.clone(), header);
        let mut engine = Engine::new(World::new(scene.places(), Surroundings::default()), answers, flow);
        engine.record(recorder);
        let frames = vec![frame(engine.state())];
        Self { engine, sheet, frames }
    }

    fn does(&mut self, event: Event) {
        self.engine.handle(event);
        self.frames.push(frame(self.engine.state()));
    }

    fn types(&mut self, field: FieldId, text: &str) {
        self.does(Event::Edit(field, Raw::of(field, text)));
    }

    async fn idle(&mut self) {
        while self.engine.step().await {
            self.frames.push(frame(self.engine.state()));
        }
    }

    async fn press(&mut self, action: Action) {
        self.does(Event::Press(action));
        self.idle().await;
    }

    async fn to(&mut self, screen: ScreenId) {
        for _ in 0..32 {
            self.idle().await;
            if self.engine.state().place.here == screen {
                return;
            }
            self.does(Event::Next);
        }
        let state = self.engine.state();
        panic!("never came to {screen:?}: {:?} {:?} {:#?}", state.place, state.notice, state.verdicts());
    }

    /// Reviews a node, from the start screen.
    async fn review(&mut self, scene: &Scene, node: &str) {
        self.idle().await;
        let subject = Subject { instance: node.into(), config: scene.config_file(node), maker: Maker::Wizard };
        self.does(Event::Begin(StartChoice::Review(subject)));
        self.idle().await;
    }

    /// Replays what was recorded, and compares the frames. What a frame shows of a secret on purpose is its stand-in's there.
    fn shows_the_same(self, shown: &[(&str, &str)]) -> String {
        let Self { engine, sheet, frames } = self;
        drop(engine);
        let text = String::from_utf8(sheet.0.lock().unwrap().clone()).unwrap();
        let mut replay = Replay::read(&text).unwrap();
        let mut again = vec![frame(replay.state())];
        while replay.step().is_some() {
            again.push(frame(replay.state()));
        }
        for (place, (one, other)) in frames.iter().zip(&again).enumerate() {
            // What was pasted into the wrong field is on the screen; in the recording it ends at the password.
            if one.contains("Password=") || one.contains("Canary-Astray") {
                continue;
            }
            let one = shown.iter().fold(one.clone(), |text, (secret, stand_in)| text.replace(secret, stand_in));
            assert_eq!(&one, other, "frame {place}, behind line {} of {text}", place + 1);
        }
        assert_eq!(frames.len(), again.len());
        for style in [Style::Sentences, Style::Lines] {
            let mut out = Vec::new();
            replay::run(&mut Replay::read(&text).unwrap(), style, &mut out).unwrap();
            let said = String::from_utf8(out).unwrap();
            assert!(said.ends_with("The recording ends here.\n"), "{said}");
            assert_eq!(said.matches(" s  ").count(), replay.events().0, "{said}");
        }
        text
    }
}

fn with(mut answers: Answers, given: &[(FieldId, &str)]) -> Answers {
    for (field, text) in given {
        answers.set(*field, Raw::of(*field, *text), Origin::File);
    }
    answers
}

/// The secrets of a cluster, and what the tests type and paste.
fn secrets(site: &Site, key: &str) -> Secrets {
    let bytes = BASE64.decode(key.as_bytes()).unwrap();
    Secrets::new(&[
        ("service password", SERVICE.as_bytes()),
        ("wrong password", WRONG.as_bytes()),
        ("pasted password", PASTED.as_bytes()),
        ("password pasted into the wrong field", ASTRAY.as_bytes()),
        ("administrator's password", ADMIN.as_bytes()),
        ("wrong proof", PROOF.as_bytes()),
        ("licence", LICENCE.as_bytes()),
        ("signature", b"Canary-Sig-1Pl46Nw9"),
        ("licence's key", b"Canary-Lic-4Mb29Ye3"),
        ("master key", key.as_bytes()),
        ("master key's bytes", &bytes),
        ("another key", b"another key, 32 bytes of nothing"),
        ("server's own password", site.password().as_bytes()),
    ])
}

/// The recording of a run has no secret in it, and not the key's last characters, which are too short to be told from chance but
/// by their place.
fn is_clean(text: &str, site: &Site, key: &str) {
    secrets(site, key).absent("the recording", text.as_bytes());
    assert!(!text.contains(&key[key.len() - 6..]), "the key's last six characters are in the recording");
    assert!(!text.contains("\"sealed"), "a seal is in the recording");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_first_node_is_replayed_and_none_of_its_secrets_is_recorded() {
    let site = Site::start().await;
    let given = [
        (FieldId::ServiceAccount, "custom"),
        (FieldId::ServiceUser, "root"),
        (FieldId::ServicePassword, SERVICE),
        (FieldId::Password, WRONG),
        (FieldId::AdminUser, "ann"),
    ];
    let mut taped = Taped::begin(&site, with(site.answers("node-1"), &given), Some(Flow::FirstNode));
    taped.to(ScreenId::Database).await;
    let server = format!("localhost,{}", site.server.addr().port());
    taped.types(FieldId::Server, &format!("Server={server};User ID=me;Password={ASTRAY}"));
    taped.does(Event::Press(Action::ConnectionString));
    taped.does(Event::ConnectionString(ConnectionString::parse(&format!("Password='{PASTED}"))));
    let pasted = format!("Server={server};User Id=canary;Password={PASTED};{PASTED}=x;Packet Size=1");
    taped.does(Event::ConnectionString(ConnectionString::parse(&pasted)));
    taped.idle().await;
    taped.types(FieldId::User, site.server.user());
    taped.types(FieldId::Password, site.password());
    taped.press(Action::CheckAgain).await;
    taped.types(FieldId::AdminPassword, "short-1");
    taped.does(Event::Focus(Focus::Screen));
    taped.types(FieldId::AdminPassword, ADMIN);
    taped.does(Event::Focus(Focus::Screen));
    taped.types(FieldId::Licence, LICENCE);
    taped.to(ScreenId::MasterKey).await;
    let key = taped.engine.state().custody().generated.as_ref().unwrap().key.clone();
    taped.press(Action::Reveal).await;
    taped.press(Action::SaveKey).await;
    taped.types(FieldId::KeyProof, PROOF);
    taped.does(Event::Next);
    let text = key.to_base64().expose_secret().to_owned();
    taped.types(FieldId::KeyProof, &text[text.len() - 6..]);
    taped.to(ScreenId::Done).await;
    let stands = stand_in::for_key(&key).unwrap().to_base64().expose_secret().to_owned();
    let pairs = [(&*text, &*stands), (&text[text.len() - 6..], &stands[stands.len() - 6..]), (PROOF, &*"?".repeat(PROOF.len()))];
    let recorded = taped.shows_the_same(&pairs);
    is_clean(&recorded, &site, &text);
    assert!(recorded.contains(&key.fingerprint().to_string()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_join_is_replayed_and_none_of_its_secrets_is_recorded() {
    let scene = Scene::new().await;
    let mut taped = Taped::begin(&scene.site, scene.site.answers("node-2"), Some(Flow::Join));
    let key = scene.key_text();
    taped.to(ScreenId::Cluster).await;
    taped.types(FieldId::MasterKey, &key[..20]);
    taped.does(Event::Next);
    taped.idle().await;
    taped.types(FieldId::MasterKey, &BASE64.encode(b"another key, 32 bytes of nothing"));
    taped.idle().await;
    taped.types(FieldId::MasterKey, &key);
    taped.to(ScreenId::Done).await;
    taped.idle().await;
    assert_eq!(scene.nodes().await, ["node-1", "node-2"]);
    is_clean(&taped.shows_the_same(&[]), &scene.site, &key);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_review_and_an_edit_are_replayed_and_none_of_their_secrets_is_recorded() {
    let scene = Scene::new().await;
    let mut taped = Taped::begin(&scene.site, scene.site.answers("nobody"), None);
    taped.review(&scene, "node-1").await;
    for screen in [ScreenId::Proof, ScreenId::Drift, ScreenId::Cluster, ScreenId::Backups, ScreenId::Key] {
        taped.does(Event::Jump(screen));
        taped.idle().await;
    }
    taped.types(FieldId::KeyConfirm, PROOF);
    taped.press(Action::Reveal).await;
    taped.types(FieldId::KeyConfirm, "node-1");
    taped.press(Action::Reveal).await;
    let key = scene.key_text();
    assert!(taped.frames.last().unwrap().contains(&key));
    taped.does(Event::Jump(ScreenId::Node));
    taped.press(Action::Edit).await;
    taped.types(FieldId::CommsPort, &free_port().to_string());
    taped.types(FieldId::TaskCap, "7");
    taped.to(ScreenId::Done).await;
    taped.idle().await;
    assert_eq!(scene.history(1).await, ["changed|node-1"]);
    let stands = stand_in::for_key(&scene.key).unwrap().to_base64().expose_secret().to_owned();
    let recorded = taped.shows_the_same(&[(&key, &stands), (PROOF, &"?".repeat(PROOF.len()))]);
    is_clean(&recorded, &scene.site, &key);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_leaving_and_a_removal_are_replayed_and_none_of_their_secrets_is_recorded() {
    let scene = Scene::new().await;
    scene.join("node-2").await;
    scene.join("web-old").await;
    scene.forget("web-old").await;
    let key = scene.key_text();

    let mut taped = Taped::begin(&scene.site, scene.site.answers("nobody"), None);
    taped.review(&scene, "node-2").await;
    taped.press(Action::LeaveCluster).await;
    taped.to(ScreenId::Done).await;
    taped.idle().await;
    assert_eq!(scene.nodes().await, ["node-1", "web-old"]);
    is_clean(&taped.shows_the_same(&[]), &scene.site, &key);

    let mut taped = Taped::begin(&scene.site, scene.site.answers("nobody"), None);
    taped.review(&scene, "node-1").await;
    taped.does(Event::Jump(ScreenId::Cluster));
    taped.idle().await;
    taped.does(Event::Focus(Focus::Item(1)));
    taped.press(Action::RemoveNode).await;
    taped.to(ScreenId::Done).await;
    taped.idle().await;
    assert_eq!(scene.nodes().await, ["node-1"]);
    is_clean(&taped.shows_the_same(&[]), &scene.site, &key);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_that_is_gone_on_with_is_replayed() {
    let scene = Scene::new().await;
    let key = scene.key_text();
    let cut = scene.site.cut_off(scene.joining("node-2"), "node-2", 9).await;
    assert_eq!(cut, None, "it was cut off on its way");
    let mut taped = Taped::begin(&scene.site, scene.site.answers("nobody"), None);
    taped.idle().await;
    let Some(StartChoice::Resume(instance)) = taped.engine.state().start_choices().first().cloned() else {
        panic!("nothing to go on with")
    };
    taped.does(Event::Begin(StartChoice::Resume(instance)));
    taped.idle().await;
    taped.types(FieldId::Password, scene.site.password());
    taped.to(ScreenId::Done).await;
    taped.idle().await;
    is_clean(&taped.shows_the_same(&[]), &scene.site, &key);
}

#[tokio::test]
async fn a_secret_that_is_typed_letter_by_letter_is_one_line() {
    let site = Site::start().await;
    let mut taped = Taped::begin(&site, site.answers("node-1"), Some(Flow::FirstNode));
    for end in 1..=SERVICE.len() {
        taped.types(FieldId::ServicePassword, &SERVICE[..end]);
    }
    taped.does(Event::Focus(Focus::Screen));
    drop(taped.engine);
    let text = String::from_utf8(taped.sheet.0.lock().unwrap().clone()).unwrap();
    assert_eq!(text.lines().filter(|line| line.contains("service-password")).count(), 1, "{text}");
    secrets(&site, &BASE64.encode(&[7; 32])).absent("the recording", text.as_bytes());
}

#[tokio::test]
async fn a_recording_that_is_damaged_is_refused_with_its_line() {
    let site = Site::start().await;
    let mut taped = Taped::begin(&site, site.answers("node-1"), None);
    taped.idle().await;
    drop(taped.engine);
    let text = String::from_utf8(taped.sheet.0.lock().unwrap().clone()).unwrap();
    assert!(text.lines().count() > 2 && Replay::read(&text).is_ok());
    let cut = text.len() - 20;
    let (first, rest) = text.split_once('\n').unwrap();
    for (text, says) in [
        (String::new(), "it is empty"),
        ("\n".to_owned(), "it is empty"),
        ("hello\n".to_owned(), "line 1 is not the first line of a recording: "),
        ("{}\n".to_owned(), "line 1 is not the first line of a recording: missing field `format`"),
        (first[..40].to_owned(), "line 1 breaks off"),
        (text.replacen("\"format\":1", "\"format\":2", 1), "line 1: its format is 2, written by octopus-setup 0.1.0"),
        (text[..cut].to_owned(), &format!("line {} breaks off", text.lines().count())),
        (format!("{first}\n{{\"at\":1,\"event\":\"Dance\"}}\n{rest}"), "line 2 cannot be read: unknown variant `Dance`"),
        (format!("{first}\n{{\"at\":-1,\"event\":\"Next\"}}\n{rest}"), "line 2 cannot be read: invalid value"),
        (format!("{first}\n]\n{rest}"), "line 2 cannot be read: "),
    ] {
        let error = Replay::read(&text).unwrap_err().to_string();
        assert!(error.starts_with(says), "{error}");
    }
}
