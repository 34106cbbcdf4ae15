//! From a node to its commands.

use super::super::{Secret, Setup, Unwritable};
use super::{Command, Flag, Form, Opt, Piece, Verb, Word, cluster_wide};
use crate::catalog::settings::{self, Group, Setting};
use crate::model::connection_string;
use crate::model::field::{FieldId, Kind};
use crate::model::node::Node;
use crate::model::plan::StepKind;
use crate::model::survey::AccountKind;
use crate::model::web::PingEndpoint;

/// The commands of a node, in the order in which they are run.
///
/// It is the order of Octopus' own scripts, but for their `service --stop` before the service is installed: an instance
/// that was registered a moment ago has no service, and what that call says then is documented nowhere. Where a service of
/// ours is there from an earlier start of the run, the installer stops it by itself.
pub fn commands(setup: &Setup<'_>) -> Result<Vec<Command>, Unwritable> {
    let mut commands = vec![create(setup), database(setup)?, configure(setup)];
    commands.extend(cluster_wide::commands(setup));
    if !setup.is_first() && setup.node.start_service {
        let why = "Take no tasks before the node has proven itself; it concerns no other node.";
        commands.push(task_cap(setup, StepKind::OctopusHold, 0, why));
    }
    commands.push(service(setup));
    let why = "How many tasks this node takes at a time; it concerns no other node.";
    commands.push(task_cap(setup, StepKind::OctopusTaskCap, setup.node.task_cap, why));
    Ok(commands)
}

fn create(setup: &Setup<'_>) -> Command {
    let home = setup.node.home.to_string_lossy().into_owned();
    let options = vec![
        instance(&setup.node.instance),
        Opt::text(Flag::Config, config(&home)),
        Opt::text(Flag::Home, home),
        Opt::text(Flag::ServerNodeName, setup.node.name.clone()),
    ];
    let why = "Register the instance here, under this node's name in the cluster.";
    Command::plain(StepKind::OctopusInstance, Verb::CreateInstance, options, why)
}

fn database(setup: &Setup<'_>) -> Result<Command, Unwritable> {
    let mut options = vec![instance(&setup.node.instance)];
    if setup.is_first() {
        options.push(Opt::bare(Flag::Create));
    }
    options.push(Opt::secret(Flag::MasterKey, Secret::MasterKey));
    options.push(Opt { flag: Flag::ConnectionString, value: Some(connection_string(setup)?) });
    let why = if setup.is_first() {
        "Create Octopus' tables in the database, under the wizard's master key."
    } else {
        "Join the other nodes' database, with their master key. It creates nothing."
    };
    Ok(Command::plain(StepKind::OctopusDatabase, Verb::Database, options, why))
}

/// The switches come first, as in Octopus' own scripts.
fn configure(setup: &Setup<'_>) -> Command {
    let mut rows: Vec<&Setting> = settings::all().filter(|row| row.group == Group::Web).collect();
    rows.sort_by_key(|row| row.kind != Kind::Toggle);
    let mut options = vec![instance(&setup.node.instance)];
    options.extend(rows.into_iter().filter_map(|row| setting(row, setup.node)));
    Command::plain(StepKind::OctopusConfigure, Verb::Configure, options, "The web portal and the ports of this node.")
}

/// The option that carries a setting, where the node has a value of it.
pub(super) fn setting(row: &Setting, node: &Node) -> Option<Opt> {
    let text = row.node.and_then(|text| text(node)).filter(|text| !text.is_empty())?;
    row.option.map(|_| Opt::text(Flag::Setting(row.field), row.for_octopus(&text)))
}

fn task_cap(setup: &Setup<'_>, step: StepKind, cap: u16, why: &'static str) -> Command {
    let options = vec![instance(&setup.node.instance), Opt::text(Flag::Setting(FieldId::TaskCap), cap.to_string())];
    Command::plain(step, Verb::Node, options, why)
}

fn service(setup: &Setup<'_>) -> Command {
    let (account, starts) = (&setup.node.service, setup.node.start_service);
    let mut options = vec![instance(&setup.node.instance), Opt::bare(Flag::Install), Opt::bare(Flag::Reconfigure)];
    if account.kind != AccountKind::LocalSystem {
        options.push(Opt::text(Flag::Username, account.user.clone()));
    }
    if starts {
        options.push(Opt::bare(Flag::Start));
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
    Command {
        // Octopus Server reads this variable, so that the password need not stand on its command line.
        environment: has_password.then_some(("OCTOPUS_SERVICE_PASSWORD", Secret::ServicePassword)),
        awaits: if starts { PingEndpoint::of_portal(&setup.node.web) } else { None },
        ..Command::plain(StepKind::OctopusService, Verb::Service, options, why)
    }
}

/// The command that stops an instance's service.
pub fn stop_service(name: &str) -> Command {
    let options = vec![instance(name), Opt::bare(Flag::Stop)];
    Command::plain(StepKind::OctopusService, Verb::Service, options, "Stop the service.")
}

/// The command that takes an instance's service away.
pub fn take_service_away(name: &str) -> Command {
    let options = vec![instance(name), Opt::bare(Flag::Stop), Opt::bare(Flag::Uninstall)];
    Command::plain(StepKind::OctopusService, Verb::Service, options, "Stop the service and take it away.")
}

/// The command that takes an instance off this machine's list. It deletes no file and nothing in the database.
pub fn delete_instance(name: &str) -> Command {
    let why = "Take the instance off the list of this machine.";
    Command::plain(StepKind::OctopusInstance, Verb::DeleteInstance, vec![instance(name)], why)
}

/// The command that lists this machine's instances, in the form that Octopus documents: a line for each.
pub fn list_instances() -> Command {
    Command::plain(StepKind::OctopusInstance, Verb::ListInstances, Vec::new(), "List the instances of this machine.")
}

fn instance(name: &str) -> Opt {
    Opt::text(Flag::Instance, name)
}

/// Octopus Server's own config: in the home directory, by the rules of the system that the path is of.
pub fn config(home: &str) -> String {
    let separator = if home.contains('\\') { '\\' } else { '/' };
    let between = if home.ends_with(separator) { "" } else { &separator.to_string() };
    format!("{home}{between}OctopusServer.config")
}

/// The connection string, its password between double quotes whatever it is: only when it runs is it known what is in it.
pub(in crate::render) fn connection_string(setup: &Setup<'_>) -> Result<Word, Unwritable> {
    let (before, after) = connection_string::around_password(&setup.node.target).map_err(|_| Unwritable)?;
    Ok(Word(vec![Piece::Text(before), Piece::Secret(Secret::Password, Form::Doubled), Piece::Text(after)]))
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
