//! Transitions, without any I/O: events in, state and effects out.

mod bench;
mod install;
mod key;
mod moving;
mod review;
mod start;
mod surveys;
