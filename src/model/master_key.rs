//! The master key: base64 of 16 or 32 random bytes, which encrypts the cluster's sensitive values.

use data_encoding::BASE64;
use secrecy::{ExposeSecret, SecretBox, SecretString};
use zeroize::Zeroizing;

use super::fingerprint::Fingerprint;

/// How long a fresh key is. Octopus makes 32 bytes since 2024.4; older servers take 16 only.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeySize {
    /// 16 bytes, AES-128.
    Aes128,
    /// 32 bytes, AES-256.
    Aes256,
}

impl KeySize {
    /// Its length in bytes.
    pub const fn bytes(self) -> usize {
        match self {
            Self::Aes128 => 16,
            Self::Aes256 => 32,
        }
    }
}

/// A master key. Debug output shows nothing of it.
#[derive(Debug)]
pub struct MasterKey(SecretBox<[u8]>);

/// Equal keys, in constant time.
impl PartialEq for MasterKey {
    fn eq(&self, other: &Self) -> bool {
        self.same_as(other)
    }
}

impl Eq for MasterKey {}

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
    /// Looks like the beginning of a key: a paste that was cut.
    #[error("{length} characters look like a truncated paste; a key has 24 or 44")]
    Truncated {
        /// Characters given, blanks not counted.
        length: usize,
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
}

impl Clone for MasterKey {
    fn clone(&self) -> Self {
        Self(SecretBox::new(self.0.expose_secret().to_vec().into_boxed_slice()))
    }
}

impl MasterKey {
    /// A key of these bytes; they come from the operating system's random source or from a sealed file.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, KeyForm> {
        if !matches!(bytes.len(), 16 | 32) {
            return Err(KeyForm::Length { bytes: bytes.len() });
        }
        if bytes.iter().all(|byte| *byte == 0) {
            return Err(KeyForm::Zeros);
        }
        Ok(Self(SecretBox::new(bytes.to_vec().into_boxed_slice())))
    }

    /// Reads what was typed or pasted; blanks and invisible characters are forgiven.
    pub fn parse(text: &SecretString) -> Result<Self, KeyForm> {
        let text = text.expose_secret();
        // Allocated once: a text that grows leaves copies of itself behind.
        let mut clean = Zeroizing::new(String::with_capacity(text.len()));
        clean.extend(text.chars().filter(|c| {
            !c.is_whitespace() && !c.is_control() && !matches!(c, '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}')
        }));
        if clean.is_empty() {
            return Err(KeyForm::Empty);
        }
        let bad = |c: char| !(c.is_ascii_alphanumeric() || matches!(c, '+' | '/' | '='));
        if let Some(place) = clean.chars().position(bad) {
            return Err(KeyForm::Alphabet { place: place + 1 });
        }
        match BASE64.decode(clean.as_bytes()).map(Zeroizing::new) {
            Ok(bytes) => Self::from_bytes(&bytes),
            Err(_) => Err(KeyForm::Truncated { length: clean.chars().count() }),
        }
    }

    /// The key as Octopus writes it: base64, 24 or 44 characters.
    pub fn to_base64(&self) -> SecretString {
        SecretString::from(BASE64.encode(self.0.expose_secret()))
    }

    /// Its raw bytes.
    pub fn expose_bytes(&self) -> &[u8] {
        self.0.expose_secret()
    }

    /// Its fingerprint.
    pub fn fingerprint(&self) -> Fingerprint {
        Fingerprint::of(self.expose_bytes())
    }

    /// Whether both are the same key, in constant time.
    pub fn same_as(&self, other: &Self) -> bool {
        use subtle::ConstantTimeEq;
        self.expose_bytes().ct_eq(other.expose_bytes()).into()
    }

    /// Whether these are the last six characters of its base64 form, in a time that does not tell how many agree.
    pub fn ends_with(&self, typed: &str) -> bool {
        use subtle::ConstantTimeEq;
        let whole = self.to_base64();
        let whole = whole.expose_secret().as_bytes();
        let typed = typed.trim().as_bytes();
        typed.len() == 6 && bool::from(whole[whole.len() - 6..].ct_eq(typed))
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
}
