//! Reads the output of a command, which is how vaults and password managers give out secrets.

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::process::{Child, Command};
use zeroize::Zeroizing;

use super::decode::LIMIT as MOST;
use super::{Environment, variable};
use crate::model::field::FieldId;
use crate::model::untrusted::Untrusted;

/// How long a command may take.
pub const LIMIT: Duration = Duration::from_secs(30);

/// Set for every command. No command runs while it is set: one that starts this program with the same answer file would start
/// itself without end.
pub const DEPTH_VARIABLE: &str = "OCTOPUS_SETUP_DEPTH";

/// The most bytes kept of standard error. The rest is read and dropped, so that the command can go on.
const SAID: u64 = 1 << 10;

/// Why a command gave nothing.
#[derive(Debug)]
pub(super) enum NoOutput {
    /// What happened, and what to do.
    Failed { says: String, fix: &'static str },
    /// A signal came; the exit status to end with.
    Left(u8),
}

fn failed(says: impl Into<String>, fix: &'static str) -> NoOutput {
    NoOutput::Failed { says: says.into(), fix }
}

/// Runs a program in a folder, without a shell and without input, and returns what it prints. Our own secrets are not passed on to
/// it. It is killed with everything it started when the time is over or the future is dropped.
pub(super) async fn run(
    words: &[String],
    folder: &Path,
    environment: &Environment,
    limit: Duration,
) -> Result<Zeroizing<Vec<u8>>, NoOutput> {
    if variable(environment, DEPTH_VARIABLE).is_some() {
        let fix = "Let the command print the answer without octopus-setup.";
        return Err(failed("is not run: this program was itself started by such a command", fix));
    }
    let mut running = start(words, folder, environment)?;
    let (Some(out), Some(said)) = (running.child.stdout.take(), running.child.stderr.take()) else {
        return Err(failed("has no output", ""));
    };
    let whole = async {
        let (bytes, said) = tokio::join!(take(out, MOST), take(said, SAID));
        (bytes, said, running.child.wait().await)
    };
    let (bytes, said, status) = tokio::select! {
        whole = whole => whole,
        () = tokio::time::sleep(limit) => {
            let says = format!("did not end within {} s, and was ended", limit.as_secs_f32());
            return Err(failed(says, "It gets no input and no terminal: see whether it waits for one."));
        }
        // The command is in a group of its own, which the terminal's signals do not reach.
        status = signalled() => return Err(NoOutput::Left(status)),
    };
    running.ended = true;
    let said = Untrusted::new(&String::from_utf8_lossy(&said));
    let told = if said.is_empty() { String::new() } else { format!("; it said: {}", said.as_str().trim_end_matches('.')) };
    match status {
        Ok(status) if status.success() && u64::try_from(bytes.len()).is_ok_and(|length| length > MOST) => {
            Err(failed(format!("printed more than {MOST} bytes"), "It must print the answer and nothing else."))
        }
        Ok(status) if status.success() => Ok(bytes),
        Ok(status) => Err(failed(format!("failed ({status}){told}"), "Run it by hand, and fix what it says.")),
        Err(error) => Err(failed(format!("was lost: {error}"), "")),
    }
}

/// Waits for a signal that ends the program, and returns the exit status for it.
async fn signalled() -> u8 {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        let streams = [SignalKind::interrupt(), SignalKind::terminate(), SignalKind::hangup(), SignalKind::quit()].map(signal);
        if let [Ok(mut interrupt), Ok(mut terminate), Ok(mut hang_up), Ok(mut quit)] = streams {
            return tokio::select! {
                _ = interrupt.recv() => 130,
                _ = terminate.recv() => 143,
                _ = hang_up.recv() => 129,
                _ = quit.recv() => 131,
            };
        }
    }
    #[cfg(not(unix))]
    if tokio::signal::ctrl_c().await.is_ok() {
        return super::INTERRUPTED;
    }
    std::future::pending().await
}

fn start(words: &[String], folder: &Path, environment: &Environment) -> Result<Running, NoOutput> {
    let Some((program, arguments)) = words.split_first() else {
        return Err(failed("names no program", ""));
    };
    // A path is relative to the answer file, like every other in it; a name is looked up as usual.
    let is_path = program.contains(std::path::is_separator);
    let program =
        if is_path { std::path::absolute(folder.join(program)).unwrap_or_else(|_| program.into()) } else { program.into() };
    let mut command = Command::new(program);
    let is_ours = |name: &str| FieldId::ALL.into_iter().any(|field| field.is_secret() && field.variable() == name);
    command
        .args(arguments)
        .env_clear()
        .envs(environment.iter().filter(|(name, _)| !name.to_str().is_some_and(is_ours)))
        .env(DEPTH_VARIABLE, "1")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    if !folder.as_os_str().is_empty() {
        command.current_dir(folder);
    }
    // A group of its own, so that what the command starts can be ended with it.
    #[cfg(unix)]
    command.process_group(0);
    match command.spawn() {
        Ok(child) => Ok(Running { child, ended: false }),
        Err(error) => {
            let fix = "The first word is the program, each further one an argument; no shell reads them.";
            Err(failed(format!("cannot be started: {error}"), fix))
        }
    }
}

/// A running command. Dropped before its end, it is killed with its group.
struct Running {
    child: Child,
    ended: bool,
}

impl Drop for Running {
    fn drop(&mut self) {
        // The child leads its group, and its number is not given to another process before it has been waited for.
        #[cfg(unix)]
        if let (false, Some(id)) = (self.ended, self.child.id())
            && let Some(group) = i32::try_from(id).ok().and_then(rustix::process::Pid::from_raw)
        {
            let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
        }
        #[cfg(not(unix))]
        if !self.ended {
            let _ = self.child.start_kill();
        }
    }
}

/// Reads to the end, and keeps at most one byte more than `most`.
async fn take(mut from: impl AsyncRead + Unpin, most: u64) -> Zeroizing<Vec<u8>> {
    let room = usize::try_from(most + 1).unwrap_or_default();
    // All the room at once: a buffer that grows leaves copies behind.
    let mut kept = Zeroizing::new(Vec::with_capacity(room));
    let mut piece = Zeroizing::new([0_u8; 4096]);
    while let Ok(length @ 1..) = from.read(piece.as_mut_slice()).await {
        let free = room - kept.len();
        kept.extend_from_slice(&piece[..length.min(free)]);
    }
    kept
}
