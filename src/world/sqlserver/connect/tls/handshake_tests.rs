//! Every outcome, against a rustls server in this process.

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
use rustls::ServerConfig;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use tempfile::NamedTempFile;
use time::{Duration, OffsetDateTime};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
use tokio_rustls::TlsAcceptor;

use super::sha256;
use super::*;
use crate::model::facts::WeakHash;
use crate::model::target::Trust;

const HOST: &str = "sql01.corp.example";

/// A certificate with its key.
struct Identity {
    certificate: CertificateDer<'static>,
    key: Vec<u8>,
    /// What it shows beside its certificate.
    between: Vec<CertificateDer<'static>>,
}

struct Authority {
    issuer: Issuer<'static, KeyPair>,
    pem: String,
}

fn params(name: &str) -> CertificateParams {
    let mut params = CertificateParams::new([name.to_owned()]).expect("names");
    params.distinguished_name.push(DnType::CommonName, name);
    params.not_before = OffsetDateTime::now_utc() - Duration::days(2);
    params.not_after = OffsetDateTime::now_utc() + Duration::days(2);
    params
}

fn authority(name: &str) -> Authority {
    let mut params = params(name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let key = KeyPair::generate().expect("a key");
    let pem = params.self_signed(&key).expect("a certificate").pem();
    Authority { issuer: Issuer::new(params, key), pem }
}

fn signed(by: &Authority, params: &CertificateParams) -> Identity {
    let key = KeyPair::generate().expect("a key");
    let certificate = params.signed_by(&key, &by.issuer).expect("a certificate").der().clone();
    Identity { certificate, key: key.serialize_der(), between: Vec::new() }
}

fn self_signed(params: &CertificateParams) -> (Identity, String) {
    let key = KeyPair::generate().expect("a key");
    let certificate = params.self_signed(&key).expect("a certificate");
    (Identity { certificate: certificate.der().clone(), key: key.serialize_der(), between: Vec::new() }, certificate.pem())
}

fn file(pem: &str) -> (NamedTempFile, Trust) {
    let file = NamedTempFile::new().expect("a file");
    std::fs::write(file.path(), pem).expect("written");
    let trust = Trust::CaFile(file.path().to_owned());
    (file, trust)
}

/// By a resolver of our own, since rustls would not let a server be set up with a bad certificate.
fn acceptor(identity: &Identity, alpn: &[&[u8]]) -> TlsAcceptor {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let key = PrivateKeyDer::try_from(identity.key.clone()).expect("a key");
    let key = provider.key_provider.load_private_key(key).expect("a key");
    let certified = CertifiedKey::new([vec![identity.certificate.clone()], identity.between.clone()].concat(), key);
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS12, &rustls::version::TLS13])
        .expect("versions")
        .with_no_client_auth()
        .with_cert_resolver(Arc::new(SingleCertAndKey::from(certified)));
    config.alpn_protocols = alpn.iter().map(|name| name.to_vec()).collect();
    TlsAcceptor::from(Arc::new(config))
}

/// One strict handshake; says one byte each way where it succeeds.
async fn do_handshake(identity: &Identity, trust: &Trust) -> (Result<(), Trouble>, Option<Vec<u8>>) {
    do_handshake_with(HOST, identity, trust).await
}

async fn do_handshake_with(host: &str, identity: &Identity, trust: &Trust) -> (Result<(), Trouble>, Option<Vec<u8>>) {
    let anchors = TrustAnchors::load(trust).await.expect("loaded");
    let (near, far) = duplex(1 << 16);
    let acceptor = acceptor(identity, &[ALPN]);
    let server = async move {
        if let Ok(mut stream) = acceptor.accept(far).await {
            let byte = stream.read_u8().await.unwrap_or_default();
            let _ = stream.write_u8(byte + 1).await;
            let _ = stream.flush().await;
        }
    };
    let client = async move {
        let handshake = handshake_first(near, host, anchors).await;
        let outcome = match handshake.outcome {
            Ok(mut stream) => {
                stream.write_u8(41).await.expect("sent");
                assert_eq!(stream.read_u8().await.expect("answered"), 42);
                Ok(())
            }
            Err(trouble) => Err(trouble),
        };
        (outcome, handshake.certificate)
    };
    tokio::join!(client, server).0
}

fn refused(trouble: TlsTrouble) -> Result<(), Trouble> {
    Err(Trouble::Tls(trouble))
}

#[tokio::test]
async fn a_chain_to_the_ca_file_is_trusted_and_to_another_is_not() {
    let (ours, others) = (authority("ours"), authority("others"));
    let server = signed(&ours, &params(HOST));
    let (_kept, trust) = file(&ours.pem);
    let (outcome, seen) = do_handshake(&server, &trust).await;
    assert_eq!(outcome, Ok(()));
    assert_eq!(seen.as_deref(), Some(server.certificate.as_ref()));
    let (_kept, trust) = file(&others.pem);
    let (outcome, seen) = do_handshake(&server, &trust).await;
    assert_eq!(
        outcome,
        refused(TlsTrouble::IssuerNotInCaFile { issuer: "ours".into(), held: vec!["others".into()], alone: true })
    );
    assert_eq!(seen.as_deref(), Some(server.certificate.as_ref()), "a refused certificate is a fact too");
}

#[tokio::test]
async fn a_name_that_is_not_in_it_is_refused() {
    let ours = authority("ours");
    let (_kept, trust) = file(&ours.pem);
    let server = signed(&ours, &params("sql02.corp.example"));
    assert_eq!(do_handshake(&server, &trust).await.0, refused(TlsTrouble::WrongName));
}

#[tokio::test]
async fn a_name_that_no_certificate_can_have_is_told_only_where_names_count() {
    let ours = authority("ours");
    let (_kept, by_name) = file(&ours.pem);
    let server = signed(&ours, &params("xn--bcher-kva.example"));
    for host in ["sql-.corp.example", "db.2019"] {
        assert_eq!(do_handshake_with(host, &server, &by_name).await.0, refused(TlsTrouble::ImpossibleName), "{host}");
        for trust in [Trust::Nothing, Trust::Fingerprint(sha256(&server.certificate))] {
            assert_eq!(do_handshake_with(host, &server, &trust).await.0, Ok(()), "{host}");
        }
    }
    assert_eq!(do_handshake_with("bücher.example", &server, &by_name).await.0, Ok(()), "as punycode");
}

#[tokio::test]
async fn dates_count_on_both_ends() {
    let ours = authority("ours");
    let (_kept, trust) = file(&ours.pem);
    let mut old = params(HOST);
    old.not_after = OffsetDateTime::now_utc() - Duration::days(1);
    assert_eq!(do_handshake(&signed(&ours, &old), &trust).await.0, refused(TlsTrouble::Expired));
    let mut early = params(HOST);
    early.not_before = OffsetDateTime::now_utc() + Duration::days(1);
    assert_eq!(do_handshake(&signed(&ours, &early), &trust).await.0, refused(TlsTrouble::NotYetValid));
}

#[tokio::test]
async fn a_self_signed_certificate_is_told_from_an_unknown_issuer() {
    let ours = authority("ours");
    let (_kept, trust) = file(&ours.pem);
    for is_ca in [IsCa::NoCa, IsCa::Ca(BasicConstraints::Unconstrained)] {
        let mut params = params(HOST);
        params.is_ca = is_ca;
        let (server, _) = self_signed(&params);
        assert_eq!(do_handshake(&server, &trust).await.0, refused(TlsTrouble::SelfSigned));
    }
}

#[tokio::test]
async fn the_servers_own_self_signed_certificate_may_be_the_ca_file() {
    for is_ca in [IsCa::NoCa, IsCa::Ca(BasicConstraints::Unconstrained)] {
        let mut good = params(HOST);
        good.is_ca = is_ca;
        let (server, pem) = self_signed(&good);
        let (_kept, trust) = file(&pem);
        assert_eq!(do_handshake(&server, &trust).await.0, Ok(()));
        let mut old = good.clone();
        old.not_after = OffsetDateTime::now_utc() - Duration::days(1);
        let (server, pem) = self_signed(&old);
        let (_kept, trust) = file(&pem);
        assert_eq!(do_handshake(&server, &trust).await.0, refused(TlsTrouble::Expired));
    }
    let (server, pem) = self_signed(&params("sql02"));
    let (_kept, trust) = file(&pem);
    assert_eq!(do_handshake(&server, &trust).await.0, refused(TlsTrouble::WrongName));
}

#[tokio::test]
async fn a_pinned_certificate_needs_no_name_and_no_dates() {
    let mut old = params("elsewhere");
    old.not_after = OffsetDateTime::now_utc() - Duration::days(1);
    let (server, _) = self_signed(&old);
    let right = Trust::Fingerprint(sha256(&server.certificate));
    assert_eq!(do_handshake(&server, &right).await.0, Ok(()));
    let wrong = Trust::Fingerprint([7; 32]);
    assert_eq!(do_handshake(&server, &wrong).await.0, refused(TlsTrouble::OtherFingerprint));
}

#[tokio::test]
async fn a_certificate_that_webpki_cannot_read_may_still_be_pinned() {
    let mut odd = params(HOST);
    let mut extension = rcgen::CustomExtension::from_oid_content(&[1, 3, 6, 1, 4, 1, 99999, 1], vec![5, 0]);
    extension.set_criticality(true);
    odd.custom_extensions.push(extension);
    let (server, pem) = self_signed(&odd);
    let (_kept, by_file) = file(&pem);
    assert!(matches!(do_handshake(&server, &by_file).await.0, Err(Trouble::Tls(_))));
    let pinned = Trust::Fingerprint(sha256(&server.certificate));
    assert_eq!(do_handshake(&server, &pinned).await.0, Ok(()));
}

#[tokio::test]
async fn trust_in_nothing_still_shows_the_certificate() {
    let (server, _) = self_signed(&params("elsewhere"));
    let (outcome, seen) = do_handshake(&server, &Trust::Nothing).await;
    assert_eq!(outcome, Ok(()));
    assert!(seen.is_some());
}

#[tokio::test]
async fn a_certificate_with_another_ones_key_is_refused_even_when_pinned() {
    let (server, _) = self_signed(&params(HOST));
    let (other, _) = self_signed(&params(HOST));
    let thief = Identity { certificate: server.certificate.clone(), key: other.key, between: Vec::new() };
    let pinned = Trust::Fingerprint(sha256(&thief.certificate));
    assert!(matches!(do_handshake(&thief, &pinned).await.0, Err(Trouble::Tls(TlsTrouble::Handshake(_)))));
}

#[tokio::test]
async fn wrapped_in_packets_it_works_as_well() {
    let (server, _) = self_signed(&params(HOST));
    let acceptor = acceptor(&server, &[]);
    let (near, far) = duplex(1 << 16);
    let server_side = async move {
        let mut stream = acceptor.accept(HandshakeStream::new(far)).await.expect("a handshake");
        stream.get_mut().0.unwrap_records();
        // As in TDS, the client speaks first: bare records may not come before it has ended its handshake.
        assert_eq!(stream.read_u8().await.expect("read"), 7);
        stream.write_all(b"bare").await.expect("sent");
        stream.flush().await.expect("sent");
    };
    let client = async move {
        let mut stream = handshake_in_prelogin(near, HOST, TrustAnchors::Nothing).await.outcome.expect("TLS");
        stream.write_u8(7).await.expect("sent");
        let mut bytes = [0; 4];
        stream.read_exact(&mut bytes).await.expect("read");
        assert_eq!(&bytes, b"bare");
        assert_eq!(stream.get_ref().1.protocol_version(), Some(rustls::ProtocolVersion::TLSv1_2));
    };
    tokio::join!(client, server_side);
}

#[tokio::test]
async fn strict_against_servers_that_do_not_speak_it() {
    let speak = async |bytes: &'static [u8]| {
        let (near, mut far) = duplex(1 << 16);
        let server = async move {
            let mut hello = [0; 512];
            let _ = far.read(&mut hello).await;
            let _ = far.write_all(bytes).await;
            drop::<DuplexStream>(far);
        };
        tokio::join!(handshake_first(near, HOST, TrustAnchors::Nothing), server).0.outcome.err()
    };
    assert_eq!(speak(b"").await, Some(Trouble::Tls(TlsTrouble::StrictNotOffered)));
    assert_eq!(speak(b"HTTP/1.1 400 Bad Request\r\n\r\n").await, Some(Trouble::NotSqlServer));
    let (server, _) = self_signed(&params(HOST));
    let acceptor = acceptor(&server, &[b"h2"]);
    let (near, far) = duplex(1 << 16);
    let server_side = async move { acceptor.accept(far).await.is_ok() };
    let (handshake, _) = tokio::join!(handshake_first(near, HOST, TrustAnchors::Nothing), server_side);
    assert_eq!(handshake.outcome.err(), Some(Trouble::Tls(TlsTrouble::StrictNotOffered)));
}

#[tokio::test]
async fn a_name_in_the_wrong_place_is_told() {
    let ours = authority("ours");
    let (_kept, trust) = file(&ours.pem);
    let mut subject_only = params(HOST);
    subject_only.subject_alt_names.clear();
    assert_eq!(do_handshake(&signed(&ours, &subject_only), &trust).await.0, refused(TlsTrouble::NameInSubjectOnly));
    let (server, pem) = self_signed(&subject_only);
    let (_own, own) = file(&pem);
    assert_eq!(do_handshake(&server, &own).await.0, refused(TlsTrouble::NameInSubjectOnly));
    let pinned = Trust::Fingerprint(sha256(&server.certificate));
    assert_eq!(do_handshake(&server, &pinned).await.0, Ok(()), "a way on");

    let mut as_name = params(HOST);
    as_name.subject_alt_names = vec![rcgen::SanType::DnsName("10.1.2.3".try_into().expect("a name"))];
    let server = signed(&ours, &as_name);
    assert_eq!(do_handshake_with("10.1.2.3", &server, &trust).await.0, refused(TlsTrouble::AddressAsName));
    assert_eq!(do_handshake_with("10.1.2.4", &server, &trust).await.0, refused(TlsTrouble::WrongName));
}

/// An authority that `above` signed.
fn between(above: &Authority, name: &str, change: impl FnOnce(&mut CertificateParams)) -> (Authority, CertificateDer<'static>) {
    let mut params = params(name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    change(&mut params);
    let key = KeyPair::generate().expect("a key");
    let certificate = params.signed_by(&key, &above.issuer).expect("a certificate");
    let (pem, der) = (certificate.pem(), certificate.der().clone());
    (Authority { issuer: Issuer::new(params, key), pem }, der)
}

#[tokio::test]
async fn the_certificates_in_between_count_too() {
    let root = authority("root");
    let (_kept, trust) = file(&root.pem);
    let (good, good_der) = between(&root, "good", |_| {});
    let mut server = signed(&good, &params(HOST));
    let not_held = |alone| TlsTrouble::IssuerNotInCaFile { issuer: "good".into(), held: vec!["root".into()], alone };
    assert_eq!(do_handshake(&server, &trust).await.0, refused(not_held(true)), "the server sends its own only");
    server.between = vec![good_der.clone()];
    assert_eq!(do_handshake(&server, &trust).await.0, Ok(()));
    let (_kept, wrong) = file(&authority("wrong").pem);
    let of_root = TlsTrouble::IssuerNotInCaFile { issuer: "root".into(), held: vec!["wrong".into()], alone: false };
    assert_eq!(do_handshake(&server, &wrong).await.0, refused(of_root), "who signed the end of the chain is wanted");
    let (_kept, same_name) = file(&authority("root").pem);
    let of_same = TlsTrouble::IssuerNotInCaFile { issuer: "root".into(), held: vec!["root".into()], alone: false };
    assert_eq!(do_handshake(&server, &same_name).await.0, refused(of_same), "another key of the same name");

    let day = |days| OffsetDateTime::now_utc() + Duration::days(days);
    let (old, old_der) = between(&root, "old", |params| params.not_after = day(-1));
    let server = Identity { between: vec![old_der], ..signed(&old, &params(HOST)) };
    let outcome = do_handshake(&server, &trust).await.0;
    assert!(
        matches!(&outcome, Err(Trouble::Tls(TlsTrouble::IntermediateExpired { subject, .. })) if subject.as_str() == "old"),
        "{outcome:?}"
    );
    let (early, early_der) = between(&root, "early", |params| params.not_before = day(1));
    let server = Identity { between: vec![early_der], ..signed(&early, &params(HOST)) };
    let outcome = do_handshake(&server, &trust).await.0;
    assert!(
        matches!(&outcome, Err(Trouble::Tls(TlsTrouble::IntermediateNotYetValid { subject, .. })) if subject.as_str() == "early"),
        "{outcome:?}"
    );
}

fn openssl(folder: &std::path::Path, arguments: &str) {
    let output = std::process::Command::new("openssl").args(arguments.split(' ')).current_dir(folder).output();
    let output = output.expect("openssl is needed");
    assert!(output.status.success(), "{arguments}: {}", String::from_utf8_lossy(&output.stderr));
}

#[tokio::test]
async fn a_signature_by_sha_1_is_named() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = |name: &str| folder.path().join(name);
    openssl(folder.path(), "req -x509 -newkey rsa:2048 -nodes -keyout ca.key -out ca.pem -subj /CN=corp -days 5");
    let key = KeyPair::generate().expect("a key");
    let request = params(HOST).serialize_request(&key).expect("a request");
    std::fs::write(path("csr.pem"), request.pem().expect("text")).expect("written");
    let sign =
        "x509 -req -sha1 -copy_extensions copy -days 5 -in csr.pem -CA ca.pem -CAkey ca.key -CAcreateserial -outform DER -out";
    openssl(folder.path(), &format!("{sign} server.der"));
    let certificate = CertificateDer::from(std::fs::read(path("server.der")).expect("made"));
    let server = Identity { certificate, key: key.serialize_der(), between: Vec::new() };
    let outcome = do_handshake(&server, &Trust::CaFile(path("ca.pem"))).await.0;
    assert_eq!(outcome, refused(TlsTrouble::WeakSignature { subject: HOST.into(), hash: WeakHash::Sha1 }));
    let pinned = Trust::Fingerprint(sha256(&server.certificate));
    assert_eq!(do_handshake(&server, &pinned).await.0, Ok(()), "a way on");
}

#[tokio::test]
async fn a_short_key_is_named_and_may_be_pinned() {
    use std::io::BufRead as _;
    use std::process::{Command, Stdio};
    let folder = tempfile::tempdir().expect("a folder");
    let make = "req -x509 -newkey rsa:1024 -nodes -keyout key.pem -out cert.pem -days 5 -subj /CN=fallback";
    openssl(folder.path(), make);
    openssl(folder.path(), "x509 -in cert.pem -outform DER -out cert.der");
    let certificate = std::fs::read(folder.path().join("cert.der")).expect("made");
    let port = std::net::TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("bound").port();
    let serve =
        format!("s_server -accept 127.0.0.1:{port} -cert cert.pem -key key.pem -tls1_2 -alpn tds/8.0 -cipher DEFAULT@SECLEVEL=0");
    let mut server = Command::new("openssl")
        .args(serve.split(' '))
        .current_dir(folder.path())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("openssl is needed");
    let mut lines = std::io::BufReader::new(server.stdout.take().expect("piped")).lines();
    assert!(lines.any(|line| line.is_ok_and(|line| line.contains("ACCEPT"))), "it listens");
    let mut outcomes = Vec::new();
    for trust in [Trust::CaFile(folder.path().join("cert.pem")), Trust::Fingerprint(sha256(&certificate)), Trust::Nothing] {
        let anchors = TrustAnchors::load(&trust).await.expect("loaded");
        let stream = tokio::net::TcpStream::connect(("127.0.0.1", port)).await.expect("connected");
        outcomes.push(handshake_first(stream, HOST, anchors).await.outcome.map(|_| ()));
    }
    server.kill().expect("ended");
    server.wait().expect("ended");
    assert_eq!(outcomes, [refused(TlsTrouble::ShortKey { bits: 1_024 }), Ok(()), Ok(())]);
}
