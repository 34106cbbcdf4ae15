//! Where the program is.

use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::world::places::Places;

/// How long a look at a few paths gets; one of them may be on a share that does not answer.
pub(super) const BUDGET: Duration = Duration::from_secs(5);

/// The program: the one that was asked for and no other, else the first of the usual places that has one.
///
/// On Windows the installer also writes its folder to the registry key `HKLM\Software\Octopus\OctopusServer`. Nothing that this
/// program is built of reads the registry, so who installed Octopus Server elsewhere has to say where.
pub(super) fn program(places: &Places, asked: Option<&Path>) -> Option<PathBuf> {
    match asked {
        Some(path) => path.is_file().then(|| path.to_owned()),
        None => places.octopus_executables.iter().find(|path| path.is_file()).cloned(),
    }
}
