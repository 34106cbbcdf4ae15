//! Octopus Server is told where its files are: `path --clusterShared`, once for all nodes.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::model::field::FieldId;
use crate::model::names::instance_key;
use crate::model::plan::StepKind;
use crate::render::Clear;
use crate::render::octopus::{Command, Flag, Opt, Verb, Word};
use crate::world::atomic_write::{Existing, atomic_write};
use crate::world::octopus_server::{Call, Ended, Masks, refusal, run};
use crate::world::places::Places;
use crate::world::{folder, small_file};

/// Whose setting it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Whose {
    /// The instance of this name.
    Instance(String),
    /// The instance of this config, whose name no list of this machine tells. Without a word Octopus Server would take it for its
    /// default instance, which may be another one.
    Config(PathBuf),
    /// Nobody knows; whoever runs the command does.
    Unknown,
}

impl Whose {
    /// How it is said on the command line.
    fn option(&self) -> Option<(Flag, &str, String)> {
        match self {
            Self::Instance(name) => Some((Flag::Instance, "--instance", name.clone())),
            Self::Config(path) => Some((Flag::Config, "--config", path.to_string_lossy().into_owned())),
            Self::Unknown => None,
        }
    }
}

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
pub async fn tell(program: &Path, whose: &Whose, root: &Path, limit: Duration) -> Result<Ended, String> {
    if let Some(refusal) = refusal(program) {
        return Err(refusal);
    }
    let option = |flag, text: &str| Opt { flag, value: Some(Word::text(text)) };
    let mut options: Vec<Opt> = whose.option().iter().map(|(flag, _, text)| option(*flag, text)).collect();
    options.push(option(Flag::Setting(FieldId::StorageRoot), &root.to_string_lossy()));
    let why = "Where all nodes find what they share, once for the whole cluster.";
    let command = Command { step: StepKind::OctopusPaths, verb: Verb::Path, options, environment: None, why, awaits: None };
    // It takes no secret, so no file is made and nothing has to be masked.
    let call = Call::of(&command, &Clear::default(), Path::new("")).map_err(|error| error.to_string())?;
    Ok(run(program, &call, &Masks::default(), limit).await)
}

/// The same command as people type it.
pub fn command(program: Option<&Path>, whose: &Whose, root: &Path) -> String {
    let usual = if cfg!(windows) { "Octopus.Server.exe" } else { "Octopus.Server" };
    let program = program.map_or_else(|| usual.to_owned(), |program| quoted(&program.to_string_lossy()));
    let whose = whose.option().map_or_else(String::new, |(_, flag, text)| format!(" {flag} {}", quoted(&text)));
    format!("{program} path{whose} --clusterShared {}", quoted(&root.to_string_lossy()))
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

/// Whether Octopus Server was told so, and nothing else since, by an earlier move of this instance. Octopus keeps it in its own tables, which are not ours to read.
pub fn was_told(whose: &Whose, places: &Places, root: &Path) -> bool {
    let kept = small_file::find(&mark(whose, places)).ok().flatten();
    kept.is_some_and(|kept| kept == root.as_os_str().as_encoded_bytes())
}

/// Remembers that it was.
///
/// # Errors
/// It cannot be written; then it is told once more, which does no harm.
pub fn note_told(whose: &Whose, places: &Places, root: &Path) -> io::Result<()> {
    let mark = mark(whose, places);
    if let Some(above) = mark.parent() {
        folder::create_private(above)?;
    }
    atomic_write(&mark, root.as_os_str().as_encoded_bytes(), Existing::Replace)
}

/// One for each instance, whatever was moved: it was told the last of all roots only, and has forgotten those before.
fn mark(whose: &Whose, places: &Places) -> PathBuf {
    let text = match whose {
        Whose::Instance(name) => format!("instance {}", instance_key(name)),
        Whose::Config(path) => format!("config {}", path.to_string_lossy()),
        Whose::Unknown => String::new(),
    };
    let digest = ring::digest::digest(&ring::digest::SHA256, text.as_bytes());
    let name = data_encoding::HEXLOWER.encode(digest.as_ref().get(..8).unwrap_or_default());
    places.state.join("migrations").join(format!("{name}.told"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn whose(name: &str) -> Whose {
        Whose::Instance(name.into())
    }

    #[test]
    fn an_instance_was_told_the_last_root_only() {
        let folder = tempfile::tempdir().expect("a folder");
        let places = Places::under(folder.path().to_owned());
        let (one, other) = (Path::new("/mnt/one"), Path::new("/mnt/other"));
        for root in [one, other, one] {
            assert!(!was_told(&whose("My Node"), &places, root));
            note_told(&whose("My Node"), &places, root).expect("noted");
            assert!(was_told(&whose("my node"), &places, root) && !was_told(&whose("another"), &places, root));
        }
        assert!(!was_told(&whose("My Node"), &places, other));
        assert!(!was_told(&Whose::Config("My Node".into()), &places, one));
    }

    #[cfg(unix)]
    #[test]
    fn the_command_is_typed_as_it_is_read() {
        let root = Path::new("/mnt/o");
        assert_eq!(command(None, &Whose::Unknown, root), "Octopus.Server path --clusterShared /mnt/o");
        let config = Whose::Config("/o/My Config".into());
        assert_eq!(command(None, &config, root), "Octopus.Server path --config '/o/My Config' --clusterShared /mnt/o");
        assert_eq!(
            command(Some(Path::new("/Octopus/Octopus.Server")), &whose("My Node"), Path::new("/mnt/it's")),
            "/Octopus/Octopus.Server path --instance 'My Node' --clusterShared '/mnt/it'\\''s'"
        );
    }
}
