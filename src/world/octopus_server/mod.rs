//! Runs Octopus Server's own program, and pings its node.
//!
//! It is another vendor's program, run with secrets on its command line: it may hang, lie, print far too much or print its arguments.
//! So each call has a time limit, its output is bounded and masked before anybody sees it, and what it started ends with it.

mod instances;
mod mask;
mod ping;
mod run;

pub use instances::{Listed, listed, read_instances};
pub use mask::Masks;
pub use ping::ping;
pub use run::{Call, Ended, NoCall, Patience, forget, refusal, run};
