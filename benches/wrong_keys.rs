//! How often chance makes a wrong master key open what Octopus encrypted: a single value of one block, the worst there is,
//! and a certificate. Takes minutes; its figures stand in `model/key_evidence/rule.rs`.

#![expect(clippy::expect_used, clippy::unwrap_used, reason = "a measurement that cannot go on ends")]

#[path = "../tests/support/cipher.rs"]
#[expect(dead_code, reason = "the tests use the rest")]
mod cipher;
#[path = "../tests/octopus_shaped/key.rs"]
mod key;

use octopus_setup::model::key_evidence::{EncryptedValue, KeyBasis, KeyEvidence, KeyVerdict, NoBasis};

use cipher::{certificate, encrypted};
use key::{right, wrong};

fn main() {
    let one = EncryptedValue::parse(&encrypted("x", &right(32), 1)).expect("a value");
    let sealed = EncryptedValue::parse(&encrypted(&certificate(), &right(32), 2)).expect("a value");
    let certificate = KeyEvidence { verifier: None, values: vec![EncryptedValue { is_certificate: true, ..sealed }] };
    let value = KeyEvidence { verifier: None, values: vec![one] };
    let (mut padded, mut passed, mut certificates) = (0, 0, 0);
    for (at, key) in wrong(32).take(1_000_000).enumerate() {
        match value.judge(&key) {
            KeyVerdict::Wrong(_) => {}
            KeyVerdict::Unverifiable(NoBasis::Mixed { opened: 0, .. }) => padded += 1,
            _ => passed += 1,
        }
        // A certificate of two kilobytes takes longer.
        if at % 10 == 0 && certificate.judge(&key) != KeyVerdict::Wrong(KeyBasis::Certificate) {
            certificates += 1;
        }
    }
    println!(
        "of 1,000,000 wrong keys: padding right {padded}, one value opened {passed}; of 100,000: certificate {certificates}"
    );
}
