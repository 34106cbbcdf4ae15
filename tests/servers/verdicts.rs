//! Verdicts and remedies for each kind of server and login.

use octopus_setup::catalog::checks::{Case, judge};
use octopus_setup::model::answers::{Answers, Origin, Raw};
use octopus_setup::model::check::CheckId;
use octopus_setup::model::facts::{Facts, ServerFacts};
use octopus_setup::model::field::FieldId;
use octopus_setup::model::finding::{Finding, Remedy, Severity, Verdict};
use octopus_setup::model::flow::Flow;
use octopus_setup::model::platform::Platform;
use octopus_setup::model::registry::{CreatedDatabase, DropObstacle};
use octopus_setup::model::target::SignIn;
use octopus_setup::world::sqlserver::{SqlServer, Undone};

use super::Site;
use super::support::scenario::{Act, Request, refusal, replace};
use super::support::sql;

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

/// A server that lacks what these parts of the survey ask for.
#[tokio::test]
async fn what_could_not_be_read_is_never_good() {
    let texts = [
        ("DATABASE_DEFAULT = N", "DATABASE_DEFAULX = N"),
        ("IS_ROLEMEMBER", "IX_ROLEMEMBER"),
        ("is_published AS", "is_publishex AS"),
    ];
    let site = Site::new(move |request| garbled(request, &texts)).await;
    sql::run(&site.server, "CREATE DATABASE [Octopus] COLLATE Latin1_General_CS_AS").await;
    let facts = site.survey("Octopus").await;
    for check in [CheckId::DbCollation, CheckId::DbRights, CheckId::DbCopies] {
        let found = finding(check, &facts);
        assert_eq!(found.severity, Severity::Warn, "{found:?}");
        assert!(found.says.contains("could not be read"), "{found:?}");
    }
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
        assert_eq!(created, Ok(CreatedDatabase { made, collation: None }));
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
        assert_eq!(created, CreatedDatabase { made, collation: Some("SQL_Latin1_General_CP1_CI_AS".into()) });
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
