//! Clipboards.

use serde::{Deserialize, Serialize};

/// Where a copied text went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum CopyWay {
    /// To this desktop's clipboard; that it is there is known.
    Desktop,
    /// To the terminal by OSC 52; whether the terminal obeyed cannot be known.
    Terminal,
}
