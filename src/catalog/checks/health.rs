//! `octopus-log` and `octopus-ping`: how an existing node runs.

use super::{Case, Check, report, report_all, unknown};
use crate::catalog::form::read;
use crate::catalog::{commands, format};
use crate::model::check::CheckId;
use crate::model::facts::{Fact, Heartbeat, KnownTrouble, LogSeen, LogTrouble, NodeSeen, Ping, Trouble};
use crate::model::field::FieldId;
use crate::model::finding::{Finding, Verdict};
use crate::model::flow::Flow;
use crate::model::quote;
use crate::model::screen::ScreenId;
use crate::model::survey::{AccountKind, SurveyId};
use crate::model::web::ListenPrefix;

/// The rows of these checks.
pub(super) const CHECKS: &[Check] = &[
    row(CheckId::OctopusLog, &[SurveyId::Health], judge_log),
    row(CheckId::OctopusPing, &[SurveyId::Health, SurveyId::Cluster], judge_ping),
];

const fn row(id: CheckId, surveys: &'static [SurveyId], judge: fn(&Case<'_>) -> Verdict) -> Check {
    Check { id, screen: ScreenId::Node, field: None, surveys, flows: &Flow::ALL, judge }
}

/// So many starts in the part of the log that is read are no longer what an operator does.
const RESTARTS: usize = 5;

/// The newest part of the server's log has none of the known troubles; each has a remedy of its own. They are warnings: the
/// log tells of what was, and whether it still is so the other checks say.
fn judge_log(case: &Case<'_>) -> Verdict {
    let log = match &case.facts.health.log {
        Fact::Unknown => return case.pending(),
        Fact::Seen(None) => return Verdict::DoesNotApply,
        Fact::Seen(Some(log)) => log,
        Fact::Missing(trouble) => return unknown(trouble),
    };
    // The newest first: it is the one that keeps the server from running now.
    let mut findings: Vec<Finding> = log.troubles.iter().rev().map(|trouble| trouble_finding(trouble, case)).collect();
    findings.extend(log.unknown_fatal.as_ref().map(|line| {
        Finding::warn(
            CheckId::OctopusLog,
            format::sentence(&format!(
                "Octopus Server's log has a fatal error that this wizard does not know: {line}"
            )),
            format!(
                "Read the lines around it in {}, and look for its words on Octopus' support pages. Octopus logs some of them and runs on.",
                log.file
            ),
        )
    }));
    if log.starts >= RESTARTS && !findings.is_empty() {
        findings.push(Finding::warn(
            CheckId::OctopusLog,
            format!("Octopus Server starts and stops: its log has {} starts in its newest part.", log.starts),
            "Fix what is named beside this first, then start the service again.",
        ));
    }
    // A server that runs logs errors of single tasks too.
    findings.extend(log.unknown_error.as_ref().map(|line| {
        let says = format!("The newest error of no known kind in Octopus Server's log: {line}");
        Finding::note(CheckId::OctopusLog, format::sentence(&says))
    }));
    report_all(findings, || log_evidence(log))
}

fn log_evidence(LogSeen { file, since_start, .. }: &LogSeen) -> String {
    let since = if *since_start { "since the last start" } else { "in the newest part" };
    format!("no errors {since} of {file}")
}

fn trouble_finding(LogTrouble { kind, line }: &LogTrouble, case: &Case<'_>) -> Finding {
    let (what, fix) = meaning_and_fix(*kind);
    let finding = Finding::warn(CheckId::OctopusLog, format::sentence(&format!("{what}; the server's log says: {line}")), fix);
    match (sql(*kind), command(*kind, case)) {
        (_, Some(command)) => finding.command(command),
        (Some(sql), None) => finding.sql(sql),
        (None, None) => finding,
    }
}

/// A statement that shows more, where one can.
const fn sql(kind: KnownTrouble) -> Option<&'static str> {
    match kind {
        KnownTrouble::ColumnCollation => Some(
            "SELECT t.name, c.name, c.collation_name FROM sys.columns AS c JOIN sys.tables AS t ON t.object_id = c.object_id\n\
             WHERE t.is_ms_shipped = 0 AND c.collation_name <> CAST(DATABASEPROPERTYEX(DB_NAME(), 'Collation') AS nvarchar(128));",
        ),
        KnownTrouble::PoolExhausted => Some(
            "SELECT session_id, blocking_session_id, wait_type, total_elapsed_time FROM sys.dm_exec_requests\n\
             WHERE blocking_session_id <> 0 OR total_elapsed_time > 30000;",
        ),
        KnownTrouble::DatabaseFull => Some("SELECT name, type_desc, size / 128 AS mb, max_size, growth FROM sys.database_files;"),
        _ => None,
    }
}

/// What a kind means for this node, and what to do.
#[expect(clippy::too_many_lines, reason = "a table of words: one arm for each kind")]
const fn meaning_and_fix(kind: KnownTrouble) -> (&'static str, &'static str) {
    match kind {
        KnownTrouble::PathNotFound => (
            "A folder is not there for the service account",
            "Name the share by its UNC path or its mount: a mapped drive is mapped for one user only, and not for the service. See that \
             it is mounted before the service starts.",
        ),
        KnownTrouble::PathDenied => (
            "The service account may not use a folder",
            "Give the service account full control of it, on the share as well as on the folder itself.",
        ),
        KnownTrouble::DiskFull => ("A disk was full", "Make room on it, or shorten how long Octopus keeps what is there."),
        KnownTrouble::WrongKey => (
            "This node has another master key than the one that the database's secrets were encrypted with",
            "Compare the fingerprint with another node's, and give this node that node's key.",
        ),
        KnownTrouble::ForeignConfig => (
            "OctopusServer.config holds a master key that was protected on another machine",
            "Delete the line Octopus.Storage.MasterKey from OctopusServer.config, since some versions refuse to replace a key that they cannot \
             read (OctopusDeploy/Issues#7271); then give this node the cluster's key.",
        ),
        KnownTrouble::LicenceExceeded => (
            "The cluster has more than its licence allows, and creates and deploys no more releases",
            "Stop nodes until as many are online as it allows, or get a licence with a higher NodeLimit. Octopus counts the nodes that are \
             online; a server from before 2019 counts dead nodes too, until they are deleted on Configuration > Nodes.",
        ),
        KnownTrouble::LoginFailed => (
            "The database refused the login of Octopus Server",
            "Compare the login in OctopusServer.config with the one of this node's config; where the password was changed, tell both.",
        ),
        KnownTrouble::DatabaseGone => (
            "The database could not be reached",
            "See whether it can be reached now, by the checks of the database; if so, restart the service.",
        ),
        KnownTrouble::CertificateUntrusted => (
            "The service does not trust the database server's certificate",
            "Have this machine trust its issuer, or set how the certificate is trusted and hand the connection string over anew.",
        ),
        KnownTrouble::PortTaken => {
            ("Another program listens where Octopus Server wants to", "Find it and stop it, or give this node other ports.")
        }
        KnownTrouble::ListenDenied => (
            "The service account may not listen on a prefix",
            "Reserve the prefix for the account on Windows; on Linux let it listen on ports below 1024, or choose a higher one.",
        ),
        KnownTrouble::SchemaVersion => (
            "The database is of another version than this Octopus Server",
            "Bring all nodes to one version; to upgrade, stop all nodes and begin with one.",
        ),
        KnownTrouble::ColumnCollation => (
            "Columns of the database have another collation than the database, which keeps Octopus from upgrading it",
            "Change the columns to the database's own collation; the statement lists them.",
        ),
        KnownTrouble::NoClusterShared => {
            ("Polling Tentacles are set up for several nodes, and no root is shared", "Set one root for all shared folders.")
        }
        KnownTrouble::PortReserved => (
            "Windows keeps a port that Octopus Server wants for something else",
            "Look at the ranges that Windows has reserved (Hyper-V takes some at each boot), and give this node a port outside of them.",
        ),
        KnownTrouble::CertificateRejected => (
            "A server's certificate was rejected, and the line does not say whose",
            "If the database's certificate is good (the check sql-tls), look at the lines around it for the address.",
        ),
        KnownTrouble::UntrustedDomain => (
            "SQL Server does not trust the domain of the service's Windows account",
            "Have the service run as an account of SQL Server's own domain or of one that it trusts, or use a SQL login.",
        ),
        KnownTrouble::PoolExhausted => (
            "No connection to the database came free in time",
            "Find what holds them: blocked sessions and long statements on the server. Only if there are none, raise Max Pool Size in \
             the connection string.",
        ),
        KnownTrouble::DatabaseFull => (
            "The database has no room left",
            "Let its files grow, make room on their disk, or back up the transaction log; the statement shows which file is full.",
        ),
        KnownTrouble::ShareLost => (
            "The connection to a share was lost",
            "See that the file server is up, and mount the share anew: an old handle stays broken until then. Restart the service.",
        ),
        KnownTrouble::RightMissing => {
            ("The login of Octopus Server lacks a right in the database", "Have a DBA make its user a member of db_owner.")
        }
        KnownTrouble::LicenceVersion => {
            ("The licence does not cover this version", "Renew it, or install a version from before its maintenance ended.")
        }
        KnownTrouble::HeartbeatLost => (
            "The node could not write its heartbeat, and no longer takes tasks",
            "See whether the database is reachable and fast enough from here, and whether this machine's clock is right.",
        ),
        KnownTrouble::Deadlock => (
            "The database has ended a transaction of Octopus in favour of another one",
            "Once in a while it is harmless, because Octopus repeats it; if it comes often, turn read committed snapshot on.",
        ),
        KnownTrouble::DatabaseReadOnly => (
            "The database can only be read",
            "Have a DBA set it to read-write; in an availability group give the listener, which leads to the primary.",
        ),
        KnownTrouble::RuntimeMissing => (
            "The .NET that Octopus Server needs is not installed",
            "Install the version that the lines below it name, or take Octopus' own package, which brings it along.",
        ),
    }
}

/// Returns a command that fixes it, or that shows more, if one line can.
fn command(kind: KnownTrouble, case: &Case<'_>) -> Option<String> {
    let instance = case.answers.trimmed(FieldId::Instance);
    let (platform, shell) = (case.platform(), case.shell());
    let server = |verb: &str| commands::server(platform, verb, instance);
    let port = ListenPrefix::parse_all(case.answers.text(FieldId::ListenPrefixes)).ok()?.first().map(|prefix| prefix.port)?;
    match kind {
        KnownTrouble::WrongKey | KnownTrouble::ForeignConfig => {
            // The key is not in it: what is copied from here may land anywhere.
            Some(format!("{} --masterKey {}", server("set-master-key"), shell.word("<master key>")))
        }
        KnownTrouble::NoClusterShared => {
            let root = if case.is_on_windows() { "\\\\files\\octopus" } else { "/mnt/octopus" };
            Some(format!("{} --clusterShared {root}", server("path")))
        }
        KnownTrouble::PortReserved if case.is_on_windows() => {
            Some("netsh interface ipv4 show excludedportrange protocol=tcp".to_owned())
        }
        KnownTrouble::PortTaken if case.is_on_windows() => {
            Some(format!("Get-NetTCPConnection -State Listen -LocalPort {port} | Select-Object OwningProcess"))
        }
        KnownTrouble::PortTaken => Some(format!("ss -ltnp 'sport = :{port}'")),
        KnownTrouble::ListenDenied if case.is_on_windows() => {
            let account = match (read::account_kind(case.answers), read::service_user(case.answers)) {
                (AccountKind::Custom | AccountKind::Managed, Ok(user)) => user,
                _ => "NT AUTHORITY\\SYSTEM".to_owned(),
            };
            Some(format!("netsh http add urlacl url=http://+:{port}/ {}", quote::windows(&format!("user={account}"))))
        }
        _ => None,
    }
}

/// The node answers what a load balancer asks it. A node whose heart beats and that does not is of no use to anybody who
/// comes through the load balancer; one whose heart does not beat is stopped, which may be meant.
fn judge_ping(case: &Case<'_>) -> Verdict {
    match &case.facts.health.ping {
        Fact::Unknown => case.pending(),
        Fact::Seen(ping) => judge_answer(ping),
        Fact::Missing(trouble) => judge_silence(trouble, case),
    }
}

fn judge_answer(Ping { url, status, took }: &Ping) -> Verdict {
    match status {
        200 => Verdict::Good(format!("200 from {url}, {}", format::duration(*took))),
        418 => {
            let mut finding = Finding::note(
                CheckId::OctopusPing,
                format!("The node is draining: {url} answers 418, and load balancers send it nothing."),
            );
            "Nothing is wrong if that was asked for; else let it take tasks again.".clone_into(&mut finding.fix);
            report(finding)
        }
        other => report(Finding::warn(
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

fn judge_silence(trouble: &Trouble, case: &Case<'_>) -> Verdict {
    let beats = match &case.facts.cluster.nodes {
        Fact::Unknown if case.running => return Verdict::Running,
        Fact::Seen(nodes) => nodes.find(case.answers.trimmed(FieldId::NodeName)).map(|node| node.beat),
        _ => None,
    };
    match beats {
        Some(Heartbeat::Ago(age)) if age <= NodeSeen::BEAT => report(Finding::warn(
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
            report(finding)
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::catalog::checks::tests::{case, evidence, judged_in, unknown, warn};
    use crate::catalog::samples;
    use crate::model::facts::{Facts, Nodes};
    use crate::model::finding::Severity;
    use crate::model::flow::Flow;

    fn log_verdict(log: Fact<Option<LogSeen>>) -> Verdict {
        let mut facts: Facts = samples::facts_of_a_node();
        facts.health.log = log;
        let answers = samples::joining();
        judged_in(&Case { flow: Flow::Review, ..case(&answers, &facts) }, CheckId::OctopusLog)
    }

    fn seen(kinds: &[KnownTrouble], starts: usize) -> Fact<Option<LogSeen>> {
        let troubles = kinds.iter().map(|kind| LogTrouble { kind: *kind, line: format!("ERROR {kind:?}.").into() }).collect();
        Fact::Seen(Some(LogSeen {
            file: "/h/Logs/OctopusServer.txt".into(),
            since_start: starts > 0,
            starts,
            troubles,
            ..LogSeen::default()
        }))
    }

    #[test]
    fn each_known_trouble_has_a_remedy_of_its_own_and_quotes_its_line() {
        let mut fixes = std::collections::BTreeSet::new();
        for kind in KnownTrouble::ALL {
            let finding = warn(&log_verdict(seen(&[kind], 1)));
            assert!(finding.says.contains(&format!("ERROR {kind:?}")), "{finding:?}");
            assert!(fixes.insert(finding.fix.clone()), "{kind:?} has the fix of another kind");
        }
    }

    #[test]
    fn the_newest_trouble_comes_first_and_restarts_are_told_of() {
        let Verdict::Found(findings) = log_verdict(seen(&[KnownTrouble::LoginFailed, KnownTrouble::PathDenied], RESTARTS)) else {
            panic!("good")
        };
        assert_eq!(findings.len(), 3);
        assert!(findings[0].says.contains("PathDenied") && findings[2].says.contains("starts and stops"), "{findings:?}");
    }

    #[test]
    fn a_log_without_troubles_is_good_and_so_is_none() {
        assert!(evidence(&log_verdict(seen(&[], 1))).contains("since the last start"));
        assert!(evidence(&log_verdict(seen(&[], 0))).contains("in the newest part"));
        assert_eq!(log_verdict(Fact::Seen(None)), Verdict::DoesNotApply);
        assert!(unknown(&log_verdict(Fact::Missing(Trouble::Io("denied".into())))).contains("denied"));
    }

    fn ping_verdict(ping: Fact<Ping>, beat: Heartbeat) -> Verdict {
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
        assert!(evidence(&ping_verdict(status(200), Heartbeat::Never)).starts_with("200 from http"));
        assert_eq!(ping_verdict(status(418), Heartbeat::Never).severity(), Some(Severity::Note));
        assert!(warn(&ping_verdict(status(503), Heartbeat::Never)).says.contains("503"));
    }

    #[test]
    fn silence_weighs_what_the_heart_says() {
        let recent = Heartbeat::Ago(Duration::from_secs(2));
        for (trouble, why) in [
            (Trouble::Refused, "(connection refused)"),
            (Trouble::TimedOut { waited: Duration::from_secs(10) }, "says nothing within 10 s"),
            (Trouble::Io("what answers there is no web server".into()), "is no web server."),
        ] {
            let says = warn(&ping_verdict(Fact::Missing(trouble), recent)).says;
            assert!(says.contains("heart beats") && says.contains(why), "{says}");
        }
        for beat in [Heartbeat::Never, Heartbeat::Unreadable, Heartbeat::Ago(Duration::from_secs(301))] {
            assert_eq!(ping_verdict(Fact::Missing(Trouble::Refused), beat).severity(), Some(Severity::Note), "{beat:?}");
        }
    }
}
