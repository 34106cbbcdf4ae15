//! The version of the Octopus Server that is installed on this machine: what its executable itself says.

use std::ffi::OsString;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use crate::model::facts::{Fact, Trouble};
use crate::model::untrusted::Untrusted;
use crate::world::budget::{fact_within, io};

/// How long the executable gets. A .NET program that was not started for a while takes a second or two.
const BUDGET: Duration = Duration::from_secs(5);
/// What ending it may take beyond that.
const SLACK: Duration = Duration::from_secs(2);
/// The most bytes of its output that are read.
const MOST: u64 = 4_096;

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

/// The version that the first executable of these that is there tells; [`Trouble::Unasked`] where none is.
pub(super) async fn of(executables: &[PathBuf]) -> Fact<Untrusted> {
    let executables = executables.to_owned();
    fact_within(BUDGET + SLACK, move || match executables.iter().find(|path| path.is_file()) {
        Some(path) => ask(path, BUDGET),
        None => Fact::Missing(Trouble::Unasked),
    })
    .await
}

/// Runs `<executable> version` for at most `budget`, and ends it in any case.
fn ask(executable: &Path, budget: Duration) -> Fact<Untrusted> {
    if let Some(said) = unsafe_to_run(executable) {
        return Fact::Missing(Trouble::Io(said.into()));
    }
    let kept = ENVIRONMENT.into_iter().filter_map(|name| Some((OsString::from(name), std::env::var_os(name)?)));
    let mut command = Command::new(executable);
    command.arg("version").env_clear().envs(kept).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
    // A group of its own: what it may have started ends with it, and the operator's Ctrl-C is not meant for it.
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(&mut command, 0);
    let mut child = match command.spawn() {
        Ok(child) => child,
        Err(error) => return Fact::Missing(io(&error)),
    };
    let said = child.stdout.take().map(|stdout| listen(stdout, budget));
    end(&mut child);
    match said {
        Some(Ok(text)) => match version_in(&text) {
            Some(version) => Fact::Seen(version.into()),
            None => Fact::Missing(Trouble::Io(format!("{} told no version", executable.display()).into())),
        },
        Some(Err(trouble)) => Fact::Missing(trouble),
        None => Fact::Missing(Trouble::Unasked),
    }
}

/// Why an executable is not run: whoever may change it could have us, who may be root, run anything.
fn unsafe_to_run(executable: &Path) -> Option<String> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        let seen = std::fs::metadata(executable).ok()?;
        let ours = rustix::process::geteuid().as_raw();
        if seen.mode() & 0o022 != 0 || (seen.uid() != 0 && seen.uid() != ours) {
            return Some(format!("{} can be changed by others, and was not run", executable.display()));
        }
    }
    #[cfg(not(unix))]
    let _ = executable;
    None
}

/// What it prints until it closes its output, or has printed enough.
fn listen(stdout: ChildStdout, budget: Duration) -> Result<String, Trouble> {
    let (answer, answered) = mpsc::channel();
    let listener = std::thread::Builder::new().name("octopus-version".into()).spawn(move || {
        let mut bytes = Vec::new();
        let read = stdout.take(MOST).read_to_end(&mut bytes).map(|_| bytes);
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

/// Ends it and all that it started, and collects it. What it had to say was said, so nothing is lost.
fn end(child: &mut Child) {
    #[cfg(unix)]
    if let Some(group) = i32::try_from(child.id()).ok().and_then(rustix::process::Pid::from_raw) {
        // Before it is collected: until then nobody else can have its number.
        let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
    }
    let _ = child.kill();
    let _ = child.wait();
}

/// The first word of the output that is a version of at least three numbers: `2024.4.6962`, `2025.1.10-beta`.
fn version_in(text: &str) -> Option<&str> {
    text.split_whitespace().map(|word| word.trim_matches(|c: char| !c.is_ascii_alphanumeric())).find(|word| {
        let numbers = word.split(['-', '+']).next().unwrap_or_default();
        let numbers: Vec<_> = numbers.split('.').collect();
        let number = |text: &&str| !text.is_empty() && text.len() <= 9 && text.bytes().all(|byte| byte.is_ascii_digit());
        (3..=4).contains(&numbers.len()) && numbers.iter().all(number) && word.len() <= 64
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_found_in_what_is_printed() {
        for (text, expected) in [
            ("2024.4.6962\n", Some("2024.4.6962")),
            ("Octopus Deploy: Server version (2025.1.10-beta.2) \nCopyright 2.0", Some("2025.1.10-beta.2")),
            ("warning 1.2\n2018.3.1.5", Some("2018.3.1.5")),
            ("v1.2.3", None),
            ("1..2 1.2. 127.0.0.0.1 99999999999.1.1", None),
            ("", None),
        ] {
            assert_eq!(version_in(text), expected, "{text}");
        }
    }

    /// One test for all scripts: while one is written, a child that another thread starts would inherit the open file,
    /// and the kernel runs no file that is open for writing.
    #[cfg(unix)]
    #[test]
    fn an_executable_tells_its_version_or_is_ended() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().expect("a folder");
        let script = |name: &str, text: &str, mode: u32| {
            let path = folder.path().join(name);
            std::fs::write(&path, format!("#!/bin/sh\n{text}\n")).expect("written");
            std::fs::set_permissions(&path, PermissionsExt::from_mode(mode)).expect("changed");
            path
        };
        let tells = script("tells", "test \"$1\" = version && test -z \"$CARGO_MANIFEST_DIR\" && echo 2024.4.6962", 0o755);
        let mute = script("mute", "exit 3", 0o755);
        let endless = script("endless", "echo 2024.4.1; while :; do echo yes; done", 0o755);
        let hangs = script("hangs", "echo $$ > \"$0.pid\"; sleep 600 & sleep 600", 0o755);
        let open = script("open", "echo 2024.4.6962", 0o777);
        let long = Duration::from_secs(60);

        assert_eq!(ask(&tells, long), Fact::Seen("2024.4.6962".into()));
        assert_eq!(ask(&endless, long), Fact::Seen("2024.4.1".into()));
        for (path, part) in [(&mute, "told no version"), (&open, "can be changed by others")] {
            match ask(path, long) {
                Fact::Missing(Trouble::Io(said)) => assert!(said.as_str().contains(part), "{said}"),
                other => panic!("{other:?}"),
            }
        }
        let waited = Duration::from_millis(300);
        assert_eq!(ask(&hangs, waited), Fact::Missing(Trouble::TimedOut { waited }));
        // Where it came so far as to write its number, nothing of that number's group is left.
        let pid = std::fs::read_to_string(folder.path().join("hangs.pid")).unwrap_or_default();
        if let Some(group) = pid.trim().parse().ok().and_then(rustix::process::Pid::from_raw) {
            assert_eq!(rustix::process::test_kill_process(group), Err(rustix::io::Errno::SRCH));
        }
    }
}
