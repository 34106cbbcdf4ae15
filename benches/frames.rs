//! Frames.

fn main() {}
