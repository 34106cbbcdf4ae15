//! A machine with a stand-in for Octopus Server on it, and a practice server.

use std::future::Future;
use std::sync::Arc;
use std::time::{Duration, Instant};

use octopus_setup::model::flow::Flow;
use octopus_setup::model::master_key::MasterKey;
use octopus_setup::model::node::Administrator;
use octopus_setup::model::octopus::HandOver;
use octopus_setup::model::plan::{Failure, Plan, Progress, Step, StepKind};
use octopus_setup::model::secret::SecretString;
use octopus_setup::model::storage::SharedStorage;
use octopus_setup::model::target::{ServerAddress, SignIn, Target, Trust};
use octopus_setup::model::web::{ListenPrefix, Web};
use octopus_setup::world::World;
use octopus_setup::world::apply::Cancel;
use octopus_setup::world::clipboard::Surroundings;
use octopus_setup::world::octopus_server::Patience;
use practice_server::{PracticeServer, RunningServer, ServerOptions};

pub use crate::apply_support::{Bench, Fake, INSTANCE, crash, key, survived};
use crate::shared::sql;
pub use crate::shared::stand_in::StandIn;
use crate::shared::stand_in::free_port;

/// The secrets of the run, as they must show nowhere. The SQL password is the practice server's own.
pub const SERVICE_PASSWORD: &str = "s3rvice <pass> & \"word\"";
pub const ADMIN_PASSWORD: &str = "4dmin's \"Pass\\word\"";
pub const LICENCE: &str = "<License Signature=\"c2lnbmF0dXJl\">\n  <LicensedTo>A & B</LicensedTo>\n  \
                           <LicenseKey>12345-54321-11223-34455</LicenseKey>\n  <NodeLimit>2</NodeLimit>\n</License>\n";

/// The steps of a first node's hand-over, in order.
pub const FIRST: [StepKind; 10] = [
    StepKind::OctopusInstance,
    StepKind::OctopusDatabase,
    StepKind::OctopusConfigure,
    StepKind::OctopusAdmin,
    StepKind::OctopusLicence,
    StepKind::OctopusPaths,
    StepKind::OctopusService,
    StepKind::AwaitPing,
    StepKind::AwaitBeat,
    StepKind::OctopusTaskCap,
];

/// One node's machine; the server may be another lab's too.
pub struct Lab {
    pub bench: Bench,
    pub standin: StandIn,
    pub server: Arc<RunningServer>,
    data: Arc<tempfile::TempDir>,
    port: u16,
}

impl Lab {
    pub async fn new() -> Self {
        let data = tempfile::tempdir().unwrap();
        let server = PracticeServer::start(ServerOptions::new(data.path())).await.unwrap();
        Self::with(Arc::new(server), Arc::new(data))
    }

    /// Another machine beside this one.
    pub fn another(&self) -> Self {
        Self::with(Arc::clone(&self.server), Arc::clone(&self.data))
    }

    fn with(server: Arc<RunningServer>, data: Arc<tempfile::TempDir>) -> Self {
        let mut bench = Bench::new(Fake::default());
        // What is slow here is a debug build on a busy machine; what hangs is waited for no longer than that.
        let long = Duration::from_secs(20);
        let between = Duration::from_millis(20);
        bench.places.patience = Patience { database: long, command: long, ping: long, beat: long, between };
        Self { bench, standin: StandIn::new(), server, data, port: free_port() }
    }

    /// A start of the program: nothing is remembered but what is on disk.
    pub fn start(&self) -> World {
        World::new(self.bench.places.clone(), Surroundings::default())
    }

    /// A first node, with all that concerns the whole cluster.
    pub fn plan(&self) -> Plan {
        let mut plan = self.bench.plan();
        plan.node.target = Target {
            address: ServerAddress { host: "localhost".into(), instance: None, port: Some(self.server.addr().port()) },
            sign_in: SignIn::sql_login(self.server.user(), self.server.password().clone()),
            trust: Trust::CaFile(self.server.ca_file().to_owned()),
            ..plan.node.target
        };
        plan.node.service.password = Some(SecretString::from(SERVICE_PASSWORD));
        plan.node.web = Web {
            prefixes: ListenPrefix::parse_all(&format!("http://localhost:{}/", self.port)).unwrap(),
            force_ssl: false,
            ..plan.node.web
        };
        plan.node.administrator = Some(Administrator {
            user: "admin".into(),
            email: "admin@corp.example".into(),
            password: SecretString::from(ADMIN_PASSWORD),
        });
        plan.node.licensed = true;
        plan.node.storage = SharedStorage::Root("/srv/octopus".into());
        plan.hand_over = Some(HandOver { program: self.standin.program(), licence: Some(SecretString::from(LICENCE)) });
        plan.steps.extend(steps(&FIRST));
        plan
    }

    /// A node that joins the cluster that [`Self::plan`] makes.
    pub fn join(&self, name: &str) -> Plan {
        let mut plan = self.plan();
        plan.flow = Flow::Join;
        plan.node.name = name.into();
        plan.node.create_database = false;
        plan.steps = steps(&[
            StepKind::ProveAgain,
            StepKind::CreateHome,
            StepKind::SealMasterKey,
            StepKind::JoinCluster,
            StepKind::WriteNodeConfig,
            StepKind::ConnectOnce,
            StepKind::OctopusInstance,
            StepKind::OctopusDatabase,
            StepKind::OctopusConfigure,
            StepKind::OctopusHold,
            StepKind::OctopusService,
            StepKind::AwaitPing,
            StepKind::AwaitBeat,
            StepKind::OctopusTaskCap,
        ]);
        plan
    }

    /// Installs, and gives all the news with the outcome.
    pub async fn install(&self, plan: &Plan) -> (Result<(), Failure>, Vec<Progress>) {
        self.install_with(plan, &key()).await
    }

    /// The same with a key that was sealed by an earlier start.
    pub async fn install_with(&self, plan: &Plan, key: &MasterKey) -> (Result<(), Failure>, Vec<Progress>) {
        let mut news = Vec::new();
        let world = self.start();
        let outcome = world.install(plan, Some(key), &Cancel::default(), |progress| news.push(progress)).await;
        (outcome, news)
    }

    /// Undoes what the journal knows, and gives all the news with whether everything is undone.
    pub async fn undo(&self) -> (bool, Vec<Progress>) {
        let mut news = Vec::new();
        let plan = self.plan();
        let whole = self.start().undo(INSTANCE, Some(&plan.node.target), |progress| news.push(progress)).await;
        (whole, news)
    }

    /// The key that an earlier start has sealed, or the one that it had generated.
    pub async fn sealed(&self) -> MasterKey {
        self.start().resume(INSTANCE).await.ok().and_then(|left| left.key).unwrap_or_else(key)
    }

    /// Drops the database, as a DBA would.
    pub async fn drop_database(&self) {
        let mut session = sql::session(&self.server, "master").await;
        // Whoever has just left may still be seen in it for a moment.
        let drop = "DROP DATABASE [OctopusDeploy]";
        let begun = Instant::now();
        while begun.elapsed() < Duration::from_secs(60) {
            let dropped = match session.simple_query(drop).await {
                Ok(stream) => stream.into_results().await.is_ok(),
                Err(_) => false,
            };
            if dropped {
                return;
            }
        }
        unreachable!("the database stays in use");
    }

    /// What the database says of this node: whether it was seen, and its task cap.
    pub async fn node_row(&self, name: &str) -> Vec<String> {
        let mut session = sql::session(&self.server, "OctopusDeploy").await;
        let batch =
            "SELECT CASE WHEN LastSeen IS NULL THEN N'never' ELSE N'seen' END, MaxConcurrentTasks FROM dbo.OctopusServerNode";
        sql::ask(&mut session, &format!("{batch} WHERE Name = N'{name}'")).await
    }

    /// What of this machine's is left but the machine key and locks; Octopus Server's own files count too.
    pub fn left(&self) -> Vec<String> {
        let mut left: Vec<String> = self.bench.raw_files().into_keys().collect();
        left.extend(self.standin.keeps());
        left
    }

    /// Fails unless the node is whole and in.
    pub async fn assert_whole(&self, context: &str) {
        assert_eq!(self.standin.keeps(), ["my-node.config", "my-node.pid", "my-node.service"], "{context}");
        assert_eq!(self.node_row("web01").await, ["seen|5"], "{context}");
        assert!(self.bench.home.join("OctopusServer.config").is_file(), "{context}");
    }
}

fn steps(kinds: &[StepKind]) -> Vec<Step> {
    kinds.iter().map(|kind| Step { kind: *kind, title: kind.id().into(), mode: "" }).collect()
}

/// The step that failed.
pub fn failed(news: &[Progress]) -> Option<(StepKind, Failure)> {
    news.iter().find_map(|progress| match progress {
        Progress::Failed(kind, failure) => Some((*kind, failure.clone())),
        _ => None,
    })
}

/// The steps that could not be undone.
pub fn kept(news: &[Progress]) -> Vec<StepKind> {
    let kind = |progress: &Progress| match progress {
        Progress::UndoFailed(kind, _) => Some(*kind),
        _ => None,
    };
    news.iter().filter_map(kind).collect()
}

/// Everything that a test awaits is large; so it is boxed.
pub fn boxed<'a, T>(work: impl Future<Output = T> + 'a) -> std::pin::Pin<Box<dyn Future<Output = T> + 'a>> {
    Box::pin(work)
}
