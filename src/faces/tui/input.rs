//! Terminal input as a stream of events.
//!
//! On Windows crossterm reports no pastes: a pasted text arrives as single keys, its line ends as Enter, and an Enter in the
//! middle of a pasted password would submit half of it. Nobody types as fast as a paste arrives, so keys that follow one
//! another within five milliseconds are put together again.
//!
//! crossterm 0.29 does not notice that the terminal is gone: its read then spins at full load and never returns. A `poll` that
//! asks for nothing sleeps without cost and still wakes on a hang-up.

use std::fmt;
use std::time::{Duration, Instant};

use crate::model::secret::SecretString;
use crossterm::event::{Event as Raw, KeyCode, KeyEvent, KeyEventKind, KeyModifiers, MouseEvent};
use tokio::sync::mpsc;
use zeroize::Zeroizing;

/// Something that came from the terminal.
#[derive(Clone)]
pub enum TuiEvent {
    /// A key was pressed or repeats.
    Key(KeyEvent),
    /// A key that came so soon after another one that nobody typed it: part of a paste that the terminal does not mark. It is text where text
    /// is typed, and never acts.
    Hurried(KeyEvent),
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
            Self::Hurried(_) => "Hurried",
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
    watch_hang_up(move || {
        let _ = gone.blocking_send(TuiEvent::Gone);
    });
    std::thread::Builder::new().name("terminal-read".into()).stack_size(256 * 1024).spawn(move || read(&sender))?;
    Ok(receiver)
}

fn read(sender: &mpsc::Sender<TuiEvent>) {
    let mut pace = Pace::default();
    loop {
        let Ok(raw) = crossterm::event::read() else {
            let _ = sender.blocking_send(TuiEvent::Gone);
            return;
        };
        for event in understand(raw) {
            if sender.blocking_send(pace.judge(event, Instant::now())).is_err() {
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
    gather_paste(raw, |patience| match crossterm::event::poll(patience) {
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

/// Keys that follow one another faster than this were not typed: a slow paste has one each 12 ms, a held key one each 30 ms.
const TYPED: Duration = Duration::from_millis(20);

/// Tells typed keys from those of a paste that the terminal does not mark, by their pace.
#[derive(Debug, Default)]
struct Pace {
    /// When the last key came that writes something.
    last: Option<Instant>,
    /// The letters that came in a row at the pace of a paste, the first one included.
    letters: usize,
}

impl Pace {
    /// Returns the event, as hurried if it is part of a paste.
    fn judge(&mut self, event: TuiEvent, now: Instant) -> TuiEvent {
        let TuiEvent::Key(key) = event else { return event };
        let plain = key.modifiers.difference(KeyModifiers::SHIFT).is_empty();
        let is_letter = matches!(key.code, KeyCode::Char(_));
        if !plain || !(is_letter || key.code == KeyCode::Enter) {
            *self = Self::default();
            return event;
        }
        let soon = self.last.replace(now).is_some_and(|last| now.duration_since(last) < TYPED);
        let before = if soon { self.letters } else { 0 };
        self.letters = before + usize::from(is_letter);
        // A line end that ends a word which was typed quickly is a key; the first few letters of a paste cannot be told from that.
        let hurried = if is_letter { before > 0 } else { before >= FEWEST - 1 };
        if hurried { TuiEvent::Hurried(key) } else { event }
    }
}

/// Keys of a paste follow one another faster than this; a key that repeats does so at 30 ms or more.
const GAP: Duration = Duration::from_millis(5);

/// As many keys in quick succession are a paste. Two or three can come from a slow program catching up.
const FEWEST: usize = 4;

/// Puts a paste together from the first key of it and those that follow within the gap; `next` waits that long for one.
pub fn gather_paste(first: Raw, mut next: impl FnMut(Duration) -> Option<Raw>) -> Vec<TuiEvent> {
    let Some(mut text) = letter(&first).map(|letter| Zeroizing::new(String::from(letter))) else {
        return translate(first).into_iter().collect();
    };
    let mut keys = vec![first];
    let mut after = None;
    while let Some(raw) = next(GAP) {
        if is_release(&raw) {
            continue;
        }
        let Some(letter) = letter(&raw) else {
            after = Some(raw);
            break;
        };
        text.push(letter);
        keys.push(raw);
    }
    let mut events: Vec<TuiEvent> = if keys.len() >= FEWEST {
        vec![TuiEvent::Paste(SecretString::from(text.as_str()))]
    } else {
        keys.into_iter().filter_map(translate).collect()
    };
    events.extend(after.and_then(translate));
    events
}

fn is_release(raw: &Raw) -> bool {
    matches!(raw, Raw::Key(KeyEvent { kind: KeyEventKind::Release, .. }))
}

/// The character that a key writes, if it writes one.
fn letter(raw: &Raw) -> Option<char> {
    let Raw::Key(key) = raw else { return None };
    let plain = key.modifiers.difference(KeyModifiers::SHIFT).is_empty();
    match key.code {
        _ if key.kind == KeyEventKind::Release || !plain => None,
        KeyCode::Char(letter) => Some(letter),
        KeyCode::Enter => Some('\n'),
        KeyCode::Tab => Some('\t'),
        _ => None,
    }
}

/// Calls `gone` once, from a thread of its own, when the terminal hangs up. Where there is no terminal, or no such
/// thing as a hang-up (Windows), it never does.
#[cfg(unix)]
pub fn watch_hang_up(gone: impl FnOnce() + Send + 'static) {
    use std::os::fd::AsFd;

    use rustix::event::{PollFd, PollFlags, poll};
    use rustix::io::Errno;

    let watching = move || {
        let stdin = std::io::stdin();
        // crossterm reads from the terminal itself where standard input is something else; so do we watch.
        let tty = if rustix::termios::isatty(&stdin) { None } else { std::fs::File::open("/dev/tty").ok() };
        let fd = match &tty {
            Some(file) => file.as_fd(),
            None => stdin.as_fd(),
        };
        let mut watched = [PollFd::from_borrowed_fd(fd, PollFlags::empty())];
        loop {
            match poll(&mut watched, None) {
                Err(Errno::INTR) => {}
                Err(_) => return,
                Ok(_) => {
                    let seen = watched[0].revents();
                    if seen.contains(PollFlags::NVAL) {
                        return;
                    }
                    if seen.intersects(PollFlags::HUP | PollFlags::ERR) {
                        gone();
                        return;
                    }
                }
            }
        }
    };
    // Without the thread only this watch is missing; SIGHUP still ends the program.
    let _ = std::thread::Builder::new().name("terminal-watch".into()).stack_size(64 * 1024).spawn(watching);
}

/// Windows closes the process with its console.
#[cfg(not(unix))]
pub fn watch_hang_up(_gone: impl FnOnce() + Send + 'static) {}

#[cfg(test)]
mod tests {
    use crossterm::event::{KeyCode, KeyModifiers};
    use secrecy::ExposeSecret;

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

    fn key(code: KeyCode) -> Raw {
        Raw::Key(KeyEvent::new(code, KeyModifiers::NONE))
    }

    fn gathered(keys: &[KeyCode]) -> Vec<TuiEvent> {
        let mut keys = keys.iter().map(|code| key(*code));
        let first = keys.next().expect("a key");
        gather_paste(first, |_| keys.next())
    }

    #[test]
    fn quick_keys_are_a_paste_and_its_enter_submits_nothing() {
        let events = gathered(&[KeyCode::Char('p'), KeyCode::Char('w'), KeyCode::Char('1'), KeyCode::Enter]);
        assert!(matches!(&events[..], [TuiEvent::Paste(text)] if text.expose_secret() == "pw1\n"));
    }

    /// Judges keys that come so many milliseconds after one another; returns which are hurried.
    fn hurried(pause: u64, codes: &[KeyCode]) -> Vec<bool> {
        let (mut pace, begin) = (Pace::default(), Instant::now());
        let judged = (0..).zip(codes).map(|(number, code)| {
            let event = TuiEvent::Key(KeyEvent::new(*code, KeyModifiers::NONE));
            matches!(pace.judge(event, begin + Duration::from_millis(pause * number)), TuiEvent::Hurried(_))
        });
        judged.collect()
    }

    #[test]
    fn a_paste_of_12_ms_a_key_acts_nowhere_and_typed_or_held_keys_do() {
        let pasted =
            [KeyCode::Char('p'), KeyCode::Char('w'), KeyCode::Char('1'), KeyCode::Enter, KeyCode::Char('u'), KeyCode::Tab];
        assert_eq!(hurried(12, &pasted), [false, true, true, true, true, false]);
        assert_eq!(hurried(30, &pasted), [false; 6]);
        assert_eq!(hurried(1, &[KeyCode::Enter; 60]), [false; 60], "held, or typed ahead");
        assert_eq!(hurried(12, &[KeyCode::Char('y'), KeyCode::Enter]), [false, false]);
    }

    #[test]
    fn slow_keys_stay_keys() {
        assert!(matches!(&gathered(&[KeyCode::Enter])[..], [TuiEvent::Key(key)] if key.code == KeyCode::Enter));
        assert_eq!(gathered(&[KeyCode::Char('a'), KeyCode::Enter]).len(), 2);
    }

    #[test]
    fn what_ends_a_paste_is_not_lost() {
        let events = gathered(&[KeyCode::Char('a'), KeyCode::Char('b'), KeyCode::Char('c'), KeyCode::Char('d'), KeyCode::Esc]);
        assert!(matches!(&events[..], [TuiEvent::Paste(_), TuiEvent::Key(key)] if key.code == KeyCode::Esc));
    }
}
