//! Undoing them: what is on this machine goes; what is in the database is Octopus' own, and stays.

use std::path::PathBuf;
use std::sync::Arc;

use secrecy::SecretString;

use super::super::instance_lock::InstanceLock;
use super::instance::{self, Found};
use super::server::Server;
use crate::model::field::FieldId;
use crate::model::flow::Flow;
use crate::model::journal::Journal;
use crate::model::plan::{Failure, Progress, StepKind};
use crate::model::untrusted::Untrusted;
use crate::render::octopus::{OctopusCommand, delete_instance, take_service_away};

/// Takes a step back, as far as that can be; `password` is the database's, which no program's words may tell.
pub(in crate::world::apply) async fn undo(
    lock: &Arc<InstanceLock>,
    journal: &Journal,
    password: &SecretString,
    kind: StepKind,
    report: &mut (impl FnMut(Progress) + Send),
) -> Result<(), Failure> {
    let answer = |field: FieldId| journal.answers.get(field.id()).cloned().unwrap_or_default();
    let home = PathBuf::from(answer(FieldId::Home));
    match kind {
        StepKind::OctopusService => {
            let server = server(lock, journal, password)?;
            take_away(&server, journal, &home, kind, &take_service_away(&journal.instance), report).await.map(|_| ())
        }
        StepKind::OctopusInstance => {
            let server = server(lock, journal, password)?;
            if take_away(&server, journal, &home, kind, &delete_instance(&journal.instance), report).await? {
                lock.run_blocking(move |_| instance::remove_config(&home)).await?;
            }
            Ok(())
        }
        _ => {
            if let Some(says) = stays(kind, journal.flow, &answer(FieldId::Database)) {
                report(Progress::Said(kind, vec![Untrusted::new(&says)]));
            }
            Ok(())
        }
    }
}

/// Runs a command on the instance, unless there is none, or only one that is not this run's. `false` for the latter.
async fn take_away(
    server: &Server,
    journal: &Journal,
    home: &std::path::Path,
    kind: StepKind,
    command: &OctopusCommand,
    report: &mut (impl FnMut(Progress) + Send),
) -> Result<bool, Failure> {
    match instance::find(server, &journal.instance, home, None).await? {
        Found::Absent => Ok(true),
        Found::Elsewhere(_) | Found::OtherNode(_) => Ok(false),
        Found::Ours(_) => server.run(kind, command, report).await.map(|()| true),
    }
}

fn server(lock: &Arc<InstanceLock>, journal: &Journal, password: &SecretString) -> Result<Server, Failure> {
    match journal.answers.get(FieldId::OctopusServer.id()) {
        Some(program) => Ok(Server::without_secrets(lock, PathBuf::from(program), password)),
        None => Err(Failure::Defect("The journal does not name Octopus Server's program.".into())),
    }
}

/// What a step leaves behind.
fn stays(kind: StepKind, flow: Flow, database: &str) -> Option<String> {
    let what = match kind {
        StepKind::OctopusDatabase if flow == Flow::FirstNode => "Octopus' own tables",
        StepKind::OctopusAdmin => "The administrator",
        StepKind::OctopusLicence => "The licence",
        StepKind::OctopusPaths => "The paths of the shared folders",
        StepKind::AwaitBeat | StepKind::OctopusHold => "What Octopus Server has noted of this node",
        _ => return None,
    };
    let verb = if kind == StepKind::OctopusDatabase || kind == StepKind::OctopusPaths { "stay" } else { "stays" };
    Some(format!("{what} {verb} in database {database}: that is Octopus' own, and this program only reads it."))
}
