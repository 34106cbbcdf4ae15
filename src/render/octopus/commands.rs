//! From a node to its commands.

use super::super::{Secret, Setup, Unwritable};
use super::{Command, Flag, Form, Opt, Piece, Verb, Word};
use crate::model::connection_string;
use crate::model::plan::StepKind;
use crate::model::survey::AccountKind;

/// What is not asked yet, and what a first node's operator adds by themselves.
const BEFORE_THE_SERVICE: &[&str] = &[
    "Once for the whole cluster, what this wizard does not ask yet goes here:",
    "an administrator (admin --username --email --password), and the licence",
    "(license --licenseBase64).",
];

/// The commands of a node, in the order in which they are run.
pub fn commands(setup: &Setup<'_>) -> Result<Vec<Command>, Unwritable> {
    let Setup { node, .. } = setup;
    let first = setup.is_first();
    let plain = |step, verb, options, why| Command { step, verb, options, environment: None, why, before: &[] };
    let valued = |flag, text: String| Opt { flag, value: Some(Word::text(text)) };
    let bare = |flag| Opt { flag, value: None };
    let instance = || valued(Flag::Instance, node.instance.clone());
    let home = node.home.to_string_lossy().into_owned();

    let mut database = vec![instance()];
    if first {
        database.push(bare(Flag::Create));
    }
    database.push(Opt { flag: Flag::MasterKey, value: Some(Word::secret(Secret::MasterKey)) });
    database.push(Opt { flag: Flag::ConnectionString, value: Some(connection_string(setup)?) });

    Ok(vec![
        plain(
            StepKind::OctopusInstance,
            Verb::CreateInstance,
            vec![
                instance(),
                valued(Flag::Config, config(&home)),
                valued(Flag::Home, home),
                valued(Flag::ServerNodeName, node.name.clone()),
            ],
            "Register the instance here, under this node's name in the cluster.",
        ),
        plain(
            StepKind::OctopusDatabase,
            Verb::Database,
            database,
            if first {
                "Create Octopus' tables in the database, under the wizard's master key."
            } else {
                "Join the other nodes' database, with their master key. It creates nothing."
            },
        ),
        plain(
            StepKind::OctopusConfigure,
            Verb::Configure,
            vec![
                instance(),
                valued(Flag::WebForceSsl, if node.web.force_ssl { "True" } else { "False" }.to_owned()),
                valued(Flag::WebListenPrefixes, prefixes(setup)),
                valued(Flag::CommsListenPort, node.web.comms_port.to_string()),
                valued(Flag::GrpcListenPort, node.web.grpc_port.to_string()),
            ],
            "The web portal and the ports of this node.",
        ),
        service(setup, instance()),
        plain(
            StepKind::OctopusTaskCap,
            Verb::Node,
            vec![instance(), valued(Flag::TaskCap, node.task_cap.to_string())],
            "How many tasks this node takes at a time; it concerns no other node.",
        ),
    ])
}

fn service(setup: &Setup<'_>, instance: Opt) -> Command {
    let account = &setup.node.service;
    let bare = |flag| Opt { flag, value: None };
    let mut options = vec![instance, bare(Flag::Install), bare(Flag::Reconfigure)];
    if account.kind != AccountKind::LocalSystem {
        options.push(Opt { flag: Flag::Username, value: Some(Word::text(account.user.clone())) });
    }
    options.push(bare(Flag::Start));
    let has_password = account.kind == AccountKind::Custom && account.password.is_some();
    Command {
        step: StepKind::OctopusService,
        verb: Verb::Service,
        options,
        // Octopus Server reads this variable, so that the password need not stand on its command line.
        environment: has_password.then_some(("OCTOPUS_SERVICE_PASSWORD", Secret::ServicePassword)),
        why: match account.kind {
            AccountKind::LocalSystem => "Install the service under the machine's own account, and start it.",
            AccountKind::Custom => "Install the service under its account, and start it.",
            AccountKind::Managed => "Install the service under its managed account (no password); start it.",
        },
        before: if setup.is_first() { BEFORE_THE_SERVICE } else { &[] },
    }
}

/// Octopus Server's own config: in the home directory, by the rules of the system that the path is of.
fn config(home: &str) -> String {
    let separator = if home.contains('\\') { '\\' } else { '/' };
    let between = if home.ends_with(separator) { "" } else { &separator.to_string() };
    format!("{home}{between}OctopusServer.config")
}

/// The prefixes in the one form that HTTP.sys and Octopus know.
pub(in crate::render) fn prefixes(setup: &Setup<'_>) -> String {
    setup.node.web.prefixes.iter().map(ToString::to_string).collect::<Vec<_>>().join(",")
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
