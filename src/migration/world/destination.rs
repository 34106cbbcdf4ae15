//! The look at the destination: what stands where something is to be.

use std::collections::HashMap;
use std::ffi::{OsStr, OsString};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use super::walk::stamp;
use super::watch::Pulse;
use crate::migration::judge::{Existing, fold};
use crate::migration::model::{Collision, Folding, InTheWay, Source, Tree, is_part};
use crate::world::toml_file::shown;

/// What is in the folders of the destination that are there, and that something is to be copied into.
#[derive(Debug, Default)]
pub(super) struct Destination {
    listings: HashMap<(usize, PathBuf), HashMap<OsString, OsString>>,
    folding: Folding,
    /// Folders that are to be made, each after the one that it is in.
    pub(super) new_folders: Vec<(usize, PathBuf)>,
    /// What stands where a folder is to be.
    pub(super) collisions: Vec<Collision>,
    /// What an interrupted run of ours left behind.
    pub(super) parts: Vec<PathBuf>,
}

impl Destination {
    /// Looks at it. Folders that are not there cost nothing, and of the others each is listed once: a question for each file would
    /// take minutes over a network where this takes seconds.
    pub(super) fn look(sources: &[Source], tree: &Tree, id: &str, folding: Folding, pulse: &Pulse) -> io::Result<Self> {
        let mut seen = Self { folding, ..Self::default() };
        for (number, source) in sources.iter().enumerate() {
            pulse.begin(&source.to);
            match std::fs::metadata(&source.to) {
                Ok(met) if met.is_dir() => seen.list(number, Path::new(""), &source.to, id)?,
                Ok(_) => seen.collide(number, Path::new(""), InTheWay::NoFolder),
                Err(error) if error.kind() == ErrorKind::NotFound => {}
                Err(error) => return Err(told(&source.to, &error)),
            }
        }
        for (number, path) in &tree.folders {
            let Some(source) = sources.get(*number) else { continue };
            let Some(real) = seen.real(*number, path) else {
                seen.new_folders.push((*number, path.clone()));
                continue;
            };
            let whole = at(&source.to, &real);
            pulse.begin(&whole);
            match std::fs::symlink_metadata(&whole) {
                Ok(met) if met.is_dir() => seen.list(*number, path, &whole, id)?,
                Ok(_) => seen.collide(*number, path, InTheWay::NoFolder),
                Err(error) => return Err(told(&whole, &error)),
            }
        }
        pulse.rest();
        Ok(seen)
    }

    /// What stands in a file's place.
    pub(super) fn there(&self, source: &Source, number: usize, path: &Path) -> io::Result<Existing> {
        let Some(real) = self.real(number, path) else { return Ok(Existing::Nothing) };
        let whole = at(&source.to, &real);
        match std::fs::symlink_metadata(&whole) {
            Ok(met) if met.is_file() => Ok(Existing::File(stamp(&met))),
            Ok(met) if met.is_dir() => Ok(Existing::Folder),
            Ok(_) => Ok(Existing::Else),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(Existing::Nothing),
            Err(error) => Err(told(&whole, &error)),
        }
    }

    fn collide(&mut self, source: usize, path: &Path, way: InTheWay) {
        self.collisions.push(Collision { source, path: path.to_owned(), way });
    }

    fn list(&mut self, number: usize, path: &Path, whole: &Path, id: &str) -> io::Result<()> {
        let mut names = HashMap::new();
        for entry in std::fs::read_dir(whole).map_err(|error| told(whole, &error))? {
            let name = entry.map_err(|error| told(whole, &error))?.file_name();
            if is_part(id, &name) {
                self.parts.push(whole.join(name));
            } else {
                names.insert(self.folded(&name), name);
            }
        }
        self.listings.insert((number, path.to_owned()), names);
        Ok(())
    }

    /// The path as the destination spells its last part; `None` where nothing is there.
    fn real(&self, number: usize, path: &Path) -> Option<PathBuf> {
        let parent = path.parent()?;
        let names = self.listings.get(&(number, parent.to_owned()))?;
        names.get(&self.folded(path.file_name()?)).map(|real| parent.join(real))
    }

    fn folded(&self, name: &OsStr) -> OsString {
        if self.folding == Folding::Folds { fold(Path::new(name)).into_os_string() } else { name.to_owned() }
    }
}

/// An error with the path that it is about, which the operating system leaves out.
fn told(path: &Path, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("{}: {error}", shown(path)))
}

/// A path below a root; the root itself for an empty one.
pub(super) fn at(root: &Path, path: &Path) -> PathBuf {
    if path.as_os_str().is_empty() { root.to_owned() } else { root.join(path) }
}
