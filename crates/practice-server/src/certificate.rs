//! The practice server's certificate and the CA that signed it.
//!
//! Both are kept in the data folder and reused until they expire, so that an operator has to trust the CA only once. The
//! private keys have mode 0600.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose, SanType,
};
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::NoServerSessionStorage;
use time::{Duration, OffsetDateTime};
use x509_parser::extensions::GeneralName;

use crate::options::{Certificate, host_name};
use crate::private::{self, write_private};

/// A certificate that expires within this time is renewed.
const RENEWAL_MARGIN: Duration = Duration::days(7);
const LEAF_LIFETIME: Duration = Duration::days(397);
const AUTHORITY_LIFETIME: Duration = Duration::days(3650);
/// The ALPN protocol name of TDS 8.0.
const ALPN: &[u8] = b"tds/8.0";

/// Why there is no usable certificate.
#[derive(Debug, thiserror::Error)]
pub enum CertificateError {
    /// A file cannot be read or written.
    #[error("the practice server's certificate cannot be kept: {0}")]
    File(#[from] io::Error),
    /// The certificate cannot be generated.
    #[error("the practice server's certificate cannot be made: {0}")]
    Make(#[from] rcgen::Error),
    /// TLS does not accept the certificate.
    #[error("the practice server's certificate cannot be used: {0}")]
    Use(#[from] rustls::Error),
    /// A file does not have the expected form.
    #[error("the practice server's file {0} is damaged; delete its data folder to begin anew")]
    Damaged(PathBuf),
}

/// The server's TLS configurations.
#[derive(Debug, Clone)]
pub struct ServerTls {
    /// The file with the CA's certificate as PEM, for clients.
    pub ca_file: PathBuf,
    /// For TLS inside PRELOGIN packets: TLS 1.2 only (see [`tds_wire::tls`]).
    pub wrapped: Arc<ServerConfig>,
    /// For TDS 8.0, which starts with TLS.
    pub strict: Arc<ServerConfig>,
}

impl ServerTls {
    /// Loads the certificate from the data folder, or issues one. A certificate with a requested fault is issued at every
    /// start, and never stored.
    pub fn open(data: &Path, shown: Certificate) -> Result<Self, CertificateError> {
        let folder = data.join("tls");
        private::create_folder(&folder, |_| true)?;
        let now = OffsetDateTime::now_utc();
        let authority = Authority::open(&folder, now)?;
        let (chain, key) = match shown {
            Certificate::Good => load_or_issue_leaf(&folder, &authority, now)?,
            Certificate::Expired => {
                let end = now - Duration::DAY;
                authority.issue(&subject_names(), end - LEAF_LIFETIME, end)?.parts()?
            }
            Certificate::OtherName => {
                let name = SanType::DnsName("other.example".try_into()?);
                authority.issue(&[name], now - Duration::DAY, now + LEAF_LIFETIME)?.parts()?
            }
            Certificate::UnknownIssuer => {
                Authority::make(now)?.issue(&subject_names(), now - Duration::DAY, now + LEAF_LIFETIME)?.parts()?
            }
            Certificate::SelfSigned => self_signed(now)?.parts()?,
        };
        let wrapped = config(&chain, &key, &[&rustls::version::TLS12])?;
        let versions = [&rustls::version::TLS13, &rustls::version::TLS12];
        let mut strict = config(&chain, &key, &versions)?;
        strict.alpn_protocols = vec![ALPN.to_vec()];
        Ok(Self { ca_file: folder.join("ca.pem"), wrapped: Arc::new(wrapped), strict: Arc::new(strict) })
    }
}

fn config(
    chain: &[CertificateDer<'static>],
    key: &PrivateKeyDer<'static>,
    versions: &[&'static rustls::SupportedProtocolVersion],
) -> Result<ServerConfig, rustls::Error> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(versions)?
        .with_no_client_auth()
        .with_single_cert(chain.to_vec(), key.clone_key())?;
    // Each connection makes a full handshake, so that measurements do not depend on earlier connections.
    config.session_storage = Arc::new(NoServerSessionStorage {});
    config.send_tls13_tickets = 0;
    Ok(config)
}

type ChainAndKey = (Vec<CertificateDer<'static>>, PrivateKeyDer<'static>);

/// A certificate and its key as PEM.
struct Issued {
    certificate: String,
    key: String,
}

impl Issued {
    fn parts(&self) -> Result<ChainAndKey, CertificateError> {
        let damaged = |_| CertificateError::Damaged(PathBuf::from("server.pem"));
        Ok((
            vec![CertificateDer::from_pem_slice(self.certificate.as_bytes()).map_err(damaged)?],
            PrivateKeyDer::from_pem_slice(self.key.as_bytes()).map_err(damaged)?,
        ))
    }
}

/// The CA.
struct Authority {
    certificate: String,
    issuer: Issuer<'static, KeyPair>,
}

impl Authority {
    /// Puts part of the key's digest into the CA's name: a client that trusts the CA of another data folder then finds no
    /// issuer, instead of a bad signature from a CA of the same name.
    fn params(now: OffsetDateTime, key: &KeyPair) -> CertificateParams {
        let digest = ring::digest::digest(&ring::digest::SHA256, key.public_key_raw());
        let piece = data_encoding::HEXLOWER.encode(&digest.as_ref()[..4]);
        let mut params = CertificateParams::default();
        params.distinguished_name = rcgen::DistinguishedName::new();
        params.distinguished_name.push(DnType::CommonName, format!("octopus-setup practice server CA {piece}"));
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        params.not_before = now - Duration::DAY;
        params.not_after = now + AUTHORITY_LIFETIME;
        params
    }

    fn make(now: OffsetDateTime) -> Result<Self, CertificateError> {
        let key = KeyPair::generate()?;
        let params = Self::params(now, &key);
        Ok(Self { certificate: params.self_signed(&key)?.pem(), issuer: Issuer::new(params, key) })
    }

    fn open(folder: &Path, now: OffsetDateTime) -> Result<Self, CertificateError> {
        let (path, key_path) = (folder.join("ca.pem"), folder.join("ca-key.pem"));
        if let (Some(certificate), Some(key)) = (read_if_exists(&path)?, read_if_exists(&key_path)?)
            && is_usable(&certificate, now, None).ok_or(CertificateError::Damaged(path))?
        {
            let key = KeyPair::from_pem(&key)?;
            // Only the name and the key's digest go into what it signs, and both are unchanged.
            let issuer = Issuer::new(Self::params(now, &key), key);
            return Ok(Self { certificate, issuer });
        }
        let made = Self::make(now)?;
        write_private(&folder.join("ca-key.pem"), made.issuer.key().serialize_pem().as_bytes())?;
        // An older leaf was issued by another CA.
        match std::fs::remove_file(folder.join("server.pem")) {
            Err(cause) if cause.kind() != io::ErrorKind::NotFound => return Err(cause.into()),
            _ => {}
        }
        write_private(&folder.join("ca.pem"), made.certificate.as_bytes())?;
        Ok(made)
    }

    fn issue(&self, names: &[SanType], from: OffsetDateTime, to: OffsetDateTime) -> Result<Issued, CertificateError> {
        let key = KeyPair::generate()?;
        let mut params = leaf("practice server", names, from, to);
        params.use_authority_key_identifier_extension = true;
        Ok(Issued { certificate: params.signed_by(&key, &self.issuer)?.pem(), key: key.serialize_pem() })
    }
}

fn leaf(name: &str, names: &[SanType], from: OffsetDateTime, to: OffsetDateTime) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    params.subject_alt_names = names.to_vec();
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    params.not_before = from;
    params.not_after = to;
    params
}

/// Issues a self-signed certificate with the name that SQL Server gives its own.
fn self_signed(now: OffsetDateTime) -> Result<Issued, CertificateError> {
    let key = KeyPair::generate()?;
    let params = leaf("SSL_Self_Signed_Fallback", &subject_names(), now - Duration::DAY, now + LEAF_LIFETIME);
    Ok(Issued { certificate: params.self_signed(&key)?.pem(), key: key.serialize_pem() })
}

/// Returns the stored certificate if it is still usable for this machine, or issues a new one.
fn load_or_issue_leaf(folder: &Path, authority: &Authority, now: OffsetDateTime) -> Result<ChainAndKey, CertificateError> {
    let (path, key_path) = (folder.join("server.pem"), folder.join("server-key.pem"));
    if let (Some(certificate), Some(key)) = (read_if_exists(&path)?, read_if_exists(&key_path)?)
        && is_usable(&certificate, now, Some(&host_name())).ok_or(CertificateError::Damaged(path.clone()))?
    {
        return Issued { certificate, key }.parts();
    }
    let issued = authority.issue(&subject_names(), now - Duration::DAY, now + LEAF_LIFETIME)?;
    write_private(&key_path, issued.key.as_bytes())?;
    write_private(&path, issued.certificate.as_bytes())?;
    issued.parts()
}

/// Returns whether a certificate has enough validity left and names this host; `None` if it cannot be parsed.
fn is_usable(pem: &str, now: OffsetDateTime, host: Option<&str>) -> Option<bool> {
    let der = CertificateDer::from_pem_slice(pem.as_bytes()).ok()?;
    let (_, certificate) = x509_parser::parse_x509_certificate(&der).ok()?;
    let end = certificate.validity().not_after.timestamp();
    let named = match (host, certificate.subject_alternative_name().ok()?) {
        (None, _) => true,
        (Some(_), None) => false,
        (Some(host), Some(names)) => names.value.general_names.contains(&GeneralName::DNSName(host)),
    };
    Some(named && end > (now + RENEWAL_MARGIN).unix_timestamp())
}

/// Returns the names by which a client on this machine may address the server.
fn subject_names() -> Vec<SanType> {
    let mut names: Vec<SanType> = ["localhost".to_owned(), host_name()]
        .into_iter()
        .filter_map(|name| Some(SanType::DnsName(name.try_into().ok()?)))
        .collect();
    names.dedup();
    names.push(SanType::IpAddress(IpAddr::V4(Ipv4Addr::LOCALHOST)));
    names.push(SanType::IpAddress(IpAddr::V6(Ipv6Addr::LOCALHOST)));
    names
}

fn read_if_exists(path: &Path) -> io::Result<Option<String>> {
    match std::fs::read_to_string(path) {
        Ok(text) => Ok(Some(text)),
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(cause) => Err(cause),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_certificate_is_kept_and_a_faulty_one_is_not() {
        let folder = tempfile::tempdir().unwrap();
        ServerTls::open(folder.path(), Certificate::Good).unwrap();
        let file = |name: &str| std::fs::read_to_string(folder.path().join("tls").join(name)).unwrap();
        let (ca, leaf) = (file("ca.pem"), file("server.pem"));
        for fault in [Certificate::Expired, Certificate::OtherName, Certificate::UnknownIssuer] {
            ServerTls::open(folder.path(), fault).unwrap();
        }
        ServerTls::open(folder.path(), Certificate::Good).unwrap();
        assert_eq!((ca, leaf), (file("ca.pem"), file("server.pem")));
    }

    #[test]
    fn a_certificate_near_its_end_is_not_good() {
        let now = OffsetDateTime::now_utc();
        let issued = Authority::make(now)
            .unwrap()
            .issue(&subject_names(), now - Duration::DAY, now + RENEWAL_MARGIN + Duration::HOUR)
            .unwrap();
        let host = host_name();
        assert_eq!(is_usable(&issued.certificate, now, Some(&host)), Some(true));
        let later = now + Duration::hours(2);
        assert_eq!(is_usable(&issued.certificate, later, Some(&host)), Some(false));
        assert_eq!(is_usable(&issued.certificate, now, Some("elsewhere")), Some(false));
        assert_eq!(is_usable("no certificate", now, None), None);
    }

    #[cfg(unix)]
    #[test]
    fn nobody_else_may_read_the_keys() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        ServerTls::open(folder.path(), Certificate::Good).unwrap();
        for name in ["ca-key.pem", "server-key.pem"] {
            let path = folder.path().join("tls").join(name);
            let mode = std::fs::metadata(path).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600, "{name}");
        }
    }
}
