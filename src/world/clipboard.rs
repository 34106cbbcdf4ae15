//! The operator's clipboard: how a text gets there, and the desktop's side of it.

use std::sync::Arc;

use crate::model::secret::SecretString;

use crate::model::export::CopyWay;

/// What the environment says about where the operator sits. `main` reads it once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Surroundings {
    /// `SSH_TTY` or `SSH_CONNECTION` is set: a desktop here would be somebody else's.
    pub ssh: bool,
    /// `DISPLAY` or `WAYLAND_DISPLAY` is set.
    pub display: bool,
    /// This is Windows, which has a clipboard wherever it has a console.
    pub windows: bool,
}

impl Surroundings {
    /// Reads the environment through `look`, which returns whether a variable is set and not empty.
    pub fn of(look: impl Fn(&str) -> bool) -> Self {
        Self {
            ssh: look("SSH_TTY") || look("SSH_CONNECTION"),
            display: look("DISPLAY") || look("WAYLAND_DISPLAY"),
            windows: cfg!(windows),
        }
    }
}

/// Chooses how to reach the operator's clipboard from these surroundings and with this build. The terminal's way, OSC 52, is taken by
/// the face.
pub fn way(surroundings: Surroundings) -> CopyWay {
    let Surroundings { ssh, display, windows } = surroundings;
    if cfg!(feature = "clipboard") && !ssh && (display || windows) { CopyWay::Desktop } else { CopyWay::Terminal }
}

/// The desktop's clipboard. On X11 it is this process that hands the text out when somebody pastes, so the clipboard
/// lives as long as the program; it then forgets the text, which for a master key is just as well.
#[derive(Clone, Default)]
pub struct Desktop {
    #[cfg(feature = "clipboard")]
    clipboard: Arc<std::sync::Mutex<Option<arboard::Clipboard>>>,
    #[cfg(not(feature = "clipboard"))]
    _none: Arc<()>,
}

impl Desktop {
    /// Puts a secret on the clipboard and asks the desktop's clipboard histories to leave it out. Blocks; the error is
    /// a sentence's part.
    #[cfg(feature = "clipboard")]
    pub fn copy(&self, text: &SecretString) -> Result<(), String> {
        #[cfg(all(unix, not(target_os = "macos")))]
        use arboard::SetExtLinux;
        #[cfg(windows)]
        use arboard::SetExtWindows;
        use secrecy::ExposeSecret;

        let mut held = self.clipboard.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if held.is_none() {
            *held = Some(arboard::Clipboard::new().map_err(|error| error.to_string())?);
        }
        let Some(clipboard) = held.as_mut() else { return Err("there is no clipboard".into()) };
        let set = clipboard.set();
        #[cfg(any(windows, all(unix, not(target_os = "macos"))))]
        let set = set.exclude_from_history();
        let done = set.text(text.expose_secret().to_owned()).map_err(|error| error.to_string());
        if done.is_err() {
            // The desktop may be gone; the next try connects anew.
            *held = None;
        }
        done
    }

    /// Without the feature there is no desktop.
    #[cfg(not(feature = "clipboard"))]
    pub fn copy(&self, _text: &SecretString) -> Result<(), String> {
        Err("this build has no desktop clipboard".into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn over_ssh_the_terminal_is_the_way_whatever_else_is_set() {
        let set = |names: &'static [&str]| Surroundings::of(move |name| names.contains(&name));
        assert_eq!(way(set(&["SSH_TTY", "DISPLAY"])), CopyWay::Terminal);
        assert_eq!(way(set(&["SSH_CONNECTION", "WAYLAND_DISPLAY"])), CopyWay::Terminal);
        let desktop = if cfg!(feature = "clipboard") { CopyWay::Desktop } else { CopyWay::Terminal };
        assert_eq!(way(set(&["DISPLAY"])), desktop);
        assert_eq!(way(set(&["WAYLAND_DISPLAY"])), desktop);
        let bare = if cfg!(windows) { desktop } else { CopyWay::Terminal };
        assert_eq!(way(set(&[])), bare);
    }
}
