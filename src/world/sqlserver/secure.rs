//! From a TCP connection to one that is as protected as the answers ask.

use std::time::Instant;

use time::OffsetDateTime;
use tokio::net::TcpStream;

use super::certificate;
use super::negotiate::{Agreed, negotiate};
use super::tls::{self, Basis};
use super::wire::Wire;
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
        let encrypted = Encrypted { protocol: Protocol::Plain, trusted: Trusted::Nothing, took: begun.elapsed() };
        return Secured { outcome: Ok((Wire::Plain(stream), encrypted)), certificate: None };
    }
    let trusted = basis.trusted();
    let shaken = tls::wrapped(stream, host, basis).await;
    let certificate = shaken.certificate.and_then(|der| certificate::read(&der, OffsetDateTime::now_utc()));
    let encrypted = Encrypted { protocol: Protocol::Tls12, trusted, took: begun.elapsed() };
    Secured { outcome: shaken.outcome.map(|stream| (Wire::Wrapped(Box::new(stream)), encrypted)), certificate }
}
