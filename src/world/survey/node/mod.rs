//! A node under review: its config, its seals, its backups, and what Octopus Server keeps beside it.
//!
//! Nothing here writes, and nothing here makes the machine key: a review of a node that was copied from elsewhere
//! leaves no trace that a later look could take for its own.

mod backups;
mod diff;
mod masked;
mod octopus;
mod seals;

use std::path::Path;
use std::time::Duration;

use crate::model::answers::Raw;
use crate::model::facts::{Fact, NodeFacts, Trouble};
use crate::model::node_config::NodeConfig;
use crate::model::subject::{Maker, Subject};
use crate::model::untrusted::Untrusted;
use crate::world::budget::{fact_within, within};
use crate::world::places::Places;
use crate::world::seal::Sealer;
use crate::world::toml_file::{self, shown, unreadable};
use crate::world::{instances, small_file};

/// All of these are small files on local disks; what takes longer is a share that does not answer.
const BUDGET: Duration = Duration::from_secs(5);

/// Looks at everything that this machine's files say of an instance.
pub async fn node(places: &Places, subject: &Subject) -> NodeFacts {
    if subject.maker == Maker::Octopus {
        let path = subject.config.clone();
        let octopus = fact_within(BUDGET, move || octopus::at(&path)).await;
        return NodeFacts { octopus, ..missing(&Trouble::Unasked) };
    }
    let (here, of) = (places.clone(), subject.clone());
    let facts = within(BUDGET, move || files(&here, &of)).await.unwrap_or_else(|trouble| missing(&trouble));
    // It may lie on another disk than ours, so it has a budget of its own.
    let (here, of, config) = (places.clone(), subject.clone(), facts.config.seen().cloned());
    let octopus = fact_within(BUDGET, move || octopus::beside(&here, &of, config.as_deref())).await;
    NodeFacts { octopus, ..facts }
}

/// Nothing could be learnt, for one reason.
fn missing(trouble: &Trouble) -> NodeFacts {
    NodeFacts {
        config: Fact::Missing(trouble.clone()),
        password: Fact::Missing(trouble.clone()),
        service_password: Fact::Missing(trouble.clone()),
        key: Fact::Missing(trouble.clone()),
        octopus: Fact::Missing(trouble.clone()),
        backups: Fact::Missing(trouble.clone()),
        listed: Fact::Missing(trouble.clone()),
    }
}

/// What the node config and the files of ours around it say.
fn files(places: &Places, subject: &Subject) -> NodeFacts {
    let path = &subject.config;
    let text = small_file::read_text(path);
    let config = match &text {
        Ok(text) => toml_file::parse::<NodeConfig>(path, text, NodeConfig::FORMAT).map_err(Into::into),
        Err(error) => Err(unreadable(path, error)),
    };
    let sealer = Sealer::open(places);
    let instance = config.as_ref().map_or(&subject.instance, |config| &config.instance).clone();
    let mut facts = missing(&Trouble::Unasked);
    facts.backups = backups::of(path, text.as_deref().ok(), &masked::Opener::new(&instance, sealer.as_ref().ok()));
    facts.listed = listed(places, &instance, path);
    match config {
        Ok(config) => {
            facts.password = seals::password(&config, &sealer).map_or_else(Fact::Missing, Fact::Seen);
            facts.service_password = seals::service_password(&config, &sealer).map_or_else(Fact::Missing, Fact::Seen);
            facts.key = seals::key(&config, path, &sealer).map_or_else(Fact::Missing, |key| Fact::Seen(Raw::Secret(key)));
            facts.config = Fact::Seen(Box::new(config));
        }
        Err(trouble) => facts.config = Fact::Missing(Trouble::Config(trouble)),
    }
    facts
}

/// What this machine's list says of the instance: the file's own path in the subject's words where it is this very
/// file, whatever links lead to it.
fn listed(places: &Places, instance: &str, path: &Path) -> Fact<Option<Untrusted>> {
    if instance.is_empty() {
        return Fact::Missing(Trouble::Unasked);
    }
    match instances::find(places, instance) {
        Ok(None) => Fact::Seen(None),
        Ok(Some(found)) if same_file(&found.config, path) => Fact::Seen(Some(shown(path))),
        Ok(Some(found)) => Fact::Seen(Some(shown(&found.config))),
        Err(error) => Fact::Missing(Trouble::Config(error.into())),
    }
}

fn same_file(one: &Path, two: &Path) -> bool {
    one == two || matches!((one.canonicalize(), two.canonicalize()), (Ok(one), Ok(two)) if one == two)
}
