//! The next steps after a run: what fits what it did, with the command where one is known.

use crate::catalog::commands;
use crate::catalog::octopus::Verb;
use crate::model::advice::Advice;
use crate::model::flow::Flow;
use crate::model::node_config::NodeConfig;
use crate::model::plan::Plan;
use crate::model::quote::Shell;
use crate::model::screen::ScreenId;
use crate::model::storage::SharedStorage;
use crate::render::tentacles;
use crate::words;

/// One thing to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NextStep {
    pub advice: Advice,
    /// A sentence or two.
    pub words: &'static str,
    /// The command that does it or shows what it needs, in one line.
    pub command: Option<String>,
}

impl NextStep {
    /// Returns both in one line.
    pub fn line(&self) -> String {
        match &self.command {
            Some(command) => format!("{} {command}", self.words),
            None => self.words.to_owned(),
        }
    }
}

/// Lists the next steps after a run of this flow, in order; without its plan, only those that always apply.
pub fn next_steps(flow: Flow, plan: Option<&Plan>) -> Vec<NextStep> {
    let screen = words::screen(ScreenId::Done);
    let step = |advice: Advice| Some(NextStep { advice, words: screen.advice(advice)?, command: command(advice, plan) });
    advice(flow, plan).into_iter().filter_map(step).collect()
}

/// Chooses what applies.
fn advice(flow: Flow, plan: Option<&Plan>) -> Vec<Advice> {
    match flow {
        Flow::FirstNode => first_node(plan),
        Flow::Join => {
            let mut all = server(plan);
            // Without an address that other machines reach there is no line for a Tentacle.
            let has_line = plan.is_some_and(|plan| tentacles::poll_server_command(plan).is_some());
            let poll = if has_line { Advice::PollJoined } else { Advice::Tentacles };
            all.extend([Advice::TryFirst, Advice::AddToLoadBalancer, poll]);
            all
        }
        Flow::Edit => vec![Advice::ApplyChange, Advice::TellOthers, Advice::LookAtDrift],
        Flow::Leave => vec![Advice::Forget, Advice::StopServer, Advice::DeleteSecrets],
        Flow::Remove => vec![Advice::DeleteInOctopus, Advice::Forget],
        Flow::Review => Vec::new(),
    }
}

fn first_node(plan: Option<&Plan>) -> Vec<Advice> {
    let mut all = vec![Advice::KeepKey];
    all.extend(server(plan));
    if let Some(plan) = plan {
        let (handed, node) = (plan.hand_over.is_some(), &plan.node);
        // What was typed for them is kept nowhere, and goes to Octopus Server by its own commands or not at all.
        match (handed, &node.administrator) {
            (true, Some(_)) if node.start_service => all.push(Advice::SignIn),
            (true, Some(_)) => {}
            (false, Some(_)) => all.push(Advice::AdministratorLeft),
            (_, None) => all.push(Advice::MakeAdministrator),
        }
        match (handed, node.licensed) {
            (true, true) => {}
            (false, true) => all.push(Advice::LicenceLeft),
            (_, false) => all.push(Advice::SetLicence),
        }
        if node.storage == SharedStorage::None {
            all.push(Advice::ShareStorage);
        }
    }
    all.extend([Advice::NextNode, Advice::LoadBalancer, Advice::Tentacles]);
    all
}

/// Lists what is left to do in Octopus Server itself.
fn server(plan: Option<&Plan>) -> Vec<Advice> {
    match plan {
        Some(plan) if plan.hand_over.is_none() => vec![Advice::RunScript],
        Some(plan) if !plan.node.start_service => vec![Advice::StartService],
        _ => Vec::new(),
    }
}

/// Returns the command of a piece of advice.
fn command(advice: Advice, plan: Option<&Plan>) -> Option<String> {
    let server = |plan: &Plan, verb: &str| commands::server(plan.node.platform, verb, &plan.node.instance);
    match advice {
        Advice::RunScript => {
            let Plan { node, flow, .. } = plan?;
            let config = node.platform.join(&node.home.to_string_lossy(), NodeConfig::FILE);
            Some(commands::script(*flow, node.platform, "--config", &config))
        }
        Advice::StartService => Some(format!("{} --start", server(plan?, "service"))),
        Advice::MakeAdministrator | Advice::AdministratorLeft => {
            let plan = plan?;
            let shell = Shell::of(plan.node.platform);
            let plain_or = |text: Option<&str>, otherwise: &str| match text {
                Some(text) if shell.is_plain(text) => text.to_owned(),
                _ => otherwise.to_owned(),
            };
            let administrator = plan.node.administrator.as_ref();
            let user = plain_or(administrator.map(|admin| admin.user.as_str()), "NAME");
            let email = plain_or(administrator.map(|admin| admin.email.as_str()), "MAIL");
            Some(format!("{} --username {user} --email {email} --password PASSWORD", server(plan, "admin")))
        }
        Advice::SetLicence | Advice::LicenceLeft => Some(format!("{} --licenseFile FILE", server(plan?, "license"))),
        Advice::ShareStorage => Some("octopus-setup migrate --to ROOT".to_owned()),
        Advice::ApplyChange => octopus_commands(plan?),
        Advice::LoadBalancer | Advice::AddToLoadBalancer => Some("octopus-setup load-balancer nginx".to_owned()),
        Advice::Tentacles | Advice::PollJoined => Some("octopus-setup tentacles".to_owned()),
        _ => None,
    }
}

/// Returns Octopus Server's own commands for what an edit has changed, and the restart that makes them count; `None` if it has none. The
/// connection string is not among them: it holds the password.
fn octopus_commands(plan: &Plan) -> Option<String> {
    let node = &plan.node;
    let shell = Shell::of(node.platform);
    let mut commands: Vec<(Verb, String)> = Vec::new();
    for change in &plan.changes {
        let setting = change.field.setting();
        let Some(option) = setting.option else { continue };
        let said = format!(" {} {}", option.name, shell.word(&setting.for_octopus(&change.to)));
        match commands.iter_mut().find(|(verb, _)| *verb == option.verb) {
            Some((_, command)) => command.push_str(&said),
            None => commands
                .push((option.verb, format!("{}{said}", commands::server(node.platform, option.verb.id(), &node.instance)))),
        }
    }
    if commands.is_empty() {
        return None;
    }
    let restart = format!("{} --restart", commands::server(node.platform, Verb::Service.id(), &node.instance));
    let commands = commands.into_iter().map(|(_, command)| command).chain([restart]);
    Some(commands.collect::<Vec<_>>().join("; "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::samples;
    use crate::model::field::FieldId;
    use crate::model::octopus::HandOver;
    use crate::model::plan::SettingChange;
    use crate::wizard::plan::{Proposal, make};

    fn plan(handed: bool) -> Plan {
        let (answers, facts) = (samples::answers(), samples::facts());
        let proposal = Proposal {
            flow: Flow::FirstNode,
            answers: &answers,
            facts: &facts,
            cluster: samples::CLUSTER,
            fingerprint: samples::fingerprint(),
            accepted: &[],
            resuming: false,
            kept: None,
            changes: &[],
        };
        let mut plan = make(&proposal).unwrap();
        plan.hand_over = handed.then(|| HandOver { program: "/Octopus/Octopus.Server".into(), licence: None });
        plan
    }

    fn lines(plan: &Plan) -> String {
        next_steps(plan.flow, Some(plan)).iter().map(NextStep::line).collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn every_piece_has_words_and_is_given_somewhere() {
        let screen = words::screen(ScreenId::Done);
        for advice in Advice::ALL {
            assert!(screen.advice(advice).is_some_and(|words| words.ends_with('.')), "{advice:?}");
        }
        for flow in Flow::ALL.into_iter().filter(|flow| *flow != Flow::Review) {
            assert!(!next_steps(flow, None).is_empty(), "{flow:?}");
        }
    }

    #[test]
    fn where_octopus_server_was_not_set_up_its_script_is_named_with_its_arguments() {
        let mut first = plan(false);
        first.node.home = "/srv/oct opus".into();
        let said = lines(&first);
        assert!(said.contains("--flow first-node --config '/srv/oct opus/octopus-node.toml'"), "{said}");
        assert!(said.contains("admin --instance OctopusServer") && said.contains("license --instance"), "{said}");
        let joined = Plan { flow: Flow::Join, ..first };
        let said = lines(&joined);
        assert!(said.contains("octopus-setup script --format") && !said.contains("--flow"), "{said}");
        assert!(!said.contains(" admin "), "{said}");
    }

    #[test]
    fn what_the_hand_over_did_is_not_asked_for_again() {
        let mut done = plan(true);
        done.node.start_service = true;
        done.node.licensed = true;
        done.node.storage = SharedStorage::Root("/mnt/octopus".into());
        done.node.administrator = Some(crate::model::node::Administrator {
            user: "ann".into(),
            email: String::new(),
            password: String::from("Passw0rd-long").into(),
        });
        let said = lines(&done);
        for absent in ["octopus-setup script", "license --", "migrate", " admin ", "--start", "Passw0rd"] {
            assert!(!said.contains(absent), "{absent}: {said}");
        }
        done.node.start_service = false;
        assert!(lines(&done).contains("service --instance OctopusServer --start"));
        done.node.storage = SharedStorage::None;
        done.hand_over = None;
        let said = lines(&done);
        assert!(said.contains("--username ann --email MAIL --password PASSWORD") && said.contains("migrate"), "{said}");
    }

    #[test]
    fn a_changed_setting_comes_with_octopus_own_command() {
        let mut plan = plan(false);
        plan.flow = Flow::Edit;
        let change = |field, to: &str| SettingChange { field, from: String::new(), to: to.into() };
        plan.changes =
            vec![change(FieldId::ForceSsl, "true"), change(FieldId::TaskCap, "7"), change(FieldId::CommsPort, "10944")];
        assert!(
            lines(&plan).contains(
                "Octopus.Server configure --instance OctopusServer --webForceSSL True --commsListenPort 10944; \
             Octopus.Server node --instance OctopusServer --taskCap 7; Octopus.Server service --instance OctopusServer --restart"
            ),
            "{}",
            lines(&plan)
        );
        plan.changes = vec![change(FieldId::Password, "")];
        assert!(!lines(&plan).contains("Octopus.Server"), "{}", lines(&plan));
    }
}
