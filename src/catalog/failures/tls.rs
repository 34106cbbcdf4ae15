//! Explains why the TLS handshake failed.

use crate::catalog::format;
use crate::model::facts::{CaFileKind, ServerCertificate, TlsTrouble, WeakHash};
use crate::model::field::FieldId;
use crate::model::platform::Platform;
use crate::model::quote::Shell;
use crate::model::untrusted::Untrusted;

use super::{Explanation, ServerContext, name_or};

/// Lists the SHA-256 of every certificate in the server's own store; `Get-ChildItem` alone shows SHA-1 only. A certificate that
/// SQL Server made for itself is in no store.
const READ_ON_SERVER: &str = "Get-ChildItem Cert:\\LocalMachine\\My | ForEach-Object { $_.Subject; \
    [BitConverter]::ToString([Security.Cryptography.SHA256]::Create().ComputeHash($_.RawData)) }";

/// What `mssql-conf` names as `network.tlscert`.
const READ_ON_LINUX: &str = "openssl x509 -noout -fingerprint -sha256 -in";

#[expect(clippy::too_many_lines, reason = "a table: one arm for each trouble")]
pub fn explain(trouble: &TlsTrouble, context: &ServerContext<'_>) -> Explanation {
    let server = context.server;
    match trouble {
        TlsTrouble::NotOffered => Explanation::new(
            format!("TLS was asked for, and {server} offers none."),
            "Have encryption turned on at the server. Optional would go on without TLS, and the password would be hardly protected.",
        )
        .about(FieldId::Encryption),
        TlsTrouble::StrictNotOffered => Explanation::new(
            format!("Strict encryption (TDS 8.0) was asked for, and {server} does not speak it."),
            "Choose Mandatory; strict needs SQL Server 2022 or later, or Azure SQL, with a certificate.",
        )
        .about(FieldId::Encryption),
        TlsTrouble::UnknownIssuer => shown(
            context,
            "nobody that this machine trusts signed it.",
            "Choose CA file and name the authority's certificate; or compare the fingerprint with the DBA's and pin it with {key:pin-certificate}.",
        )
        .command(READ_ON_SERVER),
        TlsTrouble::SelfSigned => shown(
            context,
            "it is signed by itself, as the one is that SQL Server makes when it has no other.",
            format!(
                "Compare the fingerprint with what the DBA reads on the server (by the command in PowerShell, or {READ_ON_LINUX} and \
                 the file on Linux), then pin it with {{key:pin-certificate}}; better, have the server given a certificate of your authority."
            ),
        )
        .command(READ_ON_SERVER),
        TlsTrouble::Expired => {
            let end = context.certificate.map(|c| format!(" on {}", format::day(c.not_after))).unwrap_or_default();
            shown(context, &format!("its time ended{end}."), "Have the server's certificate renewed.")
        }
        TlsTrouble::NotYetValid => {
            let begin = context.certificate.map(|c| format!(" on {}", format::day(c.not_before))).unwrap_or_default();
            shown(
                context,
                &format!("its time begins only{begin}."),
                "Check this machine's clock first: a wrong one is the usual reason.",
            )
        }
        TlsTrouble::WrongName => {
            let names = context.certificate.map(|c| &c.names[..]).unwrap_or_default();
            let subject = || context.certificate.map(|c| format!(" but its subject {}", c.subject)).unwrap_or_default();
            let names =
                if names.is_empty() { format!("no name{}", subject()) } else { format::list(names, names.len() as u64) };
            let asked = name_or(context.host, "the name that was asked for");
            shown(
                context,
                &format!("it is for {names}, not for {asked}."),
                "Give the server by one of those names, or have the certificate made for this one.",
            )
            .about(FieldId::Server)
        }
        TlsTrouble::NameInSubjectOnly => {
            let asked = name_or(context.host, "the name that was asked for");
            shown(
                context,
                &format!("{asked} stands in its subject only, and TLS of today reads the subject alternative names (SAN)."),
                "Have it issued again with the server's name as a SAN; or compare its fingerprint and pin it with \
                 {key:pin-certificate}. Microsoft's driver, which Octopus Server uses, takes the subject.",
            )
        }
        TlsTrouble::AddressAsName => {
            let asked = name_or(context.host, "the address that was asked for");
            shown(
                context,
                &format!("{asked} stands in it as a DNS name, and an address must stand there as an IP address."),
                "Give the server by its name where the certificate has one; have it issued again with the address as an IP address; \
                 or compare its fingerprint and pin it with {key:pin-certificate}.",
            )
            .about(FieldId::Server)
        }
        TlsTrouble::WeakSignature { subject, hash } => {
            let hash = match hash {
                WeakHash::Sha1 => "SHA-1",
                WeakHash::Md5 => "MD5",
            };
            shown(
                context,
                &format!("{} is signed with {hash}, which is no longer trusted.", whose(subject, context)),
                "Have it issued again with SHA-256; or compare the fingerprint of the server's certificate and pin it with \
                 {key:pin-certificate}.",
            )
        }
        TlsTrouble::ShortKey { bits } => shown(
            context,
            &format!("its RSA key has {bits} bits, and 2,048 are the least that is trusted."),
            "Have it issued again with a key of 2,048 bits or more; or compare its fingerprint and pin it with \
             {key:pin-certificate}.",
        )
        .command(READ_ON_SERVER),
        TlsTrouble::IntermediateExpired { subject, end } => shown(
            context,
            &format!("the certificate of {subject}, which signed it, ended on {}.", format::day(*end)),
            "Have the authority's certificate renewed, and installed on the server with the server's own.",
        ),
        TlsTrouble::IntermediateNotYetValid { subject, begin } => shown(
            context,
            &format!("the time of the certificate of {subject}, which signed it, begins only on {}.", format::day(*begin)),
            "Check this machine's clock first: a wrong one is the usual reason.",
        ),
        TlsTrouble::IssuerNotInCaFile { issuer, held, alone } => {
            not_in_ca_file(issuer, held, *alone, context).command(READ_ON_SERVER)
        }
        TlsTrouble::IssuerMissing { .. } => shown(
            context,
            "this machine does not know its issuer, and the server sent no certificate of it.",
            "Add the issuer's certificate to this machine's roots by the command, or choose CA file and name it; or compare the \
             fingerprint with the DBA's and pin it with {key:pin-certificate}. An issuer that another authority signed belongs on \
             the server, which then sends its certificate.",
        )
        .command(add_root(context.platform)),
        TlsTrouble::ImpossibleName => Explanation::new(
            format!(
                "{} cannot stand in a certificate, so none can be for it.",
                name_or(context.host, "The name that was asked for")
            ),
            "Give the server by a name of letters, digits, hyphens and dots, or by its address; or pin the certificate by its \
             fingerprint.",
        )
        .about(FieldId::Server),
        TlsTrouble::OtherFingerprint => other_fingerprint(context),
        TlsTrouble::CaFileKind { path, kind } => ca_file_kind(path, *kind, context.platform),
        TlsTrouble::CaFile(said) => Explanation::new(
            format!("The CA file cannot be used: {}", format::sentence(said.as_str())),
            "Name a PEM or DER file with the authority's certificate that this user can read.",
        )
        .about(FieldId::CaFile),
        TlsTrouble::NoRoots => Explanation::new(
            "This machine has no trusted root certificates at all, so no certificate can be checked against them.",
            "Install the system's root certificates (the package ca-certificates on Linux), or choose CA file.",
        ),
        TlsTrouble::Handshake(said) => Explanation::new(
            format!("The TLS handshake with {server} failed: {}", format::sentence(said.as_str())),
            "The server must offer TLS 1.2 or later with a modern cipher suite; an old Windows or SQL Server may lack them until it \
             is updated.",
        ),
    }
}

/// Names whose certificate it is: the server's own, or one above it.
fn whose(subject: &Untrusted, context: &ServerContext<'_>) -> String {
    let own = context.certificate.is_none_or(|certificate| certificate.subject == *subject);
    if own { "it".to_owned() } else { format!("the certificate of {subject}, which signed it,") }
}

/// The issuer is not in the CA file: the wrong file, or one certificate is missing in between.
fn not_in_ca_file(issuer: &Untrusted, held: &[Untrusted], alone: bool, context: &ServerContext<'_>) -> Explanation {
    const PIN: &str = "or compare the fingerprint with the DBA's and pin it with {key:pin-certificate}.";
    if held.contains(issuer) {
        return shown(
            context,
            &format!("{issuer} signed it with another key than the one of {issuer} in the CA file, which may be an older one."),
            format!("Name a CA file with the present certificate of {issuer}; {PIN}"),
        );
    }
    let names =
        if held.is_empty() { "no certificate that can be read".to_owned() } else { format::list(held, held.len() as u64) };
    if alone {
        return shown(
            context,
            &format!("its issuer, {issuer}, is not in the CA file, which holds {names}."),
            format!(
                "Name a CA file with the issuer's certificate; {PIN} An issuer that an authority in the file signed can be added to the \
                 file, or belongs on the server, which then sends its certificate."
            ),
        );
    }
    shown(
        context,
        &format!("the chain that the server sent ends at {issuer}, which is not in the CA file; that holds {names}."),
        format!("Name a CA file with the certificate of {issuer}; {PIN}"),
    )
}

/// Adds an authority to this machine's roots.
fn add_root(platform: Platform) -> &'static str {
    if platform.is_windows() {
        "Import-Certificate -FilePath .\\corp-ca.cer -CertStoreLocation Cert:\\LocalMachine\\Root"
    } else {
        "sudo cp corp-ca.pem /usr/local/share/ca-certificates/corp-ca.crt && sudo update-ca-certificates"
    }
}

/// The CA file is something else; the command makes one of it.
fn ca_file_kind(path: &Untrusted, kind: CaFileKind, platform: Platform) -> Explanation {
    let (what, fix) = match kind {
        CaFileKind::Pkcs7Pem | CaFileKind::Pkcs7Der => ("a PKCS#7 bundle", CONVERT),
        CaFileKind::TrustedCertificate => ("a certificate in OpenSSL's own form (TRUSTED CERTIFICATE)", CONVERT),
        CaFileKind::Pfx => ("a PKCS#12 store (PFX) with a private key, which belongs on the server alone", CONVERT),
        CaFileKind::Request => (
            "a request for a certificate",
            "Send it to your authority, and name the authority's certificate; the command shows what was asked for.",
        ),
        CaFileKind::PrivateKey => (
            "a private key, which belongs on the server alone",
            "Take it away from here, and name the file with the authority's certificate.",
        ),
    };
    let words = Explanation::new(format!("{path} is {what} and no CA file."), fix).about(FieldId::CaFile);
    match converting_command(path.as_str(), kind, platform) {
        Some(command) => words.command(command),
        None => words,
    }
}

/// What to do with a file that only needs to be converted.
const CONVERT: &str = "Convert it by the command, and name the new file.";

/// Returns the command that makes a PEM file of it.
fn converting_command(path: &str, kind: CaFileKind, platform: Platform) -> Option<String> {
    let quoted = |text: &str| Shell::of(platform).word(text);
    let (from, to) = (quoted(path), quoted(&format!("{path}.converted.pem")));
    let is_bundle = matches!(kind, CaFileKind::Pkcs7Pem | CaFileKind::Pkcs7Der | CaFileKind::Pfx);
    if platform.is_windows() && is_bundle {
        return Some(format!(
            "$all = [Security.Cryptography.X509Certificates.X509Certificate2Collection]::new(); $all.Import({from}); $all | ForEach-Object \
             {{ '-----BEGIN CERTIFICATE-----'; [Convert]::ToBase64String($_.RawData, 'InsertLineBreaks'); '-----END CERTIFICATE-----' \
             }} | Set-Content -Encoding ascii {to}"
        ));
    }
    Some(match kind {
        CaFileKind::Pkcs7Pem => format!("openssl pkcs7 -print_certs -in {from} -out {to}"),
        CaFileKind::Pkcs7Der => format!("openssl pkcs7 -inform DER -print_certs -in {from} -out {to}"),
        CaFileKind::TrustedCertificate => format!("openssl x509 -in {from} -out {to}"),
        CaFileKind::Pfx => format!("openssl pkcs12 -nokeys -in {from} -out {to}"),
        CaFileKind::Request if platform.is_windows() => format!("certutil -dump {from}"),
        CaFileKind::Request => format!("openssl req -noout -text -in {from}"),
        CaFileKind::PrivateKey => return None,
    })
}

/// The server shows another certificate than the trusted one: it was renewed, or somebody is in between.
fn other_fingerprint(context: &ServerContext<'_>) -> Explanation {
    let trusted = context.pinned.map_or("the trusted one".to_owned(), |sha| format::sha256(&sha));
    let seen = context.certificate.map_or("another one".to_owned(), |certificate| format::sha256(&certificate.sha256));
    Explanation::new(
        format!(
            "{} shows another certificate than the one that is trusted. Trusted: {trusted}. Shown: {seen}.",
            context.capitalised_server()
        ),
        "Do not go on before the DBA has told you why: either the certificate was renewed, or somebody is in between. Trust \
         the new one only after comparing it.",
    )
    .about(FieldId::Fingerprint)
    .command(READ_ON_SERVER)
}

fn shown(context: &ServerContext<'_>, why: &str, fix: impl Into<String>) -> Explanation {
    Explanation::new(format!("The certificate of {} was refused: {why}{}", context.server, described(context.certificate)), fix)
}

/// Describes a certificate with its whole fingerprint, which people are asked to compare.
fn described(certificate: Option<&ServerCertificate>) -> String {
    certificate.map_or(String::new(), |certificate| {
        let issuer = if certificate.self_signed {
            "itself".to_owned()
        } else {
            certificate.issuer.as_str().trim_end_matches('.').to_owned()
        };
        format!(" Subject {}, issued by {issuer}; SHA-256 {}.", certificate.subject, format::sha256(&certificate.sha256))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::samples;

    #[test]
    fn each_trouble_has_words_of_its_own() {
        let certificate = samples::certificate();
        let context = ServerContext {
            server: "sql02,1433",
            host: "sql02",
            certificate: Some(&certificate),
            pinned: Some([1; 32]),
            ..ServerContext::UNKNOWN
        };
        for (trouble, says, fix, about) in [
            (TlsTrouble::NotOffered, "offers none", "encryption turned on", Some(FieldId::Encryption)),
            (TlsTrouble::StrictNotOffered, "TDS 8.0", "Mandatory", Some(FieldId::Encryption)),
            (TlsTrouble::UnknownIssuer, "nobody that this machine trusts", "CA file", None),
            (TlsTrouble::SelfSigned, "signed by itself", "{key:pin-certificate}", None),
            (TlsTrouble::Expired, "ended on 2027-03-01", "renewed", None),
            (TlsTrouble::NotYetValid, "begins only on 2026-03-01", "clock", None),
            (
                TlsTrouble::WrongName,
                "for sql01 and sql01.corp.example, not for sql02",
                "by one of those names",
                Some(FieldId::Server),
            ),
            (TlsTrouble::OtherFingerprint, "Trusted: 01:01:", "Do not go on", Some(FieldId::Fingerprint)),
            (TlsTrouble::CaFile("no certificate in it".into()), "no certificate in it.", "PEM", Some(FieldId::CaFile)),
            (TlsTrouble::NameInSubjectOnly, "sql02 stands in its subject only", "as a SAN", None),
            (TlsTrouble::AddressAsName, "as a DNS name", "as an IP address", Some(FieldId::Server)),
            (
                TlsTrouble::WeakSignature { subject: "sql01".into(), hash: WeakHash::Sha1 },
                "refused: it is signed with SHA-1, which is no longer trusted",
                "SHA-256",
                None,
            ),
            (
                TlsTrouble::WeakSignature { subject: "Corp CA".into(), hash: WeakHash::Md5 },
                "the certificate of Corp CA, which signed it, is signed with MD5",
                "pin",
                None,
            ),
            (TlsTrouble::ShortKey { bits: 1024 }, "has 1024 bits", "pin", None),
            (
                TlsTrouble::IntermediateExpired { subject: "Corp CA".into(), end: certificate.not_after },
                "the certificate of Corp CA, which signed it, ended on 2027-03-01",
                "renewed",
                None,
            ),
            (
                TlsTrouble::IntermediateNotYetValid { subject: "Corp CA".into(), begin: certificate.not_before },
                "begins only on 2026-03-01",
                "clock",
                None,
            ),
            (
                TlsTrouble::IssuerNotInCaFile { issuer: "Corp CA".into(), held: vec!["A".into(), "B".into()], alone: true },
                "its issuer, Corp CA, is not in the CA file, which holds A and B.",
                "belongs on the server",
                None,
            ),
            (
                TlsTrouble::IssuerNotInCaFile { issuer: "A".into(), held: vec!["A".into()], alone: true },
                "with another key",
                "present certificate of A",
                None,
            ),
            (TlsTrouble::IssuerMissing { issuer: "Corp CA".into() }, "does not know its issuer", "this machine's roots", None),
            (
                TlsTrouble::CaFileKind { path: "/ca.p7b".into(), kind: CaFileKind::Pkcs7Der },
                "/ca.p7b is a PKCS#7 bundle",
                "Convert it",
                Some(FieldId::CaFile),
            ),
            (
                TlsTrouble::CaFileKind { path: "/ca.pem".into(), kind: CaFileKind::PrivateKey },
                "/ca.pem is a private key",
                "Take it away",
                Some(FieldId::CaFile),
            ),
            (TlsTrouble::NoRoots, "no trusted root", "ca-certificates", None),
            (TlsTrouble::Handshake("HandshakeFailure".into()), "HandshakeFailure.", "TLS 1.2", None),
        ] {
            let words = explain(&trouble, &context);
            assert!(words.says.contains(says) && words.fix.contains(fix), "{trouble:?}: {words:?}");
            assert_eq!(words.about, about, "{trouble:?}");
            for context in [context, ServerContext::UNKNOWN] {
                let words = explain(&trouble, &context);
                assert!(words.says.ends_with('.') && words.fix.ends_with('.') && !words.says.contains("  "), "{words:?}");
            }
        }
    }

    #[test]
    fn each_kind_of_file_has_the_command_of_its_platform_that_converts_it() {
        for (platform, kind, part) in [
            (Platform::Linux, CaFileKind::Pkcs7Pem, "openssl pkcs7 -print_certs -in '/a b.p7b' -out '/a b.p7b.converted.pem'"),
            (Platform::Linux, CaFileKind::Pkcs7Der, "-inform DER"),
            (Platform::Linux, CaFileKind::TrustedCertificate, "openssl x509 -in '/a b.p7b'"),
            (Platform::Linux, CaFileKind::Pfx, "openssl pkcs12 -nokeys"),
            (Platform::Linux, CaFileKind::Request, "openssl req -noout -text"),
            (Platform::Windows, CaFileKind::Pkcs7Der, "$all.Import('/a b.p7b')"),
            (Platform::Windows, CaFileKind::Pfx, "Set-Content"),
        ] {
            let context = ServerContext { platform, ..ServerContext::UNKNOWN };
            let words = explain(&TlsTrouble::CaFileKind { path: "/a b.p7b".into(), kind }, &context);
            assert!(words.remedy.as_ref().is_some_and(|remedy| remedy.text().contains(part)), "{words:?}");
        }
    }

    #[test]
    fn both_fingerprints_are_shown_whole() {
        let certificate = samples::certificate();
        let context = ServerContext { certificate: Some(&certificate), pinned: Some([1; 32]), ..ServerContext::UNKNOWN };
        let words = explain(&TlsTrouble::OtherFingerprint, &context);
        assert!(words.says.contains(&format::sha256(&[1; 32])) && words.says.contains(&format::sha256(&certificate.sha256)));
    }

    #[test]
    fn what_people_are_asked_to_compare_is_there_to_be_compared() {
        let certificate = samples::certificate();
        let context = ServerContext { certificate: Some(&certificate), ..ServerContext::UNKNOWN };
        for trouble in [TlsTrouble::UnknownIssuer, TlsTrouble::SelfSigned] {
            let words = explain(&trouble, &context);
            assert!(words.says.contains(&format::sha256(&certificate.sha256)));
            assert!(words.remedy.is_some_and(|remedy| remedy.text().contains("SHA256")));
        }
    }
}
