//! A wizard without a face that walks through its screens, against its own practice server.

use std::path::{Path, PathBuf};

use octopus_setup::engine::Engine;
use octopus_setup::model::answers::{Answers, Origin, Raw};
use octopus_setup::model::field::FieldId;
use octopus_setup::model::flow::Flow;
use octopus_setup::model::screen::ScreenId;
use octopus_setup::wizard::event::{Event, StartChoice};
use octopus_setup::wizard::run::Phase;
use octopus_setup::world::World;
use octopus_setup::world::clipboard::Surroundings;
use octopus_setup::world::places::Places;
use practice_server::{PracticeServer, RunningServer, ServerOptions};
use secrecy::ExposeSecret;

pub use super::stand_in::free_port;

/// A folder with a practice server and the state of a machine.
pub struct Site {
    folder: tempfile::TempDir,
    pub server: RunningServer,
}

impl Site {
    /// Starts a site with a healthy server.
    pub async fn start() -> Self {
        Self::with(|_| {}).await
    }

    /// Starts a site with changed server options.
    pub async fn with(change: impl FnOnce(&mut ServerOptions)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut options = ServerOptions::new(folder.path().join("server"));
        change(&mut options);
        let server = PracticeServer::start(options).await.unwrap();
        Self { folder, server }
    }

    /// Stops the server, runs `meanwhile`, and starts it again on the same port.
    pub async fn restarted_around(self, meanwhile: impl AsyncFnOnce()) -> Self {
        let Self { folder, server } = self;
        let port = server.addr().port();
        server.stop().await;
        meanwhile().await;
        let options = ServerOptions { port, ..ServerOptions::new(folder.path().join("server")) };
        Self { server: PracticeServer::start(options).await.unwrap(), folder }
    }

    /// Returns the password of the server login.
    pub fn password(&self) -> &str {
        self.server.password().expose_secret()
    }

    /// Returns a node's home directory.
    pub fn home(&self, node: &str) -> PathBuf {
        self.folder.path().join(node)
    }

    /// Returns the paths of this machine's own files.
    pub fn places(&self) -> Places {
        Places::under(self.folder.path().join("state"))
    }

    /// Returns the answers that an operator would give for this server and this node.
    pub fn answers(&self, node: &str) -> Answers {
        let mut answers = Answers::new(octopus_setup::world::host::platform());
        let texts = [
            (FieldId::Instance, node.to_owned()),
            (FieldId::Home, self.home(node).display().to_string()),
            (FieldId::NodeName, node.to_owned()),
            (FieldId::Server, format!("localhost,{}", self.server.addr().port())),
            (FieldId::User, self.server.user().to_owned()),
            (FieldId::Password, self.password().to_owned()),
            (FieldId::Trust, "ca-file".to_owned()),
            (FieldId::CaFile, self.server.ca_file().display().to_string()),
            (FieldId::ListenPrefixes, format!("http://localhost:{}/", free_port())),
            (FieldId::CommsPort, free_port().to_string()),
            (FieldId::GrpcPort, free_port().to_string()),
            (FieldId::KeyFile, self.folder.path().join("key.txt").display().to_string()),
        ];
        for (field, text) in texts {
            answers.set(field, Raw::of(field, text), Origin::Flag);
        }
        answers
    }

    /// Returns the same answers, with typed answers on top.
    pub fn answers_with(&self, node: &str, typed: &[(FieldId, &str)]) -> Answers {
        let mut answers = self.answers(node);
        for (field, text) in typed {
            answers.set(*field, Raw::of(*field, *text), Origin::Typed);
        }
        answers
    }

    /// Starts a wizard on this machine.
    pub fn wizard(&self, node: &str, flow: Option<Flow>) -> Engine {
        self.wizard_with_state(node, "state", flow)
    }

    /// Starts a wizard with another state folder, as on another machine.
    pub fn wizard_with_state(&self, node: &str, state: &str, flow: Option<Flow>) -> Engine {
        let places = Places::under(self.folder.path().join(state));
        Engine::new(World::new(places, Surroundings::default()), self.answers(node), flow)
    }

    /// Returns the paths of the journals.
    pub fn journals(&self) -> Vec<PathBuf> {
        let folder = Places::under(self.folder.path().join("state")).journals();
        std::fs::read_dir(folder).map(|entries| entries.map(|entry| entry.unwrap().path()).collect()).unwrap_or_default()
    }

    /// Starts the wizard's install, and drops the wizard after this many engine events, as a crash would. Returns how
    /// many there were if the install ended earlier.
    pub async fn cut_off(&self, mut engine: Engine, instance: &str, news: usize) -> Option<usize> {
        to(&mut engine, ScreenId::Review).await;
        engine.handle(Event::Next);
        for seen in 0..news {
            if !engine.state().run().is_working() {
                return Some(seen);
            }
            let event = engine.next_event().await;
            engine.handle(event);
        }
        drop(engine);
        self.wait_until_nobody_works(instance).await;
        None
    }

    /// Starts the wizard again after a join, and resumes the unfinished run if there is one: types the password again,
    /// and also the master key if it was not sealed yet.
    pub async fn next_start(&self, node: &str, key: &str) -> Option<Engine> {
        loop {
            let mut next = self.wizard(node, None);
            next.run_until_idle().await;
            let Some(StartChoice::Resume(instance)) = next.state().start_choices().first().cloned() else { return None };
            next.handle(Event::Begin(StartChoice::Resume(instance)));
            next.run_until_idle().await;
            if next.state().flow().is_none() {
                // The dropped wizard was closing its journal: it still holds the lock or has just removed the journal.
                self.wait_until_nobody_works(node).await;
                continue;
            }
            type_in(&mut next, FieldId::Password, self.password());
            if next.state().custody().generated.is_none() {
                type_in(&mut next, FieldId::MasterKey, key);
            }
            return Some(next);
        }
    }

    /// Waits until a dropped wizard's last blocking work has ended.
    pub async fn wait_until_nobody_works(&self, instance: &str) {
        let places = Places::under(self.folder.path().join("state"));
        while octopus_setup::world::lock::Lock::take(&places, instance).is_err() {
            tokio::task::yield_now().await;
        }
    }
}

/// Returns a file's permission bits.
pub fn mode(path: &Path) -> u32 {
    use std::os::unix::fs::PermissionsExt;
    std::fs::metadata(path).unwrap().permissions().mode() & 0o7777
}

/// Presses Enter, accepting warnings, until a screen is open. Panics if the gate stays closed.
pub async fn to(engine: &mut Engine, screen: ScreenId) {
    for _ in 0..32 {
        engine.run_until_idle().await;
        if engine.state().place.here == screen {
            return;
        }
        let installing = engine.state().place.here == ScreenId::Install;
        let failed = installing && engine.state().run().phase != Phase::Finished;
        assert!(!failed, "the install failed: {:?}", engine.state().run().rows);
        engine.handle(Event::Next);
    }
    panic!(
        "never came to {screen:?}; stands at {:?}, gate {:?}, {:#?}",
        engine.state().place,
        engine.state().gate(),
        engine.state().verdicts()
    );
}

/// Types into a field.
pub fn type_in(engine: &mut Engine, field: FieldId, text: &str) {
    engine.handle(Event::Edit(field, Raw::of(field, text)));
}

/// Returns the last six characters of the key, as an operator reads them from the saved key.
pub fn last_six(engine: &Engine) -> String {
    let key = engine.state().custody().generated.as_ref().unwrap().key.to_base64();
    let key = key.expose_secret();
    key[key.len() - 6..].to_owned()
}
