//! The terminal is given back on every way out, and its vanishing is noticed. The test program starts itself anew inside
//! a pseudo-terminal for that.

#![cfg(unix)]
#![expect(clippy::expect_used, reason = "a test that cannot go on fails")]

use std::io::Read;
use std::time::{Duration, Instant};

use octopus_setup::faces::tui::{Terminal, TerminalOptions, TuiEvent, is_taken, start_input};
use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};

/// What the program does inside the pseudo-terminal.
const ROLE: &str = "OCTOPUS_SETUP_TEST_ROLE";

/// Starts this very test program in a pseudo-terminal, where it runs [`inside`] in a role.
fn inside_a_terminal(role: &str) -> (Box<dyn MasterPty + Send>, Box<dyn Child + Send + Sync>) {
    let pair = native_pty_system().openpty(PtySize { rows: 24, cols: 80, pixel_width: 0, pixel_height: 0 }).expect("a terminal");
    let program = std::env::current_exe().expect("this program");
    // A shell that ignores SIGHUP, as the wizard does while it cleans up; crossterm would spin from then on.
    let mut command = CommandBuilder::new("sh");
    command.args(["-c", "trap '' HUP; exec \"$0\" --exact inside --ignored --nocapture --test-threads 1"]);
    command.arg(program);
    command.env(ROLE, role);
    command.env("TERM", "xterm-256color");
    let child = pair.slave.spawn_command(command).expect("a child");
    (pair.master, child)
}

/// What a program that ended by itself wrote.
fn written(role: &str) -> String {
    let (master, mut child) = inside_a_terminal(role);
    let mut reader = master.try_clone_reader().expect("a reader");
    let mut bytes = Vec::new();
    // The end of a pseudo-terminal is an error on Linux.
    let _ = reader.read_to_end(&mut bytes);
    child.wait().expect("its end");
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Not a test of its own: the program inside the pseudo-terminal.
#[test]
#[ignore = "runs inside a pseudo-terminal only"]
fn inside() {
    let Ok(role) = std::env::var(ROLE) else { return };
    let mut terminal = Terminal::enter(TerminalOptions { mouse: true }).expect("a terminal");
    terminal.draw(|frame| frame.buffer_mut().set_string(0, 0, "painted", ratatui::style::Style::new())).expect("a frame");
    match role.as_str() {
        "drop" => drop(terminal),
        "panic-elsewhere" => {
            let _ = std::thread::spawn(|| panic!("elsewhere")).join();
            assert!(!is_taken());
            assert!(terminal.draw(|_| ()).is_err(), "what goes on must not paint over the shell");
            // Dropping it once more must change nothing.
            drop(terminal);
        }
        "gone" => {
            let mut input = start_input().expect("input");
            while let Some(event) = input.blocking_recv() {
                if matches!(event, TuiEvent::Gone) {
                    drop(terminal);
                    std::process::exit(42);
                }
            }
        }
        other => panic!("{other}"),
    }
}

/// Everything that was switched on is switched off again, once.
fn is_restored(written: &str) {
    for (on, off) in [("\u{1b}[?1049h", "\u{1b}[?1049l"), ("\u{1b}[?2004h", "\u{1b}[?2004l"), ("\u{1b}[?1000h", "\u{1b}[?1000l")]
    {
        assert_eq!(written.matches(on).count(), 1, "{written:?}");
        assert_eq!(written.matches(off).count(), 1, "{written:?}");
        assert!(written.find(on) < written.find(off), "{written:?}");
    }
    assert!(written.rfind("\u{1b}[?25h") > written.rfind("\u{1b}[?1049l"), "the cursor is shown: {written:?}");
    assert!(written.contains("painted"));
}

#[test]
fn leaving_gives_it_back() {
    is_restored(&written("drop"));
}

#[test]
fn a_panic_in_another_thread_gives_it_back_before_its_words() {
    let written = written("panic-elsewhere");
    is_restored(&written);
    assert!(written.find("\u{1b}[?1049l") < written.find("elsewhere"), "{written:?}");
    assert!(written.contains("test result: ok"), "{written:?}");
}

#[test]
fn a_terminal_that_vanishes_is_noticed() {
    let (master, mut child) = inside_a_terminal("gone");
    let mut reader = master.try_clone_reader().expect("a reader");
    let mut seen = Vec::new();
    let mut byte = [0; 256];
    while !String::from_utf8_lossy(&seen).contains("painted") {
        let read = reader.read(&mut byte).expect("output");
        seen.extend_from_slice(&byte[..read]);
    }
    drop(reader);
    drop(master);
    let gone = Instant::now();
    assert_eq!(child.wait().expect("its end").exit_code(), 42);
    assert!(gone.elapsed() < Duration::from_secs(1), "{:?}", gone.elapsed());
}
