//! The service account.

use octopus_setup::engine::Engine;
use octopus_setup::model::field::FieldId;
use octopus_setup::model::finding::Remedy;
use octopus_setup::model::screen::ScreenId;
use octopus_setup::wizard::event::Event;
use octopus_setup::wizard::gate::Gate;

use crate::scene::{Scene, is_good, to, type_in};

async fn at_service(scene: &Scene, kind: &str, user: &str) -> Engine {
    let answers = [(FieldId::ServiceAccount, kind), (FieldId::ServiceUser, user), (FieldId::ServicePassword, "Sv-Canary-55")];
    let mut engine = scene.wizard(&answers);
    to(&mut engine, ScreenId::Service).await;
    engine
}

#[tokio::test]
async fn an_account_that_does_not_exist() {
    let scene = Scene::new().await;
    for user in ["no-such-octopus-user", "no'such$(user)"] {
        let mut engine = at_service(&scene, "custom", user).await;
        if matches!(engine.state().gate(), Gate::Open | Gate::Warned(_)) {
            eprintln!("skipped: this machine cannot tell accounts");
            return;
        }
        let found = scene.stays_shut(&mut engine, "service-account").await;
        assert!(found.says.contains(user) && found.about == Some(FieldId::ServiceUser), "{found:#?}");
        // A command is shown only where the name can stand in it unquoted.
        let command = found.remedy.as_ref().map(Remedy::text).unwrap_or_default();
        assert_eq!(command.contains("useradd"), user == "no-such-octopus-user", "{found:#?}");
        type_in(&mut engine, FieldId::ServiceUser, "root");
        engine.handle(Event::Next);
        engine.run_until_idle().await;
        if engine.state().place.here == ScreenId::Service {
            is_good(&engine, "service-account");
        }
    }
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn managed_accounts_are_for_windows() {
    let scene = Scene::new().await;
    let mut engine = at_service(&scene, "managed", "CORP\\gmsa-octopus$").await;
    let found = scene.stays_shut(&mut engine, "service-account").await;
    assert!(found.says.contains("Windows only") && found.fix.contains("local system"), "{found:#?}");
    assert_eq!(found.about, Some(FieldId::ServiceAccount));
}

#[tokio::test]
async fn an_account_without_a_name_is_malformed() {
    let scene = Scene::new().await;
    let mut engine = at_service(&scene, "custom", "").await;
    engine.handle(Event::Next);
    assert_eq!(engine.state().place.here, ScreenId::Service);
    assert_eq!(engine.state().focused(), Some(FieldId::ServiceUser));
}
