//! The catalog: everything that is fixed about a setting, in one block for each. It knows the nouns and nothing above them, and
//! is as pure as they are.

pub mod octopus;
pub mod read;
mod read_cluster;
pub mod settings;
