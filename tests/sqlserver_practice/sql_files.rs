//! The wizard's own SQL files, whole and as it sends them, on the practice server.

use tiberius::ColumnData;

use super::support::{Lab, login};

macro_rules! sql {
    ($name:literal) => {
        include_str!(concat!("../../src/world/sqlserver/sql/", $name, ".sql"))
    };
}

/// Fills the holes outside the comments.
fn fill(sql: &str, parts: &[(&str, &str)]) -> String {
    let sql: Vec<&str> = sql.lines().filter(|line| !line.trim_start().starts_with("--")).collect();
    parts.iter().fold(sql.join("\n"), |sql, (name, part)| sql.replace(&format!("{{{name}}}"), part))
}

/// Runs a batch; returns each row's cells joined by `|`, or the error.
async fn rows(
    client: &mut tiberius::Client<impl futures_util::AsyncRead + futures_util::AsyncWrite + Unpin + Send>,
    batch: &str,
) -> Vec<String> {
    let results = async { client.simple_query(batch).await?.into_results().await }.await;
    let cell = |cell: &ColumnData<'_>| match cell {
        ColumnData::U8(Some(number)) => number.to_string(),
        ColumnData::I16(Some(number)) => number.to_string(),
        ColumnData::I32(Some(number)) => number.to_string(),
        ColumnData::I64(Some(number)) => number.to_string(),
        ColumnData::Bit(Some(bit)) => u8::from(*bit).to_string(),
        ColumnData::String(Some(text)) => text.to_string(),
        ColumnData::String(None) | ColumnData::I32(None) => "NULL".to_owned(),
        other => format!("{other:?}"),
    };
    match results {
        Ok(results) => {
            results.iter().flatten().map(|row| row.cells().map(|(_, value)| cell(value)).collect::<Vec<_>>().join("|")).collect()
        }
        Err(error) => vec![format!("!{error}")],
    }
}

#[tokio::test]
async fn the_survey_runs_without_trouble() {
    let plain = login("plain", false, false);
    let lab = Lab::with(|options| options.logins.push(plain.clone())).await;
    let survey = [sql!("survey/identity"), sql!("survey/survey"), sql!("content"), sql!("survey/clock_end")].concat();
    let mut client = lab.client(&lab.as_sa("any"), "Octopus").await;
    let found = rows(&mut client, &survey).await;
    assert!(!found.iter().any(|row| row.starts_with("trouble") || row.starts_with('!')), "{found:?}");
    for part in [
        "clock|",
        "identity|16.0.4135.4|",
        "database|Octopus|ONLINE|0|MULTI_USER|160|",
        "mirroring|0",
        "rights|1|1|1|1|1|1|dbo",
        "log_shipping|0",
        "content|0|0|0|0|1",
        "clock_end|",
    ] {
        assert!(found.iter().any(|row| row.starts_with(part)), "{part} is not in {found:?}");
    }
    let target = super::support::by(&plain, lab.target("any"));
    let found = rows(&mut lab.client(&target, "master").await, &survey).await;
    assert!(!found.iter().any(|row| row.starts_with('!')), "{found:?}");
    for part in ["log_shipping|NULL", "clock_end|"] {
        assert!(found.iter().any(|row| row.starts_with(part)), "{part} is not in {found:?}");
    }
}

#[tokio::test]
async fn the_registry_is_made_once_and_dropped() {
    let lab = Lab::new().await;
    let mut client = lab.client(&lab.as_sa("any"), "Octopus").await;
    let make = format!("{}{}COMMIT", fill(sql!("registry/lock"), &[("mode", "Exclusive")]), sql!("registry/tables"));
    assert_eq!(rows(&mut client, &make).await, ["lock|0|NULL"]);
    assert_eq!(rows(&mut client, "SELECT version FROM octopus_setup.version").await, ["2"]);
    assert_eq!(rows(&mut client, &make).await, ["lock|0|2"]);
    let found = rows(&mut client, sql!("content")).await.join(" / ");
    assert!(found.contains("content|0|1|0|0|1 / registry|2"), "{found}");
    assert_eq!(rows(&mut client, &fill(sql!("registry/drop"), &[("content", "")])).await, ["origin|0|0"]);
    assert_eq!(rows(&mut client, "SELECT SCHEMA_ID(N'octopus_setup')").await, ["NULL"]);
}
