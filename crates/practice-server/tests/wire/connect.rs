//! A server of the test's own, and tiberius connected to it with or without TLS.
//!
//! tiberius is built without TLS, so PRELOGIN and TLS are done here with the project's own client-side types, and tiberius'
//! own PRELOGIN is answered on the spot.

use std::error::Error;
use std::sync::Arc;

use practice_server::{PracticeServer, RunningServer, ServerOptions};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use secrecy::ExposeSecret as _;
use tds_wire::packet::{self, PacketType, read_message, write_message};
use tds_wire::prelogin::{Agreement, Encryption, Prelogin, Version};
use tds_wire::tls::HandshakeStream;
use tempfile::TempDir;
use tiberius::{AuthMethod, Client, Config, EncryptionLevel};
use tokio::io::{AsyncRead, AsyncWrite, DuplexStream, copy_bidirectional, duplex};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_util::compat::{Compat, TokioAsyncWriteCompatExt as _};

pub type Failure = Box<dyn Error + Send + Sync>;
pub type Connection = Client<Compat<DuplexStream>>;

/// A server with a data folder that goes with it.
pub struct Server {
    pub running: RunningServer,
    pub folder: TempDir,
}

/// Starts a server, after the options have been changed.
pub async fn start(change: impl FnOnce(&mut ServerOptions)) -> Server {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let running = start_in(&folder, change).await;
    Server { running, folder }
}

/// The same on a data folder that is there already.
pub async fn start_in(folder: &TempDir, change: impl FnOnce(&mut ServerOptions)) -> RunningServer {
    let mut options = ServerOptions::new(folder.path().join("data"));
    change(&mut options);
    PracticeServer::start(options).await.expect("the server starts")
}

/// How a client wants TLS.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tls {
    Plain,
    LoginOnly,
    Whole,
    Strict,
}

impl Tls {
    fn encryption(self) -> Encryption {
        match self {
            Self::Plain | Self::Strict => Encryption::NotSupported,
            Self::LoginOnly => Encryption::Off,
            Self::Whole => Encryption::On,
        }
    }
}

/// Who logs in where.
pub struct Who<'a> {
    pub user: &'a str,
    pub password: &'a str,
    pub database: &'a str,
}

/// Connects as the administrator.
pub async fn connect(server: &RunningServer, tls: Tls) -> Result<Connection, Failure> {
    let who = Who { user: "sa", password: server.sa_password().expose_secret(), database: "master" };
    connect_as(server, tls, &who).await
}

/// Connects.
pub async fn connect_as(server: &RunningServer, tls: Tls, who: &Who<'_>) -> Result<Connection, Failure> {
    let tcp = TcpStream::connect(server.addr()).await?;
    tcp.set_nodelay(true)?;
    let (near, mut far) = duplex(1 << 16);
    let mut config = Config::new();
    config.authentication(AuthMethod::sql_server(who.user, who.password));
    config.encryption(EncryptionLevel::NotSupported);
    config.database(who.database);
    let carry = async move {
        if tls == Tls::Strict {
            let mut stream = strict(server, tcp).await?;
            negotiate(&mut stream, Encryption::NotSupported).await?;
            answer_prelogin(&mut far).await?;
            spawn_copy(far, stream);
            return Ok::<(), Failure>(());
        }
        let mut tcp = tcp;
        let agreement = negotiate(&mut tcp, tls.encryption()).await?;
        if agreement == Agreement::Refused {
            return Err("the server does not agree on encryption".into());
        }
        if agreement == Agreement::Plain {
            answer_prelogin(&mut far).await?;
            spawn_copy(far, tcp);
            return Ok(());
        }
        let mut stream = connector(server, &[])?.connect(name(), HandshakeStream::new(tcp)).await?;
        stream.get_mut().0.unwrap_records();
        answer_prelogin(&mut far).await?;
        if agreement == Agreement::LoginOnly {
            let login = read_message(&mut far, 1 << 16).await?;
            write_message(&mut stream, login.kind, &login.payload, 4096).await?;
            let tcp = stream.into_inner().0.into_inner();
            spawn_copy(far, tcp);
            return Ok(());
        }
        spawn_copy(far, stream);
        Ok(())
    };
    let client = async { Client::connect(config, near.compat_write()).await.map_err(Failure::from) };
    // If the way there fails, that is the cause; tiberius only sees its stream end.
    let (carried, client) = tokio::join!(carry, client);
    carried?;
    client
}

fn spawn_copy<S>(mut far: DuplexStream, mut stream: S)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    tokio::spawn(async move {
        let _ = copy_bidirectional(&mut far, &mut stream).await;
    });
}

/// Sends a PRELOGIN and reads the answer.
pub async fn negotiate<S>(stream: &mut S, encryption: Encryption) -> Result<Agreement, Failure>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let hello = Prelogin::new(Version::default(), encryption);
    write_message(stream, PacketType::Prelogin, &hello.encode(), 4096).await?;
    let answer = read_message(stream, 4096).await?;
    let answer = Prelogin::decode(&answer.payload)?;
    Ok(encryption.agree(answer.encryption))
}

async fn answer_prelogin(far: &mut DuplexStream) -> Result<(), Failure> {
    read_message(far, 4096).await?;
    let answer = Prelogin::new(Version::default(), Encryption::NotSupported);
    write_message(far, PacketType::Reply, &answer.encode(), packet::DEFAULT_SIZE).await?;
    Ok(())
}

pub fn name() -> ServerName<'static> {
    ServerName::try_from("localhost").expect("a name")
}

/// A client that trusts the server's exported CA and nobody else.
pub fn connector(server: &RunningServer, alpn: &[&[u8]]) -> Result<TlsConnector, Failure> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(server.ca_file())?)?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = alpn.iter().map(|name| name.to_vec()).collect();
    Ok(TlsConnector::from(Arc::new(config)))
}

async fn strict(server: &RunningServer, tcp: TcpStream) -> Result<tokio_rustls::client::TlsStream<TcpStream>, Failure> {
    Ok(connector(server, &[b"tds/8.0"])?.connect(name(), tcp).await?)
}

/// The first column of the first row, as a number.
pub async fn number(client: &mut Connection, sql: &str) -> i32 {
    let row =
        client.simple_query(sql).await.expect("the query runs").into_row().await.expect("the rows come").expect("there is a row");
    row.get(0).expect("a number")
}

/// The number of the error that a statement ends in.
pub async fn error_of(client: &mut Connection, sql: &str) -> u32 {
    let result = match client.simple_query(sql).await {
        Ok(stream) => stream.into_results().await.map(|_| ()),
        Err(cause) => Err(cause),
    };
    match result {
        Err(tiberius::error::Error::Server(token)) => token.code(),
        other => panic!("{sql:?} gave {other:?} where an error was due"),
    }
}
