//! Connecting: TCP, TLS and the login.

use octopus_setup::model::facts::{Protocol, SqlTrouble, TlsTrouble, Trouble, TrustSource};
use octopus_setup::model::target::{Encryption, SignIn, Target, Trust};
use octopus_setup::world::sqlserver::SqlServer;
use practice_server::{Certificate, TlsPolicy, WireFault};

use super::support::{Lab, by, facts, login, server, snapshots};

#[tokio::test]
async fn facts_become_known_in_the_order_of_connecting() {
    let lab = Lab::new().await;
    let all = snapshots(&SqlServer::new(), &lab.target("Octopus")).await;
    let known = |at: usize| {
        let facts = &all[at];
        [
            facts.resolved.seen().is_some(),
            facts.connected.seen().is_some(),
            facts.encrypted.seen().is_some(),
            facts.login.seen().is_some(),
            !facts.version.is_unknown(),
        ]
    };
    let steps: Vec<_> = (0..all.len()).map(known).collect();
    let expected: Vec<_> = (1..=5).map(|count| std::array::from_fn::<_, 5, _>(|place| place < count)).collect();
    assert_eq!(steps, expected);
}

#[tokio::test]
async fn tls_is_established_and_the_certificate_is_a_fact() {
    let lab = Lab::new().await;
    let facts = facts(&lab.target("Octopus")).await;
    let encrypted = facts.encrypted.seen().expect("TLS");
    assert_eq!((encrypted.protocol, encrypted.trusted), (Protocol::Tls12, TrustSource::CaFile));
    let certificate = facts.certificate.expect("shown");
    assert!(!certificate.self_signed);
    assert!(certificate.days_left > 0);
    assert!(certificate.names.iter().any(|name| name.as_str() == "localhost"));
}

/// Whether this is the trouble that a certificate has to make.
type IsExpected = fn(&TlsTrouble) -> bool;

#[tokio::test]
async fn bad_certificates_are_refused_before_the_login_and_shown() {
    let cases: [(Certificate, IsExpected); 3] = [
        (Certificate::Expired, |trouble| *trouble == TlsTrouble::Expired),
        (Certificate::OtherName, |trouble| *trouble == TlsTrouble::WrongName),
        (Certificate::UnknownIssuer, |trouble| matches!(trouble, TlsTrouble::IssuerNotInCaFile { .. })),
    ];
    for (certificate, is_expected) in cases {
        for encryption in [Encryption::Mandatory, Encryption::Optional, Encryption::Strict] {
            let lab = Lab::with(|options| options.faults.certificate = certificate).await;
            let facts = facts(&Target { encryption, ..lab.target("Octopus") }).await;
            let blocked = facts.way_blocked();
            assert!(matches!(blocked, Some(Trouble::Tls(trouble)) if is_expected(trouble)), "{encryption:?}: {blocked:?}");
            assert!(facts.certificate.is_some());
            assert!(facts.login.is_unknown());
        }
    }
}

#[tokio::test]
async fn only_the_pinned_certificate_is_trusted_whatever_it_says() {
    let lab = Lab::with(|options| options.faults.certificate = Certificate::Expired).await;
    let untrusted = facts(&lab.target("Octopus")).await;
    let print = untrusted.certificate.expect("shown").sha256;
    let pinned = facts(&Target { trust: Trust::Fingerprint(print), ..lab.target("Octopus") }).await;
    assert_eq!(pinned.encrypted.seen().expect("TLS").trusted, TrustSource::Fingerprint);
    assert!(pinned.login.seen().is_some());
    let other = facts(&Target { trust: Trust::Fingerprint([7; 32]), ..lab.target("Octopus") }).await;
    assert_eq!(other.way_blocked(), Some(&Trouble::Tls(TlsTrouble::OtherFingerprint)));
}

#[tokio::test]
async fn strict_mode_is_tds_8_and_saves_one_round_trip() {
    let mut lab = Lab::new().await;
    let strict = facts(&Target { encryption: Encryption::Strict, ..lab.target("Octopus") }).await;
    assert_eq!(strict.encrypted.seen().expect("TLS").protocol, Protocol::Strict);
    assert!(strict.login.seen().is_some(), "{strict:?}");
    // TLS 1.3, PRELOGIN, login, survey; TCP itself is the fifth.
    assert_eq!(lab.counted(), (4, 1));
}

#[tokio::test]
async fn a_survey_takes_one_connection_and_six_round_trips() {
    let mut lab = Lab::new().await;
    let server = server();
    let target = lab.target("Octopus");
    snapshots(&server, &target).await;
    // PRELOGIN, TLS 1.2 twice, login, survey; TCP itself is the sixth.
    assert_eq!(lab.counted(), (5, 1));
    snapshots(&server, &target).await;
    assert_eq!(lab.counted(), (1, 0), "again, on the same session");
}

#[tokio::test]
async fn a_server_without_strict_mode_is_recognised() {
    let lab = Lab::with(|options| options.allow_strict = false).await;
    let facts = facts(&Target { encryption: Encryption::Strict, ..lab.target("Octopus") }).await;
    assert_eq!(facts.way_blocked(), Some(&Trouble::Tls(TlsTrouble::StrictNotOffered)));
}

#[tokio::test]
async fn without_tls_only_optional_connects() {
    let lab = Lab::with(|options| options.tls = TlsPolicy::Missing).await;
    let refused = facts(&lab.target("Octopus")).await;
    assert_eq!(refused.way_blocked(), Some(&Trouble::Tls(TlsTrouble::NotOffered)));
    let plain = facts(&Target { encryption: Encryption::Optional, ..lab.target("Octopus") }).await;
    let encrypted = plain.encrypted.seen().expect("decided");
    assert_eq!((encrypted.protocol, encrypted.trusted), (Protocol::Plain, TrustSource::Nothing));
    assert!(plain.login.seen().is_some());
}

#[tokio::test]
async fn optional_still_encrypts_everything_where_it_can() {
    let lab = Lab::new().await;
    let facts = facts(&Target { encryption: Encryption::Optional, ..lab.target("Octopus") }).await;
    assert_eq!(facts.encrypted.seen().expect("TLS").protocol, Protocol::Tls12);
}

#[tokio::test]
async fn a_wrong_password_is_recognised_by_its_number_and_tried_once() {
    let mut lab = Lab::new().await;
    let target = Target { sign_in: SignIn::sql_login(lab.server.user(), "wrong"), ..lab.target("Octopus") };
    let facts = facts(&target).await;
    assert!(matches!(facts.way_blocked(), Some(Trouble::Sql(SqlTrouble { number: 18456, .. }))), "{facts:?}");
    assert_eq!(lab.counted().1, 1);
}

#[tokio::test]
async fn other_services_and_broken_replies_are_distinguished() {
    let lab = Lab::new().await;
    lab.server.set_wire_fault(Some(WireFault::NotSqlServer));
    assert_eq!(facts(&lab.target("Octopus")).await.way_blocked(), Some(&Trouble::NotSqlServer));
    lab.server.set_wire_fault(Some(WireFault::DropMidReply));
    let broken = facts(&lab.target("Octopus")).await;
    assert!(broken.login.seen().is_some());
    assert_eq!(broken.content.trouble(), Some(&Trouble::ConnectionLost));
}

#[tokio::test]
async fn redirects_are_followed_a_limited_number_of_times() {
    let roamer = login("roamer", true, false);
    let far = Lab::with(|options| options.logins.push(roamer.clone())).await;
    let near = Lab::with(|options| options.logins.push(roamer.clone())).await;
    let to = |lab: &Lab| Some(WireFault::RouteTo { host: "localhost".into(), port: lab.server.addr().port() });
    near.server.set_wire_fault(to(&far));
    let target = by(&roamer, Target { trust: Trust::Nothing, ..near.target("Octopus") });
    let routed = facts(&target).await;
    assert!(routed.login.seen().is_some(), "{routed:?}");
    let place = routed.connected.seen().expect("connected");
    assert_eq!(place.port, far.server.addr().port());
    assert!(place.routed_to.is_some());
    far.server.set_wire_fault(to(&near));
    assert_eq!(facts(&target).await.way_blocked(), Some(&Trouble::RoutedTooOften));
}

#[tokio::test]
async fn a_dead_session_is_replaced_silently() {
    let lab = Lab::new().await;
    let server = SqlServer::new();
    let target = lab.target("Octopus");
    snapshots(&server, &target).await;
    lab.server.set_wire_fault(Some(WireFault::DropMidReply));
    let broken = snapshots(&server, &target).await.pop().expect("facts");
    assert!(broken.version.trouble().is_some(), "the second session broke as well");
    lab.server.set_wire_fault(None);
    let again = snapshots(&server, &target).await.pop().expect("facts");
    assert!(again.login.seen().is_some());
    assert_ne!(again.version.trouble(), Some(&Trouble::ConnectionLost));
}
