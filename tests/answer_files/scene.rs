//! A folder of files, an environment, standard input and a person, all of them values.

use std::ffi::OsString;
use std::io::{self, Cursor};
use std::path::PathBuf;
use std::time::Duration;

use octopus_setup::model::answers::{Answers, Problem};
use octopus_setup::model::field::FieldId;
use octopus_setup::model::flow::Flow;
use octopus_setup::model::secret::SecretString;
use octopus_setup::wizard::answer_file::flags;
use octopus_setup::world::answer_sources::{
    self, CommandLine, EnvironmentVariables, Mode, Resolved, SecretPrompt, Sources, Stdin,
};
use secrecy::ExposeSecret;
use tempfile::TempDir;

pub struct Scene {
    pub folder: TempDir,
    pub command_line: CommandLine,
    pub environment: EnvironmentVariables,
    /// What is piped in; a terminal where there is nothing.
    pub stdin: Option<&'static str>,
    /// What a person types, one after the other; nobody is there where there is nothing.
    pub typed: Option<Vec<&'static str>>,
    pub mode: Mode,
    pub limit: Duration,
    /// What the person was asked.
    pub asked: Vec<String>,
}

/// A scene in which the first node's other answers are good.
pub fn scene() -> Scene {
    let command_line =
        CommandLine { flow: Some(Flow::FirstNode), ..CommandLine::new(Answers::new(octopus_setup::world::host::platform())) };
    let mut scene = Scene {
        folder: tempfile::tempdir().unwrap(),
        command_line,
        environment: EnvironmentVariables::new(),
        stdin: None,
        typed: None,
        mode: Mode::Headless,
        limit: Duration::from_secs(20),
        asked: Vec::new(),
    };
    for set in ["node-name=web01", "server=sql01", "user=octopus", if cfg!(windows) { "home=C:\\O" } else { "home=/o" }] {
        scene.command_line.flags.push(flags::set(set).unwrap());
    }
    scene
}

/// The same with this answer file.
pub fn with(text: &str) -> Scene {
    let mut scene = scene();
    scene.file("a.toml", text.as_bytes());
    scene
}

impl Scene {
    /// Writes a private file.
    pub fn write(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.folder.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        mode(&path, 0o600);
        path
    }

    /// Writes an answer file and names it.
    pub fn file(&mut self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.write(name, bytes);
        self.command_line.files.push(path.clone());
        path
    }

    pub fn variable(mut self, name: &str, value: &str) -> Self {
        self.environment.insert(name.into(), OsString::from(value));
        self
    }

    pub fn gather(&mut self) -> Resolved {
        let mut person = Typist { typed: self.typed.clone().unwrap_or_default().into_iter(), asked: Vec::new() };
        let mut input = self.stdin.map(|text| Cursor::new(text.as_bytes()));
        let mut sources = Sources {
            environment: &self.environment,
            stdin: match &mut input {
                Some(input) => Stdin::Piped(input),
                None => Stdin::Terminal,
            },
            person: if self.typed.is_some() { Some(&mut person) } else { None },
            mode: self.mode,
            command_limit: self.limit,
        };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let resolved = runtime.block_on(answer_sources::gather(&self.command_line, &mut sources));
        self.asked = person.asked;
        resolved
    }

    /// What is wrong, one line each, without the folder's name.
    pub fn told(&mut self) -> Vec<String> {
        let problems = self.gather().judge();
        problems.iter().map(|problem| self.line(problem)).collect()
    }

    fn line(&self, problem: &Problem) -> String {
        let place = problem.place.as_ref().map(ToString::to_string).unwrap_or_default();
        let line = format!("{:?} {place}: {} {}", problem.severity, problem.says, problem.fix);
        line.replace(&format!("{}/", self.folder.path().display()), "")
    }
}

/// The password that was gathered.
pub fn password(resolved: &Resolved) -> String {
    resolved.loaded.answers.secret(FieldId::Password).unwrap().expose_secret().to_owned()
}

/// Sets a file's rights, where it has any.
pub fn mode(path: &std::path::Path, mode: u32) {
    #[cfg(unix)]
    std::fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(mode)).unwrap();
    #[cfg(not(unix))]
    let _ = (path, mode);
}

struct Typist {
    typed: std::vec::IntoIter<&'static str>,
    asked: Vec<String>,
}

impl SecretPrompt for Typist {
    fn ask(&mut self, field: FieldId, again: Option<&str>) -> io::Result<SecretString> {
        self.asked.push(format!("{} {}", field.id(), again.unwrap_or_default()).trim().to_owned());
        self.typed.next().map(SecretString::from).ok_or_else(|| io::ErrorKind::Interrupted.into())
    }
}
