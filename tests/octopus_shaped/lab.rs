//! A practice server with a database as Octopus Server makes it.

use octopus_setup::model::facts::Trouble;
use octopus_setup::model::key_evidence::KeyVerdict;
use octopus_setup::model::master_key::MasterKey;
use octopus_setup::model::names::DatabaseName;
use octopus_setup::model::target::{Encryption, ServerAddress, SignIn, Target, Trust};
use octopus_setup::world::sqlserver::SqlServer;
use practice_server::{PracticeServer, RunningServer, ServerOptions};
use secrecy::ExposeSecret;
use tempfile::TempDir;
use tokio_util::compat::TokioAsyncWriteCompatExt;

pub use crate::shared::octopus::{COMPRESSED, PLAIN, TABLES, blob_row, row};

/// A running server with such a database.
pub struct Lab {
    pub server: RunningServer,
    pub client: SqlServer,
    _data: TempDir,
}

impl Lab {
    /// Starts one with Octopus Server's tables, and runs these batches.
    pub async fn new(batches: &[&str]) -> Self {
        let data = TempDir::new().expect("a folder");
        let server = PracticeServer::start(ServerOptions::new(data.path())).await.expect("started");
        let lab = Self { server, client: SqlServer::new(), _data: data };
        lab.run("master", &["CREATE DATABASE [Octopus] COLLATE Latin1_General_CI_AS"]).await;
        lab.run("Octopus", &[TABLES]).await;
        lab.run("Octopus", batches).await;
        lab
    }

    /// Its target.
    pub fn target(&self) -> Target {
        Target {
            address: ServerAddress { host: "localhost".into(), instance: None, port: Some(self.server.addr().port()) },
            database: DatabaseName::parse("Octopus").expect("a name"),
            sign_in: SignIn::sql_login("sa", self.server.sa_password().clone()),
            encryption: Encryption::Mandatory,
            trust: Trust::CaFile(self.server.ca_file().to_owned()),
            multi_subnet: false,
        }
    }

    /// Returns the verdict of a key.
    pub async fn verdict(&self, key: &MasterKey) -> Result<KeyVerdict, Trouble> {
        self.client.key_verdict(&self.target(), key).await
    }

    /// Returns all tables as text: those of [`PLAIN`] with their rows, the others, whose types tiberius does not know, with the number
    /// of rows.
    pub async fn rows(&self) -> Vec<String> {
        let mut client = self.connect("Octopus").await;
        let tables =
            "SELECT s.name + N'.' + t.name FROM sys.tables t JOIN sys.schemas s ON s.schema_id = t.schema_id ORDER BY t.name";
        let tables = client.simple_query(tables).await.expect("asked").into_first_result().await.expect("answered");
        let mut all = Vec::new();
        for table in tables.iter().filter_map(|row| row.get::<&str, _>(0)) {
            let what = if PLAIN.contains(&format!("CREATE TABLE {table} ")) { "*" } else { "COUNT(*)" };
            let rows = client.simple_query(format!("SELECT {what} FROM {table}")).await.expect("asked");
            all.push(format!("{table}: {:?}", rows.into_first_result().await.expect("answered")));
        }
        all
    }

    /// Runs batches by plain tiberius.
    pub async fn run(&self, database: &str, batches: &[&str]) {
        let mut client = self.connect(database).await;
        for batch in batches {
            let stream = client.simple_query(*batch).await.unwrap_or_else(|error| panic!("{batch}: {error}"));
            stream.into_results().await.unwrap_or_else(|error| panic!("{batch}: {error}"));
        }
    }

    async fn connect(&self, database: &str) -> tiberius::Client<tokio_util::compat::Compat<tokio::net::TcpStream>> {
        let mut config = tiberius::Config::new();
        config.database(database);
        config.authentication(tiberius::AuthMethod::sql_server("sa", self.server.sa_password().expose_secret()));
        config.encryption(tiberius::EncryptionLevel::NotSupported);
        let stream = tokio::net::TcpStream::connect(self.server.addr()).await.expect("connected");
        tiberius::Client::connect(config, stream.compat_write()).await.expect("logged in")
    }
}
