//! The DBA's access: `sa` on the practice server, with plain tiberius.

use practice_server::RunningServer;
use secrecy::ExposeSecret;
use tiberius::{AuthMethod, Client, Config, EncryptionLevel};
use tokio::net::TcpStream;
use tokio_util::compat::{Compat, TokioAsyncWriteCompatExt};

/// A session as `sa`.
pub type Session = Client<Compat<TcpStream>>;

/// Opens a session.
pub async fn session(server: &RunningServer, database: &str) -> Session {
    let mut config = Config::new();
    config.database(database);
    config.authentication(AuthMethod::sql_server("sa", server.sa_password().expose_secret()));
    config.encryption(EncryptionLevel::NotSupported);
    let stream = TcpStream::connect(server.addr()).await.unwrap();
    Client::connect(config, stream.compat_write()).await.unwrap()
}

/// Runs one batch. Returns the rows, with texts and numbers joined by `|`.
pub async fn ask(session: &mut Session, batch: &str) -> Vec<String> {
    let stream = session.simple_query(batch).await.unwrap_or_else(|error| panic!("{batch}: {error}"));
    let results = stream.into_results().await.unwrap_or_else(|error| panic!("{batch}: {error}"));
    let cell = |data: &tiberius::ColumnData<'_>| match data {
        tiberius::ColumnData::String(Some(text)) => text.to_string(),
        tiberius::ColumnData::I16(Some(number)) => number.to_string(),
        tiberius::ColumnData::I32(Some(number)) => number.to_string(),
        _ => String::new(),
    };
    let line = |row: &tiberius::Row| row.cells().map(|(_, data)| cell(data)).collect::<Vec<_>>().join("|");
    results.iter().flatten().map(line).collect()
}

/// Runs a script as `sqlcmd` does: a line `GO` ends a batch.
pub async fn run(server: &RunningServer, script: &str) {
    let mut session = session(server, "master").await;
    for batch in format!("\n{script}\n").split("\nGO\n") {
        ask(&mut session, batch).await;
    }
}

/// Returns every database with its state and its tables.
pub async fn inventory(server: &RunningServer) -> Vec<String> {
    let mut session = session(server, "master").await;
    let list = "SELECT name FROM sys.databases WHERE state_desc = N'ONLINE' AND user_access_desc <> N'SINGLE_USER' ORDER BY name";
    let mut all = ask(&mut session, "SELECT name FROM sys.databases ORDER BY name").await;
    for database in ask(&mut session, list).await {
        let quoted = format!("[{}]", database.replace(']', "]]"));
        let tables =
            "SELECT s.name, t.name FROM sys.tables t JOIN sys.schemas s ON s.schema_id = t.schema_id ORDER BY s.name, t.name";
        all.extend(
            ask(&mut session, &format!("USE {quoted}; {tables}")).await.into_iter().map(|table| format!("{database}: {table}")),
        );
    }
    all
}

/// Returns every row of every table of a database, with the table's name and each value, sorted. Dates and times are
/// converted to text, because tiberius cannot read all their types.
pub async fn everything(server: &RunningServer, database: &str) -> Vec<String> {
    let mut session = session(server, database).await;
    let tables = "SELECT s.name, t.name FROM sys.tables t JOIN sys.schemas s ON s.schema_id = t.schema_id";
    let mut all = ask(&mut session, "SELECT name FROM sys.schemas").await;
    for table in ask(&mut session, tables).await {
        let (schema, name) = table.split_once('|').unwrap();
        let columns = "SELECT COLUMN_NAME, DATA_TYPE FROM INFORMATION_SCHEMA.COLUMNS";
        let columns = ask(&mut session, &format!("{columns} WHERE TABLE_SCHEMA = N'{schema}' AND TABLE_NAME = N'{name}'")).await;
        let columns: Vec<String> = columns
            .iter()
            .filter_map(|column| column.split_once('|'))
            .map(|(column, kind)| {
                if kind.starts_with("date") {
                    format!("CAST([{column}] AS nvarchar(40)) AS [{column}]")
                } else {
                    format!("[{column}]")
                }
            })
            .collect();
        assert!(!columns.is_empty(), "{table} without columns");
        let rows = session.simple_query(format!("SELECT {} FROM [{schema}].[{name}]", columns.join(", "))).await.unwrap();
        for row in rows.into_first_result().await.unwrap() {
            let cells: Vec<String> = row.cells().map(|(column, data)| format!("{}={data:?}", column.name())).collect();
            all.push(format!("{schema}.{name}: {}", cells.join(", ")));
        }
        all.push(format!("{schema}.{name}"));
    }
    all.sort();
    all
}
