//! The master key: base64 of 16 or 32 random bytes, which encrypts the cluster's sensitive values; its fingerprint, which is safe
//! to show, and its verifier, which the registry stores instead of the key.

use std::fmt;
use std::num::NonZeroU32;
use std::str::FromStr;
use std::sync::Arc;

use crate::model::secret::{SecretString, on_clean_stack};
use data_encoding::{BASE64, HEXLOWER};
use ring::pbkdf2;
use secrecy::{ExposeSecret, SecretBox};
use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use super::choice::choices;
use super::cluster::ClusterId;
use super::connection_string;
use super::stand_in;

choices! {
    /// How long a fresh key is. Octopus makes 32 bytes since 2024.4; older servers take 16 only.
    pub enum KeySize {
        /// 32 bytes, AES-256.
        Aes256 = "aes-256",
        /// 16 bytes, AES-128.
        Aes128 = "aes-128",
    }
}

impl KeySize {
    pub const fn bytes(self) -> usize {
        match self {
            Self::Aes128 => 16,
            Self::Aes256 => 32,
        }
    }
}

/// A master key. Clones share one piece of memory, which is wiped with the last of them. Debug output shows nothing of it.
#[derive(Debug, Clone)]
pub struct MasterKey(Arc<SecretBox<[u8]>>);

/// Equal keys, in constant time.
impl PartialEq for MasterKey {
    fn eq(&self, other: &Self) -> bool {
        self.same_as(other)
    }
}

impl Eq for MasterKey {}

/// A cluster's id with its master key: generated for a new cluster, unsealed for an existing node.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct GeneratedKey {
    /// The cluster's id.
    pub cluster: ClusterId,
    /// Its master key.
    pub key: MasterKey,
}

/// What is wrong with a key's form, from the most telling to the least.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyForm {
    /// Nothing was given.
    #[error("there is no key")]
    Empty,
    /// A character that base64 does not have.
    #[error("character {place} is not one of base64's")]
    Alphabet {
        /// Its place, from 1, blanks not counted.
        place: usize,
    },
    /// A character of base64's variant for URLs. It is not taken for the other alphabet: Octopus writes no such keys, so
    /// it is something else, or somebody has changed it.
    #[error("character {place} is base64's for URLs; Octopus writes + and / where that has - and _")]
    UrlSafe {
        /// Its place, from 1, blanks not counted.
        place: usize,
    },
    /// As many hexadecimal digits as a key's bytes have.
    #[error("{digits} hexadecimal digits are not base64; Octopus shows the key as 24 or 44 characters that end with =")]
    Hex {
        /// Digits given.
        digits: usize,
    },
    /// Looks like the beginning of a key: a paste that was cut.
    #[error("{length} characters look like a truncated paste; a key has 24 or 44")]
    Truncated {
        /// Characters given, blanks not counted.
        length: usize,
    },
    /// More than a key, or something behind the `=` that ends one.
    #[error("character {place} and what follows it are too much; a key has 24 or 44 characters and ends with =")]
    Trailing {
        /// The place of the first character too many, from 1, blanks not counted.
        place: usize,
    },
    /// Valid base64 of another number of bytes.
    #[error("it holds {bytes} bytes; a key has 16 or 32")]
    Length {
        /// Bytes that it holds.
        bytes: usize,
    },
    /// All bytes are zero.
    #[error("a key of nothing but zeros is not a key")]
    Zeros,
    /// Something else that can be recognised.
    #[error("{0}")]
    Other(NotAKey),
}

/// What was given instead of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotAKey {
    #[error("a key's fingerprint, which keys are only compared by")]
    Fingerprint,
    #[error("the path of a file")]
    Path,
    #[error("a certificate")]
    Certificate,
    #[error("a private key")]
    PrivateKey,
    #[error("a certificate's thumbprint")]
    Thumbprint,
    #[error("an API key")]
    ApiKey,
    #[error("a licence")]
    Licence,
    #[error("a GUID")]
    Guid,
    #[error("a connection string")]
    ConnectionString,
}

impl NotAKey {
    /// Recognises what is no key and no piece of one; `text` has no blanks at its ends.
    fn recognise(text: &str) -> Option<Self> {
        let digits = text.bytes().filter(u8::is_ascii_hexdigit).count();
        let groups: Vec<usize> = text.split('-').map(str::len).collect();
        let is_hex = |separators: &[char]| text.chars().all(|c| c.is_ascii_hexdigit() || separators.contains(&c));
        let is_drive = text.get(1..3).is_some_and(|start| matches!(start, ":\\" | ":/"));
        // A key may begin with a slash, but ends with `=` and has neither a dot nor a hyphen.
        let is_path = ["/", "~/"].iter().any(|start| text.starts_with(start)) && text.contains(['.', '-', '_'])
            || ["/root/", "/home/", "/var/", "/etc/", "/mnt/", "/opt/", "/tmp/"].iter().any(|start| text.starts_with(start));
        Some(match text {
            _ if text.parse::<Fingerprint>().is_ok() => Self::Fingerprint,
            _ if text.starts_with("-----BEGIN") && text.contains("PRIVATEKEY") => Self::PrivateKey,
            _ if text.starts_with("-----BEGIN") => Self::Certificate,
            _ if text.starts_with('<') => Self::Licence,
            _ if text.starts_with("API-") => Self::ApiKey,
            _ if is_drive || is_path || text.starts_with("\\\\") || text.starts_with("./") => Self::Path,
            _ if groups == [8, 4, 4, 4, 12] && is_hex(&['-']) => Self::Guid,
            _ if digits == 40 && is_hex(&[':', '-']) => Self::Thumbprint,
            _ if digits == 64 && text.contains(':') && is_hex(&[':']) => Self::Thumbprint,
            _ if text.contains(';') && connection_string::begins_with_keyword(text) => Self::ConnectionString,
            _ => return None,
        })
    }

    /// Returns a text that is recognised as this.
    pub const fn example(self) -> &'static str {
        match self {
            Self::Fingerprint => "0000-0000",
            Self::Path => "/place.holder",
            Self::Certificate => "-----BEGIN",
            Self::PrivateKey => "-----BEGINPRIVATEKEY",
            Self::Thumbprint => "0000000000000000000000000000000000000000",
            Self::ApiKey => "API-",
            Self::Licence => "<",
            Self::Guid => "00000000-0000-0000-0000-000000000000",
            Self::ConnectionString => "Server=;",
        }
    }

    /// Returns whether a text is one of the examples.
    pub fn is_example(text: &str) -> bool {
        Self::recognise(text).is_some_and(|kind| kind.example() == text)
    }
}

impl MasterKey {
    /// Returns a key of these bytes; they come from the operating system's random source or from a sealed file.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, KeyForm> {
        if !matches!(bytes.len(), 16 | 32) {
            return Err(KeyForm::Length { bytes: bytes.len() });
        }
        if bytes.iter().all(|byte| *byte == 0) {
            return Err(KeyForm::Zeros);
        }
        Ok(Self(Arc::new(SecretBox::new(bytes.to_vec().into_boxed_slice()))))
    }

    /// Reads what was typed or pasted; blanks, invisible characters and one pair of quotes around it are forgiven: keys
    /// are copied out of JSON and scripts.
    pub fn parse(text: &SecretString) -> Result<Self, KeyForm> {
        let text = text.expose_secret();
        // Allocated once, because a growing text leaves copies of itself behind.
        let mut clean = Zeroizing::new(String::with_capacity(text.len()));
        clean.extend(text.chars().filter(|c| {
            !c.is_whitespace() && !c.is_control() && !matches!(c, '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}')
        }));
        let clean = without_quotes(&clean);
        if clean.is_empty() {
            return Err(KeyForm::Empty);
        }
        if let Some(other) = NotAKey::recognise(clean) {
            return Err(KeyForm::Other(other));
        }
        let bad = |c: char| !(c.is_ascii_alphanumeric() || matches!(c, '+' | '/' | '='));
        if let Some((place, found)) = clean.chars().enumerate().find(|(_, c)| bad(*c)) {
            let place = place + 1;
            return Err(if matches!(found, '-' | '_') { KeyForm::UrlSafe { place } } else { KeyForm::Alphabet { place } });
        }
        let length = clean.len();
        if matches!(length, 32 | 64) && clean.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(KeyForm::Hex { digits: length });
        }
        let end = clean.find('=').map(|equals| clean[equals..].bytes().take_while(|byte| *byte == b'=').count() + equals);
        // Before decoding, which takes two pieces of base64 one after the other: a key pasted twice would be a longer one.
        if let Some(end) = end.filter(|end| *end < length) {
            return Err(KeyForm::Trailing { place: end + 1 });
        }
        match BASE64.decode(clean.as_bytes()).map(Zeroizing::new) {
            Ok(bytes) if matches!(bytes.len(), 16 | 32) => Self::from_bytes(&bytes),
            _ if length > 44 => Err(KeyForm::Trailing { place: 45 }),
            // Every whole key ends with a `=`, so 24 characters without one are a piece of a longer one.
            Ok(_) if end.is_none() && length > 8 => Err(KeyForm::Truncated { length }),
            Ok(bytes) => Err(KeyForm::Length { bytes: bytes.len() }),
            Err(_) => Err(KeyForm::Truncated { length }),
        }
    }

    /// Returns the key as Octopus writes it: base64, 24 or 44 characters.
    pub fn to_base64(&self) -> SecretString {
        SecretString::from(BASE64.encode(self.0.expose_secret()))
    }

    pub fn size(&self) -> KeySize {
        if self.expose_bytes().len() == KeySize::Aes128.bytes() { KeySize::Aes128 } else { KeySize::Aes256 }
    }

    pub fn expose_bytes(&self) -> &[u8] {
        self.0.expose_secret()
    }

    /// Returns its fingerprint; for a stand-in, the fingerprint of the key that it stands for.
    pub fn fingerprint(&self) -> Fingerprint {
        stand_in::fingerprint(self.expose_bytes()).unwrap_or_else(|| Fingerprint::of(self.expose_bytes()))
    }

    /// Returns whether both are the same key, in constant time.
    pub fn same_as(&self, other: &Self) -> bool {
        self.expose_bytes().ct_eq(other.expose_bytes()).into()
    }

    /// Returns whether these are the last six characters of its base64 form, in a time that does not tell how many agree.
    pub fn ends_with(&self, typed: &str) -> bool {
        let whole = self.to_base64();
        let whole = whole.expose_secret().as_bytes();
        let typed = typed.trim().as_bytes();
        typed.len() == 6 && bool::from(whole[whole.len() - 6..].ct_eq(typed))
    }
}

/// Returns the text without one pair of quotes around it.
fn without_quotes(text: &str) -> &str {
    let pairs = [('"', '"'), ('\'', '\''), ('`', '`'), ('“', '”')];
    pairs.into_iter().find_map(|(open, close)| text.strip_prefix(open)?.strip_suffix(close)).unwrap_or(text)
}

/// Eight hexadecimal digits in two groups, `5d1c-88e0`: the first 32 bits of SHA-256 over a fixed label and the key.
///
/// 32 bits are enough to tell keys apart by eye and far too few to search a 128-bit key by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Fingerprint(pub [u8; 4]);

/// The text is not a fingerprint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a fingerprint looks like 5d1c-88e0")]
pub struct NotAFingerprint;

impl Fingerprint {
    /// Returns the fingerprint of a key's bytes.
    pub fn of(key: &[u8]) -> Self {
        let digest = on_clean_stack(|| {
            let mut context = ring::digest::Context::new(&ring::digest::SHA256);
            context.update(b"octopus-setup fingerprint 1\0");
            context.update(key);
            context.finish()
        });
        let mut first = [0; 4];
        first.copy_from_slice(&digest.as_ref()[..4]);
        Self(first)
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}-{}", HEXLOWER.encode(&self.0[..2]), HEXLOWER.encode(&self.0[2..]))
    }
}

impl FromStr for Fingerprint {
    type Err = NotAFingerprint;

    fn from_str(text: &str) -> Result<Self, NotAFingerprint> {
        let digits: String = text.chars().filter(|c| *c != '-').collect();
        let bytes = HEXLOWER.decode(digits.as_bytes()).map_err(|_| NotAFingerprint)?;
        bytes.try_into().map(Self).map_err(|_| NotAFingerprint)
    }
}

impl TryFrom<String> for Fingerprint {
    type Error = NotAFingerprint;

    fn try_from(text: String) -> Result<Self, NotAFingerprint> {
        text.parse()
    }
}

impl From<Fingerprint> for String {
    fn from(fingerprint: Fingerprint) -> Self {
        fingerprint.to_string()
    }
}

/// Rounds of PBKDF2-HMAC-SHA256. A key is 128 or 256 random bits, so one round would do; these are what reviewers expect, and take
/// a millisecond.
const ROUNDS: NonZeroU32 = match NonZeroU32::new(10_000) {
    Some(rounds) => rounds,
    None => NonZeroU32::MIN,
};

/// A salt of 16 bytes and PBKDF2-HMAC-SHA256 over the key, 32 bytes: 48 in all, as the registry stores them.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Verifier {
    /// Random, from the operating system.
    pub salt: [u8; 16],
    /// The derived bytes.
    pub hash: [u8; 32],
}

/// Without the bytes: they are not secret, but keys can be tried against them, so they do not belong in a log.
impl fmt::Debug for Verifier {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Verifier").finish_non_exhaustive()
    }
}

impl Verifier {
    /// Derives the verifier of a key with this salt.
    pub fn derive(key: &MasterKey, salt: [u8; 16]) -> Self {
        let mut hash = [0; 32];
        on_clean_stack(|| pbkdf2::derive(pbkdf2::PBKDF2_HMAC_SHA256, ROUNDS, &salt, key.expose_bytes(), &mut hash));
        Self { salt, hash }
    }

    /// Returns whether this is the key, in constant time.
    pub fn accepts(&self, key: &MasterKey) -> bool {
        on_clean_stack(|| pbkdf2::verify(pbkdf2::PBKDF2_HMAC_SHA256, ROUNDS, &self.salt, key.expose_bytes(), &self.hash).is_ok())
    }

    /// Returns the bytes that the registry stores.
    pub fn to_bytes(&self) -> Vec<u8> {
        [&self.salt[..], &self.hash[..]].concat()
    }

    /// Reads the bytes that the registry stores.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (salt, hash) = bytes.split_at_checked(16)?;
        Some(Self { salt: salt.try_into().ok()?, hash: hash.try_into().ok()? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<MasterKey, KeyForm> {
        MasterKey::parse(&SecretString::from(text.to_owned()))
    }

    #[test]
    fn both_sizes_are_read_with_blanks_forgiven() {
        assert!(parse(" 5qJcW9E6B99teMmrOzaYNA==\r\n").is_ok());
        assert!(parse(&BASE64.encode(&[9; 32])).is_ok());
        assert!(parse("5qJcW9E6B99\u{200b}teMmr OzaYNA==").is_ok());
    }

    #[test]
    fn a_bad_form_is_told_exactly() {
        assert_eq!(parse("  ").err(), Some(KeyForm::Empty));
        assert_eq!(parse("5qJc?9E6B99teMmrOzaYNA==").err(), Some(KeyForm::Alphabet { place: 5 }));
        assert_eq!(parse("5qJcW9E6B99teMmrOz").err(), Some(KeyForm::Truncated { length: 18 }));
        assert_eq!(parse("AAAA").err(), Some(KeyForm::Length { bytes: 3 }));
        assert_eq!(parse("AAAAAAAAAAAAAAAAAAAAAA==").err(), Some(KeyForm::Zeros));
    }

    #[test]
    fn a_paste_that_was_cut_or_holds_too_much_is_told_as_such() {
        let long = BASE64.encode(&[9; 32]);
        // Also where the cut leaves whole groups of base64, which would be some other number of bytes.
        for length in [9, 12, 23, 24, 28, 30, 40, 43] {
            assert_eq!(parse(&long[..length]).err(), Some(KeyForm::Truncated { length }), "{length}");
        }
        assert_eq!(parse(&samples("abc")).err(), Some(KeyForm::Trailing { place: 25 }));
        assert_eq!(parse(&samples(&samples(""))).err(), Some(KeyForm::Trailing { place: 25 }));
        assert_eq!(parse(&format!("{long};")).err(), Some(KeyForm::Alphabet { place: 45 }));
        assert_eq!(parse(&"A".repeat(45)).err(), Some(KeyForm::Trailing { place: 45 }));
        assert_eq!(parse(&"A".repeat(48)).err(), Some(KeyForm::Trailing { place: 45 }));
        assert_eq!(parse("====").err(), Some(KeyForm::Truncated { length: 4 }));
    }

    fn samples(more: &str) -> String {
        format!("5qJcW9E6B99teMmrOzaYNA=={more}")
    }

    #[test]
    fn hexadecimal_digits_and_the_alphabet_of_urls_are_known_for_what_they_are() {
        assert_eq!(parse(&"0aF9".repeat(8)).err(), Some(KeyForm::Hex { digits: 32 }));
        assert_eq!(parse(&"0aF9".repeat(16)).err(), Some(KeyForm::Hex { digits: 64 }));
        assert_eq!(parse("5qJc-9E6B99teMmrOzaYNA==").err(), Some(KeyForm::UrlSafe { place: 5 }));
        assert_eq!(parse("5qJcW9E6B99teMmrOzaY_A==").err(), Some(KeyForm::UrlSafe { place: 21 }));
    }

    #[test]
    fn one_pair_of_quotes_is_forgiven() {
        for quoted in [r#""5qJcW9E6B99teMmrOzaYNA==""#, " '5qJcW9E6B99teMmrOzaYNA==' ", "`5qJcW9E6B99teMmrOzaYNA==`"] {
            assert!(parse(quoted).is_ok(), "{quoted}");
        }
        assert_eq!(parse("\"5qJcW9E6B99teMmrOzaYNA==").err(), Some(KeyForm::Alphabet { place: 1 }));
        assert_eq!(parse("\"\"").err(), Some(KeyForm::Empty));
    }

    #[test]
    fn no_word_on_a_key_s_form_shows_a_piece_of_it() {
        for text in ["5qJcW9E6B99teMmrOzaYN", "5qJcW9E6-99teMmrOzaYNA==", "5qJcW9E6B99teMmrOzaYNA==5qJc", "5qJcW9E6B99?"] {
            let words = parse(text).err().map(|form| form.to_string()).unwrap_or_default();
            assert!(
                !words.is_empty()
                    && !text.as_bytes().windows(4).any(|piece| { words.as_bytes().windows(4).any(|window| window == piece) }),
                "{words}"
            );
        }
    }

    #[test]
    fn the_last_six_are_compared_exactly() {
        let key = parse("5qJcW9E6B99teMmrOzaYNA==").expect("a key");
        assert!(key.ends_with("aYNA==") && key.ends_with(" aYNA== "));
        assert!(!key.ends_with("AYNA==") && !key.ends_with("NA==") && !key.ends_with(""));
    }

    #[test]
    fn debug_shows_nothing() {
        let key = MasterKey::from_bytes(&[65; 32]).expect("a key");
        assert!(!format!("{key:?}").contains("65"));
    }

    #[test]
    fn it_is_stable_short_and_read_back() {
        let fingerprint = Fingerprint::of(&[7; 32]);
        assert_eq!(fingerprint, Fingerprint::of(&[7; 32]));
        assert_ne!(fingerprint, Fingerprint::of(&[8; 32]));
        assert_eq!(fingerprint.to_string().len(), 9);
        assert_eq!(fingerprint.to_string().parse(), Ok(fingerprint));
    }

    #[test]
    fn it_accepts_its_key_and_no_other() {
        let key = |byte| MasterKey::from_bytes(&[byte; 32]).expect("a key");
        let verifier = Verifier::derive(&key(1), [9; 16]);
        assert!(verifier.accepts(&key(1)));
        assert!(!verifier.accepts(&key(2)));
        assert_eq!(Verifier::from_bytes(&verifier.to_bytes()), Some(verifier));
        assert_eq!(Verifier::from_bytes(&[0; 47]), None);
        assert_eq!(format!("{verifier:?}"), "Verifier { .. }");
    }
}
