//! Notices that the terminal is gone.
//!
//! crossterm 0.29 does not: when the terminal vanishes and SIGHUP did not end the process, its read spins at full load
//! and never returns. A `poll` that asks for nothing sleeps without cost and still wakes on a hang-up.

/// Calls `gone` once, from a thread of its own, when the terminal hangs up. Where there is no terminal, or no such
/// thing as a hang-up (Windows), it never does.
#[cfg(unix)]
pub fn hang_up(gone: impl FnOnce() + Send + 'static) {
    use std::os::fd::AsFd;

    use rustix::event::{PollFd, PollFlags, poll};
    use rustix::io::Errno;

    let watching = move || {
        let stdin = std::io::stdin();
        // crossterm reads from the terminal itself where standard input is something else; so do we watch.
        let tty = if rustix::termios::isatty(&stdin) { None } else { std::fs::File::open("/dev/tty").ok() };
        let fd = match &tty {
            Some(file) => file.as_fd(),
            None => stdin.as_fd(),
        };
        let mut watched = [PollFd::from_borrowed_fd(fd, PollFlags::empty())];
        loop {
            match poll(&mut watched, None) {
                Err(Errno::INTR) => {}
                Err(_) => return,
                Ok(_) => {
                    let seen = watched[0].revents();
                    if seen.contains(PollFlags::NVAL) {
                        return;
                    }
                    if seen.intersects(PollFlags::HUP | PollFlags::ERR) {
                        gone();
                        return;
                    }
                }
            }
        }
    };
    // Without the thread only this watch is missing; SIGHUP still ends the program.
    let _ = std::thread::Builder::new().name("terminal-watch".into()).stack_size(64 * 1024).spawn(watching);
}

/// Windows closes the process with its console.
#[cfg(not(unix))]
pub fn hang_up(_gone: impl FnOnce() + Send + 'static) {}
