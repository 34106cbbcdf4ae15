//! TLS in all its forms, and how many turns each costs.

use practice_server::{Certificate, Faults, PracticeServer, ServerOptions, StartError, TlsPolicy};
use rustls::CertificateError;

use crate::connect::{Failure, Tls, connect, number, start, start_in};

const ALL: [Tls; 4] = [Tls::Plain, Tls::LoginOnly, Tls::Whole, Tls::Strict];

#[tokio::test]
async fn every_form_logs_in_and_answers() {
    let server = start(|_| {}).await;
    for tls in ALL {
        let mut client = connect(&server.running, tls).await.expect("a login");
        assert_eq!(number(&mut client, "SELECT 1").await, 1, "{tls:?}");
    }
    assert_eq!(server.running.connections(), 4);
}

#[tokio::test]
async fn a_login_and_a_batch_cost_as_many_turns_as_the_protocol_needs() {
    for (tls, expected) in [(Tls::Plain, 3), (Tls::Whole, 5), (Tls::Strict, 4)] {
        let server = start(|_| {}).await;
        let mut client = connect(&server.running, tls).await.expect("a login");
        number(&mut client, "SELECT 1").await;
        assert_eq!(server.running.turns(), expected, "{tls:?}");
    }
}

#[tokio::test]
async fn forced_encryption_encrypts_who_would_not_and_refuses_who_cannot() {
    let server = start(|options| options.tls = TlsPolicy::Forced).await;
    let mut client = connect(&server.running, Tls::LoginOnly).await.expect("a login");
    assert_eq!(number(&mut client, "SELECT 1").await, 1);
    assert!(connect(&server.running, Tls::Plain).await.is_err());
}

#[tokio::test]
async fn without_a_certificate_only_plain_connections_are_had() {
    let server = start(|options| options.tls = TlsPolicy::Missing).await;
    assert!(connect(&server.running, Tls::Whole).await.is_err());
    assert!(connect(&server.running, Tls::Strict).await.is_err());
    let mut client = connect(&server.running, Tls::LoginOnly).await.expect("a login");
    assert_eq!(number(&mut client, "SELECT 1").await, 1);
}

#[tokio::test]
async fn strict_can_be_switched_off() {
    let server = start(|options| options.allow_strict = false).await;
    assert!(connect(&server.running, Tls::Strict).await.is_err());
    assert!(connect(&server.running, Tls::Whole).await.is_ok());
}

#[tokio::test]
async fn faulty_certificates_fail_for_their_own_reason() {
    type Expected = fn(&CertificateError) -> bool;
    let cases: [(Certificate, Expected); 3] = [
        (Certificate::Expired, |cause| matches!(cause, CertificateError::Expired | CertificateError::ExpiredContext { .. })),
        (Certificate::OtherName, |cause| {
            matches!(cause, CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. })
        }),
        (Certificate::UnknownIssuer, |cause| *cause == CertificateError::UnknownIssuer),
    ];
    for (certificate, expected) in cases {
        let server = start(|options| {
            options.faults = Faults { certificate, ..Faults::default() };
        })
        .await;
        for tls in [Tls::Whole, Tls::Strict] {
            let failure = connect(&server.running, tls).await.expect_err("no connection");
            let cause = certificate_error(&failure).expect("a certificate's error");
            assert!(expected(cause), "{certificate:?} gave {cause:?}");
        }
    }
}

fn certificate_error(failure: &Failure) -> Option<&CertificateError> {
    let io = failure.downcast_ref::<std::io::Error>()?;
    match io.get_ref()?.downcast_ref::<rustls::Error>()? {
        rustls::Error::InvalidCertificate(cause) => Some(cause),
        _ => None,
    }
}

#[tokio::test]
async fn the_same_ca_and_passwords_serve_the_next_run_and_only_one_at_a_time() {
    use secrecy::ExposeSecret as _;
    let server = start(|_| {}).await;
    let ca = std::fs::read(server.running.ca_file()).expect("the CA's file");
    let password = server.running.password().expose_secret().to_owned();
    let second = PracticeServer::start(ServerOptions::new(server.running.data())).await;
    assert!(matches!(second, Err(StartError::InUse(_))), "two servers on one folder");
    server.running.stop().await;
    let again = start_in(&server.folder, |_| {}).await;
    assert_eq!(std::fs::read(again.ca_file()).expect("the CA's file"), ca);
    assert_eq!(again.password().expose_secret(), password);
    assert!(connect(&again, Tls::Whole).await.is_ok());
}
