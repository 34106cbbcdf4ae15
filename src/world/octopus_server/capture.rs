//! What a program prints, kept within bounds: how it began and how it ended.

use std::collections::VecDeque;

use tokio::io::{AsyncRead, AsyncReadExt};

use super::mask::Masks;
use crate::model::untrusted::Untrusted;

/// So much of the beginning is kept, in bytes.
const HEAD: usize = 64 * 1024;
/// And so much of the end.
const TAIL: usize = 256 * 1024;
/// The most lines that are shown.
const LINES: usize = 1_000;

/// One stream of a program's.
#[derive(Default)]
pub(super) struct Capture {
    head: Vec<u8>,
    tail: VecDeque<u8>,
    /// How many bytes between the two were let go.
    lost: u64,
}

impl Capture {
    /// Takes what comes until the stream ends. It is read to its end whatever comes: a program that prints into a full pipe
    /// stands still.
    pub(super) async fn take(&mut self, mut from: impl AsyncRead + Unpin) {
        let mut piece = vec![0; 16 * 1024];
        while let Ok(length @ 1..) = from.read(&mut piece).await {
            self.add(&piece[..length]);
        }
    }

    fn add(&mut self, piece: &[u8]) {
        let (first, rest) = piece.split_at(piece.len().min(HEAD - self.head.len()));
        self.head.extend_from_slice(first);
        self.tail.extend(rest);
        let over = self.tail.len().saturating_sub(TAIL);
        self.tail.drain(..over);
        self.lost += over as u64;
    }

    /// Its lines, the secrets hidden, cleaned, blank ones left out; the last thousand of them. Secrets are looked for in the
    /// whole, so it does not matter in which pieces they came. Where bytes were let go, a line says so, and what a secret
    /// left at either side of the gap goes with them.
    pub(super) fn lines(mut self, masks: &Masks) -> Vec<Untrusted> {
        let mut lines = Vec::new();
        if self.lost == 0 {
            self.head.extend(self.tail);
            push(&mut lines, &masks.hide(&self.head));
        } else {
            let tail = Vec::from(self.tail);
            let begun = masks.begun_at_the_end(&self.head);
            let ending = masks.ending_at_the_beginning(&tail);
            push(&mut lines, &masks.hide(&self.head[..self.head.len() - begun]));
            lines.push(format!("… {} bytes are left out here …", self.lost).into());
            push(&mut lines, &masks.hide(&tail[ending..]));
        }
        lines.drain(..lines.len().saturating_sub(LINES));
        lines
    }
}

fn push(lines: &mut Vec<Untrusted>, text: &[u8]) {
    let text = String::from_utf8_lossy(text);
    lines.extend(text.split(['\n', '\r']).map(Untrusted::new).filter(|line| !line.is_empty()));
}

#[cfg(test)]
mod tests {
    use secrecy::SecretString;

    use super::*;

    fn masks() -> Masks {
        Masks::of(&[SecretString::from("hunter2")])
    }

    #[test]
    fn a_secret_that_comes_in_pieces_is_hidden() {
        let mut capture = Capture::default();
        for byte in "one hunter2\r\n\n two\u{1b}[31m\n".as_bytes() {
            capture.add(&[*byte]);
        }
        let lines: Vec<_> = capture.lines(&masks()).iter().map(ToString::to_string).collect();
        assert_eq!(lines, ["one ***", "two^[[31m"]);
    }

    #[test]
    fn too_much_is_let_go_and_no_piece_of_a_secret_stays_at_the_edges() {
        let mut capture = Capture::default();
        // Both edges fall into a secret.
        capture.add("x".repeat(HEAD - 3).as_bytes());
        capture.add(b"hunter2");
        let filler = "y".repeat(1 << 20);
        (0..8).for_each(|_| capture.add(filler.as_bytes()));
        capture.add(b"hunter2");
        capture.add("z".repeat(TAIL - 4).as_bytes());
        assert_eq!((capture.head.len(), capture.tail.len()), (HEAD, TAIL));
        assert_eq!(capture.lost, 4 + (8 << 20) + 3);
        let lines: Vec<_> = capture.lines(&masks()).iter().map(ToString::to_string).collect();
        assert!(lines.len() == 3 && lines[1].contains("8388615 bytes are left out"), "{:?}", lines[1]);
        assert!(lines.iter().all(|line| !line.contains("hun") && !line.contains("ter2")), "{lines:?}");
    }

    #[test]
    fn only_the_last_thousand_lines_are_kept() {
        let mut capture = Capture::default();
        (0..5_000).for_each(|number| capture.add(format!("{number}\n").as_bytes()));
        let lines = capture.lines(&masks());
        assert_eq!((lines.len(), lines[0].as_str(), lines[999].as_str()), (1_000, "4000", "4999"));
    }
}
