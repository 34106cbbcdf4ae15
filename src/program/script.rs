//! `octopus-setup script`: prints what Octopus Server's own command line, or a container, would need for a node.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use octopus_setup::faces::exit::Exit;
use octopus_setup::model::answers::{Answers, Origin, Raw};
use octopus_setup::model::check::CheckId;
use octopus_setup::model::facts::{Fact, Facts, NodeFacts};
use octopus_setup::model::field::FieldId;
use octopus_setup::model::flow::Flow;
use octopus_setup::model::master_key::Fingerprint;
use octopus_setup::model::node::{Maker, Subject};
use octopus_setup::model::node_config::NodeConfig;
use octopus_setup::model::platform::Platform;
use octopus_setup::model::secret::SecretString;
use octopus_setup::model::untrusted::Untrusted;
use octopus_setup::render::{ClearSecrets, Secret, Setup, Shell, compose, script};
use octopus_setup::wizard::{answer_file, node, settings};
use octopus_setup::world::answer_sources::{EnvironmentVariables, Mode};
use octopus_setup::world::places::Places;
use octopus_setup::world::{host, key_file, node_config, survey};
use secrecy::ExposeSecret;

use super::answer_args::AnswerArgs;
use super::cli::{FlowArg, Script, ScriptFormat, TargetPlatform};
use super::environment::Environment;
use super::octopus_made::{self, is_octopus_config};
use super::shells::print_result;
use super::{answers, cluster_front};

/// Why there is no script.
enum Refusal {
    /// Exit status and message, not printed yet.
    Because(Exit, String),
    /// The message has been printed already.
    Told(ExitCode),
}

impl Refusal {
    fn usage(says: impl Into<String>) -> Self {
        Self::Because(Exit::Usage, says.into())
    }

    fn answers(says: impl Into<String>) -> Self {
        Self::Because(Exit::Answers, says.into())
    }
}

/// Placeholder for a secret that exists but is not needed in clear.
const THERE: &str = "sealed";

/// The input of a script.
struct Source {
    flow: Flow,
    answers: Answers,
    /// Checks whose warnings are accepted.
    accept: Vec<CheckId>,
    fingerprint: Option<Fingerprint>,
    /// The secrets in clear, if they were requested.
    clear: Option<ClearSecrets>,
}

/// Runs the command.
pub async fn run(args: &Script, environment: &Environment, variables: EnvironmentVariables) -> ExitCode {
    let done = match source(args, environment, variables).await {
        Ok(source) => rendered(args, &source).and_then(|text| hand_over(args, &text)),
        Err(refusal) => Err(refusal),
    };
    match done {
        Ok(()) => ExitCode::from(Exit::Done.code()),
        Err(Refusal::Told(status)) => status,
        Err(Refusal::Because(exit, says)) => {
            // Not `eprintln!`, which panics if standard error is closed.
            let _ = writeln!(std::io::stderr(), "octopus-setup: {says}");
            ExitCode::from(exit.code())
        }
    }
}

/// Returns the platform that the script is for.
fn platform(args: &Script) -> Platform {
    match args.platform {
        Some(TargetPlatform::Linux) => Platform::Linux,
        Some(TargetPlatform::Windows) => Platform::Windows,
        None => host::platform(),
    }
}

/// Returns the output format; the default is a script for the platform's shell.
fn format(args: &Script) -> ScriptFormat {
    args.format.unwrap_or(match Shell::of(platform(args)) {
        Shell::PowerShell => ScriptFormat::PowerShell,
        Shell::Bash => ScriptFormat::Bash,
    })
}

/// Reads the source: this machine's node config, unless answers are given.
async fn source(args: &Script, environment: &Environment, variables: EnvironmentVariables) -> Result<Source, Refusal> {
    let flow = args.flow.map(FlowArg::flow);
    if args.with_secrets && format(args) == ScriptFormat::Answers {
        let says = "An answer file says where its secrets come from; --with-secrets is for scripts and compose files.";
        return Err(Refusal::usage(says));
    }
    let names_a_config = args.instance.is_some() || args.config.is_some();
    let AnswerArgs { answers, flags, problems } = &args.given;
    let is_given = !answers.is_empty() || !flags.is_empty() || !problems.is_empty();
    if names_a_config && is_given {
        return Err(Refusal::usage("A node config is taken as it is: answers do not go with --instance and --config."));
    }
    if !names_a_config && (is_given || flow.is_some()) {
        return of_answers(args, environment, variables, flow).await;
    }
    // A node config exists, so its cluster does too. The default is therefore a joining node's script, which does not
    // change the cluster.
    of_config(args, &environment.places, flow.unwrap_or(Flow::Join)).await
}

/// Builds the source from given answers. Secrets are fetched only if they are to appear in the output.
async fn of_answers(
    args: &Script,
    environment: &Environment,
    variables: EnvironmentVariables,
    flow: Option<Flow>,
) -> Result<Source, Refusal> {
    let mode = if args.with_secrets { Mode::Headless } else { Mode::CheckOnly };
    let resolved = answers::gather(&args.given, variables, flow, mode, environment.answers_on(platform(args))).await;
    let resolved = resolved.map_err(|status| Refusal::Told(status.into()))?;
    let problems = resolved.judge();
    let Some(flow) = resolved.flow.filter(|_| !answers::refuse(&problems)) else {
        return Err(Refusal::Told(answers::refused(&problems)));
    };
    let mut answers = resolved.loaded.answers;
    let clear = if args.with_secrets { Some(clear_of(flow, &answers)?) } else { None };
    for field in resolved.loaded.open {
        answers.set(field, Raw::of(field, THERE), Origin::File);
    }
    Ok(Source { flow, answers, accept: resolved.loaded.accept, fingerprint: None, clear })
}

/// Returns the secrets among the answers. Refuses a first node, because the new cluster's master key does not exist
/// yet.
fn clear_of(flow: Flow, answers: &Answers) -> Result<ClearSecrets, Refusal> {
    if flow == Flow::FirstNode {
        let says = "A first node's master key is made when it is installed; take --with-secrets with its node config afterwards.";
        return Err(Refusal::usage(says));
    }
    let secret = |field| answers.secret(field).filter(|secret| !secret.expose_secret().is_empty()).cloned();
    // First nodes were refused above, so the secrets that only they need are left out.
    Ok([
        (Secret::Password, Some(secret(FieldId::Password).unwrap_or_default())),
        (Secret::MasterKey, secret(FieldId::MasterKey)),
        (Secret::ServicePassword, secret(FieldId::ServicePassword)),
    ]
    .into_iter()
    .collect())
}

async fn of_config(args: &Script, places: &Places, flow: Flow) -> Result<Source, Refusal> {
    let path = cluster_front::config_path(args.instance.as_deref(), args.config.as_deref(), places);
    let path = path.map_err(|(exit, says)| Refusal::Because(exit, says))?;
    if is_octopus_config(&path) {
        return of_octopus_config(args, &path, flow);
    }
    let config = node_config::read_file(&path).map_err(|error| Refusal::answers(error.to_string()))?;
    let fingerprint = Some(config.cluster.fingerprint);
    let (facts, clear) = if args.with_secrets {
        let subject = Subject { instance: config.instance.clone(), config: path, maker: Maker::Wizard };
        let facts = survey::node(places, &subject).await;
        let clear = opened(&config, &facts)?;
        (facts, Some(clear))
    } else {
        (sealed(config), None)
    };
    let facts = Facts { node: facts, ..Facts::default() };
    let mut answers = Answers::new(platform(args));
    for (field, raw) in settings::answers(&facts, None) {
        answers.set(field, raw, Origin::File);
    }
    Ok(Source { flow, answers, accept: Vec::new(), fingerprint, clear })
}

/// Takes Octopus Server's own config as the source. The master key in it belongs to its machine and is not opened.
fn of_octopus_config(args: &Script, path: &Path, flow: Flow) -> Result<Source, Refusal> {
    if args.with_secrets {
        let says = "OctopusServer.config holds the master key as its machine has protected it; --with-secrets needs a node config of octopus-setup.";
        return Err(Refusal::usage(says));
    }
    let answers = octopus_made::answers(path, Answers::new(platform(args)));
    let mut answers = answers.map_err(|(exit, says)| Refusal::Because(exit, says))?;
    for field in [FieldId::Password, FieldId::MasterKey] {
        answers.set(field, Raw::of(field, THERE), Origin::File);
    }
    Ok(Source { flow, answers, accept: Vec::new(), fingerprint: None, clear: None })
}

/// Returns the config's facts without opening its sealed secrets. Each secret is only marked as present, which is all
/// that rendering by reference needs.
fn sealed(config: NodeConfig) -> NodeFacts {
    let there = |field: FieldId| Raw::of(field, THERE);
    NodeFacts {
        password: Fact::Seen(there(FieldId::Password)),
        service_password: Fact::Seen(config.service.password.as_ref().map(|_| there(FieldId::ServicePassword))),
        key: Fact::Seen(there(FieldId::MasterKey)),
        config: Fact::Seen(Box::new(config)),
        ..NodeFacts::default()
    }
}

/// Opens all secrets of the config. Fails if one cannot be opened, because a script without it would only look
/// complete.
fn opened(config: &NodeConfig, facts: &NodeFacts) -> Result<ClearSecrets, Refusal> {
    let secret = |raw: &Raw| match raw {
        Raw::Secret(secret) => secret.clone(),
        Raw::Text(text) => SecretString::from(text.as_str()),
    };
    let closed = |what: &str| {
        let says = format!("{what} of this node config does not open on this machine; octopus-setup review tells why.");
        Refusal::answers(says)
    };
    let password = facts.password.seen().map(secret).ok_or_else(|| closed("The database password"))?;
    let master_key = facts.key.seen().map(secret).ok_or_else(|| closed("The sealed master key"))?;
    let service_password = match facts.service_password.seen() {
        Some(password) => password.as_ref().map(secret),
        None if config.service.password.is_none() => None,
        None => return Err(closed("The service account's password")),
    };
    // The other secrets are not stored anywhere.
    Ok([(Secret::Password, Some(password)), (Secret::MasterKey, Some(master_key)), (Secret::ServicePassword, service_password)]
        .into_iter()
        .collect())
}

/// Renders the text. It is always handled as a secret, because it may contain secrets.
fn rendered(args: &Script, source: &Source) -> Result<SecretString, Refusal> {
    let Source { flow, answers, accept, fingerprint, clear } = source;
    let shell = match format(args) {
        ScriptFormat::Answers => return Ok(SecretString::from(answer_file::write(*flow, answers, accept))),
        ScriptFormat::PowerShell => Some(Shell::PowerShell),
        ScriptFormat::Bash => Some(Shell::Bash),
        ScriptFormat::Compose => None,
    };
    let node = node::from_answers(*flow, answers).map_err(|fields| {
        let fields: Vec<&str> = fields.into_iter().map(FieldId::id).collect();
        Refusal::answers(format!("These answers are missing or malformed: {}.", fields.join(", ")))
    })?;
    let setup = Setup { flow: *flow, node: &node, fingerprint: *fingerprint };
    let text = match (shell, clear) {
        (Some(shell), Some(clear)) => script::in_clear(&setup, shell, clear),
        (Some(shell), None) => script::by_reference(&setup, shell).map(SecretString::from),
        (None, Some(clear)) => compose::in_clear(&setup, clear),
        (None, None) => compose::by_reference(&setup).map(SecretString::from),
    };
    text.map_err(|unwritable| Refusal::answers(unwritable.to_string()))
}

/// Writes the text to the named new file, or to standard output. clap requires a file for output that contains secrets.
fn hand_over(args: &Script, text: &SecretString) -> Result<(), Refusal> {
    let mut object = serde_json::Map::new();
    object.insert("format".into(), name(format(args)).into());
    let plain = if let Some(path) = &args.out {
        let path = save(path, text)?;
        object.insert("file".into(), path.to_string_lossy().into());
        format!("Written to {}, readable by you only.\n", Untrusted::new(&path.to_string_lossy()))
    } else {
        object.insert("text".into(), text.expose_secret().into());
        text.expose_secret().to_owned()
    };
    print_result(args.output, object, &plain).map_err(Refusal::usage)
}

fn save(path: &Path, text: &SecretString) -> Result<PathBuf, Refusal> {
    let refused = |error: &dyn std::fmt::Display| {
        Refusal::usage(format!("{} was not written: {error}", Untrusted::new(&path.to_string_lossy())))
    };
    let absolute = std::path::absolute(path).map_err(|error| refused(&error))?;
    key_file::save_text(&absolute, text.expose_secret().as_bytes()).map_err(|error| refused(&error))?;
    Ok(absolute)
}

/// Returns a format's name as typed on the command line.
const fn name(format: ScriptFormat) -> &'static str {
    match format {
        ScriptFormat::PowerShell => "powershell",
        ScriptFormat::Bash => "bash",
        ScriptFormat::Compose => "compose",
        ScriptFormat::Answers => "answers",
    }
}
