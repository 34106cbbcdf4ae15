//! The mind: pure and synchronous.
