//! Probe files: what a survey writes to find out whether it can, and takes away at once.

use std::fs::{File, Metadata};
use std::io;
use std::path::Path;
use std::time::Duration;

use tempfile::{Builder, NamedTempFile};

/// How the names of probe files begin, where they need one.
pub const PREFIX: &str = ".octopus-setup-proof-";

/// From this age on a probe file is one that a killed program left behind.
const LEFT: Duration = Duration::from_secs(3_600);

/// How many entries of a folder are looked at for such files: a folder of a hundred thousand task logs is read by nobody for them.
const MOST_ENTRIES: usize = 2_000;

/// Makes a probe file that has no name, so that a kill leaves nothing behind; where the system has no such files, one whose name is taken
/// away at once.
pub fn unnamed(folder: &Path) -> io::Result<File> {
    if let Some(file) = without_name(folder) {
        return Ok(file);
    }
    let (file, path) = named(folder)?.into_parts();
    // Windows keeps the name of an open file until it is closed.
    path.close().or_else(|error| if cfg!(windows) { Ok(()) } else { Err(error) })?;
    Ok(file)
}

#[cfg(target_os = "linux")]
fn without_name(folder: &Path) -> Option<File> {
    use rustix::fs::{Mode, OFlags};
    // Of an error the file with a name tells.
    rustix::fs::open(folder, OFlags::TMPFILE | OFlags::RDWR | OFlags::CLOEXEC, Mode::RUSR | Mode::WUSR).ok().map(File::from)
}

#[cfg(not(target_os = "linux"))]
fn without_name(_: &Path) -> Option<File> {
    None
}

/// Makes a probe file with a name, which goes when it is dropped, and sweeps those that killed programs of this user left behind.
pub fn named(folder: &Path) -> io::Result<NamedTempFile> {
    sweep(folder);
    Builder::new().prefix(PREFIX).tempfile_in(folder)
}

fn sweep(folder: &Path) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().take(MOST_ENTRIES).flatten() {
        let is_probe = entry.file_name().to_string_lossy().starts_with(PREFIX);
        if is_probe && entry.metadata().is_ok_and(|seen| seen.is_file() && is_own(&seen) && is_left(&seen)) {
            // Somebody else may have been faster.
            let _ = std::fs::remove_file(entry.path());
        }
    }
}

fn is_left(seen: &Metadata) -> bool {
    seen.modified().ok().and_then(|written| written.elapsed().ok()).is_some_and(|age| age > LEFT)
}

#[cfg(unix)]
fn is_own(seen: &Metadata) -> bool {
    std::os::unix::fs::MetadataExt::uid(seen) == rustix::process::geteuid().as_raw()
}

#[cfg(not(unix))]
fn is_own(_: &Metadata) -> bool {
    true
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;
    use std::time::SystemTime;

    fn names(folder: &Path) -> Vec<String> {
        let entries = std::fs::read_dir(folder).expect("a folder").flatten();
        let mut names: Vec<String> = entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
        names.sort();
        names
    }

    #[cfg(unix)]
    #[test]
    fn a_probe_file_without_a_name_is_in_no_folder() {
        let folder = tempfile::tempdir().expect("a folder");
        let mut file = unnamed(folder.path()).expect("made");
        file.write_all(b"x").and_then(|()| file.sync_all()).expect("written");
        assert_eq!(names(folder.path()), Vec::<String>::new());
        assert!(unnamed(&folder.path().join("absent")).is_err());
    }

    #[test]
    fn what_a_killed_program_left_is_swept_and_what_is_young_or_another_s_stays() {
        let folder = tempfile::tempdir().expect("a folder");
        let [old, young, other] = [format!("{PREFIX}old"), format!("{PREFIX}young"), "other".to_owned()];
        for name in [&old, &young, &other] {
            let file = File::create(folder.path().join(name)).expect("made");
            let age = if *name == young { LEFT / 2 } else { LEFT * 2 };
            file.set_modified(SystemTime::now() - age).expect("set");
        }
        drop(named(folder.path()).expect("made"));
        assert_eq!(names(folder.path()), [young, other]);
    }
}
