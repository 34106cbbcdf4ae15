//! The nouns: plain types that import nothing above them.

pub mod answers;
pub mod check;
pub mod cluster;
pub mod connection_string;
pub mod facts;
pub mod field;
pub mod finding;
pub mod fingerprint;
pub mod flow;
pub mod identifier;
pub mod journal;
pub mod master_key;
pub mod names;
pub mod node;
pub mod node_config;
pub mod plan;
pub mod prefixes;
pub mod registry;
pub mod screen;
pub mod server_address;
pub mod survey;
pub mod target;
pub mod untrusted;
pub mod verifier;
