//! The name, the port, and the service on it.

use octopus_setup::model::field::FieldId;
use octopus_setup::model::finding::Remedy;
use octopus_setup::model::screen::ScreenId;
use octopus_setup::wizard::event::{Action, Event};
use octopus_setup::wizard::gate::Gate;
use practice_server::WireFault;

use crate::fakes::{Manners, listener};
use crate::scene::{Scene, again, finding, is_good, to, type_in};

#[tokio::test]
async fn a_host_that_does_not_resolve() {
    let scene = Scene::new().await;
    let host = "no-such-host.invalid";
    let mut engine = scene.at_database(&[(FieldId::Server, host)]).await;
    let found = scene.stays_shut(&mut engine, "sql-name").await;
    // A machine without a name server cannot tell, and says that.
    let words = ["does not resolve", "name server gave no answer"];
    assert!(found.says.contains(host) && words.iter().any(|words| found.says.contains(words)), "{found:#?}");
    assert!(found.fix.contains("DNS") && found.fix.contains("the server's address"), "{found:#?}");
    assert_eq!(found.about, Some(FieldId::Server));
    if found.says.contains("does not resolve") {
        assert!(matches!(&found.remedy, Some(Remedy::Command(command)) if command.contains(host)), "{found:#?}");
    }
}

#[tokio::test]
async fn a_port_without_a_listener() {
    let scene = Scene::new().await;
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let server = format!("localhost,{port}");
    let mut engine = scene.at_database(&[(FieldId::Server, &server)]).await;
    let found = scene.stays_shut(&mut engine, "sql-connect").await;
    assert!(found.says.contains(&server) && found.says.contains("refused"), "{found:#?}");
    assert!(found.fix.contains("port") && found.fix.contains("TCP/IP"), "{found:#?}");
    is_good(&engine, "sql-name");
    // The right port, and the same screen goes on.
    type_in(&mut engine, FieldId::Server, &format!("localhost,{}", scene.site.server.addr().port()));
    to(&mut engine, ScreenId::Octopus).await;
}

#[tokio::test]
async fn an_instance_without_a_browser() {
    let scene = Scene::new().await;
    let mut engine = scene.at_database(&[(FieldId::Server, "127.0.0.1\\NOPE")]).await;
    let found = scene.stays_shut(&mut engine, "sql-name").await;
    assert!(found.says.contains("UDP 1434") && found.fix.contains("port instead of the instance"), "{found:#?}");
}

#[tokio::test]
async fn another_service_on_the_port() {
    let http = b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n";
    let manners = [
        Manners::Answers(http),
        Manners::Greets(b"SSH-2.0-OpenSSH_9.6\r\n"),
        Manners::Greets(b"5.5.5-10.6.12-MariaDB\0"),
        Manners::Answers(&[0; 64]),
        Manners::HangsUp,
    ];
    for manners in manners {
        let scene = Scene::new().await;
        let server = format!("localhost,{}", listener(manners).await);
        let mut engine = scene.at_database(&[(FieldId::Server, &server)]).await;
        let found = scene.stays_shut(&mut engine, "sql-tls").await;
        let says = if matches!(manners, Manners::HangsUp) { "ended it at the first message" } else { "does not speak" };
        assert!(found.says.contains(&server) && found.says.contains(says), "{manners:?} {found:#?}");
        assert!(found.fix.contains("1433") && found.about == Some(FieldId::Server), "{found:#?}");
        assert!(!engine.state().actions().contains(&Action::Certificate), "there is nothing to pin");
    }
}

#[tokio::test]
async fn another_service_in_strict_mode() {
    let scene = Scene::new().await;
    let server = format!("localhost,{}", listener(Manners::Answers(b"HTTP/1.1 400 Bad Request\r\n\r\n")).await);
    let mut engine = scene.at_database(&[(FieldId::Server, &server), (FieldId::Encryption, "strict")]).await;
    let found = scene.stays_shut(&mut engine, "sql-tls").await;
    assert!(found.says.contains("does not speak SQL Server's protocol") && found.about == Some(FieldId::Server), "{found:#?}");
}

/// The wizard is on the database screen while the server sends nothing; no time passes here.
#[tokio::test]
async fn a_server_that_never_answers_blocks_nothing() {
    let scene = Scene::with(|options| options.faults.wire = Some(WireFault::SilentAtStart)).await;
    let mut engine = scene.wizard(&[]);
    to(&mut engine, ScreenId::Service).await;
    engine.handle(Event::Next);
    assert_eq!(engine.state().place.here, ScreenId::Database);
    while engine.state().facts.server.connected.is_unknown() {
        let event = engine.next_event().await;
        engine.handle(event);
    }
    is_good(&engine, "sql-connect");
    assert_eq!(engine.state().gate(), Gate::Waiting);
    engine.handle(Event::Next);
    assert_eq!(engine.state().place.here, ScreenId::Database);
    engine.handle(Event::Press(Action::Cancel));
    engine.run_until_idle().await;
    assert_eq!(engine.state().gate(), Gate::Unproven);
    scene.untouched().await;
    scene.site.server.set_wire_fault(None);
    again(&mut engine).await;
    to(&mut engine, ScreenId::Octopus).await;
}

#[tokio::test]
async fn a_server_that_never_answers_times_out() {
    let scene = Scene::with(|options| options.faults.wire = Some(WireFault::SilentAtStart)).await;
    let mut engine = scene.at_database(&[]).await;
    let found = finding(&engine, "sql-tls");
    assert!(found.says.contains("not one byte came back") && found.says.contains("10 s"), "{found:#?}");
    assert_eq!(found.about, Some(FieldId::Server));
    scene.site.server.set_wire_fault(None);
    again(&mut engine).await;
    to(&mut engine, ScreenId::Octopus).await;
}
