//! What the encrypted values together say of a key.
//!
//! The right key opens every value. What a wrong one does to a value's last block is chance, so the padding of one value
//! in 255 comes out right. Text in it is much rarer: for the shortest value, one block with one byte of padding, the
//! other 15 bytes have to be UTF-8 without control characters, which is 2 in 100,000; together 1 in 10 to 20 million, and
//! less by a factor of 100,000 with each further block. Three independent values: 1 in 10^21 or fewer. So the rule needs
//! no weights by length: even three of the shortest are proof enough, and one or two are not made to be.
//!
//! Measured with a million wrong keys: 3,863 right paddings of one block, no text, and of 100,000 no certificate.

use super::certificate::is_certificate;
use super::open::open;
use super::value::BLOCK;
use super::{EncryptedValue, KeyEvidence};
use crate::model::key_verdict::{KeyBasis, KeyVerdict, NoBasis};
use crate::model::master_key::MasterKey;

/// So many values that come out as text are proof.
const PROOF: usize = 3;

/// The values that can be tried apart from each other, at most [`KeyEvidence::MOST`], certificates first.
///
/// Octopus copies values as they are into snapshots of variables and processes; ten copies of one say no more than one.
/// Under a wrong key the padding depends on the last block and on what stands before it, hence either one's return makes
/// a value a copy.
pub(super) fn independent(values: &[EncryptedValue]) -> Vec<&EncryptedValue> {
    let mut kept: Vec<&EncryptedValue> = Vec::new();
    let (certificates, others): (Vec<_>, Vec<_>) = values.iter().partition(|value| value.is_certificate);
    for value in certificates.into_iter().chain(others) {
        let copy = |other: &&EncryptedValue| other.iv == value.iv || last_block(other) == last_block(value);
        if kept.len() < KeyEvidence::MOST && !kept.iter().any(copy) {
            kept.push(value);
        }
    }
    kept
}

fn last_block(value: &EncryptedValue) -> &[u8] {
    &value.cipher[value.cipher.len().saturating_sub(BLOCK)..]
}

/// The verdict of the server certificate, where there is one; it decides alone.
///
/// Under the right key its row may still hold nothing that is a certificate, if Octopus came to keep it in a form that
/// is unknown here. Text tells that from a wrong key; the operator is told that nobody can tell, and not that a right
/// key is wrong (Issues#6507 was that).
pub(super) fn by_certificate(values: &[&EncryptedValue], key: &MasterKey) -> Option<KeyVerdict> {
    let opened: Vec<_> = values.iter().filter(|value| value.is_certificate).map(|value| tried(value, key)).collect();
    if opened.is_empty() {
        return None;
    }
    let texts = opened.iter().filter(|one| **one == Opened::Text).count();
    Some(match texts {
        _ if opened.contains(&Opened::Certificate) => KeyVerdict::Correct(KeyBasis::Certificate),
        0 => KeyVerdict::Wrong(KeyBasis::Certificate),
        opened => KeyVerdict::Unverifiable(NoBasis::Mixed { opened, values: values.len() }),
    })
}

/// Whether the server certificate contradicts what the registry's verifier said of the key. Only what chance does not do
/// counts: an accepted key that unpads none of it, and a refused one that opens it.
pub(super) fn certificate_contradicts(accepted: bool, values: &[&EncryptedValue], key: &MasterKey) -> bool {
    let mut opened = values.iter().filter(|value| value.is_certificate).map(|value| tried(value, key)).peekable();
    if accepted {
        opened.peek().is_some() && opened.all(|one| one == Opened::Not)
    } else {
        opened.any(|one| one == Opened::Certificate)
    }
}

/// The verdict of other values.
///
/// A value that does not open proves that its key is another one, so a key that opens none is wrong however few there
/// are; "cannot be verified" would invite the operator to go on. What is binary (an odd password) and only unpads speaks
/// neither for nor against the key.
pub(super) fn by_values(values: &[&EncryptedValue], key: &MasterKey) -> KeyVerdict {
    let tried: Vec<_> = values.iter().map(|value| tried(value, key)).collect();
    let refused = tried.iter().filter(|one| **one == Opened::Not).count();
    let opened = tried.iter().filter(|one| matches!(one, Opened::Text | Opened::Certificate)).count();
    let values = tried.len();
    match (opened, refused) {
        _ if values == 0 => KeyVerdict::Unverifiable(NoBasis::Nothing),
        (0, 1..) => KeyVerdict::Wrong(KeyBasis::Values(values)),
        (PROOF.., 0) => KeyVerdict::Correct(KeyBasis::Values(opened)),
        (_, 0) if opened == values => KeyVerdict::Unverifiable(NoBasis::TooFew { values }),
        _ => KeyVerdict::Unverifiable(NoBasis::Mixed { opened, values }),
    }
}

/// What a key makes of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Opened {
    /// A certificate.
    Certificate,
    /// Text, which a wrong key makes once in ten million times.
    Text,
    /// The padding came out right and what is in it is neither, as a wrong key makes it every 255th time.
    Odd,
    /// It does not open.
    Not,
}

fn tried(value: &EncryptedValue, key: &MasterKey) -> Opened {
    match open(value, key) {
        None => Opened::Not,
        Some(plain) if is_certificate(&plain) => Opened::Certificate,
        Some(plain) if is_text(&plain) => Opened::Text,
        Some(_) => Opened::Odd,
    }
}

/// UTF-8 without control characters other than those of a text of several lines. Of nothing, too: an empty value is a
/// block of sixteen bytes of padding, which no wrong key makes.
fn is_text(plain: &[u8]) -> bool {
    str::from_utf8(plain).is_ok_and(|text| text.chars().all(|c| !c.is_control() || matches!(c, '\t' | '\n' | '\r')))
}
