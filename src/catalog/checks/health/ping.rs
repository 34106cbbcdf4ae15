//! `octopus-ping`.

use crate::catalog::format;
use crate::model::check::CheckId;
use crate::model::facts::{Fact, Heartbeat, NodeSeen, Ping, Trouble};
use crate::model::field::FieldId;
use crate::model::finding::{Finding, Verdict};

use super::{Case, one};

/// The node answers what a load balancer asks it. A node whose heart beats and that does not is of no use to anybody who
/// comes through the load balancer; one whose heart does not beat is stopped, which may be meant.
pub fn judge(case: &Case<'_>) -> Verdict {
    match &case.facts.health.ping {
        Fact::Unknown => case.pending(),
        Fact::Seen(ping) => answered(ping),
        Fact::Missing(trouble) => silent(trouble, case),
    }
}

fn answered(Ping { url, status, took }: &Ping) -> Verdict {
    match status {
        200 => Verdict::Good(format!("200 from {url}, {}", format::duration(*took))),
        418 => {
            let mut finding = Finding::note(
                CheckId::OctopusPing,
                format!("The node is draining: {url} answers 418, and load balancers send it nothing."),
            );
            "Nothing is wrong if that was asked for; else let it take tasks again.".clone_into(&mut finding.fix);
            one(finding)
        }
        other => one(Finding::warn(
            CheckId::OctopusPing,
            format!(
                "The node answers its load balancer with the status {other}, at {url}; good are 200, and 418 while it drains."
            ),
            "Look at Octopus Server's log, and whether another program listens there.",
        )),
    }
}

/// Why nothing answers: the end of a sentence.
fn why(trouble: &Trouble) -> String {
    match trouble {
        Trouble::Refused => "nobody listens at any of its prefixes (connection refused)".to_owned(),
        Trouble::TimedOut { waited } => {
            format!("somebody listens at its prefixes and says nothing within {}", format::duration(*waited))
        }
        Trouble::Io(said) => format!("its prefixes do not answer: {}", said.as_str().trim_end_matches('.')),
        _ => "its prefixes could not be asked".to_owned(),
    }
}

fn silent(trouble: &Trouble, case: &Case<'_>) -> Verdict {
    let beats = match &case.facts.cluster.nodes {
        Fact::Unknown if case.running => return Verdict::Running,
        Fact::Seen(nodes) => nodes.find(case.answers.trimmed(FieldId::NodeName)).map(|node| node.beat),
        _ => None,
    };
    match beats {
        Some(Heartbeat::Ago(age)) if age <= NodeSeen::BEAT => one(Finding::warn(
            CheckId::OctopusPing,
            format!("The node's heart beats, and it does not answer its load balancer: {}.", why(trouble)),
            "Compare the listen prefixes with those of the running server, and look at its log.",
        )),
        _ => {
            let mut finding = Finding::note(
                CheckId::OctopusPing,
                format!(
                    "The node does not answer its load balancer: {}. Nor does its heart beat, as far as the database tells.",
                    why(trouble)
                ),
            );
            "Nothing is wrong if it is stopped; else start its service.".clone_into(&mut finding.fix);
            one(finding)
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::catalog::checks::tests::{case, evidence, judged_in, warn};
    use crate::catalog::samples;
    use crate::model::facts::{Facts, Nodes};
    use crate::model::finding::Severity;
    use crate::model::flow::Flow;

    fn of(ping: Fact<Ping>, beat: Heartbeat) -> Verdict {
        let mut facts: Facts = samples::facts_of_a_node();
        facts.cluster.nodes = Fact::Seen(Nodes::from([samples::node_seen("web02", beat)]));
        facts.health.ping = ping;
        let answers = samples::joining();
        judged_in(&Case { flow: Flow::Review, ..case(&answers, &facts) }, CheckId::OctopusPing)
    }

    fn status(status: u16) -> Fact<Ping> {
        Fact::Seen(Ping { url: "http://localhost:80/api/octopusservernodes/ping".into(), status, took: Duration::from_millis(3) })
    }

    #[test]
    fn what_it_answers() {
        assert!(evidence(&of(status(200), Heartbeat::Never)).starts_with("200 from http"));
        assert_eq!(of(status(418), Heartbeat::Never).severity(), Some(Severity::Note));
        assert!(warn(&of(status(503), Heartbeat::Never)).says.contains("503"));
    }

    #[test]
    fn silence_weighs_what_the_heart_says() {
        let recent = Heartbeat::Ago(Duration::from_secs(2));
        for (trouble, why) in [
            (Trouble::Refused, "(connection refused)"),
            (Trouble::TimedOut { waited: Duration::from_secs(10) }, "says nothing within 10 s"),
            (Trouble::Io("what answers there is no web server".into()), "is no web server."),
        ] {
            let says = warn(&of(Fact::Missing(trouble), recent)).says;
            assert!(says.contains("heart beats") && says.contains(why), "{says}");
        }
        for beat in [Heartbeat::Never, Heartbeat::Unreadable, Heartbeat::Ago(Duration::from_secs(301))] {
            assert_eq!(of(Fact::Missing(Trouble::Refused), beat).severity(), Some(Severity::Note), "{beat:?}");
        }
    }
}
