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

/// Starts `practice serve`, and returns the first lines that it prints.
fn serve_lines(folder: &Path, words: &[&str], count: usize) -> (Served, Vec<String>) {
    let data = folder.join("data");
    let words = [&["practice", "serve", "--data", data.to_str().unwrap()], words].concat();
    let mut child = program(folder, &words).current_dir(folder).stdout(Stdio::piped()).spawn().unwrap();
    let output = BufReader::new(child.stdout.take().unwrap());
    let lines = output.lines().take(count).collect::<Result<_, _>>().unwrap();
    (Served(child), lines)
}

/// Starts `practice serve`, and returns the first line that it prints.
fn serve(folder: &Path, words: &[&str]) -> (Served, String) {
    let (served, mut lines) = serve_lines(folder, words, 1);
    (served, lines.remove(0))
}

#[test]
fn it_prints_six_lines_of_toml_and_no_password_in_a_command() {
    let folder = tempfile::tempdir().unwrap();
    let (_served, lines) = serve_lines(folder.path(), &[], 11);
    let (head, tail) = (&lines[..6], &lines[7..]);
    let keys: Vec<&str> = head.iter().filter_map(|line| line.split_once(" = ")).map(|(key, _)| key).collect();
    assert_eq!(keys, ["server", "port", "user", "password", "ca_file", "data"]);
    assert_eq!(lines[6], "");
    assert!(tail.iter().all(|line| line.starts_with("# ")), "{tail:?}");
    let table: toml::Table = lines.join("\n").parse().unwrap();
    let password = table["password"].as_str().unwrap();
    assert!(!tail.iter().any(|line| line.contains(password)), "{tail:?}");
    let logins = std::fs::read_to_string(folder.path().join("data/logins.toml")).unwrap();
    let logins: toml::Table = logins.parse().unwrap();
    assert!(!lines.iter().any(|line| line.contains(logins["sa"].as_str().unwrap())), "the administrator's stays in the folder");
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
    let keys: Vec<&str> = answers.keys().map(String::as_str).collect();
    assert_eq!(keys, ["server", "user", "trust", "ca-file", "password"]);
    let secret = Path::new(answers["password"]["file"].as_str().unwrap());
    let password = std::fs::read_to_string(secret).unwrap();
    assert!(password.len() > 8 && !std::fs::read_to_string(&path).unwrap().contains(&password));
    for private in [&path, secret] {
        assert_eq!(std::fs::metadata(private).unwrap().permissions().mode() & 0o777, 0o600, "{}", private.display());
    }
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
