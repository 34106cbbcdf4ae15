//! Pure decisions of a migration: what is copied to where, what is in the way, how long it takes, and the sentences about it.

mod decide;
mod findings;
mod pace;
mod progress_record;
mod sources;

pub use decide::{ExistingEntry, FileAction, LARGE, batches, decide, fold, folded_together};
pub use findings::{MigrationCheck, MigrationFinding, explain, findings};
pub use pace::{Pace, amount, assumed, units};
pub use progress_record::ProgressRecord;
pub use sources::{Overrides, entangled, misplaced, planned, read_override};
