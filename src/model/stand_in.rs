//! Stand-ins: what a recording has in the place of secrets.
//!
//! A recording is for other people's eyes, so a secret is replaced by something of the same kind that takes the same path
//! through the wizard. The types enforce it: serializing a [`Raw::Secret`] or a [`MasterKey`] writes a stand-in
//! only. The recorder chooses the stand-ins, so that equal secrets stay equal.

use std::borrow::Cow;

use crate::model::secret::SecretString;
use data_encoding::BASE64;
use secrecy::ExposeSecret;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::answers::Raw;
use super::master_key::{Fingerprint, KeyForm, KeySize, MasterKey, NotAKey};

/// What every stand-in for a password begins with.
pub const WORD: &str = "placeholder";

/// The first bytes of a stand-in for a master key. The fingerprint follows, and filler for a longer key.
const MARK: [u8; 12] = *b"replayed-key";

/// The characters that stand-ins for malformed keys consist of.
const MALFORMED: &str = "A0=!-";

/// Returns a key that has the fingerprint and the size of another one, and nothing else of it.
pub fn key(size: KeySize, fingerprint: Fingerprint) -> Result<MasterKey, KeyForm> {
    let mut bytes = [MARK.as_slice(), &fingerprint.0, b"and-nothing-else"].concat();
    bytes.truncate(size.bytes());
    MasterKey::from_bytes(&bytes)
}

/// Returns the stand-in of a key.
pub fn for_key(key: &MasterKey) -> Result<MasterKey, KeyForm> {
    let size = if key.expose_bytes().len() == KeySize::Aes128.bytes() { KeySize::Aes128 } else { KeySize::Aes256 };
    self::key(size, key.fingerprint())
}

/// Returns the fingerprint that a stand-in stands for; `None` for every real key.
pub fn fingerprint(bytes: &[u8]) -> Option<Fingerprint> {
    let rest = bytes.strip_prefix(&MARK)?;
    let (fingerprint, filler) = rest.split_first_chunk::<4>()?;
    matches!(filler, b"" | b"and-nothing-else").then_some(Fingerprint(*fingerprint))
}

/// Returns a text that is refused as a key for the same reason.
pub fn malformed(form: KeyForm) -> String {
    let filled = |length: usize| "A".repeat(length);
    match form {
        KeyForm::Empty => String::new(),
        KeyForm::Alphabet { place } => format!("{}!", filled(place.saturating_sub(1))),
        KeyForm::UrlSafe { place } => format!("{}-", filled(place.saturating_sub(1))),
        KeyForm::Hex { digits } => "0".repeat(digits),
        KeyForm::Truncated { length } => filled(length),
        KeyForm::Trailing { place: 45 } => filled(46),
        KeyForm::Trailing { place } => format!("{}=A", filled(place.saturating_sub(2))),
        KeyForm::Length { bytes } => BASE64.encode(&vec![0; bytes]),
        KeyForm::Other(other) => other.example().to_owned(),
        KeyForm::Zeros => BASE64.encode(&[0; 32]),
    }
}

/// Returns whether a secret is a stand-in, which may be written.
pub fn is_stand_in(text: &str) -> bool {
    let is_malformed_key = text.chars().all(|c| MALFORMED.contains(c));
    let is_word = text.get(..WORD.len()).is_some_and(|start| start.eq_ignore_ascii_case(WORD)) || text == SHORT;
    text.trim().is_empty() || is_malformed_key || is_word || is_key(text) || NotAKey::is_example(text)
}

/// A stand-in for a password of fewer than eight characters.
pub const SHORT: &str = "place1";

fn is_key(text: &str) -> bool {
    BASE64.decode(text.as_bytes()).is_ok_and(|bytes| fingerprint(&bytes).is_some())
}

/// Returns what is written of a secret: itself where it is a stand-in, the stand-in of a key, or just that there is one.
fn written(secret: &SecretString) -> Cow<'_, str> {
    let text = secret.expose_secret();
    if is_stand_in(text) {
        return Cow::Borrowed(text);
    }
    match MasterKey::parse(secret).and_then(|key| for_key(&key)) {
        Ok(key) => Cow::Owned(key.to_base64().expose_secret().to_owned()),
        Err(_) => Cow::Borrowed(WORD),
    }
}

/// Returns what is written of a text that may be shown. A connection string may have been pasted into the wrong field: everything
/// from the first password on is left out.
pub fn shown(text: &str) -> Cow<'_, str> {
    let lower = text.to_ascii_lowercase();
    let begins = |word: &str| {
        let mut places = lower.match_indices(word).map(|(at, _)| at + word.len());
        places.find(|end| lower[*end..].trim_start().starts_with('='))
    };
    match ["password", "pwd"].into_iter().filter_map(begins).min() {
        // Ends in a placeholder already where it was written before.
        Some(end) => Cow::Owned(format!("{}={WORD}", &text[..end])),
        None => Cow::Borrowed(text),
    }
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Written<'a> {
    Text(Cow<'a, str>),
    Secret(Cow<'a, str>),
}

impl Serialize for Raw {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Text(text) => Written::Text(shown(text)),
            Self::Secret(secret) => Written::Secret(written(secret)),
        }
        .serialize(to)
    }
}

impl<'de> Deserialize<'de> for Raw {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Ok(match Written::deserialize(from)? {
            Written::Text(text) => Self::Text(text.into_owned()),
            Written::Secret(text) => Self::Secret(SecretString::from(text.into_owned())),
        })
    }
}

#[derive(Serialize, Deserialize)]
struct WrittenKey {
    bytes: usize,
    fingerprint: Fingerprint,
}

impl Serialize for MasterKey {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        WrittenKey { bytes: self.expose_bytes().len(), fingerprint: self.fingerprint() }.serialize(to)
    }
}

impl<'de> Deserialize<'de> for MasterKey {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let WrittenKey { bytes, fingerprint } = WrittenKey::deserialize(from)?;
        let size = match bytes {
            16 => KeySize::Aes128,
            32 => KeySize::Aes256,
            _ => return Err(D::Error::custom("a key has 16 or 32 bytes")),
        };
        key(size, fingerprint).map_err(D::Error::custom)
    }
}

/// Serializes only the presence of a secret text.
pub mod presence {
    use super::{Deserialize, Deserializer, SecretString, Serialize, Serializer, WORD};

    /// Writes whether there is one.
    pub fn serialize<S: Serializer>(secret: &Option<SecretString>, to: S) -> Result<S::Ok, S::Error> {
        secret.is_some().serialize(to)
    }

    /// Reads whether there is one.
    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Option<SecretString>, D::Error> {
        Ok(bool::deserialize(from)?.then(|| SecretString::from(WORD)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_s_stand_in_has_its_size_and_fingerprint_and_nothing_else_of_it() {
        for bytes in [[7_u8; 32].as_slice(), &[7; 16]] {
            let real = MasterKey::from_bytes(bytes).expect("a key");
            let stand_in = for_key(&real).expect("a key");
            assert_eq!((stand_in.fingerprint(), stand_in.expose_bytes().len()), (real.fingerprint(), bytes.len()));
            assert!(!stand_in.same_as(&real) && fingerprint(bytes).is_none());
            let parsed = MasterKey::parse(&stand_in.to_base64()).expect("a key");
            assert_eq!(parsed.fingerprint(), real.fingerprint());
            let written = serde_json::to_string(&real).expect("written");
            let back: MasterKey = serde_json::from_str(&written).expect("read");
            assert!(back.same_as(&stand_in), "{written}");
        }
    }

    #[test]
    fn a_malformed_key_s_stand_in_is_refused_for_the_same_reason() {
        let real = MasterKey::from_bytes(&[0x5a; 32]).expect("a key").to_base64();
        let real = real.expose_secret();
        let cut = &real[..20];
        for text in
            ["", "hunter2", "hunter-2", "hunt er2!", &"ab".repeat(16), cut, &format!("{real}x"), &format!("{real}{real}"), "Wlo="]
        {
            let Err(form) = MasterKey::parse(&SecretString::from(text)) else { panic!("{text} is a key") };
            let stand_in = malformed(form);
            assert_eq!(MasterKey::parse(&SecretString::from(stand_in.as_str())).err(), Some(form), "{text}: {stand_in}");
            assert!(is_stand_in(&stand_in), "{stand_in}");
        }
    }

    #[test]
    fn whatever_secret_is_serialized_only_a_stand_in_is_written() {
        let key = MasterKey::from_bytes(&[0x5a; 32]).expect("a key").to_base64();
        for secret in ["hunter2", "<License Signature=\"x\"/>", key.expose_secret(), "a\nb"] {
            let written = serde_json::to_string(&Raw::Secret(SecretString::from(secret))).expect("written");
            assert!(!written.contains(secret), "{written}");
        }
        let pasted = Raw::Text("Server=sql01;User ID=octo;Password = \"hunter2;x\"".into());
        assert_eq!(
            serde_json::to_string(&pasted).expect("written"),
            r#"{"text":"Server=sql01;User ID=octo;Password=placeholder"}"#
        );
        let innocent = Raw::Text("the password of the day".into());
        assert_eq!(serde_json::to_string(&innocent).expect("written"), r#"{"text":"the password of the day"}"#);
    }
}
