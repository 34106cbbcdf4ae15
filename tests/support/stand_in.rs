//! The stand-in for Octopus.Server in tests: in its own folder, with a record of its calls and with faults to inject.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::SystemTime;

/// A stand-in. Processes that it has started end by themselves when its folder is gone.
pub struct StandIn {
    folder: tempfile::TempDir,
}

/// A call of the stand-in.
#[derive(Debug, Clone)]
pub struct Call {
    /// The arguments, the command first.
    pub args: Vec<String>,
    /// The environment variables that begin with `OCTOPUS_`.
    pub env: serde_json::Value,
    /// The contents and the mode of the licence file, if it was called with one.
    pub licence: Option<(String, u64)>,
}

impl Call {
    /// Returns the command.
    pub fn verb(&self) -> &str {
        self.args.first().map_or("", String::as_str)
    }

    /// Returns the value of an option.
    pub fn value(&self, flag: &str) -> Option<&str> {
        let place = self.args.iter().position(|word| word == flag)?;
        self.args.get(place + 1).map(String::as_str)
    }
}

impl StandIn {
    /// Creates a stand-in without instances.
    pub fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("faults")).unwrap();
        let standin = Self { folder };
        link(built(), &standin.program());
        standin
    }

    /// Returns its folder.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Returns its program.
    pub fn program(&self) -> PathBuf {
        self.folder.path().join("Octopus.Server")
    }

    /// Makes it a program of this version.
    pub fn is_of_version(&self, version: &str) {
        std::fs::write(self.folder.path().join("version"), version).unwrap();
    }

    /// Injects a fault: `fail 3` at `database`, `once hang` at `service@--start`; an empty text removes it.
    pub fn fault(&self, at: &str, what: &str) {
        let path = self.folder.path().join("faults").join(at);
        if what.is_empty() {
            let _ = fs::remove_file(path);
        } else {
            fs::write(path, what).unwrap();
        }
    }

    /// Runs it as an operator would.
    pub fn run(&self, words: &[&str]) -> (Option<i32>, String) {
        let output = Command::new(self.program()).args(words).stdin(Stdio::null()).output().unwrap();
        let said = [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
        (output.status.code(), said.concat())
    }

    /// Returns all calls, in order.
    pub fn calls(&self) -> Vec<Call> {
        let text = fs::read_to_string(self.folder.path().join("calls.jsonl")).unwrap_or_default();
        let call = |line: &str| {
            let value: serde_json::Value = serde_json::from_str(line).unwrap();
            let words = value["args"].as_array().unwrap().iter();
            let licence = value["licence"].as_str().map(str::to_owned);
            Call {
                args: words.map(|word| word.as_str().unwrap().to_owned()).collect(),
                env: value["env"].clone(),
                licence: licence.map(|text| (text, value["licence_mode"].as_u64().unwrap_or_default())),
            }
        };
        text.lines().map(call).collect()
    }

    /// Returns the calls that change something, in order; `run` is the service's own call.
    pub fn changes(&self) -> Vec<Call> {
        self.calls().into_iter().filter(|call| !["list-instances", "version", "run"].contains(&call.verb())).collect()
    }

    /// Forgets the calls.
    pub fn forget(&self) {
        let _ = fs::remove_file(self.folder.path().join("calls.jsonl"));
    }

    /// Returns the files that it stores: instances, services, running nodes.
    pub fn keeps(&self) -> Vec<String> {
        let names = |folder: &Path| -> Vec<String> {
            let entries = fs::read_dir(folder).into_iter().flatten().flatten();
            entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect()
        };
        let mut all = names(&self.folder.path().join("Instances"));
        all.extend(
            names(self.folder.path())
                .into_iter()
                .filter(|name| Path::new(name).extension().is_some_and(|end| end == "service" || end == "pid")),
        );
        all.sort();
        all
    }
}

/// Returns a TCP port that nothing listens on, outside the range that the system gives to clients. Each process starts
/// at its own offset, because tests run side by side: two that start one port apart would take each other's ports.
pub fn free_port() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let first = std::process::id() * 16 % 16_384;
    for _ in 0..16_384 {
        let step = u32::from(NEXT.fetch_add(1, Ordering::Relaxed));
        let port = u16::try_from(16_000 + (first + step) % 16_384).unwrap();
        if std::net::TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
    panic!("every port is taken");
}

#[cfg(unix)]
fn link(program: &Path, place: &Path) {
    std::os::unix::fs::symlink(program, place).unwrap();
}

#[cfg(not(unix))]
fn link(program: &Path, place: &Path) {
    fs::copy(program, place).unwrap();
}

/// Returns the program. `cargo test` builds it with the other examples; a test program that is run alone builds it
/// once.
fn built() -> &'static Path {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT.get_or_init(|| {
        let own = std::env::current_exe().unwrap();
        let profile = own.parent().and_then(Path::parent).unwrap();
        let program = profile.join("examples").join(format!("octopus-stand-in{}", std::env::consts::EXE_SUFFIX));
        let made = |path: &Path| fs::metadata(path).and_then(|seen| seen.modified()).unwrap_or(SystemTime::UNIX_EPOCH);
        let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests").join("stand_in");
        let newest = fs::read_dir(sources).unwrap().flatten().map(|entry| made(&entry.path())).max();
        if newest.is_none_or(|newest| made(&program) < newest) {
            let mut cargo = Command::new(env!("CARGO"));
            cargo.args(["build", "--quiet", "--locked", "--example", "octopus-stand-in"]);
            cargo.arg("--target-dir").arg(profile.parent().unwrap()).current_dir(env!("CARGO_MANIFEST_DIR"));
            if profile.ends_with("release") {
                cargo.arg("--release");
            }
            assert!(cargo.status().unwrap().success(), "the stand-in is not built");
        }
        program
    })
}
