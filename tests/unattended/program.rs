//! The program itself on a practice server: a command line, an environment, and what comes of them.

use std::process::{Child, Command, Output, Stdio};

use crate::scene::*;

/// A machine of its own, as far as the program's files go, and what it is asked for.
pub struct Program<'a> {
    pub site: &'a Site,
    pub machine: &'a str,
    pub words: Vec<String>,
    pub environment: Vec<(String, String)>,
}

impl<'a> Program<'a> {
    /// A flow with nobody there, and nothing said about it yet.
    pub fn new(site: &'a Site, machine: &'a str, flow: Flow) -> Self {
        // How busy this machine is does not count here.
        let mut words = [flow.id(), "--yes", "--accept", "sql-latency"].map(str::to_owned).to_vec();
        // And the first node shares nothing, of which a second one is warned.
        words.extend((flow == Flow::Join).then(|| "--accept=storage-folders".to_owned()));
        Self { site, machine, words, environment: Vec::new() }
    }

    /// With the way to the server and the answers of this node as flags, the password in the environment.
    pub fn with_flags(site: &'a Site, flow: Flow, node: &'a str, key: &str) -> Self {
        let mut program = Self::new(site, node, flow);
        for (field, text) in said(site, flow, node, key) {
            if field.is_secret() {
                program.words.push(format!("--{}-from=env:{}", field.id(), field.variable()));
                program.environment.push((field.variable(), text));
            } else {
                program.words.push(format!("--{}={text}", field.id()));
            }
        }
        program
    }

    /// And this.
    pub fn and(mut self, words: &[&str]) -> Self {
        self.words.extend(words.iter().map(|word| (*word).to_owned()));
        self
    }

    pub fn command(&self) -> Command {
        let mut command = bare(env!("CARGO_BIN_EXE_octopus-setup"));
        command.args(&self.words);
        self.into(&mut command);
        command
    }

    /// The same through a shell, which changes what it is connected to.
    pub fn through(&self, shell: &str) -> Command {
        let mut command = bare("sh");
        command.args(["-c", shell, env!("CARGO_BIN_EXE_octopus-setup")]).args(&self.words);
        self.into(&mut command);
        command
    }

    fn into(&self, command: &mut Command) {
        command.env("OCTOPUS_SETUP_STATE_DIR", self.state()).envs(self.environment.iter().cloned()).stdin(Stdio::null());
    }

    pub fn state(&self) -> PathBuf {
        self.site.home(&format!("state-of-{}", self.machine))
    }

    pub fn journals(&self) -> usize {
        std::fs::read_dir(self.state().join("journals")).map_or(0, Iterator::count)
    }

    pub fn run(&self) -> Output {
        self.command().output().unwrap()
    }

    pub fn begin(&self) -> Child {
        self.command().stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    }
}

/// A program with nothing of ours in its environment.
fn bare(program: &str) -> Command {
    let mut command = Command::new(program);
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("OCTOPUS_SETUP_")) {
        command.env_remove(name);
    }
    command
}

/// What has to be said for a node; the key only where there is one already.
pub fn said(site: &Site, flow: Flow, node: &str, key: &str) -> Vec<(FieldId, String)> {
    let answers = site.answers(node);
    let mut said: Vec<(FieldId, String)> = FieldId::ALL
        .into_iter()
        .filter(|field| answers.get(*field).origin == Origin::Flag && (flow == Flow::FirstNode || *field != FieldId::KeyFile))
        .map(|field| match &answers.get(field).raw {
            Raw::Text(text) => (field, text.clone()),
            Raw::Secret(_) => (field, site.password().to_owned()),
        })
        .collect();
    if flow == Flow::Join {
        said.push((FieldId::MasterKey, key.to_owned()));
    }
    said
}

pub fn told(output: &Output) -> String {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    format!("{}\n--- out\n{}--- err\n{}", output.status, text(&output.stdout), text(&output.stderr))
}

/// Fails unless it ended with this status.
pub fn ends(output: &Output, status: i32) {
    assert_eq!(output.status.code(), Some(status), "{}", told(output));
}

/// The node config of a node says this.
pub fn config(site: &Site, node: &str) -> String {
    std::fs::read_to_string(site.home(node).join("octopus-node.toml")).unwrap()
}

/// A first node by flags; its key.
pub fn cluster(site: &Site) -> String {
    ends(&Program::with_flags(site, Flow::FirstNode, "node-1", "").run(), 0);
    std::fs::read_to_string(key_file(site)).unwrap().trim().to_owned()
}
