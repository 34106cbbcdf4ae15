//! What an unfinished run left, and the end of one.

use super::key::{self, Owner};
use super::ledger::{Ledger, touched};
use super::site::Site;
use crate::model::plan::{Failure, StepKind};
use crate::wizard::custody::Resumption;
use crate::world::places::Places;
use crate::world::toml_file::shown;

/// Loads an instance's unfinished run. A sealed key that does not open is an error, and so is one that is gone although
/// a cluster may depend on it.
pub async fn resume(places: &Places, instance: &str) -> Result<Resumption, Failure> {
    let site = Site::take(places, instance).await?;
    let Some(ledger) = Ledger::load(&site, instance).await? else {
        return Err(Failure::ReadBack { what: shown(&places.journal(instance)) });
    };
    let home = ledger.home();
    let journal = ledger.journal;
    if !touched(journal.state(StepKind::SealMasterKey)) {
        return Ok(Resumption { journal, key: None });
    }
    let owner = Owner { instance: journal.instance.clone(), home, cluster: journal.cluster, fingerprint: journal.fingerprint };
    let sealed = key::path(&owner.home);
    let key = site.off(move |places| key::find(places, &owner)).await?;
    if key.is_none() && touched(journal.state(StepKind::InitialiseCluster)) {
        return Err(Failure::SealBroken { path: shown(&sealed) });
    }
    Ok(Resumption { journal, key })
}

/// Closes a run: its journal goes. For whoever knows that its steps are done and its key is kept.
pub async fn close(places: &Places, instance: &str) -> Result<(), Failure> {
    let site = Site::take(places, instance).await?;
    match Ledger::load(&site, instance).await? {
        Some(ledger) => ledger.close().await,
        None => Ok(()),
    }
}
