//! Prefixes and ports.

use octopus_setup::engine::Engine;
use octopus_setup::model::field::FieldId;
use octopus_setup::model::finding::Remedy;
use octopus_setup::model::screen::ScreenId;
use octopus_setup::wizard::event::Event;
use octopus_setup::wizard::gate::Gate;

use crate::scene::{Scene, again, is_good, to};

async fn at_web(scene: &Scene, changes: &[(FieldId, &str)]) -> Engine {
    let mut engine = scene.wizard(changes);
    to(&mut engine, ScreenId::Octopus).await;
    engine
}

#[tokio::test]
async fn a_port_in_use() {
    for field in [FieldId::CommsPort, FieldId::GrpcPort, FieldId::ListenPrefixes] {
        let scene = Scene::new().await;
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let text = if field == FieldId::ListenPrefixes { format!("http://localhost:{port}/") } else { port.to_string() };
        let mut engine = at_web(&scene, &[(field, &text)]).await;
        let found = scene.stays_shut(&mut engine, "web-ports").await;
        assert!(found.says.contains(&format!("port {port}")) && found.about == Some(field), "{found:#?}");
        let command = found.remedy.as_ref().map(Remedy::text).unwrap_or_default();
        assert!(command.contains(&port.to_string()), "a command tells who it is: {found:#?}");
        drop(listener);
        again(&mut engine).await;
        is_good(&engine, "web-ports");
        to(&mut engine, ScreenId::Review).await;
    }
}

#[tokio::test]
async fn two_services_on_one_port() {
    let cases = [
        ("http://localhost:10943/", "10943", "8443", "The web portal and polling Tentacles", FieldId::CommsPort),
        ("http://localhost:8443/", "10943", "8443", "The web portal and gRPC", FieldId::GrpcPort),
        ("http://localhost:8080/", "10943", "10943", "Polling Tentacles and gRPC", FieldId::GrpcPort),
    ];
    for (prefixes, comms, grpc, says, about) in cases {
        let scene = Scene::new().await;
        let answers = [(FieldId::ListenPrefixes, prefixes), (FieldId::CommsPort, comms), (FieldId::GrpcPort, grpc)];
        let mut engine = at_web(&scene, &answers).await;
        let found = scene.stays_shut(&mut engine, "web-ports").await;
        assert!(found.says.starts_with(says) && found.about == Some(about), "{found:#?}");
    }
}

#[tokio::test]
async fn prefixes_that_conflict() {
    let scene = Scene::new().await;
    let mut engine = at_web(&scene, &[(FieldId::ListenPrefixes, "http://localhost:8099/, https://localhost:8099/")]).await;
    let found = scene.stays_shut(&mut engine, "web-prefixes").await;
    assert!(found.says.contains("http and https on the same port") && found.says.contains("8099"), "{found:#?}");
    let mut engine = at_web(&scene, &[(FieldId::ForceSsl, "true")]).await;
    let found = scene.stays_shut(&mut engine, "web-prefixes").await;
    assert!(found.says.contains("https://") && found.about == Some(FieldId::ForceSsl), "{found:#?}");
}

#[tokio::test]
async fn invalid_prefixes_and_ports() {
    let cases = [
        (FieldId::ListenPrefixes, "localhost:8080"),
        (FieldId::ListenPrefixes, "ftp://localhost/"),
        (FieldId::ListenPrefixes, "http://localhost:99999/"),
        (FieldId::ListenPrefixes, "http:///"),
        (FieldId::CommsPort, "0"),
        (FieldId::CommsPort, "70000"),
        (FieldId::GrpcPort, "ten"),
    ];
    for (field, text) in cases {
        let scene = Scene::new().await;
        let mut engine = at_web(&scene, &[(field, text)]).await;
        assert_eq!(engine.state().gate(), Gate::Malformed(vec![field]), "{text}");
        engine.handle(Event::Next);
        assert_eq!(engine.state().focused(), Some(field));
        let said = engine.state().shown_problem(field).unwrap();
        assert!(said.ends_with('.') && said.len() > 20, "{text}: {said}");
        scene.untouched().await;
    }
}

#[tokio::test]
async fn a_name_that_resolves_elsewhere_must_be_accepted() {
    let scene = Scene::new().await;
    let mut engine = at_web(&scene, &[(FieldId::ListenPrefixes, "http://192.0.2.7:8081/")]).await;
    let found = scene.takes_acceptance(&mut engine, "web-names").await;
    assert!(found.says.contains("192.0.2.7") && found.fix.contains("load balancer"), "{found:#?}");
}
