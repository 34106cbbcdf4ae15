//! `octopus-log`.

use crate::catalog::form::read;
use crate::catalog::{commands, format};
use crate::model::check::CheckId;
use crate::model::facts::{Fact, KnownTrouble, LogSeen, LogTrouble};
use crate::model::field::FieldId;
use crate::model::finding::{Finding, Verdict};
use crate::model::quote;
use crate::model::survey::AccountKind;

use super::{Case, all, unknown};

/// So many starts in the part of the log that is read are no longer what an operator does.
const RESTARTS: usize = 5;

/// The newest part of the server's log has none of the known troubles; each has a remedy of its own. They are warnings: the
/// log tells of what was, and whether it still is so the other checks say.
pub fn judge(case: &Case<'_>) -> Verdict {
    let log = match &case.facts.health.log {
        Fact::Unknown => return case.pending(),
        Fact::Seen(None) => return Verdict::Good("Octopus Server has not written one here".to_owned()),
        Fact::Seen(Some(log)) => log,
        Fact::Missing(trouble) => return unknown(trouble),
    };
    // The newest first: it is the one that keeps the server from running now.
    let mut findings: Vec<Finding> = log.troubles.iter().rev().map(|trouble| one(trouble, case)).collect();
    if log.starts >= RESTARTS && !findings.is_empty() {
        findings.push(Finding::warn(
            CheckId::OctopusLog,
            format!("Octopus Server starts and stops: its log has {} starts in its newest part.", log.starts),
            "Fix what is named beside this first, then start the service again.",
        ));
    }
    all(findings, || good(log))
}

fn good(LogSeen { file, since_start, .. }: &LogSeen) -> String {
    let since = if *since_start { "since the last start" } else { "in the newest part" };
    format!("nothing known {since} of {file}")
}

fn one(LogTrouble { kind, line }: &LogTrouble, case: &Case<'_>) -> Finding {
    let (what, fix) = remedy(*kind);
    let finding = Finding::warn(CheckId::OctopusLog, format::sentence(&format!("{what}; the server's log says: {line}")), fix);
    match (kind, command(*kind, case)) {
        (_, Some(command)) => finding.command(command),
        (KnownTrouble::ColumnCollation, None) => finding.sql(
            "SELECT t.name, c.name, c.collation_name FROM sys.columns AS c JOIN sys.tables AS t ON t.object_id = c.object_id\n\
             WHERE t.is_ms_shipped = 0 AND c.collation_name <> CAST(DATABASEPROPERTYEX(DB_NAME(), 'Collation') AS nvarchar(128));",
        ),
        _ => finding,
    }
}

/// What a kind means for this node, and what to do.
const fn remedy(kind: KnownTrouble) -> (&'static str, &'static str) {
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
            "Give this node the master key anew; a config that was copied cannot bring it along.",
        ),
        KnownTrouble::LicenceExceeded => (
            "The cluster has more than its licence allows, and creates and deploys no more releases",
            "Remove dead nodes from the cluster, or get a licence that allows as many nodes as there are.",
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
    }
}

/// A command that mends it, or that shows more, where one line can.
fn command(kind: KnownTrouble, case: &Case<'_>) -> Option<String> {
    let instance = case.answers.trimmed(FieldId::Instance);
    let (platform, shell) = (case.platform(), case.shell());
    let server = |verb: &str| commands::server(platform, verb, instance);
    let port = crate::model::web::ListenPrefix::parse_all(case.answers.text(FieldId::ListenPrefixes))
        .ok()?
        .first()
        .map(|prefix| prefix.port)?;
    match kind {
        KnownTrouble::WrongKey | KnownTrouble::ForeignConfig => {
            // The key is not in it: what is copied from here may land anywhere.
            Some(format!("{} --masterKey {}", server("set-master-key"), shell.word("<master key>")))
        }
        KnownTrouble::NoClusterShared => {
            let root = if case.is_on_windows() { "\\\\files\\octopus" } else { "/mnt/octopus" };
            Some(format!("{} --clusterShared {root}", server("path")))
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::checks::tests::{case, evidence, judged_in, warn};
    use crate::catalog::samples;
    use crate::model::facts::{Facts, Trouble};
    use crate::model::flow::Flow;

    fn of(log: Fact<Option<LogSeen>>) -> Verdict {
        let mut facts: Facts = samples::facts_of_a_node();
        facts.health.log = log;
        let answers = samples::joining();
        judged_in(&Case { flow: Flow::Review, ..case(&answers, &facts) }, CheckId::OctopusLog)
    }

    fn seen(kinds: &[KnownTrouble], starts: usize) -> Fact<Option<LogSeen>> {
        let troubles = kinds.iter().map(|kind| LogTrouble { kind: *kind, line: format!("ERROR {kind:?}.").into() }).collect();
        Fact::Seen(Some(LogSeen { file: "/h/Logs/OctopusServer.txt".into(), since_start: starts > 0, starts, troubles }))
    }

    #[test]
    fn each_known_trouble_has_a_remedy_of_its_own_and_quotes_its_line() {
        let mut fixes = std::collections::BTreeSet::new();
        for kind in KnownTrouble::ALL {
            let finding = warn(&of(seen(&[kind], 1)));
            assert!(finding.says.contains(&format!("ERROR {kind:?}")), "{finding:?}");
            assert!(fixes.insert(finding.fix.clone()), "{kind:?} is mended as another one is");
        }
    }

    #[test]
    fn the_newest_trouble_comes_first_and_restarts_are_told_of() {
        let Verdict::Found(findings) = of(seen(&[KnownTrouble::LoginFailed, KnownTrouble::PathDenied], RESTARTS)) else {
            panic!("good")
        };
        assert_eq!(findings.len(), 3);
        assert!(findings[0].says.contains("PathDenied") && findings[2].says.contains("starts and stops"), "{findings:?}");
    }

    #[test]
    fn a_log_without_troubles_is_good_and_so_is_none() {
        assert!(evidence(&of(seen(&[], 1))).contains("since the last start"));
        assert!(evidence(&of(seen(&[], 0))).contains("in the newest part"));
        assert!(evidence(&of(Fact::Seen(None))).contains("has not written one"));
        assert!(evidence(&of(Fact::Missing(Trouble::Io("denied".into())))).contains("denied"));
    }
}
