//! Undoing: what a run made goes, in reverse order, and nothing else.

use std::sync::Arc;

use super::database::ClusterDatabase;
use super::instance_lock::InstanceLock;
use super::run_journal::{RunJournal, touched};
use super::{cluster, config, home, key, octopus, row, storage};
use crate::model::cluster::ClusterId;
use crate::model::facts::Content;
use crate::model::field::FieldId;
use crate::model::plan::{Failure, Progress, StepKind, StepState};
use crate::model::target::SignIn;
use crate::model::target::Target;
use crate::world::places::Places;
use crate::world::toml_file::shown;

/// Undoes what the instance's unfinished run made, as its journal knows it; the target brings the password, which the
/// journal has not. A step that cannot be undone stops no other one, except those that must outlive it. `true` when
/// everything is undone and the journal is gone.
pub async fn undo<D: ClusterDatabase>(
    places: &Places,
    database: &D,
    instance: &str,
    target: &Target,
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

fn is_cluster(content: &Content, cluster: ClusterId) -> bool {
    matches!(content, Content::Cluster(seen) if seen.id == cluster)
}

struct Undoing<'a, D> {
    lock: Arc<InstanceLock>,
    journal: RunJournal,
    database: &'a D,
    target: &'a Target,
}

impl<'a, D: ClusterDatabase> Undoing<'a, D> {
    async fn open(places: &Places, database: &'a D, instance: &str, target: &'a Target) -> Result<Option<Self>, Failure> {
        let (lock, _) = InstanceLock::take(places, instance).await?;
        let journal = RunJournal::load(&lock, instance).await?;
        Ok(journal.map(|journal| Self { lock, journal, database, target }))
    }

    async fn run(mut self, report: &mut (impl FnMut(Progress) + Send)) -> bool {
        let mut whole = true;
        for kind in StepKind::ALL.into_iter().rev() {
            if !touched(self.journal.state(kind)) {
                continue;
            }
            report(Progress::Undoing(kind));
            let undone = match self.step(kind, report).await {
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

    async fn step(&self, kind: StepKind, report: &mut (impl FnMut(Progress) + Send)) -> Result<(), Failure> {
        let journal = &self.journal.journal;
        let home = self.journal.home();
        match kind {
            StepKind::ConnectOnce | StepKind::ProveAgain => Ok(()),
            StepKind::ShareStorage | StepKind::LeaveCanary => {
                self.is_the_same_database()?;
                storage::undo(self.database, self.target, journal.cluster, kind, self.journal.storage()?).await
            }
            // A service without its instance could not be taken away by its own program any more.
            StepKind::OctopusInstance if touched(self.journal.state(StepKind::OctopusService)) => {
                Err(Failure::Kept { what: format!("Octopus Server's instance {}", journal.instance).into() })
            }
            StepKind::OctopusInstance
            | StepKind::OctopusDatabase
            | StepKind::OctopusConfigure
            | StepKind::OctopusAdmin
            | StepKind::OctopusLicence
            | StepKind::OctopusPaths
            | StepKind::OctopusHold
            | StepKind::OctopusService
            | StepKind::AwaitPing
            | StepKind::AwaitBeat
            | StepKind::OctopusTaskCap => {
                let SignIn::SqlLogin { password, .. } = &self.target.sign_in;
                Box::pin(octopus::undo(&self.lock, journal, password, kind, report)).await
            }
            StepKind::RemoveNodeConfig => {
                let instance = journal.instance.clone();
                self.lock.run_blocking(move |places| config::undo_remove(places, &instance, &home)).await
            }
            StepKind::WriteNodeConfig => {
                let (instance, cluster) = (journal.instance.clone(), journal.cluster);
                self.lock.run_blocking(move |places| config::undo_write(places, &instance, &home, cluster)).await
            }
            StepKind::JoinCluster | StepKind::UpdateRow | StepKind::DrainNode | StepKind::RemoveRow | StepKind::RemoveNode => {
                self.is_the_same_database()?;
                row::take_back(self.database, self.target, &row::change(journal, kind)?).await
            }
            StepKind::AdoptCluster => {
                self.is_the_same_database()?;
                if touched(self.journal.state(StepKind::JoinCluster)) {
                    return Err(Failure::Kept { what: format!("the registry in database {}", self.target.database).into() });
                }
                cluster::undo_adopt(self.database, self.target, journal.cluster).await
            }
            StepKind::InitialiseCluster => {
                self.is_the_same_database()?;
                let undone = cluster::undo_initialise(self.database, self.target, journal.cluster).await;
                let began = journal.state(StepKind::OctopusDatabase) != StepState::Planned;
                match undone {
                    // Octopus Server has encrypted its own with the key by now; so the cluster stays, and its key with it.
                    Err(Failure::ContentChanged(content)) if began && is_cluster(&content, journal.cluster) => {
                        let (cluster, database) = (journal.cluster.short(), &self.target.database);
                        Err(Failure::Kept { what: format!("Cluster {cluster} in database {database}").into() })
                    }
                    undone => undone,
                }
            }
            StepKind::CreateDatabase => {
                self.is_the_same_database()?;
                if touched(self.journal.state(StepKind::InitialiseCluster)) {
                    return Err(Failure::Kept { what: format!("database {}", self.target.database).into() });
                }
                cluster::drop_database(self.database, self.target, journal.cluster).await
            }
            StepKind::SealMasterKey => {
                // The cluster's row may still be there: then this may be the only copy of its key.
                if touched(self.journal.state(StepKind::InitialiseCluster)) {
                    return Err(Failure::Kept { what: shown(&key::path(&home)) });
                }
                let (instance, cluster) = (journal.instance.clone(), journal.cluster);
                let owner = key::Owner { instance, home, cluster, fingerprint: journal.fingerprint };
                self.lock.run_blocking(move |places| key::undo(places, &owner)).await
            }
            StepKind::CreateHome => {
                let left = [StepKind::SealMasterKey, StepKind::WriteNodeConfig];
                if left.into_iter().any(|kind| touched(self.journal.state(kind))) {
                    return Err(Failure::Kept { what: shown(&home) });
                }
                let folders = journal.folders.clone();
                self.lock.run_blocking(move |_| home::remove(&folders)).await
            }
        }
    }

    /// Another database than the run's is none of its business, whatever is in it.
    fn is_the_same_database(&self) -> Result<(), Failure> {
        let answers = &self.journal.journal.answers;
        let is = |field: FieldId, text: &str| answers.get(field.id()).is_some_and(|answer| answer == text);
        if is(FieldId::Server, &self.target.address.to_string()) && is(FieldId::Database, self.target.database.as_str()) {
            Ok(())
        } else {
            Err(Failure::ReadBack { what: "the journal, which names another server or database".into() })
        }
    }
}
