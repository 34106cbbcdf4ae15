//! How the program ends, each way by a real run; and runs beside each other.

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

use octopus_setup::wizard::event::Event;

use crate::program::*;
use crate::scene::*;
use crate::support::walk::to;

/// Sends a signal by the system's own `kill`.
fn kill(signal: &str, child: &Child) {
    assert!(Command::new("kill").args([&format!("-{signal}"), &child.id().to_string()]).status().unwrap().success());
}

/// Reads what it tells until this is in it.
fn until(child: &mut Child, text: &str) -> (BufReader<std::process::ChildStdout>, String) {
    let (mut out, mut said) = (BufReader::new(child.stdout.take().unwrap()), String::new());
    while !said.contains(text) {
        assert!(out.read_line(&mut said).unwrap() > 0, "it ended before {text:?}\n{said}");
    }
    (out, said)
}

/// A signal as soon as this is told; the status, and everything that was told.
fn signalled(program: &Program<'_>, signal: &str, when: &str) -> (Option<i32>, String) {
    let mut child = program.begin();
    let (mut out, mut said) = until(&mut child, when);
    kill(signal, &child);
    out.read_to_string(&mut said).unwrap();
    (child.wait().unwrap().code(), said)
}

async fn far_away() -> Site {
    Site::with(|options| options.faults.round_trip = Duration::from_millis(60)).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_refuses_has_its_status_and_writes_nothing() {
    let site = Site::start().await;
    let first = || Program::with_flags(&site, Flow::FirstNode, "node-1", "");
    ends(&first().and(&["--no-such-flag"]).run(), 2);
    ends(&first().and(&["--set", "comms-port=none"]).run(), 3);
    ends(&first().and(&["--set", "no-such-field=1"]).run(), 3);
    let mut wrong = first();
    wrong.environment[0].1 = "wrong".to_owned();
    ends(&wrong.run(), 4);
    ends(&first().and(&["--dry-run"]).run(), 0);
    assert!(!site.home("node-1").exists() && !key_file(&site).exists() && !first().state().exists());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_signal_before_the_install_leaves_nothing() {
    for (signal, status) in [("INT", 130), ("TERM", 143)] {
        let site = far_away().await;
        let program = Program::with_flags(&site, Flow::FirstNode, "node-1", "");
        let (code, said) = signalled(&program, signal, "Proving: ");
        assert_eq!(code, Some(status), "{said}");
        assert!(said.contains("Nothing was written."), "{said}");
        assert!(!site.home("node-1").exists() && program.journals() == 0);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_signal_in_the_install_leaves_a_run_that_the_same_command_finishes_and_another_does_not() {
    for (signal, status) in [("INT", 130), ("TERM", 143)] {
        let site = far_away().await;
        let program = Program::with_flags(&site, Flow::FirstNode, "node-1", "");
        let (code, said) = signalled(&program, signal, "  3/6 begun");
        assert_eq!(code, Some(status), "{said}");
        assert!(said.contains("The same command goes on where this one stopped"), "{said}");
        let mut other = Program::with_flags(&site, Flow::FirstNode, "node-1", "");
        other.words.retain(|word| !word.starts_with("--database="));
        let refused = other.and(&["--database=Elsewhere"]).run();
        ends(&refused, 3);
        assert!(told(&refused).contains("database: "), "{}", told(&refused));
        let again = program.run();
        ends(&again, 0);
        assert!(told(&again).contains("Going on with the run that stopped after"), "{}", told(&again));
        assert_eq!(program.journals(), 0);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_goes_away_in_the_install_leaves_it_unfinished() {
    let site = far_away().await;
    let (home, key) = (site.home("node-1"), key_file(&site));
    let program = Program::with_flags(&site, Flow::FirstNode, "node-1", "");
    let (mut child, words) = (program.begin(), program.words);
    let (mut out, mut said) = until(&mut child, "  3/6 begun");
    // Held, so that the server is gone before the next step begins, however fast that is.
    kill("STOP", &child);
    let site = site
        .restarted_around(async || {
            kill("CONT", &child);
            out.read_to_string(&mut said).unwrap();
            assert_eq!(child.wait().unwrap().code(), Some(7), "{said}");
            assert!(said.contains("Unfinished. What is done stays"), "{said}");
        })
        .await;
    let mut again = Program::with_flags(&site, Flow::FirstNode, "node-1", "");
    again.words = words;
    ends(&again.run(), 0);
    assert!(home.join("octopus-node.toml").exists() && key.exists());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_hangs_on_what_it_is_connected_to() {
    let site = Site::start().await;
    let key = cluster(&site);
    for (node, shell) in [
        ("stdin", "\"$0\" \"$@\" <&-"),
        ("stdout", "\"$0\" \"$@\" >&-"),
        ("stderr", "\"$0\" \"$@\" 2>&-"),
        ("all", "\"$0\" \"$@\" <&- >&- 2>&-"),
        ("full", "\"$0\" \"$@\" >/dev/full"),
    ] {
        let output = Program::with_flags(&site, Flow::Join, node, &key).through(shell).output().unwrap();
        ends(&output, 0);
        assert!(config(&site, node).contains(node));
    }
    let program = Program::with_flags(&site, Flow::Join, "unread", &key);
    let mut child = program.begin();
    drop(child.stdout.take());
    assert_eq!(child.wait().unwrap().code(), Some(0));
    assert!(config(&site, "unread").contains("unread"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_first_nodes_at_once_one_is_first_and_the_other_says_who_was() {
    let site = Site::start().await;
    let both = ["blue", "green"].map(|node| {
        let mut program = Program::with_flags(&site, Flow::FirstNode, node, "");
        program.words.retain(|word| !word.starts_with("--key-file="));
        program.and(&["--key-file", &site.home(&format!("{node}.key")).display().to_string()])
    });
    let children = [both[0].begin(), both[1].begin()];
    let outputs: Vec<Output> = children.into_iter().map(|child| child.wait_with_output().unwrap()).collect();
    let codes: Vec<Option<i32>> = outputs.iter().map(|output| output.status.code()).collect();
    let winner = codes.iter().position(|code| *code == Some(0));
    let all = outputs.iter().map(told).collect::<Vec<_>>().join("\n");
    let winner = winner.unwrap_or_else(|| panic!("nobody has won\n{all}"));
    assert_eq!(codes[1 - winner], Some(5), "{all}");
    let said = String::from_utf8_lossy(&outputs[winner].stdout).into_owned();
    let id = said.lines().find_map(|line| line.strip_prefix("  Cluster ")).unwrap().trim();
    let (short, loser) = (format!("{}-{}", &id[..4], &id[4..8]), told(&outputs[1 - winner]));
    assert!(loser.contains(&format!("cluster {short}")), "{short}\n{loser}");
    assert!(!site.home(["blue", "green"][1 - winner]).join("octopus-node.toml").exists());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn eight_joins_at_once_are_eight_nodes() {
    let site = Site::start().await;
    let key = cluster(&site);
    let names: Vec<String> = (2..10).map(|number| format!("node-{number}")).collect();
    let all: Vec<Program<'_>> = names.iter().map(|name| Program::with_flags(&site, Flow::Join, name, &key)).collect();
    let children: Vec<Child> = all.iter().map(Program::begin).collect();
    for child in children {
        ends(&child.wait_with_output().unwrap(), 0);
    }
    let review = Command::new(env!("CARGO_BIN_EXE_octopus-setup"))
        .args(["review", "--check"])
        .env("OCTOPUS_SETUP_STATE_DIR", all[0].state())
        .stdin(Stdio::null())
        .output()
        .unwrap();
    assert!(told(&review).contains("Nodes of the cluster: 9"), "{}", told(&review));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_that_the_screens_began_is_gone_on_with_and_not_begun_beside() {
    let site = Site::start().await;
    let mut program = Program::with_flags(&site, Flow::FirstNode, "node-1", "");
    program.machine = "shared";
    let folder = program.state().file_name().unwrap().to_string_lossy().into_owned();
    let mut engine = site.wizard_with_state("node-1", &folder, Some(Flow::FirstNode));
    to(&mut engine, octopus_setup::model::screen::ScreenId::Review).await;
    // The same answers as on the screens, ports and all.
    for field in [FieldId::ListenPrefixes, FieldId::CommsPort, FieldId::GrpcPort] {
        let text = engine.state().answers.text(field).to_owned();
        program.words.retain(|word| !word.starts_with(&format!("--{}=", field.id())));
        program.words.push(format!("--{}={text}", field.id()));
    }
    engine.handle(Event::Next);
    for _ in 0..5 {
        let event = engine.next_event().await;
        engine.handle(event);
    }
    // Whoever comes while the screens are at work keeps away.
    let busy = program.run();
    assert!(matches!(busy.status.code(), Some(4 | 7)), "{}", told(&busy));
    drop(engine);
    let lock = octopus_setup::world::places::Places::under(program.state());
    while octopus_setup::world::lock::Lock::take(&lock, "node-1").is_err() {
        tokio::task::yield_now().await;
    }
    let output = program.run();
    ends(&output, 0);
    assert!(told(&output).contains("Going on with the run that stopped after"), "{}", told(&output));
}
