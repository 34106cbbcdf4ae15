//! The mind of a move to shared storage: what is copied to where, what stands in the way, how long it takes, what to say.

mod ahead;
mod batches;
mod concern;
mod concerns;
mod noted;
mod pace;
mod places;
mod sources;

pub use ahead::{Next, There, fold, folded_together, next};
pub use batches::{LARGE, batches};
pub use concern::{Concern, ConcernId};
pub use concerns::{concerns, trouble};
pub use noted::Noted;
pub use pace::{Pace, amount, assumed, units};
pub use places::{entangled, misplaced};
pub use sources::{Overrides, planned, read_override};
