//! Runs Octopus Server's own program, reads its list of instances, and pings its node.
//!
//! It is another vendor's program, run with secrets on its command line: it may hang, lie, print far too much or print its arguments.
//! So each call has a time limit, its output is bounded and masked before anybody sees it, and what it started ends with it.

use std::io;
use std::sync::Arc;
use std::time::Duration;

pub use run::{Call, Ended, Masks, NoCall, Patience, forget, refusal, run};
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, Error, SignatureScheme};
use serde_json::Value;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use crate::model::facts::Trouble;
use crate::model::names::instance_key;
use crate::model::untrusted::Untrusted;
use crate::model::web::PingEndpoint;

mod run;

/// The most positions in the output that are tried as the beginning of a list.
const TRIES: usize = 256;
/// The most instances that are returned.
const MOST_INSTANCES: usize = 1_000;

/// An instance in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    pub name: Untrusted,
    /// Its config file.
    pub config: Untrusted,
}

/// Finds an instance by name in the output of `list-instances`. Octopus ignores case in names, and keeps two that differ by a blank and
/// a hyphen in one file.
pub fn listed(lines: &[Untrusted], name: &str) -> Option<Listed> {
    let text = lines.iter().map(Untrusted::as_str).collect::<Vec<_>>().join("\n");
    let all = read_instances(&text).unwrap_or_default();
    all.into_iter().find(|listed| instance_key(listed.name.as_str()) == instance_key(name))
}

/// Reads the instances in an output; `None` if there is neither a list nor the words that there is none.
pub fn read_instances(text: &str) -> Option<Vec<Listed>> {
    as_json(text).or_else(|| as_text(text)).map(|mut instances| {
        instances.truncate(MOST_INSTANCES);
        instances
    })
}

/// Finds a list of records in a text: some versions of Octopus Server print an exception before it, and others may print something
/// after it. `System.String[]` there is no empty list, so an empty list has to be the only word of its line.
fn as_json(text: &str) -> Option<Vec<Listed>> {
    let begins_line = |place: &usize| text.get(..*place).is_none_or(|before| before.lines().next_back().is_none_or(is_blank));
    let places = || text.match_indices('[').map(|(place, _)| place);
    let tried = places().filter(begins_line).take(TRIES).chain(places().take(TRIES));
    let lists = tried.filter_map(|place| {
        let mut values = serde_json::Deserializer::from_str(text.get(place..)?).into_iter::<Value>();
        match values.next() {
            Some(Ok(Value::Array(list))) => list.iter().map(record).collect::<Option<Vec<_>>>(),
            _ => None,
        }
    });
    let alone = text.lines().any(|line| line.trim() == "[]");
    lists.into_iter().find(|list| !list.is_empty() || alone)
}

fn is_blank(text: &str) -> bool {
    text.trim().is_empty()
}

/// Reads `InstanceName` and `ConfigurationFilePath` in upper or lower case; other fields are Octopus' own.
fn record(value: &Value) -> Option<Listed> {
    let fields = value.as_object()?;
    let field = |names: [&str; 2]| {
        let (_, value) = fields.iter().find(|(key, _)| names.iter().any(|name| key.eq_ignore_ascii_case(name)))?;
        value.as_str().map(Untrusted::new)
    };
    Some(Listed { name: field(["InstanceName", "Name"])?, config: field(["ConfigurationFilePath", "ConfigurationPath"])? })
}

/// Reads the text form: a line `Instance 'X' uses configuration 'C:\…'.` for each, or `No instances installed`. Other lines are log
/// output, and are ignored.
fn as_text(text: &str) -> Option<Vec<Listed>> {
    let found: Vec<Listed> = text.lines().filter_map(sentence).collect();
    let none = text.lines().any(|line| line.trim().to_ascii_lowercase().starts_with("no instances"));
    (!found.is_empty() || none).then_some(found)
}

fn sentence(line: &str) -> Option<Listed> {
    let (_, rest) = line.split_once("Instance '")?;
    // A name may hold a quote, a path may too; the words between them are the product's.
    let (name, rest) = rest.split_once("' uses configuration '")?;
    let config = rest.trim_end().trim_end_matches('.').strip_suffix('\'')?;
    Some(Listed { name: name.into(), config: config.into() })
}

/// How long one ping may take. A node that has just been started may need a while for its first answer.
const PING_LIMIT: Duration = Duration::from_secs(10);
/// The most bytes of an answer; only its first line counts.
const MOST_BYTES: u64 = 4_096;

/// Returns the HTTP status of the answer.
///
/// # Errors
/// Nobody listens, there is no answer, or it is not from a web server.
pub async fn ping(at: &PingEndpoint) -> Result<u16, Trouble> {
    match tokio::time::timeout(PING_LIMIT, ask_status(at)).await {
        Ok(Ok(Some(status))) => Ok(status),
        Ok(Ok(None)) => Err(Trouble::Io("what answers there is no web server".into())),
        Ok(Err(error)) if error.kind() == io::ErrorKind::ConnectionRefused => Err(Trouble::Refused),
        Ok(Err(error)) => Err(Trouble::Io(error.to_string().into())),
        Err(_) => Err(Trouble::TimedOut { waited: PING_LIMIT }),
    }
}

async fn ask_status(at: &PingEndpoint) -> io::Result<Option<u16>> {
    let stream = TcpStream::connect((at.dial, at.port)).await?;
    if !at.secure {
        return exchange(stream, at).await;
    }
    let name = ServerName::try_from(at.host.clone()).map_err(io::Error::other)?;
    let stream = TlsConnector::from(Arc::new(configuration().map_err(io::Error::other)?)).connect(name, stream).await?;
    exchange(stream, at).await
}

async fn exchange(mut stream: impl AsyncRead + AsyncWrite + Unpin, at: &PingEndpoint) -> io::Result<Option<u16>> {
    let (path, host) = (&at.path, at.authority());
    let request = format!("GET {path} HTTP/1.1\r\nHost: {host}\r\nAccept: */*\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await?;
    stream.flush().await?;
    let mut answer = Vec::new();
    let mut stream = stream.take(MOST_BYTES);
    // A server that does not close the connection has sent its status all the same.
    while !answer.contains(&b'\n') && stream.read_buf(&mut answer).await? > 0 {}
    Ok(status(&answer))
}

/// Reads the status of an answer: `HTTP/1.1 200 OK`.
fn status(answer: &[u8]) -> Option<u16> {
    let line = answer.split(|byte| *byte == b'\n').next()?;
    let mut words = std::str::from_utf8(line).ok()?.split_ascii_whitespace();
    words.next().filter(|word| word.starts_with("HTTP/"))?;
    words.next()?.parse().ok()
}

fn configuration() -> Result<ClientConfig, Error> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let anyone = Arc::new(Anyone(Arc::clone(&provider)));
    let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
    Ok(builder.dangerous().with_custom_certificate_verifier(anyone).with_no_client_auth())
}

/// Accepts any certificate: the connection does not leave this machine, carries no secret, and asks whether the node is up, not who it
/// is.
#[derive(Debug)]
struct Anyone(Arc<CryptoProvider>);

impl ServerCertVerifier for Anyone {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, certificate, signed, &self.0.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, certificate, signed, &self.0.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(name: &str, config: &str) -> Vec<Listed> {
        vec![Listed { name: name.into(), config: config.into() }]
    }

    #[test]
    fn a_list_is_found_in_what_is_printed() {
        let json =
            "[\n  {\n    \"InstanceName\": \"OctopusServer\",\n    \"ConfigurationFilePath\": \"/home/o/x.config\"\n  }\n]";
        let expected = of("OctopusServer", "/home/o/x.config");
        assert_eq!(read_instances(json), Some(expected.clone()));
        let before = "Unhandled: System.Exception: no\n   at X.Main(System.String[] args) in [ ] and [1, 2]\n";
        assert_eq!(read_instances(&format!("{before}{json}\n[] behind it")), Some(expected.clone()));
        assert_eq!(read_instances(&format!("warn: {json}")), Some(expected), "in the middle of a line");
        assert_eq!(
            read_instances(r#"[{"instancename":"a'b","Other":[1],"CONFIGURATIONFILEPATH":"C:\\x"}]"#),
            Some(of("a'b", r"C:\x"))
        );
        assert_eq!(read_instances("[]\n"), Some(Vec::new()));
    }

    #[test]
    fn the_text_form_is_read_too() {
        assert_eq!(
            read_instances("Instance 'My Node' uses configuration 'C:\\O\\My Node.config'.\r\n"),
            Some(of("My Node", r"C:\O\My Node.config"))
        );
        assert_eq!(
            read_instances("Instance 'it's' uses configuration '/o'clock/x.config'."),
            Some(of("it's", "/o'clock/x.config"))
        );
        assert_eq!(read_instances("No instances installed"), Some(Vec::new()));
    }

    #[test]
    fn what_is_no_list_is_none_and_costs_little() {
        let deep = "[".repeat(60_000);
        let long = format!("[\"{}", "x[\"".repeat(20_000));
        for text in ["", "nonsense", "at M(String[] a)", "[1, 2]", "[{}]", "[{\"InstanceName\":7}]", "Instance 'x", &deep, &long]
        {
            assert_eq!(read_instances(text), None, "{text:.40}");
        }
    }

    #[test]
    fn what_it_says_does_not_act() {
        let name = read_instances("Instance 'a\u{1b}[31m' uses configuration '/x'.").expect("read").remove(0).name;
        assert_eq!(name.as_str(), "a^[[31m");
    }

    #[test]
    fn an_instance_is_found_among_other_lines() {
        let lines: Vec<Untrusted> = [
            "Octopus Deploy: Server version 2025.1.10",
            "Instance 'Default' uses configuration 'C:\\Octopus\\Default.config'.",
            "Instance 'It's Mine' uses configuration '/srv/it's/OctopusServer.config'.",
            "Instance 'broken' uses configuration 'x",
        ]
        .map(Untrusted::new)
        .to_vec();
        let found = |name: &str| listed(&lines, name).map(|listed| listed.config.to_string());
        assert_eq!(found("default").as_deref(), Some("C:\\Octopus\\Default.config"));
        assert_eq!(found("it's-mine").as_deref(), Some("/srv/it's/OctopusServer.config"));
        assert_eq!((found("broken"), found("Other")), (None, None));
    }

    #[test]
    fn the_status_is_read_from_the_first_line_and_from_nothing_else() {
        for (answer, expected) in [
            ("HTTP/1.1 200 OK\r\n", Some(200)),
            ("HTTP/1.1 418 I'm a teapot\r\nContent-Length: 0\r\n\r\n", Some(418)),
            ("HTTP/2 503\n", Some(503)),
            ("SSH-2.0-OpenSSH_9.2\r\n", None),
            ("\r\nHTTP/1.1 200 OK\r\n", None),
            ("", None),
        ] {
            assert_eq!(status(answer.as_bytes()), expected, "{answer:?}");
        }
    }
}
