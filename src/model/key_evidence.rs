//! Judges a master key by the registry's verifier, or by Octopus' own encrypted values.
//!
//! The strongest evidence decides alone: the verifier, then the server certificate, then other values. But Octopus can change
//! its key without telling the registry, whose verifier then knows the retired one: if the certificate contradicts it, the
//! verdict is open. Correct padding proves nothing: one wrong key in 255 produces it, and Octopus' own manager once took it for
//! proof (Issues#3563). What counts is what the padding encloses: a certificate, or text. Octopus' own certificate is a PKCS#12
//! store in base64; other forms count as well, since none comes about by chance.
//!
//! The right key opens every value. A wrong key turns a value's last block into chance, so the padding of one value in 255 is
//! correct. Text in it is much rarer: in the shortest value, one block with one byte of padding, the other 15 bytes have to be
//! UTF-8 without control characters, which is 2 in 100,000; together 1 in 10 to 20 million, and less by a factor of 100,000 with
//! each further block. Three independent values: 1 in 10^21 or fewer. So the rule needs no weights by length: even three of the
//! shortest are proof enough, and one or two are not made to be.
//!
//! Measured with a million wrong keys: 3,863 correct paddings of one block, no text, and of 100,000 no certificate.

#[cfg(test)]
mod tests;

use std::fmt;

use aes::{Aes128, Aes256};
use cbc::Decryptor;
use cbc::cipher::block_padding::Pkcs7;
use cbc::cipher::{BlockModeDecrypt, KeyIvInit};
use data_encoding::BASE64;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use zeroize::Zeroizing;

use super::facts::Evidence;
use super::master_key::{MasterKey, Verifier};
use super::untrusted::Untrusted;

/// The verdict. A wrong key can never be `Correct`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum KeyVerdict {
    /// It is the cluster's.
    Correct(KeyBasis),
    /// It is not.
    Wrong(KeyBasis),
    /// It cannot be verified.
    Unverifiable(NoBasis),
}

/// The evidence for a verdict.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum KeyBasis {
    /// The registry's own salted verifier.
    Verifier,
    /// Octopus' encrypted server certificate.
    Certificate,
    /// Octopus' independent encrypted values: how many decrypted to text, or how many did not.
    Values(usize),
}

/// Why a key cannot be verified.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum NoBasis {
    /// There is nothing encrypted in the database.
    Nothing,
    /// Fewer than three encrypted values and no certificate: padding is correct by chance once in 256 times.
    TooFew {
        /// How many there are.
        values: usize,
    },
    /// The registry's verifier and Octopus' own certificate contradict each other: the key was changed in Octopus since the
    /// registry was made, or the registry is another cluster's.
    Rotated,
    /// Some values decrypted and some did not: perhaps an interrupted rotation of the key.
    Mixed {
        /// How many decrypted.
        opened: usize,
        /// Of how many.
        values: usize,
    },
}

/// Everything in a database that a key can be judged by.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct KeyEvidence {
    /// The registry's verifier, where the cluster is ours.
    pub verifier: Option<Verifier>,
    /// Octopus' own encrypted values, the server certificate first.
    pub values: Vec<EncryptedValue>,
}

impl KeyEvidence {
    /// The most values that are tried: more would not make a false verdict less likely, and a database may hold a million.
    pub const MOST: usize = 25;

    /// Returns the kind of evidence.
    pub fn kind(&self) -> Evidence {
        match (&self.verifier, self.certificates().next(), independent(&self.values).len()) {
            (Some(_), ..) => Evidence::Verifier,
            (None, Some(_), _) => Evidence::Certificate,
            (None, None, 0) => Evidence::Nothing,
            (None, None, values) => Evidence::Values(values),
        }
    }

    /// Judges a key. Takes up to some milliseconds of one processor.
    pub fn judge(&self, key: &MasterKey) -> KeyVerdict {
        let independent = independent(&self.values);
        match self.verifier.map(|verifier| verifier.accepts(key)) {
            Some(accepted) if certificate_contradicts(accepted, &independent, key) => KeyVerdict::Unverifiable(NoBasis::Rotated),
            Some(true) => KeyVerdict::Correct(KeyBasis::Verifier),
            Some(false) => KeyVerdict::Wrong(KeyBasis::Verifier),
            None => by_certificate(&independent, key).unwrap_or_else(|| by_values(&independent, key)),
        }
    }

    fn certificates(&self) -> impl Iterator<Item = &EncryptedValue> {
        self.values.iter().filter(|value| value.is_certificate)
    }
}

/// How many values that decrypt to text are proof.
const PROOF: usize = 3;

/// Returns the independent values, at most [`KeyEvidence::MOST`], certificates first.
///
/// Octopus copies values unchanged into snapshots of variables and processes, and ten copies prove no more than one. Under a wrong key
/// the padding depends on the last block and the one before it, so a value that repeats either counts as a copy.
fn independent(values: &[EncryptedValue]) -> Vec<&EncryptedValue> {
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

/// Judges by the server certificate, if there is one; it decides alone.
///
/// Even the right key may not yield a certificate, if Octopus stores it in a form that is unknown here. Text distinguishes that from a
/// wrong key: the verdict is then open, instead of calling a right key wrong (which was Issues#6507).
fn by_certificate(values: &[&EncryptedValue], key: &MasterKey) -> Option<KeyVerdict> {
    let opened: Vec<_> = values.iter().filter(|value| value.is_certificate).map(|value| try_open(value, key)).collect();
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

/// Returns whether the server certificate contradicts the registry's verifier. Only what cannot be chance counts: an accepted key that
/// does not even yield correct padding, or a refused one that opens it.
fn certificate_contradicts(accepted: bool, values: &[&EncryptedValue], key: &MasterKey) -> bool {
    let mut opened = values.iter().filter(|value| value.is_certificate).map(|value| try_open(value, key)).peekable();
    if accepted {
        opened.peek().is_some() && opened.all(|one| one == Opened::Not)
    } else {
        opened.any(|one| one == Opened::Certificate)
    }
}

/// Judges by other values.
///
/// A value that does not open proves that its key is another one, so a key that opens none is wrong however few there are; "cannot be
/// verified" would invite the operator to go on. A binary value (an odd password) with correct padding speaks neither for nor against
/// the key.
fn by_values(values: &[&EncryptedValue], key: &MasterKey) -> KeyVerdict {
    let tried: Vec<_> = values.iter().map(|value| try_open(value, key)).collect();
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

/// The result of decrypting a value with a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Opened {
    Certificate,
    /// Text, which a wrong key yields once in ten million times.
    Text,
    /// Correct padding around something else, which a wrong key yields once in 255 times.
    Binary,
    /// Wrong padding.
    Not,
}

fn try_open(value: &EncryptedValue, key: &MasterKey) -> Opened {
    match open(value, key) {
        None => Opened::Not,
        Some(plain) if is_certificate(&plain) => Opened::Certificate,
        Some(plain) if is_text(&plain) => Opened::Text,
        Some(_) => Opened::Binary,
    }
}

/// Returns whether this is UTF-8 without control characters other than line breaks and the like. An empty value counts: it is a block
/// of sixteen bytes of padding, which no wrong key yields.
fn is_text(plain: &[u8]) -> bool {
    str::from_utf8(plain).is_ok_and(|text| text.chars().all(|c| !c.is_control() || matches!(c, '\t' | '\n' | '\r')))
}

/// The block size of AES, in bytes.
const BLOCK: usize = 16;

/// A value that Octopus encrypted: AES-CBC with PKCS#7 padding, `base64(cipher)|base64(iv)` (facts/octopus.md section 4).
#[derive(Clone, PartialEq, Eq)]
pub struct EncryptedValue {
    /// Where it was found, for instance `Configuration/certificate-global`.
    pub place: Untrusted,
    /// Whether it has to decrypt to a certificate.
    pub is_certificate: bool,
    /// The encrypted bytes.
    pub cipher: Vec<u8>,
    /// The initialisation vector.
    pub iv: [u8; 16],
}

/// Leaves the bytes out: a log is no place for what a key can open.
impl fmt::Debug for EncryptedValue {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("EncryptedValue")
            .field("place", &self.place)
            .field("is_certificate", &self.is_certificate)
            .field("bytes", &self.cipher.len())
            .finish_non_exhaustive()
    }
}

impl EncryptedValue {
    /// Reads a whole text as a value: at least one whole block, and an initialisation vector of exactly 16 bytes, both in strict base64.
    /// Returns `None` for any other text.
    pub fn parse(text: &str) -> Option<Self> {
        let (cipher, iv) = text.split_once('|')?;
        let iv = BASE64.decode(iv.as_bytes()).ok()?.try_into().ok()?;
        let cipher = BASE64.decode(cipher.as_bytes()).ok()?;
        let whole = !cipher.is_empty() && cipher.len().is_multiple_of(BLOCK);
        whole.then(|| Self { place: Untrusted::default(), is_certificate: false, cipher, iv })
    }

    /// Finds every value in a text from this place: in any string of a JSON document, or in the whole text if it is not JSON. Finding none
    /// is no error.
    pub fn find_in(place: &Untrusted, is_certificate: bool, text: &str) -> Vec<Self> {
        let found = strings(text, Self::parse);
        found.into_iter().map(|value| Self { place: place.clone(), is_certificate, ..value }).collect()
    }
}

/// The deepest JSON within strings of JSON. Octopus nests so in the properties of deployment steps, for instance.
const NESTED: usize = 4;

/// Passes every string of a JSON document, or the whole text if it is not JSON, to `take`, and collects the results.
///
/// JSON that cannot be parsed (truncated, or nested beyond the parser's limit of 128) is treated as plain text.
fn strings<T>(text: &str, mut take: impl FnMut(&str) -> Option<T>) -> Vec<T> {
    let mut found = Vec::new();
    read(text, NESTED, &mut |string| found.extend(take(string)));
    found
}

fn read(text: &str, depth: usize, take: &mut impl FnMut(&str)) {
    match serde_json::from_str(text) {
        Ok(value) => walk(&value, depth, take),
        Err(_) => take(text),
    }
}

fn walk(value: &Value, depth: usize, take: &mut impl FnMut(&str)) {
    match value {
        Value::String(text) if depth > 0 && text.trim_start().starts_with(['{', '[']) => read(text, depth - 1, take),
        Value::String(text) => take(text),
        Value::Array(items) => items.iter().for_each(|item| walk(item, depth, take)),
        Value::Object(members) => members.values().for_each(|member| walk(member, depth, take)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// Decrypts a value; `None` if the padding is wrong, which it never is under the value's own key.
fn open(value: &EncryptedValue, key: &MasterKey) -> Option<Zeroizing<Vec<u8>>> {
    let mut text = Zeroizing::new(value.cipher.clone());
    let length = match key.expose_bytes().len() {
        16 => unpadded(Decryptor::<Aes128>::new_from_slices(key.expose_bytes(), &value.iv).ok()?, &mut text),
        _ => unpadded(Decryptor::<Aes256>::new_from_slices(key.expose_bytes(), &value.iv).ok()?, &mut text),
    }?;
    text.truncate(length);
    Some(text)
}

fn unpadded(decryptor: impl BlockModeDecrypt, text: &mut [u8]) -> Option<usize> {
    decryptor.decrypt_padded::<Pkcs7>(text).ok().map(<[u8]>::len)
}

const PEM: [&str; 2] = ["-----BEGIN CERTIFICATE-----", "-----END CERTIFICATE-----"];

/// Returns whether this is X.509 in DER or a PKCS#12 store, either also in base64, and that also as a JSON string; or X.509 in PEM.
fn is_certificate(plain: &[u8]) -> bool {
    in_der(plain) || str::from_utf8(plain).is_ok_and(in_text)
}

/// Checks to the last byte: nobody encrypts a certificate with other bytes after it.
fn in_der(bytes: &[u8]) -> bool {
    let x509 = || x509_parser::parse_x509_certificate(bytes).is_ok_and(|(rest, _)| rest.is_empty());
    is_pkcs12(bytes) || (bytes.first() == Some(&0x30) && x509())
}

fn in_text(text: &str) -> bool {
    let text = text.trim_matches(|c: char| c.is_whitespace() || c == '\0' || c == '\u{feff}');
    if text.starts_with('"') {
        let inner = serde_json::from_str::<String>(text).map(Zeroizing::new);
        return inner.is_ok_and(|inner| !inner.starts_with('"') && in_text(&inner));
    }
    match text.split_once(PEM[0]).and_then(|(_, after)| after.split_once(PEM[1])) {
        Some((inside, _)) => in_base64(inside),
        None => in_base64(text),
    }
}

fn in_base64(text: &str) -> bool {
    // Allocated once, because a growing text leaves copies of itself behind.
    let mut plain = Zeroizing::new(Vec::with_capacity(text.len()));
    plain.extend(text.bytes().filter(|byte| !byte.is_ascii_whitespace()));
    BASE64.decode(&plain).map(Zeroizing::new).is_ok_and(|bytes| in_der(&bytes))
}

/// `SEQUENCE`
const SEQUENCE: u8 = 0x30;
/// `INTEGER 3`, the only version that PKCS#12 has.
const VERSION: [u8; 3] = [0x02, 0x01, 0x03];
/// What a store may contain: `1.2.840.113549.1.7.1`, data, and `…2`, signed data.
const CONTENTS: [[u8; 11]; 2] = [
    [0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x01],
    [0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x02],
];

/// Returns whether the bytes are a PKCS#12 store by their frame: a sequence to the last byte, version 3, and a content of a known kind.
/// The content itself is encrypted once more, with a password that we do not know.
///
/// The frame fixes more than sixteen bytes, so chance produces it once in 2^128 tries.
fn is_pkcs12(bytes: &[u8]) -> bool {
    let inner = || {
        let store = sequence(bytes).filter(|store| store.ends)?;
        let content = sequence(store.inside.strip_prefix(&VERSION)?)?;
        Some(CONTENTS.iter().any(|kind| content.inside.starts_with(kind)))
    };
    inner().unwrap_or(false)
}

struct Sequence<'a> {
    inside: &'a [u8],
    /// Nothing follows it.
    ends: bool,
}

/// Returns the sequence that the bytes begin with. Old tools write BER, which may mark the end with two zeros instead of a length;
/// then it is the whole rest.
fn sequence(bytes: &[u8]) -> Option<Sequence<'_>> {
    let (first, rest) = bytes.strip_prefix(&[SEQUENCE])?.split_first()?;
    if *first == 0x80 {
        return rest.strip_suffix(&[0, 0]).map(|inside| Sequence { inside, ends: true });
    }
    let (length, rest) = length(*first, rest)?;
    let (inside, after) = rest.split_at_checked(length)?;
    Some(Sequence { inside, ends: after.is_empty() })
}

fn length(first: u8, rest: &[u8]) -> Option<(usize, &[u8])> {
    match first {
        0..=0x7f => Some((usize::from(first), rest)),
        0x81..=0x84 => {
            let (bytes, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
            let length = bytes.iter().fold(0, |all: u64, byte| (all << 8) | u64::from(*byte));
            usize::try_from(length).ok().map(|length| (length, rest))
        }
        _ => None,
    }
}
