//! What an unfinished run left, and the end of one.

use super::config;
use super::instance_lock::InstanceLock;
use super::key::{self, Owner};
use super::run_journal::{RunJournal, touched};
use crate::model::flow::Flow;
use crate::model::journal::Resumption;
use crate::model::plan::{Failure, StepKind, StepState};
use crate::world::places::Places;
use crate::world::toml_file::shown;

/// Loads an instance's unfinished run, with the key that it sealed. On a first node's run everything may hang on that key:
/// one that does not open is an error there, and so is one that is gone although a cluster may depend on it. A node that
/// joins, or is edited, has a cluster that keeps its key elsewhere: there the key is asked for once more.
pub async fn resume(places: &Places, instance: &str) -> Result<Resumption, Failure> {
    let (lock, _) = InstanceLock::take(places, instance).await?;
    let Some(run_journal) = RunJournal::load(&lock, instance).await? else {
        return Err(Failure::ReadBack { what: shown(&places.journal(instance)) });
    };
    let home = run_journal.home();
    let mut journal = run_journal.journal;
    if journal.flow == Flow::Leave && touched(journal.state(StepKind::RemoveNodeConfig)) {
        // Its password went with the config: a run that stopped between the last deed and its record needs no more than that.
        let (instance, at) = (journal.instance.clone(), home.clone());
        if lock.run_blocking(move |places| config::is_removed(places, &instance, &at)).await? {
            journal.mark(StepKind::RemoveNodeConfig, StepState::Done);
        }
    }
    let sealed_by_us = touched(journal.state(StepKind::SealMasterKey));
    let looked_for = match journal.flow {
        Flow::FirstNode | Flow::Join => sealed_by_us,
        Flow::Edit => true,
        Flow::Review | Flow::Leave | Flow::Remove => false,
    };
    if !looked_for {
        return Ok(Resumption { journal, key: None });
    }
    let owner = Owner { instance: journal.instance.clone(), home, cluster: journal.cluster, fingerprint: journal.fingerprint };
    let sealed = key::path(&owner.home);
    let key = match lock.run_blocking(move |places| key::find(places, &owner)).await {
        Err(Failure::SealBroken { .. }) if journal.flow != Flow::FirstNode => None,
        found => found?,
    };
    if key.is_none() && touched(journal.state(StepKind::InitialiseCluster)) {
        return Err(Failure::SealBroken { path: shown(&sealed) });
    }
    Ok(Resumption { journal, key })
}

/// Closes a run: its journal goes. For whoever knows that its steps are done and its key is kept.
pub async fn close(places: &Places, instance: &str) -> Result<(), Failure> {
    let (lock, _) = InstanceLock::take(places, instance).await?;
    match RunJournal::load(&lock, instance).await? {
        Some(run_journal) => run_journal.close().await,
        None => Ok(()),
    }
}
