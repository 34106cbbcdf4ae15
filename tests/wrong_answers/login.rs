//! The login.

use octopus_setup::model::field::FieldId;
use octopus_setup::model::screen::ScreenId;
use octopus_setup::wizard::event::Event;
use octopus_setup::wizard::state::Focus;
use practice_server::{Login, WireFault};

use crate::scene::{Scene, again, is_good, login, password, to, type_in};

#[tokio::test]
async fn a_wrong_password_is_tried_exactly_once() {
    let scene = Scene::new().await;
    let before = scene.site.server.connections();
    let mut engine = scene.at_database(&[(FieldId::Password, "Wrong-Horse-7")]).await;
    assert_eq!(scene.site.server.connections() - before, 1);
    // Neither moving about nor Enter tries it again: a few wrong tries lock an account.
    for field in [FieldId::User, FieldId::Password, FieldId::Server] {
        engine.handle(Event::Focus(Focus::Field(field)));
        engine.run_until_idle().await;
    }
    for _ in 0..3 {
        engine.handle(Event::Next);
        engine.run_until_idle().await;
    }
    assert_eq!(scene.site.server.connections() - before, 1);
    let found = scene.stays_shut(&mut engine, "sql-login").await;
    assert!(found.says.contains("octopus") && found.says.contains("error 18456"), "{found:#?}");
    assert!(found.fix.contains("password") && found.fix.contains("error log"), "{found:#?}");
    assert_eq!(found.about, Some(FieldId::Password));
    // Another password is tried when the operator says so, not by leaving the field.
    let before = scene.site.server.connections();
    type_in(&mut engine, FieldId::Password, scene.site.password());
    engine.handle(Event::Focus(Focus::Field(FieldId::User)));
    engine.run_until_idle().await;
    assert_eq!(scene.site.server.connections(), before);
    again(&mut engine).await;
    is_good(&engine, "sql-login");
    to(&mut engine, ScreenId::Octopus).await;
}

#[tokio::test]
async fn a_login_that_does_not_exist() {
    let scene = Scene::new().await;
    let mut engine = scene.at_database(&[(FieldId::User, "octopuss")]).await;
    let found = scene.stays_shut(&mut engine, "sql-login").await;
    assert!(found.says.contains("octopuss") && found.fix.contains("name"), "{found:#?}");
}

#[tokio::test]
async fn a_disabled_login_is_enabled_by_its_sql() {
    for name in ["gone", "go]ne'; DROP"] {
        let disabled = Login { disabled: true, dbcreator: true, ..login(name) };
        let scene = Scene::with(|options| options.logins.push(disabled)).await;
        let password = password(name);
        let mut engine = scene.at_database(&[(FieldId::User, name), (FieldId::Password, &password)]).await;
        let found = scene.stays_shut(&mut engine, "sql-login").await;
        assert!(found.says.starts_with(&format!("{name} is disabled.")) && found.says.contains("error 18470"), "{found:#?}");
        assert_eq!(found.about, Some(FieldId::User));
        scene.mended_by_its_sql(&mut engine, "sql-login").await;
        to(&mut engine, ScreenId::Octopus).await;
    }
}

#[tokio::test]
async fn servers_that_redirect_to_each_other() {
    let make = "CREATE DATABASE [Own]\nGO\nALTER AUTHORIZATION ON DATABASE::[Own] TO [octopus]";
    let scene = Scene::new().await.prepared(make).await;
    let port = scene.site.server.addr().port();
    scene.site.server.set_wire_fault(Some(WireFault::RouteTo { host: "localhost".into(), port }));
    // A database that cannot be opened changes nothing: the login does not insist on it, and is sent on as any other.
    for database in ["Own", "Absent"] {
        let mut engine = scene.at_database(&[(FieldId::Database, database)]).await;
        let found = scene.stays_shut(&mut engine, "sql-login").await;
        assert!(found.says.contains("more than twice") && found.fix.contains("listener"), "{found:#?}");
        assert_eq!(found.about, Some(FieldId::Server));
    }
}
