//! What comes from the terminal, as a stream.

use std::fmt;

use crossterm::event::{Event as Raw, KeyEvent, KeyEventKind, MouseEvent};
use secrecy::SecretString;
use tokio::sync::mpsc;

use super::{burst, watch};

/// Something that came from the terminal.
#[derive(Clone)]
pub enum TuiEvent {
    /// A key was pressed or repeats.
    Key(KeyEvent),
    /// The mouse, where it is captured.
    Mouse(MouseEvent),
    /// A text was pasted. It may be a secret, so it is kept like one.
    Paste(SecretString),
    /// The window has this many columns and rows now.
    Resize(u16, u16),
    /// The window lost the focus.
    FocusLost,
    /// The terminal is gone. Nothing more comes.
    Gone,
}

/// Keys and pastes may be parts of a password, so only their kind is told.
impl fmt::Debug for TuiEvent {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Key(_) => "Key",
            Self::Mouse(_) => "Mouse",
            Self::Paste(_) => "Paste",
            Self::Resize(..) => "Resize",
            Self::FocusLost => "FocusLost",
            Self::Gone => "Gone",
        })
    }
}

/// Begins to read the terminal in a thread of its own, and to watch for its vanishing in another. Both end with the
/// process: a blocking read cannot be called off, and a reader that polls would wake an idle program.
///
/// From its return on no new size of the window is missed: crossterm listens for them from its first look at the
/// terminal on, which would else be the thread's, at some time after the first frame.
pub fn start() -> std::io::Result<mpsc::Receiver<TuiEvent>> {
    crossterm::event::poll(std::time::Duration::ZERO)?;
    let (sender, receiver) = mpsc::channel(256);
    let gone = sender.clone();
    watch::hang_up(move || {
        let _ = gone.blocking_send(TuiEvent::Gone);
    });
    std::thread::Builder::new().name("terminal-read".into()).stack_size(256 * 1024).spawn(move || read(&sender))?;
    Ok(receiver)
}

fn read(sender: &mpsc::Sender<TuiEvent>) {
    loop {
        let Ok(raw) = crossterm::event::read() else {
            let _ = sender.blocking_send(TuiEvent::Gone);
            return;
        };
        for event in understand(raw) {
            if sender.blocking_send(event).is_err() {
                return;
            }
        }
    }
}

/// One or more events: on Windows a paste arrives as keys in quick succession, which are put together again.
fn understand(raw: Raw) -> Vec<TuiEvent> {
    if !cfg!(windows) {
        return translate(raw).into_iter().collect();
    }
    burst::gather(raw, |patience| match crossterm::event::poll(patience) {
        Ok(true) => crossterm::event::read().ok(),
        _ => None,
    })
}

/// One event as ours; `None` for key releases (Windows and the Kitty protocol send them) and for what we do not use.
pub fn translate(raw: Raw) -> Option<TuiEvent> {
    match raw {
        Raw::Key(key) if key.kind == KeyEventKind::Release => None,
        Raw::Key(key) => Some(TuiEvent::Key(key)),
        Raw::Mouse(mouse) => Some(TuiEvent::Mouse(mouse)),
        Raw::Paste(text) => Some(TuiEvent::Paste(SecretString::from(text))),
        Raw::Resize(columns, rows) => Some(TuiEvent::Resize(columns, rows)),
        Raw::FocusLost => Some(TuiEvent::FocusLost),
        Raw::FocusGained => None,
    }
}

#[cfg(test)]
mod tests {
    use crossterm::event::{KeyCode, KeyModifiers};

    use super::*;

    #[test]
    fn a_key_s_release_is_not_a_key() {
        let of = |kind| Raw::Key(KeyEvent::new_with_kind(KeyCode::Char('a'), KeyModifiers::NONE, kind));
        assert!(translate(of(KeyEventKind::Release)).is_none());
        assert!(translate(of(KeyEventKind::Press)).is_some());
        assert!(translate(of(KeyEventKind::Repeat)).is_some());
    }

    #[test]
    fn debug_tells_no_key_and_no_paste() {
        let key = TuiEvent::Key(KeyEvent::new(KeyCode::Char('s'), KeyModifiers::NONE));
        assert_eq!(format!("{key:?}"), "Key");
        assert_eq!(format!("{:?}", TuiEvent::Paste(SecretString::from("hunter2"))), "Paste");
    }
}
