//! A stream that counts turns, and makes each one as slow as a round trip is to be.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::Sleep;

/// Counts turns: how often clients began to speak after the server had spoken, or at the start.
///
/// It stands beneath TLS, so a handshake's turns count too. TCP's own turn does not: the operating system makes it.
#[derive(Debug)]
pub struct Metered<S> {
    inner: S,
    turns: Arc<AtomicU64>,
    round_trip: Duration,
    /// The client spoke last.
    heard: bool,
    waiting: Option<Pin<Box<Sleep>>>,
}

impl<S> Metered<S> {
    /// Counts into `turns`; `round_trip` is waited for before the first byte of each answer.
    pub fn new(inner: S, turns: Arc<AtomicU64>, round_trip: Duration) -> Self {
        Self { inner, turns, round_trip, heard: false, waiting: None }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Metered<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        ready!(Pin::new(&mut self.inner).poll_read(cx, buf))?;
        if buf.filled().len() > before && !self.heard {
            self.heard = true;
            self.turns.fetch_add(1, Ordering::Relaxed);
        }
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Metered<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let this = &mut *self;
        if this.heard && !this.round_trip.is_zero() {
            let round_trip = this.round_trip;
            let sleep = this.waiting.get_or_insert_with(|| Box::pin(tokio::time::sleep(round_trip)));
            ready!(sleep.as_mut().poll(cx));
            this.waiting = None;
        }
        this.heard = false;
        Pin::new(&mut this.inner).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};

    use super::*;

    #[test]
    fn a_turn_is_a_change_of_direction_however_many_bytes_it_has() {
        let run = tokio::runtime::Builder::new_current_thread().build().unwrap();
        run.block_on(async {
            let (mut client, server) = duplex(64);
            let turns = Arc::new(AtomicU64::new(0));
            let mut server = Metered::new(server, turns.clone(), Duration::ZERO);
            for expected in 1..=3 {
                client.write_all(b"ab").await.unwrap();
                server.read_u8().await.unwrap();
                server.read_u8().await.unwrap();
                server.write_all(b"c").await.unwrap();
                server.write_all(b"d").await.unwrap();
                assert_eq!(turns.load(Ordering::Relaxed), expected);
            }
        });
    }
}
