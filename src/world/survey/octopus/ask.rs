//! Running Octopus Server's program for what it says: bounded in time and in bytes, and ended with all that it started.

use std::ffi::OsString;
use std::io::{PipeReader, Read};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use crate::model::facts::Trouble;
use crate::model::untrusted::Untrusted;
use crate::world::budget::io;

/// How long the program gets. A .NET program that was not started for a while takes a second or two.
pub(super) const BUDGET: Duration = Duration::from_secs(10);
/// What ending it may take beyond that.
pub(super) const SLACK: Duration = Duration::from_secs(2);
/// The most bytes of its output that are read.
pub(super) const MOST: u64 = 64 << 10;
/// How long it may take to end once it has closed its output.
const ENDING: Duration = Duration::from_secs(1);

/// What the child is given of the environment: what .NET and the loader need. The rest may hold secrets of ours.
const ENVIRONMENT: [&str; 14] = [
    "PATH",
    "HOME",
    "LANG",
    "TMPDIR",
    "TEMP",
    "TMP",
    "SystemRoot",
    "SystemDrive",
    "windir",
    "ProgramData",
    "ProgramFiles",
    "USERPROFILE",
    "LOCALAPPDATA",
    "APPDATA",
];

/// What the program said.
#[derive(Debug)]
pub(super) struct Said {
    /// All that it printed, to either output, as far as it was read.
    pub(super) text: String,
    /// How it ended; `None` where it had not ended by itself.
    pub(super) ended: Option<ExitStatus>,
}

impl Said {
    /// How it ended, as a part of a sentence: `it ended with status 3`.
    fn ending(&self) -> String {
        match self.ended {
            Some(status) => match status.code() {
                Some(code) => format!("it ended with status {code}"),
                None => "it was ended by a signal".to_owned(),
            },
            None => "it did not end by itself".to_owned(),
        }
    }

    /// What is to be told of an answer that was not the one that was asked for: how it ended, and its first words.
    pub(super) fn no_answer(&self, what: &str) -> Trouble {
        /// So many characters of what it printed are quoted.
        const QUOTED: usize = 300;
        let all = Untrusted::new(&self.text);
        let mut quoted: String = all.as_str().chars().take(QUOTED).collect();
        if quoted.len() < all.as_str().len() {
            quoted.push('…');
        }
        let said = if quoted.is_empty() { "and printed nothing".to_owned() } else { format!("and printed: {quoted}") };
        Trouble::Io(format!("asked for {what}, {} {said}", self.ending()).into())
    }
}

/// Runs `<program> <words>` for at most `budget`, and ends it in any case.
pub(super) fn ask(program: &Path, words: &[&str], budget: Duration) -> Result<Said, Trouble> {
    if let Some(said) = unsafe_to_run(program) {
        return Err(Trouble::Io(said.into()));
    }
    let begun = Instant::now();
    let (reader, writer) = std::io::pipe().map_err(|error| io(&error))?;
    let kept = ENVIRONMENT.into_iter().filter_map(|name| Some((OsString::from(name), std::env::var_os(name)?)));
    let mut command = Command::new(program);
    // One pipe for both outputs, so that an exception stands where it was printed.
    let both = writer.try_clone().map_err(|error| io(&error))?;
    command.args(words).env_clear().envs(kept).stdin(Stdio::null()).stdout(writer).stderr(both);
    // A group of its own: what it may have started ends with it, and the operator's Ctrl-C is not meant for it.
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(&mut command, 0);
    let spawned = command.spawn();
    // It holds our ends of the pipe, which would never be seen to close.
    drop(command);
    let mut child = spawned.map_err(|error| io(&error))?;
    let said = listen(reader, budget);
    let by_itself = said.is_ok() && has_ended(&mut child, budget.saturating_sub(begun.elapsed()).min(ENDING));
    let ended = end(&mut child).filter(|_| by_itself);
    Ok(Said { text: said?, ended })
}

/// Why a program is not run: whoever may change it could have us, who may be root, run anything.
fn unsafe_to_run(program: &Path) -> Option<String> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        let seen = std::fs::metadata(program).ok()?;
        let ours = rustix::process::geteuid().as_raw();
        if seen.mode() & 0o022 != 0 || (seen.uid() != 0 && seen.uid() != ours) {
            return Some(format!("{} can be changed by others, and was not run", program.display()));
        }
    }
    #[cfg(not(unix))]
    let _ = program;
    None
}

/// What it prints until it closes its output, or has printed enough.
fn listen(pipe: PipeReader, budget: Duration) -> Result<String, Trouble> {
    let (answer, answered) = mpsc::channel();
    let listener = std::thread::Builder::new().name("octopus-server".into()).spawn(move || {
        let mut bytes = Vec::new();
        let read = pipe.take(MOST).read_to_end(&mut bytes).map(|_| bytes);
        // Nobody waits any more when this fails.
        let _ = answer.send(read);
    });
    if let Err(error) = listener {
        return Err(io(&error));
    }
    match answered.recv_timeout(budget) {
        Ok(Ok(bytes)) => Ok(String::from_utf8_lossy(&bytes).into_owned()),
        Ok(Err(error)) => Err(io(&error)),
        Err(_) => Err(Trouble::TimedOut { waited: budget }),
    }
}

/// Whether it ends in this time. It is not collected by that: its number stays its own until its group is ended.
fn has_ended(child: &mut Child, within: Duration) -> bool {
    let begun = Instant::now();
    loop {
        if is_over(child) {
            return true;
        }
        if begun.elapsed() >= within {
            return false;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[cfg(unix)]
fn is_over(child: &mut Child) -> bool {
    use rustix::process::{Pid, WaitId, WaitIdOptions, waitid};
    let options = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
    let pid = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
    pid.is_some_and(|pid| matches!(waitid(WaitId::Pid(pid), options), Ok(Some(_))))
}

#[cfg(not(unix))]
fn is_over(child: &mut Child) -> bool {
    matches!(child.try_wait(), Ok(Some(_)))
}

/// Ends it and all that it started, and collects it. What it had to say was said, so nothing is lost.
fn end(child: &mut Child) -> Option<ExitStatus> {
    #[cfg(unix)]
    if let Some(group) = i32::try_from(child.id()).ok().and_then(rustix::process::Pid::from_raw) {
        // Before it is collected: until then nobody else can have its number.
        let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
    }
    let _ = child.kill();
    child.wait().ok()
}
