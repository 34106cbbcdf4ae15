//! The only code that touches network, disk, processes, clock and randomness.

pub mod sqlserver;
