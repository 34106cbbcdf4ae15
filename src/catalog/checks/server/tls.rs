//! `sql-tls`.

use crate::catalog::checks::drift::is_same_server;
use crate::catalog::checks::{Case, report, report_all};
use crate::catalog::format;
use crate::model::check::CheckId;
use crate::model::facts::{Protocol, ServerCertificate, ServerFacts, TlsSession, TrustSource};
use crate::model::field::FieldId;
use crate::model::finding::{Finding, Verdict};

use super::{Names, judge_stage};

/// How many days before its end a certificate is warned of.
const SOON: i64 = 30;

/// The connection is encrypted, and the server is the right one.
pub fn judge(case: &Case<'_>) -> Verdict {
    let server = &case.facts.server;
    let octopus = case.facts.node.octopus.seen().and_then(Option::as_ref);
    let is_octopus_default = case.is_octopus_made() && octopus.is_some_and(|config| config.default_trust().is_some());
    judge_stage(CheckId::SqlTls, &server.encrypted, case, |encrypted| {
        let verdict = judge_encrypted(encrypted, server, &Names::new(case), is_octopus_default);
        match server.shown_certificate().and_then(|shown| changed_finding(shown, encrypted.trusted, case)) {
            Some(changed) => with_finding(verdict, changed),
            None => verdict,
        }
    })
}

/// Tells that the server shows another certificate than when the node config was written, as SSH does of a host's key.
fn changed_finding(shown: [u8; 32], trusted: TrustSource, case: &Case<'_>) -> Option<Finding> {
    let database = &case.facts.node.config.seen()?.database;
    let same_server = is_same_server(&database.server, case.answers.text(FieldId::Server));
    let known = database.known_certificate().filter(|known| same_server && *known != shown)?;
    let says = format!(
        "{} shows another certificate than when this node's config was written: SHA-256 {} then, {} now.",
        Names::new(case).server,
        format::sha256(&known),
        format::sha256(&shown)
    );
    Some(match trusted {
        TrustSource::Nothing => Finding::warn(
            CheckId::SqlTls,
            format!("{says} It was renewed, or somebody is in between; nothing checks which."),
            "Compare it with what the DBA reads on the server before you go on. If it is right, change settings ({key:edit}) and choose \
             This certificate only.",
        ),
        TrustSource::SystemRoots | TrustSource::CaFile | TrustSource::Fingerprint => Finding::note(
            CheckId::SqlTls,
            format!("{says} It is trusted as the node config asks, so it was most likely renewed."),
        ),
    })
}

/// Adds a finding to a verdict; the evidence of a good one gives way to it.
fn with_finding(verdict: Verdict, finding: Finding) -> Verdict {
    match verdict {
        Verdict::Found(mut findings) => {
            findings.push(finding);
            report_all(findings, String::new)
        }
        _ => report(finding),
    }
}

/// Says which certificate the server showed. One that cannot be read is told by its fingerprint.
fn shown_words(server: &ServerFacts) -> String {
    let subject = server
        .certificate
        .as_ref()
        .map_or_else(|| "one that cannot be read".to_owned(), |certificate| certificate.subject.to_string());
    match server.shown_certificate() {
        Some(sha256) => format!("{subject}, SHA-256 {}", format::sha256(&sha256)),
        None => subject,
    }
}

fn judge_encrypted(encrypted: &TlsSession, server: &ServerFacts, names: &Names, is_octopus_default: bool) -> Verdict {
    if encrypted.protocol == Protocol::Plain {
        return report(Finding::warn(
            CheckId::SqlTls,
            format!(
                "{} offers no encryption: anybody in between can read what Octopus stores, and the password of {}, which is only \
                 scrambled.",
                names.server, names.login
            ),
            "Have encryption turned on at the server and choose Mandatory.",
        )
        .about(FieldId::Encryption));
    }
    let shown = || server.certificate.as_ref().map_or_else(|| protocol_name(encrypted.protocol).to_owned(), evidence);
    match encrypted.trusted {
        TrustSource::Nothing if is_octopus_default => report(Finding::warn(
            CheckId::SqlTls,
            format!(
                "Octopus Server does not check the certificate of {}, since its connection string has no TrustServerCertificate, so \
                 anyone in between can read along. Shown: {}.",
                names.server,
                shown_words(server)
            ),
            "Add TrustServerCertificate=False to Octopus Server's connection string, once its machine trusts the certificate's authority.",
        )),
        TrustSource::Nothing => report(Finding::warn(
            CheckId::SqlTls,
            format!("The certificate is not checked, so anyone in between can read along. Shown: {}.", shown_words(server)),
            "Choose System roots or CA file; or compare the fingerprint with the DBA's and choose This certificate only.",
        )),
        // A pinned certificate is trusted whatever its dates are.
        TrustSource::Fingerprint => Verdict::Good(format!("{}, pinned", shown())),
        TrustSource::SystemRoots | TrustSource::CaFile => match &server.certificate {
            Some(certificate) if certificate.days_left <= SOON => report(ending_finding(certificate)),
            _ => Verdict::Good(shown()),
        },
    }
}

fn ending_finding(certificate: &ServerCertificate) -> Finding {
    Finding::warn(
        CheckId::SqlTls,
        format!(
            "The server's certificate ends on {}, {}.",
            format::day(certificate.not_after),
            match certificate.days_left {
                ..=0 => "which is today".to_owned(),
                1 => "in 1 day".to_owned(),
                days => format!("in {days} days"),
            }
        ),
        "Have it renewed before then: every node loses its database with it.",
    )
}

fn evidence(certificate: &ServerCertificate) -> String {
    format!(
        "{}, until {}, SHA-256 {}",
        certificate.subject,
        format::day(certificate.not_after),
        format::sha256_short(&certificate.sha256)
    )
}

const fn protocol_name(protocol: Protocol) -> &'static str {
    match protocol {
        Protocol::Plain => "not encrypted",
        Protocol::Tls12 => "TLS 1.2",
        Protocol::Tls13 => "TLS 1.3",
        Protocol::Strict => "strict (TDS 8.0)",
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::catalog::checks::tests::{evidence, judged, stop, warn};
    use crate::catalog::samples;
    use crate::model::facts::{Fact, Facts, TlsTrouble, Trouble};

    fn with(protocol: Protocol, trusted: TrustSource) -> Facts {
        let mut facts = samples::facts();
        facts.server.encrypted = Fact::Seen(TlsSession { protocol, trusted, took: Duration::from_millis(8) });
        facts
    }

    fn of(facts: &Facts) -> Verdict {
        judged(CheckId::SqlTls, &samples::answers(), facts)
    }

    #[test]
    fn a_checked_certificate_is_good_with_its_evidence() {
        for trusted in [TrustSource::SystemRoots, TrustSource::CaFile] {
            assert_eq!(evidence(&of(&with(Protocol::Tls12, trusted))), "sql01, until 2027-03-01, SHA-256 9C:9C…");
        }
        assert!(evidence(&of(&with(Protocol::Strict, TrustSource::Fingerprint))).ends_with(", pinned"));
    }

    #[test]
    fn without_a_certificate_in_the_facts_the_protocol_is_said() {
        for (protocol, said) in
            [(Protocol::Tls12, "TLS 1.2"), (Protocol::Tls13, "TLS 1.3"), (Protocol::Strict, "strict (TDS 8.0)")]
        {
            let mut facts = with(protocol, TrustSource::SystemRoots);
            facts.server.certificate = None;
            assert_eq!(evidence(&of(&facts)), said);
        }
    }

    #[test]
    fn one_that_cannot_be_read_is_warned_of_where_nothing_checks_it_and_compared_all_the_same() {
        let unread = |trusted| {
            let mut facts = with(Protocol::Tls12, trusted);
            facts.server.certificate = None;
            facts
        };
        let finding = warn(&of(&unread(TrustSource::Nothing)));
        assert!(finding.says.contains("is not checked") && finding.says.contains(&format::sha256(&[0x9c; 32])), "{finding:?}");
        let mut facts = unread(TrustSource::Fingerprint);
        let mut config = samples::node_config();
        config.database.certificate = Some("01".repeat(32));
        facts.node.config = Fact::Seen(Box::new(config));
        let Verdict::Found(findings) = of(&facts) else { panic!("found") };
        assert!(findings[0].says.contains("another certificate"), "{findings:?}");
    }

    #[test]
    fn plain_and_unchecked_are_warned_of() {
        assert_eq!(warn(&of(&with(Protocol::Plain, TrustSource::Nothing))).about, Some(FieldId::Encryption));
        let unchecked = warn(&of(&with(Protocol::Tls12, TrustSource::Nothing)));
        assert!(unchecked.says.contains(&format::sha256(&[0x9c; 32])));
    }

    #[test]
    fn an_end_that_is_near_is_warned_of_unless_pinned() {
        for (days, part) in [(30, "in 30 days"), (1, "in 1 day."), (0, "today")] {
            let mut facts = with(Protocol::Tls12, TrustSource::SystemRoots);
            facts.server.certificate = Some(ServerCertificate { days_left: days, ..samples::certificate() });
            assert!(warn(&of(&facts)).says.contains(part));
            facts.server.encrypted = with(Protocol::Tls12, TrustSource::Fingerprint).server.encrypted;
            assert!(matches!(of(&facts), Verdict::Good(_)));
        }
        let mut facts = with(Protocol::Tls12, TrustSource::SystemRoots);
        facts.server.certificate = Some(ServerCertificate { days_left: 31, ..samples::certificate() });
        assert!(matches!(of(&facts), Verdict::Good(_)));
    }

    #[test]
    fn tls_that_did_not_come_about_stops_about_the_right_field() {
        let mut facts = samples::facts();
        for (trouble, field) in [
            (TlsTrouble::SelfSigned, FieldId::Trust),
            (TlsTrouble::UnknownIssuer, FieldId::Trust),
            (TlsTrouble::NotOffered, FieldId::Encryption),
            (TlsTrouble::OtherFingerprint, FieldId::Fingerprint),
            (TlsTrouble::CaFile("empty".into()), FieldId::CaFile),
            (TlsTrouble::WrongName, FieldId::Server),
        ] {
            facts.server.encrypted = Fact::Missing(Trouble::Tls(trouble));
            assert_eq!(stop(&of(&facts)).about, Some(field));
        }
        facts.server.encrypted = Fact::Missing(Trouble::NotSqlServer);
        assert!(stop(&of(&facts)).says.contains("TDS"));
    }

    #[test]
    fn another_certificate_than_at_the_last_run_is_told() {
        let with_known = |known: Option<String>, trusted| {
            let mut facts = with(Protocol::Tls12, trusted);
            let mut config = samples::node_config();
            config.database.certificate = known;
            facts.node.config = Fact::Seen(Box::new(config));
            of(&facts)
        };
        let other = Some("01".repeat(32));
        let note = with_known(other.clone(), TrustSource::SystemRoots);
        assert_eq!(note.severity(), Some(crate::model::finding::Severity::Note));
        let Verdict::Found(findings) = with_known(other.clone(), TrustSource::Nothing) else { panic!("found") };
        assert!(findings.iter().any(|finding| finding.says.contains("another certificate") && finding.says.contains("01:01:")));
        assert!(matches!(with_known(Some("9C".repeat(32)), TrustSource::CaFile), Verdict::Good(_)), "the same one");
        assert!(matches!(with_known(None, TrustSource::CaFile), Verdict::Good(_)), "an older config knows none");
    }

    #[test]
    fn a_changed_certificate_shows_both_prints() {
        let answers = samples::with(&[(FieldId::Trust, "fingerprint"), (FieldId::Fingerprint, &"01".repeat(32))]);
        let mut facts = samples::facts();
        facts.server.encrypted = Fact::Missing(Trouble::Tls(TlsTrouble::OtherFingerprint));
        let finding = stop(&judged(CheckId::SqlTls, &answers, &facts));
        assert!(finding.says.contains(&format::sha256(&[1; 32])) && finding.says.contains(&format::sha256(&[0x9c; 32])));
    }
}
