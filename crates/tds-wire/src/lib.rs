//! The few wire types that the connection and the practice server share.
//!
//! * [`packet`]: the eight-byte header, and whole messages made of packets.
//! * [`prelogin`]: the first message of either side, and what the two agree on.
//! * [`tls`]: TLS records inside PRELOGIN packets during the handshake, bare afterwards.
//!
//! Source for all of it: [MS-TDS] 2.2.3, 2.2.6.5 and 3.2.5.1. LOGIN7 and the tokens are not here: the client's
//! side of them is tiberius' business, the server's is the practice server's.

#![warn(missing_docs)]

pub mod packet;
pub mod prelogin;
pub mod tls;
