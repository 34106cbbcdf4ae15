//! The part of the TDS protocol that client and server share.
//!
//! * [`packet`]: the eight-byte header, and messages made of packets.
//! * [`prelogin`]: the first message of either side, and what the two agree on.
//! * [`tls`]: TLS records inside PRELOGIN packets during the handshake, plain on the stream afterwards.
//!
//! Source: [MS-TDS] 2.2.3, 2.2.6.5 and 3.2.5.1. LOGIN7 and the tokens are not here: tiberius has the client's side of them,
//! `practice-server` the server's.

#![warn(missing_docs)]

pub mod packet;
pub mod prelogin;
pub mod tls;
