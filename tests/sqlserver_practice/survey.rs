//! The facts that the survey's batch gathers.

use octopus_setup::model::facts::{Content, DatabaseSeen, Fact, SqlTrouble, Trouble};
use octopus_setup::model::untrusted::Untrusted;
use octopus_setup::world::sqlserver::SqlServer;

use super::support::{Lab, by, cluster, facts, login, snapshots};

#[tokio::test]
async fn an_empty_database_is_open_and_everything_is_known() {
    let lab = Lab::new().await;
    let facts = facts(&lab.as_sa("Octopus")).await;
    let Some(DatabaseSeen::Open(state)) = facts.database.seen() else { panic!("{:?}", facts.database) };
    assert_eq!((state.name.as_str(), state.state.as_str()), ("Octopus", "ONLINE"));
    assert_eq!((state.read_only, state.single_user, state.restricted_user), (Some(false), Some(false), Some(false)));
    let replication = state.replication.seen().expect("replication");
    assert_eq!((replication.replicated, replication.mirrored, replication.log_shipping), (Some(false), Some(false), Some(false)));
    assert_eq!((replication.in_availability_group, &replication.availability_group), (Some(false), &None));
    assert_eq!(facts.content, Fact::Seen(Content::Empty));
    let version = facts.version.seen().expect("version");
    assert_eq!((version.major, version.number.as_str()), (16, "16.0.4135.4"));
    assert!(version.edition.as_str().contains("practice"));
    let login = facts.login.seen().expect("login");
    assert_eq!((login.login.as_str(), login.user.as_str()), ("sa", "dbo"));
    let rights = facts.rights.seen().expect("rights");
    assert!(
        rights.create_database == Some(true) && rights.create_table && rights.create_schema && rights.alter && rights.control
    );
    assert_eq!(rights.default_schema.as_str(), "dbo");
    let collation = facts.collation.seen().expect("collation");
    assert!(collation.case_insensitive);
    assert_eq!((collation.name.as_str(), collation.odd_count), ("Latin1_General_CI_AS", Some(0)));
    assert!(facts.clock_ahead_ms.seen().expect("clock").abs() < 2_000);
    assert!(facts.round_trip.seen().is_some());
}

#[tokio::test]
async fn a_clock_that_goes_ahead_is_measured() {
    let lab = Lab::with(|options| options.personality.clock_ahead = 90).await;
    let ahead = *facts(&lab.as_sa("Octopus")).await.clock_ahead_ms.seen().expect("clock");
    assert!((88_000..92_000).contains(&ahead), "{ahead}");
}

#[tokio::test]
async fn an_absent_database_is_distinguished_from_a_closed_one() {
    let mut lab = Lab::new().await;
    let absent = facts(&lab.target("Nowhere")).await;
    assert_eq!(absent.database, Fact::Seen(DatabaseSeen::Absent), "{absent:?}");
    assert_eq!(absent.content, Fact::Seen(Content::Empty));
    assert!(absent.login.seen().is_some_and(|login| !login.took.is_zero()), "the login's time is kept: {absent:?}");
    let login = absent.login.seen().expect("the login itself is good");
    assert_eq!((login.login.as_str(), login.user.as_str()), ("octopus", ""));
    assert_eq!(absent.rights.seen().expect("rights").create_database, Some(true));
    let groups = absent.groups.seen().expect("groups");
    assert!(groups.enabled == Some(false) && groups.listeners.is_empty(), "{groups:?}");
    assert!(absent.collation.seen().expect("collation").case_insensitive);
    assert_eq!(lab.counted(), (5, 1), "the login ends in master by itself, and the second look is on the same session");
}

#[tokio::test]
async fn a_server_that_refuses_another_database_is_asked_through_a_second_login() {
    let guest = login("guest1", false, false);
    let mut lab = Lab::with(|options| {
        options.insists_on_database = true;
        options.logins.push(guest.clone());
    })
    .await;
    let absent = facts(&lab.target("Nowhere")).await;
    assert_eq!(absent.database, Fact::Seen(DatabaseSeen::Absent), "{absent:?}");
    assert_eq!(lab.counted().1, 2);
    let closed = facts(&by(&guest, lab.target("Octopus"))).await;
    assert!(matches!(closed.database.seen(), Some(DatabaseSeen::Closed { said, .. }) if said.number == 4060), "{closed:?}");
}

#[tokio::test]
async fn a_login_whose_default_is_another_database_is_asked_through_master() {
    let lab = Lab::new().await;
    lab.database("Mine").await;
    lab.prepare("master", &["ALTER LOGIN [octopus] WITH DEFAULT_DATABASE = [Mine]"]).await;
    let absent = facts(&lab.target("Nowhere")).await;
    assert_eq!(absent.database, Fact::Seen(DatabaseSeen::Absent), "{absent:?}");
}

#[tokio::test]
async fn a_database_without_a_user_for_the_login_is_closed() {
    let guest = login("guest1", false, false);
    let lab = Lab::with(|options| options.logins.push(guest.clone())).await;
    let target = by(&guest, lab.target("Octopus"));
    let facts = facts(&target).await;
    let Some(DatabaseSeen::Closed { state, said }) = facts.database.seen() else { panic!("{:?}", facts.database) };
    assert_eq!(said.number, 4063);
    assert_eq!(state.as_ref().expect("told by master").name.as_str(), "Octopus");
    assert_eq!(facts.rights.seen().expect("rights").create_database, Some(false));
}

#[tokio::test]
async fn a_disabled_login_is_recognised_by_its_error_number() {
    let gone = login("gone", false, true);
    let lab = Lab::with(|options| options.logins.push(gone.clone())).await;
    let target = by(&gone, lab.target("Octopus"));
    let facts = facts(&target).await;
    assert!(matches!(facts.way_blocked(), Some(Trouble::Sql(SqlTrouble { number: 18456 | 18470, .. }))), "{facts:?}");
}

#[tokio::test]
async fn foreign_tables_are_named_and_counted() {
    let lab = Lab::new().await;
    lab.database("Shop").await;
    let tables: Vec<String> = (0..12).map(|n| format!("CREATE TABLE dbo.T{n:02} (Id int NOT NULL PRIMARY KEY)")).collect();
    lab.prepare("Shop", &tables.iter().map(String::as_str).collect::<Vec<_>>()).await;
    let facts = facts(&lab.as_sa("Shop")).await;
    let Some(Content::Foreign { tables, count }) = facts.content.seen() else { panic!("{:?}", facts.content) };
    assert_eq!((*count, tables.len()), (12, 10));
    assert_eq!(tables[0].as_str(), "dbo.T00");
}

#[tokio::test]
async fn a_database_of_octopus_server_tells_its_version_and_nodes() {
    let lab = Lab::new().await;
    lab.prepare(
        "Octopus",
        &[
            "CREATE TABLE dbo.SchemaVersions (Id int IDENTITY(1,1) NOT NULL PRIMARY KEY, ScriptName nvarchar(255) NOT NULL, Applied datetime NOT NULL)",
            "CREATE TABLE dbo.OctopusServerNode (Id nvarchar(250) NOT NULL PRIMARY KEY, Name nvarchar(200) NOT NULL)",
            "CREATE TABLE dbo.OctopusServerInstallationHistory (Id nvarchar(50) NOT NULL PRIMARY KEY, Node nvarchar(200) NOT NULL, Version nvarchar(50) NULL, Installed datetimeoffset NOT NULL)",
            "INSERT INTO dbo.OctopusServerNode (Id, Name) VALUES (N'OctopusServerNodes-web01', N'web01')",
            "INSERT INTO dbo.OctopusServerInstallationHistory (Id, Node, Version, Installed) VALUES (N'1', N'web01', N'2023.1.1', '2023-05-01T00:00:00+00:00')",
            "INSERT INTO dbo.OctopusServerInstallationHistory (Id, Node, Version, Installed) VALUES (N'2', N'web01', N'2024.4.6962', '2024-12-01T00:00:00+00:00')",
        ],
    )
    .await;
    let facts = facts(&lab.as_sa("Octopus")).await;
    let expected = Content::Octopus { version: Some(Untrusted::new("2024.4.6962")), nodes: vec![Untrusted::new("web01")] };
    assert_eq!(facts.content, Fact::Seen(expected));
}

#[tokio::test]
async fn an_old_octopus_table_without_the_usual_columns_costs_only_the_names() {
    let lab = Lab::new().await;
    lab.prepare("Octopus", &["CREATE TABLE dbo.OctopusServerNode (Key1 int NOT NULL PRIMARY KEY)"]).await;
    let facts = facts(&lab.as_sa("Octopus")).await;
    assert_eq!(facts.content, Fact::Seen(Content::Octopus { version: None, nodes: vec![] }));
}

#[tokio::test]
async fn a_case_sensitive_database_and_odd_columns_are_seen() {
    let lab = Lab::new().await;
    lab.prepare("master", &["CREATE DATABASE [Cased] COLLATE Latin1_General_CS_AS"]).await;
    let cased = facts(&lab.as_sa("Cased")).await;
    let collation = cased.collation.seen().expect("collation");
    assert!(!collation.case_insensitive);
    assert_eq!(collation.name.as_str(), "Latin1_General_CS_AS");
    lab.database("Mixed").await;
    let table = "CREATE TABLE dbo.Event (Id int NOT NULL PRIMARY KEY, Name nvarchar(50) COLLATE Latin1_General_BIN2 NOT NULL)";
    lab.prepare("Mixed", &[table]).await;
    let mixed = facts(&lab.as_sa("Mixed")).await;
    let collation = mixed.collation.seen().expect("collation");
    assert_eq!(collation.odd_count, Some(1));
    assert_eq!(collation.odd_columns, [Untrusted::new("dbo.Event.Name (Latin1_General_BIN2)")]);
}

#[tokio::test]
async fn a_read_only_database_is_open_and_says_so() {
    let lab = Lab::new().await;
    lab.prepare("master", &["ALTER DATABASE [Octopus] SET READ_ONLY"]).await;
    let facts = facts(&lab.as_sa("Octopus")).await;
    let Some(DatabaseSeen::Open(state)) = facts.database.seen() else { panic!("{:?}", facts.database) };
    assert_eq!(state.read_only, Some(true));
}

#[tokio::test]
async fn an_odd_database_name_works() {
    let lab = Lab::new().await;
    let name = "O'cto.pus]; DROP DATABASE x";
    assert!(SqlServer::new().create_database(&lab.as_sa(name)).await.expect("created").made);
    let facts = facts(&lab.as_sa(name)).await;
    let Some(DatabaseSeen::Open(state)) = facts.database.seen() else { panic!("{:?}", facts.database) };
    assert_eq!(state.name.as_str(), name);
    assert!(facts.rights.seen().expect("rights").create_table);
}

#[tokio::test]
async fn a_new_cluster_is_read_back_on_the_kept_session() {
    let lab = Lab::new().await;
    let server = SqlServer::new();
    let target = lab.as_sa("Octopus");
    snapshots(&server, &target).await;
    server.initialise(&target, &cluster(7)).await.expect("initialised");
    let facts = snapshots(&server, &target).await.pop().expect("facts");
    let Some(Content::Cluster(seen)) = facts.content.seen() else { panic!("{:?}", facts.content) };
    assert_eq!((seen.id, seen.fingerprint, seen.node_count), (cluster(7).id, cluster(7).fingerprint, 1));
    assert_eq!(seen.created_by.as_str(), "web07");
    assert_eq!(seen.nodes, [Untrusted::new("web07")]);
    assert!(seen.created.as_str().ends_with('Z') && seen.created.as_str().len() == 20, "{:?}", seen.created);
    assert_eq!(facts.collation.seen().expect("collation").odd_count, Some(0));
}
