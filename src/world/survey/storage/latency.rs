//! How long one small file takes.

use std::io::{self, Write};
use std::path::Path;
use std::time::{Duration, Instant};

use super::PROOF;
use crate::model::facts::{Fact, Trouble};
use crate::world::budget::io as trouble_of;
use crate::world::folder;

/// So many files are tried; the one in the middle counts.
const ROUNDS: usize = 5;
/// A page of a task log.
const PAGE: [u8; 4_096] = [b'\n'; 4_096];

/// The median of a few files: create, write, sync, delete.
pub(super) fn measured(path: &Path) -> Fact<Duration> {
    let Some(nearest) = folder::nearest(path) else { return Fact::Missing(Trouble::Unasked) };
    let mut took = Vec::with_capacity(ROUNDS);
    for _ in 0..ROUNDS {
        let begun = Instant::now();
        if let Err(error) = one(nearest) {
            return Fact::Missing(trouble_of(&error));
        }
        took.push(begun.elapsed());
    }
    took.sort();
    took.get(ROUNDS / 2).copied().map_or(Fact::Missing(Trouble::Unasked), Fact::Seen)
}

fn one(folder: &Path) -> io::Result<()> {
    let mut file = tempfile::Builder::new().prefix(PROOF).tempfile_in(folder)?;
    file.write_all(&PAGE)?;
    file.as_file().sync_all()?;
    file.close()
}
