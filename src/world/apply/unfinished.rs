//! What becomes of an unfinished run: it is gone on with, undone, or closed.

use std::path::Path;
use std::sync::Arc;

use super::database::ClusterDatabase;
use super::deeds::{Report, StepUndo, deed};
use super::files;
use super::instance_lock::{InstanceLock, state_file};
use super::run_journal::RunJournal;
use crate::catalog::steps;
use crate::model::answers::Raw;
use crate::model::field::FieldId;
use crate::model::flow::Flow;
use crate::model::journal::{Journal, Resumption};
use crate::model::names::instance_key;
use crate::model::node_config::{NodeConfig, SealedSignIn};
use crate::model::plan::{Failure, Progress, StepKind, StepState};
use crate::model::secret::{Secret, SecretString};
use crate::model::target::Target;
use crate::world::journals;
use crate::world::node_config;
use crate::world::places::Places;
use crate::world::seal::Sealer;
use crate::world::toml_file::shown;

/// Loads an instance's unfinished run, with the key that it sealed. On a first node's run everything may depend on that key:
/// one that does not open is an error there, and so is one that is gone although a cluster may depend on it. A node that
/// joins, or is edited, has a cluster that keeps its key elsewhere: there the key is asked for once more.
pub async fn resume(places: &Places, instance: &str) -> Result<Resumption, Failure> {
    let (lock, _) = InstanceLock::take(places, instance).await?;
    let Some(mut run) = RunJournal::load(&lock, instance).await? else {
        return Err(Failure::ReadBack { what: shown(&places.journal(instance)) });
    };
    let owner = run.owner();
    if run.journal.flow == Flow::Leave && run.is_begun_or_done(StepKind::RemoveNodeConfig) {
        // Its password went with the config: a run that stopped between the last step and its record needs no more than that.
        let (home, owner) = (owner.home.clone(), owner.clone());
        if lock.run_in_home(&home, move |places, folder| files::is_config_removed(places, folder, &owner)).await? {
            run.journal.mark(StepKind::RemoveNodeConfig, StepState::Done);
        }
    }
    let journal = run.journal.clone();
    let passwords = lock.run_blocking(move |places| Ok(sealed_passwords(places, &journal))).await?;
    // Its own, or that of a node that is there.
    let may_be_sealed = run.is_begun_or_done(StepKind::SealMasterKey) || run.journal.flow == Flow::Edit;
    if !may_be_sealed || !steps::need(run.journal.steps.iter().map(|step| step.kind), Secret::MasterKey) {
        return Ok(Resumption { journal: run.journal, key: None, passwords });
    }
    let sealed = files::key_path(&owner.home);
    let home = owner.home.clone();
    let key = match lock.run_in_home(&home, move |places, folder| files::find_key(places, folder, &owner)).await {
        Err(Failure::SealBroken { .. }) if run.journal.flow != Flow::FirstNode => None,
        found => found?,
    };
    if key.is_none() && run.is_begun_or_done(StepKind::InitialiseCluster) {
        return Err(Failure::SealBroken { path: shown(&sealed) });
    }
    Ok(Resumption { journal: run.journal, key, passwords })
}

/// Returns the passwords that the run needs and that its node config has sealed, so that nobody is asked for them again. Until an edit
/// has written the config, only those count that it leaves as they are.
fn sealed_passwords(places: &Places, journal: &Journal) -> Vec<(FieldId, Raw)> {
    let written = journal.state(StepKind::WriteNodeConfig);
    let is_edited = journal.flow == Flow::Edit && written != StepState::Done;
    let found = if is_edited {
        instance_config(places, journal)
    } else if written.is_begun_or_done() {
        own_config(places, journal)
    } else {
        None
    };
    let Some((config, sealer)) = found else { return Vec::new() };
    let database = node_config::database_password(&config, &sealer).ok().map(|secret| (FieldId::Password, secret));
    let service = node_config::service_password(&config, &sealer).ok().flatten().map(|secret| (FieldId::ServicePassword, secret));
    let passwords = database.into_iter().chain(service);
    let counts = |(field, _): &(FieldId, _)| !is_edited || journal.kept_passwords.contains(field);
    passwords.filter(counts).map(|(field, secret)| (field, Raw::Secret(secret))).collect()
}

/// Returns the database login's password that the run's node config has sealed; `None` where there is none for the server and login
/// that the run was begun with.
pub fn sealed_password(places: &Places, journal: &Journal) -> Option<SecretString> {
    let (config, sealer) = own_config(places, journal)?;
    node_config::database_password(&config, &sealer).ok()
}

/// Returns the node config of the run's instance, as long as it is about the server and login that the run was begun with.
fn own_config(places: &Places, journal: &Journal) -> Option<(NodeConfig, Sealer)> {
    instance_config(places, journal).filter(|(config, _)| {
        let SealedSignIn::SqlLogin { user, .. } = &config.database.sign_in;
        config.database.server == answer(journal, FieldId::Server) && user == answer(journal, FieldId::User)
    })
}

/// Returns the node config of the run's instance.
fn instance_config(places: &Places, journal: &Journal) -> Option<(NodeConfig, Sealer)> {
    let config = node_config::read(Path::new(answer(journal, FieldId::Home))).ok()?;
    let same = instance_key(&config.instance) == instance_key(&journal.instance);
    if same { Some((config, Sealer::open(places).ok()?)) } else { None }
}

/// Returns an answer of the run; empty where there is none.
fn answer(journal: &Journal, field: FieldId) -> &str {
    journal.answers.get(field.id()).map(String::as_str).unwrap_or_default()
}

/// Closes a run: its journal goes. Call it once its steps are done and its key is kept.
pub async fn close(places: &Places, instance: &str) -> Result<(), Failure> {
    let (lock, _) = InstanceLock::take(places, instance).await?;
    match RunJournal::load(&lock, instance).await? {
        Some(run_journal) => run_journal.close().await,
        None => Ok(()),
    }
}

/// Removes the copies beside a journal that is gone: a run that was killed while it closed leaves them.
pub async fn remove_copies(places: &Places, instance: &str) -> Result<(), Failure> {
    let (lock, _) = InstanceLock::take(places, instance).await?;
    if RunJournal::load(&lock, instance).await?.is_some() {
        return Ok(());
    }
    let instance = instance.to_owned();
    let copies =
        move |places: &Places| journals::forget_copies(places, &instance).map_err(state_file(&places.journal(&instance)));
    lock.run_blocking(copies).await
}

/// Undoes what the instance's unfinished run made, as its journal knows it, in reverse order, and nothing else; the target
/// brings the password, which the journal has not. A step that cannot be undone stops no other one, except those that must
/// outlive it. `true` when everything is undone and the journal is gone.
pub async fn undo<D: ClusterDatabase>(
    places: &Places,
    database: &D,
    instance: &str,
    target: Option<&Target>,
    mut report: impl FnMut(Progress) + Send,
) -> bool {
    let whole = match Undoing::open(places, database, instance, target).await {
        Ok(Some(undoing)) => undoing.run(&mut report).await,
        // Nothing was begun.
        Ok(None) => true,
        // The journal is no step of its own, and what flow it is of may be unknown: this one's words fit it.
        Err(failure) => {
            report(Progress::UndoFailed(StepKind::ProveAgain, failure));
            false
        }
    };
    report(Progress::UndoEnded(whole));
    whole
}

/// A run that is being undone.
pub(super) struct Undoing<'a, D> {
    pub(super) lock: Arc<InstanceLock>,
    pub(super) journal: RunJournal,
    pub(super) database: &'a D,
    pub(super) target: Option<&'a Target>,
}

impl<'a, D: ClusterDatabase> Undoing<'a, D> {
    async fn open(places: &Places, database: &'a D, instance: &str, target: Option<&'a Target>) -> Result<Option<Self>, Failure> {
        let (lock, _) = InstanceLock::take(places, instance).await?;
        let journal = RunJournal::load(&lock, instance).await?;
        Ok(journal.map(|journal| Self { lock, journal, database, target }))
    }

    pub(super) async fn run(mut self, report: Report<'_>) -> bool {
        let mut whole = true;
        for kind in StepKind::ALL.into_iter().rev() {
            if !self.journal.is_begun_or_done(kind) {
                continue;
            }
            report(Progress::Undoing(kind));
            let undone = match (deed(kind).undo)(StepUndo { run: &self, kind, report: &mut *report }).await {
                Ok(()) => self.journal.mark(kind, StepState::Undone).await,
                Err(failure) => Err(failure),
            };
            report(match undone {
                Ok(()) => Progress::Undone(kind),
                Err(failure) => {
                    whole = false;
                    Progress::UndoFailed(kind, failure)
                }
            });
        }
        if whole && let Err(failure) = self.journal.close().await {
            report(Progress::UndoFailed(StepKind::ProveAgain, failure));
            whole = false;
        }
        whole
    }
}
