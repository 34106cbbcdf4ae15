//! `key-kept`.

use crate::model::finding::Verdict;

use super::Case;

/// Never judged here: whether the key is kept stands neither in an answer nor in a fact, but is known to custody, which holds
/// the key itself. The state puts custody's verdict in place of this one.
pub fn judge(_case: &Case<'_>) -> Verdict {
    Verdict::NotYet
}
