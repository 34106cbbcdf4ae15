//! `web-ports`.

use crate::catalog::checks::{Case, all, one};
use crate::catalog::form::read;
use crate::model::check::CheckId;
use crate::model::facts::{Fact, Trouble};
use crate::model::field::FieldId;
use crate::model::finding::{Finding, Verdict};
use crate::model::names::instance_key;
use crate::model::web::ListenPrefix;

/// The ports differ and are free on this machine.
pub fn judge(case: &Case<'_>) -> Verdict {
    let Ok(prefixes) = ListenPrefix::parse_all(case.answers.text(FieldId::ListenPrefixes)) else { return Verdict::NotYet };
    let comms = read::port(FieldId::CommsPort, case.answers);
    let grpc = read::port(FieldId::GrpcPort, case.answers);
    let (Ok(comms), Ok(grpc)) = (comms, grpc) else { return Verdict::NotYet };
    if let Some(clash) = clash(&prefixes, comms, grpc) {
        return one(clash);
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
            Fact::Seen(false) => findings.push(taken(port, field_of(port, comms, grpc), case)),
            Fact::Missing(trouble) => untried.push((port, trouble)),
        }
    }
    all(findings, || {
        let mut said = Vec::new();
        if !free.is_empty() {
            said.push(format!("{} free", free.join(", ")));
        }
        if !own.is_empty() {
            said.push(format!("{} in use, by Octopus Server itself most likely", own.join(", ")));
        }
        for (port, trouble) in untried {
            said.push(match trouble {
                Trouble::Io(why) => format!("{port} could not be tried: {why}"),
                _ => format!("{port} could not be tried"),
            });
        }
        said.join("; ")
    })
}

/// Whether this node has this port already: an existing one by its own config, one that is being gone on with because its run may
/// have started the service. Whatever listens there is Octopus Server itself, most likely.
fn is_own(port: u16, case: &Case<'_>) -> bool {
    if !case.is_of_a_node() {
        return case.resuming.is_some() && serves(case);
    }
    match case.facts.node.config.seen() {
        Some(config) => {
            let web = ListenPrefix::parse_all(&config.web.listen_prefixes.join(",")).unwrap_or_default();
            web.iter().any(|prefix| prefix.port == port) || [config.comms.port, config.comms.grpc_port].contains(&port)
        }
        None => case.is_of_octopus(),
    }
}

/// Whether the run of this instance may have started the service.
fn serves(case: &Case<'_>) -> bool {
    let key = instance_key(case.answers.trimmed(FieldId::Instance));
    case.facts.machine.unfinished.iter().any(|run| run.serves && instance_key(run.instance.as_str()) == key)
}

/// Two of the three services on one port.
fn clash(prefixes: &[ListenPrefix], comms: u16, grpc: u16) -> Option<Finding> {
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

fn taken(port: u16, field: FieldId, case: &Case<'_>) -> Finding {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::checks::tests::{case, evidence, judged, judged_in, stop};
    use crate::catalog::samples;
    use crate::model::facts::{Facts, PortFact, UnfinishedRun};
    use crate::model::flow::Flow;
    use crate::model::untrusted::Untrusted;

    fn with(free: &[(u16, Fact<bool>)]) -> Facts {
        let mut facts = samples::facts();
        facts.ports.ports = free.iter().map(|(port, free)| PortFact { port: *port, free: free.clone() }).collect();
        facts
    }

    fn of(free: &[(u16, Fact<bool>)]) -> Verdict {
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
        assert_eq!(evidence(&of(&[(80, yes.clone()), (10943, yes.clone())])), "80, 10943 free");
        let denied = Fact::Missing(Trouble::Io("Permission denied".into()));
        assert_eq!(
            evidence(&of(&[(80, denied.clone()), (8443, yes.clone())])),
            "8443 free; 80 could not be tried: Permission denied"
        );
        assert_eq!(evidence(&of(&[(80, Fact::Missing(Trouble::Unasked))])), "80 could not be tried");
        for (port, field) in [(80, FieldId::ListenPrefixes), (10943, FieldId::CommsPort), (8443, FieldId::GrpcPort)] {
            let finding = stop(&of(&[(1, denied.clone()), (port, no.clone())]));
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
        assert_eq!(of(&[]), Verdict::NotYet);
        assert_eq!(of(&[(80, Fact::Seen(true)), (81, Fact::Unknown)]), Verdict::NotYet);
        let answers = samples::with(&[(FieldId::CommsPort, "x")]);
        assert_eq!(judged(CheckId::WebPorts, &answers, &samples::facts()), Verdict::NotYet);
    }
}
