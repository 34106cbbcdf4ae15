//! CA files as they are found: PEM in any wrapping, DER, and what is often given in their place.

use std::path::Path;
use std::sync::Arc;

use data_encoding::BASE64;
use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use time::OffsetDateTime;
use x509_parser::certification_request::X509CertificationRequest;
use x509_parser::prelude::FromDer;

use super::read;
use crate::model::facts::{CaFileKind, TlsTrouble};
use crate::model::untrusted::Untrusted;
use crate::world::small_file;

/// The largest CA file that is read, in bytes; the largest bundles of all public roots have 300 kB.
const MAX_CA_FILE: u64 = 4 << 20;

/// The certificates of a CA file: those that can serve as roots, and all of them.
#[derive(Debug)]
pub struct CaFile {
    /// Roots for a chain.
    pub roots: Arc<RootCertStore>,
    /// All, for a server that shows one of them itself: SQL Server's self-signed certificate is commonly exported and used as
    /// "the CA", and no chain leads from a certificate to itself.
    pub certificates: Vec<CertificateDer<'static>>,
}

impl CaFile {
    /// Reads one.
    pub fn read(path: &Path) -> Result<Self, TlsTrouble> {
        let unusable = |said: String| TlsTrouble::CaFile(Untrusted::new(&format!("{}: {said}", path.display())));
        let bytes = small_file::read(path, MAX_CA_FILE).map_err(|error| unusable(error.to_string()))?;
        let certificates = match certificates(&bytes) {
            Ok(certificates) => certificates,
            Err(Some(kind)) => {
                return Err(TlsTrouble::CaFileKind { path: Untrusted::new(&path.display().to_string()), kind });
            }
            Err(None) => return Err(unusable("there is no certificate in it".to_owned())),
        };
        let mut roots = RootCertStore::empty();
        roots.add_parsable_certificates(certificates.iter().cloned());
        Ok(Self { roots: Arc::new(roots), certificates })
    }

    /// Returns the subjects of its certificates, the first few.
    pub fn subjects(&self) -> Vec<Untrusted> {
        const SHOWN: usize = 5;
        let read = |der: &CertificateDer<'_>| Some(read(der, OffsetDateTime::UNIX_EPOCH)?.subject);
        self.certificates.iter().filter_map(read).take(SHOWN).collect()
    }
}

/// Returns the certificates in a file; otherwise what the file is, where that can be told.
fn certificates(bytes: &[u8]) -> Result<Vec<CertificateDer<'static>>, Option<CaFileKind>> {
    let Some(text) = text(bytes) else { return from_der(bytes) };
    let mut kind = None;
    let mut found = Vec::new();
    for Block { label, der } in blocks(&text) {
        match label {
            "CERTIFICATE" | "X509 CERTIFICATE" => match from_der(&der) {
                Ok(certificates) => found.extend(certificates),
                Err(other) => kind = kind.or(other.map(in_pem)),
            },
            "TRUSTED CERTIFICATE" => kind = kind.or(Some(CaFileKind::TrustedCertificate)),
            "PKCS7" | "CMS" | "PKCS #7 SIGNED DATA" => kind = kind.or(Some(CaFileKind::Pkcs7Pem)),
            "CERTIFICATE REQUEST" | "NEW CERTIFICATE REQUEST" => kind = kind.or(Some(CaFileKind::Request)),
            label if label.ends_with("PRIVATE KEY") => kind = kind.or(Some(CaFileKind::PrivateKey)),
            _ => {}
        }
    }
    if found.is_empty() && kind.is_none() {
        // Base64 without the lines around it.
        return decoded(&text).map_or(Err(None), |der| from_der(&der));
    }
    if found.is_empty() { Err(kind) } else { Ok(found) }
}

/// The same structure, written as PEM.
fn in_pem(kind: CaFileKind) -> CaFileKind {
    if kind == CaFileKind::Pkcs7Der { CaFileKind::Pkcs7Pem } else { kind }
}

/// Returns a file as text, whatever Unicode encoding it has; `None` for binary files.
fn text(bytes: &[u8]) -> Option<String> {
    let wide = |rest: &[u8], unit: fn([u8; 2]) -> u16| {
        let units = rest.as_chunks::<2>().0.iter().map(|pair| unit(*pair));
        char::decode_utf16(units).collect::<Result<String, _>>().ok()
    };
    match bytes {
        [0xff, 0xfe, rest @ ..] => wide(rest, u16::from_le_bytes),
        [0xfe, 0xff, rest @ ..] => wide(rest, u16::from_be_bytes),
        [first, 0, ..] if first.is_ascii_graphic() => wide(bytes, u16::from_le_bytes),
        [0, first, ..] if first.is_ascii_graphic() => wide(bytes, u16::from_be_bytes),
        _ => {
            let bytes = bytes.strip_prefix(&[0xef, 0xbb, 0xbf]).unwrap_or(bytes);
            // Text around the certificates may be in another encoding; the certificates themselves are ASCII.
            let is_text = !bytes.contains(&0);
            is_text.then(|| String::from_utf8_lossy(bytes).into_owned())
        }
    }
}

/// A PEM block.
struct Block<'a> {
    label: &'a str,
    der: Vec<u8>,
}

/// Finds the PEM blocks that are whole, also indented ones and those on a single line.
fn blocks(text: &str) -> Vec<Block<'_>> {
    const BEGIN: &str = "-----BEGIN ";
    let mut blocks = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find(BEGIN) {
        rest = &rest[at + BEGIN.len()..];
        let Some((label, body)) = rest.split_once("-----") else { break };
        // The next begin before the end: this one is cut off.
        let end = body.find(&format!("-----END {label}-----")).filter(|end| !body[..*end].contains(BEGIN));
        if let Some(end) = end {
            // A key may have lines with its encryption before it; its content is never decoded.
            let der = if label.ends_with("PRIVATE KEY") { Some(Vec::new()) } else { decoded(&body[..end]) };
            blocks.extend(der.map(|der| Block { label, der }));
        }
    }
    blocks
}

fn decoded(text: &str) -> Option<Vec<u8>> {
    let digits: String = text.chars().filter(|c| !c.is_whitespace()).collect();
    if digits.is_empty() { None } else { BASE64.decode(digits.as_bytes()).ok() }
}

/// Returns the certificate that these bytes are.
fn from_der(der: &[u8]) -> Result<Vec<CertificateDer<'static>>, Option<CaFileKind>> {
    if read(der, OffsetDateTime::UNIX_EPOCH).is_some() {
        return Ok(vec![CertificateDer::from(der.to_vec())]);
    }
    Err(kind_of_der(der))
}

/// Recognises what else is written in DER, by what its first element is.
fn kind_of_der(der: &[u8]) -> Option<CaFileKind> {
    /// The object identifier of PKCS#7 signed data.
    const SIGNED_DATA: &[u8] = &[0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x02];
    let content = match der {
        [0x30, short, rest @ ..] if *short < 0x80 => rest,
        // The length's own length; 0x80 is a length that is told by an end.
        [0x30, long, rest @ ..] => rest.get(usize::from(long & 0x7f)..)?,
        _ => return None,
    };
    match content {
        content if content.starts_with(SIGNED_DATA) => Some(CaFileKind::Pkcs7Der),
        [0x02, 0x01, 0x03, ..] => Some(CaFileKind::Pfx),
        [0x02, 0x01, 0x00 | 0x01, ..] => Some(CaFileKind::PrivateKey),
        _ => X509CertificationRequest::from_der(der).is_ok().then_some(CaFileKind::Request),
    }
}

#[cfg(test)]
#[cfg(feature = "practice")]
mod tests {
    use super::*;

    fn one() -> (String, Vec<u8>) {
        let made = rcgen::generate_simple_self_signed(["sql01".to_owned()]).expect("a certificate");
        (made.cert.pem(), made.cert.der().to_vec())
    }

    fn utf16(text: &str, mark: bool) -> Vec<u8> {
        let units = mark.then_some(0xfeff).into_iter().chain(text.encode_utf16());
        units.flat_map(u16::to_le_bytes).collect()
    }

    #[test]
    fn a_certificate_is_read_in_every_wrapping() {
        let (pem, der) = one();
        let (other, _) = one();
        let in_line = pem.replace('\n', "");
        let bare = in_line.trim_start_matches("-----BEGIN CERTIFICATE-----").trim_end_matches("-----END CERTIFICATE-----");
        for (what, bytes, count) in [
            ("plain", pem.clone().into_bytes(), 1),
            ("a byte order mark", format!("\u{feff}{pem}").into_bytes(), 1),
            ("UTF-16", utf16(&pem, true), 1),
            ("UTF-16 without a mark", utf16(&pem, false), 1),
            ("UTF-16, big-endian", [0xfeff].into_iter().chain(pem.encode_utf16()).flat_map(u16::to_be_bytes).collect(), 1),
            ("CRLF", pem.replace('\n', "\r\n").into_bytes(), 1),
            ("text around", format!("Certificate:\n  Data: x\n{pem}\nthe end\n").into_bytes(), 1),
            ("text of another encoding around", [b"Gr\xfc\xdfe\n".as_slice(), pem.as_bytes()].concat(), 1),
            ("several", format!("{pem}{other}").into_bytes(), 2),
            ("one that is cut off before", format!("-----BEGIN CERTIFICATE-----\nMIID\n{pem}").into_bytes(), 1),
            ("indented", pem.replace('\n', "\n  ").into_bytes(), 1),
            ("on one line", in_line.clone().into_bytes(), 1),
            ("base64 alone", bare.to_owned().into_bytes(), 1),
            ("another label", pem.replace("CERTIFICATE", "X509 CERTIFICATE").into_bytes(), 1),
            ("DER", der.clone(), 1),
        ] {
            let found = certificates(&bytes).unwrap_or_else(|kind| panic!("{what}: {kind:?}"));
            assert_eq!(found.len(), count, "{what}");
            assert_eq!(found[0].as_ref(), der, "{what}");
        }
    }

    #[test]
    fn the_wrappings_of_the_case_are_read() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/cases/ca-file-wrappings");
        for entry in std::fs::read_dir(folder).expect("fixtures") {
            let path = entry.expect("an entry").path();
            let read = CaFile::read(&path);
            match path.file_name().and_then(|name| name.to_str()) {
                Some("csr.pem") => {
                    assert!(matches!(read, Err(TlsTrouble::CaFileKind { kind: CaFileKind::Request, .. })), "{read:?}");
                }
                _ => assert_eq!(
                    read.unwrap_or_else(|trouble| panic!("{}: {trouble:?}", path.display())).subjects(),
                    ["localhost".into()]
                ),
            }
        }
    }

    #[test]
    fn what_is_given_in_its_place_is_named() {
        let openssl = |arguments: &str, input: &[u8]| {
            use std::io::Write as _;
            let mut child = std::process::Command::new("openssl")
                .args(arguments.split(' '))
                .stdin(std::process::Stdio::piped())
                .stdout(std::process::Stdio::piped())
                .stderr(std::process::Stdio::null())
                .spawn()
                .expect("openssl is needed");
            child.stdin.take().expect("piped").write_all(input).expect("written");
            child.wait_with_output().expect("ended").stdout
        };
        let (pem, _) = one();
        let key = rcgen::KeyPair::generate().expect("a key");
        let request = rcgen::CertificateParams::new(["sql01".to_owned()]).expect("names").serialize_request(&key).expect("made");
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("ca.pem");
        std::fs::write(&file, &pem).expect("written");
        let pkcs7 = |form: &str| openssl(&format!("crl2pkcs7 -nocrl -outform {form} -certfile {}", file.display()), b"");
        let both = format!("{pem}{}", key.serialize_pem());
        let identity = rcgen::generate_simple_self_signed(["sql01".to_owned()]).expect("a certificate");
        let pfx = openssl(
            "pkcs12 -export -passout pass:",
            format!("{}{}", identity.signing_key.serialize_pem(), identity.cert.pem()).as_bytes(),
        );
        for (bytes, kind) in [
            (pkcs7("PEM"), CaFileKind::Pkcs7Pem),
            (String::from_utf8(pkcs7("PEM")).expect("text").replace("PKCS7", "CERTIFICATE").into_bytes(), CaFileKind::Pkcs7Pem),
            (pkcs7("DER"), CaFileKind::Pkcs7Der),
            (openssl("x509 -trustout", pem.as_bytes()), CaFileKind::TrustedCertificate),
            (request.pem().expect("text").into_bytes(), CaFileKind::Request),
            (request.der().to_vec(), CaFileKind::Request),
            (key.serialize_pem().into_bytes(), CaFileKind::PrivateKey),
            (key.serialize_der(), CaFileKind::PrivateKey),
            (pfx, CaFileKind::Pfx),
        ] {
            assert_eq!(certificates(&bytes).err(), Some(Some(kind)), "{}", String::from_utf8_lossy(&bytes));
        }
        assert!(certificates(both.as_bytes()).is_ok(), "a certificate beside its key serves");
        for bytes in [&b""[..], b"words", b"\x30\x03abc", b"-----BEGIN CERTIFICATE-----\nMIID"] {
            assert_eq!(certificates(bytes).err(), Some(None), "{bytes:?}");
        }
    }

    proptest::proptest! {
        #[test]
        fn nothing_makes_it_panic(bytes: Vec<u8>, text in "(-----BEGIN |CERTIFICATE|-----|\n|END |[A-Za-z]){0,12}") {
            let _ = certificates(&bytes);
            let _ = certificates(text.as_bytes());
        }
    }
}
