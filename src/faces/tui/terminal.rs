//! The terminal, taken and given back.
//!
//! Whatever way the program ends, the shell must find its terminal as it was: not raw, on its own screen, with a
//! cursor, without mouse reports or bracketed paste. ratatui's own `restore()` leaves the last two on, so the guard is
//! ours; the program's panic hook calls [`restore`] too, from whichever thread panics.

use std::io::{self, Write};
use std::sync::atomic::{AtomicU8, Ordering};

use crossterm::clipboard::CopyToClipboard;
use crossterm::event::{DisableBracketedPaste, DisableMouseCapture, EnableBracketedPaste, EnableMouseCapture};
use crossterm::style::ResetColor;
use crossterm::terminal::{Clear, ClearType, EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode};
use crossterm::{cursor, execute, queue};
use ratatui::Frame;
use secrecy::{ExposeSecret, SecretString};

use super::paint::Paint;

/// The terminal is not ours.
const GIVEN_BACK: u8 = 0;
/// The terminal is ours.
const TAKEN: u8 = 1;
/// The terminal is ours and reports the mouse.
const TAKEN_WITH_MOUSE: u8 = 2;

/// Who has the terminal. Process-wide because a panic hook, which can run in any thread, has to know it.
static HOLD: AtomicU8 = AtomicU8::new(GIVEN_BACK);

/// How the terminal is to be taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct TerminalOptions {
    /// Whether the mouse is captured. Off unless asked for: capturing takes selection and copying by mouse away.
    pub mouse: bool,
}

/// The terminal while it is ours: raw, on the alternate screen. Dropping it gives it back.
#[derive(Debug)]
pub struct Terminal {
    options: TerminalOptions,
    inner: ratatui::Terminal<Paint<io::Stdout>>,
}

impl Terminal {
    /// Takes the terminal. An error leaves it as it was.
    pub fn enter(options: TerminalOptions) -> io::Result<Self> {
        take(options)?;
        match ratatui::Terminal::new(Paint::new(io::stdout())) {
            Ok(inner) => Ok(Self { options, inner }),
            Err(error) => {
                restore();
                Err(error)
            }
        }
    }

    /// Draws a frame. Only what differs from the last one is written, in one write.
    ///
    /// An error when the terminal cannot be written to, or is not ours any more because something panicked: what
    /// goes on then must not paint over the shell.
    pub fn draw(&mut self, render: impl FnOnce(&mut Frame<'_>)) -> io::Result<()> {
        if !is_taken() {
            return Err(io::Error::other("the terminal was given back"));
        }
        self.inner.draw(render).map(|_| ())
    }

    /// Gives the terminal back, stops the process as Ctrl-Z would, and takes it again when the process is continued.
    /// The next frame is painted in full; the caller hides revealed secrets (`Event::Resized`) before it.
    pub fn suspend(&mut self) -> io::Result<()> {
        restore();
        #[cfg(unix)]
        rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::STOP)?;
        self.resume()
    }

    /// Takes the terminal again, for instance after SIGCONT, and forgets what was painted.
    pub fn resume(&mut self) -> io::Result<()> {
        take(self.options)?;
        self.inner.clear()
    }

    /// Hands a text to the terminal's clipboard by OSC 52. Whether the terminal obeys cannot be known (tmux drops it
    /// by default), so nobody may say "copied" after this.
    pub fn copy_osc52(&mut self, text: &SecretString) -> io::Result<()> {
        execute!(io::stdout(), CopyToClipboard::to_clipboard_from(text.expose_secret()))
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        restore();
    }
}

/// Whether the terminal is ours.
pub fn is_taken() -> bool {
    HOLD.load(Ordering::SeqCst) != GIVEN_BACK
}

fn take(options: TerminalOptions) -> io::Result<()> {
    enable_raw_mode()?;
    HOLD.store(if options.mouse { TAKEN_WITH_MOUSE } else { TAKEN }, Ordering::SeqCst);
    let taken = switch_on(options);
    if taken.is_err() {
        restore();
    }
    taken
}

fn switch_on(options: TerminalOptions) -> io::Result<()> {
    let mut out = io::stdout().lock();
    // The Linux console has no alternate screen, and ignores the wish for one: what stood there would stay between our words.
    queue!(out, EnterAlternateScreen, Clear(ClearType::All))?;
    // On Windows crossterm does not report pastes, and some terminals there mangle Enter once it is on.
    if cfg!(unix) {
        queue!(out, EnableBracketedPaste)?;
    }
    if options.mouse {
        queue!(out, EnableMouseCapture)?;
    }
    out.flush()
}

/// Gives the terminal back, if it is ours. Safe to call from any thread and any number of times. It ignores errors:
/// a terminal that is gone needs nothing.
pub fn restore() {
    let hold = HOLD.swap(GIVEN_BACK, Ordering::SeqCst);
    if hold == GIVEN_BACK {
        return;
    }
    // Not the lock of a painter that may have panicked while it held it: std's is reentrant, so this cannot block
    // within one thread, and another thread holds it for one write at most.
    let mut out = io::stdout();
    if hold == TAKEN_WITH_MOUSE {
        let _ = queue!(out, DisableMouseCapture);
    }
    if cfg!(unix) {
        let _ = queue!(out, DisableBracketedPaste);
    }
    let _ = execute!(out, ResetColor, LeaveAlternateScreen, cursor::Show);
    let _ = disable_raw_mode();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn giving_back_what_was_never_taken_does_nothing() {
        assert!(!is_taken());
        restore();
        restore();
        assert!(!is_taken());
    }
}
