//! `storage-latency`.

use std::time::Duration;

use crate::catalog::format;
use crate::model::check::CheckId;
use crate::model::facts::{FolderFacts, Trouble};
use crate::model::finding::{Finding, Verdict};

use super::{Case, field_of, names, reached, weighed};

const CHECK: CheckId = CheckId::StorageLatency;
/// A share in the same building needs a hundredth of it. A busy disk that is synced may take some of it for a while, and is
/// nothing to be warned of.
const SLOW: Duration = Duration::from_millis(500);

/// Each folder answers quickly.
pub fn judge(case: &Case<'_>) -> Result<Verdict, Verdict> {
    let folders = reached(case)?;
    let slow: Vec<&FolderFacts> =
        folders.iter().filter(|folder| folder.latency.seen().is_some_and(|took| *took >= SLOW)).collect();
    let hanging: Vec<&FolderFacts> =
        folders.iter().filter(|folder| matches!(folder.latency.trouble(), Some(Trouble::TimedOut { .. }))).collect();
    let slowest = |group: &[&FolderFacts]| group.iter().filter_map(|folder| folder.latency.seen()).max().copied();
    let mut findings = Vec::new();
    if let Some(took) = slowest(&slow) {
        findings.push((
            &slow,
            format!("one small file takes {}: to be created, written, synced and deleted.", format::duration(took)),
        ));
    }
    if !hanging.is_empty() {
        findings.push((&hanging, "a few small files were not written within the time that they were given.".to_owned()));
    }
    let findings = findings.into_iter().map(|(group, says)| {
        let says = format!("{}: {says}", names(group, folders.len()));
        Finding::warn(CHECK, says, "Look at the share and the network to it: every line of a task's log goes there.")
            .about(field_of(case, group))
    });
    let unknown = folders.iter().any(|folder| folder.latency.is_unknown());
    Ok(weighed(case, unknown, findings.collect(), || match folders.iter().filter_map(|folder| folder.latency.seen()).max() {
        Some(took) => format!("{} for a small file", format::duration(*took)),
        None => "cannot be told here".to_owned(),
    }))
}
