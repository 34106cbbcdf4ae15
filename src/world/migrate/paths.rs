//! Octopus Server is told where its files are: `path --clusterShared`, once for all nodes.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::{Order, manifest};
use crate::model::plan::StepKind;
use crate::render::Clear;
use crate::render::octopus::{Command, Flag, Opt, Verb, Word};
use crate::world::atomic_write::{Existing, atomic_write};
use crate::world::octopus_server::{Call, Ended, Masks, refusal, run};
use crate::world::places::Places;
use crate::world::{folder, small_file};

/// Octopus Server's program: the one that was named, or the first that is in a usual place.
pub fn program(named: Option<&Path>, places: &Places) -> Option<PathBuf> {
    match named {
        Some(named) => Some(std::path::absolute(named).unwrap_or_else(|_| named.to_owned())),
        None => places.octopus_executables.iter().find(|program| program.is_file()).cloned(),
    }
}

/// Tells it, and how that ended.
///
/// # Errors
/// Why it is not run at all, as a sentence.
pub async fn tell(program: &Path, instance: &str, root: &Path, limit: Duration) -> Result<Ended, String> {
    if let Some(refusal) = refusal(program) {
        return Err(refusal);
    }
    let option = |flag, text: &str| Opt { flag, value: Some(Word::text(text)) };
    let mut options = Vec::new();
    if !instance.is_empty() {
        options.push(option(Flag::Instance, instance));
    }
    options.push(option(Flag::ClusterShared, &root.to_string_lossy()));
    let why = "Where all nodes find what they share, once for the whole cluster.";
    let command = Command { step: StepKind::OctopusPaths, verb: Verb::Path, options, environment: None, why, awaits: None };
    // It takes no secret, so no file is made and nothing has to be masked.
    let call = Call::of(&command, &Clear::default(), Path::new("")).map_err(|error| error.to_string())?;
    Ok(run(program, &call, &Masks::default(), limit).await)
}

/// The same command as people type it.
pub fn command(program: Option<&Path>, instance: &str, root: &Path) -> String {
    let usual = if cfg!(windows) { "Octopus.Server.exe" } else { "Octopus.Server" };
    let program = program.map_or_else(|| usual.to_owned(), |program| quoted(&program.to_string_lossy()));
    let instance = if instance.is_empty() { String::new() } else { format!(" --instance {}", quoted(instance)) };
    format!("{program} path{instance} --clusterShared {}", quoted(&root.to_string_lossy()))
}

/// A word as this system's shells take it.
fn quoted(word: &str) -> String {
    let harmless = |letter: char| letter.is_ascii_alphanumeric() || "/\\:._-".contains(letter);
    match (cfg!(windows), word.chars().all(harmless) && !word.is_empty()) {
        (_, true) => word.to_owned(),
        (true, false) => format!("\"{word}\""),
        (false, false) => format!("'{}'", word.replace('\'', "'\\''")),
    }
}

/// Whether Octopus Server was told so by an earlier run of this move. Octopus keeps it in its own tables, which are not ours to read.
pub fn was_told(order: &Order, places: &Places, root: &Path) -> bool {
    let kept = small_file::find(&mark(order, places)).ok().flatten();
    kept.is_some_and(|kept| kept == root.as_os_str().as_encoded_bytes())
}

/// Remembers that it was.
///
/// # Errors
/// It cannot be written; then it is told once more, which does no harm.
pub fn note_told(order: &Order, places: &Places, root: &Path) -> io::Result<()> {
    let mark = mark(order, places);
    if let Some(above) = mark.parent() {
        folder::create_private(above)?;
    }
    atomic_write(&mark, root.as_os_str().as_encoded_bytes(), Existing::Replace)
}

fn mark(order: &Order, places: &Places) -> PathBuf {
    manifest::path(places, &manifest::id(&order.sources)).with_extension("told")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(unix)]
    #[test]
    fn the_command_is_typed_as_it_is_read() {
        assert_eq!(command(None, "", Path::new("/mnt/o")), "Octopus.Server path --clusterShared /mnt/o");
        assert_eq!(
            command(Some(Path::new("/Octopus/Octopus.Server")), "My Node", Path::new("/mnt/it's")),
            "/Octopus/Octopus.Server path --instance 'My Node' --clusterShared '/mnt/it'\\''s'"
        );
    }
}
