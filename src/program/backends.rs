//! The nodes that others are to reach: from the registry of a node of this machine, or given by hand; and how what is made of
//! them is handed over.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use octopus_setup::catalog::failures;
use octopus_setup::faces::exit::Exit;
use octopus_setup::model::backend::{Backend, Backends, LeftOutNode};
use octopus_setup::model::facts::{Fact, Trouble};
use octopus_setup::model::plan::{Failure, StepKind};
use octopus_setup::model::untrusted::Untrusted;
use octopus_setup::world::places::Places;
use octopus_setup::world::seal::Sealer;
use octopus_setup::world::sqlserver::SqlServer;
use octopus_setup::world::{host, instances, node_config, small_file};

use super::cli::{Format, OfNode};
use super::environment::Environment;

/// How the program ends, and what it says.
pub type Refused = (Exit, String);

/// The nodes: those that were given, or the live ones of the cluster of a node of this machine.
///
/// # Errors
/// A node config that does not open, a database that does not answer, a node that cannot be written.
pub async fn backends(of: &OfNode, given: &[String], environment: &Environment) -> Result<Backends, Refused> {
    if !given.is_empty() {
        return Backends::from_texts(given).map_err(|bad| (Exit::Usage, bad.to_string()));
    }
    let path = config_path(of.instance.as_deref(), of.config.as_deref(), &environment.places)?;
    let refused =
        |error: &dyn std::fmt::Display| (Exit::Answers, format!("{}: {error}", Untrusted::new(&path.to_string_lossy())));
    let config = node_config::read_file(&path).map_err(|error| (Exit::Answers, error.to_string()))?;
    let sealer = Sealer::open(&environment.places).map_err(|error| refused(&error))?;
    let target = node_config::target(&config, &sealer).map_err(|error| refused(&error))?;
    let facts = SqlServer::new().cluster(&target, true).await;
    let trouble = match &facts.nodes {
        Fact::Seen(nodes) => {
            let backends = Backends::from_cluster(nodes).map_err(|bad| (Exit::Answers, bad.to_string()))?;
            return Ok(Backends { config: Some(Box::new(config)), ..backends });
        }
        Fact::Missing(trouble) => trouble.clone(),
        Fact::Unknown => Trouble::Unasked,
    };
    let told = failures::explain_step_at(StepKind::ConnectOnce, &Failure::Server(trouble), &target, host::platform());
    Err((Exit::Checks, format!("The nodes are not known. {} {}", told.says, told.fix)))
}

/// The node config that is asked for: at this path, of this instance, or of the only one of this machine.
///
/// # Errors
/// There is none, or several.
pub fn config_path(instance: Option<&str>, config: Option<&Path>, places: &Places) -> Result<PathBuf, Refused> {
    let usage = |says: String| (Exit::Usage, says);
    if let Some(path) = config {
        return std::path::absolute(path).map_err(|error| usage(format!("{}: {error}.", path.display())));
    }
    let clean = |text: &str| Untrusted::new(text);
    if let Some(name) = instance {
        return match instances::find(places, name) {
            Ok(Some(found)) => Ok(found.config),
            Ok(None) => Err(usage(format!("There is no instance {} of this wizard's on this machine.", clean(name)))),
            Err(error) => Err((Exit::Answers, error.to_string())),
        };
    }
    let all = instances::list(places).into_iter().collect::<Result<Vec<_>, _>>();
    let mut all = all.map_err(|error| (Exit::Answers, error.to_string()))?;
    match (all.pop(), all.is_empty()) {
        (Some(only), true) => Ok(only.config),
        (None, _) => {
            Err(usage("There is no instance of this wizard's on this machine; name a node config with --config.".into()))
        }
        (Some(last), false) => {
            all.push(last);
            let names: Vec<String> = all.iter().map(|found| clean(&found.name).to_string()).collect();
            let says = format!("There are several instances on this machine; name one with --instance: {}.", names.join(", "));
            Err(usage(says))
        }
    }
}

/// What is handed over, and how.
pub struct HandOver<'a> {
    /// The text.
    pub text: &'a str,
    /// Into this new file, instead of on standard output.
    pub out: Option<&'a Path>,
    /// How to print.
    pub output: Option<Format>,
    /// What the JSON object says besides.
    pub said: serde_json::Map<String, serde_json::Value>,
}

/// Hands it over, and says on standard error what whoever takes it has to know.
pub fn hand_over(handed: HandOver<'_>, backends: &Backends) -> Result<(), Refused> {
    let HandOver { text, out, output, mut said } = handed;
    let plain = if let Some(path) = out {
        let shown = Untrusted::new(&path.to_string_lossy());
        let told = |error: &dyn std::fmt::Display| (Exit::Usage, format!("{shown} was not written: {error}"));
        let path = std::path::absolute(path).map_err(|error| told(&error))?;
        small_file::save_new(&path, text).map_err(|error| told(&error))?;
        said.insert("file".into(), path.to_string_lossy().into());
        format!("Written to {}.\n", Untrusted::new(&path.to_string_lossy()))
    } else {
        said.insert("text".into(), text.into());
        text.to_owned()
    };
    let remarks = notes(backends);
    for line in &remarks {
        // Not `eprintln!`, which panics where nobody can read it.
        let _ = writeln!(std::io::stderr(), "octopus-setup: {line}");
    }
    said.insert("schema".into(), 1.into());
    said.insert("nodes".into(), nodes(backends));
    said.insert("left_out".into(), left_out(backends));
    said.insert("remarks".into(), backends.remarks.clone().into());
    let mut to = std::io::stdout();
    let written = match output {
        Some(Format::Json) => writeln!(to, "{}", serde_json::Value::Object(said)),
        Some(Format::Text) | None => to.write_all(plain.as_bytes()),
    };
    let written = written.and_then(|()| to.flush());
    written.map_err(|error| (Exit::Usage, format!("It could not be written to standard output: {error}.")))
}

/// Ends the program with what came of it.
pub fn ended(done: Result<(), Refused>) -> ExitCode {
    let Err((exit, says)) = done else { return ExitCode::from(Exit::Done.code()) };
    let _ = writeln!(std::io::stderr(), "octopus-setup: {says}");
    ExitCode::from(exit.code())
}

fn notes(backends: &Backends) -> Vec<String> {
    backends.left_out.iter().map(LeftOutNode::says).chain(backends.remarks.iter().cloned()).collect()
}

fn nodes(backends: &Backends) -> serde_json::Value {
    let node = |node: &Backend| {
        serde_json::json!({
            "name": node.name.as_str(),
            "url": node.url(),
            "comms_port": node.comms_port,
            "grpc_port": node.grpc_port,
            "drained": node.drained,
        })
    };
    backends.nodes.iter().map(node).collect()
}

fn left_out(backends: &Backends) -> serde_json::Value {
    let left = |left: &LeftOutNode| serde_json::json!({ "name": left.name.as_str(), "why": left.why.id() });
    backends.left_out.iter().map(left).collect()
}
