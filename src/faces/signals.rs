//! Signals: the ways in which the outside ends or suspends the program.

/// What a signal asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signal {
    /// End now, with this exit status: 128 and the signal's number.
    End(u8),
    /// Give the terminal back and stop, as Ctrl-Z does in a shell.
    Suspend,
}

#[cfg(unix)]
mod system {
    use std::io;

    use tokio::signal::unix::{Signal as Stream, SignalKind, signal};

    use super::Signal;

    /// The signals that are listened for.
    #[derive(Debug)]
    pub struct Signals {
        terminate: Stream,
        hang_up: Stream,
        interrupt: Stream,
        quit: Stream,
        suspend: Stream,
    }

    impl Signals {
        /// Begins to listen; from now on none of them ends the process by itself.
        pub fn listen() -> io::Result<Self> {
            Ok(Self {
                terminate: signal(SignalKind::terminate())?,
                hang_up: signal(SignalKind::hangup())?,
                interrupt: signal(SignalKind::interrupt())?,
                quit: signal(SignalKind::quit())?,
                // 20 is SIGTSTP on Linux and 18 on the BSDs and macOS; tokio has no name for it.
                suspend: signal(SignalKind::from_raw(if cfg!(target_os = "linux") { 20 } else { 18 }))?,
            })
        }

        /// The next signal.
        pub async fn next(&mut self) -> Signal {
            tokio::select! {
                _ = self.terminate.recv() => Signal::End(143),
                _ = self.hang_up.recv() => Signal::End(129),
                _ = self.interrupt.recv() => Signal::End(130),
                _ = self.quit.recv() => Signal::End(131),
                _ = self.suspend.recv() => Signal::Suspend,
            }
        }
    }
}

#[cfg(not(unix))]
mod system {
    use std::io;

    use super::Signal;

    /// The signals that are listened for.
    #[derive(Debug)]
    pub struct Signals;

    impl Signals {
        /// Begins to listen.
        pub fn listen() -> io::Result<Self> {
            Ok(Self)
        }

        /// The next signal: Ctrl-C or Ctrl-Break sent by another process.
        pub async fn next(&mut self) -> Signal {
            let _ = tokio::signal::ctrl_c().await;
            Signal::End(130)
        }
    }
}

pub use system::Signals;

/// Waits for a signal that ends the program; for programs without a screen. They begin to listen before they say that
/// they are there, because the reader may end the program at once.
pub async fn until_ended(signals: &mut Signals) -> u8 {
    loop {
        if let Signal::End(status) = signals.next().await {
            return status;
        }
    }
}
