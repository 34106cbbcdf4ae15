//! Checks a master key against what the database holds.

use super::evidence::{self, KEY_EVIDENCE};
use crate::model::facts::{Content, Trouble};
use crate::model::key_evidence::KeyEvidence;
use crate::model::key_verdict::{KeyVerdict, NoBasis};
use crate::model::master_key::MasterKey;
use crate::model::registry::Verified;
use crate::model::target::Target;
use crate::world::sqlserver::content::{self, CONTENT};
use crate::world::sqlserver::retry::{WorkError, retry};
use crate::world::sqlserver::server::{SessionDatabase, SqlServer, connect_anew};
use crate::world::sqlserver::{batch, limits};

impl SqlServer {
    /// Checks a master key. One round trip on the kept session.
    ///
    /// # Errors
    /// Of the connection or the server: then there is no verdict.
    pub async fn key_verdict(&self, target: &Target, key: &MasterKey) -> Result<KeyVerdict, Trouble> {
        let evidence = retry(|| async {
            let mut connection = self.connection(target, SessionDatabase::Own).await?;
            let reply = batch::run(&mut connection.session, KEY_EVIDENCE, &[], limits::READ).await?;
            self.keep(target, SessionDatabase::Own, connection);
            Ok::<_, WorkError>(evidence::read(&reply)?)
        });
        judge(evidence.await?, key).await
    }

    /// Reads what the database holds, and checks a master key. Connects anew, by nothing but the target: what a survey saw minutes
    /// ago, on whatever server the name meant then, does not prove anything for what is written now. One round trip after the
    /// login.
    ///
    /// # Errors
    /// Of the connection or the server: then there is no verdict.
    pub async fn verify_key(&self, target: &Target, key: &MasterKey) -> Result<Verified, Trouble> {
        let sql = [CONTENT, KEY_EVIDENCE].concat();
        retry(|| async {
            let mut connection = connect_anew(target, SessionDatabase::Own).await?;
            let reply = batch::run(&mut connection.session, &sql, &[], limits::READ).await?;
            let content = content::read(&reply)?;
            let verdict = match evidence::read(&reply) {
                Ok(evidence) => judge(evidence, key).await?,
                // Nothing is written into a newer registry anyway, and its format tells more than a column that it lacks.
                Err(_) if matches!(content, Content::NewerRegistry { .. }) => KeyVerdict::Unverifiable(NoBasis::Nothing),
                Err(trouble) => return Err(WorkError::Working(trouble)),
            };
            Ok(Verified { content, verdict })
        })
        .await
    }
}

/// Judges a key on a thread that may take its time: it is thousands of rounds of a hash.
async fn judge(evidence: KeyEvidence, key: &MasterKey) -> Result<KeyVerdict, Trouble> {
    let key = key.clone();
    let judged = tokio::task::spawn_blocking(move || evidence.judge(&key)).await;
    judged.map_err(|_| Trouble::Unasked)
}
