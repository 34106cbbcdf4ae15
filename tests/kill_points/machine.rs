//! A machine of its own for each point: its folder, its command, and the end that it has come to.

use std::collections::BTreeMap;
use std::fmt;
use std::io::Read;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use octopus_setup::model::answers::{Origin, Raw};
use octopus_setup::model::field::FieldId;
use octopus_setup::model::flow::Flow;

use crate::support::canaries::files;
use crate::support::sql;
use crate::support::stand_in::StandIn;
use crate::support::walk::Site;

/// How a command ended, with what it said.
pub struct Outcome {
    status: Option<i32>,
    said: String,
}

impl Outcome {
    fn of(output: &Output) -> Self {
        let said = [&output.stdout[..], &output.stderr[..]].concat();
        Self { status: output.status.code(), said: String::from_utf8_lossy(&said).into_owned() }
    }

    pub fn is_done(&self) -> bool {
        self.status == Some(0)
    }

    pub fn is_killed(&self) -> bool {
        self.status == Some(137)
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let end: Vec<&str> = self.said.lines().rev().take(6).collect();
        write!(formatter, "status {:?}: {}", self.status, end.into_iter().rev().collect::<Vec<_>>().join(" / "))
    }
}

/// What is run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Case {
    FirstNode,
    /// A first node whose Octopus Server is set up and started too.
    HandOver,
    Join,
    Edit,
    Leave,
}

impl Case {
    /// Whether the machines of all points are nodes of one cluster.
    pub const fn shares_a_cluster(self) -> bool {
        matches!(self, Self::Join | Self::Edit | Self::Leave)
    }
}

/// What happens at a point.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    Killed,
    DiskFull,
}

impl Fault {
    pub const fn word(self) -> &'static str {
        match self {
            Self::Killed => "kill",
            Self::DiskFull => "full",
        }
    }
}

/// What a run leaves: files by name, with their texts but for what differs by chance, and the registry's rows.
pub type End = BTreeMap<String, String>;

/// One machine.
pub struct Machine<'a> {
    site: &'a Site,
    name: String,
    database: String,
    words: Vec<String>,
    environment: Vec<(String, String)>,
    octopus: Option<StandIn>,
}

/// A cluster for nodes to join, and its key.
pub fn cluster(site: &Site) -> String {
    let first = Machine { database: "Cluster".into(), ..Machine::new(site, Case::FirstNode, "one", "") }.with_database("Cluster");
    let outcome = tokio::task::block_in_place(|| first.again());
    assert!(outcome.is_done(), "{outcome}");
    std::fs::read_to_string(first.folder().join("key.txt")).unwrap().trim().to_owned()
}

impl<'a> Machine<'a> {
    /// The machine of this point, and the command of its flow. A node that is to be changed or to leave has joined.
    pub fn new(site: &'a Site, case: Case, point: &str, key: &str) -> Self {
        let flow = if case.shares_a_cluster() { Flow::Join } else { Flow::FirstNode };
        let mut machine = Self::setting_up(site, flow, format!("{case:?}-{point}").to_lowercase(), key);
        match case {
            Case::FirstNode | Case::Join => {}
            Case::HandOver => machine.has_octopus(),
            Case::Edit => machine.has_joined(&["edit", "--task-cap=7"]),
            Case::Leave => machine.has_joined(&["leave"]),
        }
        machine
    }

    fn has_joined(&mut self, change: &[&str]) {
        let outcome = self.again();
        assert!(outcome.is_done(), "{outcome}");
        let instance = format!("--instance={}", self.name);
        let all = change.iter().copied().chain(["--yes", "--accept=sql-latency", &instance]);
        self.words = all.map(str::to_owned).collect();
    }

    fn has_octopus(&mut self) {
        let octopus = StandIn::new();
        let accepts = "--accept=sql-latency,storage-folders,storage-disk,octopus-program,licence";
        self.words.retain(|word| !word.starts_with("--accept="));
        self.words.extend([
            accepts.to_owned(),
            format!("--octopus-server={}", octopus.program().display()),
            "--admin-user=admin".to_owned(),
            "--admin-email=admin@corp.example".to_owned(),
        ]);
        self.environment.push((FieldId::AdminPassword.variable(), "Canary-5Hn2-Qw88-Rt60".to_owned()));
        self.octopus = Some(octopus);
    }

    fn setting_up(site: &'a Site, flow: Flow, name: String, key: &str) -> Self {
        let folder = site.home(&name);
        std::fs::create_dir(&folder).unwrap();
        let database = if flow == Flow::Join { "Cluster".to_owned() } else { format!("Own-{name}") };
        let mut words = [flow.id(), "--yes", "--accept=sql-latency,storage-folders"].map(str::to_owned).to_vec();
        let mut environment = vec![("OCTOPUS_SETUP_STATE_DIR".to_owned(), folder.join("state").display().to_string())];
        let mut answers = site.answers(&name);
        let texts = [
            (FieldId::Home, folder.join("home").display().to_string()),
            (FieldId::KeyFile, folder.join("key.txt").display().to_string()),
        ];
        for (field, text) in texts {
            answers.set(field, Raw::of(field, text), Origin::Flag);
        }
        for field in FieldId::ALL.into_iter().filter(|field| answers.get(*field).origin == Origin::Flag) {
            match &answers.get(field).raw {
                Raw::Text(_) if flow == Flow::Join && field == FieldId::KeyFile => {}
                Raw::Text(text) => words.push(format!("--{}={text}", field.id())),
                Raw::Secret(_) => environment.push((field.variable(), site.password().to_owned())),
            }
        }
        if flow == Flow::Join {
            environment.push((FieldId::MasterKey.variable(), key.to_owned()));
        }
        Self { site, name, database: database.clone(), words, environment, octopus: None }.with_database(&database)
    }

    fn with_database(mut self, database: &str) -> Self {
        self.words.retain(|word| !word.starts_with("--database="));
        self.words.push(format!("--database={database}"));
        self
    }

    fn folder(&self) -> PathBuf {
        self.site.home(&self.name)
    }

    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("OCTOPUS_SETUP_")) {
            command.env_remove(name);
        }
        command.envs(self.environment.iter().cloned()).stdin(Stdio::null()).current_dir(self.folder());
        command
    }

    /// Runs the command and disturbs it as it enters this system call; 0 disturbs nothing. Returns how many there were.
    pub fn disturbed_at(&self, fault: Fault, point: usize) -> (Outcome, usize) {
        let injector = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/kill_points/injector.py");
        let count = self.folder().join("count");
        let mut command = self.command("python3");
        command.env("KILL_POINTS_COUNT", &count);
        let point = point.to_string();
        let output =
            command.args([injector, fault.word(), &point, env!("CARGO_BIN_EXE_octopus-setup")]).args(&self.words).output();
        let outcome = Outcome::of(&output.unwrap());
        let mut text = String::new();
        std::fs::File::open(&count)
            .unwrap_or_else(|error| panic!("no count ({error}): {outcome}"))
            .read_to_string(&mut text)
            .unwrap();
        std::fs::remove_file(count).unwrap();
        (outcome, text.parse().unwrap())
    }

    /// Gives the command once more, undisturbed.
    pub fn again(&self) -> Outcome {
        Outcome::of(&self.command(env!("CARGO_BIN_EXE_octopus-setup")).args(&self.words).output().unwrap())
    }

    /// What is there now.
    pub async fn end(&self) -> End {
        let folder = self.folder();
        let mut end = End::new();
        for path in files(&folder) {
            let name = path.strip_prefix(&folder).unwrap().display().to_string();
            // Dated copies stay whatever happens.
            if path.extension().is_some_and(|extension| extension == "bak") {
                continue;
            }
            let text = std::fs::read_to_string(&path).unwrap_or_default();
            let own = ["state/locks/", "state/machine.key", "key.txt", "home/octopus-master-key.sealed"];
            let text = if own.iter().any(|own| name.starts_with(own)) {
                "there".to_owned()
            } else {
                text.lines().map(|line| self.plain(line)).collect::<Vec<_>>().join("\n")
            };
            end.insert(self.plain(&name), text);
        }
        if let Some(octopus) = &self.octopus {
            end.insert("Octopus Server".to_owned(), self.plain(&octopus.keeps().join(" ")));
        }
        let registry = "octopus_setup.";
        let rows = match sql::ask(&mut sql::session(&self.site.server, "master").await, "SELECT name FROM sys.databases").await {
            names if names.contains(&self.database) => sql::everything(&self.site.server, &self.database).await,
            _ => vec!["no database".to_owned()],
        };
        let of_this_node = |row: &String| !row.starts_with(registry) || row.contains(&format!("\"{}\"", self.name));
        let shared = self.database == "Cluster";
        let rows = rows.into_iter().filter(|row| !shared || of_this_node(row)).map(|row| self.plain(&row));
        // Sorted without what differs by chance.
        let mut rows: Vec<String> = rows.collect();
        rows.sort();
        for (number, row) in rows.into_iter().enumerate() {
            end.insert(format!("row {number}"), row);
        }
        end
    }

    /// A line without names, seals, keys and times: what two machines have in common.
    fn plain(&self, line: &str) -> String {
        let line = line.replace(&self.name, "NODE").replace(&self.database, "DATABASE");
        let line = line.split_once("sealed:").map_or(line.clone(), |(before, _)| format!("{before}sealed"));
        // The bytes of the name's key.
        let line = line.split_once("name_key=").map_or(line.clone(), |(before, after)| {
            format!("{before}{}", after.split_once("]))").map_or(after, |(_, rest)| rest))
        });
        // The run's own number in the registry's history.
        let line = line.split_once("\"run ").map_or(line.clone(), |(before, _)| before.to_owned());
        if line.contains("Octopus.Storage.MasterKey") {
            return "Octopus' key".to_owned();
        }
        if line.starts_with("id = ") || line.starts_with("fingerprint = ") {
            return line.split_once(' ').unwrap().0.to_owned();
        }
        let mut plain = String::new();
        let mut digits = 0;
        // Numbers of ports, times, ids.
        for character in line.chars() {
            let is_digit = character.is_ascii_digit();
            if !is_digit || digits == 0 {
                plain.push(if is_digit { '0' } else { character });
            }
            digits = if is_digit { digits + 1 } else { 0 };
        }
        // Octopus' own rows are counted.
        let by_chance = ["octopus_setup.cluster:", "octopus_setup.canary:", "dbo."].iter().any(|table| plain.starts_with(table));
        if by_chance { plain.split(':').next().unwrap().to_owned() } else { plain }
    }
}

/// What two ends do not have in common.
pub fn difference(one: &End, other: &End) -> String {
    let lines = |from: &End, than: &End, sign: &str| {
        let differs = from.iter().filter(|(name, text)| than.get(*name) != Some(*text));
        differs.map(|(name, text)| format!("{sign} {name}: {text}")).collect::<Vec<_>>()
    };
    [lines(one, other, "-"), lines(other, one, "+")].concat().join("\n")
}
