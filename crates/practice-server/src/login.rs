//! LOGIN7 and its answer.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use tokio::io::{AsyncWrite, AsyncWriteExt as _};
use zeroize::Zeroize as _;

use tds_wire::packet::{self, PacketType};

use super::engine::LoginRequest;
use super::executor::Worker;
use super::link::Link;
use super::options::WireFault;
use super::panics::catch;
use super::reply::SqlMessage;
use super::reply_writer::message;
use super::shared::SharedState;
use super::tds::login7::Login7;
use super::tds::reader::DecodeError;
use super::tds::tokens::{self, DoneToken, EnvChange, done};
use crate::executor::PreparedStatements;

/// The largest accepted LOGIN7 message in bytes; SQL Server has the same limit.
const LOGIN_LIMIT: usize = 128 << 10;

/// A connection after a successful login.
#[derive(Debug)]
pub struct LoggedIn {
    /// The connection.
    pub link: Link,
    /// Its session.
    pub work: Worker,
    /// The negotiated packet size in bytes.
    pub size: usize,
}

/// Reads a login and answers it. Returns `None` if it fails; the client has then got the reason, if it can get one.
pub async fn login(link: Link, shared: &Arc<SharedState>, alive: tokio::sync::mpsc::Sender<()>, spid: u16) -> Option<LoggedIn> {
    let (login, mut link) = read_login(link).await?;
    shared.logins.fetch_add(1, Ordering::Relaxed);
    let login = login.ok().filter(|login| login.version.is_served())?;
    let program = shared.version;
    let acknowledged = login.version.acknowledged();
    let size = match usize::try_from(login.packet_size) {
        Ok(0) | Err(_) => packet::DEFAULT_SIZE,
        Ok(size) => size.clamp(packet::MIN_SIZE, packet::MAX_SIZE),
    };
    let wanted = login.database.clone();
    let session = match open_session(login, shared).await {
        Ok(session) => session,
        Err(messages) => {
            fail(&mut link, &messages, shared, spid).await;
            return None;
        }
    };
    let mut out = Vec::new();
    let database = session.database();
    if !wanted.is_empty() && wanted.to_lowercase() != database.to_lowercase() {
        let text = format!(
            "Cannot open database \"{wanted}\" that was requested by the login. Using the user default database \"{database}\" instead."
        );
        tokens::message(&mut out, &message(4063, 11, text), &shared.name);
    }
    tokens::change(&mut out, &EnvChange::Database(database, "master"));
    let text = format!("Changed database context to '{database}'.");
    let notice = SqlMessage { state: 2, ..message(5701, 0, text) };
    tokens::message(&mut out, &notice, &shared.name);
    tokens::change(&mut out, &EnvChange::Collation);
    tokens::change(&mut out, &EnvChange::Language("us_english"));
    let notice = message(5703, 0, "Changed language setting to us_english.");
    tokens::message(&mut out, &notice, &shared.name);
    let build = program.build.to_be_bytes();
    let program = [program.major, program.minor, build[0], build[1]];
    tokens::login_ack(&mut out, acknowledged, program);
    tokens::change(&mut out, &EnvChange::PacketSize(size, packet::DEFAULT_SIZE));
    if let Some(WireFault::RouteTo { host, port }) = shared.wire_fault() {
        tokens::change(&mut out, &EnvChange::Route(&host, port));
    }
    tokens::done(&mut out, DoneToken::Batch, 0, 0, None);
    let work = Worker { session, prepared: PreparedStatements::default(), alive };
    if send(&mut link, &out, spid).await.is_err() {
        work.retire().await;
        return None;
    }
    Some(LoggedIn { link, work, size })
}

/// Reads LOGIN7. Returns `None` if the client sends something else.
async fn read_login(mut link: Link) -> Option<(Result<Login7, DecodeError>, Link)> {
    let mut read = packet::read_message(&mut link, LOGIN_LIMIT).await.ok()?;
    let decoded = Login7::decode(&read.payload);
    // The message contains the password, hardly obfuscated.
    read.payload.zeroize();
    let link = link.after_login_message();
    (read.kind == PacketType::Login7).then_some((decoded, link))
}

/// Answers a login without looking at it: there are too many connections.
pub async fn refuse_login(link: Link, shared: &SharedState, spid: u16) {
    if let Some((_, mut link)) = read_login(link).await {
        let text = format!(
            "Could not connect because the maximum number of '{}' user connections has already been reached. Contact your system \
             administrator to increase the maximum number of user connections. The connection has been closed.",
            shared.limits.connections
        );
        fail(&mut link, &[message(17809, 20, text)], shared, spid).await;
    }
}

/// Sends errors and closes the connection.
async fn fail(link: &mut Link, messages: &[SqlMessage], shared: &SharedState, spid: u16) {
    let mut out = Vec::new();
    for message in messages {
        tokens::message(&mut out, message, &shared.name);
    }
    tokens::done(&mut out, DoneToken::Batch, done::ERROR, 0, None);
    if send(link, &out, spid).await.is_ok() {
        let _ = link.shutdown().await;
    }
}

/// Checks the login with the engine.
async fn open_session(login: Login7, shared: &Arc<SharedState>) -> Result<super::engine::Session, Vec<SqlMessage>> {
    if login.integrated {
        let text = "Login failed. The login is from an untrusted domain and cannot be used with Integrated authentication.";
        return Err(vec![message(18452, 14, text)]);
    }
    let request = LoginRequest {
        user: login.user,
        password: login.password,
        database: login.database,
        insists_on_database: login.insists_on_database || shared.insists_on_database,
        host: login.host,
        application: login.application,
    };
    let engine = shared.engine.clone();
    let opened = tokio::task::spawn_blocking(move || catch(|| engine.login(&request)));
    if let Ok(Ok(result)) = opened.await {
        return result;
    }
    let text = "The practice server failed while it logged you in.";
    Err(vec![message(50000, 16, text)])
}

async fn send(link: &mut Link, payload: &[u8], spid: u16) -> std::io::Result<()> {
    write_reply(link, payload, packet::DEFAULT_SIZE, spid).await
}

/// Writes a whole reply.
pub async fn write_reply<S>(stream: &mut S, payload: &[u8], size: usize, spid: u16) -> std::io::Result<()>
where
    S: AsyncWrite + Unpin,
{
    let bytes = packet::frame(PacketType::Reply, payload, size, spid);
    stream.write_all(&bytes).await?;
    stream.flush().await
}
