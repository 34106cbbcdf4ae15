//! What is typed where the full screen has a key.

use std::borrow::Cow;

use crate::model::phrase::{self, Key};

use super::entry;

/// The words of the menus that sentences name.
pub const SHOW: &str = "show";
/// See [`SHOW`].
pub const SAVE: &str = "save";
/// See [`SHOW`].
pub const READ: &str = "read";
/// See [`SHOW`].
pub const AGAIN: &str = "again";
/// See [`SHOW`].
pub const EDIT: &str = "edit";
/// See [`SHOW`].
pub const LEAVE: &str = "leave";
/// See [`SHOW`].
pub const REMOVE: &str = "remove";

/// A sentence as it is said here: one paragraph, with what is typed in the place of keys.
pub fn fill(text: &str) -> String {
    phrase::fill(text, name).split_whitespace().collect::<Vec<_>>().join(" ")
}

/// What is typed for a key; `None` for one whose place questions take.
fn name(key: Key) -> Option<Cow<'static, str>> {
    let word = match key {
        Key::Next | Key::Choose | Key::Select | Key::Page | Key::ShowCertificate | Key::StopChecking | Key::CopyKey => {
            return None;
        }
        Key::TakeCertificate | Key::PinCertificate => return Some("\"yes\" when you are asked".into()),
        Key::Back => entry::BACK,
        Key::Quit => entry::QUIT,
        Key::ConnectionString => entry::CONNECTION,
        Key::Reveal => SHOW,
        Key::CheckAgain => AGAIN,
        Key::SaveKey => SAVE,
        Key::ReadKey => READ,
        Key::Edit => EDIT,
        Key::LeaveCluster => LEAVE,
        Key::RemoveNode => REMOVE,
    };
    Some(format!("\"{word}\"").into())
}
