//! A relay between client and server that can cut the connection.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use octopus_setup::model::target::{ServerAddress, Target};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// Forwards everything until it is told to swallow a reply.
pub struct Relay {
    port: u16,
    cut: Arc<AtomicBool>,
}

impl Relay {
    /// Starts a relay to this server.
    pub async fn to(server: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("bound");
        let port = listener.local_addr().expect("an address").port();
        let cut = Arc::new(AtomicBool::new(false));
        let told = Arc::clone(&cut);
        tokio::spawn(async move {
            while let Ok((near, _)) = listener.accept().await {
                let far = TcpStream::connect(server).await.expect("connected");
                tokio::spawn(pass(near, far, Arc::clone(&told)));
            }
        });
        Self { port, cut }
    }

    /// The same target through this relay.
    pub fn through(&self, target: Target) -> Target {
        Target { address: ServerAddress { port: Some(self.port), ..target.address.clone() }, ..target }
    }

    /// Cuts the connection of the next reply before any of it is forwarded: the server has done the work by then, and the client
    /// does not know.
    pub fn swallow_a_reply(&self) {
        self.cut.store(true, Ordering::SeqCst);
    }
}

async fn pass(near: TcpStream, far: TcpStream, cut: Arc<AtomicBool>) {
    let ((mut near_in, mut near_out), (mut far_in, mut far_out)) = (near.into_split(), far.into_split());
    let up = tokio::spawn(async move { tokio::io::copy(&mut near_in, &mut far_out).await });
    let mut buffer = vec![0; 1 << 16];
    while let Ok(count) = far_in.read(&mut buffer).await {
        let swallowed = count > 0 && cut.swap(false, Ordering::SeqCst);
        if count == 0 || swallowed || near_out.write_all(&buffer[..count]).await.is_err() {
            break;
        }
    }
    up.abort();
}
