//! Transitions, without any I/O: events in, state and effects out.

mod bench;
mod consent;
mod install;
mod join;
mod key;
mod moving;
mod plans;
mod review;
mod start;
mod storage;
mod surveys;
