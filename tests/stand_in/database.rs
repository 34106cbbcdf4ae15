//! The commands that work on the database, by plain tiberius and what the connection string says.

use octopus_setup::model::answers::Raw;
use octopus_setup::model::connection_string::ConnectionString;
use octopus_setup::model::field::FieldId;
use secrecy::ExposeSecret;
use tiberius::{AuthMethod, Client, EncryptionLevel};
use tokio::net::TcpStream;
use tokio_util::compat::{Compat, TokioAsyncWriteCompatExt};

use super::Failed;
use super::config::Config;
use super::options::Options;
use super::place::Place;
use super::{instances, service};

pub const CONNECTION: &str = "Octopus.Storage.ExternalDatabaseConnectionString";
pub const NODE_NAME: &str = "Octopus.Server.NodeName";
/// The task cap that waits for the first start.
pub const FIRST_CAP: &str = "StandIn.FirstTaskCap";

/// Octopus' own tables, as far as a node is concerned.
const TABLES: [&str; 4] = [
    "CREATE TABLE dbo.SchemaVersions (Id int IDENTITY(1,1) NOT NULL PRIMARY KEY, ScriptName nvarchar(255) NOT NULL, Applied datetime NOT NULL)",
    "CREATE TABLE dbo.OctopusServerInstallationHistory (Id nvarchar(50) NOT NULL PRIMARY KEY, Node nvarchar(200), Version nvarchar(50), Installed datetimeoffset, JSON nvarchar(max))",
    "CREATE TABLE dbo.OctopusServerNode (Id nvarchar(250) NOT NULL PRIMARY KEY, Name nvarchar(200) NOT NULL, LastSeen datetimeoffset, JSON nvarchar(max), MaxConcurrentTasks int NOT NULL DEFAULT 5, IsInMaintenanceMode bit NOT NULL DEFAULT 0)",
    "CREATE TABLE dbo.OctopusServerNodeStatus (Id nvarchar(250) NOT NULL PRIMARY KEY, Name nvarchar(200) NOT NULL, LastSeen datetimeoffset NOT NULL)",
];

pub struct Session(Client<Compat<TcpStream>>);

impl Session {
    pub async fn open(connection: &str) -> Result<Self, Failed> {
        let read = ConnectionString::parse(connection)?;
        let text = |wanted: FieldId| {
            let found = read.fields.iter().find(|(field, _)| *field == wanted).map(|(_, raw)| raw);
            found.map_or_else(String::new, |raw| match raw {
                Raw::Text(text) => text.clone(),
                Raw::Secret(secret) => secret.expose_secret().to_owned(),
            })
        };
        let server = text(FieldId::Server);
        let (host, port) = server.trim_start_matches("tcp:").split_once(',').unwrap_or((server.as_str(), "1433"));
        let mut config = tiberius::Config::new();
        config.host(host);
        config.port(port.trim().parse()?);
        config.database(text(FieldId::Database));
        config.authentication(AuthMethod::sql_server(text(FieldId::User), text(FieldId::Password)));
        config.encryption(EncryptionLevel::NotSupported);
        let stream = TcpStream::connect(config.get_addr()).await?;
        Ok(Self(Client::connect(config, stream.compat_write()).await?))
    }

    /// One batch; the number in its first row.
    pub async fn ask(&mut self, batch: &str) -> Result<Option<i32>, Failed> {
        let rows = self.0.simple_query(batch).await?.into_results().await?;
        Ok(rows.iter().flatten().next().and_then(|row| row.try_get::<i32, _>(0).ok().flatten()))
    }

    async fn has_tables(&mut self) -> Result<bool, Failed> {
        let batch = "SELECT CASE WHEN OBJECT_ID(N'dbo.OctopusServerNode', N'U') IS NULL THEN 0 ELSE 1 END AS there";
        Ok(self.ask(batch).await? == Some(1))
    }

    /// Changes this node's row, which is made where there is none.
    pub async fn change(&mut self, node: &str, column: &str, value: &str) -> Result<(), Failed> {
        let name = node.replace('\'', "''");
        let batch = format!(
            "UPDATE dbo.OctopusServerNode SET {column} = {value} WHERE Name = N'{name}'; \
             IF @@ROWCOUNT = 0 INSERT INTO dbo.OctopusServerNode (Id, Name, {column}) VALUES (N'OctopusServerNodes-{name}', N'{name}', {value})"
        );
        self.ask(&batch).await.map(|_| ())
    }

    /// One beat of the heart.
    pub async fn beat(&mut self, node: &str) -> Result<(), Failed> {
        let (name, now) = (node.replace('\'', "''"), "SYSDATETIMEOFFSET()");
        self.change(node, "LastSeen", now).await?;
        let batch = format!(
            "UPDATE dbo.OctopusServerNodeStatus SET LastSeen = {now} WHERE Name = N'{name}'; \
             IF @@ROWCOUNT = 0 INSERT INTO dbo.OctopusServerNodeStatus (Id, Name, LastSeen) VALUES (N'OctopusServerNodes-{name}', N'{name}', {now})"
        );
        self.ask(&batch).await.map(|_| ())
    }

    /// Which version was installed where.
    pub async fn installed(&mut self, node: &str, version: &str) -> Result<(), Failed> {
        let (name, version) = (node.replace('\'', "''"), version.replace('\'', "''"));
        let batch = format!(
            "UPDATE dbo.OctopusServerInstallationHistory SET Version = N'{version}' WHERE Node = N'{name}'; IF @@ROWCOUNT = 0 \
             INSERT INTO dbo.OctopusServerInstallationHistory (Id, Node, Version, Installed) VALUES (N'{name}', N'{name}', N'{version}', SYSDATETIMEOFFSET())"
        );
        self.ask(&batch).await.map(|_| ())
    }
}

/// Runs work that waits.
pub fn wait<T>(work: impl Future<Output = Result<T, Failed>>) -> Result<T, Failed> {
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(work)
}

pub fn database(place: &Place, options: &Options) -> Result<String, Failed> {
    let mut config = instances::config(place, options)?;
    let connection = options.must("connectionString")?.to_owned();
    let said = wait(async {
        let mut session = Session::open(&connection).await?;
        match (session.has_tables().await?, options.has("create"), options.has("upgrade")) {
            (true, false, false) => Ok("The database is in order."),
            // It is there, since somebody could sign in to it: --create does nothing then, and makes no tables.
            (true, ..) | (false, true, false) => Ok("The database already exists. Nothing to do."),
            (false, _, true) => {
                for table in TABLES {
                    session.ask(table).await?;
                }
                Ok("Database created and upgraded.")
            }
            (false, false, false) => {
                Err("The database is not an Octopus database, or has not been created. Use --create.".into())
            }
        }
    })?;
    config.set(CONNECTION, &connection);
    if let Some(key) = options.get("masterKey") {
        config.set("Octopus.Storage.MasterKey", key);
    }
    config.save()?;
    Ok(format!("{said}\nThe connection string was saved."))
}

fn connection(config: &Config) -> Result<&str, Failed> {
    config.get(CONNECTION).ok_or_else(|| "The database connection string is not configured.".into())
}

/// What is kept for the whole cluster: only that there is a cluster is looked at; what was given is written down anyway.
pub fn cluster_wide(place: &Place, verb: &str, options: &Options) -> Result<String, Failed> {
    let config = instances::config(place, options)?;
    match verb {
        "admin" => {
            options.must("username")?;
            options.must("password")?;
        }
        "license" => match options.get("licenseFile") {
            Some(path) if std::fs::read_to_string(path)?.contains("<License") => {}
            None if options.has("licenseBase64") => {}
            _ => return Err("The license is not valid.".into()),
        },
        _ => {}
    }
    wait(async {
        if Session::open(connection(&config)?).await?.has_tables().await? {
            Ok(format!("{verb} done."))
        } else {
            Err("The database schema is not up to date.".into())
        }
    })
}

pub fn node(place: &Place, options: &Options) -> Result<String, Failed> {
    let mut config = instances::config(place, options)?;
    let name = config.get(NODE_NAME).ok_or("The node has no name.")?.to_owned();
    wait(async {
        let mut session = Session::open(connection(&config)?).await?;
        if let Some(cap) = options.get("taskCap") {
            // A node that never started has no row of its own, and one of its name may be another's that is dead.
            if place.read("faults/row").is_some() && !service::pid_file(place, options.instance()).exists() {
                config.set(FIRST_CAP, cap);
                config.save()?;
                return Ok("The node will be changed when it starts.".to_owned());
            }
            session.change(&name, "MaxConcurrentTasks", &cap.parse::<u16>()?.to_string()).await?;
        }
        if let Some(drain) = options.get("drain") {
            session.change(&name, "IsInMaintenanceMode", if drain.eq_ignore_ascii_case("true") { "1" } else { "0" }).await?;
        }
        Ok("The node was changed.".to_owned())
    })
}
