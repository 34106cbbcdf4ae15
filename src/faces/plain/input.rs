//! Input lines: standard input, or scripted lines. One source serves the whole session, because a new buffer for each
//! prompt would swallow what a pipe has sent ahead.
//!
//! A separate thread reads standard input, one line per request, so that signals and results are handled while the
//! operator thinks. A blocking read cannot be cancelled: the thread ends with the process.
//!
//! The terminal's echo is off while a secret is typed, and restored on every exit path. The terminal's original
//! settings are kept process-wide, because the panic hook, which can run in any thread, has to restore them.

use std::collections::VecDeque;
use std::fmt;
use std::io::{self, BufRead, IsTerminal, Read};
use std::sync::mpsc::{Receiver, Sender, channel};

use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use zeroize::Zeroizing;

pub use system::{hide, keep, restore};

/// Whether a terminal may show what is typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Echo {
    Shown,
    /// A secret, which a terminal must not show.
    Hidden,
    /// A secret of several lines. The next lines may be pasted already, so the terminal shows nothing until something
    /// else is asked.
    Silent,
}

/// What was read at a prompt.
pub enum InputLine {
    /// A line without its line break. Wiped when dropped, because it may be a secret.
    Line(Zeroizing<String>),
    /// A line that is not valid text; the sentence says why.
    Refused(&'static str),
    /// The input has ended.
    End,
}

/// Prints only the kind, because lines may be secrets.
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
    /// Returns the next line. Dropping the future loses nothing: the line is kept for the next question.
    fn next(&mut self, echo: Echo) -> impl Future<Output = InputLine>;

    /// Returns whether a terminal echoes the line and its line break. If not, the face ends the line itself.
    fn is_seen(&self) -> bool {
        false
    }

    /// Stops the process as Ctrl-Z would, with the terminal's original settings, and returns when it is continued.
    fn suspend(&mut self) {}
}

/// Lines that were prepared in advance.
#[derive(Debug, Clone, Default)]
pub struct ScriptedLines(VecDeque<String>);

impl ScriptedLines {
    /// Creates a source of these lines, followed by the end of the input.
    pub fn new<Text: Into<String>>(lines: impl IntoIterator<Item = Text>) -> Self {
        Self(lines.into_iter().map(Into::into).collect())
    }

    /// Returns how many lines have not been read yet.
    pub fn left(&self) -> usize {
        self.0.len()
    }
}

impl LineSource for ScriptedLines {
    async fn next(&mut self, _echo: Echo) -> InputLine {
        self.0.pop_front().map_or(InputLine::End, |line| InputLine::Line(Zeroizing::new(line)))
    }
}

/// The longest line, in bytes. No answer is longer, and a file piped by mistake must not fill the memory.
const LONGEST: u64 = 16 * 1024;

/// Standard input. Dropping it restores the terminal's settings.
#[derive(Debug)]
pub struct StdinLines {
    wanted: Sender<Echo>,
    heard: UnboundedReceiver<InputLine>,
    /// The echo of the pending request.
    asked: Option<Echo>,
    terminal: bool,
    _guard: Guard,
}

impl StdinLines {
    /// Starts the reading thread.
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
            // `rpassword` switches the console's echo itself.
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

/// Reads a line; the last one may lack its line break. If `first`, removes the byte order mark that some shells send
/// first. A secret of several lines may contain tabs.
fn read(input: &mut impl BufRead, first: bool, echo: Echo) -> InputLine {
    // Allocated at full length, because growing would leave copies of a secret in memory.
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
        // For example an arrow key, which has no effect in line input.
        return InputLine::Refused("That line holds control characters; type it once more.");
    }
    InputLine::Line(Zeroizing::new(line.to_owned()))
}

/// Skips the rest of a line. Returns `false` at the end of the input.
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

    /// The original settings, while they are changed.
    static FOUND: Mutex<Option<Termios>> = Mutex::new(None);

    /// Saves the present settings for [`restore`], because another part of the program is about to change them. Saves
    /// nothing without a terminal.
    pub fn keep() {
        let mut found = FOUND.lock().unwrap_or_else(PoisonError::into_inner);
        if found.is_none() {
            *found = tcgetattr(io::stdin()).ok();
        }
    }

    /// Stops the terminal from showing what is typed, except the line break. Fails if that is not possible: a failed
    /// question is better than a visible secret.
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
        // Without a flush: what was typed ahead is an answer too.
        tcsetattr(&stdin, OptionalActions::Now, &hidden)?;
        Ok(())
    }

    /// Restores the settings, if they were changed. Safe to call from any thread and any number of times.
    pub fn restore() {
        // A panic may have happened while the lock was held; then only the thread that holds it can restore them.
        let Ok(mut found) = FOUND.try_lock() else { return };
        if let Some(found) = found.take() {
            let _ = tcsetattr(io::stdin(), OptionalActions::Now, &found);
        }
    }
}

#[cfg(not(unix))]
mod system {
    /// Does nothing: `rpassword` restores the console itself.
    pub fn keep() {}

    /// Does nothing: `rpassword` changes the console while it reads, and restores it itself.
    pub fn hide() -> std::io::Result<()> {
        Ok(())
    }

    /// Does nothing, because nothing was changed.
    pub fn restore() {}
}

/// Restores the settings when dropped.
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
