//! The survey of the cluster.

use std::time::Duration;

use octopus_setup::model::facts::{ClusterFacts, Evidence, Fact, Heartbeat, Identity, NodeSeen, Trouble};
use octopus_setup::model::licence::NodeLimit;
use octopus_setup::model::master_key::MasterKey;
use octopus_setup::model::untrusted::Untrusted;
use octopus_setup::world::sqlserver::SqlServer;
use practice_server::WireFault;

use super::relay::Relay;
use super::support::{Lab, by, cluster, login};

async fn look(lab: &Lab) -> ClusterFacts {
    SqlServer::new().cluster(&lab.as_sa("Octopus"), false).await
}

async fn initialised() -> Lab {
    let lab = Lab::new().await;
    SqlServer::new().initialise(&lab.as_sa("Octopus"), &cluster(1)).await.expect("initialised");
    lab
}

fn nodes(facts: &ClusterFacts) -> &[NodeSeen] {
    facts.nodes.seen().unwrap_or_else(|| panic!("{facts:?}"))
}

fn about(beat: Heartbeat, seconds: u64) -> bool {
    matches!(beat, Heartbeat::Ago(age) if (seconds..seconds + 60).contains(&age.as_secs()))
}

const NODE: &str = "CREATE TABLE dbo.OctopusServerNode (Id nvarchar(250) NOT NULL PRIMARY KEY, Name nvarchar(200) NOT NULL, \
                    LastSeen datetimeoffset NULL, MaxConcurrentTasks int NOT NULL, IsInMaintenanceMode bit NOT NULL)";
const ROWS: &str = "INSERT INTO dbo.OctopusServerNode (Id, Name, LastSeen, MaxConcurrentTasks, IsInMaintenanceMode) VALUES \
                    (N'OctopusServerNodes-WEB01', N'WEB01', SYSDATETIMEOFFSET(), 7, 0), \
                    (N'OctopusServerNodes-app', N'app', DATEADD(HOUR, -2, SYSDATETIMEOFFSET()), 0, 1), \
                    (N'OctopusServerNodes-new', N'new', NULL, 5, 0), \
                    (N'OctopusServerNodes-old', N'old', '0001-01-01T00:00:00+00:00', 5, 0)";
const INSTALLED: [&str; 2] = [
    "CREATE TABLE dbo.OctopusServerInstallationHistory (Id int NOT NULL, Node nvarchar(200) NULL, Version nvarchar(50) NULL, Installed datetimeoffset NOT NULL)",
    "INSERT INTO dbo.OctopusServerInstallationHistory (Id, Node, Version, Installed) VALUES \
     (1, N'web01', N'2024.4.1', '2025-01-01T00:00:00+00:00'), (2, N'web01', N'2025.1.2', '2026-01-01T00:00:00+00:00'), \
     (3, N'web01', NULL, '2026-02-01T00:00:00+00:00'), (4, NULL, N'9', '2026-03-01T00:00:00+00:00')",
];

#[tokio::test]
async fn a_registered_cluster_is_read_in_one_round_trip_on_the_kept_session() {
    let mut lab = initialised().await;
    lab.prepare("Octopus", &["UPDATE octopus_setup.cluster SET licence_node_limit = 3"]).await;
    let (target, server) = (lab.as_sa("Octopus"), SqlServer::new());
    server.cluster(&target, false).await;
    lab.counted();
    let facts = server.cluster(&target, false).await;
    assert_eq!(lab.counted(), (1, 0));
    assert!(matches!(&facts.identity, Fact::Seen(Identity::Registered(seen)) if seen.id == cluster(1).id), "{facts:?}");
    assert_eq!(
        (facts.node_limit.clone(), facts.evidence.clone()),
        (Fact::Seen(Some(NodeLimit::Nodes(3))), Fact::Seen(Evidence::Verifier))
    );
    let [node] = nodes(&facts) else { panic!("{facts:?}") };
    assert_eq!(node.registered(), Some(&cluster(1).node));
    assert_eq!((node.beat, node.task_cap, node.drained), (Heartbeat::Never, Some(5), false));
    assert!(node.row_age.is_some_and(|age| age < Duration::from_secs(60)));
    server.cluster(&target, true).await;
    assert_eq!(lab.counted().1, 1, "fresh is a connection of its own");
}

#[tokio::test]
async fn simultaneous_surveys_share_one_session() {
    let mut lab = initialised().await;
    let (target, server) = (lab.as_sa("Octopus"), SqlServer::new());
    let key = MasterKey::from_bytes(&[1; 16]).expect("a key");
    lab.counted();
    // A connection through TLS 1.2 is five turns, one of them TCP, which is not counted here.
    let _ = tokio::join!(server.cluster(&target, false), server.key_verdict(&target, &key));
    assert_eq!(lab.counted(), (4 + 2, 1));
    let _ = tokio::join!(server.cluster(&target, false), server.key_verdict(&target, &key), server.survey(&target, |_| {}));
    assert_eq!(lab.counted(), (3, 0));
}

#[tokio::test]
async fn a_dead_session_is_replaced_silently() {
    let lab = initialised().await;
    let relay = Relay::to(lab.server.addr()).await;
    let (target, server) = (relay.through(lab.as_sa("Octopus")), SqlServer::new());
    server.cluster(&target, false).await;
    relay.swallow_a_reply();
    let facts = server.cluster(&target, false).await;
    assert_eq!(nodes(&facts).len(), 1);
}

#[tokio::test]
async fn a_broken_connection_is_the_trouble_of_every_fact() {
    let lab = initialised().await;
    lab.server.set_wire_fault(Some(WireFault::DropMidReply));
    let facts = look(&lab).await;
    assert_eq!(facts.nodes, Fact::Missing(Trouble::ConnectionLost));
    assert_eq!(facts.identity, Fact::Missing(Trouble::ConnectionLost));
    assert_eq!(facts.evidence, Fact::Missing(Trouble::ConnectionLost));
}

#[tokio::test]
async fn nodes_of_the_registry_and_of_octopus_server_are_one_list() {
    let lab = initialised().await;
    lab.prepare("Octopus", &[NODE, ROWS, INSTALLED[0], INSTALLED[1]]).await;
    let facts = look(&lab).await;
    let [app, new, old, web] = nodes(&facts) else { panic!("{facts:?}") };
    assert!(about(app.beat, 7200) && app.drained && app.task_cap == Some(0) && app.row.is_none(), "{app:?}");
    assert_eq!(new.beat, Heartbeat::Unreadable, "a row without a moment says nothing");
    assert!(matches!(old.beat, Heartbeat::Ago(age) if age.as_secs() > 60_000_000_000), "{old:?}");
    assert_eq!((web.name.as_str(), web.task_cap, web.row.is_some()), ("web01", Some(7), true));
    assert!(about(web.beat, 0));
    assert_eq!(web.version.as_ref().map(Untrusted::as_str), Some("2025.1.2"));
}

#[tokio::test]
async fn a_cluster_that_octopus_made_needs_no_registry() {
    let lab = Lab::new().await;
    lab.prepare("Octopus", &[NODE, ROWS, INSTALLED[0], INSTALLED[1]]).await;
    let facts = look(&lab).await;
    assert!(matches!(&facts.identity, Fact::Seen(Identity::Octopus { version: Some(_) })), "{facts:?}");
    assert_eq!(nodes(&facts).len(), 4);
    assert_eq!((facts.node_limit, facts.evidence), (Fact::Seen(None), Fact::Seen(Evidence::Nothing)));
}

#[tokio::test]
async fn unexpected_columns_cost_only_their_own_facts() {
    let lab = initialised().await;
    // As of some other version: a moment as datetime, no task cap, a text where a bit was.
    lab.prepare(
        "Octopus",
        &[
            "CREATE TABLE dbo.OctopusServerNode (Id nvarchar(250) NOT NULL, LastSeen datetime NULL, IsInMaintenanceMode nvarchar(20) NULL)",
            "INSERT INTO dbo.OctopusServerNode (Id, LastSeen, IsInMaintenanceMode) VALUES \
             (N'OctopusServerNodes-web01', DATEADD(MINUTE, -1, GETUTCDATE()), N'what?'), (N'OctopusServerNodes-b', NULL, N'true')",
        ],
    )
    .await;
    let facts = look(&lab).await;
    let [b, web] = nodes(&facts) else { panic!("{facts:?}") };
    assert!(about(web.beat, 60) && !web.drained && web.task_cap == Some(5), "{web:?}");
    assert!(b.drained && b.beat == Heartbeat::Unreadable && b.name.as_str() == "b", "{b:?}");
}

#[tokio::test]
async fn a_column_that_cannot_be_cast_costs_no_other() {
    let lab = initialised().await;
    lab.prepare(
        "Octopus",
        &[
            "CREATE TABLE dbo.OctopusServerNode (Id int NOT NULL, Name nvarchar(200) NULL, LastSeen bigint NULL, MaxConcurrentTasks nvarchar(9) NULL)",
            "INSERT INTO dbo.OctopusServerNode (Id, Name, LastSeen, MaxConcurrentTasks) VALUES (1, N'web01', 5, N'8'), (2, N'x', 5, N'eight')",
        ],
    )
    .await;
    let facts = look(&lab).await;
    let [web, x] = nodes(&facts) else { panic!("{facts:?}") };
    assert_eq!((web.beat, web.task_cap), (Heartbeat::Unreadable, Some(8)));
    assert_eq!((x.beat, x.task_cap), (Heartbeat::Unreadable, None));
}

#[tokio::test]
async fn heartbeats_of_the_newer_table_are_found_and_an_unknown_one_is_not_death() {
    let lab = Lab::new().await;
    let old = "INSERT INTO dbo.OctopusServerNode (Id, Name, LastSeen, MaxConcurrentTasks, IsInMaintenanceMode) VALUES \
               (N'OctopusServerNodes-web01', N'web01', DATEADD(DAY, -400, SYSDATETIMEOFFSET()), 5, 0)";
    let status = "CREATE TABLE dbo.OctopusServerNodeStatus (Id nvarchar(250) NOT NULL, LastSeen datetimeoffset NOT NULL)";
    let beats =
        "INSERT INTO dbo.OctopusServerNodeStatus (Id, LastSeen) VALUES (N'OctopusServerNodes-web01', SYSDATETIMEOFFSET())";
    lab.prepare("Octopus", &[NODE, old, status, beats]).await;
    assert!(about(nodes(&look(&lab).await)[0].beat, 0));
    let unknown = "CREATE TABLE dbo.OctopusServerNodeStatus (Id nvarchar(250) NOT NULL, JSON nvarchar(max) NULL)";
    lab.prepare("Octopus", &["DROP TABLE dbo.OctopusServerNodeStatus", unknown]).await;
    assert_eq!(nodes(&look(&lab).await)[0].beat, Heartbeat::Unreadable);
}

#[tokio::test]
async fn a_newer_registry_is_still_read() {
    let lab = initialised().await;
    lab.prepare("Octopus", &["UPDATE octopus_setup.version SET version = 3"]).await;
    let facts = look(&lab).await;
    assert_eq!(facts.identity, Fact::Missing(Trouble::Unasked));
    assert_eq!(nodes(&facts).len(), 1);
}

#[tokio::test]
async fn a_login_without_rights_sees_nothing_and_calls_nobody_dead() {
    let guest = login("guest1", false, false);
    let lab = Lab::with(|options| options.logins.push(guest.clone())).await;
    let target = lab.as_sa("Octopus");
    SqlServer::new().initialise(&target, &cluster(1)).await.expect("initialised");
    lab.prepare("Octopus", &[NODE, ROWS, "CREATE USER guest1 FOR LOGIN guest1"]).await;
    let guest = by(&guest, target);
    let facts = SqlServer::new().cluster(&guest, false).await;
    assert!(facts.nodes.seen().is_none_or(|nodes| nodes.is_empty()), "{facts:?}");
    lab.prepare("Octopus", &["GRANT SELECT ON SCHEMA::octopus_setup TO guest1"]).await;
    let facts = SqlServer::new().cluster(&guest, false).await;
    assert_eq!(nodes(&facts).iter().map(|node| node.beat).collect::<Vec<_>>(), [Heartbeat::Unreadable]);
}

#[tokio::test]
async fn an_empty_database_has_no_nodes() {
    let lab = Lab::new().await;
    let facts = look(&lab).await;
    assert_eq!((facts.identity.clone(), nodes(&facts).len()), (Fact::Missing(Trouble::Unasked), 0));
}
