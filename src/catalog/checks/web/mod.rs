//! The checks of the web portal screen.

pub mod names;
pub mod ports;
pub mod prefixes;
