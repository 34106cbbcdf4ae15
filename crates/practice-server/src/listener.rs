//! The accept loop, and a connection's path to its login.

use std::fs::File;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;

use super::link::Link;
use super::login::{LoggedIn, login};
use super::meter::Metered;
use super::options::WireFault;
use super::session;
use super::shared::Shared;

/// How long after a failed accept, which means that the process is out of files, the next is tried.
const BREATH: Duration = Duration::from_millis(50);

/// Accepts connections until `stop` changes or its sender is dropped; then ends them all, and lets go of the data folder's lock.
pub async fn run(listener: TcpListener, shared: Arc<Shared>, mut stop: watch::Receiver<()>, lock: File) {
    let (alive, mut all_gone) = mpsc::channel::<()>(1);
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            _ = stop.changed() => break,
            accepted = listener.accept() => match accepted {
                Ok((tcp, _)) => {
                    shared.connections.fetch_add(1, Ordering::Relaxed);
                    if connections.len() < shared.limits.connections {
                        connections.spawn(serve(tcp, shared.clone(), alive.clone()));
                    }
                }
                Err(_) => tokio::time::sleep(BREATH).await,
            },
            Some(_) = connections.join_next() => {}
        }
    }
    drop(listener);
    connections.shutdown().await;
    drop(alive);
    // Engine work outlives its connection's task; when the last is gone, so are all locks on the data.
    let _ = all_gone.recv().await;
    drop(lock);
}

async fn serve(tcp: TcpStream, shared: Arc<Shared>, alive: mpsc::Sender<()>) {
    let spid = shared.next_spid();
    let entered = tokio::time::timeout(shared.limits.login, enter(tcp, &shared, alive, spid));
    if let Ok(Some(logged_in)) = entered.await {
        session::serve(logged_in, shared, spid).await;
    }
}

/// From the TCP connection to the login.
async fn enter(mut tcp: TcpStream, shared: &Arc<Shared>, alive: mpsc::Sender<()>, spid: u16) -> Option<LoggedIn> {
    tcp.set_nodelay(true).ok()?;
    if !shared.round_trip.is_zero() {
        tokio::time::sleep(shared.round_trip).await;
    }
    match shared.wire() {
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
    let tcp = Metered::new(tcp, shared.turns.clone(), shared.round_trip);
    let link = Link::accept(tcp, first[0], &shared.tls, shared.policy, shared.allow_strict, shared.version).await.ok()?;
    login(link, shared, alive, spid).await
}
