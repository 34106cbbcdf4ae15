//! A practice server, with helpers that prepare and query it.

use std::time::Duration;

use octopus_setup::model::cluster::ClusterId;
use octopus_setup::model::facts::ServerFacts;
use octopus_setup::model::master_key::{Fingerprint, Verifier};
use octopus_setup::model::names::DatabaseName;
use octopus_setup::model::registry::{NewCluster, NodeRow};
use octopus_setup::model::target::{Encryption, ServerAddress, SignIn, Target, Trust};
use octopus_setup::world::sqlserver::{Patience, SqlServer};
use practice_server::{Login, PracticeServer, RunningServer, ServerOptions};
use secrecy::ExposeSecret;
use tempfile::TempDir;
use tokio::net::TcpStream;
use tokio_util::compat::{Compat, TokioAsyncWriteCompatExt};

/// A running server with an empty database `Octopus`, and its data folder.
pub struct Lab {
    pub server: RunningServer,
    /// Round trips and connections before the last count.
    before: (u64, u64),
    _data: TempDir,
}

impl Lab {
    /// A healthy server.
    pub async fn new() -> Self {
        Self::with(|_| {}).await
    }

    /// A server with changed options.
    pub async fn with(change: impl FnOnce(&mut ServerOptions)) -> Self {
        let data = TempDir::new().expect("a folder");
        let mut options = ServerOptions::new(data.path());
        change(&mut options);
        let server = PracticeServer::start(options).await.expect("started");
        let mut lab = Self { server, before: (0, 0), _data: data };
        lab.database("Octopus").await;
        lab.counted();
        lab
    }

    /// Counts round trips without TCP, and connections, since the last call.
    pub fn counted(&mut self) -> (u64, u64) {
        let now = (self.server.turns(), self.server.connections());
        let since = (now.0 - self.before.0, now.1 - self.before.1);
        self.before = now;
        since
    }

    /// The target of good answers. By name, since the certificate is for names.
    pub fn target(&self, database: &str) -> Target {
        Target {
            address: ServerAddress { host: "localhost".into(), instance: None, port: Some(self.server.addr().port()) },
            database: DatabaseName::parse(database).expect("a name"),
            sign_in: SignIn::sql_login(self.server.user(), self.server.password().clone()),
            encryption: Encryption::Mandatory,
            trust: Trust::CaFile(self.server.ca_file().to_owned()),
            multi_subnet: false,
        }
    }

    /// The same target with the login `sa`.
    pub fn as_sa(&self, database: &str) -> Target {
        Target { sign_in: SignIn::sql_login("sa", self.server.sa_password().clone()), ..self.target(database) }
    }

    /// Runs batches one by one as `sa`, by plain tiberius.
    pub async fn prepare(&self, database: &str, batches: &[&str]) {
        self.run(&self.as_sa("any"), database, batches).await;
    }

    /// Creates an empty database, owned by the wizard's login.
    pub async fn database(&self, name: &str) {
        let create = format!("CREATE DATABASE [{name}] COLLATE Latin1_General_CI_AS");
        self.run(&self.target("any"), "master", &[&create]).await;
    }

    /// Returns the single text of a query in the database `Octopus`.
    pub async fn ask(&self, query: &str) -> String {
        let mut client = self.client(&self.as_sa("any"), "Octopus").await;
        let row = client.simple_query(query).await.expect("asked").into_row().await.expect("read").expect("a row");
        row.get::<&str, _>(0).expect("a text").to_owned()
    }

    /// Opens a session by plain tiberius.
    pub async fn client(&self, by: &Target, database: &str) -> tiberius::Client<Compat<TcpStream>> {
        let mut config = tiberius::Config::new();
        config.database(database);
        let SignIn::SqlLogin { user, password } = &by.sign_in;
        config.authentication(tiberius::AuthMethod::sql_server(user, password.expose_secret()));
        config.encryption(tiberius::EncryptionLevel::NotSupported);
        let stream = TcpStream::connect(self.server.addr()).await.expect("connected");
        tiberius::Client::connect(config, stream.compat_write()).await.expect("logged in")
    }

    async fn run(&self, by: &Target, database: &str, batches: &[&str]) {
        let mut client = self.client(by, database).await;
        for batch in batches {
            let stream = client.simple_query(*batch).await.unwrap_or_else(|error| panic!("{batch}: {error}"));
            stream.into_results().await.unwrap_or_else(|error| panic!("{batch}: {error}"));
        }
    }
}

/// A login beside the server's own, with no rights or all rights.
pub fn login(name: &str, sysadmin: bool, disabled: bool) -> Login {
    let password = format!("{name}-Password-1").into();
    Login { name: name.into(), password, sysadmin, dbcreator: false, disabled }
}

/// The same target with another login.
pub fn by(login: &Login, target: Target) -> Target {
    Target { sign_in: SignIn::sql_login(login.name.as_str(), login.password.clone()), ..target }
}

/// Every snapshot of one survey.
pub async fn snapshots(server: &SqlServer, target: &Target) -> Vec<ServerFacts> {
    let mut all = Vec::new();
    server.survey(target, |facts| all.push(facts)).await;
    all
}

/// One that measures no round trip again: on a busy machine those would count as turns.
pub fn server() -> SqlServer {
    SqlServer::with_patience(Patience { far: Duration::MAX, ..Patience::default() })
}

/// The last snapshot of a survey on a new session.
pub async fn facts(target: &Target) -> ServerFacts {
    snapshots(&server(), target).await.pop().expect("facts")
}

/// A cluster whose id, key and node are made of this byte.
pub fn cluster(byte: u8) -> NewCluster {
    NewCluster {
        id: ClusterId([byte; 16]),
        verifier: Verifier { salt: [byte; 16], hash: [byte; 32] },
        fingerprint: Fingerprint([byte; 4]),
        node: node(&format!("web{byte:02}")),
        node_limit: None,
        licence_ends: None,
        storage: octopus_setup::model::storage::SharedStorage::None,
        canaries: Vec::new(),
    }
}

/// A node of this name.
pub fn node(name: &str) -> NodeRow {
    NodeRow {
        name: name.into(),
        address: format!("https://{name}/").into(),
        host: name.into(),
        system: "Linux".into(),
        program: "0.1.0".into(),
        prefixes: format!("https://{name}/").into(),
        comms_port: 10943,
        grpc_port: 8443,
        task_cap: 5,
    }
}
