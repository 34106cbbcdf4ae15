//! Packets, and the messages made of them. Source: [MS-TDS] 2.2.3.1.

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

/// The length of a packet's header in bytes.
pub const HEADER: usize = 8;
/// The packet size in bytes, header included, until the login agrees on another.
pub const DEFAULT_SIZE: usize = 4096;
/// The smallest packet size in bytes that a login may request.
pub const MIN_SIZE: usize = 512;
/// The largest packet size in bytes that a login may request.
pub const MAX_SIZE: usize = 32767;

/// The type of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum PacketType {
    /// A T-SQL batch.
    SqlBatch = 0x01,
    /// A remote procedure call.
    Rpc = 0x03,
    /// The server's tokens.
    Reply = 0x04,
    /// A request to stop the running request.
    Attention = 0x06,
    /// Rows for `INSERT BULK`.
    BulkLoad = 0x07,
    /// A token of a federated login.
    FederatedToken = 0x08,
    /// A transaction-manager request.
    Transaction = 0x0E,
    /// The login.
    Login7 = 0x10,
    /// A message of integrated authentication.
    Sspi = 0x11,
    /// The negotiation before the login, and the TLS handshake.
    Prelogin = 0x12,
}

impl PacketType {
    /// Returns the type with this byte, if there is one.
    pub fn from_byte(byte: u8) -> Option<Self> {
        Some(match byte {
            0x01 => Self::SqlBatch,
            0x03 => Self::Rpc,
            0x04 => Self::Reply,
            0x06 => Self::Attention,
            0x07 => Self::BulkLoad,
            0x08 => Self::FederatedToken,
            0x0E => Self::Transaction,
            0x10 => Self::Login7,
            0x11 => Self::Sspi,
            0x12 => Self::Prelogin,
            _ => return None,
        })
    }
}

/// The status bits of a packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Status(pub u8);

impl Status {
    /// The last packet of its message.
    pub const END: Self = Self(0x01);
    /// The whole message is to be ignored; only together with [`Status::END`].
    pub const IGNORE: Self = Self(0x02);
    /// The session is to be reset to its state after the login before the message is processed.
    pub const RESET: Self = Self(0x08);
    /// The same, but the transaction is kept.
    pub const RESET_KEEP_TRANSACTION: Self = Self(0x10);

    /// Returns whether all bits of `other` are set.
    pub fn has(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }
}

/// A packet's header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Header {
    /// The type of the message.
    pub kind: PacketType,
    /// The status bits.
    pub status: Status,
    /// The packet's length in bytes, header included.
    pub length: u16,
    /// The server's session id; 0 from clients.
    pub spid: u16,
    /// The packet's number within its message, from 1, modulo 256. Receivers ignore it.
    pub id: u8,
}

impl Header {
    /// Encodes the header.
    pub fn encode(self) -> [u8; HEADER] {
        let length = self.length.to_be_bytes();
        let spid = self.spid.to_be_bytes();
        [self.kind as u8, self.status.0, length[0], length[1], spid[0], spid[1], self.id, 0]
    }

    /// Decodes a header.
    ///
    /// # Errors
    /// If the type is unknown, or the length is smaller than the header.
    pub fn decode(bytes: [u8; HEADER]) -> Result<Self, ReadError> {
        let kind = PacketType::from_byte(bytes[0]).ok_or(ReadError::UnknownType(bytes[0]))?;
        let length = u16::from_be_bytes([bytes[2], bytes[3]]);
        if usize::from(length) < HEADER {
            return Err(ReadError::TooShort(length));
        }
        Ok(Self { kind, status: Status(bytes[1]), length, spid: u16::from_be_bytes([bytes[4], bytes[5]]), id: bytes[6] })
    }
}

/// A complete message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// The type.
    pub kind: PacketType,
    /// The status bits of all packets combined.
    pub status: Status,
    /// The spid of the first packet.
    pub spid: u16,
    /// The contents of all packets, joined.
    pub payload: Vec<u8>,
}

/// Why a message cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The connection ended before the first byte of a message.
    #[error("the connection was closed")]
    Closed,
    /// The connection ended inside a message, or broke.
    #[error("the connection broke: {0}")]
    Io(#[from] std::io::Error),
    /// The first byte is not a packet type: the other side does not speak TDS.
    #[error("0x{0:02x} is not a TDS packet type")]
    UnknownType(u8),
    /// The length in the header is smaller than the header.
    #[error("a packet of {0} bytes is shorter than its header")]
    TooShort(u16),
    /// A packet of another type arrived before the message was complete.
    #[error("a {found:?} packet came in the middle of a {expected:?} message")]
    Mixed {
        /// The message's type.
        expected: PacketType,
        /// The packet's type.
        found: PacketType,
    },
    /// The message is longer than the reader's limit, in bytes.
    #[error("the message is longer than {0} bytes")]
    TooLong(usize),
}

/// Reads one packet: its header and its content.
///
/// # Errors
/// See [`ReadError`]. Not cancellation-safe: bytes that were already read would be lost.
pub async fn read_packet<S>(stream: &mut S) -> Result<(Header, Vec<u8>), ReadError>
where
    S: AsyncRead + Unpin,
{
    let mut head = [0; HEADER];
    // The first byte is read alone, to distinguish an orderly end from a broken message.
    if stream.read(&mut head[..1]).await? == 0 {
        return Err(ReadError::Closed);
    }
    if PacketType::from_byte(head[0]).is_none() {
        return Err(ReadError::UnknownType(head[0]));
    }
    stream.read_exact(&mut head[1..]).await?;
    let header = Header::decode(head)?;
    let mut body = vec![0; usize::from(header.length) - HEADER];
    stream.read_exact(&mut body).await?;
    Ok((header, body))
}

/// Reads one complete message of at most `limit` bytes of content.
///
/// # Errors
/// See [`ReadError`]. Not cancellation-safe: bytes that were already read would be lost.
pub async fn read_message<S>(stream: &mut S, limit: usize) -> Result<Message, ReadError>
where
    S: AsyncRead + Unpin,
{
    let (first, payload) = read_packet(stream).await?;
    let mut message = Message { kind: first.kind, status: first.status, spid: first.spid, payload };
    loop {
        if message.payload.len() > limit {
            return Err(ReadError::TooLong(limit));
        }
        if message.status.has(Status::END) {
            return Ok(message);
        }
        let (header, body) = match read_packet(stream).await {
            Err(ReadError::Closed) => {
                return Err(ReadError::Io(std::io::ErrorKind::UnexpectedEof.into()));
            }
            other => other?,
        };
        if header.kind != message.kind {
            return Err(ReadError::Mixed { expected: message.kind, found: header.kind });
        }
        message.status.0 |= header.status.0;
        message.payload.extend_from_slice(&body);
    }
}

/// Splits a message into packets of at most `size` bytes each, header included; an empty message is one empty packet.
///
/// `size` is limited to [`MIN_SIZE`]`..=`[`MAX_SIZE`].
pub fn frame(kind: PacketType, payload: &[u8], size: usize, spid: u16) -> Vec<u8> {
    let room = size.clamp(MIN_SIZE, MAX_SIZE) - HEADER;
    let count = payload.len().div_ceil(room).max(1);
    let mut out = Vec::with_capacity(payload.len() + count * HEADER);
    for number in 0..count {
        let start = number * room;
        let chunk = &payload[start..payload.len().min(start + room)];
        let last = number + 1 == count;
        append_packet(&mut out, kind, chunk, last, spid, number);
    }
    out
}

/// Appends one packet. `number` counts from 0 within the message; `chunk` must fit into a packet.
pub fn append_packet(out: &mut Vec<u8>, kind: PacketType, chunk: &[u8], last: bool, spid: u16, number: usize) {
    let header = Header {
        kind,
        status: if last { Status::END } else { Status::default() },
        length: u16::try_from(chunk.len() + HEADER).unwrap_or(u16::MAX),
        spid,
        id: u8::try_from((number + 1) % 256).unwrap_or(0),
    };
    out.extend_from_slice(&header.encode());
    out.extend_from_slice(chunk);
}

/// Writes and flushes one complete message.
///
/// # Errors
/// If the stream fails.
pub async fn write_message<S>(stream: &mut S, kind: PacketType, payload: &[u8], size: usize) -> std::io::Result<()>
where
    S: AsyncWrite + Unpin,
{
    stream.write_all(&frame(kind, payload, size, 0)).await?;
    stream.flush().await
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(mut bytes: &[u8], limit: usize) -> Result<Message, ReadError> {
        tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(read_message(&mut bytes, limit))
    }

    #[test]
    fn an_end_before_a_message_is_not_an_end_within_one() {
        assert!(matches!(read(&[], 9), Err(ReadError::Closed)));
        assert!(matches!(read(&[4, 1, 0], 9), Err(ReadError::Io(_))));
        let half = [4, 0, 0, 8, 0, 0, 1, 0];
        assert!(matches!(read(&half, 9), Err(ReadError::Io(_))));
    }

    #[test]
    fn other_protocols_are_named_by_their_first_byte() {
        assert!(matches!(read(b"HTTP/1.1 400", 9), Err(ReadError::UnknownType(b'H'))));
    }

    #[test]
    fn a_length_within_the_header_is_refused() {
        let bytes = [4, 1, 0, 7, 0, 0, 1, 0];
        assert!(matches!(read(&bytes, 9), Err(ReadError::TooShort(7))));
    }

    #[test]
    fn a_message_over_the_limit_is_refused() {
        let bytes = frame(PacketType::SqlBatch, &[0; 100], 512, 0);
        assert!(matches!(read(&bytes, 99), Err(ReadError::TooLong(99))));
        assert!(read(&bytes, 100).is_ok());
    }

    #[test]
    fn packets_of_two_kinds_do_not_make_a_message() {
        let mut bytes = Vec::new();
        append_packet(&mut bytes, PacketType::Rpc, b"a", false, 0, 0);
        append_packet(&mut bytes, PacketType::SqlBatch, b"b", true, 0, 1);
        assert!(matches!(read(&bytes, 9), Err(ReadError::Mixed { .. })));
    }

    proptest! {
        #[test]
        fn what_is_framed_is_read_back(payload in proptest::collection::vec(any::<u8>(), 0..3000), size in 0usize..1500) {
            let bytes = frame(PacketType::Reply, &payload, size, 51);
            let message = read(&bytes, 3000).unwrap();
            prop_assert_eq!(message.payload, payload);
            prop_assert_eq!(message.spid, 51);
        }

        #[test]
        fn garbage_never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = read(&bytes, 100);
        }
    }
}
