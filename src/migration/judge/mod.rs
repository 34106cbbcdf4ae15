//! Pure decisions of a migration: what is copied to where, what is in the way, how long it takes, and the sentences about it.

mod batches;
mod check;
mod decide;
mod findings;
mod pace;
mod places;
mod progress_record;
mod sources;

pub use batches::{LARGE, batches};
pub use check::{Finding, MigrationCheck};
pub use decide::{Action, Existing, decide, fold, folded_together};
pub use findings::{explain, findings};
pub use pace::{Pace, amount, assumed, units};
pub use places::{entangled, misplaced};
pub use progress_record::ProgressRecord;
pub use sources::{Overrides, planned, read_override};
