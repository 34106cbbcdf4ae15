//! The instances that Octopus Server's program knows.

use std::path::Path;
use std::time::Duration;

use super::ask::ask;
use crate::model::facts::Fact;
use crate::model::untrusted::Untrusted;
use crate::world::octopus_server::read_instances;

/// Name and config file of each, as this program says within a time. An older one that does not know the option prints text.
pub(super) async fn of_program(program: &Path, budget: Duration) -> Fact<Vec<(Untrusted, Untrusted)>> {
    match ask(program, &["list-instances", "--format=json"], budget).await {
        Ok(said) => match read_instances(&said.text()) {
            Some(instances) => Fact::Seen(instances.into_iter().map(|listed| (listed.name, listed.config)).collect()),
            None => Fact::Missing(said.no_answer("its instances")),
        },
        Err(trouble) => Fact::Missing(trouble),
    }
}
