//! The same against the practice server: the real client over the real wire.

use std::sync::atomic::{AtomicUsize, Ordering};

use octopus_setup::model::facts::Fact;
use octopus_setup::model::plan::{Plan, Progress};
use octopus_setup::model::target::{Encryption, ServerAddress, SignIn, Target, Trust};
use octopus_setup::world::apply::{self, Cancel};
use octopus_setup::world::sqlserver::SqlServer;
use practice_server::{PracticeServer, RunningServer, ServerOptions};

use crate::apply_support::{Bench, INSTANCE, crash, key, survived};
use crate::scene::{Case, before, files, plan};

struct Lab {
    bench: Bench,
    server: RunningServer,
    _data: tempfile::TempDir,
}

impl Lab {
    async fn new() -> Self {
        let data = tempfile::tempdir().expect("a folder");
        let server = PracticeServer::start(ServerOptions::new(data.path())).await.expect("started");
        Self { bench: before(Case::Root), server, _data: data }
    }

    fn plan(&self, encryption: Encryption) -> Plan {
        let mut plan = plan(Case::Root, &self.bench, &key());
        plan.node.target = Target {
            address: ServerAddress { host: "localhost".into(), instance: None, port: Some(self.server.addr().port()) },
            sign_in: SignIn::sql_login(self.server.user(), self.server.password().clone()),
            trust: Trust::CaFile(self.server.ca_file().to_owned()),
            encryption,
            ..plan.node.target
        };
        plan
    }

    async fn install(&self, plan: &Plan, report: impl FnMut(Progress) + Send) -> Option<()> {
        let (server, key, cancel) = (SqlServer::new(), key(), Cancel::default());
        let work = apply::install(&self.bench.places, &server, plan, Some(&key), &cancel, report);
        survived(Box::pin(work)).await.map(|ended| ended.expect("no failure"))
    }

    async fn undo(&self, plan: &Plan) {
        let mut reports = Vec::new();
        let target = &plan.node.target;
        let undone =
            apply::undo(&self.bench.places, &SqlServer::new(), INSTANCE, Some(target), |progress| reports.push(progress)).await;
        assert!(undone, "{reports:?}");
        assert!(files(&self.bench).is_empty(), "{:?}", files(&self.bench));
    }

    async fn assert_shared(&self, plan: &Plan, context: &str) {
        let facts = SqlServer::new().cluster(&plan.node.target, true).await;
        assert_eq!(facts.storage, Fact::Seen(plan.node.storage.clone()), "{context}");
        assert_eq!(facts.canaries.seen().map(Vec::len), Some(6), "{context}");
    }
}

#[tokio::test]
async fn a_run_that_is_cut_off_at_any_report_ends_finished_or_clean() {
    for at in 7..17 {
        let lab = Lab::new().await;
        let plan = lab.plan(Encryption::Mandatory);
        let seen = AtomicUsize::new(0);
        let cut = lab
            .install(&plan, |_| {
                if seen.fetch_add(1, Ordering::Relaxed) >= at {
                    crash();
                }
            })
            .await;
        assert!(cut.is_none(), "{at}");
        if at % 2 == 0 {
            lab.undo(&plan).await;
            continue;
        }
        lab.install(&plan, |_| {}).await.expect("no crash");
        lab.assert_shared(&plan, &format!("resumed after {at}")).await;
        lab.undo(&plan).await;
    }
}

/// Turns of the whole run behind the database's screen, each connection's TCP among them.
#[tokio::test]
async fn storage_costs_no_turn_beside_those_of_the_cluster() {
    let mut figures = Vec::new();
    for shared in [false, true] {
        let lab = Lab::new().await;
        let mut plan = lab.plan(Encryption::Strict);
        if !shared {
            plan.steps.retain(|step| !octopus_is_about_storage(step.kind));
        }
        let before = lab.server.turns() + lab.server.connections();
        lab.install(&plan, |_| {}).await.expect("no crash");
        figures.push(lab.server.turns() + lab.server.connections() - before);
    }
    assert_eq!(figures[1], figures[0]);
}

fn octopus_is_about_storage(kind: octopus_setup::model::plan::StepKind) -> bool {
    use octopus_setup::model::plan::StepKind;
    matches!(kind, StepKind::ShareStorage | StepKind::LeaveCanary)
}
