//! Octopus Server's own program: its commands are run, its node is asked whether it is in.
//!
//! It is somebody else's program, run with secrets on its command line: it may hang, lie, print far too much or print what
//! it was given. So each call has its time, its output is bounded and masked before anybody sees it, and what it started
//! ends with it.

mod instances;
mod mask;
mod ping;
mod run;

pub use instances::{Listed, listed, read_instances};
pub use mask::Masks;
pub use ping::ping;
pub use run::{Call, Ended, NoCall, Patience, forget, refusal, run};
