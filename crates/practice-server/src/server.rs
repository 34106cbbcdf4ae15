//! Starting and stopping a practice server.

use std::fs::{File, TryLockError};
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU16, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use secrecy::SecretString;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use tds_wire::prelogin::Version;

use super::cert::{CertError, ServerTls};
use super::credentials::{Credentials, CredentialsError, USER};
use super::engine::{Engine, Mark, OpenError};
use super::listener;
use super::options::{ServerOptions, WireFault};
use super::shared::Shared;

/// How long a data folder that is in use is waited for.
const PATIENCE: Duration = Duration::from_millis(500);

/// Why a practice server does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The data folder cannot be made.
    #[error("the practice server's data folder {0} cannot be created: {1}")]
    Folder(PathBuf, io::Error),
    /// The port cannot be had.
    #[error("port {0} on 127.0.0.1 cannot be used: {1}")]
    Port(u16, io::Error),
    /// Another practice server has it.
    #[error("the data folder {0} is in use by another practice server")]
    InUse(PathBuf),
    /// The logins.
    #[error(transparent)]
    Credentials(#[from] CredentialsError),
    /// The certificate.
    #[error(transparent)]
    Certificate(#[from] CertError),
    /// The data.
    #[error(transparent)]
    Engine(#[from] OpenError),
    /// Opening the data failed in a way that it should not.
    #[error("the practice server failed while it opened its data")]
    Crashed,
}

/// The practice server.
#[derive(Debug, Clone, Copy)]
pub struct PracticeServer;

/// A running practice server. Dropping it stops the server; [`RunningServer::stop`] also waits until it has stopped.
#[derive(Debug)]
pub struct RunningServer {
    addr: SocketAddr,
    data: PathBuf,
    credentials: Credentials,
    shared: Arc<Shared>,
    stop: watch::Sender<()>,
    task: JoinHandle<()>,
}

impl PracticeServer {
    /// Opens the data and begins to listen on 127.0.0.1. Must be called within a tokio runtime.
    ///
    /// # Errors
    /// See [`StartError`].
    pub async fn start(options: ServerOptions) -> Result<RunningServer, StartError> {
        let ServerOptions { data, port, personality, logins, tls, allow_strict, insists_on_database, faults, limits } = options;
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await.map_err(|cause| StartError::Port(port, cause))?;
        let addr = listener.local_addr().map_err(|cause| StartError::Port(port, cause))?;
        let version = version(&personality.product_version);
        let name: Arc<str> = personality.server_name.as_str().into();
        let folder = data.clone();
        let opened = tokio::task::spawn_blocking(move || {
            std::fs::create_dir_all(&folder).map_err(|cause| StartError::Folder(folder.clone(), cause))?;
            let lock = lock(&folder)?;
            let credentials = Credentials::load_or_create(&folder)?;
            let certificate = ServerTls::open(&folder, faults.certificate)?;
            let mut all = credentials.logins();
            all.extend(logins);
            let engine = Engine::open(&folder, personality, &all)?;
            Ok::<_, StartError>((lock, credentials, certificate, engine))
        });
        let (lock, credentials, certificate, engine) = opened.await.map_err(|_| StartError::Crashed)??;
        let shared = Arc::new(Shared {
            engine,
            name,
            version,
            tls: certificate,
            policy: tls,
            allow_strict,
            insists_on_database,
            limits,
            round_trip: faults.round_trip,
            fault: Mutex::new(faults.wire),
            turns: Arc::new(AtomicU64::new(0)),
            connections: AtomicU64::new(0),
            logins: AtomicU64::new(0),
            spid: AtomicU16::new(0),
        });
        let (stop, stopped) = watch::channel(());
        let task = tokio::spawn(listener::run(listener, shared.clone(), stopped, lock));
        Ok(RunningServer { addr, data, credentials, shared, stop, task })
    }
}

impl RunningServer {
    /// Where it listens.
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// Its data folder.
    pub fn data(&self) -> &Path {
        &self.data
    }

    /// The file with its CA's certificate, as PEM.
    pub fn ca_file(&self) -> &Path {
        &self.shared.tls.ca_file
    }

    /// The login that a wizard uses.
    pub fn user(&self) -> &'static str {
        USER
    }

    /// That login's password.
    pub fn password(&self) -> &SecretString {
        &self.credentials.octopus
    }

    /// The password of `sa`.
    pub fn sa_password(&self) -> &SecretString {
        &self.credentials.sa
    }

    /// How often clients began to speak after the server had spoken, TLS handshakes included and TCP's own excluded.
    pub fn turns(&self) -> u64 {
        self.shared.turns.load(Ordering::Relaxed)
    }

    /// How many connections were accepted so far.
    pub fn connections(&self) -> u64 {
        self.shared.connections.load(Ordering::Relaxed)
    }

    /// How many logins were tried so far, whatever became of them: what an account is locked by.
    pub fn logins(&self) -> u64 {
        self.shared.logins.load(Ordering::Relaxed)
    }

    /// Marks a database as replicated or mirrored, which no statement here can make it; or takes the mark away. `false`
    /// when there is no such database.
    pub fn mark(&self, database: &str, mark: Mark, set: bool) -> bool {
        self.shared.engine.mark(database, mark, set)
    }

    /// Makes something go wrong on the wire from now on, or nothing any more.
    pub fn set_wire_fault(&self, fault: Option<WireFault>) {
        *self.shared.fault.lock().unwrap_or_else(PoisonError::into_inner) = fault;
    }

    /// What goes wrong on the wire at present.
    pub fn wire_fault(&self) -> Option<WireFault> {
        self.shared.wire()
    }

    /// Stops the server and waits until its data is let go.
    pub async fn stop(self) {
        let Self { stop, task, .. } = self;
        drop(stop);
        // It fails only if the accept loop panicked, and then it has stopped too.
        let _ = task.await;
    }
}

/// Takes the folder for this server alone. One that is just letting go of it is waited for.
fn lock(folder: &Path) -> Result<File, StartError> {
    let failed = |cause| StartError::Folder(folder.to_owned(), cause);
    let file = File::options().write(true).create(true).truncate(false).open(folder.join("server.lock")).map_err(failed)?;
    let start = Instant::now();
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(file),
            Err(TryLockError::Error(cause)) => return Err(failed(cause)),
            Err(TryLockError::WouldBlock) if start.elapsed() > PATIENCE => {
                return Err(StartError::InUse(folder.to_owned()));
            }
            Err(TryLockError::WouldBlock) => std::thread::sleep(Duration::from_millis(10)),
        }
    }
}

/// `16.0.4135.4` as PRELOGIN tells it; what is not a number counts as 0.
fn version(text: &str) -> Version {
    let mut parts = text.split('.').map(|part| part.parse::<u16>().unwrap_or(0));
    let mut next = || parts.next().unwrap_or(0);
    Version {
        major: u8::try_from(next()).unwrap_or(0),
        minor: u8::try_from(next()).unwrap_or(0),
        build: next(),
        sub_build: next(),
    }
}
