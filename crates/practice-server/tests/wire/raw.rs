//! A client that sends exactly the bytes that a test wants.

use practice_server::RunningServer;
use secrecy::ExposeSecret as _;
use tds_wire::packet::{Message, PacketType, ReadError, read_message, write_message};
use tds_wire::prelogin::Encryption;
use tokio::net::TcpStream;

use crate::connect::negotiate;

/// TDS 7.4.
pub const CURRENT: u32 = 0x7400_0004;

/// Sends a PRELOGIN and a LOGIN7 of `sa` in plain, and returns the answer.
pub async fn log_in(server: &RunningServer, version: u32) -> (TcpStream, Result<Message, ReadError>) {
    let mut tcp = TcpStream::connect(server.addr()).await.expect("a connection");
    negotiate(&mut tcp, Encryption::NotSupported).await.expect("an answer");
    let login = login7(version, "sa", server.sa_password().expose_secret());
    write_message(&mut tcp, PacketType::Login7, &login, 4096).await.expect("written");
    let answer = read_message(&mut tcp, 1 << 16).await;
    (tcp, answer)
}

/// A LOGIN7 with a user and a password.
pub fn login7(version: u32, user: &str, password: &str) -> Vec<u8> {
    let wide = |text: &str| text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>();
    let user = wide(user);
    let password: Vec<u8> = wide(password).iter().map(|byte| byte.rotate_left(4) ^ 0xA5).collect();
    let mut out = vec![0; 94];
    out[4..8].copy_from_slice(&version.to_le_bytes());
    out[8..12].copy_from_slice(&4096u32.to_le_bytes());
    for (at, field) in [(40, &user), (44, &password)] {
        let offset = u16::try_from(out.len()).expect("short").to_le_bytes();
        let length = u16::try_from(field.len() / 2).expect("short").to_le_bytes();
        out[at..at + 4].copy_from_slice(&[offset[0], offset[1], length[0], length[1]]);
        out.extend_from_slice(field);
    }
    let length = u32::try_from(out.len()).expect("short");
    out[..4].copy_from_slice(&length.to_le_bytes());
    out
}

/// A batch, with a transaction header that says there is none.
pub fn batch(sql: &str) -> Vec<u8> {
    let mut out = vec![22, 0, 0, 0, 18, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0];
    out.extend(sql.encode_utf16().flat_map(u16::to_le_bytes));
    out
}

/// The status bits of the DONE token in which a reply ends.
pub fn last_done(message: &Message) -> u16 {
    let end = &message.payload[message.payload.len() - 13..];
    assert!(matches!(end[0], 0xFD..=0xFF), "the reply ends in {end:?}");
    u16::from_le_bytes([end[1], end[2]])
}
