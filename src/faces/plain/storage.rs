//! The shared folders of a node that joins, as sentences.

use std::io::Write;

use crate::model::screen::ScreenId;
use crate::wizard::view::shared_folders;

use super::checks;
use super::lines::Lines;
use super::talk::{Face, Stop};

/// Tells what the registry says is shared, as soon as it is known how it stands here; nothing where that is asked.
pub async fn tell<L: Lines, W: Write>(face: &mut Face<'_, L, W>) -> Result<(), Stop> {
    checks::wait(face, ScreenId::Storage).await?;
    for share in shared_folders(face.state()) {
        face.say(&format!("Folder {}: {}, {}.", share.folder.name(), share.path, share.status))?;
    }
    Ok(())
}
