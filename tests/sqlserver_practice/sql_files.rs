//! The wizard's own SQL files, whole and as it sends them, on the practice server.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

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

const FOLDER: &str = "src/world/sqlserver/sql";

/// All of them, by their path in the folder.
fn sql_files() -> BTreeMap<String, String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join(FOLDER);
    let (mut folders, mut files) = (vec![PathBuf::new()], BTreeMap::new());
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(root.join(&folder)).expect("a folder").map(|entry| entry.expect("an entry")) {
            let path = folder.join(entry.file_name());
            if entry.file_type().expect("its type").is_dir() {
                folders.push(path);
            } else {
                let text = std::fs::read_to_string(entry.path()).expect("a text");
                files.insert(path.to_str().expect("UTF-8").replace('\\', "/"), text);
            }
        }
    }
    files
}

/// One entry of a head, such as `Runs on:`, whose further lines are indented.
fn head(text: &str, entry: &str) -> Option<String> {
    let start = format!("-- {entry}: ");
    let mut lines = text.lines().take_while(|line| line.starts_with("--")).skip_while(|line| !line.starts_with(&start));
    let first = lines.next()?.trim_start_matches(&start).trim();
    let more = lines.take_while(|line| line.starts_with("--     ")).map(|line| line.trim_start_matches('-').trim());
    Some(std::iter::once(first).chain(more).collect::<Vec<_>>().join(" "))
}

/// `docs/sql.md` lists every file as its head describes it.
#[test]
fn each_statement_tells_where_it_runs_and_what_its_refusal_costs() {
    let mut table = Vec::new();
    for (name, text) in sql_files() {
        if text.starts_with("-- Part of ") {
            continue;
        }
        let entry = |entry| head(&text, entry).unwrap_or_else(|| panic!("{name} has no line `-- {entry}:`"));
        assert!(!entry("Needs").is_empty());
        let (sent, runs, refused) = (entry("Sent by"), entry("Runs on"), entry("Refused"));
        table.push(format!("| [`{name}`](../{FOLDER}/{name}) | {sent} | {runs} | {refused} |"));
    }
    let doc = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/sql.md")).expect("docs/sql.md");
    let rows: Vec<&str> = doc.lines().filter(|line| line.starts_with("| [")).collect();
    assert_eq!(rows, table, "the rows of docs/sql.md and the heads of the files");
}
