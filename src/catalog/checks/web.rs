//! `web-prefixes`, `web-ports` and `web-names`.

use super::{Case, Check, report, report_all, report_or, unknown};
use crate::catalog::commands;
use crate::catalog::form::read;
use crate::catalog::format;
use crate::model::check::CheckId;
use crate::model::facts::{Fact, Trouble};
use crate::model::field::FieldId;
use crate::model::finding::{Finding, Severity, Verdict};
use crate::model::flow::Flow;
use crate::model::names::instance_key;
use crate::model::screen::ScreenId;
use crate::model::survey::SurveyId;
use crate::model::web::ListenPrefix;

/// The rows of these checks.
pub(super) const CHECKS: &[Check] = &[
    row(CheckId::WebPrefixes, FieldId::ListenPrefixes, judge_prefixes),
    row(CheckId::WebPorts, FieldId::CommsPort, judge_ports),
    row(CheckId::WebNames, FieldId::ListenPrefixes, judge_names),
];

const fn row(id: CheckId, field: FieldId, judge: fn(&Case<'_>) -> Verdict) -> Check {
    Check { id, screen: ScreenId::Octopus, field: Some(field), surveys: &[SurveyId::Ports], flows: &Flow::ALL, judge }
}

/// The prefixes fit together. It needs no fact.
fn judge_prefixes(case: &Case<'_>) -> Verdict {
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
    if let Some(only_here) = prefixes.iter().find(|prefix| prefix.is_loopback())
        && prefixes.iter().all(ListenPrefix::is_loopback)
        && !case.is_existing_node()
    {
        let all = ListenPrefix { host: "+".to_owned(), ..only_here.clone() };
        findings.push(Finding::new(
            CheckId::WebPrefixes,
            Severity::Note,
            format!(
                "No other machine can reach {}: neither the other nodes, nor a load balancer, nor people.",
                joined(&prefixes)
            ),
            format!("Type {all} to listen for all of them, unless this is a trial."),
        ));
    }
    if findings.is_empty()
        && let Some(secure) = secure
    {
        let port = secure.port;
        let note = Finding::note(
            CheckId::WebPrefixes,
            format!("{}. A certificate must be bound to port {port} before Octopus Server starts.", joined(&prefixes)),
        );
        // Where Octopus Server listens through HTTP.sys, it has a command for it (facts/octopus.md, ssl-certificate).
        findings.push(if case.is_on_windows() {
            let bind = commands::server(case.platform(), "ssl-certificate", case.answers.trimmed(FieldId::Instance));
            note.command(format!("{bind} --port {port} --thumbprint THUMBPRINT"))
        } else {
            note
        });
    }
    report_all(findings, || joined(&prefixes))
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

/// The ports differ and are free on this machine.
fn judge_ports(case: &Case<'_>) -> Verdict {
    let Ok(prefixes) = ListenPrefix::parse_all(case.answers.text(FieldId::ListenPrefixes)) else { return Verdict::NotYet };
    let comms = read::port(FieldId::CommsPort, case.answers);
    let grpc = read::port(FieldId::GrpcPort, case.answers);
    let (Ok(comms), Ok(grpc)) = (comms, grpc) else { return Verdict::NotYet };
    if let Some(clash) = clash_finding(&prefixes, comms, grpc) {
        return report(clash);
    }
    let ports = &case.facts.ports.ports;
    if ports.is_empty() {
        return case.pending();
    }
    let mut findings = Vec::new();
    let (mut free, mut own, mut untried) = (Vec::new(), Vec::new(), Vec::new());
    for fact in ports {
        let port = fact.port;
        match &fact.free {
            Fact::Unknown => return case.pending(),
            Fact::Seen(true) => free.push(port.to_string()),
            Fact::Seen(false) if is_own(port, case) => own.push(port.to_string()),
            Fact::Seen(false) => findings.push(taken_finding(port, field_of(port, comms, grpc), case)),
            Fact::Missing(trouble) => untried.push((port, trouble)),
        }
    }
    report_or(findings, || {
        let mut said = Vec::new();
        if !free.is_empty() {
            said.push(format!("{} free", free.join(", ")));
        }
        if !own.is_empty() {
            said.push(format!("{} in use, by Octopus Server itself most likely", own.join(", ")));
        }
        let is_tried = untried.is_empty();
        for (port, trouble) in untried {
            said.push(match trouble {
                Trouble::Io(why) => format!("{port} could not be tried: {why}"),
                _ => format!("{port} could not be tried"),
            });
        }
        let said = said.join("; ");
        if is_tried { Verdict::Good(said) } else { Verdict::Unknown(said) }
    })
}

/// Whether this node has this port already: an existing one by its own config, one that is being gone on with because its run may
/// have started the service. Whatever listens there is Octopus Server itself, most likely.
fn is_own(port: u16, case: &Case<'_>) -> bool {
    if !case.is_existing_node() {
        return case.resuming.is_some() && may_have_started(case);
    }
    match case.facts.node.config.seen() {
        Some(config) => {
            let web = ListenPrefix::parse_all(&config.web.listen_prefixes.join(",")).unwrap_or_default();
            web.iter().any(|prefix| prefix.port == port) || [config.comms.port, config.comms.grpc_port].contains(&port)
        }
        None => case.is_octopus_made(),
    }
}

/// Whether the run of this instance may have started the service.
fn may_have_started(case: &Case<'_>) -> bool {
    let key = instance_key(case.answers.trimmed(FieldId::Instance));
    case.facts.machine.unfinished.iter().any(|run| run.serves && instance_key(run.instance.as_str()) == key)
}

/// Two of the three services on one port.
fn clash_finding(prefixes: &[ListenPrefix], comms: u16, grpc: u16) -> Option<Finding> {
    let web = |port: u16| prefixes.iter().any(|prefix| prefix.port == port);
    let (says, about) = if comms == grpc {
        (format!("Polling Tentacles and gRPC are both to have port {comms}."), FieldId::GrpcPort)
    } else if web(comms) {
        (format!("The web portal and polling Tentacles are both to have port {comms}."), FieldId::CommsPort)
    } else if web(grpc) {
        (format!("The web portal and gRPC are both to have port {grpc}."), FieldId::GrpcPort)
    } else {
        return None;
    };
    Some(Finding::stop(CheckId::WebPorts, says, "Give each a port of its own.").about(about))
}

fn field_of(port: u16, comms: u16, grpc: u16) -> FieldId {
    match port {
        port if port == comms => FieldId::CommsPort,
        port if port == grpc => FieldId::GrpcPort,
        _ => FieldId::ListenPrefixes,
    }
}

fn taken_finding(port: u16, field: FieldId, case: &Case<'_>) -> Finding {
    let who = if case.is_on_windows() {
        format!("Get-NetTCPConnection -State Listen -LocalPort {port} | Select-Object OwningProcess")
    } else {
        format!("sudo ss -ltnp 'sport = :{port}'")
    };
    Finding::stop(
        CheckId::WebPorts,
        format!("Something on this machine listens on port {port} already."),
        "Find out what it is and stop it, or type another port.",
    )
    .about(field)
    .command(who)
}

/// The prefixes' host names lead here. Only warned of: a name may belong to the load balancer, or be entered in DNS
/// later.
fn judge_names(case: &Case<'_>) -> Verdict {
    let Ok(prefixes) = ListenPrefix::parse_all(case.answers.text(FieldId::ListenPrefixes)) else { return Verdict::NotYet };
    match &case.facts.ports.strange_hosts {
        Fact::Unknown => case.pending(),
        Fact::Seen(strange) if strange.is_empty() => {
            let all = prefixes.iter().all(ListenPrefix::is_for_all);
            Verdict::Good(if all { "every name that leads here" } else { "all lead to this machine" }.to_owned())
        }
        Fact::Seen(strange) => report(Finding::warn(
            CheckId::WebNames,
            format!("Not known to lead to this machine: {}.", format::list(strange, strange.len() as u64)),
            "Check the names, or type + for all names; behind a load balancer http://+:80/ is usual.",
        )),
        Fact::Missing(trouble) => unknown(trouble),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::checks::tests::{case, evidence, judged, judged_in, stop, unknown, warn};
    use crate::catalog::samples;
    use crate::model::facts::{Facts, PortFact, UnfinishedRun};
    use crate::model::flow::Flow;
    use crate::model::untrusted::Untrusted;

    fn prefixes_verdict(prefixes: &str, force: &str) -> Verdict {
        let answers = samples::with(&[(FieldId::ListenPrefixes, prefixes), (FieldId::ForceSsl, force)]);
        judged(CheckId::WebPrefixes, &answers, &Facts::default())
    }

    #[test]
    fn prefixes_fit_together_or_do_not() {
        assert_eq!(evidence(&prefixes_verdict("http://+", "false")), "http://+:80/");
        assert_eq!(evidence(&prefixes_verdict("http://a/, http://b/x", "false")), "http://a:80/, http://b:80/x/");
        assert!(stop(&prefixes_verdict("http://a:443/,https://b/", "false")).says.contains("http://a:443/ and https://b:443/"));
        let forced = stop(&prefixes_verdict("http://a/", "true"));
        assert_eq!(forced.about, Some(FieldId::ForceSsl));
        assert_eq!(prefixes_verdict("nonsense", "false"), Verdict::NotYet);
    }

    #[test]
    fn what_no_other_machine_can_reach_is_told() {
        for alone in ["http://localhost/", "http://127.0.0.1:8080/", "https://[::1]/", "http://localhost/,http://127.0.0.2/"] {
            let Verdict::Found(findings) = prefixes_verdict(alone, "false") else { panic!("{alone}") };
            assert!(
                findings[0].says.starts_with("No other machine can reach http") && findings[0].fix.contains("://+:"),
                "{findings:?}"
            );
        }
        assert_eq!(
            evidence(&prefixes_verdict("http://localhost/,http://web01/", "false")),
            "http://localhost:80/, http://web01:80/"
        );
    }

    #[test]
    fn https_is_reminded_of_its_certificate() {
        let verdict = prefixes_verdict("http://a/,https://a:8443/", "true");
        assert_eq!(verdict.severity(), Some(Severity::Note));
        let Verdict::Found(findings) = verdict else { panic!("a note") };
        assert!(findings[0].says.contains("port 8443"));
    }

    fn with(free: &[(u16, Fact<bool>)]) -> Facts {
        let mut facts = samples::facts();
        facts.ports.ports = free.iter().map(|(port, free)| PortFact { port: *port, free: free.clone() }).collect();
        facts
    }

    fn ports_verdict(free: &[(u16, Fact<bool>)]) -> Verdict {
        judged(CheckId::WebPorts, &samples::answers(), &with(free))
    }

    #[test]
    fn the_ports_of_a_service_that_the_run_itself_has_started_are_its_own() {
        let mut facts = with(&[(80, Fact::Seen(false))]);
        facts.machine.unfinished = vec![UnfinishedRun {
            instance: "octopusserver".into(),
            flow: Flow::FirstNode,
            done: 7,
            steps: 9,
            when: Untrusted::default(),
            serves: true,
            config: Untrusted::default(),
        }];
        let answers = samples::answers();
        let resuming = Some(samples::CLUSTER);
        let of = |facts: &Facts, resuming| judged_in(&Case { resuming, ..case(&answers, facts) }, CheckId::WebPorts);
        assert!(evidence(&of(&facts, resuming)).contains("80 in use, by Octopus Server itself"));
        stop(&of(&facts, None));
        facts.machine.unfinished[0].serves = false;
        stop(&of(&facts, resuming));
    }

    #[test]
    fn free_taken_and_untried() {
        let (yes, no) = (Fact::Seen(true), Fact::Seen(false));
        assert_eq!(evidence(&ports_verdict(&[(80, yes.clone()), (10943, yes.clone())])), "80, 10943 free");
        let denied = Fact::Missing(Trouble::Io("Permission denied".into()));
        assert_eq!(
            unknown(&ports_verdict(&[(80, denied.clone()), (8443, yes.clone())])),
            "8443 free; 80 could not be tried: Permission denied"
        );
        assert_eq!(unknown(&ports_verdict(&[(80, Fact::Missing(Trouble::Unasked))])), "80 could not be tried");
        for (port, field) in [(80, FieldId::ListenPrefixes), (10943, FieldId::CommsPort), (8443, FieldId::GrpcPort)] {
            let finding = stop(&ports_verdict(&[(1, denied.clone()), (port, no.clone())]));
            assert!(finding.says.contains(&port.to_string()));
            assert_eq!(finding.about, Some(field));
            assert!(finding.remedy.is_some());
        }
    }

    #[test]
    fn ports_that_clash_stop_before_anything_is_known() {
        for (changes, part, field) in [
            (vec![(FieldId::GrpcPort, "10943")], "both to have port 10943", FieldId::GrpcPort),
            (vec![(FieldId::CommsPort, "80")], "web portal and polling", FieldId::CommsPort),
            (vec![(FieldId::GrpcPort, "80")], "web portal and gRPC", FieldId::GrpcPort),
        ] {
            let finding = stop(&judged(CheckId::WebPorts, &samples::with(&changes), &Facts::default()));
            assert!(finding.says.contains(part));
            assert_eq!(finding.about, Some(field));
        }
    }

    #[test]
    fn nothing_tried_is_nothing_proven() {
        assert_eq!(ports_verdict(&[]), Verdict::NotYet);
        assert_eq!(ports_verdict(&[(80, Fact::Seen(true)), (81, Fact::Unknown)]), Verdict::NotYet);
        let answers = samples::with(&[(FieldId::CommsPort, "x")]);
        assert_eq!(judged(CheckId::WebPorts, &answers, &samples::facts()), Verdict::NotYet);
    }

    fn names_verdict(prefixes: &str, strange: Fact<Vec<Untrusted>>) -> Verdict {
        let mut facts = samples::facts();
        facts.ports.strange_hosts = strange;
        judged(CheckId::WebNames, &samples::with(&[(FieldId::ListenPrefixes, prefixes)]), &facts)
    }

    #[test]
    fn names_lead_here_or_elsewhere() {
        assert_eq!(evidence(&names_verdict("http://+/", Fact::Seen(vec![]))), "every name that leads here");
        assert_eq!(evidence(&names_verdict("http://web01/", Fact::Seen(vec![]))), "all lead to this machine");
        assert!(warn(&names_verdict("http://a/,http://b/", Fact::Seen(vec!["a".into(), "b".into()]))).says.contains("a and b"));
        assert_eq!(unknown(&names_verdict("http://a/", Fact::Missing(Trouble::Unasked))), "cannot tell here");
        assert_eq!(names_verdict("x", Fact::Seen(vec![])), Verdict::NotYet);
    }
}
