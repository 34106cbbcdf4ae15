//! Listeners that are not SQL Servers.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

/// What a listener does to a client.
#[derive(Debug, Clone, Copy)]
pub enum Manners {
    /// Sends this at once and closes the connection.
    Greets(&'static [u8]),
    /// Waits for the first bytes, sends this and closes the connection.
    Answers(&'static [u8]),
    /// Closes the connection without sending anything.
    HangsUp,
}

/// Starts a listener; returns its port.
pub async fn listener(manners: Manners) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut first = [0; 2048];
            // Whoever has hung up already does not matter.
            match manners {
                Manners::Greets(text) => {
                    let _ = stream.write_all(text).await;
                    let _ = stream.read(&mut first).await;
                }
                Manners::Answers(text) => {
                    let _ = stream.read(&mut first).await;
                    let _ = stream.write_all(text).await;
                }
                Manners::HangsUp => {}
            }
        }
    });
    port
}
