//! The cluster in the database: its nodes, and the evidence for a master key. Reads only.
//!
//! The statements are in `sql/cluster`.

mod key;
mod nodes;
mod survey;
