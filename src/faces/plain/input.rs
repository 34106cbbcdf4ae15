//! Lines of input: standard input, or lines that were written before. One source serves the whole session: a new buffer for
//! each prompt would swallow what a pipe has sent ahead.
//!
//! Standard input is read by a thread of its own, a line for each one that is asked for, so that signals and results arrive while
//! somebody thinks. A blocking read cannot be called off: the thread ends with the process.
//!
//! The terminal's echo is off while a secret is typed, and back on every way out. The terminal's original settings are kept
//! process-wide, because a panic hook, which can run in any thread, has to restore them.

use std::collections::VecDeque;
use std::fmt;
use std::io::{self, BufRead, IsTerminal, Read};
use std::sync::mpsc::{Receiver, Sender, channel};

use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use zeroize::Zeroizing;

pub use system::{hide, keep, restore};

/// Whether what is typed may be seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Echo {
    /// It may.
    Shown,
    /// It is a secret: a terminal must not show it.
    Hidden,
    /// It is a secret of several lines, the next of which may be on their way already: a terminal shows nothing until something
    /// else is asked.
    Silent,
}

/// What was heard at a prompt.
pub enum InputLine {
    /// A line without its end; it may be a secret, so it is wiped when it is dropped.
    Line(Zeroizing<String>),
    /// A line that is no text; the sentence says why.
    Refused(&'static str),
    /// The input has ended.
    End,
}

/// Lines may be secrets, so only their kind is told.
impl fmt::Debug for InputLine {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Line(_) => "Line",
            Self::Refused(why) => why,
            Self::End => "End",
        })
    }
}

/// A source of lines.
pub trait LineSource {
    /// The next line. Dropping the future loses nothing: the line is kept for the next question.
    fn next(&mut self, echo: Echo) -> impl Future<Output = InputLine>;

    /// Whether a terminal shows what is typed and goes to the next line by itself. Where it is not, the face ends the line.
    fn is_seen(&self) -> bool {
        false
    }

    /// Stops the process as Ctrl-Z would, with the terminal as it was found, and comes back when it is continued.
    fn suspend(&mut self) {}
}

/// Lines that were written beforehand.
#[derive(Debug, Clone, Default)]
pub struct ScriptedLines(VecDeque<String>);

impl ScriptedLines {
    /// These lines, and then the end of the input.
    pub fn new<Text: Into<String>>(lines: impl IntoIterator<Item = Text>) -> Self {
        Self(lines.into_iter().map(Into::into).collect())
    }

    /// How many nobody has asked for yet.
    pub fn left(&self) -> usize {
        self.0.len()
    }
}

impl LineSource for ScriptedLines {
    async fn next(&mut self, _echo: Echo) -> InputLine {
        self.0.pop_front().map_or(InputLine::End, |line| InputLine::Line(Zeroizing::new(line)))
    }
}

/// The longest line, in bytes. No answer is as long, and a file that was piped by mistake must not fill the memory.
const LONGEST: u64 = 16 * 1024;

/// Standard input. Dropping it puts the terminal back as it was found.
#[derive(Debug)]
pub struct StdinLines {
    wanted: Sender<Echo>,
    heard: UnboundedReceiver<InputLine>,
    /// What was asked for and has not been heard yet.
    asked: Option<Echo>,
    terminal: bool,
    _guard: Guard,
}

impl StdinLines {
    /// Begins to read.
    pub fn start() -> io::Result<Self> {
        let (wanted, wants) = channel();
        let (sender, heard) = unbounded_channel();
        let terminal = io::stdin().is_terminal();
        std::thread::Builder::new()
            .name("plain-read".into())
            .stack_size(256 * 1024)
            .spawn(move || read_all(&wants, &sender, terminal))?;
        Ok(Self { wanted, heard, asked: None, terminal, _guard: Guard })
    }
}

impl LineSource for StdinLines {
    async fn next(&mut self, echo: Echo) -> InputLine {
        if self.asked.is_none() {
            restore();
            if self.terminal && echo != Echo::Shown && hide().is_err() {
                return InputLine::End;
            }
            self.asked = Some(echo);
            let _ = self.wanted.send(echo);
        }
        let heard = self.heard.recv().await.unwrap_or(InputLine::End);
        self.asked = None;
        if echo != Echo::Silent {
            restore();
        }
        heard
    }

    fn is_seen(&self) -> bool {
        self.terminal
    }

    #[cfg(unix)]
    fn suspend(&mut self) {
        restore();
        let _ = rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::STOP);
        if self.terminal && self.asked.is_some_and(|echo| echo != Echo::Shown) {
            let _ = hide();
        }
    }
}

fn read_all(wants: &Receiver<Echo>, sender: &UnboundedSender<InputLine>, terminal: bool) {
    let mut begun = false;
    while let Ok(echo) = wants.recv() {
        let heard = if terminal && echo != Echo::Shown && cfg!(not(unix)) {
            // The reader switches the console's own echo.
            rpassword::read_password().map_or(InputLine::End, |line| InputLine::Line(Zeroizing::new(line)))
        } else {
            read(&mut io::stdin().lock(), !begun, echo)
        };
        begun = true;
        let ended = matches!(heard, InputLine::End);
        if sender.send(heard).is_err() || ended {
            return;
        }
    }
}

/// Reads a line. The last one may lack its end. `first`: a byte order mark, with which some shells begin a pipe, goes.
/// Of a secret of several lines each may hold tabs.
fn read(input: &mut impl BufRead, first: bool, echo: Echo) -> InputLine {
    // Of its full length at once: growing would leave copies of a secret behind.
    let mut bytes = Zeroizing::new(Vec::with_capacity(usize::try_from(LONGEST).unwrap_or(0) + 1));
    match input.by_ref().take(LONGEST).read_until(b'\n', &mut bytes) {
        Err(_) | Ok(0) => return InputLine::End,
        Ok(_) => {}
    }
    if bytes.last() == Some(&b'\n') {
        bytes.pop();
    } else if bytes.len() as u64 == LONGEST {
        return if skip(input) { InputLine::Refused("That line is too long to be an answer.") } else { InputLine::End };
    }
    if bytes.last() == Some(&b'\r') {
        bytes.pop();
    }
    let Ok(line) = std::str::from_utf8(&bytes) else { return InputLine::Refused("That line is not UTF-8.") };
    let line = if first { line.trim_start_matches('\u{feff}') } else { line };
    if line.chars().any(|c| c.is_control() && !(c == '\t' && echo == Echo::Silent)) {
        // An arrow key, for instance: what it was to do, a line cannot.
        return InputLine::Refused("That line holds control characters; type it once more.");
    }
    InputLine::Line(Zeroizing::new(line.to_owned()))
}

/// Reads away the rest of a line; `false` at the end of the input.
fn skip(input: &mut impl BufRead) -> bool {
    loop {
        let (used, found) = match input.fill_buf() {
            Ok([]) | Err(_) => return false,
            Ok(buffer) => match buffer.iter().position(|byte| *byte == b'\n') {
                Some(place) => (place + 1, true),
                None => (buffer.len(), false),
            },
        };
        input.consume(used);
        if found {
            return true;
        }
    }
}

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
    use super::*;

    fn all(input: &[u8]) -> Vec<String> {
        all_of(input, Echo::Shown)
    }

    fn all_of(input: &[u8], echo: Echo) -> Vec<String> {
        let mut input = input;
        let mut heard = Vec::new();
        loop {
            match read(&mut input, heard.is_empty(), echo) {
                InputLine::Line(line) => heard.push(line.to_string()),
                InputLine::Refused(why) => heard.push(format!("refused: {why}")),
                InputLine::End => return heard,
            }
        }
    }

    #[test]
    fn lines_come_without_their_ends_and_the_last_may_have_none() {
        assert_eq!(all(b"one\r\n\ntwo \nthree"), ["one", "", "two ", "three"]);
        assert_eq!(all(b""), [""; 0]);
        assert_eq!(all("\u{feff}yes\n".as_bytes()), ["yes"]);
    }

    #[test]
    fn what_is_no_text_is_refused_and_the_next_line_is_heard() {
        let long = [vec![b'x'; 50_000], b"\nnext\n".to_vec()].concat();
        assert_eq!(all(&long), ["refused: That line is too long to be an answer.", "next"]);
        assert_eq!(all(b"\xff\xfe\nnext"), ["refused: That line is not UTF-8.", "next"]);
        let refused = "refused: That line holds control characters; type it once more.";
        assert_eq!(all(b"\x1b[A\nnext"), [refused, "next"]);
        assert_eq!(all(b"\tx\n"), [refused]);
        assert_eq!(all_of(b"\t<x>\n\x1b[A\n", Echo::Silent), ["\t<x>", refused]);
    }

    #[test]
    fn a_line_without_an_end_does_not_fill_the_memory() {
        assert_eq!(all(&vec![b'x'; 100_000]), [""; 0]);
    }

    #[test]
    fn putting_back_what_was_never_changed_does_nothing() {
        super::restore();
        super::restore();
    }
}
