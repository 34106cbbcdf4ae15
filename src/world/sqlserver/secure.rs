//! From a TCP connection to one that is as protected as the answers ask.

use std::time::{Duration, Instant};

use time::OffsetDateTime;
use tokio::net::TcpStream;

use super::negotiate::{Agreed, negotiate, negotiate_plain};
use super::tls::{self, Basis};
use super::wire::Wire;
use super::{certificate, dial, trouble};
use crate::model::facts::{Certificate, Encrypted, Protocol, Trouble, Trusted};
use crate::model::target::Encryption;

/// What came of it; the certificate is told also when it is the reason why nothing did.
#[derive(Debug)]
pub struct Secured {
    /// The stream, and what protects it.
    pub outcome: Result<(Wire, Encrypted), Trouble>,
    /// What the server showed.
    pub certificate: Option<Certificate>,
}

/// PRELOGIN and TLS, in the order that the encryption wants.
pub async fn secure(stream: TcpStream, host: &str, encryption: Encryption, basis: Basis) -> Secured {
    match encryption {
        Encryption::Strict => strict(stream, host, basis).await,
        Encryption::Mandatory | Encryption::Optional => wrapped(stream, host, encryption, basis).await,
    }
}

async fn strict(stream: TcpStream, host: &str, basis: Basis) -> Secured {
    let begun = Instant::now();
    let trusted = basis.trusted();
    let shaken = tls::strict(stream, host, basis).await;
    let certificate = shaken.certificate.and_then(|der| certificate::read(&der, OffsetDateTime::now_utc()));
    let encrypted = Encrypted { protocol: Protocol::Strict, trusted, took: begun.elapsed() };
    let outcome = match shaken.outcome {
        Ok(mut stream) => match negotiate(&mut stream, Encryption::Strict).await {
            Ok(_) => Ok((Wire::Strict(Box::new(stream)), encrypted)),
            Err(trouble) => Err(trouble),
        },
        Err(trouble) => Err(trouble),
    };
    Secured { outcome, certificate }
}

async fn wrapped(mut stream: TcpStream, host: &str, encryption: Encryption, basis: Basis) -> Secured {
    let agreed = match negotiate(&mut stream, encryption).await {
        Ok(agreed) => agreed,
        Err(trouble) => return Secured { outcome: Err(trouble), certificate: None },
    };
    let begun = Instant::now();
    if agreed != Agreed::Tls {
        return Secured { outcome: plain(&stream).await, certificate: None };
    }
    let trusted = basis.trusted();
    let shaken = tls::wrapped(stream, host, basis).await;
    let certificate = shaken.certificate.and_then(|der| certificate::read(&der, OffsetDateTime::now_utc()));
    let encrypted = Encrypted { protocol: Protocol::Tls12, trusted, took: begun.elapsed() };
    Secured { outcome: shaken.outcome.map(|stream| (Wire::Wrapped(Box::new(stream)), encrypted)), certificate }
}

/// A server without TLS, where that is allowed. It was asked for encryption and said that it has none; what then becomes
/// of that connection is the client's end of it, says the specification. So a second one asks for none.
async fn plain(first: &TcpStream) -> Result<(Wire, Encrypted), Trouble> {
    let begun = Instant::now();
    let place = first.peer_addr().map_err(|error| trouble::of_io(&error))?;
    let mut stream = dial::dial_one(place, Duration::ZERO).await?.stream;
    negotiate_plain(&mut stream).await?;
    let encrypted = Encrypted { protocol: Protocol::Plain, trusted: Trusted::Nothing, took: begun.elapsed() };
    Ok((Wire::Plain(stream), encrypted))
}
