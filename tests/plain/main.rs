//! The plain face: scripted sessions against the practice server, as whoever types or pipes them would have them.
#![cfg(feature = "practice")]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod asking;
mod cluster_wide;
mod cut;
mod flows;
mod gates;
mod keys;
mod real;
mod review;
mod scene;

#[path = "../support/mod.rs"]
mod shared;
