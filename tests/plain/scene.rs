//! Sessions of the plain face, and what they said.

use std::path::{Path, PathBuf};
use std::time::Duration;

use octopus_setup::engine::Engine;
use octopus_setup::faces::exit::SessionEnd;
use octopus_setup::faces::plain::{self, PlainOptions, ScriptedLines};
use octopus_setup::model::answers::{Answers, Origin, Raw};
use octopus_setup::model::field::FieldId;
use octopus_setup::model::flow::Flow;
use octopus_setup::world::World;
use octopus_setup::world::clipboard::Surroundings;
use octopus_setup::world::places::Places;
use practice_server::Login;
use secrecy::ExposeSecret;

pub use crate::shared::walk::{Site, free_port};

/// The login's password, which must never be said.
pub const PASSWORD: &str = "Canary-Db-7Qx41Zp9";

/// What a session came to.
pub struct Session {
    /// How it ended.
    pub ended: SessionEnd,
    /// Everything that was said.
    pub said: String,
    /// How many lines nobody asked for.
    pub left: usize,
    /// The wizard afterwards.
    pub engine: Engine,
}

impl Session {
    /// Whether all of these were said, in this order.
    pub fn assert_says(&self, texts: &[&str]) {
        let mut from = 0;
        for text in texts {
            let found = self.said[from..].find(text);
            assert!(found.is_some(), "{text:?} was not said, or too early:\n{}", self.said);
            from += found.unwrap() + text.len();
        }
    }

    /// Fails where something was said that must not be.
    pub fn assert_silent(&self, text: &str) {
        assert!(!self.said.contains(text), "{text:?} was said:\n{}", self.said);
    }

    /// How often something was said.
    pub fn times(&self, text: &str) -> usize {
        self.said.matches(text).count()
    }
}

/// A wizard with these lines for an operator.
pub async fn hear<Text: Into<String>>(mut engine: Engine, lines: impl IntoIterator<Item = Text>) -> Session {
    let mut script = ScriptedLines::new(lines);
    let mut out = Vec::new();
    let ended = plain::run(&mut engine, &mut script, &mut out, PlainOptions::default()).await.unwrap();
    let said = String::from_utf8(out).unwrap();
    let plain = said.chars().all(|letter| letter == '\n' || !letter.is_control());
    assert!(plain, "something was said that acts on a terminal: {said:?}");
    Session { ended, said, left: script.left(), engine }
}

/// A server with a login whose password can be recognised, and machines without anything on them.
pub struct Scene {
    pub site: Site,
    ports: [u16; 3],
}

impl Scene {
    pub async fn new() -> Self {
        Self::with_round_trip(Duration::ZERO).await
    }

    /// One whose server is far away.
    pub async fn with_round_trip(round_trip: Duration) -> Self {
        let login = Login { name: "canary".into(), password: PASSWORD.into(), sysadmin: false, dbcreator: true, disabled: false };
        let site = Site::with(|options| {
            options.logins.push(login);
            options.faults.round_trip = round_trip;
        })
        .await;
        Self { site, ports: [free_port(), free_port(), free_port()] }
    }

    /// A wizard on a machine of its own, which knows no answers.
    pub fn wizard(&self, machine: &str, flow: Option<Flow>) -> Engine {
        let places = Places::under(self.site.home(machine).join("state"));
        Engine::new(World::new(places, Surroundings::default()), Answers::new(octopus_setup::world::host::platform()), flow)
    }

    /// A wizard that was given one answer on the command line.
    pub fn given(&self, machine: &str, field: FieldId, text: &str) -> Engine {
        let places = Places::under(self.site.home(machine).join("state"));
        let mut answers = Answers::new(octopus_setup::world::host::platform());
        answers.set(field, Raw::of(field, text), Origin::Flag);
        Engine::new(World::new(places, Surroundings::default()), answers, None)
    }

    /// Where the key of a first node is saved.
    pub fn key_file(&self) -> PathBuf {
        self.site.home("key.txt")
    }

    fn path(path: &Path) -> String {
        path.display().to_string()
    }

    fn server(&self) -> String {
        format!("localhost,{}", self.site.server.addr().port())
    }

    fn ca_file(&self) -> String {
        Self::path(self.site.server.ca_file())
    }

    /// The lines from the start to the database's password.
    pub fn to_the_password(&self, flow: &str, node: &str) -> Vec<String> {
        let mut lines = vec![flow.to_owned(), node.to_owned(), Self::path(&self.site.home(node))];
        if flow == "first-node" {
            lines.push(node.to_owned());
        }
        lines.extend([String::new(), self.server(), String::new(), "canary".to_owned()]);
        lines
    }

    /// The lines behind the password, to the end of the database's screen.
    pub fn trust(&self, flow: &str) -> Vec<String> {
        let mut lines = vec!["yes".to_owned(), String::new(), "2".to_owned(), self.ca_file()];
        lines.extend((flow == "first-node").then(String::new));
        lines.push(String::new());
        lines
    }

    /// The web portal's prefix.
    pub fn prefix(&self) -> String {
        format!("http://localhost:{}/", self.ports[0])
    }

    /// A whole first node, from the start screen to the end: no administrator, no licence, nothing shared, Octopus Server's
    /// commands as they come.
    pub fn first_node(&self) -> Vec<String> {
        let mut lines = self.first_node_with(&["none"], &[], &["", ""]);
        lines.extend(["install".to_owned(), "save".to_owned(), Self::path(&self.key_file())]);
        lines
    }

    /// A first node to its plan, with these lines for the shared storage, for administrator and licence, and for the hand-over.
    pub fn first_node_with(&self, storage: &[&str], cluster_wide: &[&str], hand_over: &[&str]) -> Vec<String> {
        let mut lines = self.to_the_octopus(storage);
        lines.push(self.prefix());
        let [_, comms, grpc] = self.ports;
        lines.extend(["yes", "no", &comms.to_string(), &grpc.to_string(), "", ""].map(str::to_owned));
        // Administrator and licence are asked only once Octopus Server's commands are to be run or shown.
        lines.extend(hand_over[..1].iter().chain(cluster_wide).chain(&hand_over[1..]).map(|line| (*line).to_owned()));
        lines
    }

    /// A first node to the screen of Octopus Server, with these lines for the shared storage.
    pub fn to_the_octopus(&self, storage: &[&str]) -> Vec<String> {
        let mut lines = self.to_the_password("first-node", "node-1");
        lines.push(PASSWORD.to_owned());
        lines.extend(self.trust("first-node"));
        lines.extend(storage.iter().map(|line| (*line).to_owned()));
        lines
    }

    /// A whole node that joins.
    pub fn join(&self, key: &str) -> Vec<String> {
        let mut lines = self.to_the_password("join", "node-2");
        lines.push(PASSWORD.to_owned());
        lines.extend(self.trust("join"));
        lines.extend([key.to_owned(), "web02".to_owned(), "3".to_owned()]);
        // The first node shares nothing, which is warned of.
        lines.push("yes".to_owned());
        lines.push(format!("http://localhost:{}/", free_port()));
        lines.extend(["yes".to_owned(), String::new(), free_port().to_string(), free_port().to_string()]);
        // No trusted proxies, and Octopus Server's commands as they come.
        lines.extend(std::iter::repeat_n(String::new(), 4));
        lines.push("1".to_owned());
        lines
    }

    /// A cluster of one node; its master key.
    pub async fn cluster(&self) -> String {
        let session = hear(self.wizard("machine-1", None), self.first_node()).await;
        assert_eq!(session.ended.exit.code(), 0, "{}", session.said);
        master_key(&session.engine)
    }

    /// What is volatile in a session's text, replaced.
    pub fn masked(&self, session: &Session) -> String {
        let folder = Self::path(&self.site.home(""));
        let folder = folder.trim_end_matches('/');
        let mut text = session.said.replace(folder, "<folder>");
        let state = session.engine.state();
        if let Some(plan) = &state.run().plan {
            text = text.replace(&plan.cluster.short(), "<cluster>").replace(&plan.fingerprint.to_string(), "<fingerprint>");
            // The command for the next node has them; they are whichever were free.
            let web = &plan.node.web;
            for prefix in &web.prefixes {
                text = text.replace(&prefix.to_string(), "<prefix>");
            }
            text = text.replace(&web.comms_port.to_string(), "<comms>").replace(&web.grpc_port.to_string(), "<grpc>");
        }
        let port = self.site.server.addr().port().to_string();
        let host = state.facts.machine.host_name.to_string();
        let mut masked = String::new();
        for line in text.replace(&port, "<port>").lines() {
            masked.push_str(&mask(line, &host));
            masked.push('\n');
        }
        masked
    }
}

/// A line without what differs from run to run or from machine to machine.
fn mask(line: &str, host: &str) -> String {
    const VOLATILE: [&str; 15] = [
        "home-path",
        "home-disk",
        "service-account",
        "service-rights",
        "sql-name",
        "sql-connect",
        "sql-tls",
        "sql-login",
        "sql-clock",
        "sql-latency",
        "web-ports",
        "storage-disk",
        "storage-account",
        "storage-space",
        "storage-latency",
    ];
    if let Some(check) = VOLATILE.iter().find(|check| line.starts_with("ok: ") && line.contains(&format!("({check})"))) {
        let end = line.find(&format!("({check})")).unwrap() + check.len() + 2;
        return format!("{}: ...", &line[..end]);
    }
    if line.starts_with("Step ") && line.contains(" is done, ") {
        return format!("{} is done, <time>.", &line[..line.find(" is done, ").unwrap()]);
    }
    if line.starts_with("Tentacle poll-server ") {
        return "Tentacle poll-server ...".to_owned();
    }
    if line.starts_with("octopus-setup join ") {
        return "octopus-setup join ...".to_owned();
    }
    if let Some((before, after)) = line.split_once(" on a local disk (") {
        // Which file system the tests' folder is on is this machine's.
        let after = after.split_once(')').map_or(after, |(_, after)| after);
        return format!("{before} on a local disk{after}");
    }
    if let Some(place) = line.find("last seen ") {
        return format!("{}last seen ...", &line[..place]);
    }
    let line = if host.is_empty() { line.to_owned() } else { line.replace(&format!("[{host}]"), "[<host>]") };
    match line.strip_prefix("ok: Prefixes (web-prefixes)") {
        Some(_) => "ok: Prefixes (web-prefixes): ...".to_owned(),
        None => line,
    }
}

/// The master key that a wizard has in its hands, as its base64.
pub fn master_key(engine: &Engine) -> String {
    engine.state().custody().generated.as_ref().unwrap().key.to_base64().expose_secret().to_owned()
}
