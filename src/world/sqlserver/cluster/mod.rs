//! The cluster in the database: its nodes, the evidence that a master key is judged by, and changes of its rows.

mod adopt;
mod beat;
mod change;
mod evidence;
pub(super) mod kept;
mod nodes;
mod survey;
mod unchange;
mod verify;

use super::attempts::Attempts;
use super::handle::SqlServer;
use crate::model::facts::Trouble;
use crate::model::key_evidence::KeyEvidence;
use crate::model::key_verdict::KeyVerdict;
use crate::model::master_key::MasterKey;
use crate::model::target::Target;

impl SqlServer {
    /// Judges a master key by what the database holds.
    ///
    /// # Errors
    /// The way to the server, or an error of the server: then there is no verdict.
    pub async fn key_verdict(&self, target: &Target, key: &MasterKey) -> Result<KeyVerdict, Trouble> {
        let mut attempts = Attempts::new();
        let evidence = loop {
            match self.key_evidence(target).await {
                Ok(evidence) => break evidence,
                Err(hitch) => attempts.again(hitch).await?,
            }
        };
        judged(evidence, key).await
    }
}

/// The verdict, found on a thread that may take its time: it is thousands of rounds of a hash.
async fn judged(evidence: KeyEvidence, key: &MasterKey) -> Result<KeyVerdict, Trouble> {
    let key = key.clone();
    let judged = tokio::task::spawn_blocking(move || evidence.judge(&key)).await;
    judged.map_err(|_| Trouble::Unasked)
}
