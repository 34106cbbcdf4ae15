//! The steps: how each is done and undone. A new one gets its arm in [`deed`].

use std::pin::Pin;

use super::database::ClusterDatabase;
use super::unfinished::Undoing;
use super::{Run, cluster, files, octopus, storage};
use crate::catalog::steps;
use crate::model::field::FieldId;
use crate::model::master_key::MasterKey;
use crate::model::plan::{Failure, Progress, StepKind, StepState};
use crate::model::secret::Secret;
use crate::model::target::Target;

/// Takes the reports of a run.
pub(super) type Report<'a> = &'a mut (dyn FnMut(Progress) + Send);
type Work<'a, T> = Pin<Box<dyn Future<Output = Result<T, Failure>> + Send + 'a>>;

/// How a step is done and undone.
pub(super) struct Deed<D> {
    /// Does the step, unless an earlier start did, and verifies it.
    pub(super) act: for<'a> fn(StepRun<'a, D>) -> Work<'a, StepState>,
    /// Takes back what the step did, and nothing else.
    pub(super) undo: for<'a> fn(StepUndo<'a, D>) -> Work<'a, ()>,
}

/// A step that is to be done, with what it is given.
pub(super) struct StepRun<'a, D> {
    pub(super) run: &'a Run<'a, D>,
    pub(super) kind: StepKind,
    /// Where it stood before this start.
    pub(super) earlier: StepState,
    pub(super) report: Report<'a>,
}

/// A step that is to be undone, with what it is given.
pub(super) struct StepUndo<'a, D> {
    pub(super) run: &'a Undoing<'a, D>,
    pub(super) kind: StepKind,
    pub(super) report: Report<'a>,
}

macro_rules! deed {
    ($act:path, $undo:path $(, $left:literal)?) => {
        Deed { act: |step| Box::pin($act(step)), undo: |step| Box::pin($undo(step $(, $left)?)) }
    };
}

pub(super) fn deed<D: ClusterDatabase>(kind: StepKind) -> Deed<D> {
    match kind {
        StepKind::ProveAgain => deed!(cluster::prove_again, nothing),
        StepKind::CreateHome => deed!(files::create_home, files::undo_create_home),
        StepKind::SealMasterKey => deed!(files::seal_key, files::undo_seal_key),
        StepKind::CreateDatabase => deed!(cluster::create_database, cluster::undo_create_database),
        StepKind::InitialiseCluster => deed!(cluster::initialise, cluster::undo_initialise),
        StepKind::AdoptCluster => deed!(cluster::adopt, cluster::undo_adopt),
        StepKind::JoinCluster | StepKind::RemoveNode => deed!(cluster::change_dead_row, cluster::undo_row),
        StepKind::UpdateRow | StepKind::RemoveRow => deed!(cluster::change_row, cluster::undo_row),
        StepKind::DrainNode => deed!(cluster::drain, cluster::undo_row),
        StepKind::ShareStorage | StepKind::LeaveCanary => deed!(storage::act, storage::undo),
        StepKind::WriteNodeConfig => deed!(files::write_config, files::undo_write_config),
        StepKind::RemoveNodeConfig => deed!(files::remove_config, files::undo_remove_config),
        StepKind::ConnectOnce => deed!(cluster::connect, nothing),
        StepKind::OctopusInstance => deed!(octopus::register, octopus::undo_register),
        StepKind::OctopusDatabase => deed!(octopus::set_database, octopus::leave_tables),
        StepKind::OctopusConfigure => deed!(octopus::configure, nothing),
        StepKind::OctopusAdmin => deed!(octopus::configure, octopus::leave, "The administrator stays"),
        StepKind::OctopusLicence => deed!(octopus::configure, octopus::leave, "The licence stays"),
        StepKind::OctopusPaths => deed!(octopus::configure, octopus::leave, "The paths of the shared folders stay"),
        StepKind::OctopusHold => deed!(octopus::configure, octopus::leave, "What Octopus Server has noted of this node stays"),
        StepKind::OctopusService => deed!(octopus::install_service, octopus::undo_install_service),
        StepKind::AwaitPing => deed!(octopus::await_ping, nothing),
        StepKind::AwaitBeat => deed!(octopus::await_beat, octopus::leave, "What Octopus Server has noted of this node stays"),
        StepKind::OctopusTaskCap => deed!(octopus::set_task_cap, nothing),
    }
}

/// Undoes a step that leaves nothing of its own.
async fn nothing<D>(_: StepUndo<'_, D>) -> Result<(), Failure> {
    Ok(())
}

impl<'a, D> StepRun<'a, D> {
    /// Returns the database, with the password to it.
    pub(super) fn target(&self) -> Result<&'a Target, Failure> {
        self.needs(Secret::Password).map(|()| &self.run.plan.node.target)
    }

    pub(super) fn key(&self) -> Result<&'a MasterKey, Failure> {
        self.needs(Secret::MasterKey)?;
        self.run.key.ok_or_else(|| Failure::Defect("The plan came without its master key.".into()))
    }

    /// Refuses to hand over a secret that is not in the step's row.
    fn needs(&self, secret: Secret) -> Result<(), Failure> {
        if steps::need([self.kind], secret) {
            return Ok(());
        }
        Err(Failure::Defect(format!("{} is not for the step {}.", secret.noun(), self.kind.id()).into()))
    }

    /// Returns whether what the step makes was there before the run: then it was not marked as begun.
    pub(super) fn was_there(&self) -> bool {
        self.run.journal.state(self.kind) != StepState::Begun && self.earlier != StepState::Done
    }
}

impl<'a, D> StepUndo<'a, D> {
    /// Returns the database that was given. Fails if none was, since a journal has no password.
    pub(super) fn given_target(&self) -> Result<&'a Target, Failure> {
        let missing = || Failure::ReadBack { what: "the password of the database login, which is needed to undo this".into() };
        self.run.target.ok_or_else(missing)
    }

    /// Returns the database, with the password to it. Fails if it is another one than the run's, which must stay as it is.
    pub(super) fn target(&self) -> Result<&'a Target, Failure> {
        let (answers, target) = (&self.run.journal.journal.answers, self.given_target()?);
        let is = |field: FieldId, text: &str| answers.get(field.id()).is_some_and(|answer| answer == text);
        if is(FieldId::Server, &target.address.to_string()) && is(FieldId::Database, target.database.as_str()) {
            Ok(target)
        } else {
            Err(Failure::ReadBack { what: "the journal, which names another server or database".into() })
        }
    }
}
