//! The mind: pure and synchronous. `(State, Event) → Effects`, and judgements over answers and facts.
//!
//! Nothing here does I/O, reads a clock or draws a random number: what the world knows arrives in events, and what
//! is to be done leaves as effects. So every transition is tested by calling one function.

pub mod answer_file;
pub mod autopilot;
pub mod custody;
pub mod effect;
pub mod end_page;
pub mod event;
pub mod gate;
pub mod next_steps;
pub mod node;
pub mod plan;
pub mod review;
pub mod run;
pub mod settings;
mod sign_in;
pub mod state;
pub mod summary;
pub mod tickets;
pub mod update;
pub mod view;
