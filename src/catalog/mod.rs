//! What is fixed of each setting, check and step, with the pure functions that read, judge and name them.
//!
//! It knows answers and facts, and nothing of the wizard's state: the mind above decides what is asked, when, and what follows.

pub mod checks;
pub mod commands;
pub mod dba;
pub mod failures;
pub mod flow;
pub mod form;
pub mod format;
pub mod octopus;
pub mod octopus_versions;
#[cfg(test)]
pub mod samples;
pub mod settings;
pub mod steps;
