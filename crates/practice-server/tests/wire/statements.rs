//! Statements through the whole server: what reaches a client of what the engine says.

use practice_server::Login;
use secrecy::{ExposeSecret as _, SecretString};
use tiberius::{ColumnType, Query};

use crate::connect::{Connection, Failure, Tls, Who, connect, connect_as, error_of, number, start};

async fn run(client: &mut Connection, sql: &str) {
    client.simple_query(sql).await.expect(sql).into_results().await.expect(sql);
}

fn code(failure: &Failure) -> Option<u32> {
    match failure.downcast_ref::<tiberius::error::Error>()? {
        tiberius::error::Error::Server(token) => Some(token.code()),
        _ => None,
    }
}

#[tokio::test]
async fn logins_fail_with_sql_servers_own_numbers() {
    let server = start(|options| {
        options.logins.push(Login {
            name: "retired".to_owned(),
            password: SecretString::from("Retired-1"),
            sysadmin: false,
            dbcreator: false,
            disabled: true,
        });
    })
    .await;
    let good = server.running.password().expose_secret().to_owned();
    for (user, password, database, expected) in [
        ("octopus", "wrong", "master", 18456),
        ("nobody", "wrong", "master", 18456),
        ("octopus", good.as_str(), "missing", 4060),
        ("retired", "Retired-1", "master", 18470),
    ] {
        let who = Who { user, password, database };
        let failure = connect_as(&server.running, Tls::Whole, &who).await.expect_err(user);
        assert_eq!(code(&failure), Some(expected), "{user} {database}");
    }
}

#[tokio::test]
async fn rows_errors_and_transactions_come_through() {
    let server = start(|_| {}).await;
    let mut client = connect(&server.running, Tls::Whole).await.expect("a login");
    run(&mut client, "CREATE DATABASE Wire").await;
    run(&mut client, "USE Wire").await;
    run(&mut client, "CREATE TABLE dbo.Thing (Id int NOT NULL PRIMARY KEY, Name nvarchar(50) NULL)").await;
    run(&mut client, "INSERT INTO dbo.Thing (Id, Name) VALUES (1, N'žluť'), (2, NULL)").await;
    let row = client
        .simple_query("SELECT Id, Name FROM dbo.Thing ORDER BY Id")
        .await
        .expect("runs")
        .into_first_result()
        .await
        .expect("rows");
    assert_eq!(row.len(), 2);
    assert_eq!(row[0].get::<&str, _>("Name"), Some("žluť"));
    assert_eq!(row[1].get::<&str, _>("Name"), None);
    assert_eq!(error_of(&mut client, "INSERT INTO dbo.Thing (Id) VALUES (1)").await, 2627);
    assert_eq!(error_of(&mut client, "SELECT * FROM dbo.Nothing").await, 208);
    run(&mut client, "BEGIN TRANSACTION; DELETE FROM dbo.Thing").await;
    assert_eq!(number(&mut client, "SELECT COUNT(*) FROM dbo.Thing").await, 0);
    run(&mut client, "ROLLBACK TRANSACTION").await;
    assert_eq!(number(&mut client, "SELECT COUNT(*) FROM dbo.Thing").await, 2);
}

#[tokio::test]
async fn parameters_of_many_kinds_come_through() {
    let server = start(|_| {}).await;
    let mut client = connect(&server.running, Tls::Whole).await.expect("a login");
    let long = "x".repeat(50_000);
    let mut query = Query::new("SELECT @P1 AS a, @P2 AS b, @P3 AS c, @P4 AS d, @P5 AS e");
    query.bind(7i32);
    query.bind("žluť");
    query.bind(2.5f64);
    query.bind(long.as_str());
    query.bind(Option::<i32>::None);
    let row = query.query(&mut client).await.expect("runs").into_row().await.expect("comes").expect("a row");
    assert_eq!(row.get::<i32, _>("a"), Some(7));
    assert_eq!(row.get::<&str, _>("b"), Some("žluť"));
    assert_eq!(row.get::<f64, _>("c"), Some(2.5));
    assert_eq!(row.get::<&str, _>("d"), Some(long.as_str()));
    assert_eq!(row.get::<i32, _>("e"), None);
}

#[tokio::test]
async fn a_result_of_many_packets_comes_whole() {
    let server = start(|_| {}).await;
    let mut client = connect(&server.running, Tls::Whole).await.expect("a login");
    run(&mut client, "CREATE DATABASE Big").await;
    run(&mut client, "USE Big").await;
    run(&mut client, "CREATE TABLE dbo.Big (Id int NOT NULL PRIMARY KEY, Name nvarchar(400) NOT NULL)").await;
    for start in (0..2000).step_by(100) {
        let rows: Vec<String> = (start..start + 100).map(|id| format!("({id}, N'{}')", "y".repeat(300))).collect();
        run(&mut client, &format!("INSERT INTO dbo.Big (Id, Name) VALUES {}", rows.join(","))).await;
    }
    let rows = client
        .simple_query("SELECT Id, Name FROM dbo.Big ORDER BY Id")
        .await
        .expect("runs")
        .into_first_result()
        .await
        .expect("rows");
    assert_eq!(rows.len(), 2000);
    assert_eq!(rows[1999].get::<i32, _>("Id"), Some(1999));
    assert_eq!(rows[0].get::<&str, _>("Name").map(str::len), Some(300));
}

#[tokio::test]
async fn several_results_keep_their_order_and_types() {
    let server = start(|_| {}).await;
    let mut client = connect(&server.running, Tls::Whole).await.expect("a login");
    let results = client
        .simple_query("SELECT 1 AS a; SELECT N'x' AS b, CAST(NULL AS bit) AS c; SELECT 3 AS d")
        .await
        .expect("runs")
        .into_results()
        .await
        .expect("results");
    assert_eq!(results.len(), 3);
    assert_eq!(results[1][0].get::<&str, _>("b"), Some("x"));
    assert_eq!(results[2][0].get::<i32, _>(0), Some(3));
    let kinds: Vec<ColumnType> = results[1][0].columns().iter().map(tiberius::Column::column_type).collect();
    assert_eq!(kinds, [ColumnType::NVarchar, ColumnType::Bitn]);
}

#[tokio::test]
async fn transactions_by_request_begin_and_end() {
    let server = start(|_| {}).await;
    let mut client = connect(&server.running, Tls::Whole).await.expect("a login");
    run(&mut client, "CREATE DATABASE Ledger").await;
    run(&mut client, "USE Ledger").await;
    run(&mut client, "CREATE TABLE dbo.T (Id int NOT NULL)").await;
    client.begin_transaction().await.expect("begun");
    run(&mut client, "INSERT INTO dbo.T (Id) VALUES (1)").await;
    client.rollback_transaction().await.expect("rolled back");
    assert_eq!(number(&mut client, "SELECT COUNT(*) FROM dbo.T").await, 0);
    client.begin_transaction().await.expect("begun");
    run(&mut client, "INSERT INTO dbo.T (Id) VALUES (1)").await;
    client.commit_transaction().await.expect("committed");
    assert_eq!(number(&mut client, "SELECT COUNT(*) FROM dbo.T").await, 1);
}

#[tokio::test]
async fn our_own_remedy_for_snapshot_isolation_ends_other_sessions() {
    let server = start(|_| {}).await;
    let mut admin = connect(&server.running, Tls::Whole).await.expect("a login");
    run(&mut admin, "CREATE DATABASE Wire").await;
    let mut idle = connect(&server.running, Tls::Whole).await.expect("a login");
    run(&mut idle, "USE Wire; CREATE TABLE dbo.T (a int); BEGIN TRAN; INSERT dbo.T VALUES (1)").await;
    let mut busy = connect(&server.running, Tls::Whole).await.expect("a login");
    run(&mut busy, "USE Wire").await;
    let waiting = tokio::spawn(async move {
        let result = busy.simple_query("WAITFOR DELAY '00:10:00'").await;
        match result {
            Ok(stream) => stream.into_results().await.map(|_| ()),
            Err(error) => Err(error),
        }
    });
    assert_eq!(error_of(&mut admin, "ALTER DATABASE Wire SET READ_COMMITTED_SNAPSHOT ON WITH NO_WAIT").await, 5070);
    run(&mut admin, "ALTER DATABASE [Wire] SET READ_COMMITTED_SNAPSHOT ON WITH ROLLBACK IMMEDIATE").await;
    assert_eq!(
        number(&mut admin, "SELECT CAST(is_read_committed_snapshot_on AS int) FROM sys.databases WHERE name = 'Wire'").await,
        1
    );
    assert_eq!(number(&mut admin, "SELECT COUNT(*) FROM Wire.dbo.T").await, 0);
    assert!(waiting.await.expect("no panic").is_err());
    assert!(idle.simple_query("SELECT 1").await.is_err(), "its connection has ended");
    run(&mut admin, "USE Wire; INSERT dbo.T VALUES (2)").await;
}

#[tokio::test]
async fn a_connection_too_many_is_told_why() {
    let server = start(|options| options.limits.connections = 2).await;
    let mut first = connect(&server.running, Tls::Whole).await.expect("a login");
    let _second = connect(&server.running, Tls::Whole).await.expect("a login");
    for tls in [Tls::Whole, Tls::Plain] {
        let failure = connect(&server.running, tls).await.expect_err("one too many");
        assert_eq!(code(&failure), Some(17809), "{failure:?}");
    }
    assert_eq!(number(&mut first, "SELECT 1").await, 1);
    drop(first);
    for _ in 0..2000 {
        if connect(&server.running, Tls::Whole).await.is_ok() {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    panic!("the place was not given free");
}

#[cfg(unix)]
#[tokio::test]
async fn its_files_and_folders_are_for_their_owner_only() {
    use std::fs::{Permissions, set_permissions};
    use std::os::unix::fs::PermissionsExt as _;
    use std::path::Path;

    fn modes(path: &Path, found: &mut Vec<(String, u32)>) {
        let mode = path.metadata().expect("there").permissions().mode() & 0o777;
        found.push((path.display().to_string(), mode));
        if path.is_dir() {
            for entry in path.read_dir().expect("a folder") {
                modes(&entry.expect("an entry").path(), found);
            }
        }
    }

    let server = start(|_| {}).await;
    let mut client = connect(&server.running, Tls::Whole).await.expect("a login");
    run(&mut client, "CREATE DATABASE Wire").await;
    run(&mut client, "USE Wire; CREATE TABLE dbo.T (a int)").await;
    let check = |data: &Path| {
        let mut found = Vec::new();
        modes(data, &mut found);
        assert!(found.len() > 10, "{found:?}");
        let open: Vec<_> = found.iter().filter(|(_, mode)| mode & 0o077 != 0).collect();
        assert!(open.is_empty(), "{open:?}");
        found
    };
    let found = check(&server.folder.path().join("data"));
    drop(client);
    server.running.stop().await;
    // A folder of an older build.
    for (path, mode) in found.iter().filter(|(path, _)| Path::new(path).exists()) {
        set_permissions(path, Permissions::from_mode(mode | 0o055)).expect("changed");
    }
    let running = crate::connect::start_in(&server.folder, |_| {}).await;
    let mut client = connect(&running, Tls::Whole).await.expect("a login");
    run(&mut client, "USE Wire; SELECT * FROM dbo.T").await;
    check(running.data());
}
