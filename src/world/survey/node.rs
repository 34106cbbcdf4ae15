//! A node under review: its config, its seals, its backups, and what Octopus Server keeps beside it.

use crate::model::facts::{Fact, NodeFacts, Trouble};
use crate::model::subject::Subject;
use crate::world::places::Places;

/// Looks at everything that this machine's files say of an instance.
pub async fn node(_places: &Places, _subject: &Subject) -> NodeFacts {
    NodeFacts { config: Fact::Missing(Trouble::Unasked), ..NodeFacts::default() }
}
