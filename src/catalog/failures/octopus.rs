//! Octopus Server's own commands that failed, and its node that is not in.

use std::time::Duration;

use super::Explanation;
use super::step::RETRY;
use crate::catalog::{format, steps};
use crate::model::hand_over::CommandEnded;
use crate::model::identifier::quoted;
use crate::model::plan::StepKind;
use crate::model::untrusted::Untrusted;

/// A command that failed, in its own words, and how it is run by hand.
pub(super) fn command(kind: StepKind, ended: CommandEnded, said: &[Untrusted], by_hand: &Untrusted) -> Explanation {
    let verb = steps::row(kind).command.unwrap_or("service");
    let last = said.last().map(|line| format::sentence(line.as_str()));
    let says = match (ended, last) {
        (CommandEnded::NotStarted, Some(last)) => format!("Octopus Server's command {verb} could not be started: {last}"),
        (CommandEnded::NotStarted, None) => format!("Octopus Server's command {verb} could not be started."),
        (ended, last) => {
            let last = last.map_or_else(|| "It said nothing.".to_owned(), |last| format!("It said: {last}"));
            format!("Octopus Server's command {verb} {} {last}", how(ended))
        }
    };
    let fix = match ended {
        CommandEnded::NotStarted => "Put the program back where it was, or undo this run.".to_owned(),
        CommandEnded::TimedOut(_) => {
            "Look what it waits for: the database, a share, or another command of Octopus Server that runs.".to_owned()
        }
        CommandEnded::Status(_) | CommandEnded::Signal(_) => "Fix what it says.".to_owned(),
    };
    let fix = format!("{fix} This is the command; secrets are taken from the environment. {RETRY}");
    let words = Explanation::new(says, fix);
    if by_hand.is_empty() { words } else { words.command(by_hand.as_str()) }
}

/// How it ended: the end of a sentence.
fn how(ended: CommandEnded) -> String {
    match ended {
        CommandEnded::Status(status) => format!("ended with status {status}."),
        CommandEnded::Signal(signal) => format!("was ended by signal {signal}."),
        CommandEnded::TimedOut(after) => format!("did not end within {}, and was killed.", long(after)),
        CommandEnded::NotStarted => "could not be started.".to_owned(),
    }
}

/// A time that may be of seconds or of minutes.
fn long(time: Duration) -> String {
    if time < Duration::from_secs(120) { format::duration(time) } else { format::span(time.as_secs()) }
}

/// An instance that is there already, and otherwise than it is to be.
pub(super) fn in_the_way(instance: &Untrusted, config: &Untrusted) -> Explanation {
    Explanation::new(
        format!(
            "Octopus Server has an instance {instance} already, with the config {config}: that is not the one that this run is to make, \
             but of another home directory, node or database."
        ),
        format!("Choose another name for the instance; or, where nobody needs that one, run delete-instance for it. {RETRY}"),
    )
}

/// A node that is not in.
pub(super) fn not_answering(url: &Untrusted, status: Option<u16>, waited: Duration) -> Explanation {
    let within = long(waited);
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

/// A node whose heart the database has not seen.
pub(super) fn no_beat(node: &Untrusted, waited: Duration) -> Explanation {
    Explanation::new(
        format!("The database has not seen the heart of {node} beat within {}.", long(waited)),
        format!("Look at the server's own log, and whether it uses this database and this node's name. {RETRY}"),
    )
}

/// A cluster that stays because Octopus Server has begun to use it.
pub(super) fn cluster_kept(what: &Untrusted, database: &str) -> Explanation {
    let words = Explanation::new(
        format!(
            "{what} was left in place on purpose, and so is its master key: Octopus Server has made its tables beside it, and what \
             is encrypted in them depends on the key."
        ),
        "Where nobody needs what is in that database, drop it, and undo again; otherwise retry, or leave it as it is.",
    );
    if database.is_empty() { words } else { words.sql(format!("DROP DATABASE {};", quoted(database))) }
}
