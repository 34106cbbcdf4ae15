//! An operator who gives wrong answers, and what the wizard must do.

use std::path::PathBuf;

use octopus_setup::engine::Engine;
use octopus_setup::model::answers::{Origin, Raw};
use octopus_setup::model::field::FieldId;
use octopus_setup::model::finding::{Finding, Remedy, Severity, Verdict};
use octopus_setup::model::flow::Flow;
use octopus_setup::model::screen::ScreenId;
use octopus_setup::wizard::event::{Action, Event};
use octopus_setup::wizard::gate::Gate;
use octopus_setup::world::World;
use octopus_setup::world::clipboard::Surroundings;
use octopus_setup::world::places::Places;
use practice_server::{Login, ServerOptions};
use secrecy::ExposeSecret;

use crate::shared::sql;
pub use crate::shared::walk::{Site, to, type_in};

/// The node, which is never installed.
pub const NODE: &str = "node-1";
/// The default database.
pub const DATABASE: &str = "OctopusDeploy";

/// A server and a machine, with what was on both before.
pub struct Scene {
    pub site: Site,
    before: Vec<String>,
}

impl Scene {
    /// Makes a scene with a healthy server.
    pub async fn new() -> Self {
        Self::with(|_| {}).await
    }

    /// Makes a scene with changed server options.
    pub async fn with(change: impl FnOnce(&mut ServerOptions)) -> Self {
        let mut scene = Self { site: Site::with(change).await, before: Vec::new() };
        scene.remember().await;
        scene
    }

    /// Prepares the server as `sa`; everything on it afterwards must stay.
    pub async fn prepared(mut self, sql: &str) -> Self {
        self.run(sql).await;
        self.remember().await;
        self
    }

    /// Everything on the server now must stay.
    pub async fn remember(&mut self) {
        self.before = self.inventory().await;
    }

    /// Lists what is on the server, also with a wire fault.
    async fn inventory(&self) -> Vec<String> {
        let server = &self.site.server;
        let fault = server.wire_fault();
        server.set_wire_fault(None);
        let all = sql::inventory(server).await;
        server.set_wire_fault(fault);
        all
    }

    /// Runs shown SQL as `sa`, batch by batch, as a DBA would.
    pub async fn run(&self, text: &str) {
        sql::run(&self.site.server, text).await;
    }

    /// Starts a wizard with these answers in place of the right ones, at the home screen.
    pub fn wizard(&self, changes: &[(FieldId, &str)]) -> Engine {
        self.wizard_in(Places::under(self.site.home("state")), changes)
    }

    /// Does the same on a machine with other files.
    pub fn wizard_in(&self, places: Places, changes: &[(FieldId, &str)]) -> Engine {
        let mut answers = self.site.answers(NODE);
        for (field, text) in changes {
            answers.set(*field, Raw::of(*field, *text), Origin::Flag);
        }
        Engine::new(World::new(places, Surroundings::default()), answers, Some(Flow::FirstNode))
    }

    /// Starts a wizard with these answers, at the database screen, and waits for its checks.
    pub async fn at_database(&self, changes: &[(FieldId, &str)]) -> Engine {
        let mut engine = self.wizard(changes);
        to(&mut engine, ScreenId::Database).await;
        engine
    }

    /// Checks that this check keeps Next closed whatever is pressed, that its words are right, and that nothing was written.
    pub async fn stays_shut(&self, engine: &mut Engine, check: &str) -> Finding {
        let found = finding(engine, check);
        assert_eq!(found.severity, Severity::Stop, "{found:#?}");
        let here = engine.state().place.here;
        assert!(
            matches!(engine.state().gate(), Gate::Shut(checks) if checks.contains(&found.check)),
            "{:#?}",
            engine.state().verdicts()
        );
        assert_eq!(engine.state().foremost().as_ref(), Some(&found), "another finding is shown in full");
        for _ in 0..3 {
            engine.handle(Event::Next);
            engine.run_until_idle().await;
        }
        assert_eq!(engine.state().place.here, here);
        if let Some(field) = found.about.filter(|field| engine.state().fields().contains(field)) {
            assert_eq!(engine.state().focused(), Some(field), "the focus goes to what has to be mended");
        }
        worded(engine);
        self.untouched().await;
        found
    }

    /// Checks that this check only warns: the first Enter asks, the second accepts. Nothing was written.
    pub async fn takes_acceptance(&self, engine: &mut Engine, check: &str) -> Finding {
        let found = finding(engine, check);
        assert_eq!(found.severity, Severity::Warn, "{found:#?}");
        let here = engine.state().place.here;
        assert!(
            matches!(engine.state().gate(), Gate::Warned(checks) if checks.contains(&found.check)),
            "{:#?}",
            engine.state().verdicts()
        );
        worded(engine);
        engine.handle(Event::Next);
        assert_eq!(engine.state().place.here, here);
        let asked = engine.state().notice.clone().unwrap();
        assert!(asked.text.contains(check), "{}", asked.text);
        engine.handle(Event::Next);
        engine.run_until_idle().await;
        assert_ne!(engine.state().place.here, here, "{:?}", engine.state().gate());
        self.untouched().await;
        found
    }

    /// Checks that F6 copies the finding's SQL, and that the check is good after `sa` has run it.
    pub async fn mended_by_its_sql(&self, engine: &mut Engine, check: &str) {
        let found = finding(engine, check);
        let Some(Remedy::Sql(text)) = &found.remedy else { panic!("no SQL: {found:#?}") };
        engine.handle(Event::Press(Action::CopyRemedy));
        let copied = engine.take_terminal_copy().unwrap();
        assert_eq!(copied.expose_secret(), text, "F6 copies what the foremost finding shows");
        self.run(text).await;
        again(engine).await;
        is_good(engine, check);
    }

    /// Checks that nothing was written: no home, no journal, nothing on the server.
    pub async fn untouched(&self) {
        assert!(!self.site.home(NODE).exists(), "the home directory was made");
        assert!(self.site.journals().is_empty(), "a journal was written");
        assert_eq!(self.inventory().await, self.before, "something was written on the server");
    }

    /// A folder of this scene.
    pub fn path(&self, name: &str) -> PathBuf {
        self.site.home(name)
    }
}

/// A login without rights.
pub fn login(name: &str) -> Login {
    Login { name: name.into(), password: password(name).into(), sysadmin: false, dbcreator: false, disabled: false }
}

/// Its password.
pub fn password(name: &str) -> String {
    format!("{name}-Pass-9f3!")
}

/// The check's most severe finding.
pub fn finding(engine: &Engine, check: &str) -> Finding {
    let verdicts = engine.state().verdicts();
    match verdicts.iter().find(|(id, _)| id.id() == check) {
        Some((_, Verdict::Found(findings))) => findings[0].clone(),
        _ => panic!("{check} found nothing: {verdicts:#?}"),
    }
}

/// Checks that the check found no problem; there may be a note, or something that cannot be seen.
pub fn is_good(engine: &Engine, check: &str) {
    let verdicts = engine.state().verdicts();
    let verdict = &verdicts.iter().find(|(id, _)| id.id() == check).unwrap().1;
    let good = matches!(verdict, Verdict::Good(_)) || matches!(verdict.severity(), Some(Severity::Note | Severity::Unknown));
    assert!(good, "{verdict:#?}");
}

/// Presses F5 and waits.
pub async fn again(engine: &mut Engine) {
    engine.handle(Event::Press(Action::CheckAgain));
    engine.run_until_idle().await;
}

/// Checks the words of every finding on the screen: sentences, a fix, and no secrets.
fn worded(engine: &Engine) {
    let state = engine.state();
    for (check, verdict) in state.verdicts() {
        let Verdict::Found(findings) = verdict else { continue };
        for found in findings {
            assert_eq!(found.check, check);
            assert!(found.says.ends_with('.') && !found.says.contains("  "), "{found:#?}");
            assert!(found.severity == Severity::Note || found.fix.ends_with('.'), "{found:#?}");
            assert!(!found.says.contains("the server's host") && !found.says.contains("127.0.0.1:"), "{found:#?}");
        }
    }
    let shown = format!("{:?} {:?} {:?}", state.verdicts(), state.notice, state.facts);
    for secret in [FieldId::Password, FieldId::ServicePassword] {
        let text = state.answers.secret(secret).unwrap().expose_secret();
        assert!(text.is_empty() || !shown.contains(text), "a secret in {shown}");
    }
}
