//! The right key, with databases of every shape.

use octopus_setup::model::cluster::ClusterId;
use octopus_setup::model::facts::{Evidence, Fact, Trouble};
use octopus_setup::model::key_evidence::{KeyBasis, KeyVerdict, NoBasis};
use octopus_setup::model::master_key::Verifier;
use octopus_setup::model::registry::{InitialiseOutcome, NewCluster, NodeRow};
use octopus_setup::world::sqlserver::SqlServer;

use super::key::{right, wrong};
use super::lab::{COMPRESSED, Lab, PLAIN, blob_row, row};
use crate::shared::cipher::{certificate, compressed, encrypted};

const CORRECT: Result<KeyVerdict, Trouble> = Ok(KeyVerdict::Correct(KeyBasis::Certificate));
const WRONG: Result<KeyVerdict, Trouble> = Ok(KeyVerdict::Wrong(KeyBasis::Certificate));

fn json(value: &str) -> String {
    format!(r#"{{"Name":"Octopus Portal","Thumbprint":"9DB2…","Keys":[{{"Pfx":"{value}"}}],"Archived":false}}"#)
}

#[tokio::test]
async fn the_certificate_in_both_tables_and_with_both_key_lengths() {
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
async fn the_verdict_takes_one_round_trip_on_the_kept_session_and_writes_nothing() {
    let sealed = encrypted(&certificate(), &right(32), 7);
    let lab = Lab::new(&[PLAIN, &row("Configuration", "certificate-global", &json(&sealed))]).await;
    assert_eq!(lab.verdict(&right(32)).await, CORRECT);
    let rows = lab.rows().await;
    assert!(rows.iter().any(|table| table.starts_with("dbo.Configuration") && table.contains(&sealed)), "{rows:?}");
    let before = (lab.server.turns(), lab.server.connections());
    assert_eq!(lab.verdict(&right(32)).await, CORRECT);
    assert_eq!((lab.server.turns(), lab.server.connections()), (before.0 + 1, before.1));
    lab.client.cluster(&lab.target(), true).await;
    lab.client.verify_key(&lab.target(), &right(32)).await.expect("verified");
    assert_eq!(lab.rows().await, rows);
}

#[tokio::test]
async fn a_live_cluster_is_asked_for_its_evidence_once() {
    let sealed = encrypted(&certificate(), &right(32), 7);
    let lab = Lab::new(&[PLAIN, &row("Configuration", "certificate-global", &json(&sealed))]).await;
    let evidence = async |fresh| lab.client.cluster(&lab.target(), fresh).await.evidence;
    assert_eq!(evidence(false).await, Fact::Seen(Evidence::Certificate));
    lab.run("Octopus", &["DELETE FROM dbo.Configuration"]).await;
    let before = lab.server.turns();
    assert_eq!(evidence(false).await, Fact::Seen(Evidence::Certificate), "it was not asked for again");
    assert_eq!(lab.server.turns(), before + 1);
    assert_eq!(lab.verdict(&right(32)).await, Ok(KeyVerdict::Unverifiable(NoBasis::Nothing)), "a verdict is never kept");
    assert_eq!(evidence(true).await, Fact::Seen(Evidence::Nothing));
    lab.run("Octopus", &[&row("Configuration", "certificate-global", &json(&sealed))]).await;
    assert_eq!(evidence(false).await, Fact::Seen(Evidence::Certificate), "what may still come is asked for");
}

#[tokio::test]
async fn another_cluster_has_evidence_of_its_own() {
    let sealed = encrypted(&certificate(), &right(32), 7);
    let lab = Lab::new(&[PLAIN, &row("Configuration", "certificate-global", &json(&sealed))]).await;
    let evidence = async || lab.client.cluster(&lab.target(), false).await.evidence;
    assert_eq!(evidence().await, Fact::Seen(Evidence::Certificate));
    let node = NodeRow {
        name: "web02".into(),
        address: "".into(),
        host: "web02".into(),
        system: "Linux".into(),
        program: "0.1.0".into(),
        prefixes: "".into(),
        comms_port: 10_943,
        grpc_port: 8_443,
        task_cap: 5,
    };
    let key = right(32);
    let adopted = NewCluster {
        id: ClusterId([1; 16]),
        verifier: Verifier::derive(&key, [3; 16]),
        fingerprint: key.fingerprint(),
        node,
        node_limit: None,
        licence_ends: None,
        storage: octopus_setup::model::storage::SharedStorage::None,
        canaries: Vec::new(),
    };
    assert_eq!(SqlServer::new().adopt_cluster(&lab.target(), &adopted).await, Ok(InitialiseOutcome::Made));
    assert_eq!(evidence().await, Fact::Seen(Evidence::Verifier));
    assert_eq!(lab.verdict(&key).await, Ok(KeyVerdict::Correct(KeyBasis::Verifier)));
    // Octopus changes its key, and tells nobody.
    let sealed = encrypted(&certificate(), &right(16), 7);
    lab.run("Octopus", &["DELETE FROM dbo.Configuration", &row("Configuration", "certificate-global", &json(&sealed))]).await;
    for either in [key, right(16)] {
        assert_eq!(lab.verdict(&either).await, Ok(KeyVerdict::Unverifiable(NoBasis::Rotated)));
    }
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
async fn a_certificate_that_is_not_gzip_gives_no_verdict() {
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
async fn an_interrupted_key_rotation_is_mixed() {
    let values: Vec<_> = (0..4).map(|iv| encrypted("text", &right(if iv == 3 { 16 } else { 32 }), iv)).collect();
    let lab = Lab::new(&[PLAIN, &row("Account", "Accounts-1", &format!("{values:?}"))]).await;
    assert_eq!(lab.verdict(&right(32)).await, Ok(KeyVerdict::Unverifiable(NoBasis::Mixed { opened: 3, values: 4 })));
}

#[tokio::test]
async fn without_encrypted_values_or_with_unknown_tables_there_is_no_evidence() {
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
