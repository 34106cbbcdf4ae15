//! `storage-space`.

use crate::catalog::format;
use crate::model::check::CheckId;
use crate::model::facts::{Fact, FolderFacts};
use crate::model::finding::{Finding, Verdict};

use super::{Case, alike, field_of, names, reached, weighed};

const CHECK: CheckId = CheckId::StorageSpace;
/// Packages of a small installation and a few months of task logs take more.
const ROOM: u64 = 1 << 30;
/// Below this not even one task's log and artifacts fit for sure.
const LEAST: u64 = 16 << 20;

/// There is room in each folder.
pub fn judge(case: &Case<'_>) -> Result<Verdict, Verdict> {
    let folders = reached(case)?;
    let free = |folder: &FolderFacts| folder.disk.seen().map(|disk| disk.free);
    let scarce = |folder: &FolderFacts| free(folder).filter(|free| *free < ROOM);
    let findings = alike(folders, scarce).into_iter().map(|(free, group)| {
        let (names, free_said) = (names(&group, folders.len()), format::size(free));
        let finding = if free < LEAST {
            Finding::stop(
                CHECK,
                format!("{names}: the disk is full; {free_said} are free."),
                "Make room there, or type a path on another share.",
            )
        } else {
            Finding::warn(
                CHECK,
                format!("{names}: only {free_said} are free; all nodes keep their packages, artifacts and logs there."),
                "Make room for at least 1 GiB, and for far more where packages are kept.",
            )
        };
        finding.about(field_of(case, &group))
    });
    let unknown = folders.iter().any(|folder| folder.disk.is_unknown());
    let told: Vec<u64> = folders.iter().filter_map(free).collect();
    Ok(weighed(case, unknown, findings.collect(), || match told.iter().min() {
        Some(least) if folders.iter().all(|folder| matches!(folder.disk, Fact::Seen(_))) => {
            format!("{} free", format::size(*least))
        }
        Some(least) => format!("{} free where it can be told", format::size(*least)),
        None => "cannot be told here".to_owned(),
    }))
}
