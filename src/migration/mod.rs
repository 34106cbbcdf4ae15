//! Moving a single node's files to shared storage: `octopus-setup migrate`.
//!
//! One feature, one folder, with the house's layers inside. Each part imports only what its layer may, and of the other
//! parts only those named here; `tests/layers.rs` holds that:
//!
//! * [`model`]: the nouns. Imports the house's `model` and none of the other parts.
//! * [`judge`]: pure decisions and sentences, as pure as `wizard`. Imports [`model`].
//! * [`world`]: everything that touches disks, the database, Octopus Server and the clock, like `world`. Imports [`model`] and
//!   [`judge`].
//! * [`report`]: output for people and for programs, like `faces`. Imports [`model`] and [`judge`].
//!
//! The command itself is `program/migrate.rs`. Nothing else outside this folder imports any of it.

pub mod judge;
pub mod model;
pub mod report;
pub mod world;
