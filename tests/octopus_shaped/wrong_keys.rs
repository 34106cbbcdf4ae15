//! A thousand wrong keys of each length: none is accepted.

use octopus_setup::model::key_evidence::{KeyBasis, KeyEvidence, KeyVerdict};
use octopus_setup::model::master_key::Verifier;

use super::key::{right, wrong};
use super::lab::{Lab, PLAIN, row};
use crate::shared::cipher::{certificate, encrypted};

const KEYS: usize = 1000;

#[tokio::test]
async fn against_the_certificate() {
    let sealed = encrypted(&certificate(), &right(32), 7);
    let lab = Lab::new(&[PLAIN, &row("Configuration", "certificate-global", &format!("{{\"Pfx\":\"{sealed}\"}}"))]).await;
    for key in wrong(32).take(KEYS).chain(wrong(16).take(50)) {
        assert_eq!(lab.verdict(&key).await, Ok(KeyVerdict::Wrong(KeyBasis::Certificate)));
    }
    assert_eq!(lab.verdict(&right(32)).await, Ok(KeyVerdict::Correct(KeyBasis::Certificate)));
}

#[tokio::test]
async fn against_three_of_the_shortest_values() {
    let values: Vec<_> = (0..3).map(|iv| encrypted("x", &right(16), iv)).collect();
    let lab = Lab::new(&[PLAIN, &row("Account", "Accounts-1", &format!("{values:?}"))]).await;
    for key in wrong(16).take(KEYS) {
        assert!(!matches!(lab.verdict(&key).await, Ok(KeyVerdict::Correct(_)) | Err(_)));
    }
    assert_eq!(lab.verdict(&right(16)).await, Ok(KeyVerdict::Correct(KeyBasis::Values(3))));
}

#[test]
fn against_a_verifier() {
    let evidence = KeyEvidence { verifier: Some(Verifier::derive(&right(32), [9; 16])), values: Vec::new() };
    for key in wrong(32).take(50) {
        assert_eq!(evidence.judge(&key), KeyVerdict::Wrong(KeyBasis::Verifier));
    }
}
