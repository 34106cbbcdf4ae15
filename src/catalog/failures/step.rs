//! Explains failed steps, for the install screen: this program's own, and Octopus Server's commands.

use std::time::Duration;

use super::{Explanation, ServerContext, explain_server_trouble, name_or};
use crate::catalog::dba::Reach;
use crate::catalog::{format, steps};
use crate::model::facts::{Content, ServerVersion, Trouble};
use crate::model::octopus::CommandFailure;
use crate::model::plan::{Failure, StepKind};
use crate::model::platform::Platform;
use crate::model::quote::{sql_literal, sql_name};
use crate::model::registry::{DropObstacle, KeptRow};
use crate::model::storage::SharedStorage;
use crate::model::target::{SignIn, Target};
use crate::model::untrusted::Untrusted;

/// `CREATE DATABASE permission denied`, among others.
const PERMISSION_DENIED: u32 = 262;

/// What the install screen offers for a failure that can pass.
const RETRY: &str = "Retry runs the step again; what is done stays done.";

/// Explains a step that failed or could not be undone, without the names of what it worked on.
pub fn explain_step(kind: StepKind, failure: &Failure) -> Explanation {
    explain_in(kind, failure, &ServerContext::UNKNOWN)
}

/// The same with the names of the server, the database and the login, and with scripts as the server takes them, as far as a survey
/// knows it.
pub fn explain_step_at(
    kind: StepKind,
    failure: &Failure,
    (target, version): (&Target, Option<&ServerVersion>),
    platform: Platform,
) -> Explanation {
    let server = target.address.to_string();
    let SignIn::SqlLogin { user, .. } = &target.sign_in;
    let context = ServerContext {
        server: &server,
        host: &target.address.host,
        login: user,
        database: target.database.as_str(),
        reach: Reach::new(version),
        platform,
        ..ServerContext::UNKNOWN
    };
    explain_in(kind, failure, &context)
}

fn explain_in(kind: StepKind, failure: &Failure, context: &ServerContext<'_>) -> Explanation {
    match failure {
        Failure::Server(trouble) => server_failure(kind, trouble, context),
        Failure::AlreadyInitialised(cluster) => Explanation::new(
            format!(
                "Another first node was faster: this database was given to cluster {}, by {} at {}; it has {} now. Nothing of it was \
                 changed, and what this run made is taken back.",
                cluster.id.short(),
                name_or(cluster.created_by.as_str(), "somebody else"),
                name_or(cluster.created.as_str(), "an unknown time"),
                format::count(cluster.node_count, "node")
            ),
            "Begin Add this server as a node with the same database and that cluster's master key; or choose another database.",
        ),
        Failure::ContentChanged(found) => Explanation::new(
            format!("The database holds something else now than when it was checked: {}.", describe_content(found)),
            "Undo this run, and check the database again before another one.",
        ),
        Failure::CaseSensitive { collation } => Explanation::new(
            format!(
                "The server gave {} the collation {collation}, which tells upper from lower case; Octopus does not start on it.",
                name_or(context.database, "the database")
            ),
            "Undo this run, and have a DBA create the database with a case-insensitive collation; or use another server.",
        ),
        Failure::DropRefused(obstacle) => drop_refused(obstacle, context),
        Failure::File { path, said } => Explanation::new(
            format!("{} {}: {}", steps::row(kind).file_failure, path, format::sentence(said.as_str())),
            format!("Fix what the operating system names: rights, room, or the folder above it. {RETRY}"),
        ),
        Failure::StateFile { path, said } => Explanation::new(
            format!("The wizard's own file {path} in its state directory could not be used: {}", format::sentence(said.as_str())),
            format!("Fix what the operating system names: rights, room, or the folder above it. {RETRY}"),
        ),
        Failure::RowTaken(now) => row_taken(kind, now),
        Failure::RowGone { node } => Explanation::new(
            format!("The registry has no row of node {node} any more: somebody took it out."),
            "Undo this run, and look at the cluster again.",
        ),
        Failure::NodeAlive { node, beat } => node_alive(node, *beat),
        Failure::WrongKey => Explanation::new(
            "The master key is not this cluster's. Nothing has been written.",
            "Undo this run, and go back to the cluster's screen for what it says of the key; the first node's operator has the cluster's own.",
        ),
        Failure::KeyUnverified => Explanation::new(
            "Nothing in the database can confirm the master key any more, and nobody has accepted that. Nothing has been written.",
            "Undo this run, and go back to the cluster's screen.",
        ),
        Failure::FileInTheWay { path } => Explanation::new(
            format!("There is a file {path} that this run did not write, and it is not overwritten."),
            format!("Move it away if nobody needs it. {RETRY}"),
        ),
        Failure::OtherRun { instance } => Explanation::new(
            format!(
                "There is an unfinished run of instance {instance}, and going on like this would lose sight of what it made."
            ),
            "Leave this run, start octopus-setup again, and continue that one or undo it first.",
        ),
        Failure::ReadBack { what } => Explanation::new(
            format!("{what} was read back and is not what was written."),
            "Look for a failing disk, or for another program that writes there; then retry, or undo.",
        ),
        Failure::Busy { pid } => Explanation::new(
            match pid {
                Some(pid) => format!("Another octopus-setup, process {pid}, works on this instance right now."),
                None => "Another octopus-setup works on this instance right now.".to_owned(),
            },
            format!("Let that one end first. {RETRY}"),
        ),
        Failure::SealBroken { path } => Explanation::new(
            format!("The sealed master key in {path} cannot be opened: it was sealed on another machine, or is damaged."),
            "Where the cluster is there already, take the master key from where you keep it and begin Add this server; otherwise undo \
             this run and begin anew.",
        ),
        Failure::Octopus { ended, said, by_hand } => command_failure(kind, *ended, said, by_hand),
        Failure::InstanceInTheWay { instance, config } => instance_taken(instance, config),
        Failure::NotAnswering { url, status, waited } => not_answering(url, *status, *waited),
        Failure::NoBeat { node, waited } => no_heartbeat(node, *waited),
        Failure::StorageOtherwise(storage) => Explanation::new(
            format!("The registry says otherwise what the nodes share: {}.", paths(storage)),
            "Undo this run, and begin it again with what the registry says.",
        ),
        Failure::Kept { what } if kind == StepKind::InitialiseCluster => cluster_kept(what, context.database),
        Failure::Kept { what } => Explanation::new(
            format!("{what} was left in place on purpose: something that could not be undone still needs it."),
            "Fix what stopped the other step's undoing, then undo again.",
        ),
        Failure::Cancelled => Explanation::new("Cancelled before this step was done.", RETRY),
        Failure::Defect(said) => Explanation::new(
            format!("A defect of this program: {}", format::sentence(said.as_str())),
            "What is done is in the journal, so the next start can go on or undo it; please report this with the words above.",
        ),
    }
}

fn paths(storage: &SharedStorage) -> String {
    let paths: Vec<_> = storage.rows().into_iter().map(|(_, path)| path.display().to_string()).collect();
    if paths.is_empty() { "nothing".to_owned() } else { paths.join(", ") }
}

/// Explains a failure of the server, or of the connection to it.
fn server_failure(kind: StepKind, trouble: &Trouble, context: &ServerContext<'_>) -> Explanation {
    let mut words = explain_server_trouble(trouble, context);
    let denied = kind == StepKind::CreateDatabase && matches!(trouble, Trouble::Sql(said) if said.number == PERMISSION_DENIED);
    if let Some(scripts) = context.scripts().filter(|_| denied) {
        // The user of a database that is not there cannot be given a role in it.
        words.fix = "Have a DBA run this, or give the login the right CREATE ANY DATABASE.".into();
        words = words.sql(scripts.create_database());
    }
    Explanation { fix: format!("{} {RETRY}", words.fix), ..words }
}

/// Explains that a node was dead when it was surveyed, and is not any more.
fn node_alive(node: &Untrusted, beat: Option<Duration>) -> Explanation {
    match beat {
        Some(age) => Explanation::new(
            format!(
                "Node {node} has come back to life: Octopus saw it {} ago. Its row stays as it is.",
                format::span(age.as_secs())
            ),
            "Undo this run. If that machine is to go anyway, stop its Octopus Server and look at the cluster again after five \
             minutes; otherwise choose another name.",
        ),
        None => Explanation::new(
            format!(
                "Whether node {node} is dead nobody can tell any more: Octopus' own heartbeat of it cannot be read. Its row stays as \
                 it is."
            ),
            "Have a DBA let this login read dbo.OctopusServerNode again, then retry; or undo this run.",
        ),
    }
}

/// Explains that a row of the registry is another machine's now.
fn row_taken(kind: StepKind, now: &KeptRow) -> Explanation {
    let [name, host, seen] = [&now.row.name, &now.row.host, &now.last_seen].map(|text| Untrusted::new(text));
    let now = format!("it is {host}'s now, last seen {seen}. Nothing of it was changed.");
    if kind == StepKind::JoinCluster {
        return Explanation::new(
            format!("Another machine has taken the name {name} in the meantime: {now}"),
            "Undo this run, look at the cluster again, and join under another name.",
        );
    }
    let fix = match kind {
        StepKind::RemoveNode => "Undo this run, and look at the cluster again: a node that has come back to life is not removed.",
        _ => {
            "Undo this run, and review this node again: perhaps another machine works under its name, or somebody else has changed it."
        }
    };
    Explanation::new(format!("The registry's row of node {name} stands otherwise than it was seen: {now}"), fix)
}

fn describe_content(content: &Content) -> String {
    match content {
        Content::Empty => "nothing".into(),
        Content::RegistryOnly => "a registry without a cluster".into(),
        Content::Cluster(cluster) => format!("cluster {}", cluster.id.short()),
        Content::NewerRegistry { version } => format!("a registry of format {version}, which a newer octopus-setup made"),
        Content::Octopus { .. } => "a database that Octopus Server made".into(),
        Content::Foreign { tables, count } => format!("tables of somebody else ({})", format::list(tables, *count)),
    }
}

/// Explains a command of Octopus Server's that failed: its last words, and how to run it by hand.
fn command_failure(kind: StepKind, ended: CommandFailure, said: &[Untrusted], by_hand: &Untrusted) -> Explanation {
    let verb = steps::row(kind).command.unwrap_or("service");
    let last = said.last().map(|line| format::sentence(line.as_str()));
    let says = match (ended, last) {
        (CommandFailure::NotStarted, Some(last)) => format!("Octopus Server's command {verb} could not be started: {last}"),
        (CommandFailure::NotStarted, None) => format!("Octopus Server's command {verb} could not be started."),
        (ended, last) => {
            let last = last.map_or_else(|| "It said nothing.".to_owned(), |last| format!("It said: {last}"));
            format!("Octopus Server's command {verb} {} {last}", ending(ended))
        }
    };
    let fix = match ended {
        CommandFailure::NotStarted => "Put the program back where it was, or undo this run.".to_owned(),
        CommandFailure::TimedOut(_) => {
            "Look what it waits for: the database, a share, or another command of Octopus Server that runs.".to_owned()
        }
        CommandFailure::Status(_) | CommandFailure::Signal(_) => "Fix what it says.".to_owned(),
    };
    let fix = format!("{fix} This is the command; secrets are taken from the environment. {RETRY}");
    let words = Explanation::new(says, fix);
    if by_hand.is_empty() { words } else { words.command(by_hand.as_str()) }
}

/// The end of a sentence.
fn ending(ended: CommandFailure) -> String {
    match ended {
        CommandFailure::Status(status) => format!("ended with status {status}."),
        CommandFailure::Signal(signal) => format!("was ended by signal {signal}."),
        CommandFailure::TimedOut(after) => format!("did not end within {}, and was killed.", long_duration(after)),
        CommandFailure::NotStarted => "could not be started.".to_owned(),
    }
}

fn long_duration(time: Duration) -> String {
    if time < Duration::from_secs(120) { format::duration(time) } else { format::span(time.as_secs()) }
}

/// Explains that Octopus Server has an instance of this name, for another home, node or database.
fn instance_taken(instance: &Untrusted, config: &Untrusted) -> Explanation {
    Explanation::new(
        format!(
            "Octopus Server has an instance {instance} already, with the config {config}: that is not the one that this run is to make, \
             but of another home directory, node or database."
        ),
        format!("Choose another name for the instance; or, where nobody needs that one, run delete-instance for it. {RETRY}"),
    )
}

fn not_answering(url: &Untrusted, status: Option<u16>, waited: Duration) -> Explanation {
    let within = long_duration(waited);
    match status {
        Some(418) => Explanation::new(
            format!("The node runs, and {url} says that it is draining (418), for {within} by now."),
            format!("End its draining on Octopus' page of nodes, or by the command node with --drain=false. {RETRY}"),
        ),
        Some(status) => Explanation::new(
            format!("{url} answered {status} and not 200 within {within}."),
            format!("Look at the server's own log, in the folder Logs of its home, for what is wrong. {RETRY}"),
        ),
        None => Explanation::new(
            format!("Nothing answered at {url} within {within}."),
            format!("Look at the server's own log, in the folder Logs of its home, for why it did not start. {RETRY}"),
        ),
    }
}

fn no_heartbeat(node: &Untrusted, waited: Duration) -> Explanation {
    Explanation::new(
        format!("The database has not seen the heart of {node} beat within {}.", long_duration(waited)),
        format!("Look at the server's own log, and whether it uses this database and this node's name. {RETRY}"),
    )
}

/// Explains why a database cannot be dropped, with the platform's own procedure.
fn drop_refused(obstacle: &DropObstacle, context: &ServerContext<'_>) -> Explanation {
    let database = context.database;
    let name = name_or(database, "the database");
    let (says, first) = match obstacle {
        DropObstacle::AmazonRds => {
            (format!("Amazon RDS keeps a copy of {name} in another zone, and drops it by a procedure of its own only."), None)
        }
        DropObstacle::AvailabilityGroup(Some(group)) => (
            format!("The server does not drop {name} while it is in availability group {group}."),
            Some(format!("ALTER AVAILABILITY GROUP {} REMOVE DATABASE {};\n", sql_name(group.as_str()), sql_name(database))),
        ),
        DropObstacle::AvailabilityGroup(None) => {
            (format!("The server does not drop {name} while it is in an availability group, which this login may not see."), None)
        }
        DropObstacle::Mirroring => (
            format!("The server does not drop {name} while it is mirrored."),
            Some(format!("ALTER DATABASE {} SET PARTNER OFF;\n", sql_name(database))),
        ),
        DropObstacle::Unseen => return database_unseen(context),
    };
    let drop = match obstacle {
        DropObstacle::AmazonRds => format!("EXEC msdb.dbo.rds_drop_database {};", sql_literal(database)),
        _ => format!("DROP DATABASE {};", sql_name(database)),
    };
    let fix = match obstacle {
        DropObstacle::AvailabilityGroup(None) => "Have a DBA take it out of its group and drop it, then undo again.",
        _ => "Have a DBA run this, then undo again.",
    };
    let words = Explanation::new(says, fix);
    let is_complete = !database.is_empty() && *obstacle != DropObstacle::AvailabilityGroup(None);
    if is_complete { words.sql(first.unwrap_or_default() + &drop) } else { words }
}

/// Explains that undo cannot tell whether the database still exists.
fn database_unseen(context: &ServerContext<'_>) -> Explanation {
    let words = Explanation::new(
        format!(
            "Cannot tell whether {} still exists: {} cannot open it, and may not see which databases the server has. Nothing was \
             dropped.",
            name_or(context.database, "the database"),
            name_or(context.login, "the login"),
        ),
        "Have a DBA look whether it is there, and give the login the right VIEW ANY DATABASE, then undo again.",
    );
    if context.database.is_empty() || context.login.is_empty() {
        return words;
    }
    words.sql(format!(
        "SELECT name FROM sys.databases WHERE name = {};\nGRANT VIEW ANY DATABASE TO {};",
        sql_literal(context.database),
        sql_name(context.login)
    ))
}

/// Explains why undo keeps a cluster that Octopus Server has begun to use.
fn cluster_kept(what: &Untrusted, database: &str) -> Explanation {
    let words = Explanation::new(
        format!(
            "{what} was left in place on purpose, and so is its master key: Octopus Server has made its tables beside it, and what \
             is encrypted in them depends on the key."
        ),
        "Where nobody needs what is in that database, drop it, and undo again; otherwise retry, or leave it as it is.",
    );
    if database.is_empty() { words } else { words.sql(format!("DROP DATABASE {};", sql_name(database))) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::samples;
    use crate::model::facts::{SqlTrouble, TlsTrouble};

    fn failures() -> Vec<(Failure, &'static str)> {
        let sql = |number| Trouble::Sql(SqlTrouble { number, state: 1, class: 16, text: "no".into() });
        vec![
            (Failure::Server(sql(262)), "lacks a right"),
            (Failure::Server(sql(33_557_097)), "error 33557097"),
            (Failure::Server(Trouble::ConnectionLost), "ended in the middle"),
            (Failure::Server(Trouble::Tls(TlsTrouble::OtherFingerprint)), "another certificate"),
            (
                Failure::AlreadyInitialised(Box::new(samples::cluster())),
                "cluster 7f3a-91c2, by web01 at 2026-11-18 12:04:05Z; it has 1 node",
            ),
            (Failure::ContentChanged(Box::new(Content::Empty)), "nothing"),
            (Failure::ContentChanged(Box::new(Content::RegistryOnly)), "without a cluster"),
            (Failure::ContentChanged(Box::new(Content::Cluster(samples::cluster()))), "cluster 7f3a-91c2"),
            (Failure::ContentChanged(Box::new(Content::NewerRegistry { version: 2 })), "format 2"),
            (Failure::ContentChanged(Box::new(Content::Octopus { version: None, nodes: vec![] })), "Octopus Server made"),
            (Failure::ContentChanged(Box::new(Content::Foreign { tables: vec!["dbo.X".into()], count: 4 })), "dbo.X and 3 more"),
            (Failure::File { path: "/x".into(), said: "Permission denied".into() }, "/x: Permission denied."),
            (
                Failure::StateFile { path: "/s/locks/a.lock".into(), said: "No space left".into() },
                "own file /s/locks/a.lock in its state directory could not be used: No space left.",
            ),
            (Failure::RowTaken(Box::new(kept())), "it is web-old's now, last seen 2026-11-18"),
            (Failure::RowGone { node: "web-old".into() }, "no row of node web-old any more"),
            (
                Failure::NodeAlive { node: "web-old".into(), beat: Some(Duration::from_secs(7)) },
                "web-old has come back to life: Octopus saw it 7 s ago",
            ),
            (Failure::NodeAlive { node: "web-old".into(), beat: None }, "Whether node web-old is dead nobody can tell"),
            (
                Failure::CaseSensitive { collation: "Latin1_General_CS_AS".into() },
                "the collation Latin1_General_CS_AS, which tells",
            ),
            (Failure::DropRefused(DropObstacle::AmazonRds), "Amazon RDS keeps a copy"),
            (Failure::DropRefused(DropObstacle::AvailabilityGroup(Some("ag1".into()))), "in availability group ag1"),
            (Failure::DropRefused(DropObstacle::AvailabilityGroup(None)), "which this login may not see"),
            (Failure::DropRefused(DropObstacle::Mirroring), "while it is mirrored"),
            (Failure::DropRefused(DropObstacle::Unseen), "Cannot tell whether the database still exists"),
            (Failure::WrongKey, "not this cluster's"),
            (Failure::KeyUnverified, "can confirm the master key any more"),
            (Failure::FileInTheWay { path: "/x".into() }, "is not overwritten"),
            (Failure::OtherRun { instance: "OctopusServer".into() }, "unfinished run of instance OctopusServer"),
            (Failure::ReadBack { what: "octopus-node.toml".into() }, "octopus-node.toml was read back"),
            (Failure::Busy { pid: Some(7) }, "process 7"),
            (Failure::Busy { pid: None }, "works on this instance"),
            (Failure::SealBroken { path: "/x".into() }, "cannot be opened"),
            (
                Failure::Octopus { ended: CommandFailure::Status(1), said: vec!["No way".into()], by_hand: "x".into() },
                "ended with status 1. It said: No way.",
            ),
            (
                Failure::Octopus { ended: CommandFailure::Signal(9), said: vec![], by_hand: "x".into() },
                "was ended by signal 9. It said nothing.",
            ),
            (
                Failure::Octopus { ended: CommandFailure::TimedOut(Duration::from_secs(120)), said: vec![], by_hand: "x".into() },
                "did not end within 2 min, and was killed",
            ),
            (
                Failure::Octopus { ended: CommandFailure::NotStarted, said: vec!["/x: gone".into()], by_hand: "x".into() },
                "could not be started: /x: gone.",
            ),
            (Failure::InstanceInTheWay { instance: "A".into(), config: "/x".into() }, "instance A already"),
            (
                Failure::NotAnswering { url: "http://x/".into(), status: None, waited: Duration::from_secs(300) },
                "Nothing answered at http://x/",
            ),
            (
                Failure::NotAnswering { url: "http://x/".into(), status: Some(418), waited: Duration::from_secs(300) },
                "says that it is draining",
            ),
            (
                Failure::NotAnswering { url: "http://x/".into(), status: Some(503), waited: Duration::from_secs(300) },
                "answered 503 and not 200",
            ),
            (Failure::NoBeat { node: "web01".into(), waited: Duration::from_secs(180) }, "heart of web01"),
            (Failure::Kept { what: "/x".into() }, "on purpose"),
            (Failure::Cancelled, "Cancelled"),
            (Failure::Defect("index out of bounds".into()), "index out of bounds."),
        ]
    }

    fn kept() -> crate::model::registry::KeptRow {
        samples::dead_node("web-old").row.expect("a row")
    }

    #[test]
    fn every_failure_of_every_step_says_what_happened_and_what_to_do() {
        for kind in StepKind::ALL {
            for (failure, part) in failures() {
                let words = explain_step(kind, &failure);
                assert!(words.says.contains(part), "{kind:?} {failure:?}: {words:?}");
                let bad = |text: &str| text.contains("  ") || text.contains("{key:") || !text.ends_with('.');
                assert!(!bad(&words.says) && !bad(&words.fix), "{kind:?} {failure:?}: {words:?}");
            }
        }
    }

    #[test]
    fn a_step_in_a_known_place_names_it_and_shows_the_sql() {
        let target = crate::catalog::form::read::target(&samples::answers()).expect("a target");
        let denied = Failure::Server(Trouble::Sql(SqlTrouble { number: 262, state: 1, class: 14, text: "no".into() }));
        let sql = |kind| {
            explain_step_at(kind, &denied, (&target, None), Platform::Linux)
                .remedy
                .map(|remedy| remedy.text().to_owned())
                .unwrap_or_default()
        };
        assert!(sql(StepKind::CreateDatabase).starts_with("CREATE DATABASE [OctopusDeploy]"));
        assert_eq!(sql(StepKind::InitialiseCluster), "USE [OctopusDeploy];\nALTER ROLE db_owner ADD MEMBER [octopus];");
        let lost =
            explain_step_at(StepKind::ConnectOnce, &Failure::Server(Trouble::ConnectionLost), (&target, None), Platform::Linux);
        assert!(lost.says.contains("sql01"), "{lost:?}");
    }

    #[test]
    fn azure_sql_is_given_no_use() {
        let target = crate::catalog::form::read::target(&samples::answers()).expect("a target");
        let mut version = samples::facts().server.version.seen().cloned().expect("a version");
        version.product = Some(crate::model::facts::Product::AzureSqlDatabase);
        let denied = Failure::Server(Trouble::Sql(SqlTrouble { number: 262, state: 1, class: 14, text: "no".into() }));
        for kind in [StepKind::CreateDatabase, StepKind::InitialiseCluster] {
            let words = explain_step_at(kind, &denied, (&target, Some(&version)), Platform::Linux);
            let script = words.remedy.map(|remedy| remedy.text().to_owned()).unwrap_or_default();
            assert!(script.starts_with("-- Run this connected to ") && !script.contains("USE ["), "{script}");
        }
    }

    #[test]
    fn each_platform_drops_a_copied_database_by_its_own_procedure() {
        let target = crate::catalog::form::read::target(&samples::answers()).expect("a target");
        let sql = |obstacle| {
            explain_step_at(StepKind::CreateDatabase, &Failure::DropRefused(obstacle), (&target, None), Platform::Linux)
                .remedy
                .map(|remedy| remedy.text().to_owned())
        };
        let drop = "DROP DATABASE [OctopusDeploy];";
        assert_eq!(sql(DropObstacle::AmazonRds).as_deref(), Some("EXEC msdb.dbo.rds_drop_database N'OctopusDeploy';"));
        let leave = "ALTER AVAILABILITY GROUP [a]]g] REMOVE DATABASE [OctopusDeploy];";
        assert_eq!(sql(DropObstacle::AvailabilityGroup(Some("a]g".into()))), Some(format!("{leave}\n{drop}")));
        assert_eq!(sql(DropObstacle::AvailabilityGroup(None)), None);
        assert_eq!(sql(DropObstacle::Mirroring), Some(format!("ALTER DATABASE [OctopusDeploy] SET PARTNER OFF;\n{drop}")));
    }

    #[test]
    fn a_row_that_is_not_to_be_entered_is_not_told_to_take_another_name() {
        for kind in [StepKind::UpdateRow, StepKind::DrainNode, StepKind::RemoveRow, StepKind::RemoveNode] {
            let words = explain_step(kind, &Failure::RowTaken(Box::new(kept())));
            assert!(words.says.contains("web-old") && !words.fix.contains("name where"), "{kind:?} {words:?}");
        }
        assert!(explain_step(StepKind::RemoveNode, &Failure::RowTaken(Box::new(kept()))).fix.contains("come back to life"));
        assert!(explain_step(StepKind::JoinCluster, &Failure::RowTaken(Box::new(kept()))).fix.contains("another name"));
    }

    #[test]
    fn who_lost_the_race_is_told_how_to_join() {
        let words = explain_step(StepKind::InitialiseCluster, &Failure::AlreadyInitialised(Box::new(samples::cluster())));
        assert!(words.fix.contains("Add this server as a node") && words.fix.contains("master key"));
    }

    #[test]
    fn a_file_is_told_with_what_was_done_to_it() {
        let file = Failure::File { path: "/x".into(), said: "no".into() };
        for (kind, words) in [
            (StepKind::CreateHome, "The home directory"),
            (StepKind::SealMasterKey, "The sealed master key"),
            (StepKind::WriteNodeConfig, "The node config"),
            (StepKind::RemoveNodeConfig, "The node config"),
            (StepKind::JoinCluster, "The run's own record"),
        ] {
            assert!(explain_step(kind, &file).says.starts_with(words), "{kind:?}");
        }
    }
}
