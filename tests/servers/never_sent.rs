//! What never goes over the wire unasked: accounts that are not a SQL login's, and placeholders. A monitoring job must never be
//! able to lock an account.

use std::process::{Command, Output};

use octopus_setup::engine::Engine;
use octopus_setup::model::check::CheckId;
use octopus_setup::model::field::FieldId;
use octopus_setup::model::flow::Flow;
use octopus_setup::model::screen::ScreenId;
use octopus_setup::wizard::event::Event;
use octopus_setup::wizard::gate::Gate;
use octopus_setup::world::World;
use octopus_setup::world::clipboard::Surroundings;

use crate::support::walk::{Site, type_in};

/// A wizard at the database screen, which was entered and left alone.
async fn at_database(site: &Site, changes: &[(FieldId, &str)]) -> Engine {
    let answers = site.answers_with("node-1", changes);
    let mut engine = Engine::new(World::new(site.places(), Surroundings::default()), answers, Some(Flow::FirstNode));
    for _ in 0..12 {
        if engine.state().place.here == ScreenId::Database {
            break;
        }
        engine.handle(Event::Next);
        engine.run_until_idle().await;
    }
    engine.run_until_idle().await;
    assert_eq!(engine.state().place.here, ScreenId::Database, "{:#?}", engine.state().verdicts());
    engine
}

async fn press(engine: &mut Engine, event: Event) {
    engine.handle(event);
    engine.run_until_idle().await;
}

const DOUBTFUL: [(FieldId, &str); 11] = [
    (FieldId::User, "svc-octo@corp.example"),
    (FieldId::User, "${DB_USER}"),
    (FieldId::Password, "${X}"),
    (FieldId::Password, "$(X)"),
    (FieldId::Password, "#{X}"),
    (FieldId::Password, "%X%"),
    (FieldId::Password, "{{ x }}"),
    (FieldId::Password, "<password>"),
    (FieldId::Password, "********"),
    (FieldId::Password, "$env:SQL_PASSWORD"),
    (FieldId::Password, "__SqlPassword__"),
];

#[tokio::test]
async fn what_could_be_real_is_held_back_until_it_is_accepted() {
    let site = Site::start().await;
    for (field, text) in DOUBTFUL {
        let before = (site.server.connections(), site.server.logins());
        let mut engine = at_database(&site, &[(field, text)]).await;
        assert_eq!(engine.state().gate(), Gate::Warned(vec![CheckId::SqlLogin]), "{text}: {:#?}", engine.state().verdicts());
        // Neither moving about, nor checking again, nor one Enter sends it.
        press(&mut engine, Event::Focus(octopus_setup::wizard::state::Focus::Field(FieldId::Server))).await;
        press(&mut engine, Event::Press(octopus_setup::wizard::event::Action::CheckAgain)).await;
        press(&mut engine, Event::Next).await;
        assert_eq!((site.server.connections(), site.server.logins()), before, "{text}");
        let shown = format!("{:?}", engine.state().verdicts());
        assert!(field == FieldId::User || text == "********" || !shown.contains(text), "the password is shown: {shown}");
        press(&mut engine, Event::Next).await;
        assert_eq!(site.server.logins(), before.1 + 1, "{text}: the second Enter accepts it");
        assert_eq!(engine.state().place.here, ScreenId::Database);
        assert!(engine.state().accepted().contains(&CheckId::SqlLogin), "an answer file accepts it too");
        // Another one was not accepted.
        type_in(&mut engine, field, "<another>");
        press(&mut engine, Event::Press(octopus_setup::wizard::event::Action::CheckAgain)).await;
        assert_eq!(site.server.logins(), before.1 + 1, "{text}");
    }
}

#[tokio::test]
async fn a_windows_account_is_refused_before_anything_is_sent() {
    let site = Site::start().await;
    let before = site.server.connections();
    let mut engine = at_database(&site, &[(FieldId::User, "CORP\\svc-octo")]).await;
    for _ in 0..3 {
        press(&mut engine, Event::Next).await;
    }
    assert_eq!(engine.state().gate(), Gate::Malformed(vec![FieldId::User]));
    let problem = engine.state().problem(FieldId::User).unwrap();
    assert!(problem.contains("backslash") && problem.contains("Windows account"), "{problem}");
    assert_eq!(site.server.connections(), before);
}

#[tokio::test]
async fn azure_s_own_form_of_a_login_is_sent() {
    let site = Site::start().await;
    at_database(&site, &[(FieldId::User, "octopus@localhost")]).await;
    assert_eq!(site.server.logins(), 1);
}

/// Reviews an `OctopusServer.config` with this connection string, as a monitoring job does.
fn check(site: &Site, command: &[&str], connection: &str) -> (Output, String) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("OctopusServer.config");
    let connection = connection.replace('&', "&amp;").replace('<', "&lt;");
    let text = format!(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<octopus-settings>\n  <set key=\"Octopus.Home\">{}</set>\n  \
         <set key=\"Octopus.Storage.ExternalDatabaseConnectionString\">{connection}</set>\n  \
         <set key=\"Octopus.WebPortal.ListenPrefixes\">http://localhost:24965/</set>\n</octopus-settings>\n",
        folder.path().display()
    );
    std::fs::write(&path, text).unwrap();
    let mut program = Command::new(env!("CARGO_BIN_EXE_octopus-setup"));
    program.args(command).arg("--config").arg(&path).env("OCTOPUS_SETUP_STATE_DIR", site.home("state"));
    let output = program.output().unwrap();
    let said = String::from_utf8(output.stdout.clone()).unwrap();
    (output, said)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_review_sends_no_account_that_is_not_a_sql_login() {
    let site = Site::start().await;
    let place =
        format!("Data Source=localhost,{};Initial Catalog=Octopus;TrustServerCertificate=True", site.server.addr().port());
    let windows = "signs in with its Windows account; the database was not looked at";
    for (sign_in, part) in [
        ("Integrated Security=True;User ID=octopus;Password=oldpassword", windows),
        ("User ID=octopus;Password=oldpassword;Trusted_Connection=SSPI", windows),
        ("Integrated Security=True", windows),
        (
            "Authentication=Active Directory Password;User ID=a@corp.example;Password=oldpassword",
            "Entra ID; the database was not",
        ),
        ("Authentication=Active Directory Service Principal;User ID=a;Password=oldpassword", "Entra ID; the database was not"),
        ("User ID=CORP\\svc-octo;Password=oldpassword", "Windows account"),
        ("User ID=svc@corp.example;Password=oldpassword", "looks like an account"),
        ("User ID=octopus;Password=#{Db.Password}", "looks like a placeholder"),
        ("User ID=octopus;Password=********", "looks like a placeholder"),
        ("User ID=octopus;Password='<password>'", "looks like a placeholder"),
    ] {
        for command in [&["review", "--check"][..], &["check"][..]] {
            let (output, said) = check(&site, command, &format!("{place};{sign_in}"));
            assert!(said.replace("\n           ", " ").contains(part), "{sign_in} {command:?}: {said}");
            assert_eq!(output.status.code(), Some(3), "what was not looked at is unknown: {said}");
            assert!(!said.contains("oldpassword"), "{said}");
        }
    }
    assert_eq!((site.server.connections(), site.server.logins()), (0, 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_review_sends_a_login_that_was_accepted_by_name() {
    let site = Site::start().await;
    let place =
        format!("Data Source=localhost,{};Initial Catalog=Octopus;TrustServerCertificate=True", site.server.addr().port());
    let connection = format!("{place};User ID=svc@corp.example;Password=wrong-one");
    for (tries, command) in (1..).zip([&["review", "--check"][..], &["check"][..]]) {
        let (_, said) = check(&site, &[command, &["--accept", "sql-login"]].concat(), &connection);
        assert!(said.contains("18456"), "the server was asked: {said}");
        assert_eq!(site.server.logins(), tries, "once: {said}");
    }
    let (output, _) = check(&site, &["review", "--check", "--accept", "sql-clock"], &connection);
    assert_eq!(output.status.code(), Some(64), "there is nothing else to accept");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connection_string_without_a_word_of_trust_is_taken_as_octopus_takes_it() {
    let site = Site::start().await;
    let place = format!("Data Source=localhost,{};Initial Catalog=Octopus", site.server.addr().port());
    let login = format!("{place};User ID=octopus;Password='{}'", site.password());
    let (_, said) = check(&site, &["review", "--check"], &login);
    let logins = site.server.logins();
    assert!(logins > 0, "{said}");
    assert!(said.contains("Octopus Server does not check the certificate"), "{said}");
    // Told to check it, it does.
    let (_, said) = check(&site, &["review", "--check"], &format!("{login};TrustServerCertificate=False"));
    assert_eq!(site.server.logins(), logins, "{said}");
}
