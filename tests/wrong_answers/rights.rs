//! A login with too few rights.

use octopus_setup::model::field::FieldId;
use octopus_setup::model::screen::ScreenId;

use crate::scene::{DATABASE, Scene, login, password, to};

async fn scene(name: &str, user: &str) -> Scene {
    let scene = Scene::with(|options| options.logins.push(login(name))).await;
    scene.prepared(&format!("CREATE DATABASE [{DATABASE}] COLLATE Latin1_General_CI_AS\nGO\nUSE [{DATABASE}]; {user}")).await
}

#[tokio::test]
async fn missing_rights_are_named_and_given_by_the_sql() {
    let cases = [
        ("plain", "CREATE USER [plain] FOR LOGIN [plain]", "create tables, create schemas or change the database"),
        ("od]d", "CREATE USER [o'ther]]name] FOR LOGIN [od]]d]", "create tables, create schemas or change the database"),
        ("plain", "CREATE USER [plain] FOR LOGIN [plain]; GRANT CREATE TABLE TO [plain]; GRANT ALTER TO [plain]", ""),
    ];
    for (name, user, missing) in cases {
        let scene = scene(name, user).await;
        let password = password(name);
        let mut engine = scene.at_database(&[(FieldId::User, name), (FieldId::Password, &password)]).await;
        if missing.is_empty() {
            let found = scene.takes_acceptance(&mut engine, "db-rights").await;
            assert!(found.says.contains("does not own it") && found.fix.contains("db_owner"), "{found:#?}");
            drop(engine);
            engine = scene.at_database(&[(FieldId::User, name), (FieldId::Password, &password)]).await;
        } else {
            let found = scene.stays_shut(&mut engine, "db-rights").await;
            assert!(found.says.contains(&format!("{name} cannot {missing} in {DATABASE}")), "{found:#?}");
        }
        scene.mended_by_its_sql(&mut engine, "db-rights").await;
        to(&mut engine, ScreenId::Octopus).await;
    }
}

#[tokio::test]
async fn a_default_schema_that_is_not_dbo() {
    let user = "CREATE USER [plain] FOR LOGIN [plain] WITH DEFAULT_SCHEMA = [sales]; ALTER ROLE db_owner ADD MEMBER [plain]";
    let scene = scene("plain", user).await;
    let password = password("plain");
    let mut engine = scene.at_database(&[(FieldId::User, "plain"), (FieldId::Password, &password)]).await;
    let found = scene.stays_shut(&mut engine, "db-rights").await;
    assert!(found.says.contains("is sales") && found.says.contains("dbo"), "{found:#?}");
    scene.mended_by_its_sql(&mut engine, "db-rights").await;
    to(&mut engine, ScreenId::Octopus).await;
}
