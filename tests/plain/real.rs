//! The binary itself: piped, and in a terminal that cannot move its cursor.
#![cfg(target_os = "linux")]

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

use octopus_setup::model::node_config::NodeConfig;

use crate::scene::*;
use crate::shared::pty::Pty;

/// Starts the binary with pipes.
fn begin(scene: &Scene, machine: &str, arguments: &[&str]) -> Child {
    Command::new(env!("CARGO_BIN_EXE_octopus-setup"))
        .args(arguments)
        .env("OCTOPUS_SETUP_STATE_DIR", scene.site.home(machine).join("state"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

/// Runs the binary with these lines on its standard input.
fn piped(scene: &Scene, machine: &str, arguments: &[&str], lines: &[String]) -> Output {
    let mut child = begin(scene, machine, arguments);
    let mut input = child.stdin.take().unwrap();
    // All at once: whoever read ahead and threw it away would miss its answers.
    input.write_all(format!("{}\n", lines.join("\n")).as_bytes()).unwrap();
    drop(input);
    child.wait_with_output().unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_piped_transcript_builds_a_first_node() {
    let scene = Scene::new().await;
    let lines = scene.first_node();
    let output = piped(&scene, "m", &["--plain", "first-node"], &lines[1..]);
    let said = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(0), "{said}");
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    assert!(said.contains("is configured."), "{said}");
    assert!(!said.contains(PASSWORD) && !said.contains('\x1b') && !said.contains('\r'), "{said}");
    assert!(scene.site.home("node-1").join(NodeConfig::FILE).exists());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_end_of_a_pipe_leaves_nothing() {
    let scene = Scene::new().await;
    let output = piped(&scene, "m", &["--plain"], &["1".to_owned()]);
    assert_eq!(output.status.code(), Some(130));
    assert!(!scene.site.home("m").exists());
}

#[test]
fn without_a_terminal_it_is_said_what_to_do_instead() {
    let run = Command::new(env!("CARGO_BIN_EXE_octopus-setup")).arg("join").stdin(Stdio::null()).output().unwrap();
    let said = String::from_utf8(run.stderr).unwrap();
    assert_eq!(run.status.code(), Some(2));
    assert!(said.contains("--plain") && said.contains("--answers FILE --yes"), "{said}");
}

/// Whether a terminal shows what is typed, by the system's own `stty`.
fn shows(terminal: &Path) -> bool {
    let shown = Command::new("stty").arg("-F").arg(terminal).arg("-a").output().unwrap();
    let shown = String::from_utf8(shown.stdout).unwrap();
    assert!(shown.contains("echo"), "{shown}");
    shown.split([' ', ';', '\n']).any(|word| word == "echo")
}

/// Whether the terminal of a process does.
fn echoes(process: u32) -> bool {
    shows(Path::new(&format!("/proc/{process}/fd/0")))
}

/// A wizard in a terminal that cannot move its cursor, at the question for the password.
fn at_the_password(scene: &Scene) -> Pty {
    let state = scene.site.home("m").join("state");
    let environment = [("TERM", "dumb"), ("OCTOPUS_SETUP_STATE_DIR", state.to_str().unwrap())];
    let mut pty = Pty::start(&["first-node"], &environment, 200, 200);
    for (question, line) in ["(instance)", "(home)", "(node-name)", "(service-account)", "(server)", "(database)", "(user)"]
        .into_iter()
        .zip(scene.to_the_password("first-node", "node-1").into_iter().skip(1))
    {
        pty.wait(question);
        pty.send(&format!("{line}\r"));
    }
    pty.wait("(password)");
    pty
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_password_is_not_echoed_and_the_echo_is_back_for_the_next_question() {
    let scene = Scene::new().await;
    let mut pty = tokio::task::block_in_place(|| at_the_password(&scene));
    tokio::task::block_in_place(|| {
        while echoes(pty.id()) {
            std::thread::yield_now();
        }
        pty.send(&format!("{PASSWORD}\r"));
        pty.wait("Change one of these?");
        while !echoes(pty.id()) {
            std::thread::yield_now();
        }
        pty.send("\x04");
        assert_eq!(pty.exit().exit_code(), 130);
    });
    let raw = String::from_utf8_lossy(pty.raw()).into_owned();
    assert!(!raw.contains(PASSWORD) && !raw.contains('\x1b'), "{raw:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_ctrl_c_at_a_password_the_echo_is_back() {
    let scene = Scene::new().await;
    let mut pty = tokio::task::block_in_place(|| at_the_password(&scene));
    tokio::task::block_in_place(|| {
        while echoes(pty.id()) {
            std::thread::yield_now();
        }
        // Somebody has to hold the terminal, as the shell would, or its settings go with the program.
        let terminal = std::fs::read_link(format!("/proc/{}/fd/0", pty.id())).unwrap();
        let held = std::fs::File::open(&terminal).unwrap();
        pty.send("\x03");
        assert_eq!(pty.exit().exit_code(), 130);
        assert!(shows(&terminal));
        drop(held);
    });
    assert!(pty.text().contains("Ended by a signal. Nothing was written."), "{}", pty.text());
}

#[test]
fn a_run_by_itself_that_asks_for_a_secret_and_is_ended_gives_the_echo_back() {
    let folder = tempfile::tempdir().unwrap();
    let state = folder.path().join("state");
    let environment = [("TERM", "xterm"), ("OCTOPUS_SETUP_STATE_DIR", state.to_str().unwrap())];
    let words = ["join", "--yes", "--output", "json", "--server", "sql01", "--user", "octopus", "--password-from", "prompt"];
    let mut pty = Pty::start(&words, &environment, 24, 80);
    pty.wait("Password");
    while echoes(pty.id()) {
        std::thread::yield_now();
    }
    let terminal = std::fs::read_link(format!("/proc/{}/fd/0", pty.id())).unwrap();
    let held = std::fs::File::open(&terminal).unwrap();
    kill("TERM", pty.id());
    assert_eq!(pty.exit().exit_code(), 143);
    assert!(shows(&terminal));
    drop(held);

    let mut pty = Pty::start(&words, &environment, 24, 200);
    pty.wait("Password");
    while echoes(pty.id()) {
        std::thread::yield_now();
    }
    pty.send("\x03");
    assert_eq!(pty.exit().exit_code(), 130);
    assert!(pty.text().contains("\"event\":\"end\"") && pty.text().contains("\"exit\":130"), "{}", pty.text());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn suspended_at_a_password_the_terminal_is_the_shell_s_again() {
    let scene = Scene::new().await;
    let mut pty = tokio::task::block_in_place(|| at_the_password(&scene));
    tokio::task::block_in_place(|| {
        while echoes(pty.id()) {
            std::thread::yield_now();
        }
        kill("TSTP", pty.id());
        pty.wait_until_stopped();
        assert!(echoes(pty.id()));
        let before = pty.raw().len();
        kill("CONT", pty.id());
        pty.wait_bytes(before, b"(password)");
        assert!(!echoes(pty.id()));
        kill("TERM", pty.id());
        assert_eq!(pty.exit().exit_code(), 143);
    });
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn interrupted_in_an_install_it_stops_behind_the_step_and_asks_what_to_do() {
    let scene = Scene::with_round_trip(Duration::from_millis(100)).await;
    let mut lines = scene.first_node();
    let install = lines.iter().position(|line| line == "install").unwrap();
    lines.truncate(install + 1);
    lines.extend(["undo", "yes", "leave"].map(str::to_owned));
    // So far away a server is warned of: before the storage, and the nine questions about Octopus Server.
    lines.insert(install - 10, "yes".to_owned());
    let mut child = begin(&scene, "m", &["--plain"]);
    child.stdin.take().unwrap().write_all(format!("{}\n", lines.join("\n")).as_bytes()).unwrap();
    let mut output = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
    let mut said = Vec::new();
    while !said.last().is_some_and(|line: &String| line.starts_with("Step 3 of 6: ")) {
        said.push(output.next().unwrap());
    }
    kill("INT", child.id());
    said.extend(output);
    let said = said.join("\n");
    assert_eq!(child.wait().unwrap().code(), Some(130), "{said}");
    assert!(said.contains("The install stops; what is done stays."), "{said}");
    assert!(said.contains("Everything that this run created is undone."), "{said}");
    assert!(!scene.site.home("node-1").exists());
}

/// Sends a signal by the system's own `kill`.
fn kill(signal: &str, process: u32) {
    let status = Command::new("kill").args([&format!("-{signal}"), &process.to_string()]).status().unwrap();
    assert!(status.success());
}
