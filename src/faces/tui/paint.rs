//! What carries frames to the terminal: crossterm's backend with four things mended.
//!
//! A frame goes out in one write, because a half-painted frame flickers over a slow line; the cursor is shown, hidden
//! and moved only when that changes something, because each of those costs bytes at every key; so does the fourfold reset
//! behind each frame, of which the last part resets the rest; and a terminal that
//! calls itself 0×0, as serial consoles do, is taken for 80×24, because nothing at all would be painted otherwise.

use std::io::{self, Write};

use ratatui::backend::{Backend, ClearType, CrosstermBackend, WindowSize};
use ratatui::buffer::Cell;
use ratatui::layout::{Position, Size};
use zeroize::Zeroize;

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
    use ratatui::Terminal;
    use ratatui::text::Text;
    use ratatui::{TerminalOptions, Viewport, layout::Rect};

    use super::*;

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
