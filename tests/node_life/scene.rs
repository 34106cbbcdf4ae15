//! A cluster with a first node, and the wizards of further ones.

use std::path::{Path, PathBuf};

use octopus_setup::engine::Engine;

use octopus_setup::model::field::FieldId;
use octopus_setup::model::finding::{Finding, Severity, Verdict};
use octopus_setup::model::flow::Flow;
use octopus_setup::model::master_key::MasterKey;
use octopus_setup::model::node::{Maker, Subject};
use octopus_setup::model::node_config::NodeConfig;
use octopus_setup::model::screen::ScreenId;
use octopus_setup::wizard::event::{Event, StartChoice};
use octopus_setup::wizard::gate::Gate;
use octopus_setup::wizard::run::Phase;
use practice_server::ServerOptions;
use secrecy::ExposeSecret;

pub use crate::shared::walk::{Site, free_port, last_six, to, type_in};
use crate::shared::{octopus, sql};

/// The database that the wizard asks for by default.
pub const DATABASE: &str = "OctopusDeploy";

/// A server with a cluster of one node, `node-1`.
pub struct Scene {
    pub site: Site,
    /// The cluster's master key.
    pub key: MasterKey,
}

impl Scene {
    /// A first node, from nothing to done.
    pub async fn new() -> Self {
        Self::with(|_| {}).await
    }

    /// The same on a server of another kind.
    pub async fn with(change: impl FnOnce(&mut ServerOptions)) -> Self {
        let site = Site::with(change).await;
        let mut first = site.wizard("node-1", Some(Flow::FirstNode));
        to(&mut first, ScreenId::MasterKey).await;
        let proof = last_six(&first);
        type_in(&mut first, FieldId::KeyProof, &proof);
        first.handle(Event::Next);
        first.run_until_idle().await;
        assert_eq!(first.state().place.here, ScreenId::Done);
        let key = first.state().custody().generated.as_ref().unwrap().key.clone();
        Self { site, key }
    }

    /// A server with a database that Octopus Server made by itself, without a registry; with its tables, and what these
    /// batches make besides. The wizard's login owns it.
    pub async fn of_octopus(key: &MasterKey, batches: &[&str]) -> Self {
        let site = Site::start().await;
        let mut session = sql::session(&site.server, "master").await;
        sql::ask(&mut session, &format!("CREATE DATABASE [{DATABASE}] COLLATE Latin1_General_CI_AS")).await;
        let scene = Self { site, key: key.clone() };
        let user = scene.site.server.user();
        scene.ask(&format!("CREATE USER [{user}] FOR LOGIN [{user}]; ALTER ROLE db_owner ADD MEMBER [{user}]")).await;
        for batch in std::iter::once(&octopus::TABLES).chain(batches) {
            scene.ask(batch).await;
        }
        scene
    }

    /// The same, with Octopus' own certificate sealed with this key.
    pub async fn of_octopus_with_certificate(key: &MasterKey) -> Self {
        let certificate = octopus::row("Configuration", "certificate-global", &octopus::certificate_json(key));
        Self::of_octopus(key, &[octopus::PLAIN, &certificate]).await
    }

    /// Every row of every table of the database.
    pub async fn everything(&self) -> Vec<String> {
        sql::everything(&self.site.server, DATABASE).await
    }

    /// The rows of Octopus' own tables.
    pub async fn octopus_rows(&self) -> Vec<String> {
        self.everything().await.into_iter().filter(|row| row.starts_with("dbo.")).collect()
    }

    /// Octopus' heartbeat of a node of its own, so many seconds ago.
    pub async fn beat(&self, node: &str, seconds: u32) {
        let seen = format!("DATEADD(second, -{seconds}, SYSDATETIMEOFFSET())");
        self.ask(&format!("UPDATE dbo.OctopusServerNode SET LastSeen = {seen} WHERE Name = N'{node}'; \
            IF @@ROWCOUNT = 0 INSERT INTO dbo.OctopusServerNode (Id, Name, LastSeen) VALUES (N'OctopusServerNodes-{node}', N'{node}', {seen})")).await;
    }

    /// The key as an operator pastes it.
    pub fn key_text(&self) -> String {
        self.key.to_base64().expose_secret().to_owned()
    }

    /// A wizard that joins this node, with the cluster's key already pasted.
    pub fn joining(&self, node: &str) -> Engine {
        self.joining_with(node, &[])
    }

    /// The same with other answers.
    pub fn joining_with(&self, node: &str, changes: &[(FieldId, &str)]) -> Engine {
        let key = self.key_text();
        let mut engine = self.site.wizard(node, Some(Flow::Join));
        type_in(&mut engine, FieldId::MasterKey, &key);
        for (field, text) in changes {
            type_in(&mut engine, *field, text);
        }
        engine
    }

    /// Joins a node, from nothing to done.
    pub async fn join(&self, node: &str) -> Engine {
        let mut engine = self.joining(node);
        to(&mut engine, ScreenId::Done).await;
        engine.run_until_idle().await;
        assert!(self.site.journals().is_empty(), "a finished run leaves its journal: {:?}", self.site.journals());
        engine
    }

    /// A wizard that reviews a node of this machine.
    pub async fn review(&self, node: &str) -> Engine {
        let mut engine = self.site.wizard("nobody", None);
        engine.run_until_idle().await;
        let subject = Subject { instance: node.into(), config: self.config_file(node), maker: Maker::Wizard };
        assert!(
            engine.state().start_choices().contains(&StartChoice::Review(subject.clone())),
            "{:?}",
            engine.state().start_choices()
        );
        engine.handle(Event::Begin(StartChoice::Review(subject)));
        engine.run_until_idle().await;
        engine
    }

    /// A node's config file.
    pub fn config_file(&self, node: &str) -> PathBuf {
        self.site.home(node).join(NodeConfig::FILE)
    }

    /// A node's config.
    pub fn config(&self, node: &str) -> NodeConfig {
        toml::from_str(&std::fs::read_to_string(self.config_file(node)).unwrap()).unwrap()
    }

    /// What `sa` sees in the cluster's database.
    pub async fn ask(&self, batch: &str) -> Vec<String> {
        let mut session = sql::session(&self.site.server, DATABASE).await;
        sql::ask(&mut session, batch).await
    }

    /// The registry's nodes by name.
    pub async fn nodes(&self) -> Vec<String> {
        self.ask("SELECT name FROM octopus_setup.node ORDER BY name").await
    }

    /// The last so many words of the history, the newest first.
    pub async fn history(&self, how_many: usize) -> Vec<String> {
        self.ask(&format!("SELECT TOP ({how_many}) what, node FROM octopus_setup.history ORDER BY id DESC")).await
    }

    /// Makes a node look as if nobody had seen it for long.
    pub async fn forget(&self, node: &str) {
        let update = "UPDATE octopus_setup.node SET last_seen = DATEADD(day, -19, SYSUTCDATETIME()) WHERE name = ";
        self.ask(&format!("{update}N'{node}'")).await;
    }
}

/// The findings of a check on the open screen.
pub fn findings(engine: &Engine, check: &str) -> Vec<Finding> {
    let verdicts = engine.state().verdicts();
    let verdict = verdicts.iter().find(|(id, _)| id.id() == check).unwrap_or_else(|| panic!("no {check}: {verdicts:#?}"));
    match &verdict.1 {
        Verdict::Found(findings) => findings.clone(),
        other => panic!("{check}: {other:?}"),
    }
}

/// What a check of the open screen gives as its evidence, or as what is not known.
pub fn evidence(engine: &Engine, check: &str) -> String {
    let verdicts = engine.state().verdicts();
    let verdict = verdicts.iter().find(|(id, _)| id.id() == check).unwrap_or_else(|| panic!("no {check}: {verdicts:#?}"));
    match &verdict.1 {
        Verdict::Good(evidence) | Verdict::Unknown(evidence) => evidence.clone(),
        other => panic!("{check}: {other:?}"),
    }
}

/// The screen stays shut because of this check, whatever is pressed.
pub async fn stays_shut(engine: &mut Engine, check: &str) -> Finding {
    let found = findings(engine, check).remove(0);
    assert_eq!(found.severity, Severity::Stop, "{found:#?}");
    assert!(matches!(engine.state().gate(), Gate::Shut(_)), "{:#?}", engine.state().verdicts());
    let here = engine.state().place.here;
    for _ in 0..4 {
        engine.handle(Event::Next);
        engine.run_until_idle().await;
    }
    assert_eq!(engine.state().place.here, here, "the gate let it pass");
    found
}

/// Runs the plan that is shown, and expects its install to come to its end.
pub async fn install(engine: &mut Engine) {
    assert_eq!(engine.state().place.here, ScreenId::Review, "{:?}", engine.state().notice);
    to(engine, ScreenId::Install).await;
    engine.run_until_idle().await;
    assert_eq!(engine.state().run().phase, Phase::Finished, "{:#?}", engine.state().run().rows);
}

/// Every file under a folder with its bytes.
pub fn tree(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut all = Vec::new();
    let mut open = vec![folder.to_owned()];
    while let Some(folder) = open.pop() {
        let Ok(entries) = std::fs::read_dir(&folder) else { continue };
        for entry in entries {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else {
                let bytes = std::fs::read(&path).unwrap();
                all.push((path, bytes));
            }
        }
    }
    all.sort();
    all
}
