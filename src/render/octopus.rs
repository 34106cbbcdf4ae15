//! What Octopus Server's own command line needs for a node, as data: its commands in their order, with their options.
//!
//! The order and the spelling are those of the scripts that Octopus' own Manager shows (`facts/octopus.md`, sections 0 and
//! 1). Which command and which option concerns the whole cluster is a closed table, and what joins has none of them.

use std::iter;

use crate::catalog::settings::{self, Group, Setting};
use crate::model::connection_string;
use crate::model::field::{FieldId, Kind};
use crate::model::node::Node;
use crate::model::plan::StepKind;
use crate::model::survey::AccountKind;
use crate::model::web::PingEndpoint;

use super::{Secret, Setup, Unrenderable};

pub use crate::catalog::octopus::{Flag, Reach, Verb};

/// One option.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommandOption {
    pub flag: Flag,
    /// Its value; `None` for one that stands by itself.
    pub value: Option<Word>,
}

impl CommandOption {
    /// A flag that stands by itself.
    const fn bare(flag: Flag) -> Self {
        Self { flag, value: None }
    }

    /// A flag with literal text behind it.
    fn text(flag: Flag, text: impl Into<String>) -> Self {
        Self { flag, value: Some(Word::text(text)) }
    }

    /// A flag with a secret behind it.
    fn secret(flag: Flag, secret: Secret) -> Self {
        Self { flag, value: Some(Word::secret(secret)) }
    }
}

/// One call of Octopus Server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OctopusCommand {
    /// The step of a plan that runs it.
    pub step: StepKind,
    /// The command.
    pub verb: Verb,
    /// Its options, in order.
    pub options: Vec<CommandOption>,
    /// A secret that it takes from a variable of its own instead of its command line: the variable's name and the secret.
    pub environment: Option<(&'static str, Secret)>,
    /// What it is for: a sentence.
    pub why: &'static str,
    /// Where the node is asked, once the command has started it, until it answers its load balancer.
    pub awaits: Option<PingEndpoint>,
}

impl OctopusCommand {
    /// A command with these options, which takes no secret from its environment and awaits nothing.
    const fn plain(step: StepKind, verb: Verb, options: Vec<CommandOption>, why: &'static str) -> Self {
        Self { step, verb, options, environment: None, why, awaits: None }
    }

    /// The secrets that it needs.
    pub fn secrets(&self) -> impl Iterator<Item = Secret> {
        let pieces = self.options.iter().filter_map(|option| option.value.as_ref()).flat_map(|word| &word.0);
        let inside = pieces.filter_map(|piece| match piece {
            WordPart::Text(_) => None,
            WordPart::Secret(secret, _) => Some(*secret),
        });
        inside.chain(self.environment.map(|(_, secret)| secret))
    }
}

/// How a secret stands in a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SecretForm {
    Plain,
    /// Each double quote in it written twice, as between double quotes in a .NET connection string.
    Doubled,
}

/// A part of a word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WordPart {
    /// Literal text.
    Text(String),
    Secret(Secret, SecretForm),
}

/// One word of a command line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Word(pub Vec<WordPart>);

impl Word {
    /// Literal text.
    pub fn text(text: impl Into<String>) -> Self {
        Self(vec![WordPart::Text(text.into())])
    }

    /// A secret by itself.
    pub fn secret(secret: Secret) -> Self {
        Self(vec![WordPart::Secret(secret, SecretForm::Plain)])
    }
}

/// The commands of a node, in the order in which they are run.
///
/// It is the order of Octopus' own scripts, but for their `service --stop` before the service is installed: an instance
/// that was registered a moment ago has no service, and what that call says then is documented nowhere. Where a service of
/// ours is there from an earlier start of the run, the installer stops it by itself.
pub fn commands(setup: &Setup<'_>) -> Result<Vec<OctopusCommand>, Unrenderable> {
    let mut commands = vec![create(setup), database(setup)?, configure(setup)];
    commands.extend(cluster_wide_commands(setup));
    if !setup.is_first() && setup.node.start_service {
        let why = "Take no tasks before the node has proven itself; it concerns no other node.";
        commands.push(task_cap(setup, StepKind::OctopusHold, 0, why));
    }
    commands.push(service(setup));
    let why = "How many tasks this node takes at a time; it concerns no other node.";
    commands.push(task_cap(setup, StepKind::OctopusTaskCap, setup.node.task_cap, why));
    Ok(commands)
}

fn create(setup: &Setup<'_>) -> OctopusCommand {
    let home = setup.node.home.to_string_lossy().into_owned();
    let options = vec![
        instance(&setup.node.instance),
        CommandOption::text(Flag::Config, config(&home)),
        CommandOption::text(Flag::Home, home),
        CommandOption::text(Flag::ServerNodeName, setup.node.name.clone()),
    ];
    let why = "Register the instance here, under this node's name in the cluster.";
    OctopusCommand::plain(StepKind::OctopusInstance, Verb::CreateInstance, options, why)
}

fn database(setup: &Setup<'_>) -> Result<OctopusCommand, Unrenderable> {
    let mut options = vec![instance(&setup.node.instance)];
    if setup.is_first() {
        // The database may be there already, made by this wizard or by a DBA: --create does nothing then, and --upgrade makes the tables.
        options.push(CommandOption::bare(Flag::Create));
        options.push(CommandOption::bare(Flag::Upgrade));
    }
    options.push(CommandOption::secret(Flag::MasterKey, Secret::MasterKey));
    options.push(CommandOption { flag: Flag::ConnectionString, value: Some(connection_string(setup)?) });
    let why = if setup.is_first() {
        "Create Octopus' tables in the database, under the wizard's master key."
    } else {
        "Join the other nodes' database, with their master key. It creates nothing."
    };
    Ok(OctopusCommand::plain(StepKind::OctopusDatabase, Verb::Database, options, why))
}

/// The switches come first, as in Octopus' own scripts.
fn configure(setup: &Setup<'_>) -> OctopusCommand {
    let mut rows: Vec<&Setting> = settings::all().filter(|row| row.group == Group::Web).collect();
    rows.sort_by_key(|row| row.kind != Kind::Toggle);
    let mut options = vec![instance(&setup.node.instance)];
    // Older versions lack this option, and no source names the first that has it.
    let is_default = |row: &Setting| row.field == FieldId::GrpcPort && setup.node.web.grpc_port.to_string() == row.default;
    options.extend(rows.into_iter().filter(|row| !is_default(row)).filter_map(|row| setting(row, setup.node)));
    OctopusCommand::plain(StepKind::OctopusConfigure, Verb::Configure, options, "The web portal and the ports of this node.")
}

/// The option that carries a setting, where the node has a value of it.
fn setting(row: &Setting, node: &Node) -> Option<CommandOption> {
    let text = row.node.and_then(|text| text(node)).filter(|text| !text.is_empty())?;
    row.option.map(|_| CommandOption::text(Flag::Setting(row.field), row.for_octopus(&text)))
}

fn task_cap(setup: &Setup<'_>, step: StepKind, cap: u16, why: &'static str) -> OctopusCommand {
    let options = vec![instance(&setup.node.instance), CommandOption::text(Flag::Setting(FieldId::TaskCap), cap.to_string())];
    OctopusCommand::plain(step, Verb::Node, options, why)
}

fn service(setup: &Setup<'_>) -> OctopusCommand {
    let (account, starts) = (&setup.node.service, setup.node.start_service);
    let mut options =
        vec![instance(&setup.node.instance), CommandOption::bare(Flag::Install), CommandOption::bare(Flag::Reconfigure)];
    if account.kind != AccountKind::LocalSystem {
        options.push(CommandOption::text(Flag::Username, account.user.clone()));
    }
    if starts {
        options.push(CommandOption::bare(Flag::Start));
    }
    let has_password = account.kind == AccountKind::Custom && account.password.is_some();
    let why = match (account.kind, starts) {
        (AccountKind::LocalSystem, true) => "Install the service under the machine's own account, and start it.",
        (AccountKind::LocalSystem, false) => "Install the service under the machine's own account; it is not started.",
        (AccountKind::Custom, true) => "Install the service under its account, and start it.",
        (AccountKind::Custom, false) => "Install the service under its account; it is not started.",
        (AccountKind::Managed, true) => "Install the service under its managed account (no password); start it.",
        (AccountKind::Managed, false) => "Install the service under its managed account (no password).",
    };
    OctopusCommand {
        // Octopus Server reads this variable, so that the password need not stand on its command line.
        environment: has_password.then_some(("OCTOPUS_SERVICE_PASSWORD", Secret::ServicePassword)),
        awaits: if starts { PingEndpoint::of_portal(&setup.node.web) } else { None },
        ..OctopusCommand::plain(StepKind::OctopusService, Verb::Service, options, why)
    }
}

/// The command that stops an instance's service.
pub fn stop_service(name: &str) -> OctopusCommand {
    let options = vec![instance(name), CommandOption::bare(Flag::Stop)];
    OctopusCommand::plain(StepKind::OctopusService, Verb::Service, options, "Stop the service.")
}

/// The command that takes an instance's service away.
pub fn take_service_away(name: &str) -> OctopusCommand {
    let options = vec![instance(name), CommandOption::bare(Flag::Stop), CommandOption::bare(Flag::Uninstall)];
    OctopusCommand::plain(StepKind::OctopusService, Verb::Service, options, "Stop the service and take it away.")
}

/// The command that takes an instance off this machine's list. It deletes no file and nothing in the database.
pub fn delete_instance(name: &str) -> OctopusCommand {
    let why = "Take the instance off the list of this machine.";
    OctopusCommand::plain(StepKind::OctopusInstance, Verb::DeleteInstance, vec![instance(name)], why)
}

/// The command that lists this machine's instances, in the form that Octopus documents: a line for each.
pub fn list_instances() -> OctopusCommand {
    OctopusCommand::plain(StepKind::OctopusInstance, Verb::ListInstances, Vec::new(), "List the instances of this machine.")
}

fn instance(name: &str) -> CommandOption {
    CommandOption::text(Flag::Instance, name)
}

/// Octopus Server's own config: in the home directory, by the rules of the system that the path is of.
pub fn config(home: &str) -> String {
    let separator = if home.contains('\\') { '\\' } else { '/' };
    let between = if home.ends_with(separator) { "" } else { &separator.to_string() };
    format!("{home}{between}OctopusServer.config")
}

/// The connection string, its password between double quotes whatever it is: only when it runs is it known what is in it.
pub(super) fn connection_string(setup: &Setup<'_>) -> Result<Word, Unrenderable> {
    let (before, after) = connection_string::around_password(&setup.node.target).map_err(|_| Unrenderable)?;
    Ok(Word(vec![WordPart::Text(before), WordPart::Secret(Secret::Password, SecretForm::Doubled), WordPart::Text(after)]))
}

/// Returns what a first node runs once for the whole cluster; nothing for a node that joins.
fn cluster_wide_commands(setup: &Setup<'_>) -> Vec<OctopusCommand> {
    if !setup.is_first() {
        return Vec::new();
    }
    [admin(setup), license(setup), path(setup)].into_iter().flatten().collect()
}

fn admin(setup: &Setup<'_>) -> Option<OctopusCommand> {
    let administrator = setup.node.administrator.as_ref()?;
    let mut options = vec![instance(&setup.node.instance), CommandOption::text(Flag::Username, administrator.user.clone())];
    if !administrator.email.is_empty() {
        options.push(CommandOption::text(Flag::Email, administrator.email.clone()));
    }
    options.push(CommandOption::secret(Flag::Password, Secret::AdminPassword));
    let why = "Make the first administrator, once for the whole cluster.";
    Some(OctopusCommand::plain(StepKind::OctopusAdmin, Verb::Admin, options, why))
}

fn license(setup: &Setup<'_>) -> Option<OctopusCommand> {
    let options = vec![instance(&setup.node.instance), CommandOption::secret(Flag::LicenseBase64, Secret::Licence)];
    let why = "Hand the licence over, once for the whole cluster.";
    setup.node.licensed.then(|| OctopusCommand::plain(StepKind::OctopusLicence, Verb::License, options, why))
}

/// One root gets the folders that later versions share too; a folder that was set by itself stays where it is then.
fn path(setup: &Setup<'_>) -> Option<OctopusCommand> {
    if setup.node.storage.is_none() {
        return None;
    }
    let rows = settings::all().filter(|row| row.group == Group::Storage);
    let options = iter::once(instance(&setup.node.instance)).chain(rows.filter_map(|row| setting(row, setup.node))).collect();
    let why = "Where all nodes find what they share, once for the whole cluster.";
    Some(OctopusCommand::plain(StepKind::OctopusPaths, Verb::Path, options, why))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_config_is_in_the_home_whatever_system_that_is_of() {
        for (home, path) in [
            ("/var/lib/octopus", "/var/lib/octopus/OctopusServer.config"),
            ("C:\\Octopus", "C:\\Octopus\\OctopusServer.config"),
            ("D:\\", "D:\\OctopusServer.config"),
        ] {
            assert_eq!(config(home), path);
        }
    }
}
