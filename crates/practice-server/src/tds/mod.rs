//! The server side of the TDS codecs: what clients send is decoded, what the engine says is encoded.
//!
//! Written by hand, because no crate has this side (`facts/sqlserver.md` section 1). Decoding never panics and
//! never allocates more than the message holds. Source for all of it: [MS-TDS] 2.2.

pub mod cp1252;
pub mod cursor;
pub mod dates;
pub mod headers;
pub mod kinds;
pub mod login7;
pub mod read_value;
#[cfg(test)]
mod round_trip;
pub mod rpc;
pub mod tokens;
pub mod transaction;
pub mod variant;
pub mod write_value;
