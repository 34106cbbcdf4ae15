//! The right key, whatever the database looks like.

use octopus_setup::model::facts::{Evidence, Trouble};
use octopus_setup::model::key_verdict::{KeyBasis, KeyVerdict, NoBasis};

use super::key::{right, wrong};
use super::lab::{COMPRESSED, Lab, PLAIN, blob_row, row};
use crate::shared::cipher::{certificate, compressed, encrypted};

const CORRECT: Result<KeyVerdict, Trouble> = Ok(KeyVerdict::Correct(KeyBasis::Certificate));
const WRONG: Result<KeyVerdict, Trouble> = Ok(KeyVerdict::Wrong(KeyBasis::Certificate));

fn json(value: &str) -> String {
    format!(r#"{{"Name":"Octopus Portal","Thumbprint":"9DB2…","Keys":[{{"Pfx":"{value}"}}],"Archived":false}}"#)
}

#[tokio::test]
async fn the_certificate_in_either_table_and_with_either_length_of_key() {
    let store = certificate();
    for (table, length) in [("Configuration", 16), ("Configuration", 32), ("Certificate", 16), ("Certificate", 32)] {
        let sealed = encrypted(&store, &right(length), 7);
        let lab = Lab::new(&[PLAIN, &row(table, "certificate-global", &json(&sealed))]).await;
        assert_eq!(lab.verdict(&right(length)).await, CORRECT, "{table} {length}");
        assert_eq!(lab.verdict(&right(48 - length)).await, WRONG, "a key of the other length: {table} {length}");
        let seen = lab.client.cluster(&lab.target(), true).await;
        assert_eq!(seen.evidence.seen(), Some(&Evidence::Certificate));
    }
}

#[tokio::test]
async fn the_verdict_is_one_turn_on_the_kept_session_and_writes_nothing() {
    let sealed = encrypted(&certificate(), &right(32), 7);
    let lab = Lab::new(&[PLAIN, &row("Configuration", "certificate-global", &json(&sealed))]).await;
    assert_eq!(lab.verdict(&right(32)).await, CORRECT);
    let before = (lab.server.turns(), lab.server.connections());
    assert_eq!(lab.verdict(&right(32)).await, CORRECT);
    assert_eq!((lab.server.turns(), lab.server.connections()), (before.0 + 1, before.1));
}

#[tokio::test]
async fn compressed_by_the_server_and_by_python() {
    let sealed = json(&encrypted(&certificate(), &right(32), 7));
    let python = compressed(&sealed);
    for blob in [format!("COMPRESS(N'{sealed}')"), python] {
        for table in ["Configuration", "Certificate"] {
            let lab = Lab::new(&[COMPRESSED, &blob_row(table, "certificate-global", &blob)]).await;
            assert_eq!(lab.verdict(&right(32)).await, CORRECT, "{table}");
            assert_eq!(lab.verdict(&wrong(32).next().expect("one")).await, WRONG, "{table}");
        }
    }
}

#[tokio::test]
async fn what_is_not_gzip_where_the_certificate_is_gives_no_verdict() {
    let lab = Lab::new(&[COMPRESSED, &blob_row("Certificate", "certificate-global", "0x0102030405")]).await;
    assert!(matches!(lab.verdict(&right(32)).await, Err(Trouble::Sql(_))));
}

#[tokio::test]
async fn three_values_are_proof_and_two_are_not() {
    let value = |plain: &str, iv| encrypted(plain, &right(32), iv);
    let account = format!(r#"{{"Password":"{}","Token":"{}"}}"#, value("p", 1), value("a longer token of an account", 2));
    let copy = format!(r#"{{"Password":"{}"}}"#, value("p", 1));
    let lab = Lab::new(&[PLAIN, &row("Account", "Accounts-1", &account), &row("Account", "Accounts-2", &copy)]).await;
    assert_eq!(lab.verdict(&right(32)).await, Ok(KeyVerdict::Unverifiable(NoBasis::TooFew { values: 2 })));
    for wrong in wrong(32).take(20) {
        assert!(!matches!(lab.verdict(&wrong).await, Ok(KeyVerdict::Correct(_))));
    }
    // A property of a step is JSON in a string of JSON.
    let third = format!(r#"{{"Variables":[{{"Value":"{{\"inner\":\"{}\"}}"}}]}}"#, value("Grüße\n", 3));
    lab.run("Octopus", &[&row("VariableSet", "variableset-1", &third)]).await;
    assert_eq!(lab.verdict(&right(32)).await, Ok(KeyVerdict::Correct(KeyBasis::Values(3))));
}

#[tokio::test]
async fn compressed_values() {
    let value = |iv| encrypted(&format!("value {iv}"), &right(16), iv);
    let sets: Vec<_> = (1..5).map(|iv| compressed(&format!(r#"{{"V":"{}"}}"#, value(iv)))).collect();
    let rows: Vec<_> = sets.iter().enumerate().map(|(at, blob)| blob_row("VariableSet", &format!("set-{at}"), blob)).collect();
    let batches: Vec<&str> = std::iter::once(COMPRESSED).chain(rows.iter().map(String::as_str)).collect();
    let lab = Lab::new(&batches).await;
    assert_eq!(lab.verdict(&right(16)).await, Ok(KeyVerdict::Correct(KeyBasis::Values(4))));
    assert_eq!(lab.verdict(&right(32)).await, Ok(KeyVerdict::Wrong(KeyBasis::Values(4))));
}

#[tokio::test]
async fn a_rotation_that_was_interrupted_is_mixed() {
    let values: Vec<_> = (0..4).map(|iv| encrypted("text", &right(if iv == 3 { 16 } else { 32 }), iv)).collect();
    let lab = Lab::new(&[PLAIN, &row("Account", "Accounts-1", &format!("{values:?}"))]).await;
    assert_eq!(lab.verdict(&right(32)).await, Ok(KeyVerdict::Unverifiable(NoBasis::Mixed { opened: 3, values: 4 })));
}

#[tokio::test]
async fn nothing_encrypted_and_shapes_that_nobody_knows_are_nothing() {
    let strange = "CREATE TABLE dbo.Configuration (Key1 int NULL); CREATE TABLE dbo.Certificate (Id int NOT NULL, JSON int NULL)";
    let garbage = [row("Configuration", "certificate-global", "{\"a\":"), row("Account", "Accounts-1", "{|_==}")];
    for batches in [vec![], vec![PLAIN], vec![PLAIN, &garbage[0], &garbage[1]], vec![COMPRESSED]] {
        let lab = Lab::new(&batches).await;
        let verdict = lab.verdict(&right(32)).await;
        assert_eq!(verdict, Ok(KeyVerdict::Unverifiable(NoBasis::Nothing)), "{batches:?}");
    }
    let lab = Lab::new(&[strange]).await;
    assert!(!matches!(lab.verdict(&right(32)).await, Ok(KeyVerdict::Correct(_) | KeyVerdict::Wrong(_))));
}

#[tokio::test]
async fn nothing_secret_is_in_the_debug_output() {
    let lab =
        Lab::new(&[PLAIN, &row("Configuration", "certificate-global", &json(&encrypted(&certificate(), &right(32), 7)))]).await;
    let shown = format!("{:?}", lab.verdict(&right(32)).await);
    assert_eq!(shown, "Ok(Correct(Certificate))");
}
