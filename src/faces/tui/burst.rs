//! Pastes on Windows.
//!
//! crossterm reports no pastes there: a pasted text arrives as single keys, its line ends as Enter, and an Enter in the
//! middle of a pasted password would submit half of it. Nobody types as fast as a paste arrives, so keys that follow
//! one another within five milliseconds are put together to a paste again.

use std::time::Duration;

use crossterm::event::{Event as Raw, KeyCode, KeyEvent, KeyEventKind, KeyModifiers};
use secrecy::SecretString;
use zeroize::Zeroizing;

use super::input::{TuiEvent, translate};

/// Keys of a paste follow one another faster than this; a key that repeats does so at 30 ms or more.
const GAP: Duration = Duration::from_millis(5);

/// As many keys in quick succession are a paste. Two or three can come from a slow program catching up.
const FEWEST: usize = 4;

/// Puts a paste together from the first key of it and those that follow within the gap; `next` waits that long for one.
pub fn gather(first: Raw, mut next: impl FnMut(Duration) -> Option<Raw>) -> Vec<TuiEvent> {
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

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use super::*;

    fn key(code: KeyCode) -> Raw {
        Raw::Key(KeyEvent::new(code, KeyModifiers::NONE))
    }

    fn gathered(keys: &[KeyCode]) -> Vec<TuiEvent> {
        let mut keys = keys.iter().map(|code| key(*code));
        let first = keys.next().expect("a key");
        gather(first, |_| keys.next())
    }

    #[test]
    fn quick_keys_are_a_paste_and_its_enter_submits_nothing() {
        let events = gathered(&[KeyCode::Char('p'), KeyCode::Char('w'), KeyCode::Char('1'), KeyCode::Enter]);
        assert!(matches!(&events[..], [TuiEvent::Paste(text)] if text.expose_secret() == "pw1\n"));
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
