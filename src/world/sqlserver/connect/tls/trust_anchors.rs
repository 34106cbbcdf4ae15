//! What certificates are checked against. Loaded from disk before the handshake, so that the verifier does no I/O.

use std::path::Path;
use std::sync::Arc;

use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use tokio::sync::OnceCell;

use crate::model::facts::{TlsTrouble, TrustSource};
use crate::model::target::Trust;
use crate::model::untrusted::Untrusted;
use crate::world::sqlserver::limits;
use crate::world::{budget, small_file};

/// The largest CA file that is read, in bytes; the largest bundles of all public roots have 300 kB.
const MAX_CA_FILE: u64 = 4 << 20;

/// What a certificate is checked against.
#[derive(Debug, Clone)]
pub enum TrustAnchors {
    /// This machine's roots.
    System(Arc<RootCertStore>),
    /// The certificates of a file.
    File(Arc<CaFile>),
    /// One certificate, by SHA-256 over its DER encoding.
    Fingerprint([u8; 32]),
    /// Nothing.
    Nothing,
}

/// The certificates of a CA file: those that can serve as roots, and all of them.
#[derive(Debug)]
pub struct CaFile {
    /// Roots for a chain.
    pub roots: Arc<RootCertStore>,
    /// All, for a server that shows one of them itself: SQL Server's self-signed certificate is commonly exported and used as
    /// "the CA", and no chain leads from a certificate to itself.
    pub certificates: Vec<CertificateDer<'static>>,
}

impl TrustAnchors {
    /// Loads what the answers name.
    pub async fn load(trust: &Trust) -> Result<Self, TlsTrouble> {
        match trust {
            Trust::SystemRoots => system_roots().await.map(Self::System),
            Trust::CaFile(path) => {
                let owned = path.clone();
                let loaded = budget::within(limits::CA_FILE, move || from_file(&owned)).await;
                let slow = |_| Untrusted::new(&format!("{}: its disk does not answer", path.display()));
                let loaded = loaded.map_err(slow).flatten();
                loaded.map(|file| Self::File(Arc::new(file))).map_err(TlsTrouble::CaFile)
            }
            Trust::Fingerprint(print) => Ok(Self::Fingerprint(*print)),
            Trust::Nothing => Ok(Self::Nothing),
        }
    }

    /// Returns what a survey reports of it.
    pub fn trusted(&self) -> TrustSource {
        match self {
            Self::System(_) => TrustSource::SystemRoots,
            Self::File(_) => TrustSource::CaFile,
            Self::Fingerprint(_) => TrustSource::Fingerprint,
            Self::Nothing => TrustSource::Nothing,
        }
    }
}

/// Read once, since it is more than a hundred files on some systems. A machine without roots is asked again each time, since its
/// operator will install `ca-certificates` next.
static SYSTEM: OnceCell<Arc<RootCertStore>> = OnceCell::const_new();

async fn system_roots() -> Result<Arc<RootCertStore>, TlsTrouble> {
    let load = || async {
        let store = tokio::task::spawn_blocking(|| {
            let mut store = RootCertStore::empty();
            // Single bad certificates among the roots are common and do no harm.
            store.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
            store
        });
        match store.await {
            Ok(store) if !store.is_empty() => Ok(Arc::new(store)),
            Ok(_) | Err(_) => Err(TlsTrouble::NoRoots),
        }
    };
    SYSTEM.get_or_try_init(load).await.cloned()
}

fn from_file(path: &Path) -> Result<CaFile, Untrusted> {
    let said = |error: std::io::Error| Untrusted::new(&format!("{}: {error}", path.display()));
    let bytes = small_file::read(path, MAX_CA_FILE).map_err(said)?;
    let certificates =
        certificates(&bytes).ok_or_else(|| Untrusted::new(&format!("{}: there is no certificate in it", path.display())))?;
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(certificates.iter().cloned());
    Ok(CaFile { roots: Arc::new(roots), certificates })
}

/// Reads PEM with any number of certificates, or one in DER.
fn certificates(bytes: &[u8]) -> Option<Vec<CertificateDer<'static>>> {
    let pem: Vec<_> = CertificateDer::pem_slice_iter(bytes).filter_map(Result::ok).collect();
    if !pem.is_empty() {
        return Some(pem);
    }
    super::certificate::read(bytes, time::OffsetDateTime::UNIX_EPOCH)?;
    Some(vec![CertificateDer::from(bytes.to_vec())])
}

#[cfg(all(test, feature = "practice"))]
#[expect(clippy::expect_used, reason = "tests")]
mod tests {
    use super::*;

    fn made() -> rcgen::CertifiedKey<rcgen::KeyPair> {
        rcgen::generate_simple_self_signed(["sql01".to_owned()]).expect("a certificate")
    }

    #[test]
    fn pem_and_der_are_both_read() {
        let one = made().cert;
        let two = made().cert;
        let pem = format!("some words\n{}\n{}", one.pem(), two.pem());
        assert_eq!(certificates(pem.as_bytes()).expect("read").len(), 2);
        assert_eq!(certificates(one.der()).expect("read"), [one.der().clone()]);
    }

    #[tokio::test]
    async fn a_file_that_is_none_is_named() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("ca.pem");
        let missing = TrustAnchors::load(&Trust::CaFile(path.clone())).await;
        assert!(matches!(missing, Err(TlsTrouble::CaFile(text)) if text.as_str().contains("ca.pem")));
        std::fs::write(&path, "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n").expect("written");
        let empty = TrustAnchors::load(&Trust::CaFile(path)).await;
        assert!(matches!(empty, Err(TlsTrouble::CaFile(text)) if text.as_str().contains("no certificate")));
    }

    #[cfg(target_os = "linux")]
    #[tokio::test]
    async fn a_pipe_or_a_device_is_refused_and_not_read() {
        use rustix::fs::{CWD, FileType, Mode, mknodat};
        let folder = tempfile::tempdir().expect("a folder");
        let pipe = folder.path().join("pipe");
        mknodat(CWD, &pipe, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).expect("a pipe");
        for path in [pipe, "/dev/zero".into()] {
            let loaded = tokio::time::timeout(std::time::Duration::from_secs(2), TrustAnchors::load(&Trust::CaFile(path))).await;
            let refused = loaded.expect("an answer at once");
            assert!(matches!(refused, Err(TlsTrouble::CaFile(text)) if text.as_str().contains("not a file")));
        }
    }
}
