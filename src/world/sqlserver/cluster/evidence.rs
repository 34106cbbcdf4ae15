//! By what a master key can be judged: what the database holds of it.

use crate::model::facts::Trouble;
use crate::model::key_evidence::KeyEvidence;
use crate::model::untrusted::Untrusted;
use crate::model::verifier::Verifier;
use crate::world::sqlserver::answer::Answer;

/// Reads the evidence, each part guarded by itself as in `survey.sql`. Without values, so that it fits behind any batch.
pub(super) const EVIDENCE_SQL: &str = include_str!("../sql/evidence.sql");

/// The evidence in an answer of [`EVIDENCE_SQL`].
///
/// # Errors
/// What the server said of the part: a verifier that may not be read is not an absent one.
pub(super) fn read(answer: &Answer) -> Result<KeyEvidence, Trouble> {
    let verifier = match answer.rows("key_verifier")?.first() {
        None => None,
        Some(row) => Some(row.bytes("verifier").and_then(Verifier::from_bytes).ok_or_else(unread)?),
    };
    Ok(KeyEvidence { verifier, values: Vec::new() })
}

fn unread() -> Trouble {
    Trouble::Io(Untrusted::new("The key's verifier in octopus_setup.cluster cannot be read."))
}
