//! Surveys what is on this machine already.

use std::path::{Path, PathBuf};
use std::time::Duration;

use futures_util::future::join;

use super::octopus::{installed_version, registry};
use crate::model::cluster::ClusterId;
use crate::model::facts::{Fact, InstanceSeen, Machine, Unfinished};
use crate::model::node_config::NodeConfig;
use crate::model::plan::{StepKind, StepState};
use crate::model::untrusted::Untrusted;
use crate::world::budget::within;
use crate::world::places::Places;
use crate::world::toml_file::{self, shown};
use crate::world::{clock, host, instances, journals};

/// Everything is local and small; only a state directory on a dead share takes longer.
const BUDGET: Duration = Duration::from_secs(5);

/// Surveys this machine. The first snapshot has the facts of the state directory; those of the instances' files and of an installed
/// Octopus Server come in a second one, because the start screen does not wait for them.
pub async fn machine(places: &Places, mut report: impl FnMut(Machine) + Send) -> Machine {
    let here = places.clone();
    let (mut machine, configs) = within(BUDGET, move || look(&here)).await.unwrap_or_else(|_| {
        let unreadable = vec![Untrusted::new("The state directory did not answer in time.")];
        (
            Machine { host_name: host::name().into(), today: Some(clock::now().date()), unreadable, ..Machine::default() },
            Vec::new(),
        )
    });
    report(machine.clone());
    // Each home may be on another disk; one that hangs costs only the cluster ids and the days.
    let details = within(BUDGET, move || configs.iter().map(|config| detail(config)).collect::<Vec<_>>());
    let (details, version) = join(details, installed_version(places)).await;
    for (instance, (cluster, written)) in machine.instances.iter_mut().zip(details.unwrap_or_default()) {
        instance.cluster = cluster;
        instance.written = written;
    }
    machine.octopus_version = version;
    report(machine.clone());
    machine
}

/// The facts of the state directory, and the instances' configs in the same order.
fn look(places: &Places) -> (Machine, Vec<PathBuf>) {
    let (octopus_instances, mut unreadable) = registry::list_instances(&places.octopus_instances);
    let (mut instances, mut configs) = (Vec::new(), Vec::new());
    let mut listed = instances::list(places);
    // Files sort differently from names: `-2.toml` comes before `.toml`.
    listed.sort_by_key(|entry| entry.as_ref().ok().map(|instance| instance.name.to_lowercase()));
    for entry in listed {
        match entry {
            Ok(instance) => {
                instances.push(InstanceSeen {
                    name: Untrusted::new(&instance.name),
                    home: shown(&instance.home),
                    config: shown(&instance.config),
                    ..InstanceSeen::default()
                });
                configs.push(instance.config);
            }
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
                serves: !matches!(journal.state(StepKind::OctopusService), StepState::Planned | StepState::Undone),
            }),
            Err(error) => unreadable.push(error.to_string().into()),
        }
    }
    let machine = Machine {
        today: Some(clock::now().date()),
        host_name: host::name().into(),
        system: host::system(&places.os_release).into(),
        instances,
        octopus_instances,
        octopus_version: Fact::Unknown,
        unfinished,
        unreadable,
    };
    (machine, configs)
}

/// Returns the cluster that a config names, and the day it was last written. The review of the node reports errors.
fn detail(config: &Path) -> (Option<ClusterId>, Untrusted) {
    let cluster = toml_file::read::<NodeConfig>(config, NodeConfig::FORMAT).ok().map(|config| config.cluster.id);
    let written = std::fs::metadata(config).and_then(|seen| seen.modified()).map(clock::day).unwrap_or_default();
    (cluster, written.into())
}
