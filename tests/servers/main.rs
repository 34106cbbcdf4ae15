//! Servers as they are found: what they answer is played by a man in the middle before a practice server.
#![cfg(feature = "practice")]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

#[path = "../support/mod.rs"]
mod support;

mod connections;
mod never_sent;
mod other_engine;
mod verdicts;

use octopus_setup::model::facts::{DatabaseSeen, ServerFacts};
use octopus_setup::model::names::DatabaseName;
use octopus_setup::model::target::{Encryption, ServerAddress, SignIn, Target, Trust};
use octopus_setup::world::sqlserver::SqlServer;
use practice_server::{PracticeServer, RunningServer, ServerOptions, TlsPolicy};
use support::scenario::{Act, Request, Scenario};

/// A practice server without TLS, and what stands before it.
struct Site {
    server: RunningServer,
    scenario: Scenario,
    _data: tempfile::TempDir,
}

impl Site {
    async fn new(act: impl Fn(&Request) -> Act + Send + Sync + 'static) -> Self {
        Self::with(
            |options| {
                options.tls = TlsPolicy::Missing;
                options.allow_strict = false;
            },
            act,
        )
        .await
    }

    async fn with(change: impl FnOnce(&mut ServerOptions), act: impl Fn(&Request) -> Act + Send + Sync + 'static) -> Self {
        let data = tempfile::tempdir().unwrap();
        let mut options = ServerOptions::new(data.path());
        change(&mut options);
        let server = PracticeServer::start(options).await.unwrap();
        let scenario = Scenario::before(server.addr(), act).await;
        Self { server, scenario, _data: data }
    }

    fn target(&self, database: &str) -> Target {
        Target {
            address: ServerAddress { host: "127.0.0.1".into(), instance: None, port: Some(self.scenario.port()) },
            database: DatabaseName::parse(database).unwrap(),
            sign_in: SignIn::sql_login("sa", self.server.sa_password().clone()),
            encryption: Encryption::Optional,
            trust: Trust::Nothing,
            multi_subnet: false,
        }
    }

    /// Makes an empty database without the man in the middle.
    async fn make(&self, database: &str) {
        let mut target = self.target(database);
        target.address.port = Some(self.server.addr().port());
        assert_eq!(SqlServer::new().create_database(&target).await.map(|created| created.made), Ok(true));
    }

    /// What one survey comes to in the end.
    async fn survey(&self, database: &str) -> ServerFacts {
        let mut last = ServerFacts::default();
        SqlServer::new().survey(&self.target(database), |facts| last = facts).await;
        last
    }
}

#[tokio::test]
async fn a_man_in_the_middle_who_does_nothing_is_not_noticed() {
    let site = Site::new(|_| Act::Pass).await;
    let facts = site.survey("Octopus").await;
    assert_eq!(facts.database.seen(), Some(&DatabaseSeen::Absent), "{facts:?}");
}
