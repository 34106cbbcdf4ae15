//! Verdicts and remedies for each kind of server and login.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use octopus_setup::catalog::checks::{Case, judge};
use octopus_setup::model::answers::{Answers, Origin, Raw};
use octopus_setup::model::check::CheckId;
use octopus_setup::model::cluster::ClusterId;
use octopus_setup::model::facts::{Content, DatabaseSeen, Facts, ServerFacts, Trouble};
use octopus_setup::model::field::FieldId;
use octopus_setup::model::finding::{Finding, Remedy, Severity, Verdict};
use octopus_setup::model::flow::Flow;
use octopus_setup::model::master_key::{Fingerprint, Verifier};
use octopus_setup::model::platform::Platform;
use octopus_setup::model::registry::{CreatedDatabase, DropObstacle, GivenCollation, InitialiseOutcome, NewCluster, NodeRow};
use octopus_setup::model::storage::SharedStorage;
use octopus_setup::model::target::SignIn;
use octopus_setup::world::sqlserver::{SqlServer, Undone};

use super::Site;
use super::support::scenario::{Act, Request, find, refusal, replace, utf16};
use super::support::sql;
use tds_wire::packet::PacketType;

/// Judges one check of these facts, for a first node.
fn judged(check: CheckId, server: &ServerFacts) -> Verdict {
    let mut answers = Answers::new(Platform::Linux);
    let typed =
        [(FieldId::Server, "sql01"), (FieldId::User, "plain"), (FieldId::Database, "Octopus"), (FieldId::CreateDatabase, "true")];
    for (field, text) in typed {
        answers.set(field, Raw::Text(text.into()), Origin::Typed);
    }
    let facts = Facts { server: server.clone(), ..Facts::default() };
    let case = Case {
        flow: Flow::FirstNode,
        answers: &answers,
        facts: &facts,
        running: false,
        resuming: None,
        key: None,
        subject: None,
    };
    judge(check, &case)
}

fn finding(check: CheckId, server: &ServerFacts) -> Finding {
    match judged(check, server) {
        Verdict::Found(findings) => findings[0].clone(),
        other => panic!("{check:?}: {other:?}"),
    }
}

/// A message with other texts of the same length.
fn garbled(request: &Request, texts: &[(&str, &str)]) -> Act {
    let payload = texts.iter().fold(request.payload.clone(), |payload, (old, new)| replace(&payload, old, new));
    if payload == request.payload { Act::Pass } else { Act::PassInstead(payload) }
}

const PASSWORD: &str = "Orphan-Pass-9f3!";

impl Site {
    /// What a survey by the login `plain` comes to.
    async fn survey_as_plain(&self, database: &str) -> ServerFacts {
        let mut target = self.target(database);
        target.sign_in = SignIn::sql_login("plain", PASSWORD);
        let mut last = ServerFacts::default();
        SqlServer::new().survey(&target, |facts| last = facts).await;
        last
    }
}

#[tokio::test]
async fn an_orphaned_user_is_mapped_to_its_login_by_the_same_script_that_creates_one() {
    let site = Site::new(|_| Act::Pass).await;
    let login = format!("CREATE LOGIN [plain] WITH PASSWORD = N'{PASSWORD}'");
    sql::run(&site.server, &format!("{login}\nGO\nCREATE DATABASE [Octopus] COLLATE Latin1_General_CI_AS")).await;
    let orphan = format!("USE [Octopus]; CREATE USER [plain] FOR LOGIN [plain]\nGO\nDROP LOGIN [plain]\nGO\n{login}");
    for prepare in ["SELECT 1", &orphan] {
        sql::run(&site.server, prepare).await;
        let facts = site.survey_as_plain("Octopus").await;
        let found = finding(CheckId::DbExists, &facts);
        let Some(Remedy::Sql(script)) = &found.remedy else { panic!("{found:?}") };
        sql::run(&site.server, script).await;
        let facts = site.survey_as_plain("Octopus").await;
        assert!(matches!(judged(CheckId::DbExists, &facts), Verdict::Good(_)), "{facts:?}");
        assert!(matches!(judged(CheckId::DbRights, &facts), Verdict::Good(_)), "{facts:?}");
        sql::run(&site.server, "USE [Octopus]; DROP USER [plain]").await;
    }
}

/// A server that lacks what a part of the survey asks for: that part fails, and no other. What the server knows and does not tell it
/// returns as NULL.
#[tokio::test]
async fn what_could_not_be_read_is_never_good() {
    let unread = "could not be read";
    // These would tell it in the place of what is not told.
    let (role, property) = (("'db_owner'", "'db_ownex'"), ("'Updateability'", "'Updateabilitx'"));
    let hidden = ("'VIEW DEFINITION'", "'VIEW DEFINITIOX'");
    for (lacks, check, severity, says) in [
        (("DATABASE_DEFAULT = N", "DATABASE_DEFAULX = N"), CheckId::DbCollation, Severity::Unproven, unread),
        (
            ("SELECT TOP (10) 'odd", "SELECT TOP (1X) 'odd"),
            CheckId::DbCollation,
            Severity::Unproven,
            "unknown whether columns differ",
        ),
        (hidden, CheckId::DbCollation, Severity::Unproven, "unknown whether columns differ"),
        (("AS default_schema", "AS default_schem)"), CheckId::DbRights, Severity::Unproven, unread),
        (("is_published AS", "is_publishex AS"), CheckId::DbCopies, Severity::Unproven, unread),
        (("is_published AS", "NULLIF(1,1)  AS"), CheckId::DbCopies, Severity::Unproven, "unknown whether it is replicated."),
        (("mirroring_guid IS", "mirroring_guix IS"), CheckId::DbCopies, Severity::Unproven, "unknown whether it is mirrored."),
        (("is_read_only AS", "is_read_onlx AS"), CheckId::DbExists, Severity::Stop, "is_read_onlx"),
        (("is_read_only AS", "NULLIF(1,1)  AS"), CheckId::DbState, Severity::Unproven, "unknown whether it is writable."),
        (
            ("user_access_desc AS", "NULLIF(N'a',N'a')AS"),
            CheckId::DbState,
            Severity::Unproven,
            "unknown whether it is open to many.",
        ),
        (("is_auto_close_on AS", "NULLIF(100,100)  AS"), CheckId::DbState, Severity::Unproven, "kept open while nobody is in it"),
        (("compatibility_level AS", "NULLIF(1000, 1000)  AS"), CheckId::DbSnapshot, Severity::Unknown, unread),
        (("'content' AS part,", "'content' AX part,"), CheckId::DbContent, Severity::Stop, unread),
        (hidden, CheckId::DbContent, Severity::Stop, unread),
    ] {
        let site = Site::new(move |request| garbled(request, &[lacks, role, property])).await;
        sql::run(&site.server, "CREATE DATABASE [Octopus] COLLATE Latin1_General_CI_AS").await;
        let verdict = judged(check, &site.survey("Octopus").await);
        let tells = |finding: &Finding| finding.severity == severity && finding.says.contains(says);
        assert!(matches!(&verdict, Verdict::Found(findings) if findings.iter().any(tells)), "{lacks:?}: {verdict:?}");
    }
    for (lacks, check) in [
        (("@@VERSION AS", "@@VERSIOX AS"), CheckId::SqlVersion),
        (("SYSUTCDATETIME(), 126) AS utc", "SYSUTCDATETIMX(), 126) AS utc"), CheckId::SqlClock),
    ] {
        let site = Site::new(move |request| garbled(request, &[lacks])).await;
        site.make("Octopus").await;
        let verdict = judged(check, &site.survey("Octopus").await);
        assert!(matches!(&verdict, Verdict::Unknown(said) if said.contains(unread)), "{lacks:?}: {verdict:?}");
    }
}

#[tokio::test]
async fn nothing_is_initialised_where_definitions_are_hidden() {
    let texts = [("'VIEW DEFINITION'", "'VIEW DEFINITIOX'"), ("'db_owner'", "'db_ownex'")];
    let site = Site::new(move |request| garbled(request, &texts)).await;
    site.make("Octopus").await;
    let outcome = SqlServer::new().initialise(&site.target("Octopus"), &cluster(1)).await;
    assert_eq!(outcome, Err(Trouble::DefinitionsHidden));
    let mut direct = site.target("Octopus");
    direct.address.port = Some(site.server.addr().port());
    assert_eq!(SqlServer::new().content(&direct).await, Ok(Content::Empty), "no table of ours either");
}

#[tokio::test]
async fn without_application_locks_in_master_the_name_decides() {
    let site = Site::new(|request| {
        if request.asks("octopus_setup database") {
            return Act::Answer(refusal(2812, 62, 16, "Could not find stored procedure 'sp_getapplock'."));
        }
        Act::Pass
    })
    .await;
    let target = site.target("Octopus");
    for made in [true, false] {
        let created = SqlServer::new().create_database(&target).await;
        assert_eq!(created, Ok(CreatedDatabase { made, collation: GivenCollation::Ours }));
    }
}

#[tokio::test]
async fn a_collation_that_the_server_refused_is_told_by_its_own() {
    let site = Site::new(|request| {
        if request.asks("COLLATE Latin1_General_CI_AS") {
            return Act::Answer(refusal(448, 1, 16, "Invalid collation 'Latin1_General_CI_AS'."));
        }
        Act::Pass
    })
    .await;
    for made in [true, false] {
        let created = SqlServer::new().create_database(&site.target("Octopus")).await.unwrap();
        assert_eq!(created, CreatedDatabase { made, collation: GivenCollation::Other("SQL_Latin1_General_CP1_CI_AS".into()) });
    }
}

#[tokio::test]
async fn a_copied_database_is_not_dropped_and_its_obstacle_is_told() {
    for (rds, expected) in [(false, DropObstacle::AvailabilityGroup(None)), (true, DropObstacle::AmazonRds)] {
        let site = Site::new(move |request| {
            assert!(!request.asks("DROP DATABASE"), "it was not told before");
            // The same question, with another answer.
            let mut texts = vec![("d.replica_id IS NULL", "d.name       IS NULL")];
            if rds {
                texts.push(("N'rdsadmin'", "N'master'  "));
            }
            garbled(request, &texts)
        })
        .await;
        sql::run(&site.server, "CREATE DATABASE [Octopus]").await;
        assert_eq!(SqlServer::new().drop_database(&site.target("Octopus")).await, Ok(Undone::Held(expected)));
    }
}

/// Whether a login asks for this database.
fn logs_in_to(request: &Request, database: &str) -> bool {
    request.kind == PacketType::Login7 && find(&request.payload, &utf16(database)).is_some()
}

const CANNOT_OPEN: &str = "Cannot open database \"Octopus\" requested by the login. The login failed.";

#[tokio::test]
async fn a_database_that_came_online_in_the_meantime_is_open() {
    let refused = Arc::new(AtomicBool::new(false));
    let flag = Arc::clone(&refused);
    let site = Site::new(move |request| {
        let first = logs_in_to(request, "Octopus") && !flag.swap(true, Ordering::SeqCst);
        if first { Act::Answer(refusal(4060, 1, 11, CANNOT_OPEN)) } else { Act::Pass }
    })
    .await;
    sql::run(&site.server, "CREATE DATABASE [Octopus] COLLATE Latin1_General_CI_AS").await;
    let facts = site.survey("Octopus").await;
    assert!(refused.load(Ordering::SeqCst));
    assert!(matches!(judged(CheckId::DbExists, &facts), Verdict::Good(_)), "{facts:?}");
    assert!(matches!(judged(CheckId::DbContent, &facts), Verdict::Good(_)), "{facts:?}");
}

#[tokio::test]
async fn eight_first_nodes_that_create_the_database_know_who_won() {
    let site = Site::new(|_| Act::Pass).await;
    let runs = (1..=8_u8).map(|byte| {
        let target = site.target("Octopus");
        tokio::spawn(async move {
            let server = SqlServer::new();
            let mut last = ServerFacts::default();
            server.survey(&target, |facts| last = facts).await;
            // Whoever comes later may see the database of another.
            let seen = judged(CheckId::DbExists, &last);
            assert!(matches!(seen, Verdict::Good(_)), "{last:?}");
            server.create_database(&target).await.unwrap();
            server.initialise(&target, &cluster(byte)).await.unwrap()
        })
    });
    let mut winners = Vec::new();
    let mut told = Vec::new();
    for (byte, run) in (1..).zip(runs.collect::<Vec<_>>()) {
        match run.await.unwrap() {
            InitialiseOutcome::Made => winners.push(cluster(byte).id),
            InitialiseOutcome::Taken(seen) => told.push(seen.id),
            other => panic!("{byte}: {other:?}"),
        }
    }
    assert_eq!(winners.len(), 1);
    assert_eq!(told, vec![winners[0]; 7]);
}

fn cluster(byte: u8) -> NewCluster {
    NewCluster {
        id: ClusterId([byte; 16]),
        verifier: Verifier { salt: [byte; 16], hash: [byte; 32] },
        fingerprint: Fingerprint([byte; 4]),
        node: NodeRow {
            name: format!("web{byte}").into(),
            address: "web.corp.example".into(),
            host: "web".into(),
            system: "Linux".into(),
            program: "0.1.0".into(),
            prefixes: "http://web:8065/".into(),
            comms_port: 10_943,
            grpc_port: 8_443,
            task_cap: 5,
        },
        node_limit: None,
        licence_ends: None,
        storage: SharedStorage::None,
        canaries: Vec::new(),
    }
}

/// A server that answers all that its engine says by one number.
#[tokio::test]
async fn an_error_without_a_number_of_its_own_gets_a_second_look_from_master() {
    let unmapped = |text| Act::Answer(refusal(33_557_097, 1, 16, text));
    for exists in [true, false] {
        let site = Site::new(move |request| if logs_in_to(request, "Octopus") { unmapped(CANNOT_OPEN) } else { Act::Pass }).await;
        if exists {
            sql::run(&site.server, "CREATE DATABASE [Octopus]").await;
            let facts = site.survey("Octopus").await;
            let found = finding(CheckId::DbExists, &facts);
            assert!(found.says.contains("it has no user in it") && found.says.contains(CANNOT_OPEN), "{found:?}");
            assert!(matches!(&found.remedy, Some(Remedy::Sql(script)) if script.contains("CREATE USER")), "{found:?}");
        } else {
            let facts = site.survey("Octopus").await;
            assert_eq!(facts.database.seen(), Some(&DatabaseSeen::Absent), "{facts:?}");
        }
    }
    let text = "role \"plain\" is not permitted to log in";
    let logins = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&logins);
    let site = Site::new(move |request| {
        if request.kind != PacketType::Login7 {
            return Act::Pass;
        }
        counter.fetch_add(1, Ordering::SeqCst);
        unmapped(text)
    })
    .await;
    let facts = site.survey("Octopus").await;
    let found = finding(CheckId::SqlLogin, &facts);
    assert!(found.says.contains(text) && found.fix.contains("may log in") && found.remedy.is_some(), "{found:?}");
    assert_eq!(judged(CheckId::DbExists, &facts), Verdict::NotYet);
    assert_eq!(logins.load(Ordering::SeqCst), 2, "one more login, and no third");
}

#[tokio::test]
async fn logon_triggers_and_closed_public_networks_have_words_of_their_own() {
    for (number, text, says, fix) in [
        (17_892, "Logon failed for login 'octopus' due to trigger execution.", "logon trigger", "let this login in"),
        (47_073, "The public network interface on this server is not accessible.", "public networks", "private endpoint"),
    ] {
        let site =
            Site::new(
                move |request| {
                    if request.kind == PacketType::Login7 { Act::Answer(refusal(number, 1, 14, text)) } else { Act::Pass }
                },
            )
            .await;
        let found = finding(CheckId::SqlLogin, &site.survey("Octopus").await);
        assert!(found.says.contains(says) && found.says.contains(text) && found.fix.contains(fix), "{found:?}");
    }
}
