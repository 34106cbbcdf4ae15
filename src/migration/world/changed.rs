//! The last look at the sources: what was written there after its own copy was made, or came while others were copied.

use std::collections::HashSet;
use std::path::PathBuf;
use std::sync::Arc;

use super::Migration;
use super::destination::at;
use super::manifest::Lines;
use super::walk::walk;
use super::watch::Watch;
use crate::migration::model::{Odd, Outcome, Trouble, key};

/// Fails for each file of the sources of which the manifest does not say that it was copied as it is now. Without this, a server
/// that was not stopped would lose what it wrote in the meantime, and nobody would know.
pub(super) fn since(
    migration: &Migration,
    copied: &Lines,
    untouched: &HashSet<(usize, PathBuf)>,
    watch: &Arc<Watch>,
    outcome: &mut Outcome,
) {
    let pulse = watch.pulse();
    let tree = walk(&migration.sources, watch, &pulse);
    watch.forget(&pulse);
    if watch.stopped() {
        // The walk ended early, and what it did not see is not known to be the same.
        outcome.open += 1;
        return;
    }
    for left in tree.left_out {
        let known = untouched.contains(&(left.source, left.path.clone()));
        if let (Odd::Unreadable(said), Some(source), false) = (left.why, migration.sources.get(left.source), known) {
            outcome.fail(at(&source.from, &left.path), Trouble::Refused { doing: "looking at it once more", said });
        }
    }
    for item in tree.files {
        let Some(source) = migration.sources.get(item.source) else { continue };
        let is_copied = copied.get(&key(source.folder, &item.path)).is_some_and(|record| record.stamp == item.stamp);
        let from = at(&source.from, &item.path);
        if !is_copied && !untouched.contains(&(item.source, item.path)) {
            outcome.fail(from, Trouble::Changed);
        }
    }
}
