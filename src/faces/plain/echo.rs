//! The terminal's echo, which is off while a secret is typed, and back on every way out.
//!
//! The terminal's settings of the start are kept process-wide, because a panic hook, which can run in any thread, has to
//! put them back.

#[cfg(unix)]
mod system {
    use std::io;
    use std::sync::{Mutex, PoisonError};

    use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};

    /// The settings of the start, while they are changed.
    static FOUND: Mutex<Option<Termios>> = Mutex::new(None);

    /// Keeps the settings as they are, for [`restore`]: somebody else is about to change them. Without a terminal there are none.
    pub fn keep() {
        let mut found = FOUND.lock().unwrap_or_else(PoisonError::into_inner);
        if found.is_none() {
            *found = tcgetattr(io::stdin()).ok();
        }
    }

    /// From now on the terminal shows nothing of what is typed but the end of the line. Where that cannot be, an error: a
    /// secret that everybody sees is worse than a question that fails.
    pub fn hide() -> io::Result<()> {
        let mut found = FOUND.lock().unwrap_or_else(PoisonError::into_inner);
        let stdin = io::stdin();
        let now = tcgetattr(&stdin)?;
        let mut hidden = now.clone();
        hidden.local_modes.remove(LocalModes::ECHO);
        hidden.local_modes.insert(LocalModes::ECHONL);
        if found.is_none() {
            *found = Some(now);
        }
        // Not with a flush: what was typed ahead is an answer, too.
        tcsetattr(&stdin, OptionalActions::Now, &hidden)?;
        Ok(())
    }

    /// Puts the settings back, if they were changed. Safe to call from any thread and any number of times.
    pub fn restore() {
        // A panic may have come while this was held; then the thread that holds it puts them back, or nobody can.
        let Ok(mut found) = FOUND.try_lock() else { return };
        if let Some(found) = found.take() {
            let _ = tcsetattr(io::stdin(), OptionalActions::Now, &found);
        }
    }
}

#[cfg(not(unix))]
mod system {
    /// rpassword puts the console back by itself.
    pub fn keep() {}

    /// rpassword changes the console for as long as it reads, and puts it back by itself.
    pub fn hide() -> std::io::Result<()> {
        Ok(())
    }

    /// Nothing was changed.
    pub fn restore() {}
}

pub use system::{hide, keep, restore};

/// Puts the settings back when it is dropped.
#[derive(Debug)]
pub struct Guard;

impl Drop for Guard {
    fn drop(&mut self) {
        restore();
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn putting_back_what_was_never_changed_does_nothing() {
        super::restore();
        super::restore();
    }
}
