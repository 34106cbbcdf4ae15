//! What is in the databases of the scenes.

use octopus_setup::model::cluster::ClusterId;
use octopus_setup::model::master_key::{MasterKey, Verifier};
use octopus_setup::model::names::DatabaseName;
use octopus_setup::model::registry::{NewCluster, NodeRow};
use octopus_setup::model::storage::SharedFolder;
use octopus_setup::model::target::{Encryption, ServerAddress, SignIn, Target, Trust};
use octopus_setup::world::sqlserver::SqlServer;
use practice_server::Mark;

use crate::scenes::{Scene, SceneId};
use crate::shared::{octopus, sql};

/// The byte of the clusters' master key, and of one that is not theirs.
pub const KEY: u8 = 7;
pub const OTHER_KEY: u8 = 8;

/// The clusters of ours, and the nonce of web01's canaries in what they share.
pub const CLUSTER: ClusterId = ClusterId([0xab; 16]);
pub const TOKEN: &str = "0123456789abcdef0123456789abcdef";

/// A master key.
pub fn key(byte: u8) -> MasterKey {
    octopus::key(byte)
}

/// Prepares a scene's databases.
pub async fn prepare(scene: &Scene) {
    match scene.id {
        SceneId::Databases => of_every_state(scene).await,
        SceneId::Restless => restless(scene).await,
        SceneId::Clusters => clusters(scene).await,
        SceneId::OctopusMade => octopus_made(scene).await,
        // The others have the one that a case without a thought about databases asks for, where they let anybody in.
        SceneId::NotSqlServer => {}
        _ => database(scene, "Empty", "").await,
    }
}

/// A database that belongs to the login, with read-committed snapshot on, and these batches run in it.
async fn database(scene: &Scene, name: &str, batches: &str) {
    collated(scene, name, "Latin1_General_CI_AS").await;
    run(scene, &format!("ALTER DATABASE [{name}] SET READ_COMMITTED_SNAPSHOT ON")).await;
    for batch in batches.split(";;").map(str::trim).filter(|batch| !batch.is_empty()) {
        run(scene, &format!("USE [{name}]; {batch}")).await;
    }
}

async fn collated(scene: &Scene, name: &str, collation: &str) {
    let make = format!("CREATE DATABASE [{name}] COLLATE {collation}");
    run(scene, &format!("{make}\nGO\nALTER AUTHORIZATION ON DATABASE::[{name}] TO [octopus]")).await;
}

async fn run(scene: &Scene, script: &str) {
    sql::run(&scene.server, script).await;
}

async fn of_every_state(scene: &Scene) {
    database(scene, "Empty", "").await;
    collated(scene, "SnapshotOff", "Latin1_General_CI_AS").await;
    collated(scene, "CaseSensitive", "Latin1_General_CS_AS").await;
    database(
        scene,
        "Foreign",
        "CREATE TABLE dbo.Orders (Id int NOT NULL PRIMARY KEY);; CREATE SCHEMA sales;; CREATE TABLE sales.Lines (Id int)",
    )
    .await;
    let odd = "CREATE TABLE dbo.Event (Id int NOT NULL PRIMARY KEY, Name nvarchar(50) COLLATE Latin1_General_BIN2 NOT NULL)";
    database(scene, "OddColumns", odd).await;
    database(scene, "MayEnter", "CREATE USER [plain] FOR LOGIN [plain]").await;
    database(scene, "NotOwner", "CREATE USER [plain] FOR LOGIN [plain]; GRANT CREATE TABLE TO [plain]; GRANT ALTER TO [plain]")
        .await;
    let schema = "CREATE USER [plain] FOR LOGIN [plain] WITH DEFAULT_SCHEMA = [sales]; ALTER ROLE db_owner ADD MEMBER [plain]";
    database(scene, "OtherSchema", schema).await;
    database(scene, "Replicated", "").await;
    assert!(scene.server.mark("Replicated", Mark::Published, true));
    database(scene, "Mirrored", "").await;
    assert!(scene.server.mark("Mirrored", Mark::Mirrored, true));
    for (name, change) in [
        ("ReadOnly", "SET READ_ONLY"),
        ("Restricted", "SET RESTRICTED_USER"),
        ("AutoClose", "SET AUTO_CLOSE ON"),
        ("Compatible2014", "SET COMPATIBILITY_LEVEL = 120"),
        ("Offline", "SET OFFLINE"),
    ] {
        database(scene, name, "").await;
        run(scene, &format!("ALTER DATABASE [{name}] {change}")).await;
    }
    run(scene, "DENY VIEW ANY DATABASE TO [blind]").await;
    cluster(scene, "Cluster", "").await;
    octopus_server(scene, "OctopusMade", &[]).await;
}

async fn restless(scene: &Scene) {
    database(scene, "SingleUser", "").await;
    run(scene, "ALTER DATABASE [SingleUser] SET SINGLE_USER").await;
}

/// A cluster of ours with the node web01, whose canaries are in what it shares, and these batches run in its database.
async fn cluster(scene: &Scene, name: &str, batches: &str) {
    database(scene, name, "").await;
    let server = &scene.server;
    let target = Target {
        address: ServerAddress { host: "localhost".into(), instance: None, port: Some(server.addr().port()) },
        database: DatabaseName::parse(name).unwrap(),
        sign_in: SignIn::sql_login("sa", server.sa_password().clone()),
        encryption: Encryption::Mandatory,
        trust: Trust::CaFile(server.ca_file().to_owned()),
        multi_subnet: false,
    };
    let key = key(KEY);
    let first = NewCluster {
        id: CLUSTER,
        verifier: Verifier::derive(&key, [3; 16]),
        fingerprint: key.fingerprint(),
        node_limit: None,
        licence_ends: None,
        storage: octopus_setup::model::storage::SharedStorage::None,
        canaries: Vec::new(),
        node: NodeRow {
            name: "web01".into(),
            address: "https://web01/".into(),
            host: "web01".into(),
            system: "Ubuntu 24.04.1 LTS".into(),
            program: "0.1.0".into(),
            prefixes: "https://web01/".into(),
            comms_port: 10943,
            grpc_port: 8443,
            task_cap: 5,
        },
    };
    SqlServer::new().initialise(&target, &first).await.unwrap();
    let root = scene.path("share").display().to_string();
    let shared = "INSERT INTO octopus_setup.shared_storage (folder, path, set_by) VALUES";
    run(scene, &format!("USE [{name}]; {shared} (N'cluster-shared', N'{root}', N'web01')")).await;
    run(scene, &format!("USE [{name}]; {}", canaries("web01"))).await;
    for batch in batches.split(";;").map(str::trim).filter(|batch| !batch.is_empty()) {
        run(scene, &format!("USE [{name}]; {batch}")).await;
    }
}

/// The rows of the registry for a node's canaries.
fn canaries(node: &str) -> String {
    let rows = SharedFolder::ALL.map(|folder| format!("(CAST(N'{node}' AS varbinary(400)), N'{}', '{TOKEN}')", folder.id()));
    format!("INSERT INTO octopus_setup.canary (node_key, folder, token) VALUES {}", rows.join(", "))
}

/// The change of the registry to another root.
fn shares(scene: &Scene, root: &str) -> String {
    format!("UPDATE octopus_setup.shared_storage SET path = N'{}'", scene.path(root).display())
}

/// A row of the registry for a node that was seen so many days ago.
fn node(name: &str, days: u32) -> String {
    format!(
        "INSERT INTO octopus_setup.node (name_key, name, address, host, operating_system, program, prefixes, comms_port, grpc_port, task_cap, \
         joined, last_seen) VALUES (CAST(N'{name}' AS varbinary(400)), N'{name}', N'https://{name}/', N'{name}', N'Ubuntu 24.04.1 LTS', N'0.1.0', N'https://{name}/', \
         10943, 8443, 5, '2026-01-02T03:04:05', DATEADD(day, -{days}, SYSUTCDATETIME()))"
    )
}

async fn clusters(scene: &Scene) {
    let dead = node("web-old", 19);
    let second = node("web02", 0);
    let limit = |nodes: u32| format!("UPDATE octopus_setup.cluster SET licence_node_limit = {nodes}");
    cluster(scene, "OneNode", "").await;
    cluster(scene, "TwoNodes", &second).await;
    cluster(scene, "DeadNode", &dead).await;
    cluster(scene, "Limit", &limit(1)).await;
    cluster(scene, "LimitAndDead", &format!("{};; {dead}", limit(2))).await;
    cluster(scene, "OnWindows", "UPDATE octopus_setup.node SET operating_system = N'Windows Server 2022'").await;
    cluster(scene, "Ahead", "UPDATE octopus_setup.node SET program = N'99.0.0'").await;
    cluster(scene, "Newer", "UPDATE octopus_setup.version SET version = 99").await;
    cluster(scene, "SharesNothing", "DELETE FROM octopus_setup.canary;; DELETE FROM octopus_setup.shared_storage").await;
    cluster(scene, "OtherDisk", &shares(scene, "empty-share")).await;
    cluster(scene, "NotMounted", &shares(scene, "not-mounted")).await;
    cluster(scene, "DeadCanary", &format!("{dead};; {}", canaries("web-old"))).await;
    let alive = "UPDATE dbo.OctopusServerNode SET LastSeen = DATEADD(second, -2, SYSDATETIMEOFFSET())";
    let version = "UPDATE dbo.OctopusServerInstallationHistory SET Version = N'2025.1.0', Installed = SYSDATETIMEOFFSET()";
    cluster(scene, "OneNodeRuns", &format!("{};; {version};; {alive}", octopus::TABLES)).await;
    cluster(scene, "Ran", &format!("{};; {};; {alive}", shares(scene, "ran-share"), octopus::TABLES)).await;
    let odd = "CREATE TABLE dbo.Event (Id int NOT NULL PRIMARY KEY, Name nvarchar(50) COLLATE Latin1_General_BIN2 NOT NULL)";
    cluster(scene, "OddColumns", odd).await;
    let versions = "CREATE TABLE dbo.OctopusServerInstallationHistory (Id nvarchar(50) NOT NULL PRIMARY KEY, Node nvarchar(200), Version nvarchar(50), Installed datetimeoffset);; \
        INSERT INTO dbo.OctopusServerInstallationHistory (Id, Node, Version, Installed) VALUES \
        (N'1', N'web01', N'2024.4.6962', '2025-01-01T00:00:00+00:00'), (N'2', N'web02', N'2025.1.2', '2026-01-01T00:00:00+00:00')";
    cluster(scene, "TwoVersions", &format!("{second};; {versions}")).await;
    let silent = format!(
        "{dead};; CREATE TABLE dbo.OctopusServerNode (Id nvarchar(250) NOT NULL PRIMARY KEY, Name nvarchar(200) NOT NULL, LastSeen datetimeoffset);; \
        CREATE USER [plain] FOR LOGIN [plain]; ALTER ROLE db_datareader ADD MEMBER [plain]; ALTER ROLE db_datawriter ADD MEMBER [plain]; \
        DENY SELECT ON dbo.OctopusServerNode TO [plain]"
    );
    cluster(scene, "Silent", &silent).await;
    database(scene, "Empty", "").await;
    database(scene, "Foreign", "CREATE TABLE dbo.Orders (Id int NOT NULL PRIMARY KEY)").await;
}

/// A database that Octopus Server made, with its node web01 alive, and what these batches make besides.
async fn octopus_server(scene: &Scene, name: &str, batches: &[&str]) {
    database(scene, name, "").await;
    let alive = "UPDATE dbo.OctopusServerNode SET LastSeen = DATEADD(second, -2, SYSDATETIMEOFFSET())";
    for batch in [octopus::TABLES, alive].iter().chain(batches) {
        run(scene, &format!("USE [{name}]; {batch}")).await;
    }
}

async fn octopus_made(scene: &Scene) {
    let key = key(KEY);
    let certificate = octopus::row("Configuration", "certificate-global", &octopus::certificate_json(&key));
    octopus_server(scene, "WithCertificate", &[octopus::PLAIN, &certificate]).await;
    octopus_server(scene, "WithNothing", &[]).await;
    let accounts = octopus::accounts(&key, 2);
    let few: Vec<&str> = std::iter::once(octopus::PLAIN).chain(accounts.iter().map(String::as_str)).collect();
    octopus_server(scene, "WithTwoValues", &few).await;
    octopus_server(
        scene,
        "WithDeadNode",
        &[octopus::PLAIN, &certificate, "UPDATE dbo.OctopusServerNode SET LastSeen = DATEADD(day, -20, SYSDATETIMEOFFSET())"],
    )
    .await;
}

/// Waits until nobody else has a session: a connection's end is noticed by the server a moment later than by us.
pub async fn until_alone(scene: &Scene) {
    let mut session = sql::session(&scene.server, "master").await;
    let others = "SELECT session_id FROM sys.dm_exec_sessions WHERE is_user_process = 1 AND session_id <> @@SPID";
    while !sql::ask(&mut session, others).await.is_empty() {
        tokio::task::yield_now().await;
    }
}
