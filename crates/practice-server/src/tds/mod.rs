//! The server's side of the TDS codecs: decodes what clients send, encodes what the engine answers.
//!
//! Written by hand because no crate has this side. Decoding never panics and never allocates more than the message contains.
//! Source: [MS-TDS] 2.2.

pub mod dates;
pub mod login7;
pub mod reader;
pub mod requests;
pub mod tokens;
pub mod types;
pub mod values;
