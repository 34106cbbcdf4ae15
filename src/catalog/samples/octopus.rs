//! Octopus Server on the machine, and a node that runs, for the tests of the mind.

use std::time::Duration;

use crate::model::facts::{Fact, HealthFacts, LogSeen, OctopusFacts, Ping, Trouble};

/// A machine without Octopus Server.
pub fn no_octopus() -> OctopusFacts {
    OctopusFacts {
        program: Fact::Seen(None),
        version: Fact::Missing(Trouble::Unasked),
        instances: Fact::Missing(Trouble::Unasked),
        service: Fact::Seen(None),
    }
}

/// A node that answers its load balancer, and whose log has nothing known in it.
pub fn health() -> HealthFacts {
    let url = "http://localhost:80/api/octopusservernodes/ping".into();
    let log =
        LogSeen { file: "/var/lib/octopus/Logs/OctopusServer.txt".into(), since_start: true, starts: 1, troubles: Vec::new() };
    HealthFacts { ping: Fact::Seen(Ping { url, status: 200, took: Duration::from_millis(4) }), log: Fact::Seen(Some(log)) }
}
