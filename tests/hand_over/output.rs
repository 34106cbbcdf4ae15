//! What Octopus Server printed, shown where a run has stopped: in the plain face on request, to programs at once.

use octopus_setup::engine::Engine;
use octopus_setup::faces::plain::{self, PlainOptions, ScriptedLines};
use octopus_setup::model::field::FieldId;
use octopus_setup::model::flow::Flow;
use octopus_setup::model::screen::ScreenId;
use octopus_setup::wizard::event::Event;
use octopus_setup::wizard::run::Phase;
use octopus_setup::world::World;
use octopus_setup::world::clipboard::Surroundings;

use crate::lab::{ADMIN_PASSWORD, StandIn, boxed};
use crate::shared::walk::{Site, to};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_it_printed_is_shown_when_asked_for_and_holds_no_secret() {
    let site = boxed(Site::start()).await;
    let standin = StandIn::new();
    // It prints all that it was given, the connection string with the password in it, in pieces.
    standin.fault("database", "leak");
    let program = standin.program().display().to_string();
    let answers = site.answers_with(
        "node-1",
        &[
            (FieldId::AdminUser, "admin"),
            (FieldId::AdminEmail, "admin@corp.example"),
            (FieldId::AdminPassword, ADMIN_PASSWORD),
            (FieldId::AdminPasswordAgain, ADMIN_PASSWORD),
            (FieldId::HandOver, "always"),
            (FieldId::OctopusServer, &program),
        ],
    );
    let mut engine = Engine::new(World::new(site.places(), Surroundings::default()), answers, Some(Flow::FirstNode));
    boxed(to(&mut engine, ScreenId::Review)).await;
    engine.handle(Event::Next);
    boxed(engine.run_until_idle()).await;
    assert_eq!(engine.state().run().phase, Phase::Failed, "{:?}", engine.state().run().rows);

    let mut out = Vec::new();
    let mut lines = ScriptedLines::new(["output", "leave"]);
    boxed(plain::run(&mut engine, &mut lines, &mut out, PlainOptions::default())).await.unwrap();
    let said = String::from_utf8(out).unwrap();
    assert!(said.contains("Show what Octopus Server printed."), "{said}");
    let shown = said.matches("--connectionString").count();
    assert!(shown > 0, "the output is not shown: {said}");
    assert!(!said.contains(site.password()) && !said.contains(ADMIN_PASSWORD), "a secret is shown: {said}");
    assert!(!said.chars().any(|letter| letter.is_control() && letter != '\n'), "{said:?}");
}
