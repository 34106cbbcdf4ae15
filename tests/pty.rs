//! The binary in a real pseudo-terminal: start, a first node to the end, resize, Ctrl-C, every way out.
#![cfg(all(target_os = "linux", feature = "practice"))]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod support;

use std::path::Path;

use octopus_setup::model::node_config::NodeConfig;
use support::pty::Pty;

const ENTER: &str = "\r";
const TAB: &str = "\t";
const CTRL_C: &str = "\x03";
const F1: &str = "\x1bOP";
const F2: &str = "\x1bOQ";
const F7: &str = "\x1b[18~";
const F8: &str = "\x1b[19~";

/// A wizard on a practice server of its own, on its start screen.
fn practice(data: &Path) -> Pty {
    let mut pty = Pty::start(&["practice", "--data", data.to_str().unwrap()], &[], 24, 80);
    pty.wait("Getting started");
    pty
}

/// A wizard on the start screen, with its state in a folder of its own.
fn wizard(state: &Path, environment: &[(&str, &str)]) -> Pty {
    let mut all = vec![("OCTOPUS_SETUP_STATE_DIR", state.to_str().unwrap())];
    all.extend_from_slice(environment);
    Pty::start(&[], &all, 24, 80)
}

/// The program gave the terminal back: main screen, cursor shown, no paste or mouse reports.
fn assert_restored(pty: &Pty) {
    let screen = pty.screen();
    assert!(!screen.alternate_screen(), "still on the alternate screen");
    assert!(!screen.hide_cursor(), "the cursor is hidden");
    assert!(!screen.bracketed_paste(), "pastes are still bracketed");
    assert_eq!(screen.mouse_protocol_mode(), vt100::MouseProtocolMode::None);
}

#[test]
fn a_first_node_with_nothing_but_the_keyboard() {
    let folder = tempfile::tempdir().unwrap();
    let mut pty = practice(folder.path());
    to_the_database(&mut pty);
    pty.wait("localhost,");
    for screen in ["Shared storage", "Octopus Server"] {
        go_on(&mut pty, &format!("▸ {screen}"));
    }
    go_on(&mut pty, "This is what the install will do");
    pty.wait("[ Install ]");
    press_the_button(&mut pty, "Install");
    pty.wait("Keep this key");
    pty.send(F2);
    pty.gone("••••••••");
    pty.send(F2);
    pty.wait("••••••••");
    pty.send(F7);
    pty.wait("and was read back");
    pty.send(ENTER);
    pty.wait("This node is configured");
    pty.send(ENTER);
    assert_eq!(pty.exit().exit_code(), 0);
    assert_restored(&pty);
    // The screen is gone; what it said last stays on the terminal.
    let raw = String::from_utf8_lossy(pty.raw()).into_owned();
    let left = raw.rsplit("\x1b[?1049l").next().unwrap();
    for words in ["This node is configured.", "Practice: this is the practice server", "Later:"] {
        assert!(left.contains(words), "{words}: {left}");
    }

    let config = std::fs::read_to_string(folder.path().join("node-1").join(NodeConfig::FILE)).unwrap();
    assert!(toml::from_str::<NodeConfig>(&config).is_ok());

    // The practice cluster outlives the run: a second first node is refused.
    let mut second = practice(folder.path());
    to_the_database(&mut second);
    second.wait("Add this server");
    second.send(CTRL_C);
    second.send(CTRL_C);
    assert_eq!(second.exit().exit_code(), 130);
}

/// The keys of a first node with everything as it comes, from its first screen to its end.
#[test]
fn a_first_node_takes_at_most_nine_keys() {
    let folder = tempfile::tempdir().unwrap();
    let mut pty = practice(folder.path());
    pty.wait("[practice server]");
    pty.send(ENTER);
    pty.wait("▸ Home directory");
    let mut keys = 0;
    let mut press = |pty: &mut Pty, key: &str, until: &str| {
        keys += 1;
        pty.send(key);
        pty.wait(until);
    };
    for screen in ["Service account", "Database", "Shared storage", "Octopus Server", "Review"] {
        press(&mut pty, ENTER, &format!("▸ {screen}"));
    }
    pty.wait("[ Install ]");
    press(&mut pty, TAB, "▸ [ Install ]");
    press(&mut pty, ENTER, "Keep this key");
    press(&mut pty, F7, "and was read back");
    press(&mut pty, ENTER, "This node is configured");
    assert!(keys <= 9, "{keys} keys");
    pty.send(ENTER);
    assert_eq!(pty.exit().exit_code(), 0);
}

/// From the start screen to the database screen.
fn to_the_database(pty: &mut Pty) {
    pty.send(ENTER);
    pty.wait("never shared");
    go_on(pty, "runs as on this machine");
    go_on(pty, "all nodes share");
}

/// Leads the focus to the button, which no Enter does, and presses it.
fn press_the_button(pty: &mut Pty, label: &str) {
    pty.send(TAB);
    pty.wait(&format!("▸ [ {label} ]"));
    pty.send(ENTER);
}

/// Presses Enter, which waits for the checks by itself, and accepts each warning with its own key.
fn go_on(pty: &mut Pty, text: &str) {
    pty.send(ENTER);
    pty.wait_any(&[text, "First accept"]);
    while !pty.text().contains(text) {
        pty.send(F8);
        pty.wait("is accepted");
        pty.send(ENTER);
        pty.wait_any(&[text, "First accept"]);
    }
}

#[test]
fn what_stood_there_goes_even_where_the_terminal_has_no_other_screen() {
    let folder = tempfile::tempdir().unwrap();
    let mut pty = wizard(folder.path(), &[]);
    pty.wait("Getting started");
    // The Linux console knows no alternate screen: what the shell had written would stand between our own words.
    let raw = String::from_utf8_lossy(pty.raw()).into_owned();
    let (cleared, first) = (raw.find("\x1b[2J"), raw.find("octopus-setup"));
    assert!(cleared.is_some() && cleared < first, "{raw:?}");
}

#[test]
fn ctrl_c_asks_once_and_the_terminal_is_given_back() {
    let folder = tempfile::tempdir().unwrap();
    let mut pty = wizard(folder.path(), &[]);
    pty.wait("Getting started");
    pty.send(CTRL_C);
    pty.wait("End");
    pty.send("\x1b");
    pty.wait("Getting started");
    pty.send(CTRL_C);
    pty.send(CTRL_C);
    assert_eq!(pty.exit().exit_code(), 130);
    assert_restored(&pty);
}

#[test]
fn a_recording_is_shown_again_on_the_screens() {
    let folder = tempfile::tempdir().unwrap();
    let (recording, state) = (folder.path().join("run.jsonl"), folder.path().join("state"));
    let recording = recording.to_str().unwrap();
    let start = |words: &[&str], state: &Path| Pty::start(words, &[("OCTOPUS_SETUP_STATE_DIR", state.to_str().unwrap())], 24, 80);
    let mut pty = start(&["--record", recording], &state);
    pty.wait("Getting started");
    pty.send(ENTER);
    pty.wait("never shared");
    pty.send("Replayed");
    pty.wait("Replayed");
    pty.send(CTRL_C);
    pty.wait("End");
    pty.send(CTRL_C);
    assert_eq!(pty.exit().exit_code(), 130);
    assert!(std::fs::read_to_string(recording).unwrap().lines().count() > 3);

    let other = folder.path().join("other-state");
    let mut shown = start(&["--replay", recording], &other);
    shown.wait("Replayed");
    shown.wait("End");
    // Each key goes on by one event, and the first one behind the last event ends the program. How many events there are, and
    // whether keys that come together count as one paste, depends on the machine's load.
    assert_eq!(shown.exit_pressing("x").exit_code(), 0);
    assert_restored(&shown);
    assert!(!other.exists(), "a replay writes nothing");
}

#[test]
fn help_opens_and_closes() {
    let folder = tempfile::tempdir().unwrap();
    let mut pty = wizard(folder.path(), &[]);
    pty.wait("Getting started");
    pty.send(F1);
    pty.wait("into your hands");
    pty.send(F1);
    pty.gone("into your hands");
}

#[test]
fn the_window_is_followed_and_one_that_is_too_small_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let mut pty = wizard(folder.path(), &[]);
    pty.wait("Getting started");
    pty.resize(8, 30);
    pty.wait("Make the window");
    pty.resize(40, 120);
    pty.wait("Getting started");
}

#[test]
fn every_signal_that_ends_gives_the_terminal_back() {
    for (signal, status) in [("TERM", 143), ("HUP", 129), ("INT", 130), ("QUIT", 131)] {
        let folder = tempfile::tempdir().unwrap();
        let mut pty = wizard(folder.path(), &[]);
        pty.wait("Getting started");
        kill(signal, pty.id());
        assert_eq!(pty.exit().exit_code(), status, "SIG{signal}");
        assert_restored(&pty);
    }
}

#[test]
fn suspending_gives_the_terminal_back_and_continuing_takes_it_again() {
    let folder = tempfile::tempdir().unwrap();
    let mut pty = wizard(folder.path(), &[]);
    pty.wait("Getting started");
    let before = pty.raw().len();
    kill("TSTP", pty.id());
    pty.wait_bytes(before, b"\x1b[?1049l");
    pty.wait_until_stopped();
    let before = pty.raw().len();
    kill("CONT", pty.id());
    pty.wait_bytes(before, b"\x1b[?1049h");
    pty.wait("Getting started");
    pty.send(CTRL_C);
    pty.send(CTRL_C);
    assert_eq!(pty.exit().exit_code(), 130);
}

#[test]
fn a_panic_anywhere_gives_the_terminal_back_and_shows_no_value() {
    for place in ["main", "task"] {
        let folder = tempfile::tempdir().unwrap();
        let mut pty = wizard(folder.path(), &[("OCTOPUS_SETUP_REHEARSE_PANIC", place)]);
        assert_eq!(pty.exit().exit_code(), 101, "{place}");
        assert_restored(&pty);
        let shown = String::from_utf8_lossy(pty.raw()).into_owned();
        assert!(shown.contains("a defect in"), "{shown}");
        assert!(!shown.contains("must not be shown"), "{shown}");
    }
}

/// Where panics unwind, as in the builds of the tests, it is the statement's error and no more; a released build ends. To test
/// that one: build it with the feature `rehearsal`, and name it in `OCTOPUS_SETUP_TEST_PROGRAM`.
#[test]
fn a_defect_of_the_practice_server_is_a_failed_login_or_an_orderly_end() {
    let folder = tempfile::tempdir().unwrap();
    let arguments = ["practice", "--data", folder.path().to_str().unwrap()];
    let mut pty = Pty::start(&arguments, &[("OCTOPUS_SETUP_REHEARSE_PANIC", "practice")], 24, 80);
    pty.wait("Getting started");
    to_the_database(&mut pty);
    pty.wait_any(&["failed while", "a defect in"]);
    if std::env::var_os(support::pty::PROGRAM_VARIABLE).is_none() {
        assert!(!pty.text().contains("a defect in"), "{}", pty.text());
        pty.send(CTRL_C);
        pty.send(CTRL_C);
        assert_eq!(pty.exit().exit_code(), 130);
    } else {
        assert_eq!(pty.exit().exit_code(), 101);
    }
    assert_restored(&pty);
    assert!(!String::from_utf8_lossy(pty.raw()).contains("must not be shown"));
}

#[test]
fn a_terminal_that_vanishes_ends_the_process_even_where_sighup_is_ignored() {
    let folder = tempfile::tempdir().unwrap();
    let mut gone = support::pty::Vanishing::start(folder.path(), "Getting started");
    assert_ne!(gone.vanish().exit_code(), 0);
}

#[test]
fn without_a_terminal_it_says_so() {
    let output =
        std::process::Command::new(env!("CARGO_BIN_EXE_octopus-setup")).stdin(std::process::Stdio::null()).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(said.contains("terminal") && said.contains("--plain") && said.contains("--answers"), "{said}");
}

#[test]
fn a_terminal_that_cannot_be_drawn_on_is_talked_to_in_sentences() {
    // The second one does not say what it can do, so nothing is taken for granted.
    for term in ["dumb", ""] {
        let folder = tempfile::tempdir().unwrap();
        let mut pty = wizard(folder.path(), &[("TERM", term)]);
        pty.wait("Choose 1 to 3:");
        pty.send("!\r");
        pty.wait("End the program?");
        pty.send("yes\r");
        assert_eq!(pty.exit().exit_code(), 130);
        assert!(!pty.raw().contains(&0x1b), "{}", pty.text());
    }
}

#[test]
fn help_and_version_are_printed() {
    let run = |argument: &str| {
        let output = std::process::Command::new(env!("CARGO_BIN_EXE_octopus-setup")).arg(argument).output().unwrap();
        assert!(output.status.success());
        String::from_utf8(output.stdout).unwrap()
    };
    assert!(run("--version").starts_with("octopus-setup 0."));
    let help = run("--help");
    assert!(help.contains("first-node") && help.contains("practice"), "{help}");
}

#[test]
fn the_server_alone_prints_where_it_is_and_ends_with_a_signal() {
    use std::io::{BufRead, BufReader};
    let folder = tempfile::tempdir().unwrap();
    let mut child = std::process::Command::new(env!("CARGO_BIN_EXE_octopus-setup"))
        .args(["practice", "serve", "--data", folder.path().to_str().unwrap()])
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let head: Vec<String> = lines.by_ref().take(6).map(Result::unwrap).collect();
    let table: toml::Table = toml::from_str(&head.join("\n")).unwrap();
    assert_eq!(table.keys().map(String::as_str).collect::<Vec<_>>(), ["server", "port", "user", "password", "ca_file", "data"]);
    kill("INT", child.id());
    assert!(child.wait().unwrap().success());
}

/// Sends a signal by the system's own `kill`.
fn kill(signal: &str, process: u32) {
    let status = std::process::Command::new("kill").args([&format!("-{signal}"), &process.to_string()]).status().unwrap();
    assert!(status.success());
}

/// A first node is come to with nothing but Enter, and no further than to its plan: a held key writes nothing.
#[test]
fn held_keys_on_every_screen_of_a_first_node_write_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let mut pty = practice(folder.path());
    let home = folder.path().join("node-1");
    for screen in ["Home directory", "Service account", "Database", "Shared storage", "Octopus Server", "Review"] {
        go_on(&mut pty, &format!("▸ {screen}"));
        if screen != "Review" {
            pty.send(&"\t".repeat(60));
        }
        assert!(!home.exists(), "{screen}\n{}", pty.text());
    }
    // Without a plan, there is nothing that Enter could begin.
    pty.wait("[ Install ]");
    pty.send(&ENTER.repeat(60));
    pty.wait("leads to the button");
    pty.send(&" ".repeat(60));
    pty.send(CTRL_C);
    pty.send(CTRL_C);
    assert_eq!(pty.exit().exit_code(), 130);
    assert!(!home.exists() && !folder.path().join("key.txt").exists());
}
