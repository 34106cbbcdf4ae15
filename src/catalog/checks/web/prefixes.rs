//! `web-prefixes`.

use crate::catalog::checks::{Case, all};
use crate::model::check::CheckId;
use crate::model::field::FieldId;
use crate::model::finding::{Finding, Verdict};
use crate::model::web::ListenPrefix;

/// The prefixes fit together. It needs no fact.
pub fn judge(case: &Case<'_>) -> Verdict {
    let Ok(prefixes) = ListenPrefix::parse_all(case.answers.text(FieldId::ListenPrefixes)) else { return Verdict::NotYet };
    let mut findings = Vec::new();
    if let Some((plain, secure)) = both_on_one_port(&prefixes) {
        findings.push(Finding::stop(
            CheckId::WebPrefixes,
            format!("{plain} and {secure} ask for http and https on the same port."),
            "Give one of them another port.",
        ));
    }
    let secure = prefixes.iter().find(|prefix| prefix.secure);
    if case.answers.is_on(FieldId::ForceSsl) && secure.is_none() {
        findings.push(
            Finding::stop(
                CheckId::WebPrefixes,
                "People are to be sent to https, and no prefix begins with https://.",
                "Add an https prefix; or leave Force HTTPS off where the load balancer ends TLS.",
            )
            .about(FieldId::ForceSsl),
        );
    }
    if findings.is_empty()
        && let Some(secure) = secure
    {
        let port = secure.port;
        findings.push(Finding::note(
            CheckId::WebPrefixes,
            format!("{}. A certificate must be bound to port {port} before Octopus Server starts.", joined(&prefixes)),
        ));
    }
    all(findings, || joined(&prefixes))
}

fn joined(prefixes: &[ListenPrefix]) -> String {
    prefixes.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

fn both_on_one_port(prefixes: &[ListenPrefix]) -> Option<(&ListenPrefix, &ListenPrefix)> {
    let (secure, plain): (Vec<_>, Vec<_>) = prefixes.iter().partition(|prefix| prefix.secure);
    plain.into_iter().find_map(|plain| {
        let clash = secure.iter().find(|secure| secure.port == plain.port)?;
        Some((plain, *clash))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::checks::tests::{evidence, judged, stop};
    use crate::catalog::samples;
    use crate::model::facts::Facts;
    use crate::model::finding::Severity;

    fn of(prefixes: &str, force: &str) -> Verdict {
        let answers = samples::with(&[(FieldId::ListenPrefixes, prefixes), (FieldId::ForceSsl, force)]);
        judged(CheckId::WebPrefixes, &answers, &Facts::default())
    }

    #[test]
    fn prefixes_fit_together_or_do_not() {
        assert_eq!(evidence(&of("http://localhost", "false")), "http://localhost:80/");
        assert_eq!(evidence(&of("http://a/, http://b/x", "false")), "http://a:80/, http://b:80/x/");
        assert!(stop(&of("http://a:443/,https://b/", "false")).says.contains("http://a:443/ and https://b:443/"));
        let forced = stop(&of("http://a/", "true"));
        assert_eq!(forced.about, Some(FieldId::ForceSsl));
        assert_eq!(of("nonsense", "false"), Verdict::NotYet);
    }

    #[test]
    fn https_is_reminded_of_its_certificate() {
        let verdict = of("http://a/,https://a:8443/", "true");
        assert_eq!(verdict.severity(), Some(Severity::Note));
        let Verdict::Found(findings) = verdict else { panic!("a note") };
        assert!(findings[0].says.contains("port 8443"));
    }
}
