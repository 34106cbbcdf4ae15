//! The master key that was given, against the cluster.

use serde::{Deserialize, Serialize};

use super::Fact;
use crate::model::key_verdict::KeyVerdict;

/// What the survey of a key learns.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct KeyFacts {
    /// Its verdict. Missing where the evidence itself could not be asked for; that is no verdict at all.
    pub verdict: Fact<KeyVerdict>,
}
