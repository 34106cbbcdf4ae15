//! A program in a real pseudo-terminal: sends keys and reads the screen. Waits for text or for the program's end, never
//! for a fixed time.

use std::ffi::OsString;
use std::io::{Read, Write};
use std::path::Path;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::{Duration, Instant};

use portable_pty::{Child, CommandBuilder, ExitStatus, MasterPty, PtySize, native_pty_system};

/// How long a wait lasts before the test fails. It is long for slow machines, and never used up in a passing test.
const PATIENCE: Duration = Duration::from_secs(60);

/// Returns the program under test: the current build, or another one such as a release build.
pub fn program() -> OsString {
    std::env::var_os(PROGRAM_VARIABLE).unwrap_or_else(|| env!("CARGO_BIN_EXE_octopus-setup").into())
}

/// The variable that names another build to test.
pub const PROGRAM_VARIABLE: &str = "OCTOPUS_SETUP_TEST_PROGRAM";

/// A program in a pseudo-terminal.
pub struct Pty {
    master: Box<dyn MasterPty + Send>,
    child: Box<dyn Child + Send + Sync>,
    writer: Box<dyn Write + Send>,
    output: Receiver<Vec<u8>>,
    screen: vt100::Parser,
    raw: Vec<u8>,
}

impl Pty {
    /// Starts the wizard in a terminal of this size, with these variables in addition to a minimal environment.
    pub fn start(arguments: &[&str], environment: &[(&str, &str)], rows: u16, cols: u16) -> Self {
        let pair = native_pty_system().openpty(PtySize { rows, cols, pixel_width: 0, pixel_height: 0 }).unwrap();
        let mut command = CommandBuilder::new(program());
        command.args(arguments);
        command.env("TERM", "xterm-256color");
        command.env("LANG", "C.UTF-8");
        for name in ["NO_COLOR", "DISPLAY", "WAYLAND_DISPLAY"] {
            command.env_remove(name);
        }
        for (name, value) in environment {
            command.env(name, value);
        }
        let child = pair.slave.spawn_command(command).unwrap();
        drop(pair.slave);
        let mut reader = pair.master.try_clone_reader().unwrap();
        let (sender, output) = channel();
        thread::spawn(move || {
            let mut buffer = vec![0; 65536];
            while let Ok(count) = reader.read(&mut buffer) {
                if count == 0 || sender.send(buffer[..count].to_vec()).is_err() {
                    break;
                }
            }
        });
        let writer = pair.master.take_writer().unwrap();
        Self { master: pair.master, child, writer, output, screen: vt100::Parser::new(rows, cols, 0), raw: Vec::new() }
    }

    /// Types text or control sequences.
    pub fn send(&mut self, text: &str) {
        self.writer.write_all(text.as_bytes()).unwrap();
        self.writer.flush().unwrap();
    }

    /// Returns the text on the screen.
    pub fn text(&self) -> String {
        self.screen.screen().contents()
    }

    /// Returns every byte that the program has written.
    pub fn raw(&self) -> &[u8] {
        &self.raw
    }

    /// Returns the terminal's state.
    pub fn screen(&self) -> &vt100::Screen {
        self.screen.screen()
    }

    /// Waits until the screen shows a text.
    pub fn wait(&mut self, text: &str) {
        self.until(|shown| shown.contains(text), text);
    }

    /// Waits until the screen shows one of these texts.
    pub fn wait_any(&mut self, texts: &[&str]) {
        self.until(|shown| texts.iter().any(|text| shown.contains(text)), &texts.join(" | "));
    }

    /// Waits until the program has written these bytes anywhere after `from`.
    pub fn wait_bytes(&mut self, from: usize, bytes: &[u8]) {
        let end = Instant::now() + PATIENCE;
        while !self.raw[from..].windows(bytes.len()).any(|window| window == bytes) {
            match self.output.recv_timeout(end.saturating_duration_since(Instant::now())) {
                Ok(more) => self.take(&more),
                Err(error) => panic!("never wrote {bytes:?} ({error}); the screen:\n{}", self.text()),
            }
        }
    }

    /// Waits until the screen no longer shows a text.
    pub fn gone(&mut self, text: &str) {
        self.until(|shown| !shown.contains(text), text);
    }

    fn until(&mut self, mut true_of: impl FnMut(&str) -> bool, what: &str) {
        let end = Instant::now() + PATIENCE;
        while !true_of(&self.text()) {
            match self.output.recv_timeout(end.saturating_duration_since(Instant::now())) {
                Ok(bytes) => self.take(&bytes),
                Err(RecvTimeoutError::Timeout) => panic!("never came true: {what:?}; the screen:\n{}", self.text()),
                Err(RecvTimeoutError::Disconnected) => {
                    panic!("the program ended before {what:?}; the screen:\n{}", self.text())
                }
            }
        }
    }

    fn take(&mut self, bytes: &[u8]) {
        self.raw.extend_from_slice(bytes);
        self.screen.process(bytes);
    }

    /// Changes the window's size.
    pub fn resize(&mut self, rows: u16, cols: u16) {
        self.screen.screen_mut().set_size(rows, cols);
        self.master.resize(PtySize { rows, cols, pixel_width: 0, pixel_height: 0 }).unwrap();
    }

    /// Returns the process id.
    pub fn id(&self) -> u32 {
        self.child.process_id().unwrap()
    }

    /// Waits until the process has stopped itself (state `T` in `/proc`), as after Ctrl-Z.
    pub fn wait_until_stopped(&self) {
        let stat = format!("/proc/{}/stat", self.id());
        let end = Instant::now() + PATIENCE;
        while !std::fs::read_to_string(&stat).unwrap().contains(") T ") {
            assert!(Instant::now() < end, "it does not stop");
            thread::yield_now();
        }
    }

    /// Waits for the program's end, and reads its remaining output.
    pub fn exit(&mut self) -> ExitStatus {
        self.exit_pressing("")
    }

    /// Waits for the program's end as [`Pty::exit`] does, and presses a key again and again until it comes.
    pub fn exit_pressing(&mut self, key: &str) -> ExitStatus {
        let end = Instant::now() + PATIENCE;
        let status = loop {
            // The program may have ended since; then nobody reads the key.
            let _ = self.writer.write_all(key.as_bytes());
            // The program may block on output that is not read, so output and exit are polled in turn.
            while let Ok(bytes) = self.output.recv_timeout(Duration::from_millis(10)) {
                self.take(&bytes);
            }
            if let Some(status) = self.child.try_wait().unwrap() {
                break status;
            }
            assert!(Instant::now() < end, "the program does not end; the screen:\n{}", self.text());
        };
        while let Ok(bytes) = self.output.recv_timeout(Duration::from_millis(50)) {
            self.take(&bytes);
        }
        status
    }
}

impl Drop for Pty {
    fn drop(&mut self) {
        let _ = self.child.kill();
    }
}

/// A wizard whose terminal can be taken away, as when an SSH connection drops. Only the test holds the terminal, and
/// SIGHUP is ignored, so the wizard has to notice by itself; crossterm alone would spin.
pub struct Vanishing {
    master: Option<Box<dyn MasterPty + Send>>,
    child: Box<dyn Child + Send + Sync>,
}

impl Vanishing {
    /// Starts a wizard, and waits until it shows a text.
    pub fn start(state: &Path, text: &str) -> Self {
        let pair = native_pty_system().openpty(PtySize { rows: 24, cols: 80, pixel_width: 0, pixel_height: 0 }).unwrap();
        let mut command = CommandBuilder::new("sh");
        command.args(["-c", "trap '' HUP; exec \"$0\""]);
        command.arg(program());
        command.env("TERM", "xterm-256color");
        command.env("OCTOPUS_SETUP_STATE_DIR", state);
        let child = pair.slave.spawn_command(command).unwrap();
        drop(pair.slave);
        let mut reader = pair.master.try_clone_reader().unwrap();
        let mut screen = vt100::Parser::new(24, 80, 0);
        let mut buffer = vec![0; 4096];
        while !screen.screen().contents().contains(text) {
            let count = reader.read(&mut buffer).unwrap();
            assert!(count > 0, "it ended before it showed {text:?}");
            screen.process(&buffer[..count]);
        }
        Self { master: Some(pair.master), child }
    }

    /// Takes the terminal away, and waits for the program's end.
    pub fn vanish(&mut self) -> ExitStatus {
        self.master = None;
        self.child.wait().unwrap()
    }
}
