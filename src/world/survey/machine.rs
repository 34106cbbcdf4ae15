//! What is on this machine already.

use std::time::Duration;

use super::octopus_instances;
use crate::model::facts::{Fact, InstanceSeen, Machine, Trouble, Unfinished};
use crate::model::untrusted::Untrusted;
use crate::world::budget::within;
use crate::world::places::Places;
use crate::world::toml_file::shown;
use crate::world::{clock, host, instances, journals};

/// Everything is local and small; only a state directory on a dead share takes longer.
const BUDGET: Duration = Duration::from_secs(5);

/// Looks around on this machine.
pub async fn machine(places: &Places) -> Machine {
    let places = places.clone();
    within(BUDGET, move || look(&places)).await.unwrap_or_else(|_| Machine {
        host_name: host::name().into(),
        unreadable: vec![Untrusted::new("The state directory did not answer in time.")],
        ..Machine::default()
    })
}

fn look(places: &Places) -> Machine {
    let (octopus_instances, mut unreadable) = octopus_instances::list(&places.octopus_instances);
    let mut instances = Vec::new();
    for entry in instances::list(places) {
        match entry {
            Ok(instance) => instances.push(InstanceSeen {
                name: Untrusted::new(&instance.name),
                home: shown(&instance.home),
                config: shown(&instance.config),
                ..InstanceSeen::default()
            }),
            Err(error) => unreadable.push(error.to_string().into()),
        }
    }
    let mut unfinished = Vec::new();
    for journal in journals::list(places) {
        match journal {
            Ok(journal) => unfinished.push(Unfinished {
                instance: Untrusted::new(&journal.instance),
                flow: journal.flow,
                done: journal.done(),
                steps: journal.steps.len(),
                when: clock::to_minute(&journal.written).into(),
            }),
            Err(error) => unreadable.push(error.to_string().into()),
        }
    }
    Machine {
        host_name: host::name().into(),
        system: host::system(&places.os_release).into(),
        instances,
        octopus_instances,
        octopus_version: Fact::Missing(Trouble::Unasked),
        unfinished,
        unreadable,
    }
}
