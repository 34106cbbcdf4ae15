//! The checks of the connection to the server, and of the server itself.

mod sign_in;
mod tls;
mod version;

pub use sign_in::doubt;

use super::{Case, Check, report};
use crate::catalog::dba::{Reach, Scripts};
use crate::catalog::failures::{self, ServerContext};
use crate::catalog::form::read;
use crate::catalog::format;
use crate::model::check::CheckId;
use crate::model::facts::{FAR_ROUND_TRIP, Fact};
use crate::model::field::FieldId;
use crate::model::finding::{Finding, Severity, Verdict};
use crate::model::flow::Flow;
use crate::model::screen::ScreenId;
use crate::model::survey::SurveyId;

/// The rows of these checks.
pub(super) const CHECKS: &[Check] = &[
    row(CheckId::SqlName, FieldId::Server, judge_name),
    row(CheckId::SqlConnect, FieldId::Server, judge_connect),
    row(CheckId::SqlTls, FieldId::Trust, tls::judge),
    row(CheckId::SqlLogin, FieldId::Password, judge_login),
    row(CheckId::SqlVersion, FieldId::Server, version::judge),
    row(CheckId::SqlClock, FieldId::Server, judge_clock),
    row(CheckId::SqlLatency, FieldId::Server, judge_latency),
];

/// A check of the database screen that reads the survey of the server.
pub(super) const fn row(id: CheckId, field: FieldId, judge: fn(&Case<'_>) -> Verdict) -> Check {
    Check { id, screen: ScreenId::Database, field: Some(field), surveys: &[SurveyId::Server], flows: &Flow::ALL, judge }
}

/// The names that findings and their SQL use.
#[derive(Debug)]
pub struct Names {
    /// In its canonical form.
    pub server: String,
    pub host: String,
    /// As the server calls it, once that is known.
    pub login: String,
    pub database: String,
    /// How scripts get into the database.
    pub reach: Reach,
}

impl Names {
    pub fn new(case: &Case<'_>) -> Self {
        let address = read::server(case.answers).ok();
        let host = address.as_ref().map(|address| address.host.clone()).unwrap_or_default();
        let server = address.map_or_else(|| ServerContext::UNKNOWN.server.to_owned(), |address| address.to_string());
        let seen = case.facts.server.login.seen().map(|login| login.login.as_str()).filter(|login| !login.is_empty());
        let login = seen.unwrap_or_else(|| case.answers.trimmed(FieldId::User)).to_owned();
        let database = case.answers.trimmed(FieldId::Database).to_owned();
        Self { server, host, login, database, reach: Reach::new(case.facts.server.version.seen()) }
    }

    /// Returns the scripts for a DBA of this server.
    pub fn scripts(&self) -> Scripts<'_> {
        Scripts { reach: self.reach, login: &self.login, database: &self.database }
    }

    pub fn context<'a>(&'a self, case: &Case<'a>) -> ServerContext<'a> {
        ServerContext {
            server: &self.server,
            host: &self.host,
            login: &self.login,
            database: &self.database,
            reach: self.reach,
            certificate: case.facts.server.certificate.as_ref(),
            pinned: read::fingerprint(case.answers).ok(),
            platform: case.answers.platform(),
        }
    }
}

/// Judges one stage of the connection. Its own trouble is a stop; a stage behind a blocked one is not judged yet.
fn judge_stage<T>(check: CheckId, fact: &Fact<T>, case: &Case<'_>, good: impl FnOnce(&T) -> Verdict) -> Verdict {
    match fact {
        Fact::Seen(seen) => good(seen),
        Fact::Missing(trouble) => report(case.explain(trouble).into_finding(check, Severity::Stop)),
        Fact::Unknown if case.facts.server.way_blocked().is_some() => Verdict::NotYet,
        Fact::Unknown => case.pending(),
    }
}

/// Judges a fact that is read after the login and that Octopus could live without.
fn judge_optional<T>(fact: &Fact<T>, case: &Case<'_>, judge: impl FnOnce(&T) -> Verdict) -> Verdict {
    let server = &case.facts.server;
    // If the database's state is missing too, the connection broke: `db-exists` says why.
    let broke = matches!(fact, Fact::Missing(_)) && server.database.trouble().is_some();
    if broke || server.way_blocked().is_some() {
        return Verdict::NotYet;
    }
    match case.optional(fact) {
        Ok(seen) => judge(seen),
        Err(verdict) => verdict,
    }
}

/// The name resolves, and a named instance is known to the SQL Server Browser.
fn judge_name(case: &Case<'_>) -> Verdict {
    judge_stage(CheckId::SqlName, &case.facts.server.resolved, case, |resolved| {
        let addresses = match resolved.addresses.as_slice() {
            [address] => address.to_string(),
            many => format!("{} addresses", many.len()),
        };
        let by_browser = read::server(case.answers).is_ok_and(|address| address.instance.is_some() && address.port.is_none());
        let source = if by_browser { " by the SQL Server Browser" } else { "" };
        Verdict::Good(format!("{addresses} in {}, port {}{source}", format::duration(resolved.took), resolved.port))
    })
}

/// TCP connects.
fn judge_connect(case: &Case<'_>) -> Verdict {
    let server = &case.facts.server;
    judge_stage(CheckId::SqlConnect, &server.connected, case, |connected| {
        let addresses = server.resolved.seen().map_or(1, |resolved| resolved.addresses.len());
        let addresses = if addresses > 1 { format!(", {addresses} addresses") } else { String::new() };
        let route = connected.routed_to.as_ref().map(|next| format!(", sent on to {next}")).unwrap_or_default();
        Verdict::Good(format!("{} in {}{addresses}{route}", connected.address, format::duration(connected.took)))
    })
}

/// The login is accepted.
fn judge_login(case: &Case<'_>) -> Verdict {
    if let (true, Some(waiting)) = (case.running, &case.facts.server.waiting) {
        let says = case.explain(&waiting.trouble).says;
        return report(Finding::note(CheckId::SqlLogin, failures::waits(&says, waiting.limit)));
    }
    judge_stage(CheckId::SqlLogin, &case.facts.server.login, case, |login| {
        let (name, user) = (Names::new(case).login, login.user.as_str());
        let user = if user.is_empty() || user == name { String::new() } else { format!(", as user {user}") };
        Verdict::Good(format!("{name} in {}{user}", format::duration(login.took)))
    })
}

/// A larger difference, in milliseconds, is noted: no round trip explains it.
const CLOCK_NOTED: u64 = 5_000;
/// Beyond this heartbeats look old: a node is polled every 20 s.
const CLOCK_LATE: u64 = 30_000;
/// Beyond this a node counts as dead the moment that it writes its heartbeat.
const CLOCK_DEAD: u64 = 300_000;

const CLOCK_FIX: &str = "Have both clocks set by the same time service (NTP); nodes judge each other by what these clocks say.";

/// The clocks agree. Never a stop: Octopus runs with any difference, and neither clock may be the operator's to set.
fn judge_clock(case: &Case<'_>) -> Verdict {
    judge_optional(&case.facts.server.clock_ahead_ms, case, |ahead| judge_difference(*ahead))
}

fn judge_difference(ahead: i64) -> Verdict {
    let apart = ahead.unsigned_abs();
    let which = if ahead >= 0 { "ahead of" } else { "behind" };
    let says = format!("The server is {} {which} this machine.", format::span(apart / 1_000));
    if apart <= CLOCK_NOTED {
        Verdict::Good(format!("{}.{} s apart", apart / 1_000, apart % 1_000 / 100))
    } else if apart <= CLOCK_LATE {
        report(Finding::note(CheckId::SqlClock, says))
    } else if apart <= CLOCK_DEAD {
        report(Finding::warn(CheckId::SqlClock, says, CLOCK_FIX))
    } else {
        report(Finding::warn(
            CheckId::SqlClock,
            format!("{says} Nodes whose last heartbeat is five minutes old count as dead, so this one would from the start."),
            CLOCK_FIX,
        ))
    }
}

/// One round trip is short enough.
fn judge_latency(case: &Case<'_>) -> Verdict {
    judge_optional(&case.facts.server.round_trip, case, |round_trip| {
        let time = format::duration(*round_trip);
        if *round_trip <= FAR_ROUND_TRIP {
            return Verdict::Good(format!("{time} a round trip"));
        }
        report(Finding::warn(
            CheckId::SqlLatency,
            format!("One round trip to the server takes {time}; Octopus wants it in the same data centre."),
            "Use a server that is nearer, unless this node is only for trying out.",
        ))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    use std::time::Duration;

    use crate::catalog::checks::tests::{case, evidence, judged, judged_in, stop, unknown, warn};
    use crate::catalog::samples;
    use crate::model::facts::{ServerFacts, SqlTrouble, Trouble, Waiting};

    #[test]
    fn addresses_and_port_are_the_evidence() {
        let facts = samples::facts();
        assert_eq!(evidence(&judged(CheckId::SqlName, &samples::answers(), &facts)), "2 addresses in 0.3 ms, port 1433");
        let named = samples::with(&[(FieldId::Server, "sql01\\OCTO")]);
        assert!(evidence(&judged(CheckId::SqlName, &named, &facts)).ends_with("by the SQL Server Browser"));
    }

    #[test]
    fn a_name_that_does_not_resolve_stops() {
        let mut facts = samples::facts();
        for (trouble, part) in [
            (Trouble::NameUnknown, "The name sql01 does not resolve."),
            (Trouble::NameServerSilent, "no answer for sql01"),
            (Trouble::InstanceUnknown, "knows no instance"),
        ] {
            facts.server.resolved = Fact::Missing(trouble);
            assert!(stop(&judged(CheckId::SqlName, &samples::answers(), &facts)).says.contains(part));
        }
    }

    #[test]
    fn the_evidence_is_the_address_and_its_time() {
        let mut facts = samples::facts();
        let of = |facts: &_| judged(CheckId::SqlConnect, &samples::answers(), facts);
        assert_eq!(evidence(&of(&facts)), "10.0.4.17 in 1.2 ms, 2 addresses");
        if let Fact::Seen(resolved) = &mut facts.server.resolved {
            resolved.addresses.truncate(1);
        }
        if let Fact::Seen(connected) = &mut facts.server.connected {
            connected.routed_to = Some("sql02,1433".into());
        }
        assert_eq!(evidence(&of(&facts)), "10.0.4.17 in 1.2 ms, sent on to sql02,1433");
    }

    #[test]
    fn each_way_not_to_connect_stops_with_its_words() {
        let mut facts = samples::facts();
        let waited = Duration::from_secs(5);
        for (trouble, part) in [
            (Trouble::Refused, "sql01,1433 refused"),
            (Trouble::TimedOut { waited }, "a firewall drops"),
            (Trouble::Unreachable, "no route"),
            (Trouble::Io("Too many open files".into()), "Too many open files."),
        ] {
            facts.server.connected = Fact::Missing(trouble);
            assert!(stop(&judged(CheckId::SqlConnect, &samples::answers(), &facts)).says.contains(part));
        }
    }

    #[test]
    fn the_evidence_names_login_and_user() {
        let mut facts = samples::facts();
        for (login, user, said) in [
            ("octopus", "octopus", "octopus in 3.0 ms"),
            ("sa", "dbo", "sa in 3.0 ms, as user dbo"),
            ("", "", "octopus in 3.0 ms"),
        ] {
            if let Fact::Seen(seen) = &mut facts.server.login {
                (seen.login, seen.user) = (login.into(), user.into());
            }
            assert_eq!(evidence(&judged(CheckId::SqlLogin, &samples::answers(), &facts)), said);
        }
    }

    #[test]
    fn what_is_waited_for_is_told_and_for_how_long() {
        let said = SqlTrouble { number: 40613, state: 1, class: 17, text: "not available".into() };
        let waiting = Some(Waiting { trouble: Trouble::Sql(said), limit: Duration::from_secs(25) });
        let mut facts = samples::facts();
        facts.server = ServerFacts { waiting, ..Default::default() };
        let answers = samples::answers();
        let waits = judged_in(&Case { running: true, ..case(&answers, &facts) }, CheckId::SqlLogin);
        assert_eq!(waits.severity(), Some(Severity::Note));
        let Verdict::Found(findings) = waits else { panic!("a note") };
        assert!(findings[0].says.contains("error 40613") && findings[0].says.contains("up to 25 s"), "{findings:?}");
        assert_eq!(judged(CheckId::SqlLogin, &answers, &facts), Verdict::NotYet);
    }

    #[test]
    fn a_refused_login_stops_with_the_server_s_words() {
        let mut facts = samples::facts();
        for (number, field) in [
            (18456, FieldId::Password),
            (18452, FieldId::User),
            (18470, FieldId::User),
            (18486, FieldId::User),
            (18487, FieldId::Password),
            (18488, FieldId::Password),
            (4060, FieldId::Database),
            (40615, FieldId::Server),
            (17142, FieldId::Server),
            (33_557_097, FieldId::Password),
        ] {
            let said = SqlTrouble { number, state: 8, class: 14, text: "no".into() };
            facts.server.login = Fact::Missing(Trouble::Sql(said));
            let finding = stop(&judged(CheckId::SqlLogin, &samples::answers(), &facts));
            assert!(finding.says.contains(&format!("(error {number}, state 8): no.")), "{finding:?}");
            assert_eq!(finding.about, Some(field), "{number}");
        }
    }

    #[test]
    fn a_route_without_end_is_told_though_nothing_before_is_known() {
        let mut facts = samples::facts();
        facts.server = ServerFacts { login: Fact::Missing(Trouble::RoutedTooOften), ..Default::default() };
        assert!(stop(&judged(CheckId::SqlLogin, &samples::answers(), &facts)).says.contains("more than twice"));
    }

    fn clock_verdict(ahead: i64) -> Verdict {
        let mut facts = samples::facts();
        facts.server.clock_ahead_ms = Fact::Seen(ahead);
        judged(CheckId::SqlClock, &samples::answers(), &facts)
    }

    #[test]
    fn small_differences_are_good_and_larger_ones_weigh_more() {
        assert_eq!(evidence(&clock_verdict(120)), "0.1 s apart");
        assert_eq!(evidence(&clock_verdict(-5_000)), "5.0 s apart");
        assert_eq!(clock_verdict(5_001).severity(), Some(Severity::Note));
        assert_eq!(clock_verdict(-30_000).severity(), Some(Severity::Note));
        assert!(warn(&clock_verdict(41_000)).says.contains("41 s ahead of"));
        assert!(warn(&clock_verdict(-41_000)).says.contains("41 s behind"));
        assert!(
            warn(&clock_verdict(-3_600_000)).says.contains("60 min behind")
                && warn(&clock_verdict(300_001)).says.contains("count as dead")
        );
        assert!(warn(&clock_verdict(i64::MIN)).says.contains("behind"));
    }

    #[test]
    fn a_clock_that_cannot_be_read_is_no_obstacle() {
        let mut facts = samples::facts();
        facts.server.clock_ahead_ms = Fact::Missing(Trouble::Unasked);
        assert_eq!(unknown(&judged(CheckId::SqlClock, &samples::answers(), &facts)), "cannot tell here");
    }

    #[test]
    fn nothing_is_good_behind_a_connection_that_broke() {
        let mut facts = samples::facts();
        facts.server.clock_ahead_ms = Fact::Missing(Trouble::ConnectionLost);
        facts.server.database = Fact::Missing(Trouble::ConnectionLost);
        assert_eq!(judged(CheckId::SqlClock, &samples::answers(), &facts), Verdict::NotYet);
    }

    #[test]
    fn near_is_good_and_far_is_warned_of() {
        let of = |micros| {
            let mut facts = samples::facts();
            facts.server.round_trip = Fact::Seen(Duration::from_micros(micros));
            judged(CheckId::SqlLatency, &samples::answers(), &facts)
        };
        assert_eq!(evidence(&of(800)), "0.8 ms a round trip");
        assert_eq!(evidence(&of(10_000)), "10.0 ms a round trip");
        assert!(warn(&of(10_001)).says.contains("10.0 ms"));
        assert!(warn(&of(150_000)).says.contains("150 ms"));
    }
}
