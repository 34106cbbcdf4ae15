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
use crate::model::target::Trust;

const HOST: &str = "sql01.corp.example";

/// A certificate with its key.
struct Identity {
    certificate: CertificateDer<'static>,
    key: Vec<u8>,
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
    Identity { certificate, key: key.serialize_der() }
}

fn self_signed(params: &CertificateParams) -> (Identity, String) {
    let key = KeyPair::generate().expect("a key");
    let certificate = params.self_signed(&key).expect("a certificate");
    (Identity { certificate: certificate.der().clone(), key: key.serialize_der() }, certificate.pem())
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
    let certified = CertifiedKey::new(vec![identity.certificate.clone()], key);
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
        let handshake = handshake_first(near, HOST, anchors).await;
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
    assert_eq!(outcome, refused(TlsTrouble::UnknownIssuer));
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
    let thief = Identity { certificate: server.certificate.clone(), key: other.key };
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
