//! `practice serve`: what it prints and writes for programs.

use std::io::{BufRead as _, BufReader};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Child, Stdio};

use super::program;

/// A practice server, ended when it goes out of scope.
struct Served(Child);

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Begins one, and hands back the first line that it prints.
fn serve(folder: &Path, words: &[&str]) -> (Served, String) {
    let data = folder.join("data");
    let words = [&["practice", "serve", "--data", data.to_str().unwrap()], words].concat();
    let mut child = program(folder, &words).current_dir(folder).stdout(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    (Served(child), line)
}

#[test]
fn as_json_it_says_in_one_line_what_it_says_as_toml() {
    let folder = tempfile::tempdir().unwrap();
    let (_served, line) = serve(folder.path(), &["--output", "json"]);
    let said: serde_json::Value = serde_json::from_str(&line).unwrap();
    let keys: Vec<&String> = said.as_object().unwrap().keys().collect();
    assert_eq!(keys.len(), 6, "{keys:?}");
    assert_eq!(said["server"], "127.0.0.1");
    let port = u16::try_from(said["port"].as_u64().unwrap()).unwrap();
    assert!(std::net::TcpStream::connect(("127.0.0.1", port)).is_ok(), "it listens there");
}

#[test]
fn the_answer_file_is_there_before_it_is_said_that_the_server_is() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("practice.toml");
    std::fs::write(&path, "# of an earlier server").unwrap();
    // Relative, as one types it.
    let (_served, line) = serve(folder.path(), &["--answers", "practice.toml"]);
    assert!(line.starts_with("server = "), "{line}");
    let answers: toml::Table = std::fs::read_to_string(&path).unwrap().parse().unwrap();
    assert!(answers["server"].as_str().unwrap().starts_with("localhost,"));
    assert_eq!(answers["trust"].as_str(), Some("ca-file"));
    assert!(Path::new(answers["ca-file"].as_str().unwrap()).is_absolute());
    assert!(Path::new(answers["password"]["file"].as_str().unwrap()).is_file());
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
}

#[test]
fn an_answer_file_that_cannot_be_written_is_told_and_nothing_is_served() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let words = ["practice", "serve", "--data", data.to_str().unwrap(), "--answers", "/nowhere/practice.toml"];
    let output = program(folder.path(), &words).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(output.stdout.is_empty());
    assert!(String::from_utf8_lossy(&output.stderr).contains("/nowhere/practice.toml"));
}
