//! `key-kept`.

use crate::model::finding::Verdict;

use super::Case;

/// Whether the key is kept stands neither in an answer nor in a fact but in `wizard::custody`, which a case does not
/// carry: it holds the key itself. [`State::verdicts`](crate::wizard::state::State::verdicts) puts
/// custody's verdict in place of this one.
pub fn judge(_case: &Case<'_>) -> Verdict {
    Verdict::NotYet
}
