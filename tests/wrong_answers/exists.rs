//! A database that is missing, or that the login cannot open.

use octopus_setup::model::field::FieldId;
use octopus_setup::model::screen::ScreenId;

use crate::scene::{DATABASE, Scene, again, finding, is_good, login, password, to, type_in};
use crate::shared::sql;

/// A scene with a login without rights, and its name.
async fn with_login(name: &str) -> (Scene, String) {
    (Scene::with(|options| options.logins.push(login(name))).await, password(name))
}

#[tokio::test]
async fn a_missing_database_without_the_right_to_create_it() {
    for (name, database) in [("plain", DATABASE), ("odd]lo'gin", "Octo]Dep'loy.x"), ("plain", "master2 -- x")] {
        let (scene, password) = with_login(name).await;
        let answers = [(FieldId::User, name), (FieldId::Password, &password), (FieldId::Database, database)];
        let mut engine = scene.at_database(&answers).await;
        let found = scene.stays_shut(&mut engine, "db-exists").await;
        assert!(found.says.contains(database) && found.says.contains(name) && found.says.contains("localhost"), "{found:#?}");
        assert!(found.fix.contains("CREATE ANY DATABASE"), "{found:#?}");
        let sql = found.remedy.as_ref().unwrap().text();
        assert!(sql.contains("CREATE DATABASE [") && sql.contains("ALTER ROLE db_owner ADD MEMBER ["), "{sql}");
        is_good(&engine, "sql-login");
        scene.mended_by_its_sql(&mut engine, "db-exists").await;
        for check in ["db-state", "db-collation", "db-rights", "db-content"] {
            is_good(&engine, check);
        }
        to(&mut engine, ScreenId::Octopus).await;
    }
}

#[tokio::test]
async fn the_right_to_create_it_is_enough_too() {
    let (scene, password) = with_login("plain").await;
    let mut engine = scene.at_database(&[(FieldId::User, "plain"), (FieldId::Password, &password)]).await;
    assert!(finding(&engine, "db-exists").fix.contains("CREATE ANY DATABASE"));
    scene.run("ALTER SERVER ROLE dbcreator ADD MEMBER [plain]").await;
    again(&mut engine).await;
    is_good(&engine, "db-exists");
    to(&mut engine, ScreenId::Octopus).await;
}

#[tokio::test]
async fn a_missing_database_that_must_not_be_created() {
    let scene = Scene::new().await;
    let mut engine = scene.at_database(&[(FieldId::CreateDatabase, "false")]).await;
    let found = scene.stays_shut(&mut engine, "db-exists").await;
    assert!(found.says.contains(DATABASE) && found.says.contains("not to create it"), "{found:#?}");
    assert_eq!(found.about, Some(FieldId::CreateDatabase));
    type_in(&mut engine, FieldId::CreateDatabase, "true");
    is_good(&engine, "db-exists");
    type_in(&mut engine, FieldId::CreateDatabase, "false");
    scene.mended_by_its_sql(&mut engine, "db-exists").await;
    to(&mut engine, ScreenId::Octopus).await;
}

#[tokio::test]
async fn a_login_without_a_user_in_the_database() {
    let (scene, password) = with_login("plain").await;
    let scene = scene.prepared(&format!("CREATE DATABASE [{DATABASE}] COLLATE Latin1_General_CI_AS")).await;
    let mut engine = scene.at_database(&[(FieldId::User, "plain"), (FieldId::Password, &password)]).await;
    let found = scene.stays_shut(&mut engine, "db-exists").await;
    assert!(found.says.starts_with(&format!("{DATABASE} is there, but plain ")), "{found:#?}");
    assert!(found.says.contains("4063"), "the server's own words are there: {found:#?}");
    is_good(&engine, "sql-login");
    scene.mended_by_its_sql(&mut engine, "db-exists").await;
    is_good(&engine, "db-rights");
    to(&mut engine, ScreenId::Octopus).await;
}

#[tokio::test]
async fn an_offline_database_is_brought_online_by_its_sql() {
    let scene = Scene::new().await;
    let scene = scene.prepared(&format!("CREATE DATABASE [{DATABASE}]\nGO\nALTER AUTHORIZATION ON DATABASE::[{DATABASE}] TO [octopus]\nGO\nALTER DATABASE [{DATABASE}] SET OFFLINE")).await;
    let mut engine = scene.at_database(&[]).await;
    let found = scene.stays_shut(&mut engine, "db-exists").await;
    assert!(found.says.contains(&format!("{DATABASE} is offline")), "{found:#?}");
    scene.mended_by_its_sql(&mut engine, "db-exists").await;
    to(&mut engine, ScreenId::Octopus).await;
}

#[tokio::test]
async fn a_single_user_database_that_another_session_has() {
    let scene = Scene::new().await;
    let make = format!(
        "CREATE DATABASE [{DATABASE}] COLLATE Latin1_General_CI_AS\nGO\nALTER AUTHORIZATION ON DATABASE::[{DATABASE}] TO [octopus]"
    );
    let mut scene = scene.prepared(&make).await;
    let mut holder = sql::session(&scene.site.server, DATABASE).await;
    sql::ask(&mut holder, &format!("ALTER DATABASE [{DATABASE}] SET SINGLE_USER")).await;
    scene.remember().await;
    let mut engine = scene.at_database(&[]).await;
    let found = scene.stays_shut(&mut engine, "db-exists").await;
    assert!(found.says.contains("single-user mode, and another session has it") && found.says.contains(DATABASE), "{found:#?}");
    assert!(found.fix.contains("KILL"), "{found:#?}");
    // The first statement tells the DBA whose session it is.
    let who = found.remedy.as_ref().unwrap().text().lines().next().unwrap().to_owned();
    let mut dba = sql::session(&scene.site.server, "master").await;
    let rows = sql::ask(&mut dba, &who).await;
    assert!(matches!(rows.as_slice(), [row] if row.contains("|sa|")), "{rows:?}");
    drop((holder, dba));
    // A connection's end is noticed by the server a moment later than by us.
    let mut dba = sql::session(&scene.site.server, "master").await;
    while !sql::ask(&mut dba, &who).await.is_empty() {
        tokio::task::yield_now().await;
    }
    scene.mended_by_its_sql(&mut engine, "db-exists").await;
    is_good(&engine, "db-state");
    to(&mut engine, ScreenId::Octopus).await;
}

#[tokio::test]
async fn a_restricted_database_and_a_login_that_does_not_own_it() {
    let (scene, password) = with_login("plain").await;
    let make = format!(
        "CREATE DATABASE [{DATABASE}] COLLATE Latin1_General_CI_AS\nGO\nUSE [{DATABASE}]; CREATE USER [plain] FOR LOGIN [plain]\n\
         GO\nUSE master; ALTER DATABASE [{DATABASE}] SET RESTRICTED_USER"
    );
    let scene = scene.prepared(&make).await;
    let mut engine = scene.at_database(&[(FieldId::User, "plain"), (FieldId::Password, &password)]).await;
    let found = scene.stays_shut(&mut engine, "db-exists").await;
    assert!(found.says.contains("RESTRICTED_USER") && found.says.contains("plain"), "{found:#?}");
    scene.mended_by_its_sql(&mut engine, "db-exists").await;
    // What comes next has words of its own.
    assert!(finding(&engine, "db-rights").says.contains("plain cannot"));
}

/// A login that does not see other databases cannot tell an absent one from a closed one; one script fixes both.
#[tokio::test]
async fn a_server_that_does_not_tell_whether_the_database_is_there() {
    for make in ["SELECT 1", "CREATE DATABASE [OctopusDeploy] COLLATE Latin1_General_CI_AS"] {
        let (scene, password) = with_login("plain").await;
        let scene = scene.prepared(&format!("DENY VIEW ANY DATABASE TO [plain]\nGO\n{make}")).await;
        let mut engine = scene.at_database(&[(FieldId::User, "plain"), (FieldId::Password, &password)]).await;
        let found = scene.stays_shut(&mut engine, "db-exists").await;
        assert!(found.says.contains("plain cannot open OctopusDeploy") && found.says.contains("absent or closed"), "{found:#?}");
        scene.mended_by_its_sql(&mut engine, "db-exists").await;
        to(&mut engine, ScreenId::Octopus).await;
    }
}
