//! Octopus Server's own program: its commands are run, its node is asked whether it is in.
//!
//! It is somebody else's program, run with secrets on its command line: it may hang, lie, print far too much or print what
//! it was given. So each call has its time, its output is bounded and masked before anybody sees it, and what it started
//! ends with it.

mod call;
mod capture;
mod instances;
mod mask;
mod patience;
mod ping;
mod program;
mod runner;

pub use call::{Call, NoCall, forget};
pub use instances::{Listed, listed, read_instances};
pub use mask::Masks;
pub use patience::Patience;
pub use ping::ping;
pub use program::refusal;
pub use runner::{Ended, run};
