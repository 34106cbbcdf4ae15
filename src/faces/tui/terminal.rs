//! The terminal, taken and given back, and the backend that paints on it.
//!
//! However the program ends, the shell must find its terminal as it was: not raw, on its own screen, with a cursor, without
//! mouse reports or bracketed paste. ratatui's own `restore()` leaves the last two on, so the guard is ours; the program's panic
//! hook calls [`restore`] too, from whichever thread panics.
//!
//! The backend is crossterm's with four fixes: a frame goes out in one write, because a half-painted frame flickers over a slow
//! line; the cursor is shown, hidden and moved only when that changes something, because each costs bytes at every key; of the
//! fourfold reset behind each frame only the last part is kept, which resets everything; and a terminal that reports 0×0, as
//! serial consoles do, is taken for 80×24, because nothing would be painted otherwise.

use std::io::{self, Write};
use std::sync::atomic::{AtomicU8, Ordering};

use crate::model::secret::SecretString;
use crossterm::clipboard::CopyToClipboard;
use crossterm::event::{DisableBracketedPaste, DisableMouseCapture, EnableBracketedPaste, EnableMouseCapture};
use crossterm::style::ResetColor;
use crossterm::terminal::{Clear, EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode};
use crossterm::{cursor, execute, queue};
use ratatui::Frame;
use ratatui::backend::{Backend, ClearType, CrosstermBackend, WindowSize};
use ratatui::buffer::Cell;
use ratatui::layout::{Position, Size};
use secrecy::ExposeSecret;
use zeroize::Zeroize;

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
    queue!(out, EnterAlternateScreen, Clear(crossterm::terminal::ClearType::All))?;
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

/// The size of a terminal that does not know its own.
pub const UNKNOWN: Size = Size { width: 80, height: 24 };

/// What crossterm's backend writes behind each frame: foreground, background and underline one by one, then all.
const RESETS: &[u8] = b"\x1b[39m\x1b[49m\x1b[59m\x1b[0m";
/// The part of it that does the whole work.
const RESET: &[u8] = b"\x1b[0m";

/// A backend that gathers a frame and writes it at once.
#[derive(Debug)]
pub struct Paint<W: Write> {
    gathered: Vec<u8>,
    cursor: Cursor,
    out: W,
}

/// What the terminal's cursor does, as far as we know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Cursor {
    Unknown,
    Hidden,
    At(Position),
    /// Shown, but where is not known.
    Shown,
}

impl<W: Write> Paint<W> {
    /// Paints to this.
    pub fn new(out: W) -> Self {
        Self { gathered: Vec::with_capacity(32 * 1024), cursor: Cursor::Unknown, out }
    }

    fn gather(&mut self) -> CrosstermBackend<&mut Vec<u8>> {
        CrosstermBackend::new(&mut self.gathered)
    }
}

impl<W: Write> Backend for Paint<W> {
    type Error = io::Error;

    fn draw<'a, I>(&mut self, content: I) -> io::Result<()>
    where
        I: Iterator<Item = (u16, u16, &'a Cell)>,
    {
        let mut content = content.peekable();
        if content.peek().is_none() {
            return Ok(());
        }
        if self.cursor != Cursor::Hidden {
            self.cursor = if matches!(self.cursor, Cursor::Unknown) { Cursor::Unknown } else { Cursor::Shown };
        }
        self.gather().draw(content)?;
        if self.gathered.ends_with(RESETS) {
            self.gathered.truncate(self.gathered.len() - RESETS.len());
            self.gathered.extend_from_slice(RESET);
        }
        Ok(())
    }

    fn hide_cursor(&mut self) -> io::Result<()> {
        if self.cursor == Cursor::Hidden {
            return Ok(());
        }
        self.cursor = Cursor::Hidden;
        self.gather().hide_cursor()
    }

    fn show_cursor(&mut self) -> io::Result<()> {
        if matches!(self.cursor, Cursor::Shown | Cursor::At(_)) {
            return Ok(());
        }
        self.cursor = Cursor::Shown;
        self.gather().show_cursor()
    }

    fn get_cursor_position(&mut self) -> io::Result<Position> {
        // Only inline viewports ask; asking the terminal would race with the thread that reads from it.
        Ok(Position::ORIGIN)
    }

    fn set_cursor_position<P: Into<Position>>(&mut self, position: P) -> io::Result<()> {
        let position = position.into();
        if self.cursor == Cursor::At(position) {
            return Ok(());
        }
        if self.cursor == Cursor::Shown {
            self.cursor = Cursor::At(position);
        }
        self.gather().set_cursor_position(position)
    }

    fn clear(&mut self) -> io::Result<()> {
        self.clear_region(ClearType::All)?;
        self.flush()
    }

    fn clear_region(&mut self, clear_type: ClearType) -> io::Result<()> {
        // This begins anew, for instance after the program was suspended: somebody else may have moved the cursor.
        self.cursor = Cursor::Unknown;
        self.gather().clear_region(clear_type)
    }

    fn size(&self) -> io::Result<Size> {
        let (width, height) = crossterm::terminal::size().unwrap_or_default();
        Ok(known(Size { width, height }))
    }

    fn window_size(&mut self) -> io::Result<WindowSize> {
        Ok(WindowSize { columns_rows: self.size()?, pixels: Size::ZERO })
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.gathered.is_empty() {
            return Ok(());
        }
        let written = self.out.write_all(&self.gathered).and_then(|()| self.out.flush());
        // A revealed master key was among these bytes.
        self.gathered.as_mut_slice().zeroize();
        self.gathered.clear();
        written
    }
}

/// A size, or the usual one where the terminal does not know it.
pub const fn known(size: Size) -> Size {
    if size.width == 0 || size.height == 0 { UNKNOWN } else { size }
}

#[cfg(test)]
mod tests {
    use ratatui::layout::Rect;
    use ratatui::text::Text;
    use ratatui::{Terminal, TerminalOptions, Viewport};

    use super::*;

    #[test]
    fn giving_back_what_was_never_taken_does_nothing() {
        assert!(!is_taken());
        restore();
        restore();
        assert!(!is_taken());
    }

    fn terminal() -> Terminal<Paint<Vec<u8>>> {
        let viewport = Viewport::Fixed(Rect::new(0, 0, 20, 3));
        Terminal::with_options(Paint::new(Vec::new()), TerminalOptions { viewport }).expect("a terminal")
    }

    fn paint(terminal: &mut Terminal<Paint<Vec<u8>>>, text: &str, cursor: (u16, u16)) -> usize {
        let before = terminal.backend().out.len();
        terminal
            .draw(|frame| {
                frame.render_widget(Text::raw(text), frame.area());
                frame.set_cursor_position(cursor);
            })
            .expect("a frame");
        terminal.backend().out.len() - before
    }

    #[test]
    fn an_unchanged_frame_writes_nothing() {
        let mut terminal = terminal();
        assert!(paint(&mut terminal, "sql01", (5, 0)) > 0);
        assert_eq!(paint(&mut terminal, "sql01", (5, 0)), 0);
    }

    #[test]
    fn a_typed_character_writes_few_bytes() {
        let mut terminal = terminal();
        paint(&mut terminal, "sql0", (4, 0));
        let bytes = paint(&mut terminal, "sql01", (5, 0));
        assert!(bytes <= 20, "{bytes} bytes");
    }

    #[test]
    fn after_clearing_the_cursor_is_told_again() {
        let mut terminal = terminal();
        let mut paint = |clear: bool| {
            let before = terminal.backend().out.len();
            if clear {
                terminal.backend_mut().clear().expect("a clear screen");
            }
            terminal.draw(|frame| frame.render_widget(Text::raw("sql01"), frame.area())).expect("a frame");
            String::from_utf8_lossy(&terminal.backend().out[before..]).into_owned()
        };
        assert!(paint(false).contains("\u{1b}[?25l"));
        assert_eq!(paint(false), "");
        assert!(paint(true).contains("\u{1b}[?25l"));
    }

    #[test]
    fn a_terminal_that_does_not_know_its_size_is_an_ordinary_one() {
        assert_eq!(known(Size::new(0, 0)), UNKNOWN);
        assert_eq!(known(Size::new(132, 0)), UNKNOWN);
        assert_eq!(known(Size::new(132, 50)), Size::new(132, 50));
    }
}
