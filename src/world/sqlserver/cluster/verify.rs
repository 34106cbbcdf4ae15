//! One more look, right before something depends on it.

use super::super::answer::run;
use super::super::attempts::{Attempts, Hitch};
use super::super::handle::{Place, SqlServer, fresh};
use super::super::{limits, read};
use super::evidence::{self, EVIDENCE_SQL};
use super::judged;
use crate::model::facts::{Content, Trouble};
use crate::model::key_verdict::{KeyVerdict, NoBasis};
use crate::model::master_key::MasterKey;
use crate::model::registry::Verified;
use crate::model::target::Target;

const CONTENT: &str = include_str!("../sql/content.sql");

impl SqlServer {
    /// What the database holds, and the key's verdict by it. Connects anew, by nothing but the target: what a survey
    /// saw minutes ago, on whatever server the name meant then, is no proof for what is written now. One round trip
    /// after the login.
    ///
    /// # Errors
    /// The way to the server, or an error of the server: then there is no verdict.
    pub async fn verify(&self, target: &Target, key: &MasterKey) -> Result<Verified, Trouble> {
        let mut attempts = Attempts::new();
        loop {
            match try_to_verify(target, key).await {
                Ok(verified) => return Ok(verified),
                Err(hitch) => attempts.again(hitch).await?,
            }
        }
    }
}

async fn try_to_verify(target: &Target, key: &MasterKey) -> Result<Verified, Hitch> {
    let mut link = fresh(target, Place::Database).await?;
    let batch = [CONTENT, EVIDENCE_SQL].concat();
    let answer = run(&mut link.session, &batch, &[], limits::READ).await.map_err(Hitch::Work)?;
    let content = read::content::read(&answer).map_err(Hitch::Work)?;
    let verdict = match evidence::read(&answer) {
        Ok(evidence) => judged(evidence, key).await.map_err(Hitch::Work)?,
        // Nothing is written there anyway, and the format is the better answer than a column that it has no more.
        Err(_) if matches!(content, Content::NewerRegistry { .. }) => KeyVerdict::Unverifiable(NoBasis::Nothing),
        Err(trouble) => return Err(Hitch::Work(trouble)),
    };
    Ok(Verified { content, verdict })
}
