//! The checks of the home screen.

pub mod disk;
pub mod instance;
pub mod node;
pub mod path;
pub mod writable;
