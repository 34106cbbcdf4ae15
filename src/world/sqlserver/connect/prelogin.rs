//! PRELOGIN, sent by the wizard itself: finds out whether a SQL Server answers, and whether it offers TLS.

use tokio::io::{AsyncRead, AsyncWrite};

use crate::model::facts::{TlsTrouble, Trouble};
use crate::model::target::Encryption;
use crate::world::sqlserver::{errors, limits};
use tds_wire::packet::{self, DEFAULT_SIZE, PacketType, ReadError};
use tds_wire::prelogin::{self, Prelogin};

/// A PRELOGIN answer has a few dozen bytes; anything longer is not one.
const MAX_ANSWER: usize = 4096;

/// How the connection continues after PRELOGIN.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Negotiated {
    /// With a TLS handshake inside PRELOGIN packets.
    Tls,
    /// Without TLS: the server has none, and the answers allow that.
    Plain,
    /// Inside TLS, which was established before PRELOGIN.
    AlreadyEncrypted,
}

/// Sends PRELOGIN and reads the answer.
///
/// Never asks to encrypt the login only: "optional" also asks for TLS on everything, and accepts a server that has none. So a
/// network that cannot see the password cannot read or change the rest either.
pub async fn negotiate<S>(stream: &mut S, encryption: Encryption) -> Result<Negotiated, Trouble>
where
    S: AsyncRead + AsyncWrite + Unpin + Send,
{
    let answer = errors::within(limits::NEGOTIATE, exchange(stream, prelogin::Encryption::On)).await??;
    negotiated(encryption, answer.encryption)
}

/// Does the same without TLS, for a server that has said that it has none.
pub async fn negotiate_plain<S>(stream: &mut S) -> Result<(), Trouble>
where
    S: AsyncRead + AsyncWrite + Unpin + Send,
{
    let asked = prelogin::Encryption::NotSupported;
    let answer = errors::within(limits::NEGOTIATE, exchange(stream, asked)).await??;
    match asked.agree(answer.encryption) {
        prelogin::Agreement::Plain => Ok(()),
        // It has TLS after all: somebody in between tampers, or the server has just changed.
        _ => Err(Trouble::ConnectionLost),
    }
}

async fn exchange<S>(stream: &mut S, encryption: prelogin::Encryption) -> Result<Prelogin, Trouble>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let mut question = Prelogin::new(prelogin::Version::default(), encryption);
    question.mars = Some(false);
    packet::write_message(stream, PacketType::Prelogin, &question.encode(), DEFAULT_SIZE)
        .await
        .map_err(|error| errors::from_io(&error))?;
    let answer = packet::read_message(stream, MAX_ANSWER).await.map_err(|error| answer_trouble(&error))?;
    if answer.kind != PacketType::Reply {
        return Err(Trouble::NotSqlServer);
    }
    Prelogin::decode(&answer.payload).map_err(|_| Trouble::NotSqlServer)
}

/// Converts a missing answer. A peer that closes the connection, or says something else, at the very first message does not speak
/// TDS; a connection that breaks within an answer is lost.
fn answer_trouble(error: &ReadError) -> Trouble {
    match error {
        ReadError::Io(cause) if cause.kind() != std::io::ErrorKind::ConnectionReset => errors::from_io(cause),
        ReadError::Closed
        | ReadError::Io(_)
        | ReadError::UnknownType(_)
        | ReadError::TooShort(_)
        | ReadError::Mixed { .. }
        | ReadError::TooLong(_) => Trouble::NotSqlServer,
    }
}

fn negotiated(asked: Encryption, answered: prelogin::Encryption) -> Result<Negotiated, Trouble> {
    use prelogin::Encryption as Answer;
    match (asked, answered) {
        // TLS is established already; in TDS 8.0 the option has no meaning.
        (Encryption::Strict, _) => Ok(Negotiated::AlreadyEncrypted),
        (_, Answer::On | Answer::Required) => Ok(Negotiated::Tls),
        (Encryption::Optional, Answer::NotSupported) => Ok(Negotiated::Plain),
        (Encryption::Mandatory, Answer::NotSupported) | (_, Answer::Off) => Err(Trouble::Tls(TlsTrouble::NotOffered)),
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};

    use super::*;

    async fn against(bytes: &[u8], encryption: Encryption) -> Result<Negotiated, Trouble> {
        let (mut near, mut far) = duplex(4096);
        let server = async {
            let mut question = [0; 64];
            assert!(far.read(&mut question).await.expect("a question") > 0);
            far.write_all(bytes).await.expect("sent");
            drop::<DuplexStream>(far);
        };
        tokio::join!(negotiate(&mut near, encryption), server).0
    }

    fn answer(encryption: prelogin::Encryption) -> Vec<u8> {
        let payload = Prelogin::new(prelogin::Version { major: 16, ..Default::default() }, encryption).encode();
        packet::frame(PacketType::Reply, &payload, DEFAULT_SIZE, 0)
    }

    #[tokio::test]
    async fn what_the_server_offers_meets_what_is_asked() {
        use prelogin::Encryption as Answer;
        let refused = Err(Trouble::Tls(TlsTrouble::NotOffered));
        let table = [
            (Encryption::Mandatory, Answer::On, Ok(Negotiated::Tls)),
            (Encryption::Mandatory, Answer::Required, Ok(Negotiated::Tls)),
            (Encryption::Mandatory, Answer::NotSupported, refused.clone()),
            (Encryption::Mandatory, Answer::Off, refused.clone()),
            (Encryption::Optional, Answer::On, Ok(Negotiated::Tls)),
            (Encryption::Optional, Answer::NotSupported, Ok(Negotiated::Plain)),
            (Encryption::Optional, Answer::Off, refused),
            (Encryption::Strict, Answer::NotSupported, Ok(Negotiated::AlreadyEncrypted)),
        ];
        for (asked, answered, expected) in table {
            assert_eq!(against(&answer(answered), asked).await, expected, "{asked:?} {answered:?}");
        }
    }

    #[tokio::test]
    async fn other_services_are_recognised() {
        for bytes in
            [&b"HTTP/1.1 400 Bad Request\r\n\r\n"[..], b"SSH-2.0-OpenSSH_9.2\r\n", b"", b"\x04\x01\x00\x02\x00\x00\x01\x00"]
        {
            assert_eq!(against(bytes, Encryption::Mandatory).await, Err(Trouble::NotSqlServer), "{bytes:?}");
        }
        let request = packet::frame(PacketType::Prelogin, b"", DEFAULT_SIZE, 0);
        assert_eq!(against(&request, Encryption::Mandatory).await, Err(Trouble::NotSqlServer));
    }

    #[tokio::test]
    async fn an_answer_that_breaks_off_is_a_lost_connection() {
        let bytes = answer(prelogin::Encryption::On);
        assert_eq!(against(&bytes[..12], Encryption::Mandatory).await, Err(Trouble::ConnectionLost));
    }
}
