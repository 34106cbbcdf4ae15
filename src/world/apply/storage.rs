//! The shared storage steps: create the missing folders, enter the folders into the registry, and write this node's
//! canaries.
//!
//! A share may hang, and a call into it cannot be interrupted. So each call has a time limit and a thread of its own,
//! and does not hold the instance's lock: undo must be possible after giving up on a dead share. Whatever a late call
//! may still do is in the journal. The folders' owner is not changed, because octopus-setup cannot know which account
//! and group Octopus Server uses on every node.

use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::Run;
use super::database::ClusterDatabase;
use super::deeds::{StepRun, StepUndo};
use super::instance_lock::file;
use crate::catalog::steps::{self, StepTarget as Changes};
use crate::model::cluster::ClusterId;
use crate::model::facts::{Content, Trouble};
use crate::model::journal::StorageRecord;
use crate::model::plan::{Failure, StepKind, StepState};
use crate::model::registry::{CanaryRow, RegisterOutcome, StorageRows};
use crate::model::storage::{Canary, SharedFolder};
use crate::model::target::Target;
use crate::world::atomic_write::{Existing, atomic_write_for_others, remove, sync_folder};
use crate::world::toml_file::shown;
use crate::world::{budget, folder, host, random, small_file};

/// The time limit of one file operation on the storage. Shares on another continent answer faster, but one that is
/// failing over may take this long.
const BUDGET: Duration = Duration::from_secs(20);

/// Decides what is written to the journal before a step begins: which folders it creates, and with which tokens.
/// Entries of an earlier start stay, because it may have created them already.
pub(super) async fn agree(kind: StepKind, record: &mut StorageRecord) -> Result<(), Failure> {
    let mut wanted: Vec<PathBuf> = record.storage.folders().into_iter().map(|(_, path)| path).collect();
    if let Some(relative) = wanted.iter().find(|path| !path.is_absolute()) {
        let said = "It is no absolute path to this system.".into();
        return Err(Failure::File { path: shown(relative), said });
    }
    if kind == StepKind::LeaveCanary {
        wanted = wanted.iter().map(|path| Canary::folder_in(path)).collect();
        choose_tokens(record)?;
    }
    for path in wanted {
        let missing = on_share(&path, BUDGET, {
            let path = path.clone();
            // No canary folder is created if the shared folder is gone, for example because the share was just unmounted.
            move || match kind {
                StepKind::LeaveCanary if path.parent().is_some_and(|shared| !shared.is_dir()) => Ok(Vec::new()),
                _ => Ok(folder::missing(&path)),
            }
        })
        .await?;
        record.made.extend(missing.into_iter().filter(|missing| !record.made.contains(missing)).collect::<Vec<_>>());
    }
    Ok(())
}

/// Chooses the random tokens of canaries that have none yet.
fn choose_tokens(record: &mut StorageRecord) -> Result<(), Failure> {
    for (folder, _) in record.storage.folders() {
        if record.canaries.iter().all(|canary| canary.folder != folder) {
            let bytes = random::bytes().map_err(|error| Failure::Defect(error.to_string().into()))?;
            record.canaries.push(CanaryRow { node: record.node.clone(), folder, token: Canary::encode_token(bytes) });
        }
    }
    Ok(())
}

/// Does and verifies the file part of a step as recorded. Does not write to the registry, because a first node has none
/// yet.
async fn leave_files(cluster: ClusterId, kind: StepKind, record: &StorageRecord) -> Result<StepState, Failure> {
    make_folders(kind, record).await?;
    if kind == StepKind::LeaveCanary {
        for (path, canary) in canaries(cluster, record) {
            on_share(&path, BUDGET, {
                let path = path.clone();
                move || leave_canary(&path, &canary)
            })
            .await?;
        }
    }
    Ok(StepState::Done)
}

/// Does and verifies a step as recorded. A first node's storage is entered into the registry when the cluster is
/// created.
pub(super) async fn act(step: StepRun<'_, impl ClusterDatabase>) -> Result<StepState, Failure> {
    let Run { database, plan, journal, .. } = step.run;
    if plan.has(StepKind::ShareStorage) {
        return leave_files(plan.cluster, step.kind, journal.storage()?).await;
    }
    leave_and_register(*database, step.target()?, plan.cluster, step.kind, journal.storage()?).await
}

async fn leave_and_register(
    database: &impl ClusterDatabase,
    target: &Target,
    cluster: ClusterId,
    kind: StepKind,
    record: &StorageRecord,
) -> Result<StepState, Failure> {
    leave_files(cluster, kind, record).await?;
    register(database, target, &rows(cluster, kind, record)).await
}

/// Shares the storage of a node that is in its cluster already: a single node whose files were moved. May be run twice:
/// the second run uses the same tokens. Anything that differs from the record is a failure and is left alone.
///
/// # Errors
/// The step that failed, and why.
pub async fn share(
    database: &impl ClusterDatabase,
    target: &Target,
    cluster: ClusterId,
    mut record: StorageRecord,
) -> Result<(), (StepKind, Failure)> {
    for kind in steps::kinds_on(Changes::Storage) {
        let failed = |failure| (kind, failure);
        agree(kind, &mut record).await.map_err(failed)?;
        leave_and_register(database, target, cluster, kind, &record).await.map_err(failed)?;
    }
    Ok(())
}

/// Writes the storage of a cluster that an earlier start created to the registry again: an undo that kept the cluster
/// may have removed it.
pub(super) async fn tell_again(
    database: &impl ClusterDatabase,
    target: &Target,
    cluster: ClusterId,
    record: &StorageRecord,
) -> Result<StepState, Failure> {
    let rows = StorageRows { canaries: record.canaries.clone(), ..rows(cluster, StepKind::ShareStorage, record) };
    match register(database, target, &rows).await {
        // The cluster belongs to this run and was seen a moment ago, so this must not be reported as if there were
        // none.
        Err(Failure::ContentChanged(_)) => {
            Err(Failure::ReadBack { what: format!("the row of node {} in the registry", record.node).into() })
        }
        told => told,
    }
}

async fn register(database: &impl ClusterDatabase, target: &Target, rows: &StorageRows) -> Result<StepState, Failure> {
    match database.register(target, rows).await.map_err(Failure::Server)? {
        RegisterOutcome::Made => Ok(StepState::Done),
        RegisterOutcome::Otherwise(storage) => Err(Failure::StorageOtherwise(storage)),
        RegisterOutcome::NotThere(content) => Err(Failure::ContentChanged(Box::new(content))),
    }
}

pub(super) async fn undo(step: StepUndo<'_, impl ClusterDatabase>) -> Result<(), Failure> {
    let (target, journal) = (step.target()?, &step.run.journal);
    take_back(step.run.database, target, journal.journal.cluster, step.kind, journal.storage()?).await
}

/// Undoes a step. The registry comes first, because a token there without its file blocks every join, while a file
/// without its token blocks none. Whatever is gone already counts as undone.
pub(super) async fn take_back(
    database: &impl ClusterDatabase,
    target: &Target,
    cluster: ClusterId,
    kind: StepKind,
    record: &StorageRecord,
) -> Result<(), Failure> {
    // A first node's tokens were written with the cluster.
    let told = StorageRows { canaries: record.canaries.clone(), ..rows(cluster, kind, record) };
    match database.unregister(target, &told).await.map_err(Failure::Server)? {
        // Other nodes rely on the folders by now.
        RegisterOutcome::Otherwise(storage) if storage == record.storage => return Ok(()),
        RegisterOutcome::Made | RegisterOutcome::Otherwise(_) => {}
        RegisterOutcome::NotThere(content) => match &content {
            Content::Cluster(seen) if seen.id == cluster => return Err(Failure::ContentChanged(Box::new(content))),
            Content::NewerRegistry { .. } => return Err(Failure::ContentChanged(Box::new(content))),
            _ => {}
        },
    }
    if kind == StepKind::LeaveCanary {
        for (path, canary) in canaries(cluster, record) {
            on_share(&path, BUDGET, {
                let path = path.clone();
                move || take_canary(&path, &canary)
            })
            .await?;
        }
    }
    let ours = record.made.iter().filter(|path| kind == StepKind::ShareStorage || is_of_canaries(path));
    for path in ours.rev() {
        on_share(path, BUDGET, {
            let path = path.clone();
            move || remove_empty(&path)
        })
        .await?;
    }
    Ok(())
}

/// Returns the rows for the registry.
fn rows(cluster: ClusterId, kind: StepKind, record: &StorageRecord) -> StorageRows {
    let sets = kind == StepKind::ShareStorage;
    StorageRows {
        cluster,
        node: record.node.clone(),
        host: host::name(),
        storage: record.storage.clone(),
        sets,
        canaries: if sets { Vec::new() } else { record.canaries.clone() },
    }
}

/// Returns the path and contents of each canary.
fn canaries(cluster: ClusterId, record: &StorageRecord) -> Vec<(PathBuf, Canary)> {
    let token = |folder: SharedFolder| record.canaries.iter().find(|canary| canary.folder == folder);
    let folders = record.storage.folders().into_iter();
    folders
        .filter_map(|(folder, path)| {
            let CanaryRow { node, token, .. } = token(folder)?.clone();
            Some((Canary::path_in(&path, &node), Canary { cluster, node, token }))
        })
        .collect()
}

/// Creates the recorded folders durably and checks that all exist. The umask decides their mode, because only the
/// operator knows who else writes there.
async fn make_folders(kind: StepKind, record: &StorageRecord) -> Result<(), Failure> {
    let ours = record.made.iter().filter(|path| is_of_canaries(path) == (kind == StepKind::LeaveCanary));
    for path in ours {
        on_share(path, BUDGET, {
            let path = path.clone();
            move || make_folder(&path)
        })
        .await?;
    }
    for (_, path) in record.storage.folders() {
        on_share(&path, BUDGET, {
            let path = path.clone();
            move || match std::fs::metadata(&path) {
                Ok(seen) if seen.is_dir() => Ok(()),
                Ok(_) => Err(Failure::FileInTheWay { path: shown(&path) }),
                Err(error) => Err(file(&path)(error)),
            }
        })
        .await?;
    }
    Ok(())
}

fn is_of_canaries(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name == Canary::FOLDER)
}

fn make_folder(path: &Path) -> Result<(), Failure> {
    match std::fs::create_dir(path) {
        Ok(()) => match path.parent() {
            Some(parent) => synced(parent),
            None => Ok(()),
        },
        // Created by an earlier start, or by another node at the same moment.
        Err(error) if error.kind() == ErrorKind::AlreadyExists && path.is_dir() => Ok(()),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Err(Failure::FileInTheWay { path: shown(path) }),
        Err(error) => Err(file(path)(error)),
    }
}

/// Syncs the parent folder. Permission denied is not an error, because the parent may allow entering but not reading.
fn synced(parent: &Path) -> Result<(), Failure> {
    match sync_folder(parent) {
        Err(error) if error.kind() == ErrorKind::PermissionDenied => Ok(()),
        synced => synced.map_err(file(parent)),
    }
}

/// Writes a canary, unless it exists, and reads it back. Replaces one of the same cluster and node name: it was left by
/// the dead node that this run replaces or by a node that has left, and this run owns that name's row now. Anything
/// else in its place belongs to somebody else and is a failure.
fn leave_canary(path: &Path, own: &Canary) -> Result<(), Failure> {
    let same_name =
        |other: &Canary| other.cluster == own.cluster && Canary::file_name(&other.node) == Canary::file_name(&own.node);
    match read_canary(path)? {
        CanaryFile::Absent => {}
        CanaryFile::Canary(found) if found == *own => return path.parent().map_or(Ok(()), synced),
        CanaryFile::Canary(found) if same_name(&found) => {}
        CanaryFile::Canary(_) | CanaryFile::Other => return Err(Failure::FileInTheWay { path: shown(path) }),
    }
    atomic_write_for_others(path, own.text().as_bytes(), Existing::Replace).map_err(file(path))?;
    match read_canary(path)? {
        CanaryFile::Canary(found) if found == *own => Ok(()),
        _ => Err(Failure::ReadBack { what: shown(path) }),
    }
}

/// Removes a canary only if it has exactly this token; any other canary or file stays.
fn take_canary(path: &Path, own: &Canary) -> Result<(), Failure> {
    match read_canary(path)? {
        // Even if the canary does not exist, an interrupted write may have left its temporary file.
        CanaryFile::Absent => remove(path).map_err(file(path)),
        CanaryFile::Canary(found) if found == *own => remove(path).map_err(file(path)),
        CanaryFile::Canary(_) | CanaryFile::Other => Ok(()),
    }
}

/// What is at a canary's path.
enum CanaryFile {
    Absent,
    Canary(Canary),
    Other,
}

fn read_canary(path: &Path) -> Result<CanaryFile, Failure> {
    match small_file::read(path, Canary::MOST_BYTES) {
        Ok(bytes) => {
            let parsed = std::str::from_utf8(&bytes).ok().and_then(|text| Canary::parse(text).ok());
            Ok(parsed.map_or(CanaryFile::Other, CanaryFile::Canary))
        }
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(CanaryFile::Absent),
        Err(error) if matches!(error.kind(), ErrorKind::InvalidInput | ErrorKind::FileTooLarge) => Ok(CanaryFile::Other),
        Err(error) => Err(file(path)(error)),
    }
}

/// Removes a folder only if it is empty; what somebody else put there is theirs.
fn remove_empty(path: &Path) -> Result<(), Failure> {
    match std::fs::remove_dir(path) {
        Ok(()) => path.parent().map_or(Ok(()), synced),
        Err(error) if is_in_use(&error) => Ok(()),
        Err(error) => Err(file(path)(error)),
    }
}

/// Returns whether the folder is gone, not empty, or replaced by something else. Then this run leaves it alone.
fn is_in_use(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::NotFound | ErrorKind::DirectoryNotEmpty | ErrorKind::NotADirectory | ErrorKind::ResourceBusy
    )
}

/// Runs one file operation on the storage within a time limit.
async fn on_share<T: Send + 'static>(
    path: &Path,
    limit: Duration,
    work: impl FnOnce() -> Result<T, Failure> + Send + 'static,
) -> Result<T, Failure> {
    match budget::within(limit, work).await {
        Ok(done) => done,
        Err(Trouble::TimedOut { waited }) => {
            let said = format!("The storage gave no answer within {} s.", waited.as_secs());
            Err(Failure::File { path: shown(path), said: said.into() })
        }
        Err(_) => Err(Failure::Defect("A file operation ended without an answer.".into())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn own() -> Canary {
        Canary { cluster: ClusterId([9; 16]), node: "web01".into(), token: Canary::encode_token([1; 16]) }
    }

    #[tokio::test]
    async fn a_share_that_hangs_costs_its_budget_and_says_so() {
        let (_open, wait) = std::sync::mpsc::channel::<()>();
        let ended = on_share(Path::new("/mnt/octopus"), Duration::from_millis(1), move || {
            let _ = wait.recv();
            Ok(())
        })
        .await;
        let Err(Failure::File { path, said }) = ended else { panic!("{ended:?}") };
        assert_eq!(path.as_str(), "/mnt/octopus");
        assert!(said.as_str().starts_with("The storage gave no answer within"), "{said}");
    }

    #[tokio::test]
    async fn a_path_of_another_system_makes_no_folder_here() {
        let mut record = StorageRecord {
            node: "web01".into(),
            storage: crate::model::storage::SharedStorage::Root("\\\\files\\octopus".into()),
            made: Vec::new(),
            canaries: Vec::new(),
        };
        if cfg!(unix) {
            let ended = agree(StepKind::ShareStorage, &mut record).await;
            assert!(matches!(ended, Err(Failure::File { .. })), "{ended:?}");
        }
    }

    #[test]
    fn a_canary_is_left_once_and_taken_by_its_nonce() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("web01.canary");
        for _ in 0..2 {
            leave_canary(&path, &own()).expect("left");
            assert_eq!(std::fs::read_to_string(&path).expect("read"), own().text());
        }
        std::fs::write(folder.path().join(".web01.canary.Xy12.octopus-setup-tmp"), "torn").expect("written");
        take_canary(&path, &Canary { token: Canary::encode_token([2; 16]), ..own() }).expect("left alone");
        assert!(path.exists());
        take_canary(&path, &own()).and_then(|()| take_canary(&path, &own())).expect("taken, and gone is no error");
        assert_eq!(std::fs::read_dir(folder.path()).expect("a folder").count(), 0, "torn files go too");
    }

    #[cfg(unix)]
    #[test]
    fn a_pipe_or_a_folder_in_its_place_is_in_the_way_and_waits_for_nobody() {
        let root = tempfile::tempdir().expect("a folder");
        let (pipe, folder) = (root.path().join("pipe"), root.path().join("folder"));
        std::fs::create_dir(&folder).expect("made");
        rustix::fs::mknodat(
            rustix::fs::CWD,
            &pipe,
            rustix::fs::FileType::Fifo,
            rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR,
            0,
        )
        .expect("made");
        for path in [pipe, folder] {
            assert!(matches!(leave_canary(&path, &own()), Err(Failure::FileInTheWay { .. })), "{}", path.display());
            take_canary(&path, &own()).expect("left alone");
            assert!(path.exists());
        }
    }

    #[test]
    fn a_folder_goes_only_while_it_is_empty() {
        let root = tempfile::tempdir().expect("a folder");
        let path = root.path().join("a");
        make_folder(&path).and_then(|()| make_folder(&path)).expect("made once");
        std::fs::write(path.join("x"), "x").expect("written");
        remove_empty(&path).expect("left alone");
        assert!(path.exists());
        std::fs::remove_file(path.join("x")).expect("removed");
        remove_empty(&path).and_then(|()| remove_empty(&path)).expect("removed, and gone is no error");
        std::fs::write(&path, "x").expect("written");
        remove_empty(&path).expect("no folder of ours");
        assert!(matches!(make_folder(&path), Err(Failure::FileInTheWay { .. })));
    }
}
