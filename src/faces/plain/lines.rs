//! Where the answers come from, a line at a time. One source serves the whole session: a new buffer for each prompt would
//! swallow what a pipe has sent ahead.

use std::collections::VecDeque;
use std::fmt;

use zeroize::Zeroizing;

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
pub enum Heard {
    /// A line without its end; it may be a secret, so it is wiped when it is dropped.
    Line(Zeroizing<String>),
    /// A line that is no text; the sentence says why.
    Refused(&'static str),
    /// The input has ended.
    End,
}

/// Lines may be secrets, so only their kind is told.
impl fmt::Debug for Heard {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Line(_) => "Line",
            Self::Refused(why) => why,
            Self::End => "End",
        })
    }
}

/// A source of lines.
pub trait Lines {
    /// The next line. Dropping the future loses nothing: the line is there for whoever asks next.
    fn next(&mut self, echo: Echo) -> impl Future<Output = Heard>;

    /// Whether a terminal shows what is typed and goes to the next line by itself. Where it is not, the face ends the line.
    fn is_seen(&self) -> bool {
        false
    }

    /// Stops the process as Ctrl-Z would, with the terminal as it was found, and comes back when it is continued.
    fn suspend(&mut self) {}
}

/// Lines that were written beforehand.
#[derive(Debug, Clone, Default)]
pub struct Script(VecDeque<String>);

impl Script {
    /// These lines, and then the end of the input.
    pub fn new<Text: Into<String>>(lines: impl IntoIterator<Item = Text>) -> Self {
        Self(lines.into_iter().map(Into::into).collect())
    }

    /// How many nobody has asked for yet.
    pub fn left(&self) -> usize {
        self.0.len()
    }
}

impl Lines for Script {
    async fn next(&mut self, _echo: Echo) -> Heard {
        self.0.pop_front().map_or(Heard::End, |line| Heard::Line(Zeroizing::new(line)))
    }
}
