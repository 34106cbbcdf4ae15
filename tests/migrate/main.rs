//! A move to shared storage, on disks as they are: odd names, things in the way, full disks, changes under way, kills.

#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod collisions;
mod killed;
mod program;
mod rooms;
mod scene;
mod trees;
