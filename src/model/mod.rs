//! The nouns: plain types that import nothing above them.

#[macro_use]
mod ids;

pub mod advice;
pub mod answers;
pub mod backend;
pub mod canary;
pub mod check;
pub mod clipboard;
pub mod cluster;
pub mod connection_string;
pub mod day;
pub mod facts;
pub mod field;
pub mod file_trouble;
pub mod finding;
pub mod fingerprint;
pub mod flow;
pub mod given;
pub mod hand_over;
pub mod identifier;
pub mod journal;
pub mod key_evidence;
pub mod key_verdict;
pub mod licence;
pub mod master_key;
pub mod names;
pub mod node;
pub mod node_config;
pub mod octopus_config;
pub mod phrase;
pub mod ping;
pub mod plan;
pub mod platform;
pub mod prefixes;
pub mod quote;
pub mod registry;
pub mod release;
pub mod screen;
pub mod server_address;
pub mod stand_in;
pub mod storage;
pub mod subject;
pub mod survey;
pub mod target;
pub mod untrusted;
pub mod verifier;
