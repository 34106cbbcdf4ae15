//! How long Octopus Server is waited for.

use std::time::Duration;

/// The times. A value, so that a test need not wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patience {
    /// For `database`, which makes all of Octopus' tables.
    pub database: Duration,
    /// For any other command.
    pub command: Duration,
    /// Until the node answers its load balancer.
    pub ping: Duration,
    /// Until the database has seen its heart beat.
    pub beat: Duration,
    /// Between two looks at either.
    pub between: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            database: Duration::from_secs(10 * 60),
            command: Duration::from_secs(2 * 60),
            ping: Duration::from_secs(5 * 60),
            beat: Duration::from_secs(3 * 60),
            between: Duration::from_secs(1),
        }
    }
}
