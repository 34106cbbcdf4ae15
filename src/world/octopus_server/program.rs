//! Whether the program may be run at all.

use std::path::Path;

/// Why a program is not run, in a sentence: it is not there any more, or whoever may change it could have us, who may be
/// root and hand secrets over, run anything.
pub fn refusal(program: &Path) -> Option<String> {
    let seen = match std::fs::metadata(program) {
        Ok(seen) if seen.is_file() => seen,
        Ok(_) => return Some(format!("{} is not a file.", program.display())),
        Err(error) => return Some(format!("{} cannot be run: {error}.", program.display())),
    };
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        let ours = rustix::process::geteuid().as_raw();
        if seen.mode() & 0o022 != 0 || (seen.uid() != 0 && seen.uid() != ours) {
            return Some(format!("{} can be changed by others, and is not run.", program.display()));
        }
    }
    #[cfg(not(unix))]
    let _ = seen;
    None
}
