//! TLS inside PRELOGIN packets, as TDS 7.2 to 7.4 require it; for either side. Source: [MS-TDS] 3.2.5.1 and 3.3.5.2.
//!
//! During the handshake each flight of TLS records is sent as a PRELOGIN message; afterwards the records are plain on the
//! stream. [`HandshakeStream`] does that between the socket and the TLS library.
//!
//! It supports TLS 1.2 only. TLS 1.3 sends session tickets after the handshake, when one side still wraps and the other no
//! longer does: a server must not offer it here. (TDS 8.0, which starts with TLS, needs no wrapping.)

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::packet::{DEFAULT_SIZE, HEADER, Header, PacketType, frame};

/// Wraps written bytes in PRELOGIN packets and unwraps read ones, until [`HandshakeStream::unwrap_records`].
#[derive(Debug)]
pub struct HandshakeStream<S> {
    inner: S,
    wrapping: bool,
    /// The header of the packet that is being read, as far as received.
    head: [u8; HEADER],
    head_filled: usize,
    /// Bytes of the current packet's content that are still to be read.
    remaining: usize,
    /// TLS records waiting for the flush that ends the flight.
    flight: Vec<u8>,
    /// Packets to be sent, and how many of their bytes have been sent.
    outgoing: Vec<u8>,
    sent: usize,
}

impl<S> HandshakeStream<S> {
    /// Starts with wrapping.
    pub fn new(inner: S) -> Self {
        Self {
            inner,
            wrapping: true,
            head: [0; HEADER],
            head_filled: 0,
            remaining: 0,
            flight: Vec::new(),
            outgoing: Vec::new(),
            sent: 0,
        }
    }

    /// Ends wrapping. To be called right after the handshake, before anything else is read or written.
    pub fn unwrap_records(&mut self) {
        self.wrapping = false;
    }

    /// Returns the stream below, for a connection that encrypts the login only.
    pub fn into_inner(self) -> S {
        self.inner
    }

    /// Returns the stream below.
    pub fn get_ref(&self) -> &S {
        &self.inner
    }
}

impl<S: AsyncRead + Unpin> HandshakeStream<S> {
    /// Reads the next packet's header. Returns `false` at an orderly end.
    fn poll_header(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<bool>> {
        while self.head_filled < HEADER {
            let mut buf = ReadBuf::new(&mut self.head[self.head_filled..]);
            ready!(Pin::new(&mut self.inner).poll_read(cx, &mut buf))?;
            let count = buf.filled().len();
            if count == 0 {
                return Poll::Ready(if self.head_filled == 0 { Ok(false) } else { Err(io::ErrorKind::UnexpectedEof.into()) });
            }
            self.head_filled += count;
        }
        self.head_filled = 0;
        let header = Header::decode(self.head).map_err(|cause| io::Error::new(io::ErrorKind::InvalidData, cause))?;
        if header.kind != PacketType::Prelogin {
            return Poll::Ready(Err(io::Error::new(
                io::ErrorKind::InvalidData,
                format!("a {:?} packet came during the TLS handshake", header.kind),
            )));
        }
        self.remaining = usize::from(header.length) - HEADER;
        Poll::Ready(Ok(true))
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for HandshakeStream<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = &mut *self;
        while this.wrapping && this.remaining == 0 {
            if !ready!(this.poll_header(cx))? {
                return Poll::Ready(Ok(()));
            }
        }
        if this.remaining == 0 {
            return Pin::new(&mut this.inner).poll_read(cx, buf);
        }
        // Never past the packet: what follows may already be unwrapped.
        let room = buf.remaining().min(this.remaining);
        let mut part = ReadBuf::new(buf.initialize_unfilled_to(room));
        ready!(Pin::new(&mut this.inner).poll_read(cx, &mut part))?;
        let count = part.filled().len();
        this.remaining -= count;
        buf.advance(count);
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> HandshakeStream<S> {
    /// Sends the collected flight as one message.
    fn poll_flight(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if !self.flight.is_empty() {
            let packets = frame(PacketType::Prelogin, &self.flight, DEFAULT_SIZE, 0);
            self.outgoing.extend_from_slice(&packets);
            self.flight.clear();
        }
        while self.sent < self.outgoing.len() {
            let rest = &self.outgoing[self.sent..];
            let count = ready!(Pin::new(&mut self.inner).poll_write(cx, rest))?;
            if count == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.sent += count;
        }
        self.outgoing.clear();
        self.sent = 0;
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for HandshakeStream<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let this = &mut *self;
        if this.wrapping {
            this.flight.extend_from_slice(bytes);
            return Poll::Ready(Ok(bytes.len()));
        }
        ready!(this.poll_flight(cx))?;
        Pin::new(&mut this.inner).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = &mut *self;
        ready!(this.poll_flight(cx))?;
        Pin::new(&mut this.inner).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = &mut *self;
        ready!(this.poll_flight(cx))?;
        Pin::new(&mut this.inner).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};

    use super::*;
    use crate::packet::read_message;

    fn run(test: impl Future<Output = ()>) {
        tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(test);
    }

    #[test]
    fn a_flight_is_one_message_and_what_follows_is_bare() {
        run(async {
            let (near, mut far) = duplex(1 << 16);
            let mut stream = HandshakeStream::new(near);
            stream.write_all(&[1; 3000]).await.unwrap();
            stream.write_all(&[2; 3000]).await.unwrap();
            stream.flush().await.unwrap();
            let message = read_message(&mut far, 1 << 16).await.unwrap();
            assert_eq!(message.kind, PacketType::Prelogin);
            assert_eq!(message.payload.len(), 6000);
            stream.unwrap_records();
            stream.write_all(b"bare").await.unwrap();
            let mut bare = [0; 4];
            far.read_exact(&mut bare).await.unwrap();
            assert_eq!(&bare, b"bare");
        });
    }

    #[test]
    fn reading_stops_at_the_packet_so_that_bare_bytes_stay_bare() {
        run(async {
            let (near, mut far) = duplex(1 << 16);
            let mut stream = HandshakeStream::new(near);
            let mut bytes = frame(PacketType::Prelogin, &[7; 700], 512, 0);
            bytes.extend_from_slice(b"bare");
            far.write_all(&bytes).await.unwrap();
            let mut flight = [0; 700];
            stream.read_exact(&mut flight).await.unwrap();
            assert_eq!(flight, [7; 700]);
            stream.unwrap_records();
            let mut bare = [0; 4];
            stream.read_exact(&mut bare).await.unwrap();
            assert_eq!(&bare, b"bare");
        });
    }

    #[test]
    fn a_reply_in_the_handshake_is_an_error_and_an_end_is_an_end() {
        run(async {
            let (near, mut far) = duplex(1 << 16);
            let mut stream = HandshakeStream::new(near);
            far.write_all(&frame(PacketType::Reply, b"x", 512, 0)).await.unwrap();
            let cause = stream.read_u8().await.unwrap_err();
            assert_eq!(cause.kind(), io::ErrorKind::InvalidData);
            let (near, far) = duplex(64);
            drop(far);
            let mut nothing = Vec::new();
            let mut stream = HandshakeStream::new(near);
            assert_eq!(stream.read_to_end(&mut nothing).await.unwrap(), 0);
        });
    }
}
