//! `octopus-setup load-balancer` and `tentacles`: what stands in front of a cluster, from the live list of its nodes.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, ValueEnum};

use octopus_setup::catalog::failures;
use octopus_setup::catalog::form::read;
use octopus_setup::faces::exit::Exit;
use octopus_setup::model::backend::{Backend, Backends, LeftOutNode};
use octopus_setup::model::facts::{Fact, Trouble};
use octopus_setup::model::names::instance_key;
use octopus_setup::model::plan::{Failure, StepKind};
use octopus_setup::model::untrusted::Untrusted;
use octopus_setup::render::Shell;
use octopus_setup::render::load_balancer::{CertificateFiles, Frontend, FrontendError, Listen, Program, configuration};
use octopus_setup::render::tentacles::{AddressScheme, Polling, json, write, xml_line};
use octopus_setup::world::places::Places;
use octopus_setup::world::seal::Sealer;
use octopus_setup::world::sqlserver::SqlServer;
use octopus_setup::world::toml_file::TomlFileError;
use octopus_setup::world::{host, instances, node_config, small_file, survey};

use super::cli::{Format, NodeChoice};
use super::environment::Environment;
use super::octopus_made::{self, is_octopus_config};
use super::shells::print_result;

/// A load balancer's configuration.
#[derive(Debug, Args)]
pub struct LoadBalancer {
    /// For which program.
    #[arg(value_enum)]
    pub kind: Balancer,

    #[command(flatten)]
    pub node: NodeChoice,

    /// A node of the cluster; the database is not read.
    ///
    /// As NAME=URL, or NAME=URL,PORT where its port for polling Tentacles is not 10943. Once for each node.
    #[arg(long = "node", value_name = "NAME=URL", conflicts_with_all = ["instance", "config"])]
    pub nodes: Vec<String>,

    /// The name by which people reach the cluster.
    #[arg(long, value_name = "HOST")]
    pub name: Option<String>,

    /// Where the load balancer listens.
    ///
    /// A port, an address, or both. Without it, port 80, or 443 with a certificate.
    #[arg(long, value_name = "WHERE")]
    pub listen: Option<String>,

    /// The load balancer's certificate, for TLS.
    ///
    /// A file on its machine, with the chain.
    #[arg(long, value_name = "FILE", requires = "certificate_key")]
    pub certificate: Option<String>,

    /// The certificate's key.
    ///
    /// A file on the load balancer's machine.
    #[arg(long, value_name = "FILE", requires = "certificate")]
    pub certificate_key: Option<String>,

    /// Keep each client with one node.
    ///
    /// Octopus does not need it.
    #[arg(long)]
    pub sticky: bool,

    /// The first port for polling Tentacles.
    ///
    /// Each node has a port of its own on the load balancer, in the order in which they joined.
    #[arg(long, value_name = "N", default_value_t = 10_943, value_parser = clap::value_parser!(u16).range(1..))]
    pub polling_port: u16,

    /// Leave polling Tentacles out.
    #[arg(long, conflicts_with = "polling_port")]
    pub no_polling: bool,

    /// Pass gRPC through as well, on this port.
    ///
    /// Kubernetes agents and monitors use it. 8443 without a port.
    #[arg(long, value_name = "PORT", num_args = 0..=1, default_missing_value = "8443", value_parser = clap::value_parser!(u16).range(1..))]
    pub grpc: Option<u16>,

    /// nginx: the first of its loopback ports.
    ///
    /// By these it asks itself which nodes take requests, one for each node.
    #[arg(long, value_name = "N", default_value_t = 18_441, value_parser = clap::value_parser!(u16).range(1..))]
    pub inner_port: u16,

    /// nginx: the folder of its cache.
    ///
    /// There it keeps for two seconds what a node said of itself.
    #[arg(long, value_name = "DIR", default_value = "/run/octopus-ping")]
    pub cache_dir: String,

    /// Write it to this new file instead of printing it.
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,

    /// How to print it.
    ///
    /// As it is, or as a JSON object that holds it.
    #[arg(long, value_name = "FORMAT", value_enum)]
    pub output: Option<Format>,
}

/// The load balancers that a configuration is written for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Balancer {
    /// nginx, the open-source one.
    Nginx,
    /// HAProxy.
    #[value(name = "haproxy")]
    HaProxy,
    /// IIS with Application Request Routing, as a PowerShell script.
    Iis,
    /// Citrix NetScaler, as its commands.
    #[value(name = "netscaler")]
    NetScaler,
}

/// What polling Tentacles are told.
#[derive(Debug, Args)]
pub struct Tentacles {
    #[command(flatten)]
    pub node: NodeChoice,

    /// A node of the cluster; the database is not read.
    ///
    /// As NAME=URL, or NAME=URL,PORT where its port for polling Tentacles is not 10943. Once for each node.
    #[arg(long = "node", value_name = "NAME=URL", conflicts_with_all = ["instance", "config"])]
    pub nodes: Vec<String>,

    /// How a Tentacle tells the nodes apart.
    #[arg(long, value_enum, default_value = "own")]
    pub scheme: PollingScheme,

    /// The one address of all nodes.
    #[arg(long, value_name = "HOST", required_if_eq("scheme", "shared"))]
    pub address: Option<String>,

    /// The first node's port at that address.
    ///
    /// The others follow, in the order in which they joined, as `load-balancer` has them.
    #[arg(long, value_name = "N", default_value_t = 10_943, value_parser = clap::value_parser!(u16).range(1..))]
    pub first_port: u16,

    /// What to print.
    ///
    /// Without it, the commands for this system's own shell.
    #[arg(long, value_name = "FORMAT", value_enum)]
    pub format: Option<TentaclesFormat>,

    /// The thumbprint of Octopus Server's certificate.
    ///
    /// All nodes share it; `Octopus.Server show-thumbprint` prints it.
    #[arg(long, value_name = "HEX")]
    pub thumbprint: Option<String>,

    /// The Tentacle's subscription (poll://...).
    ///
    /// As its configuration has it for the node that it polls already.
    #[arg(long, value_name = "ID")]
    pub subscription: Option<String>,

    /// Write it to this new file instead of printing it.
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,

    /// How to print it.
    ///
    /// As it is, or as a JSON object with all of the formats.
    #[arg(long, value_name = "FORMAT", value_enum)]
    pub output: Option<Format>,
}

/// How a Tentacle tells the nodes apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum PollingScheme {
    /// Each node has an address of its own.
    Own,
    /// One address, and a port for each node.
    Shared,
}

/// What Tentacles are told in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum TentaclesFormat {
    /// Commands in PowerShell.
    #[value(name = "powershell")]
    PowerShell,
    /// Commands in bash.
    Bash,
    /// The value of the setting in Tentacle.config.
    Json,
    /// The whole line of Tentacle.config.
    Xml,
}

/// Runs `load-balancer`.
pub async fn load_balancer(args: &LoadBalancer, environment: &Environment) -> ExitCode {
    exit_code(write_configuration(args, environment).await)
}

async fn write_configuration(args: &LoadBalancer, environment: &Environment) -> Result<(), Refused> {
    let front = front(args).map_err(|bad| (Exit::Usage, bad.to_string()))?;
    let program = match args.kind {
        Balancer::Nginx => Program::Nginx,
        Balancer::HaProxy => Program::HaProxy,
        Balancer::Iis => Program::Iis,
        Balancer::NetScaler => Program::NetScaler,
    };
    let backends = backends(&args.node, &args.nodes, environment).await?;
    let text = configuration(program, &backends, &front).map_err(|none| (Exit::Usage, none.to_string()))?;
    let mut object = serde_json::Map::new();
    object.insert("for".into(), program.id().into());
    object.insert("polling_ports".into(), polling_ports(program, &backends, &front));
    hand_over(Rendering { text: &text, out: args.out.as_deref(), output: args.output, object }, &backends)
}

/// Returns what the load balancer shows to clients.
fn front(args: &LoadBalancer) -> Result<Frontend, FrontendError> {
    let default = if args.certificate.is_some() { 443 } else { 80 };
    let listen = match &args.listen {
        Some(text) => Listen::parse(text, default)?,
        None => Listen { address: None, port: default },
    };
    Ok(Frontend {
        name: args.name.as_deref().map(Frontend::read_name).transpose()?,
        listen,
        certificate: args.certificate.clone().zip(args.certificate_key.clone()).map(|(file, key)| CertificateFiles { file, key }),
        sticky: args.sticky,
        polling_port: (!args.no_polling).then_some(args.polling_port),
        grpc_port: args.grpc,
        inner_port: args.inner_port,
        cache: args.cache_dir.clone(),
    })
}

/// Returns the port on which each node's polling Tentacles arrive: what `tentacles --scheme shared` tells them.
fn polling_ports(program: Program, backends: &Backends, front: &Frontend) -> serde_json::Value {
    let Some(first) = front.polling_port.filter(|_| program != Program::Iis) else { return serde_json::json!({}) };
    let ports = backends.nodes.iter().zip(first..).map(|(node, port)| (node.name.as_str().to_owned(), port.into()));
    serde_json::Value::Object(ports.collect())
}

/// Runs `tentacles`.
pub async fn tentacles(args: &Tentacles, environment: &Environment) -> ExitCode {
    exit_code(write_commands(args, environment).await)
}

async fn write_commands(args: &Tentacles, environment: &Environment) -> Result<(), Refused> {
    let usage = |says: &dyn std::fmt::Display| (Exit::Usage, says.to_string());
    let scheme = match (args.scheme, &args.address) {
        (PollingScheme::Own, None) => AddressScheme::Own,
        (PollingScheme::Own, Some(_)) => {
            return Err(usage(&"--address is the one address of all nodes: it goes with --scheme shared."));
        }
        (PollingScheme::Shared, Some(address)) => {
            let address = Frontend::read_name(address).map_err(|bad| usage(&bad))?;
            AddressScheme::Shared { address, first_port: args.first_port }
        }
        (PollingScheme::Shared, None) => return Err(usage(&"--scheme shared needs --address.")),
    };
    let thumbprint = args.thumbprint.as_deref().map(thumbprint).transpose().map_err(|says| usage(&says))?;
    let subscription = args.subscription.as_deref().map(subscription).transpose().map_err(|says| usage(&says))?;
    let backends = backends(&args.node, &args.nodes, environment).await?;
    let polling = Polling::new(&backends, &scheme).map_err(|none| usage(&none))?;
    let polling = Polling { thumbprint, subscription, ..polling };
    let commands = |shell| write(&polling, shell).map_err(|none| usage(&none));
    let (powershell, bash) = (commands(Shell::PowerShell)?, commands(Shell::Bash)?);
    let (setting, line) = (json(&polling), xml_line(&polling));
    let own = match Shell::of(host::platform()) {
        Shell::PowerShell => TentaclesFormat::PowerShell,
        Shell::Bash => TentaclesFormat::Bash,
    };
    let text = match args.format.unwrap_or(own) {
        TentaclesFormat::PowerShell => powershell.clone(),
        TentaclesFormat::Bash => bash.clone(),
        TentaclesFormat::Json => format!("{setting}\n"),
        TentaclesFormat::Xml => format!("{line}\n"),
    };
    let mut object = serde_json::Map::new();
    object.insert("powershell".into(), powershell.into());
    object.insert("bash".into(), bash.into());
    object.insert("json".into(), setting.into());
    object.insert("xml".into(), line.into());
    let polled = polling.nodes.iter().map(|node| (node.name.clone(), node.address().into()));
    object.insert("addresses".into(), serde_json::Value::Object(polled.collect()));
    hand_over(Rendering { text: &text, out: args.out.as_deref(), output: args.output, object }, &backends)
}

/// Reads a certificate's thumbprint: SHA-1, 40 hexadecimal digits in upper or lower case, with or without blanks and colons.
fn thumbprint(text: &str) -> Result<String, &'static str> {
    let digits: String = text.chars().filter(|c| !matches!(c, ' ' | ':')).map(|c| c.to_ascii_uppercase()).collect();
    let good = digits.len() == 40 && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    if good { Ok(digits) } else { Err("A thumbprint has 40 hexadecimal digits; Octopus.Server show-thumbprint prints it.") }
}

/// Reads a subscription: `poll://` and letters and digits.
fn subscription(text: &str) -> Result<String, &'static str> {
    const SAYS: &str = "A subscription looks like poll://g3662re9njtelsyfhm7t/; it stands in Tentacle.config.";
    let id = text.trim().strip_prefix("poll://").map(|rest| rest.trim_end_matches('/')).ok_or(SAYS)?;
    let good = !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    if good { Ok(format!("poll://{id}/")) } else { Err(SAYS) }
}

/// The exit status of a refused command, and what to say.
pub type Refused = (Exit, String);

/// Returns the nodes: those given by hand, or the live ones of the cluster of a node of this machine.
///
/// # Errors
/// A node config that does not open, a database that does not answer, a node that cannot be written.
async fn backends(choice: &NodeChoice, given: &[String], environment: &Environment) -> Result<Backends, Refused> {
    if !given.is_empty() {
        return Backends::from_texts(given).map_err(|bad| (Exit::Usage, bad.to_string()));
    }
    let path = config_path(choice.instance.as_deref(), choice.config.as_deref(), &environment.places)?;
    let refused =
        |error: &dyn std::fmt::Display| (Exit::Answers, format!("{}: {error}", Untrusted::new(&path.to_string_lossy())));
    let (target, config) = if is_octopus_config(&path) {
        let answers = octopus_made::answers(&path, environment.answers())?;
        let target =
            read::target(&answers).ok_or_else(|| refused(&"its connection string names no server, database or login"))?;
        (target, None)
    } else {
        let config = node_config::read_file(&path).map_err(|error| (Exit::Answers, error.to_string()))?;
        let sealer = Sealer::open(&environment.places).map_err(|error| refused(&error))?;
        (node_config::target(&config, &sealer).map_err(|error| refused(&error))?, Some(Box::new(config)))
    };
    let facts = SqlServer::new().cluster(&target, true).await;
    let trouble = match &facts.nodes {
        Fact::Seen(nodes) => {
            let backends = Backends::from_cluster(nodes).map_err(|bad| (Exit::Answers, bad.to_string()))?;
            return Ok(Backends { config, ..backends });
        }
        Fact::Missing(trouble) => trouble.clone(),
        Fact::Unknown => Trouble::Unasked,
    };
    let told = failures::explain_step_at(StepKind::ConnectOnce, &Failure::Server(trouble), (&target, None), host::platform());
    Err((Exit::Checks, format!("The nodes are not known. {} {}", told.says, told.fix)))
}

/// Returns the path of a node config: this one, that of this instance, or that of the only instance of this machine. Where the wizard set
/// up none, an instance of Octopus Server's own list counts, with its OctopusServer.config.
///
/// # Errors
/// There is none, or several.
pub fn config_path(instance: Option<&str>, config: Option<&Path>, places: &Places) -> Result<PathBuf, Refused> {
    let usage = |says: String| (Exit::Usage, says);
    if let Some(path) = config {
        return std::path::absolute(path).map_err(|error| usage(format!("{}: {error}.", path.display())));
    }
    let unread = |error: TomlFileError| (Exit::Answers, error.to_string());
    if let Some(name) = instance
        && let Some(found) = instances::find(places, name).map_err(unread)?
    {
        return Ok(found.config);
    }
    let listed = instances::list(places).into_iter();
    // Another entry that cannot be read is no obstacle to the one that is named.
    let ours: Vec<_> =
        if instance.is_some() { listed.flatten().collect() } else { listed.collect::<Result<_, _>>().map_err(unread)? };
    let mut all: Vec<(String, PathBuf)> = ours.into_iter().map(|found| (found.name, found.config)).collect();
    let is_called = |name: &str, (other, _): &(String, PathBuf)| instance_key(other) == instance_key(name);
    let theirs: Vec<_> =
        survey::octopus_instances(places).into_iter().filter(|(name, _)| !all.iter().any(|own| is_called(name, own))).collect();
    let only_ours = instance.is_none() && !all.is_empty();
    all.extend(theirs.into_iter().filter(|_| !only_ours));
    let names: Vec<String> = all.iter().map(|(name, _)| Untrusted::new(name).to_string()).collect();
    let names = names.join(", ");
    match instance.map(|name| (name, all.iter().position(|found| is_called(name, found)))) {
        Some((_, Some(place))) => Ok(all.swap_remove(place).1),
        Some((name, None)) if all.is_empty() => {
            Err(usage(format!("There is no instance {}, nor any other on this machine.", Untrusted::new(name))))
        }
        Some((name, None)) => {
            Err(usage(format!("There is no instance {} on this machine. There are: {names}.", Untrusted::new(name))))
        }
        None if all.len() > 1 => {
            Err(usage(format!("There are several instances on this machine; name one with --instance: {names}.")))
        }
        None => all
            .pop()
            .map(|(_, config)| config)
            .ok_or_else(|| usage("There is no instance on this machine; name a node config with --config.".into())),
    }
}

/// A rendered text, and how to print it.
struct Rendering<'a> {
    text: &'a str,
    /// The new file to write it to, instead of standard output.
    out: Option<&'a Path>,
    output: Option<Format>,
    /// What the JSON object holds besides the text.
    object: serde_json::Map<String, serde_json::Value>,
}

/// Prints or saves a rendering, and says on standard error which nodes are left out.
fn hand_over(rendering: Rendering<'_>, backends: &Backends) -> Result<(), Refused> {
    let Rendering { text, out, output, mut object } = rendering;
    let plain = if let Some(path) = out {
        let shown = Untrusted::new(&path.to_string_lossy());
        let refused = |error: &dyn std::fmt::Display| (Exit::Usage, format!("{shown} was not written: {error}"));
        let path = std::path::absolute(path).map_err(|error| refused(&error))?;
        small_file::save_new(&path, text).map_err(|error| refused(&error))?;
        object.insert("file".into(), path.to_string_lossy().into());
        format!("Written to {}.\n", Untrusted::new(&path.to_string_lossy()))
    } else {
        object.insert("text".into(), text.into());
        text.to_owned()
    };
    for line in remarks(backends) {
        // Not `eprintln!`, which panics where nobody can read it.
        let _ = writeln!(std::io::stderr(), "octopus-setup: {line}");
    }
    object.insert("schema".into(), 1.into());
    object.insert("nodes".into(), nodes(backends));
    object.insert("left_out".into(), left_out(backends));
    object.insert("remarks".into(), backends.remarks.clone().into());
    print_result(output, object, &plain).map_err(|says| (Exit::Usage, says))
}

/// Reports a refusal, and returns the exit status.
fn exit_code(done: Result<(), Refused>) -> ExitCode {
    let Err((exit, says)) = done else { return ExitCode::from(Exit::Done.code()) };
    let _ = writeln!(std::io::stderr(), "octopus-setup: {says}");
    ExitCode::from(exit.code())
}

fn remarks(backends: &Backends) -> Vec<String> {
    backends.left_out_remarks().into_iter().chain(backends.remarks.iter().cloned()).collect()
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

#[cfg(test)]
mod tests {
    use octopus_setup::world::instances::Instance;

    use super::*;

    #[test]
    fn an_instance_is_found_in_either_list() {
        let folder = tempfile::tempdir().expect("a folder");
        let records = folder.path().join("records");
        std::fs::create_dir(&records).expect("made");
        let places = Places { octopus_instances: records.clone(), ..Places::under(folder.path().join("state")) };
        let path = |instance| config_path(instance, None, &places).map_err(|(_, says)| says);
        let refused = |instance| path(instance).expect_err("nothing of that name");
        assert!(refused(None).contains("no instance on this machine") && refused(Some("x")).contains("nor any other"));
        let record = r#"{"Name":"Their Node","ConfigurationFilePath":"/theirs/OctopusServer.config"}"#;
        std::fs::write(records.join("their-node.config"), record).expect("written");
        let theirs = Ok(PathBuf::from("/theirs/OctopusServer.config"));
        assert_eq!((path(None), path(Some("their-node"))), (theirs.clone(), theirs.clone()));
        let config = PathBuf::from("/ours/octopus-node.toml");
        let ours = Instance { format: Instance::FORMAT, name: "Ours".into(), home: "/ours".into(), config: config.clone() };
        instances::enter(&places, &ours).expect("entered");
        // The wizard's own goes before the other where none is named.
        assert_eq!((path(None), path(Some("OURS")), path(Some("Their Node"))), (Ok(config.clone()), Ok(config), theirs));
        assert!(refused(Some("x")).ends_with("There are: Ours, Their Node."), "{}", refused(Some("x")));
    }
}
