//! The rules, over values that are encrypted here; `tests/octopus_shaped` has OpenSSL's.

use aes::{Aes128, Aes256};
use cbc::Encryptor;
use cbc::cipher::block_padding::{NoPadding, Pkcs7};
use cbc::cipher::{BlockModeEncrypt, KeyIvInit};
use proptest::prelude::*;

use super::samples::PKCS12;
use super::*;
use crate::model::untrusted::Untrusted;

fn key(byte: u8) -> MasterKey {
    MasterKey::from_bytes(&[byte; 32]).expect("a key")
}

fn sealed(plain: &[u8], key: &MasterKey, iv: u8) -> EncryptedValue {
    let mut cipher = plain.to_vec();
    cipher.resize(plain.len() + 16, 0);
    let (bytes, iv) = (key.expose_bytes(), [iv; 16]);
    let length = match bytes.len() {
        16 => Encryptor::<Aes128>::new_from_slices(bytes, &iv).expect("fits").encrypt_padded::<Pkcs7>(&mut cipher, plain.len()),
        _ => Encryptor::<Aes256>::new_from_slices(bytes, &iv).expect("fits").encrypt_padded::<Pkcs7>(&mut cipher, plain.len()),
    };
    let length = length.expect("room").len();
    cipher.truncate(length);
    EncryptedValue { place: "Account/Accounts-1".into(), is_certificate: false, cipher, iv }
}

/// A block whose padding is wrong under this key.
fn broken(key: &MasterKey, iv: u8) -> EncryptedValue {
    let mut cipher = vec![0; 16];
    let encryptor = Encryptor::<Aes256>::new_from_slices(key.expose_bytes(), &[iv; 16]).expect("fits");
    encryptor.encrypt_padded::<NoPadding>(&mut cipher, 16).expect("a block");
    EncryptedValue { place: "x".into(), is_certificate: false, cipher, iv: [iv; 16] }
}

fn certificate(plain: &[u8], key: &MasterKey) -> EncryptedValue {
    EncryptedValue { is_certificate: true, ..sealed(plain, key, 200) }
}

fn of(values: Vec<EncryptedValue>) -> KeyEvidence {
    KeyEvidence { verifier: None, values }
}

fn texts(count: u8) -> Vec<EncryptedValue> {
    (0..count).map(|at| sealed(format!("secret {at}").as_bytes(), &key(1), at)).collect()
}

#[test]
fn the_strongest_evidence_decides_alone() {
    let mut evidence = of([texts(5), vec![certificate(PKCS12, &key(2))]].concat());
    assert_eq!(evidence.kind(), Evidence::Certificate);
    assert_eq!(evidence.judge(&key(1)), KeyVerdict::Wrong(KeyBasis::Certificate));
    assert_eq!(evidence.judge(&key(2)), KeyVerdict::Correct(KeyBasis::Certificate));
    evidence.verifier = Some(Verifier::derive(&key(3), [9; 16]));
    assert_eq!(evidence.kind(), Evidence::Verifier);
    assert_eq!(evidence.judge(&key(1)), KeyVerdict::Wrong(KeyBasis::Verifier));
    evidence.values.retain(|value| !value.is_certificate);
    assert_eq!(evidence.judge(&key(1)), KeyVerdict::Wrong(KeyBasis::Verifier));
    assert_eq!(evidence.judge(&key(3)), KeyVerdict::Correct(KeyBasis::Verifier));
}

#[test]
fn a_key_that_octopus_has_retired_is_not_correct_because_the_registry_still_knows_it() {
    let verifier = Some(Verifier::derive(&key(3), [9; 16]));
    let rotated = KeyEvidence { verifier, values: vec![certificate(PKCS12, &key(2))] };
    for either in [2, 3] {
        assert_eq!(rotated.judge(&key(either)), KeyVerdict::Unverifiable(NoBasis::Rotated), "{either}");
    }
    assert_eq!(rotated.judge(&key(1)), KeyVerdict::Wrong(KeyBasis::Verifier));
    // What is no certificate by our lights, and opens, contradicts nothing.
    let unknown = KeyEvidence { verifier, values: vec![certificate(b"v2:something else", &key(3))] };
    assert_eq!(unknown.judge(&key(3)), KeyVerdict::Correct(KeyBasis::Verifier));
}

#[test]
fn three_texts_are_proof_and_two_are_not() {
    for (count, verdict) in [
        (0, KeyVerdict::Unverifiable(NoBasis::Nothing)),
        (1, KeyVerdict::Unverifiable(NoBasis::TooFew { values: 1 })),
        (2, KeyVerdict::Unverifiable(NoBasis::TooFew { values: 2 })),
        (3, KeyVerdict::Correct(KeyBasis::Values(3))),
        (40, KeyVerdict::Correct(KeyBasis::Values(25))),
    ] {
        assert_eq!(of(texts(count)).judge(&key(1)), verdict);
    }
}

#[test]
fn a_key_that_opens_nothing_is_wrong_however_little_there_is() {
    for count in 1..5 {
        let values: Vec<_> = (0..count).map(|at| broken(&key(1), at)).collect();
        assert_eq!(of(values).judge(&key(1)), KeyVerdict::Wrong(KeyBasis::Values(usize::from(count))));
    }
}

#[test]
fn copies_count_once() {
    let one = sealed(b"one", &key(1), 1);
    let evidence = of(vec![one.clone(), one.clone(), one.clone()]);
    assert_eq!(evidence.kind(), Evidence::Values(1));
    assert_eq!(evidence.judge(&key(1)), KeyVerdict::Unverifiable(NoBasis::TooFew { values: 1 }));
    let same_end = EncryptedValue { iv: [2; 16], ..one.clone() };
    let same_iv = sealed(b"two", &key(1), 1);
    assert_eq!(of(vec![one, same_end, same_iv]).kind(), Evidence::Values(1));
}

#[test]
fn an_interrupted_rotation_is_nobodys_to_tell() {
    let mut values = texts(3);
    values.push(broken(&key(1), 99));
    assert_eq!(of(values).judge(&key(1)), KeyVerdict::Unverifiable(NoBasis::Mixed { opened: 3, values: 4 }));
}

#[test]
fn padding_alone_proves_nothing() {
    let odd = |at: u8| sealed(&[0xff, 0xfe, at], &key(1), at);
    let evidence = of((0..25).map(odd).collect());
    assert_eq!(evidence.judge(&key(1)), KeyVerdict::Unverifiable(NoBasis::Mixed { opened: 0, values: 25 }));
    assert_eq!(of(vec![certificate(&[0xff; 40], &key(1))]).judge(&key(1)), KeyVerdict::Wrong(KeyBasis::Certificate));
    let with_proof = of([vec![odd(90)], texts(3)].concat());
    assert_eq!(with_proof.judge(&key(1)), KeyVerdict::Correct(KeyBasis::Values(3)));
}

#[test]
fn a_certificates_row_in_an_unknown_form_is_no_reason_to_call_the_right_key_wrong() {
    let evidence = of(vec![certificate(b"v2:something else", &key(1))]);
    assert!(matches!(evidence.judge(&key(1)), KeyVerdict::Unverifiable(_)));
    assert_eq!(evidence.judge(&key(2)), KeyVerdict::Wrong(KeyBasis::Certificate));
}

#[test]
fn keys_of_both_lengths_open_what_they_closed() {
    let short = MasterKey::from_bytes(&[5; 16]).expect("a key");
    let evidence = of(vec![certificate(PKCS12, &short)]);
    assert_eq!(evidence.judge(&short), KeyVerdict::Correct(KeyBasis::Certificate));
    assert_eq!(evidence.judge(&key(5)), KeyVerdict::Wrong(KeyBasis::Certificate));
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic_and_none_make_a_wrong_key_right(
        values in prop::collection::vec((prop::collection::vec(any::<u8>(), 0..80), any::<[u8; 16]>(), any::<bool>()), 0..30),
        bytes in any::<[u8; 32]>(),
    ) {
        let Ok(key) = MasterKey::from_bytes(&bytes) else { return Ok(()) };
        let value = |(cipher, iv, is_certificate)| EncryptedValue { place: Untrusted::default(), is_certificate, cipher, iv };
        let evidence = of(values.into_iter().map(value).collect());
        let _ = evidence.kind();
        prop_assert!(!matches!(evidence.judge(&key), KeyVerdict::Correct(_)));
    }

    #[test]
    fn no_text_makes_it_panic(text in ".*", bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = EncryptedValue::find_in(&Untrusted::default(), true, &text);
        let _ = is_certificate(&bytes);
        let _ = is_certificate(&[&PKCS12[..12], &bytes].concat());
    }

    #[test]
    fn any_text_comes_out_under_its_key(text in "[^\\p{C}]{0,60}", bytes in any::<[u8; 32]>()) {
        let Ok(key) = MasterKey::from_bytes(&bytes) else { return Ok(()) };
        let values = (0..3).map(|iv| sealed(format!("{text}{iv}").as_bytes(), &key, iv)).collect();
        prop_assert_eq!(of(values).judge(&key), KeyVerdict::Correct(KeyBasis::Values(3)));
    }
}
