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
mod samples;
#[cfg(test)]
mod tests;

use std::fmt;

use aes::{Aes128, Aes256};
use cbc::Decryptor;
use cbc::cipher::block_padding::Pkcs7;
use cbc::cipher::{BlockModeDecrypt, KeyIvInit};
use data_encoding::BASE64;
use serde_json::Value;
use zeroize::Zeroizing;

use crate::model::facts::Evidence;
use crate::model::key_verdict::{KeyBasis, KeyVerdict, NoBasis};
use crate::model::master_key::MasterKey;
use crate::model::untrusted::Untrusted;
use crate::model::verifier::Verifier;

/// Everything in a database that a key can be judged by.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct KeyEvidence {
    /// The registry's verifier, where the cluster is ours.
    pub verifier: Option<Verifier>,
    /// Octopus' own encrypted values, the server certificate first.
    pub values: Vec<EncryptedValue>,
}

impl KeyEvidence {
    /// At most so many values are tried: each one more makes a false verdict no less likely than it is by then, and a
    /// database may hold a million of them.
    pub const MOST: usize = 25;

    /// What kind of evidence there is.
    pub fn kind(&self) -> Evidence {
        match (&self.verifier, self.certificates().next(), independent(&self.values).len()) {
            (Some(_), ..) => Evidence::Verifier,
            (None, Some(_), _) => Evidence::Certificate,
            (None, None, 0) => Evidence::Nothing,
            (None, None, values) => Evidence::Values(values),
        }
    }

    /// The key's verdict. Takes up to some milliseconds of one processor.
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

/// The block size of AES, in bytes.
pub(super) const BLOCK: usize = 16;

/// A value that Octopus encrypted: AES-CBC with PKCS#7 padding, `base64(cipher)|base64(iv)` (facts/octopus.md section 4).
#[derive(Clone, PartialEq, Eq)]
pub struct EncryptedValue {
    /// Where it stands, `Configuration/certificate-global`.
    pub place: Untrusted,
    /// Whether what comes out must be a certificate.
    pub is_certificate: bool,
    /// The encrypted bytes.
    pub cipher: Vec<u8>,
    /// The initialisation vector.
    pub iv: [u8; 16],
}

/// Without the bytes: they are of no use to a reader, and a log is no place for what a key can open.
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
    /// Reads a whole text as a value: whole blocks, at least one, and an initialisation vector of exactly 16 bytes, both
    /// in strict base64. Anything else is some other text.
    pub fn parse(text: &str) -> Option<Self> {
        let (cipher, iv) = text.split_once('|')?;
        let iv = BASE64.decode(iv.as_bytes()).ok()?.try_into().ok()?;
        let cipher = BASE64.decode(cipher.as_bytes()).ok()?;
        let whole = !cipher.is_empty() && cipher.len().is_multiple_of(BLOCK);
        whole.then(|| Self { place: Untrusted::default(), is_certificate: false, cipher, iv })
    }

    /// Every value in a text that was found at this place: in any string of a JSON document, or the whole text where it
    /// is none. A text without any gives none; it is never an error.
    pub fn find_in(place: &Untrusted, is_certificate: bool, text: &str) -> Vec<Self> {
        let found = strings(text, Self::parse);
        found.into_iter().map(|value| Self { place: place.clone(), is_certificate, ..value }).collect()
    }
}

/// Octopus keeps JSON in strings of JSON, in the properties of deployment steps for one. Deeper than this it does not.
const NESTED: usize = 4;

/// Gives every string of a JSON document to `take`, or the whole text where it is none, and keeps what it makes of them.
///
/// JSON that cannot be read (cut off, nested beyond the parser's limit of 128) is one text like any other: the
/// place is a fact that is missing.
pub(super) fn strings<T>(text: &str, mut take: impl FnMut(&str) -> Option<T>) -> Vec<T> {
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

/// What comes out of a value under a key; `None` where the padding does not come out right, as it always does under the
/// key that the value was made with.
pub(super) fn open(value: &EncryptedValue, key: &MasterKey) -> Option<Zeroizing<Vec<u8>>> {
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

/// X.509 in DER, or a PKCS#12 store; either also in base64, and either text also as a JSON string; or X.509 in PEM.
pub(super) fn is_certificate(plain: &[u8]) -> bool {
    in_der(plain) || str::from_utf8(plain).is_ok_and(in_text)
}

/// To the last byte: a certificate in front of other bytes is not what anybody encrypted.
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
    // Allocated once: a text that grows leaves copies of itself behind.
    let mut plain = Zeroizing::new(Vec::with_capacity(text.len()));
    plain.extend(text.bytes().filter(|byte| !byte.is_ascii_whitespace()));
    BASE64.decode(&plain).map(Zeroizing::new).is_ok_and(|bytes| in_der(&bytes))
}

/// `SEQUENCE`
const SEQUENCE: u8 = 0x30;
/// `INTEGER 3`, the only version that PKCS#12 has.
const VERSION: [u8; 3] = [0x02, 0x01, 0x03];
/// `1.2.840.113549.1.7.1`, data, and `…2`, signed data: what a store may contain.
const CONTENTS: [[u8; 11]; 2] = [
    [0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x01],
    [0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x02],
];

/// Whether the bytes are a PKCS#12 store by their frame: a sequence to the last byte, version 3, and a content of a known
/// kind. The content itself is encrypted once more; its password is nothing that we know.
///
/// The frame has more than sixteen bytes that cannot be otherwise: chance makes it once in 2^128 tries.
pub(super) fn is_pkcs12(bytes: &[u8]) -> bool {
    let inner = || {
        let store = sequence(bytes).filter(|store| store.ends)?;
        let content = sequence(store.inside.strip_prefix(&VERSION)?)?;
        Some(CONTENTS.iter().any(|kind| content.inside.starts_with(kind)))
    };
    inner().unwrap_or(false)
}

struct Sequence<'a> {
    inside: &'a [u8],
    /// Whether nothing follows it.
    ends: bool,
}

/// The sequence that the bytes begin with. Old tools write BER, where the length may be told by an end mark (two zeros)
/// instead; then it is the whole rest.
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

#[cfg(test)]
mod unit_tests {
    use data_encoding::{BASE64, HEXLOWER};

    use super::*;
    use crate::model::key_evidence::samples::{PKCS12, X509};

    const IV: &str = "AAECAwQFBgcICQoLDA0ODw==";

    #[test]
    fn a_value_is_whole_blocks_and_an_iv() {
        let block = BASE64.encode(&[7; 32]);
        let value = EncryptedValue::parse(&format!("{block}|{IV}")).expect("a value");
        assert_eq!((value.cipher, value.iv[15]), (vec![7; 32], 15));
    }

    #[test]
    fn nothing_that_is_only_like_one_is_taken() {
        let block = BASE64.encode(&[7; 16]);
        for other in [
            String::new(),
            "|".into(),
            format!("|{IV}"),
            block.clone(),
            format!("{block}|"),
            format!("{block}|{IV}|{IV}"),
            format!(" {block}|{IV}"),
            format!("{block}|{IV}\n"),
            format!("{block}|{}", BASE64.encode(&[1; 15])),
            format!("{block}|{}", BASE64.encode(&[1; 17])),
            format!("{}|{IV}", BASE64.encode(&[1; 15])),
            format!("{}|{IV}", BASE64.encode(&[1; 24])),
            format!("{}|{IV}", block.trim_end_matches('=')),
            // The last character has bits that no byte holds.
            format!("{block}|AAECAwQFBgcICQoLDA0ODx=="),
            format!("{}|{IV}", block.replacen('B', "é", 1)),
        ] {
            assert!(EncryptedValue::parse(&other).is_none(), "{other}");
        }
    }

    #[test]
    fn debug_shows_where_and_not_what() {
        let value = EncryptedValue { place: "Account/1".into(), is_certificate: false, cipher: vec![201; 16], iv: [202; 16] };
        let shown = format!("{value:?}");
        assert!(shown.contains("Account/1") && !shown.contains("201") && !shown.contains("202"), "{shown}");
    }

    fn all(text: &str) -> Vec<String> {
        strings(text, |string| Some(string.to_owned()))
    }

    #[test]
    fn strings_are_found_at_any_depth_and_in_json_within_json() {
        assert_eq!(all(r#"{"a":"x","b":[1,null,{"c":["y"]}],"d":"{\"e\":\"z\"}","f":"[oh"}"#), ["x", "y", "z", "[oh"]);
    }

    #[test]
    fn what_is_no_json_is_one_text() {
        assert_eq!(all("abc|def"), ["abc|def"]);
        assert_eq!(all("\"abc\""), ["abc"]);
        assert_eq!(all("{\"a\":\"x\""), ["{\"a\":\"x\""]);
        assert_eq!(all("").len(), 1);
        assert_eq!(all("17").len(), 0);
    }

    #[test]
    fn nesting_without_end_ends() {
        assert_eq!(all(&"[".repeat(100_000)).len(), 1);
        let deep = format!("{}\"x\"{}", "[".repeat(120), "]".repeat(120));
        assert_eq!(all(&deep), ["x"]);
    }

    fn key(hex: &str) -> MasterKey {
        MasterKey::from_bytes(&HEXLOWER.decode(hex.as_bytes()).expect("hex")).expect("a key")
    }

    fn value(cipher: &[u8]) -> EncryptedValue {
        let iv = HEXLOWER.decode(b"000102030405060708090a0b0c0d0e0f").expect("hex");
        EncryptedValue::parse(&format!("{}|{}", BASE64.encode(cipher), BASE64.encode(&iv))).expect("a value")
    }

    #[test]
    fn the_published_vectors_of_both_lengths_come_out() {
        // NIST SP 800-38A, F.2.2 and F.2.6: the first block of each, and a last block that pads it, by OpenSSL.
        let plain = "6bc1bee22e409f96e93d7e117393172a";
        for (hex, cipher) in [
            ("2b7e151628aed2a6abf7158809cf4f3c", CIPHER_128),
            ("603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4", CIPHER_256),
        ] {
            let opened = open(&value(&HEXLOWER.decode(cipher.as_bytes()).expect("hex")), &key(hex)).expect("opened");
            assert_eq!(HEXLOWER.encode(&opened), plain);
        }
    }

    const CIPHER_128: &str = "7649abac8119b246cee98e9b12e9197d8964e0b149c10b7b682e6e39aaeb731c";
    const CIPHER_256: &str = "f58c4c04d6e5f1ba779eabfb5f7bfbd6485a5c81519cf378fa36d42b8547edc0";

    #[test]
    fn a_length_that_is_no_block_is_refused_quietly() {
        let odd = EncryptedValue { cipher: vec![1; 17], ..value(&[1; 16]) };
        assert!(open(&odd, &key("2b7e151628aed2a6abf7158809cf4f3c")).is_none());
        let none = EncryptedValue { cipher: Vec::new(), ..value(&[1; 16]) };
        assert!(open(&none, &key("2b7e151628aed2a6abf7158809cf4f3c")).is_none());
    }

    #[test]
    fn every_form_is_known() {
        for der in [PKCS12, X509] {
            let base64 = BASE64.encode(der);
            assert!(is_certificate(der));
            assert!(is_certificate(base64.as_bytes()));
            assert!(is_certificate(format!("\"{base64}\"").as_bytes()));
            assert!(is_certificate(format!(" {}\r\n{}\r\n", &base64[..64], &base64[64..]).as_bytes()));
        }
        let pem = format!("note\n{}\n{}\n{}\n", PEM[0], BASE64.encode(X509), PEM[1]);
        assert!(is_certificate(pem.as_bytes()));
    }

    #[test]
    fn what_is_cut_or_followed_by_more_is_none() {
        for der in [PKCS12, X509] {
            assert!(!is_certificate(&der[..der.len() - 1]));
            assert!(!is_certificate(&[der, &[0]].concat()));
            assert!(!is_certificate(BASE64.encode(&der[..der.len() - 3]).as_bytes()));
        }
    }

    #[test]
    fn text_is_none() {
        for text in ["", "\"", "\"\"", "\"\\\"\"", "Hello World!", "MIIB", "-----BEGIN CERTIFICATE----------END CERTIFICATE-----"]
        {
            assert!(!is_certificate(text.as_bytes()), "{text}");
        }
    }

    #[test]
    fn a_store_of_openssl_is_one_and_no_part_of_it_is() {
        assert!(is_pkcs12(PKCS12));
        for cut in 0..PKCS12.len() {
            assert!(!is_pkcs12(&PKCS12[..cut]), "{cut}");
        }
        assert!(!is_pkcs12(&[PKCS12, &[0]].concat()), "a byte follows");
    }

    #[test]
    fn any_byte_of_the_frame_counts() {
        // But for the low byte of the content's length: what follows the content is the optional digest.
        for at in (0..22).filter(|at| *at != 10) {
            let mut other = PKCS12.to_vec();
            other[at] ^= 0x40;
            assert!(!is_pkcs12(&other), "{at}");
        }
    }

    #[test]
    fn the_end_mark_of_old_tools_is_understood() {
        let old = [&[0x30, 0x80][..], &VERSION, &[0x30, 0x80], &CONTENTS[0], &[0xa0, 0x80, 0, 0, 0, 0, 0, 0]].concat();
        assert!(is_pkcs12(&old));
        assert!(!is_pkcs12(&old[..old.len() - 6]), "no mark for each");
    }

    #[test]
    fn lengths_beyond_the_end_are_refused() {
        for bytes in [&[0x30][..], &[0x30, 0x82], &[0x30, 0x84, 255, 255, 255, 255], &[0x30, 0x88, 0, 0], &[0x30, 0x80]] {
            assert!(!is_pkcs12(bytes));
        }
    }
}
