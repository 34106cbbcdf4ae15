//! The whole of it against the practice server: the engine's handle, the installer, the real client, the real wire.

#![cfg(feature = "practice")]
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

mod apply_support;

use apply_support::{Bench, Fake, INSTANCE, crash, key, survived};
use octopus_setup::model::facts::{Content, DatabaseSeen, ServerFacts};
use octopus_setup::model::plan::{Plan, Progress};
use octopus_setup::model::survey::{Inputs, Observed};
use octopus_setup::model::target::{ServerAddress, SignIn, Target, Trust};
use octopus_setup::world::World;
use octopus_setup::world::apply::Cancel;
use octopus_setup::world::clipboard::Surroundings;
use practice_server::{PracticeServer, RunningServer, ServerOptions};

/// A machine and a server, both of its own.
struct Lab {
    bench: Bench,
    server: RunningServer,
    _data: tempfile::TempDir,
}

impl Lab {
    async fn new() -> Self {
        let data = tempfile::tempdir().expect("a folder");
        let server = PracticeServer::start(ServerOptions::new(data.path())).await.expect("started");
        Self { bench: Bench::new(Fake::default()), server, _data: data }
    }

    /// A start of the program: nothing is remembered but what is on disk.
    fn start(&self) -> World {
        World::new(self.bench.places.clone(), Surroundings::default())
    }

    fn plan(&self) -> Plan {
        let mut plan = self.bench.plan();
        plan.node.target = Target {
            address: ServerAddress { host: "localhost".into(), instance: None, port: Some(self.server.addr().port()) },
            sign_in: SignIn::sql_login(self.server.user(), self.server.password().clone()),
            trust: Trust::CaFile(self.server.ca_file().to_owned()),
            ..plan.node.target
        };
        plan
    }

    /// What a survey sees at last.
    async fn facts(&self) -> ServerFacts {
        let mut last = None;
        let inputs = Inputs::Server(Box::new(self.plan().node.target));
        self.start().survey(&inputs, true, |observed| last = Some(observed)).await;
        match last {
            Some(Observed::Server(facts)) => *facts,
            other => unreachable!("{other:?}"),
        }
    }

    async fn assert_absent(&self, context: &str) {
        let facts = self.facts().await;
        assert_eq!(facts.database.seen(), Some(&DatabaseSeen::Absent), "{context}: {facts:?}");
    }

    async fn assert_cluster(&self, context: &str) {
        let facts = self.facts().await;
        let Some(Content::Cluster(seen)) = facts.content.seen() else { unreachable!("{context}: {facts:?}") };
        let plan = self.plan();
        assert_eq!((seen.id, seen.fingerprint, seen.node_count), (plan.cluster, plan.fingerprint, 1), "{context}");
    }
}

#[tokio::test]
async fn a_first_node_is_made_and_unmade() {
    let lab = Lab::new().await;
    lab.assert_absent("before").await;
    let (world, plan) = (lab.start(), lab.plan());
    world.install(&plan, Some(&key()), &Cancel::default(), |_| {}).await.expect("no failure");
    lab.assert_cluster("installed").await;
    let mut reports = Vec::new();
    assert!(world.undo(&plan.node.instance, Some(&plan.node.target), |progress| reports.push(progress)).await, "{reports:?}");
    lab.assert_absent("undone").await;
    assert!(lab.bench.files().is_empty());
}

#[tokio::test]
async fn a_first_node_that_is_cut_off_at_any_report_ends_finished_or_clean() {
    for at in 0..13 {
        let lab = Lab::new().await;
        let (world, plan) = (lab.start(), lab.plan());
        let mut seen = 0;
        let cancel = Cancel::default();
        let first_key = key();
        let work = world.install(&plan, Some(&first_key), &cancel, |_: Progress| {
            seen += 1;
            if seen > at {
                crash();
            }
        });
        let cut = survived(Box::pin(work)).await;
        assert!(cut.is_none(), "{at}");
        drop(world);

        let world = lab.start();
        let left = world.resume(INSTANCE).await.expect("a journal");
        // Until the key is sealed nothing depends on it; so the same one may as well be generated again.
        let key = left.key.unwrap_or_else(key);
        world.install(&plan, Some(&key), &Cancel::default(), |_| {}).await.expect("no failure");
        lab.assert_cluster(&format!("resumed after {at}")).await;
        assert!(world.undo(&plan.node.instance, Some(&plan.node.target), |_| {}).await, "{at}");
        lab.assert_absent(&format!("undone after {at}")).await;
        assert!(lab.bench.files().is_empty(), "{at}");
    }
}
