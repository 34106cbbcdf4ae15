//! Runs a call.

use std::path::Path;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use secrecy::ExposeSecret;
use tokio::process::{Child, Command};

use super::call::Call;
use super::capture::Capture;
use super::mask::Masks;
use crate::model::hand_over::CommandEnded;
use crate::model::untrusted::Untrusted;
use crate::world::own_variables;

/// How long the outputs may stay open once the program has ended: what it started may have inherited them.
const LINGER: Duration = Duration::from_millis(500);

/// How a call ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ended {
    /// `Ok` for status nought.
    pub outcome: Result<(), CommandEnded>,
    /// What it printed, its secrets hidden: first its output, then its errors; the last thousand lines of each.
    pub said: Vec<Untrusted>,
}

/// Runs a call for at most `limit`, and kills it with all that it started when that is over, or when this is dropped. What
/// it started and left behind when it ended by itself, a service perhaps, is left alone.
pub async fn run(program: &Path, call: &Call, masks: &Masks, limit: Duration) -> Ended {
    let mut running = match start(program, call) {
        Ok(child) => Running { child, ended: false },
        Err(error) => {
            let said = vec![format!("{}: {error}", program.display()).into()];
            return Ended { outcome: Err(CommandEnded::NotStarted), said };
        }
    };
    let (mut output, mut errors) = (Capture::default(), Capture::default());
    let (stdout, stderr) = (running.child.stdout.take(), running.child.stderr.take());
    let status = {
        let reading = async {
            tokio::join!(
                async {
                    if let Some(stdout) = stdout {
                        output.take(stdout).await;
                    }
                },
                async {
                    if let Some(stderr) = stderr {
                        errors.take(stderr).await;
                    }
                },
            );
        };
        tokio::pin!(reading);
        let ending = async {
            let mut read = false;
            let status = loop {
                tokio::select! {
                    status = running.child.wait() => break status,
                    () = &mut reading, if !read => read = true,
                }
            };
            if !read {
                // Who holds them now prints nothing that this call is about.
                let _ = tokio::time::timeout(LINGER, &mut reading).await;
            }
            status
        };
        tokio::time::timeout(limit, ending).await
    };
    let outcome = match status {
        Ok(Ok(status)) => {
            running.ended = true;
            outcome(status)
        }
        Ok(Err(_)) => Err(CommandEnded::NotStarted),
        Err(_) => {
            running.kill();
            // A process that the kernel cannot end is not waited for.
            running.ended = tokio::time::timeout(LINGER, running.child.wait()).await.is_ok();
            Err(CommandEnded::TimedOut(limit))
        }
    };
    let mut said = output.lines(masks);
    said.extend(errors.lines(masks));
    Ended { outcome, said }
}

fn start(program: &Path, call: &Call) -> std::io::Result<Child> {
    let mut command = Command::new(program);
    command.args(&call.words).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    own_variables::remove(command.as_std_mut());
    if let Some((name, secret)) = &call.environment {
        command.env(name, secret.expose_secret());
    }
    // A group of its own: the terminal's signals are not for it, and what it started can be ended with it.
    #[cfg(unix)]
    command.process_group(0);
    command.spawn()
}

fn outcome(status: ExitStatus) -> Result<(), CommandEnded> {
    #[cfg(unix)]
    if let Some(signal) = std::os::unix::process::ExitStatusExt::signal(&status) {
        return Err(CommandEnded::Signal(signal));
    }
    match status.code() {
        Some(0) => Ok(()),
        code => Err(CommandEnded::Status(code.unwrap_or(-1))),
    }
}

/// A call at work.
struct Running {
    child: Child,
    ended: bool,
}

impl Running {
    fn kill(&mut self) {
        // The child leads its group, and its number is nobody else's before it has been waited for.
        #[cfg(unix)]
        if let Some(group) = self.child.id().and_then(|id| i32::try_from(id).ok()).and_then(rustix::process::Pid::from_raw) {
            let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
        }
        #[cfg(not(unix))]
        let _ = self.child.start_kill();
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if !self.ended {
            self.kill();
        }
    }
}
