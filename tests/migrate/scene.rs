//! A home, a share, a state directory; moves between them.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::Arc;
use std::time::Duration;

pub use octopus_setup::migration::model::{CopyFailure, CopyOutcome, CopySource, Obstacle, Preview, SkipReason};
pub use octopus_setup::migration::world::{CopyPlan, Migration, Watch, copy, plan};
use octopus_setup::model::storage::SharedFolder;
use octopus_setup::world::places::Places;

pub struct Scene {
    _root: tempfile::TempDir,
    pub home: PathBuf,
    pub share: PathBuf,
    pub state: PathBuf,
}

impl Scene {
    pub fn new() -> Self {
        Self::under(tempfile::tempdir().unwrap())
    }

    /// The same in memory, where there is some: for tens of thousands of files, each of which is synced. What a killed process
    /// leaves is the same there, since its writes are the kernel's either way.
    pub fn in_memory() -> Self {
        let memory = Path::new("/dev/shm");
        Self::under(if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() }.unwrap())
    }

    fn under(root: tempfile::TempDir) -> Self {
        let [home, share, state] = ["home", "share", "state"].map(|name| root.path().join(name));
        for folder in [home.join("Packages"), share.clone()] {
            fs::create_dir_all(folder).unwrap();
        }
        Self { _root: root, home, share, state }
    }

    /// A file of the packages, by the bytes of its name.
    pub fn put(&self, name: impl AsRef<[u8]>, content: impl AsRef<[u8]>) -> PathBuf {
        put(&self.home.join("Packages"), name.as_ref(), content.as_ref())
    }

    /// The same at the destination.
    pub fn put_there(&self, name: impl AsRef<[u8]>, content: impl AsRef<[u8]>) -> PathBuf {
        put(&self.share.join("Packages"), name.as_ref(), content.as_ref())
    }

    pub fn places(&self) -> Places {
        Places::under(self.state.clone())
    }

    pub fn migration(&self) -> Migration {
        let (from, to) = (self.home.join("Packages"), self.share.join("Packages"));
        Migration { sources: vec![CopySource { folder: SharedFolder::Packages, from, to }], jobs: 3, dry_run: false }
    }

    pub fn watch() -> Arc<Watch> {
        Watch::new(Duration::from_secs(60))
    }

    pub fn plan(&self) -> CopyPlan {
        plan(&self.migration(), &self.places(), &Self::watch()).unwrap()
    }

    pub fn preview(&self) -> Preview {
        self.plan().preview
    }

    /// Looks and copies, whatever the look says.
    pub fn copy(&self) -> CopyOutcome {
        copy(&self.migration(), self.plan(), &Self::watch()).unwrap()
    }

    /// The program's command.
    pub fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_octopus-setup"));
        command.arg("migrate").arg("--from").arg(&self.home).arg("--to").arg(&self.share).args(words);
        command.env("OCTOPUS_SETUP_STATE_DIR", &self.state).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    pub fn run(&self, words: &[&str]) -> Output {
        self.command(words).output().unwrap()
    }

    pub fn manifest(&self) -> PathBuf {
        let mut all = fs::read_dir(self.state.join("migrations")).into_iter().flatten().flatten().map(|entry| entry.path());
        all.find(|path| path.extension().is_some_and(|extension| extension == "manifest")).unwrap_or_default()
    }
}

fn put(folder: &Path, name: &[u8], content: &[u8]) -> PathBuf {
    let path = folder.join(std::ffi::OsStr::from_bytes(name));
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(&path, content).unwrap();
    path
}

/// Everything below a folder: content's digest, mode and time of files, mode of folders.
pub fn tree(folder: &Path) -> BTreeMap<PathBuf, (Vec<u8>, u32, i64, i64)> {
    let mut tree = BTreeMap::new();
    let mut open = vec![folder.to_owned()];
    while let Some(next) = open.pop() {
        for entry in fs::read_dir(&next).unwrap() {
            let path = entry.unwrap().path();
            let met = fs::symlink_metadata(&path).unwrap();
            let short = path.strip_prefix(folder).unwrap().to_owned();
            let mode = met.permissions().mode();
            if met.is_dir() {
                tree.insert(short, (Vec::new(), mode, 0, 0));
                open.push(path);
            } else if met.is_file() {
                let digest = ring::digest::digest(&ring::digest::SHA256, &fs::read(&path).unwrap());
                tree.insert(short, (digest.as_ref().to_vec(), mode, met.mtime(), met.mtime_nsec()));
            } else {
                tree.insert(short, (fs::read_link(&path).unwrap_or_default().into_os_string().into_encoded_bytes(), mode, 0, 0));
            }
        }
    }
    tree
}

/// What a program printed as JSON lines, those of one event.
pub fn of(output: &Output, event: &str) -> Vec<serde_json::Value> {
    let said = String::from_utf8(output.stdout.clone()).unwrap();
    let all = said.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
    all.filter(|value| value["event"] == event).collect()
}
