//! `OctopusServer.config` where a command takes a node config: an instance that Octopus Server made counts by Octopus' rules.

use std::path::Path;

use octopus_setup::catalog::{checks, failures, format};
use octopus_setup::faces::exit::Exit;
use octopus_setup::model::answers::{Answers, Origin};
use octopus_setup::model::connection_string::SignInKind;
use octopus_setup::model::facts::{Fact, Facts, NodeFacts, Trouble};
use octopus_setup::model::untrusted::Untrusted;
use octopus_setup::wizard::settings;
use octopus_setup::world::{host, octopus_config};

use super::cluster_front::Refused;

/// Returns whether a file is taken for an `OctopusServer.config`: by its name, as `review` does it.
pub fn is_octopus_config(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("config"))
}

/// Reads one as answers, with Octopus' own defaults for what it does not say.
///
/// # Errors
/// It cannot be read, or Octopus Server does not sign in to its database by a SQL login that may be sent.
pub fn answers(path: &Path, blank: Answers) -> Result<Answers, Refused> {
    let shown = Untrusted::new(&path.to_string_lossy());
    let refused = |says: String| (Exit::Answers, format!("{shown}: {says}"));
    let config = octopus_config::read(path).map_err(|trouble| {
        let told = failures::explain_trouble(&Trouble::Config(trouble));
        (Exit::Answers, format!("{} {}", told.says, told.fix))
    })?;
    if config.sign_in != SignInKind::SqlLogin {
        let account = config.sign_in.account();
        return Err(refused(format!(
            "Octopus Server signs in to its database as {account}; the database was not asked. Name a node config of octopus-setup."
        )));
    }
    if !config.has_connection {
        let why: Vec<&str> = config.unused.iter().map(Untrusted::as_str).collect();
        let why = if why.is_empty() { String::new() } else { format!(" {}", format::sentence(&why.join(" "))) };
        return Err(refused(format!("It has no connection string that can be used.{why}")));
    }
    let node = NodeFacts {
        config: Fact::Missing(Trouble::Unasked),
        octopus: Fact::Seen(Some(Box::new(config))),
        ..NodeFacts::default()
    };
    let mut facts = Facts { node, ..Facts::default() };
    facts.machine.host_name = host::name().into();
    let mut answers = blank;
    for (field, raw) in settings::answers(&facts, None) {
        answers.set(field, raw, Origin::File);
    }
    match checks::sign_in_doubt(&answers) {
        Some(doubt) => Err(refused(format!("{} {}", doubt.says, doubt.fix))),
        None => Ok(answers),
    }
}
