//! Starts and stops a practice server, and accepts its connections.

use std::fs::{File, TryLockError};
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU16, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use secrecy::SecretString;
use tds_wire::prelogin::Version;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, mpsc, watch};
use tokio::task::{JoinHandle, JoinSet};

use crate::certificate::{CertificateError, ServerTls};
use crate::connection::serve as serve_connection;
use crate::data_folder::{Credentials, CredentialsError, USER};
use crate::engine::{Engine, Mark, OpenError};
use crate::link::{Link, Metered};
use crate::login::{LoggedIn, login, refuse_login};
use crate::options::{ServerOptions, WireFault};
use crate::private;
use crate::shared::SharedState;

/// The requests that run at the same time, for each processor core.
const RUNNING_PER_CORE: usize = 2;
/// How long to wait for a data folder that another server is about to release.
const LOCK_TIMEOUT: Duration = Duration::from_millis(500);

/// Why a practice server does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The data folder cannot be created or locked.
    #[error("the practice server's data folder {0} cannot be created: {1}")]
    Folder(PathBuf, io::Error),
    /// The TCP port cannot be used.
    #[error("port {0} on 127.0.0.1 cannot be used: {1}")]
    Port(u16, io::Error),
    /// Another practice server uses the data folder.
    #[error("the data folder {0} is in use by another practice server")]
    InUse(PathBuf),
    /// The logins' passwords cannot be read or generated.
    #[error(transparent)]
    Credentials(#[from] CredentialsError),
    /// The certificate cannot be read or issued.
    #[error(transparent)]
    Certificate(#[from] CertificateError),
    /// The data cannot be opened.
    #[error(transparent)]
    Engine(#[from] OpenError),
    /// Opening the data panicked.
    #[error("the practice server failed while it opened its data")]
    Crashed,
}

/// The practice server; see [`PracticeServer::start`].
#[derive(Debug, Clone, Copy)]
pub struct PracticeServer;

/// A running practice server. Dropping it stops the server; [`RunningServer::stop`] also waits until it has stopped.
#[derive(Debug)]
pub struct RunningServer {
    addr: SocketAddr,
    data: PathBuf,
    credentials: Credentials,
    shared: Arc<SharedState>,
    stop: watch::Sender<()>,
    task: JoinHandle<()>,
}

impl PracticeServer {
    /// Opens the data and starts to listen on 127.0.0.1. Must be called within a tokio runtime.
    ///
    /// # Errors
    /// See [`StartError`].
    pub async fn start(options: ServerOptions) -> Result<RunningServer, StartError> {
        let ServerOptions { data, port, personality, logins, tls, allow_strict, insists_on_database, faults, limits } = options;
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await.map_err(|cause| StartError::Port(port, cause))?;
        let addr = listener.local_addr().map_err(|cause| StartError::Port(port, cause))?;
        let version = parse_version(&personality.product_version);
        let name: Arc<str> = personality.server_name.as_str().into();
        let folder = data.clone();
        let opened = tokio::task::spawn_blocking(move || {
            private::create_folder(&folder, Credentials::are_in).map_err(|cause| StartError::Folder(folder.clone(), cause))?;
            let lock = lock(&folder)?;
            let credentials = Credentials::load_or_create(&folder)?;
            let certificate = ServerTls::open(&folder, faults.certificate)?;
            let mut all = credentials.logins();
            all.extend(logins);
            let engine = Engine::open(&folder, personality, &all)?;
            Ok::<_, StartError>((lock, credentials, certificate, engine))
        });
        let (lock, credentials, certificate, engine) = opened.await.map_err(|_| StartError::Crashed)??;
        let shared = Arc::new(SharedState {
            engine,
            name,
            version,
            tls: certificate,
            tls_policy: tls,
            allow_strict,
            insists_on_database,
            limits,
            places: Arc::new(Semaphore::new(RUNNING_PER_CORE * std::thread::available_parallelism().map_or(1, usize::from))),
            round_trip: faults.round_trip,
            fault: Mutex::new(faults.wire),
            meter: Arc::default(),
            connections: AtomicU64::new(0),
            logins: AtomicU64::new(0),
            spid: AtomicU16::new(0),
        });
        let (stop, stopped) = watch::channel(());
        let task = tokio::spawn(accept_connections(listener, shared.clone(), stopped, lock));
        Ok(RunningServer { addr, data, credentials, shared, stop, task })
    }
}

impl RunningServer {
    /// Returns the address on which the server listens.
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// Returns the data folder.
    pub fn data(&self) -> &Path {
        &self.data
    }

    /// Returns the path of the PEM file with the CA's certificate.
    pub fn ca_file(&self) -> &Path {
        &self.shared.tls.ca_file
    }

    /// Returns the name of the login for the wizard.
    pub fn user(&self) -> &'static str {
        USER
    }

    /// Returns the password of [`RunningServer::user`].
    pub fn password(&self) -> &SecretString {
        &self.credentials.octopus
    }

    /// Returns the password of `sa`.
    pub fn sa_password(&self) -> &SecretString {
        &self.credentials.sa
    }

    /// Returns how often clients started to send after the server had sent, including TLS handshakes and excluding TCP's own
    /// turn.
    pub fn turns(&self) -> u64 {
        self.shared.meter.turns.load(Ordering::Relaxed)
    }

    /// Returns the number of bytes that clients sent, encrypted as they were.
    pub fn bytes(&self) -> u64 {
        self.shared.meter.bytes.load(Ordering::Relaxed)
    }

    /// Returns the flights: the turns, and how often a client with a long message would have had to wait for an acknowledgement
    /// besides, as a young TCP connection does.
    pub fn flights(&self) -> u64 {
        self.turns() + self.shared.meter.waits.load(Ordering::Relaxed)
    }

    /// Returns the number of accepted connections.
    pub fn connections(&self) -> u64 {
        self.shared.connections.load(Ordering::Relaxed)
    }

    /// Returns the number of attempted logins, whatever their outcome: what locks an account.
    pub fn logins(&self) -> u64 {
        self.shared.logins.load(Ordering::Relaxed)
    }

    /// Marks a database as replicated or mirrored, which no supported statement can do, or removes the mark. Returns `false`
    /// if there is no such database.
    pub fn mark(&self, database: &str, mark: Mark, set: bool) -> bool {
        self.shared.engine.mark(database, mark, set)
    }

    /// Sets the fault on the wire from now on; `None` removes it.
    pub fn set_wire_fault(&self, fault: Option<WireFault>) {
        *self.shared.fault.lock().unwrap_or_else(PoisonError::into_inner) = fault;
    }

    /// Returns the current fault on the wire.
    pub fn wire_fault(&self) -> Option<WireFault> {
        self.shared.wire_fault()
    }

    /// Stops the server and waits until it has released its data.
    pub async fn stop(self) {
        let Self { stop, task, .. } = self;
        drop(stop);
        // It fails only if the accept loop panicked, and then it has stopped too.
        let _ = task.await;
    }
}

/// Locks the data folder for this server. Waits for a server that is about to release it.
fn lock(folder: &Path) -> Result<File, StartError> {
    let failed = |cause| StartError::Folder(folder.to_owned(), cause);
    let file = private::open_or_create(&folder.join("server.lock")).map_err(failed)?;
    let start = Instant::now();
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(file),
            Err(TryLockError::Error(cause)) => return Err(failed(cause)),
            Err(TryLockError::WouldBlock) if start.elapsed() > LOCK_TIMEOUT => {
                return Err(StartError::InUse(folder.to_owned()));
            }
            Err(TryLockError::WouldBlock) => std::thread::sleep(Duration::from_millis(10)),
        }
    }
}

/// Parses `16.0.4135.4` for PRELOGIN; parts that are not numbers count as 0.
fn parse_version(text: &str) -> Version {
    let mut parts = text.split('.').map(|part| part.parse::<u16>().unwrap_or(0));
    let mut next = || parts.next().unwrap_or(0);
    Version {
        major: u8::try_from(next()).unwrap_or(0),
        minor: u8::try_from(next()).unwrap_or(0),
        build: next(),
        sub_build: next(),
    }
}

/// The delay after a failed accept, which means that the process has run out of file handles.
const ACCEPT_RETRY_DELAY: Duration = Duration::from_millis(50);

/// Accepts connections until `stop` changes or its sender is dropped; then ends them all and releases the data folder's
/// lock.
async fn accept_connections(listener: TcpListener, shared: Arc<SharedState>, mut stop: watch::Receiver<()>, lock: File) {
    let (alive, mut all_gone) = mpsc::channel::<()>(1);
    let mut connections = JoinSet::new();
    let mut refusals = JoinSet::new();
    loop {
        tokio::select! {
            _ = stop.changed() => break,
            accepted = listener.accept() => match accepted {
                Ok((tcp, _)) => {
                    shared.connections.fetch_add(1, Ordering::Relaxed);
                    if connections.len() < shared.limits.connections {
                        connections.spawn(serve(tcp, shared.clone(), alive.clone()));
                    } else if refusals.len() < MAX_REFUSALS {
                        refusals.spawn(refuse(tcp, shared.clone()));
                    }
                }
                Err(_) => tokio::time::sleep(ACCEPT_RETRY_DELAY).await,
            },
            Some(_) = connections.join_next() => {}
            Some(_) = refusals.join_next() => {}
        }
    }
    drop(listener);
    refusals.shutdown().await;
    connections.shutdown().await;
    drop(alive);
    // The engine's work outlives its connection's task; after the last has ended, no lock on the data is left.
    let _ = all_gone.recv().await;
    drop(lock);
}

/// The number of clients that are told at the same time that there are too many; further ones are closed at once.
const MAX_REFUSALS: usize = 32;

/// Tells a client that there are too many connections; it understands that only in answer to its login.
async fn refuse(tcp: TcpStream, shared: Arc<SharedState>) {
    let spid = shared.next_spid();
    let refused = async {
        if let Some(link) = negotiate(tcp, &shared).await {
            refuse_login(link, &shared, spid).await;
        }
    };
    let _ = tokio::time::timeout(shared.limits.login, refused).await;
}

async fn serve(tcp: TcpStream, shared: Arc<SharedState>, alive: mpsc::Sender<()>) {
    let spid = shared.next_spid();
    let logging_in = tokio::time::timeout(shared.limits.login, log_in(tcp, &shared, alive, spid));
    if let Ok(Some(logged_in)) = logging_in.await {
        serve_connection(logged_in, shared, spid).await;
    }
}

/// Takes a TCP connection through negotiation and login.
async fn log_in(tcp: TcpStream, shared: &Arc<SharedState>, alive: mpsc::Sender<()>, spid: u16) -> Option<LoggedIn> {
    login(negotiate(tcp, shared).await?, shared, alive, spid).await
}

/// Takes a TCP connection through PRELOGIN and TLS.
async fn negotiate(mut tcp: TcpStream, shared: &SharedState) -> Option<Link> {
    tcp.set_nodelay(true).ok()?;
    if !shared.round_trip.is_zero() {
        tokio::time::sleep(shared.round_trip).await;
    }
    match shared.wire_fault() {
        Some(WireFault::SilentAtStart) => {
            let mut nothing = [0; 512];
            while tcp.read(&mut nothing).await.is_ok_and(|count| count > 0) {}
            return None;
        }
        Some(WireFault::NotSqlServer) => {
            let mut request = [0; 512];
            let _ = tcp.read(&mut request).await;
            let answer = b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n";
            tcp.write_all(answer).await.ok()?;
            return None;
        }
        _ => {}
    }
    let mut first = [0];
    if tcp.peek(&mut first).await.ok()? == 0 {
        return None;
    }
    let tcp = Metered::new(tcp, shared.meter.clone(), shared.round_trip);
    Link::accept(tcp, first[0], &shared.tls, shared.tls_policy, shared.allow_strict, shared.version).await.ok()
}
