//! A run's record of a file that it has copied and verified: a line of the manifest.

use data_encoding::HEXLOWER;

use crate::migration::model::{Digest, Moment, Stamp};

/// A file that was copied and verified.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ProgressRecord {
    /// The source's, when it was copied.
    pub stamp: Stamp,
    pub digest: Digest,
}

/// How many digits of its own digest a line begins with.
const CHECK: usize = 8;

impl ProgressRecord {
    /// Returns the line for this key, with its line break. It begins with a digest of itself: a power cut may leave anything in a file's
    /// last block, and that must not pass for a line.
    pub fn line(&self, key: &str) -> String {
        let Self { stamp: Stamp { size, written }, digest } = self;
        let rest = format!("{size} {}.{:09} {} {key}", written.seconds, written.nanos, HEXLOWER.encode(&digest.0));
        format!("{} {rest}\n", check(&rest))
    }

    /// Reads a line without its line break; `None` if it is damaged.
    pub fn read(line: &str) -> Option<(&str, Self)> {
        let (said, rest) = line.split_once(' ')?;
        if said != check(rest) {
            return None;
        }
        let mut parts = rest.splitn(4, ' ');
        let size = parts.next()?.parse().ok()?;
        let (seconds, nanos) = parts.next()?.split_once('.')?;
        let written = Moment { seconds: seconds.parse().ok()?, nanos: nanos.parse().ok()? };
        let digest = HEXLOWER.decode(parts.next()?.as_bytes()).ok()?.try_into().ok()?;
        Some((parts.next()?, Self { stamp: Stamp { size, written }, digest: Digest(digest) }))
    }
}

fn check(rest: &str) -> String {
    let digest = ring::digest::digest(&ring::digest::SHA256, rest.as_bytes());
    HEXLOWER.encode(digest.as_ref()).chars().take(CHECK).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record() -> ProgressRecord {
        ProgressRecord { stamp: Stamp { size: 77, written: Moment { seconds: -5, nanos: 42 } }, digest: Digest([0xab; 32]) }
    }

    #[test]
    fn a_line_is_read_back_whatever_the_key() {
        for key in ["packages/a", "task-logs/a%20b%0a/c"] {
            let line = record().line(key);
            assert_eq!(line.matches('\n').count(), 1);
            assert_eq!(ProgressRecord::read(line.trim_end()), Some((key, record())));
        }
    }

    proptest::proptest! {
        #[test]
        fn a_torn_or_damaged_line_is_none(cut in 0usize..110, byte in 0usize..110) {
            let line = record().line("packages/a/b/c.nupkg");
            let line = line.trim_end();
            if cut < line.len() {
                proptest::prop_assert_eq!(ProgressRecord::read(&line[..cut]), None);
            }
            let mut other = line.as_bytes().to_vec();
            let place = byte % other.len();
            other[place] ^= 1;
            let other = String::from_utf8_lossy(&other).into_owned();
            proptest::prop_assert_eq!(ProgressRecord::read(&other), None);
        }
    }
}
