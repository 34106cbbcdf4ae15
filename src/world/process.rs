//! What other processes of this account may see of this one: its memory, and the environment that it was started with.

use std::collections::BTreeSet;
use std::ffi::OsString;
#[cfg(target_os = "linux")]
use std::io;

#[cfg(target_os = "linux")]
use zeroize::Zeroizing;

use super::answer_sources::EnvironmentVariables;

/// The environment variable that allows core dumps and debuggers, for a report of a crash.
pub const CORE_VARIABLE: &str = "OCTOPUS_SETUP_CORE_DUMPS";

/// The environment variable that tells the restarted program which of its files has the variables that were taken out.
#[cfg(target_os = "linux")]
const TAKEN_VARIABLE: &str = "OCTOPUS_SETUP_TAKEN_FROM";

/// Keeps secrets in memory out of core files and from other processes of this account, unless the operator allows it. Where the system
/// cannot, it goes on without.
pub fn close_memory() {
    if std::env::var_os(CORE_VARIABLE).is_some_and(|value| value == "1") {
        return;
    }
    #[cfg(target_os = "linux")]
    let _ = rustix::process::set_dumpable_behavior(rustix::process::DumpableBehavior::NotDumpable);
    #[cfg(all(unix, not(target_os = "linux")))]
    {
        use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
        let limit = Rlimit { current: Some(0), ..getrlimit(Resource::Core) };
        let _ = setrlimit(Resource::Core, limit);
    }
}

/// Takes these variables out of the environment that `/proc` shows of this process and that everything it starts inherits. Only a process
/// that begins anew can lose them safely: if any is set, the program is started again in its own place without them, and they come to it
/// through a pipe. Returns the whole environment, with those that were taken. Where that is not possible, they stay where they are.
pub fn take_variables(names: &BTreeSet<String>) -> EnvironmentVariables {
    #[cfg(target_os = "linux")]
    {
        if let Some(number) = std::env::var_os(TAKEN_VARIABLE) {
            let mut all = environment();
            all.extend(read_taken(&number).unwrap_or_default());
            return all;
        }
        let is_taken = |name: &OsString| name.to_str().is_some_and(|name| names.contains(name));
        let taken: Vec<_> = std::env::vars_os().filter(|(name, value)| is_taken(name) && !value.is_empty()).collect();
        if !taken.is_empty() {
            let error = restart_without(&taken);
            tracing::warn!(%error, "the variables of the answers stay in the environment");
        }
    }
    #[cfg(not(target_os = "linux"))]
    let _ = names;
    environment()
}

/// Reads the environment. On Windows, where names ignore case, they become capitals.
fn environment() -> EnvironmentVariables {
    let name = |name: OsString| if cfg!(windows) { name.to_ascii_uppercase() } else { name };
    std::env::vars_os().map(|(key, value)| (name(key), value)).collect()
}

/// Starts the program again in the place of this one. Returns only if that fails.
#[cfg(target_os = "linux")]
fn restart_without(taken: &[(OsString, OsString)]) -> io::Error {
    use std::os::fd::AsRawFd;
    use std::os::unix::ffi::OsStrExt;
    use std::os::unix::process::CommandExt;
    use std::process::Command;

    let pipe = || -> io::Result<rustix::fd::OwnedFd> {
        let length = taken.iter().map(|(name, value)| name.len() + value.len() + 2).sum();
        let mut bytes = Zeroizing::new(Vec::with_capacity(length));
        for word in taken.iter().flat_map(|(name, value)| [name, value]) {
            bytes.extend_from_slice(word.as_bytes());
            bytes.push(0);
        }
        let (from, to) = rustix::pipe::pipe()?;
        // All of it has to fit, since nobody reads it before the restart.
        if rustix::pipe::fcntl_getpipe_size(&to)? < length {
            rustix::pipe::fcntl_setpipe_size(&to, length)?;
        }
        let mut rest = bytes.as_slice();
        while !rest.is_empty() {
            let written = rustix::io::write(&to, rest)?;
            rest = &rest[written..];
        }
        Ok(from)
    };
    let from = match pipe() {
        Ok(from) => from,
        Err(error) => return error,
    };
    let words: Vec<OsString> = std::env::args_os().collect();
    let restart = |program: &std::path::Path| {
        let mut command = Command::new(program);
        command.arg0(words.first().cloned().unwrap_or_default()).args(words.get(1..).unwrap_or_default());
        for (name, _) in taken {
            command.env_remove(name);
        }
        command.env(TAKEN_VARIABLE, from.as_raw_fd().to_string()).exec()
    };
    // By its own name, which is the process's. The program may have been replaced or removed since it was started.
    if let Ok(program) = std::env::current_exe() {
        restart(&program);
    }
    restart("/proc/self/exe".as_ref())
}

/// Reads what [`restart_without`] has passed on, and empties the pipe with it.
#[cfg(target_os = "linux")]
fn read_taken(number: &OsString) -> Option<Vec<(OsString, OsString)>> {
    use std::io::Read;
    use std::os::unix::ffi::OsStrExt;

    let number: u32 = number.to_str()?.parse().ok()?;
    let mut pipe = std::fs::File::open(format!("/proc/self/fd/{number}")).ok()?;
    // A variable has at most 128 KiB, a pipe at most 1 MiB, unless somebody changed the system; no growing buffer leaves copies behind.
    let mut bytes = Zeroizing::new(Vec::with_capacity(1 << 20));
    pipe.by_ref().take(1 << 20).read_to_end(&mut bytes).ok()?;
    let words: Vec<&[u8]> = bytes.split(|byte| *byte == 0).collect();
    let word = |bytes: &[u8]| std::ffi::OsStr::from_bytes(bytes).to_owned();
    Some(words.chunks_exact(2).map(|pair| (word(pair[0]), word(pair[1]))).collect())
}
