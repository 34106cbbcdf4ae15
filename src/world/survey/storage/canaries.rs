//! The canaries in a folder. Whoever may write into the folder may have left anything here.

use std::ffi::OsStr;
use std::io::ErrorKind;
use std::path::Path;

use crate::model::canary::{self, Canary};
use crate::model::facts::{CanaryFile, Fact};
use crate::model::untrusted::Untrusted;
use crate::world::budget::io;
use crate::world::small_file;

/// No cluster has more nodes than this whose canaries matter; and nobody's rubbish is to be read for ever.
const MOST: usize = 1_000;

/// Reads them, by name. What is no canary (another form, no file, too large) is none.
pub(super) fn read(path: &Path) -> Fact<Vec<CanaryFile>> {
    let entries = match std::fs::read_dir(canary::folder(path)) {
        Ok(entries) => entries,
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => return Fact::Seen(Vec::new()),
        Err(error) => return Fact::Missing(io(&error)),
    };
    let is_named = |name: &OsStr| name.to_string_lossy().ends_with(canary::SUFFIX);
    let mut canaries = Vec::new();
    for entry in entries.flatten().filter(|entry| is_named(&entry.file_name())).take(MOST) {
        match small_file::read(&entry.path(), canary::MOST_BYTES) {
            Ok(bytes) => canaries.extend(String::from_utf8(bytes).ok().and_then(|text| Canary::parse(&text).ok()).map(told)),
            Err(error) if matches!(error.kind(), ErrorKind::InvalidInput | ErrorKind::FileTooLarge | ErrorKind::NotFound) => {}
            // One that cannot be read may be the one that matters.
            Err(error) => return Fact::Missing(io(&error)),
        }
    }
    canaries.sort_by(|one, other| one.node.cmp(&other.node));
    Fact::Seen(canaries)
}

fn told(Canary { cluster, node, token }: Canary) -> CanaryFile {
    CanaryFile { cluster, node: Untrusted::new(&node), token: Untrusted::new(&token) }
}
