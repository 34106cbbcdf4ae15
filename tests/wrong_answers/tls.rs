//! Encryption and trust.

use octopus_setup::engine::Engine;
use octopus_setup::model::field::FieldId;
use octopus_setup::model::screen::ScreenId;
use octopus_setup::wizard::event::{Action, Event};
use practice_server::{Certificate, TlsPolicy};

use crate::scene::{Scene, again, finding, is_good, to};

async fn showing(certificate: Certificate) -> Scene {
    Scene::with(|options| options.faults.certificate = certificate).await
}

/// The fingerprint of the server's certificate, as a DBA's tools print it.
fn shown(engine: &Engine) -> String {
    let sha256 = engine.state().facts.server.certificate.as_ref().unwrap().sha256;
    sha256.map(|byte| format!("{byte:02X}")).join(":")
}

#[tokio::test]
async fn no_tls_where_it_is_mandatory() {
    let scene = Scene::with(|options| options.tls = TlsPolicy::Missing).await;
    let mut engine = scene.at_database(&[]).await;
    let found = scene.stays_shut(&mut engine, "sql-tls").await;
    assert!(found.says.contains("offers none") && found.says.contains("localhost"), "{found:#?}");
    assert!(found.fix.contains("at the server") && found.fix.contains("password"), "{found:#?}");
    assert_eq!(found.about, Some(FieldId::Encryption));
    assert!(engine.state().facts.server.login.is_unknown(), "no password went out");
}

#[tokio::test]
async fn no_tls_where_it_is_optional() {
    let scene = Scene::with(|options| options.tls = TlsPolicy::Missing).await;
    let mut engine = scene.at_database(&[(FieldId::Encryption, "optional")]).await;
    let found = scene.takes_acceptance(&mut engine, "sql-tls").await;
    assert!(found.says.contains("no encryption") && found.says.contains("the password of octopus"), "{found:#?}");
    assert!(found.fix.contains("Mandatory") && found.about == Some(FieldId::Encryption), "{found:#?}");
}

#[tokio::test]
async fn strict_where_the_server_has_none() {
    let scene = Scene::with(|options| options.allow_strict = false).await;
    let mut engine = scene.at_database(&[(FieldId::Encryption, "strict")]).await;
    let found = scene.stays_shut(&mut engine, "sql-tls").await;
    assert!(found.says.contains("TDS 8.0") && found.fix.contains("Mandatory"), "{found:#?}");
    assert_eq!(found.about, Some(FieldId::Encryption));
}

#[tokio::test]
async fn bad_certificates_are_named_with_their_fingerprint() {
    let cases = [
        (Certificate::UnknownIssuer, "is not in the CA file, which holds", "Name a CA file with", FieldId::Trust),
        (Certificate::SelfSigned, "signed by itself", "{key:pin-certificate}", FieldId::Trust),
        (Certificate::Expired, "its time ended on 2", "renewed", FieldId::Trust),
        (Certificate::OtherName, "it is for other.example, not for localhost", "one of those names", FieldId::Server),
    ];
    for (certificate, says, fix, about) in cases {
        for encryption in ["mandatory", "strict", "optional"] {
            let scene = showing(certificate).await;
            let mut engine = scene.at_database(&[(FieldId::Encryption, encryption)]).await;
            let found = scene.stays_shut(&mut engine, "sql-tls").await;
            assert!(found.says.contains(says) && found.says.contains(&shown(&engine)), "{certificate:?} {found:#?}");
            assert!(found.fix.contains(fix) && found.about == Some(about), "{certificate:?} {found:#?}");
            assert!(engine.state().facts.server.login.is_unknown(), "no password went out");
        }
    }
}

#[tokio::test]
async fn system_roots_do_not_contain_the_practice_servers_ca() {
    let scene = Scene::new().await;
    let mut engine = scene.at_database(&[(FieldId::Trust, "system")]).await;
    let found = scene.stays_shut(&mut engine, "sql-tls").await;
    assert!(found.fix.contains("CA file") || found.fix.contains("ca-certificates"), "{found:#?}");
}

#[tokio::test]
async fn f4_trusts_the_certificate_that_was_shown_and_goes_on() {
    for certificate in [Certificate::UnknownIssuer, Certificate::SelfSigned, Certificate::Expired, Certificate::OtherName] {
        let scene = showing(certificate).await;
        let mut engine = scene.at_database(&[]).await;
        let print = shown(&engine);
        assert!(engine.state().actions().contains(&Action::Certificate));
        engine.handle(Event::Press(Action::Certificate));
        engine.handle(Event::Reply(true));
        engine.run_until_idle().await;
        assert!(
            engine.state().notice.as_ref().is_some_and(|notice| notice.text.contains("only this certificate is trusted")),
            "F4 says what it means"
        );
        assert_eq!(engine.state().answers.text(FieldId::Trust), "fingerprint");
        assert_eq!(engine.state().answers.text(FieldId::Fingerprint), print.replace(':', "").to_lowercase());
        is_good(&engine, "sql-tls");
        scene.untouched().await;
        to(&mut engine, ScreenId::Octopus).await;
    }
}

#[tokio::test]
async fn another_certificate_than_the_pinned_one() {
    let scene = Scene::new().await;
    let pinned = "9c".repeat(32);
    let answers = [(FieldId::Trust, "fingerprint"), (FieldId::Fingerprint, pinned.as_str())];
    let mut engine = scene.at_database(&answers).await;
    let found = scene.stays_shut(&mut engine, "sql-tls").await;
    assert!(found.says.contains("another certificate") && found.says.contains("9C:9C:9C"), "{found:#?}");
    assert!(found.says.contains(&shown(&engine)), "both fingerprints are there to compare: {found:#?}");
    assert!(found.fix.contains("Do not go on") && found.about == Some(FieldId::Fingerprint), "{found:#?}");
}

#[tokio::test]
async fn trusting_every_certificate_is_a_warning() {
    let scene = showing(Certificate::SelfSigned).await;
    let mut engine = scene.at_database(&[(FieldId::Trust, "none")]).await;
    let print = shown(&engine);
    let found = scene.takes_acceptance(&mut engine, "sql-tls").await;
    assert!(found.says.contains("not checked") && found.says.contains(&print), "{found:#?}");
}

#[tokio::test]
async fn a_ca_file_without_a_certificate() {
    let scene = Scene::new().await;
    let (absent, empty) = (scene.path("absent.pem"), scene.path("empty.pem"));
    std::fs::write(&empty, "no certificate").unwrap();
    for path in [absent, empty] {
        let path = path.display().to_string();
        let mut engine = scene.at_database(&[(FieldId::CaFile, &path)]).await;
        let found = scene.stays_shut(&mut engine, "sql-tls").await;
        assert!(found.says.contains("CA file") && found.says.contains(&path), "{found:#?}");
        assert!(found.fix.contains("PEM") && found.about == Some(FieldId::CaFile), "{found:#?}");
    }
}

#[tokio::test]
async fn a_certificate_that_was_mended_is_seen_again_by_f5() {
    let scene = showing(Certificate::Expired).await;
    let mut engine = scene.at_database(&[]).await;
    finding(&engine, "sql-tls");
    again(&mut engine).await;
    assert!(finding(&engine, "sql-tls").says.contains("its time ended"), "the same is found again");
}
