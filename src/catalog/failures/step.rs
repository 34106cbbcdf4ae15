//! Failed steps, for the install screen.

use std::time::Duration;

use crate::catalog::{dba, format, steps};
use crate::model::facts::{Content, Trouble};
use crate::model::plan::{Failure, StepKind};
use crate::model::platform::Platform;
use crate::model::registry::KeptRow;
use crate::model::storage::SharedStorage;
use crate::model::target::{SignIn, Target};
use crate::model::untrusted::Untrusted;

use super::{Around, Explanation, octopus, of_trouble};

/// `CREATE DATABASE permission denied`, among others.
const PERMISSION_DENIED: u32 = 262;

/// What the keys of the install screen do about a failure that can pass.
pub(super) const RETRY: &str = "Retry runs the step again; what is done stays done.";

/// Words for a step that failed or could not be undone, of which it is not known what it was done to.
pub fn explain(kind: StepKind, failure: &Failure) -> Explanation {
    explain_around(kind, failure, &Around::NOTHING)
}

/// The same with the names of the server, the database and the login.
pub fn explain_at(kind: StepKind, failure: &Failure, target: &Target, platform: Platform) -> Explanation {
    let server = target.address.to_string();
    let SignIn::SqlLogin { user, .. } = &target.sign_in;
    let around = Around {
        server: &server,
        host: &target.address.host,
        login: user,
        database: target.database.as_str(),
        platform,
        ..Around::NOTHING
    };
    explain_around(kind, failure, &around)
}

fn explain_around(kind: StepKind, failure: &Failure, around: &Around<'_>) -> Explanation {
    match failure {
        Failure::Server(trouble) => server(kind, trouble, around),
        Failure::AlreadyInitialised(cluster) => Explanation::new(
            format!(
                "Meanwhile this database was given to cluster {}, by {} at {}; it has {} now. Nothing of it was changed.",
                cluster.id.short(),
                name(cluster.created_by.as_str(), "somebody else"),
                name(cluster.created.as_str(), "an unknown time"),
                format::count(cluster.node_count, "node")
            ),
            "Undo this run, then begin Add this server as a node with the same database and that cluster's master key; or choose \
             another database.",
        ),
        Failure::ContentChanged(content) => Explanation::new(
            format!("The database holds something else now than when it was checked: {}.", content_now(content)),
            "Undo this run, and check the database again before another one.",
        ),
        Failure::File { path, said } => Explanation::new(
            format!("{} {}: {}", steps::row(kind).file_failure, path, format::sentence(said.as_str())),
            format!("Fix what the operating system names: rights, room, or the folder above it. {RETRY}"),
        ),
        Failure::RowTaken(now) => row_taken(kind, now),
        Failure::RowGone { node } => Explanation::new(
            format!("The registry has no row of node {node} any more: somebody took it out."),
            "Undo this run, and look at the cluster again.",
        ),
        Failure::NodeAlive { node, beat } => alive(node, *beat),
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
        Failure::Octopus { ended, said, by_hand } => octopus::command(kind, *ended, said, by_hand),
        Failure::InstanceInTheWay { instance, config } => octopus::in_the_way(instance, config),
        Failure::NotAnswering { url, status, waited } => octopus::not_answering(url, *status, *waited),
        Failure::NoBeat { node, waited } => octopus::no_beat(node, *waited),
        Failure::StorageOtherwise(storage) => Explanation::new(
            format!("The registry says otherwise what the nodes share: {}.", shared(storage)),
            "Undo this run, and begin it again with what the registry says.",
        ),
        Failure::Kept { what } if kind == StepKind::InitialiseCluster => octopus::cluster_kept(what, around.database),
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

/// What is shared.
fn shared(storage: &SharedStorage) -> String {
    let paths: Vec<_> = storage.rows().into_iter().map(|(_, path)| path.display().to_string()).collect();
    if paths.is_empty() { "nothing".to_owned() } else { paths.join(", ") }
}

/// The server, or the way to it, in a step.
fn server(kind: StepKind, trouble: &Trouble, around: &Around<'_>) -> Explanation {
    let mut words = of_trouble(trouble, around);
    let absent = kind == StepKind::CreateDatabase && !around.database.is_empty();
    if absent && matches!(trouble, Trouble::Sql(said) if said.number == PERMISSION_DENIED) {
        // The user of a database that is not there cannot be given a role in it.
        words.fix = "Have a DBA run this, or give the login the right CREATE ANY DATABASE.".into();
        words = words.sql(dba::create_for(around.database, around.login));
    }
    Explanation { fix: format!("{} {RETRY}", words.fix), ..words }
}

/// A node that was dead when it was looked at, and is not any more.
fn alive(node: &Untrusted, beat: Option<Duration>) -> Explanation {
    match beat {
        Some(age) => Explanation::new(
            format!(
                "Node {node} has come back to life: Octopus saw it {} ago. Its row stays as it is.",
                format::span(age.as_secs())
            ),
            "Undo this run. If that machine is to go all the same, stop its Octopus Server and look at the cluster again after five \
             minutes; otherwise choose another name.",
        ),
        None => Explanation::new(
            format!(
                "Whether node {node} is dead nobody can tell any more: Octopus' own heart-beat of it cannot be read. Its row stays as \
                 it is."
            ),
            "Have a DBA let this login read dbo.OctopusServerNode again, then retry; or undo this run.",
        ),
    }
}

/// Whose the row is by now, and what that means for what was to be done to it.
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

fn name<'a>(known: &'a str, otherwise: &'a str) -> &'a str {
    if known.is_empty() { otherwise } else { known }
}

fn content_now(content: &Content) -> String {
    match content {
        Content::Empty => "nothing".into(),
        Content::RegistryOnly => "a registry without a cluster".into(),
        Content::Cluster(cluster) => format!("cluster {}", cluster.id.short()),
        Content::NewerRegistry { version } => format!("a registry of format {version}, which a newer octopus-setup made"),
        Content::Octopus { .. } => "a database that Octopus Server made".into(),
        Content::Foreign { tables, count } => format!("tables of somebody else ({})", format::list(tables, *count)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::samples;
    use crate::model::facts::{SqlTrouble, TlsTrouble};
    use crate::model::hand_over::CommandEnded;

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
            (Failure::RowTaken(Box::new(kept())), "it is web-old's now, last seen 2026-11-18"),
            (Failure::RowGone { node: "web-old".into() }, "no row of node web-old any more"),
            (
                Failure::NodeAlive { node: "web-old".into(), beat: Some(Duration::from_secs(7)) },
                "web-old has come back to life: Octopus saw it 7 s ago",
            ),
            (Failure::NodeAlive { node: "web-old".into(), beat: None }, "Whether node web-old is dead nobody can tell"),
            (Failure::WrongKey, "not this cluster's"),
            (Failure::KeyUnverified, "can confirm the master key any more"),
            (Failure::FileInTheWay { path: "/x".into() }, "is not overwritten"),
            (Failure::OtherRun { instance: "OctopusServer".into() }, "unfinished run of instance OctopusServer"),
            (Failure::ReadBack { what: "octopus-node.toml".into() }, "octopus-node.toml was read back"),
            (Failure::Busy { pid: Some(7) }, "process 7"),
            (Failure::Busy { pid: None }, "works on this instance"),
            (Failure::SealBroken { path: "/x".into() }, "cannot be opened"),
            (
                Failure::Octopus { ended: CommandEnded::Status(1), said: vec!["No way".into()], by_hand: "x".into() },
                "ended with status 1. It said: No way.",
            ),
            (
                Failure::Octopus { ended: CommandEnded::Signal(9), said: vec![], by_hand: "x".into() },
                "was ended by signal 9. It said nothing.",
            ),
            (
                Failure::Octopus { ended: CommandEnded::TimedOut(Duration::from_secs(120)), said: vec![], by_hand: "x".into() },
                "did not end within 2 min, and was killed",
            ),
            (
                Failure::Octopus { ended: CommandEnded::NotStarted, said: vec!["/x: gone".into()], by_hand: "x".into() },
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
                let words = explain(kind, &failure);
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
            explain_at(kind, &denied, &target, Platform::Linux).remedy.map(|remedy| remedy.text().to_owned()).unwrap_or_default()
        };
        assert!(sql(StepKind::CreateDatabase).starts_with("CREATE DATABASE [OctopusDeploy]"));
        assert_eq!(sql(StepKind::InitialiseCluster), "USE [OctopusDeploy];\nALTER ROLE db_owner ADD MEMBER [octopus];");
        let lost = explain_at(StepKind::ConnectOnce, &Failure::Server(Trouble::ConnectionLost), &target, Platform::Linux);
        assert!(lost.says.contains("sql01"), "{lost:?}");
    }

    #[test]
    fn a_row_that_is_not_to_be_entered_is_not_told_to_take_another_name() {
        for kind in [StepKind::UpdateRow, StepKind::DrainNode, StepKind::RemoveRow, StepKind::RemoveNode] {
            let words = explain(kind, &Failure::RowTaken(Box::new(kept())));
            assert!(words.says.contains("web-old") && !words.fix.contains("name where"), "{kind:?} {words:?}");
        }
        assert!(explain(StepKind::RemoveNode, &Failure::RowTaken(Box::new(kept()))).fix.contains("come back to life"));
        assert!(explain(StepKind::JoinCluster, &Failure::RowTaken(Box::new(kept()))).fix.contains("another name"));
    }

    #[test]
    fn who_lost_the_race_is_told_how_to_join() {
        let words = explain(StepKind::InitialiseCluster, &Failure::AlreadyInitialised(Box::new(samples::cluster())));
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
            assert!(explain(kind, &file).says.starts_with(words), "{kind:?}");
        }
    }
}
