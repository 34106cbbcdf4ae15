//! The `octopus-setup` program.

fn main() {}
