//! Explains why the TLS handshake failed.

use crate::catalog::format;
use crate::model::facts::{ServerCertificate, TlsTrouble};
use crate::model::field::FieldId;

use super::{Explanation, ServerContext, name_or};

/// Lists the SHA-256 of every certificate in the server's own store; `Get-ChildItem` alone shows SHA-1 only. A certificate that
/// SQL Server made for itself is in no store.
const READ_ON_SERVER: &str = "Get-ChildItem Cert:\\LocalMachine\\My | ForEach-Object { $_.Subject; \
    [BitConverter]::ToString([Security.Cryptography.SHA256]::Create().ComputeHash($_.RawData)) }";

/// What `mssql-conf` names as `network.tlscert`.
const READ_ON_LINUX: &str = "openssl x509 -noout -fingerprint -sha256 -in";

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
            let names = if names.is_empty() { "no name at all".to_owned() } else { format::list(names, names.len() as u64) };
            let asked = name_or(context.host, "the name that was asked for");
            shown(
                context,
                &format!("it is for {names}, not for {asked}."),
                "Give the server by one of those names, or have the certificate made for this one.",
            )
            .about(FieldId::Server)
        }
        TlsTrouble::OtherFingerprint => other_fingerprint(context),
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
