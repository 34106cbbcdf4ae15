//! Octopus Server itself on this machine: its program, what that says of itself, its instances and its service.
//!
//! The program is run twice, for its version and for its instances. Nothing is changed, and whatever it does, hangs or lies,
//! costs its own fact only.

mod ask;
mod find;
mod instances;
pub(super) mod registry;
mod service;
pub(super) mod version;

use std::path::Path;

use futures_util::future::join;

use crate::model::facts::{Fact, OctopusFacts, Trouble};
use crate::model::untrusted::Untrusted;
use crate::world::budget::fact_within;
use crate::world::places::Places;

/// Looks for the program, and asks it for its version and its instances. A first snapshot tells where it is.
pub async fn octopus(places: &Places, program: Option<&Path>, instance: &str, mut report: impl FnMut(OctopusFacts) + Send) {
    let (here, asked) = (places.clone(), program.map(Path::to_owned));
    let program = fact_within(find::BUDGET, move || Fact::Seen(find::program(&here, asked.as_deref()))).await;
    let mut facts = OctopusFacts { program, ..OctopusFacts::default() };
    report(facts.clone());
    let (folders, named) = (places.unit_folders.clone(), instance.to_owned());
    let service = fact_within(service::BUDGET, move || service::of(&folders, &named));
    if let Fact::Seen(Some(program)) = facts.program.clone() {
        // One after the other: two runs of .NET at once on a small machine are slower than two in a row.
        let asked = async {
            let version = version::of_program(&program, ask::BUDGET).await;
            let instances = instances::of_program(&program, ask::BUDGET).await;
            (version, instances)
        };
        let ((version, instances), service) = join(asked, service).await;
        (facts.version, facts.instances, facts.service) = (version, instances, service);
    } else {
        facts.version = Fact::Missing(Trouble::Unasked);
        facts.instances = Fact::Missing(Trouble::Unasked);
        facts.service = service.await;
    }
    if facts.instances.seen().is_none() {
        facts.instances = recorded(places, facts.instances).await;
    }
    report(facts);
}

/// What Octopus' own instance registry says, where the program did not. It is read as files, so that it cannot hang on the
/// program; but nobody promises where a later version keeps it, and so the program's word comes first.
async fn recorded(places: &Places, told: Fact<Vec<(Untrusted, Untrusted)>>) -> Fact<Vec<(Untrusted, Untrusted)>> {
    let folder = places.octopus_instances.clone();
    let recorded = fact_within(find::BUDGET, move || Fact::Seen(registry::list(&folder).0)).await;
    match recorded {
        Fact::Seen(records) if !records.is_empty() => Fact::Seen(records),
        _ => told,
    }
}

#[cfg(test)]
mod tests;
