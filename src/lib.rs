//! `octopus-setup`: an interactive terminal setup wizard for Octopus Server nodes in High Availability.
//!
//! The layers, from the top; each imports only what stands below it, and `tests/layers.rs` holds that:
//!
//! * [`faces`]: input to events, state to pixels, sentences and exit codes; they decide nothing.
//! * [`engine`]: the one loop: event → update → effects → tasks → event.
//! * [`world`]: the only code that touches network, disk, processes, clock and randomness.
//! * [`wizard`]: the mind: pure and synchronous.
//! * [`catalog`]: what is fixed of each setting, check and step, and the pure functions that belong to them.
//! * [`model`]: the nouns: plain types.
//! * [`words`]: titles, labels, help and remedies, embedded from `screens/*.toml`.
//!
//! Beside them: [`render`], a node as scripts, as a compose file and as the next node's command; and [`migration`], a feature of
//! its own with the same layers inside. The wire types that the
//! connection and the practice server share are the crate `tds-wire`, the practice server is the crate `practice-server`.

pub mod catalog;
pub mod engine;
pub mod faces;
pub mod migration;
pub mod model;
pub mod render;
pub mod wizard;
pub mod words;
pub mod world;
