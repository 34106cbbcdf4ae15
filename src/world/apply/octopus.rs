//! The hand-over: the steps that run Octopus Server's own commands, and wait until its node is up.
//!
//! The effect of a command cannot be observed, but by Octopus' documentation a command may be run again. So a step that
//! an earlier start did is run again, unless the node is already running: a running node must not be reconfigured. If
//! the settings have changed since, the node is stopped first.
//!
//! Undo removes what is on this machine. What is in the database belongs to Octopus, and stays.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use data_encoding::BASE64;
use secrecy::ExposeSecret;
use tokio::time::{Instant, sleep};
use zeroize::Zeroizing;

use super::Run;
use super::database::ClusterDatabase;
use super::deeds::{Report, StepRun, StepUndo};
use super::instance_lock::{InstanceLock, file};
use crate::catalog::steps::{self, StepTarget as Changes};
use crate::model::facts::Heartbeat;
use crate::model::field::FieldId;
use crate::model::flow::Flow;
use crate::model::master_key::MasterKey;
use crate::model::octopus::CommandFailure;
use crate::model::plan::{Failure, Plan, Progress, StepKind, StepState};
use crate::model::secret::{Secret, SecretString};
use crate::model::target::{ServerAddress, SignIn, Target};
use crate::model::untrusted::Untrusted;
use crate::model::web::PingEndpoint;
use crate::render::octopus::{
    OctopusCommand, Verb, commands, config, delete_instance, list_instances, stop_service, take_service_away,
};
use crate::render::{ClearSecrets, Setup, Shell, script};
use crate::world::octopus_config;
use crate::world::octopus_server::{Call, Ended, Listed, Masks, NoCall, Patience, listed, ping, refusal, run};
use crate::world::toml_file::shown;

/// The steps that configure Octopus Server and can be repeated.
pub(super) const CONFIGURE: [StepKind; 6] = [
    StepKind::OctopusDatabase,
    StepKind::OctopusConfigure,
    StepKind::OctopusPaths,
    StepKind::OctopusHold,
    StepKind::OctopusService,
    StepKind::OctopusTaskCap,
];

/// Returns the first step of the plan's hand-over if its program cannot be run, and why: it is better to refuse a run
/// before it begins than to stop it in the middle.
pub(super) async fn refused(lock: &Arc<InstanceLock>, plan: &Plan) -> Option<(StepKind, Failure)> {
    let kind = plan.steps.iter().map(|step| step.kind).find(|kind| steps::row(*kind).target == Changes::Octopus)?;
    let refused = async {
        let server = Server::new(lock, plan, &ClearSecrets::default(), &[])?;
        server.is_there(&command(plan, kind)?).await
    };
    refused.await.err().map(|failure| (kind, failure))
}

/// Returns whether the instance was registered before the run exactly as planned. Fails if it is registered
/// differently, or if there is a config that is not registered.
pub(super) async fn is_registered<D>(run: &Run<'_, D>) -> Result<bool, Failure> {
    let (lock, node) = (&run.lock, &run.plan.node);
    let server = Server::new(lock, run.plan, &run.secrets, &[])?;
    let path = config_in(&node.home);
    match find(&server, &node.instance, &node.home, Some(&node.name)).await? {
        Registration::Ours(listed) => {
            let target = node.target.clone();
            // It may be a working node of another cluster, so it must not be pointed to this cluster's database.
            let elsewhere = lock.run_blocking(move |_| Ok(has_another_database(&path, &target))).await?;
            if elsewhere { Err(in_the_way(listed)) } else { Ok(true) }
        }
        Registration::OtherNode(listed) | Registration::Elsewhere(listed) => Err(in_the_way(listed)),
        Registration::Absent => {
            lock.run_blocking(move |_| match path.symlink_metadata() {
                Ok(_) => Err(Failure::FileInTheWay { path: shown(&path) }),
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(false),
                Err(error) => Err(file(&path)(error)),
            })
            .await
        }
    }
}

/// Registers the instance. Registers it anew if an earlier start may have left it half done, or registered it under
/// another node name.
pub(super) async fn register<D>(mut step: StepRun<'_, D>) -> Result<StepState, Failure> {
    if step.was_there() {
        return Ok(StepState::Already);
    }
    let server = step.server()?;
    let node = &step.run.plan.node;
    let find = || find(&server, &node.instance, &node.home, Some(&node.name));
    match find().await? {
        Registration::Ours(_) if step.earlier == StepState::Done => return Ok(StepState::Done),
        Registration::Elsewhere(listed) => return Err(in_the_way(listed)),
        Registration::Ours(_) | Registration::OtherNode(_) => {
            if step.run.has_service() {
                step.run.stop_service(&server).await;
            }
            server.delete_instance(step.kind, &node.instance, step.report).await?;
            remove_config(&step.run.lock, &node.home).await?;
        }
        Registration::Absent if step.earlier == StepState::Begun => remove_config(&step.run.lock, &node.home).await?,
        Registration::Absent => {}
    }
    step.run_command(&server).await?;
    match find().await? {
        Registration::Ours(_) => Ok(StepState::Done),
        _ => Err(Failure::ReadBack { what: format!("instance {} in Octopus Server's list", node.instance).into() }),
    }
}

/// Removes the instance from this machine's list, and the config that the run created. Tells if Octopus' own list of nodes still has the
/// node: `delete-instance` says that it de-registers the node, and deletes no row (OctopusDeploy/Issues#10135).
pub(super) async fn undo_register<D: ClusterDatabase>(mut step: StepUndo<'_, D>) -> Result<(), Failure> {
    let journal = &step.run.journal;
    let instance = &journal.journal.instance;
    // Without its instance, a service could no longer be removed by its own program.
    if journal.is_begun_or_done(StepKind::OctopusService) {
        return Err(Failure::Kept { what: format!("Octopus Server's instance {instance}").into() });
    }
    if !take_away(&mut step, &delete_instance(instance)).await? {
        return Ok(());
    }
    remove_config(&step.run.lock, &journal.owner().home).await?;
    let entered = journal.journal.after.as_ref().map(|row| row.name.as_str());
    let answered = || journal.journal.answers.get(FieldId::NodeName.id()).map(String::as_str);
    let name = entered.or_else(answered).unwrap_or_default();
    let seen = step.run.database.node(step.given_target()?, name).await;
    let says = match seen.map(|node| node.is_some_and(|node| node.beat != Heartbeat::Never)) {
        Ok(false) => return Ok(()),
        Ok(true) => format!(
            "Octopus' own list still has node {name}: delete-instance deletes no row there. Delete the node on Configuration > Nodes, unless \
             it is to come back."
        ),
        Err(_) => format!("Whether Octopus' own list still has node {name} could not be read; see Configuration > Nodes."),
    };
    (step.report)(Progress::Said(step.kind, vec![Untrusted::new(&says)]));
    Ok(())
}

/// Points the instance at the cluster's database.
pub(super) async fn set_database<D>(mut step: StepRun<'_, D>) -> Result<StepState, Failure> {
    if step.tell().await? {
        let node = &step.run.plan.node;
        let (path, database) = (config_in(&node.home), node.target.database.to_string());
        let says_so = move || if uses(&path, &database) { Ok(()) } else { Err(Failure::ReadBack { what: shown(&path) }) };
        step.run.lock.run_blocking(move |_| says_so()).await?;
    }
    Ok(StepState::Done)
}

/// Keeps what a first node has created in the database.
pub(super) async fn leave_tables<D>(step: StepUndo<'_, D>) -> Result<(), Failure> {
    if step.run.journal.journal.flow == Flow::FirstNode {
        return leave(step, "Octopus' own tables stay").await;
    }
    Ok(())
}

/// Runs the step's command. Its effect cannot be observed.
pub(super) async fn configure<D>(mut step: StepRun<'_, D>) -> Result<StepState, Failure> {
    step.tell().await.map(|_| StepState::Done)
}

/// Reports what a step leaves in the database.
pub(super) async fn leave<D>(step: StepUndo<'_, D>, what: &str) -> Result<(), Failure> {
    let database = step.run.journal.journal.answers.get(FieldId::Database.id()).map(String::as_str).unwrap_or_default();
    let says = format!("{what} in database {database}: that is Octopus' own, and this program only reads it.");
    (step.report)(Progress::Said(step.kind, vec![Untrusted::new(&says)]));
    Ok(())
}

/// Sets the requested task cap. Octopus makes the node's row at its first start: before that there is none, or a dead node's whose name
/// this one has taken over, so it is read back only from a node that was started.
pub(super) async fn set_task_cap(mut step: StepRun<'_, impl ClusterDatabase>) -> Result<StepState, Failure> {
    if step.tell().await? && step.run.plan.node.start_service {
        let (name, cap) = (&step.run.plan.node.name, step.run.plan.node.task_cap);
        let seen = step.run.database.node(step.target()?, name).await.map_err(Failure::Server)?;
        if seen.and_then(|seen| seen.task_cap).is_some_and(|seen| seen != u32::from(cap)) {
            return Err(Failure::ReadBack { what: format!("the task cap of node {name} in the database").into() });
        }
    }
    Ok(StepState::Done)
}

/// Installs the service, and starts it if requested.
pub(super) async fn install_service<D>(mut step: StepRun<'_, D>) -> Result<StepState, Failure> {
    if step.earlier == StepState::Done && step.run.is_up().await {
        return Ok(StepState::Done);
    }
    let server = step.server()?;
    if step.earlier.is_begun_or_done() {
        // The service may be running without answering.
        step.run.stop_service(&server).await;
    }
    step.run_command(&server).await.map(|()| StepState::Done)
}

pub(super) async fn undo_install_service<D>(mut step: StepUndo<'_, D>) -> Result<(), Failure> {
    let command = take_service_away(&step.run.journal.journal.instance);
    take_away(&mut step, &command).await.map(|_| ())
}

/// Waits until the node answers the ping of a load balancer with 200. A draining node (418) is up, but does not count.
pub(super) async fn await_ping<D>(step: StepRun<'_, D>) -> Result<StepState, Failure> {
    let Some(at) = PingEndpoint::of_portal(&step.run.plan.node.web) else { return Ok(StepState::Done) };
    let (patience, begun) = (step.run.lock.places.patience, Instant::now());
    loop {
        let status = ping(&at).await.ok();
        if status == Some(200) {
            return Ok(StepState::Done);
        }
        let waited = begun.elapsed();
        if waited >= patience.ping {
            return Err(Failure::NotAnswering { url: at.url().into(), status, waited });
        }
        sleep(patience.between).await;
    }
}

/// A heartbeat no older than this comes from this start, because a name is taken over only from a node that has been
/// dead for at least five minutes.
const FRESH: Duration = Duration::from_secs(60);

/// Waits until the node's heartbeat is in the database.
pub(super) async fn await_beat(step: StepRun<'_, impl ClusterDatabase>) -> Result<StepState, Failure> {
    let (target, name) = (step.target()?, &step.run.plan.node.name);
    let (patience, begun) = (step.run.lock.places.patience, Instant::now());
    loop {
        let seen = step.run.database.node(target, name).await.map_err(Failure::Server)?;
        if seen.is_some_and(|seen| matches!(seen.beat, Heartbeat::Ago(age) if age <= FRESH)) {
            return Ok(StepState::Done);
        }
        let waited = begun.elapsed();
        if waited >= patience.beat {
            return Err(Failure::NoBeat { node: name.as_str().into(), waited });
        }
        sleep(patience.between).await;
    }
}

impl<D> StepRun<'_, D> {
    fn server(&self) -> Result<Server, Failure> {
        let Run { lock, plan, secrets, .. } = self.run;
        Server::new(lock, plan, secrets, steps::row(self.kind).secrets)
    }

    async fn run_command(&mut self, server: &Server) -> Result<(), Failure> {
        server.run(self.kind, &command(self.run.plan, self.kind)?, self.report).await
    }

    /// Runs the step's command. Returns `false` if an earlier start did so and the node is up.
    async fn tell(&mut self) -> Result<bool, Failure> {
        let was_done = self.earlier == StepState::Done;
        let is_up = (was_done || self.kind != StepKind::OctopusTaskCap) && self.run.is_up().await;
        if is_up && was_done {
            return Ok(false);
        }
        let server = self.server()?;
        if is_up {
            // The settings have changed since, and a running node must not be reconfigured.
            self.run.stop_service(&server).await;
        }
        self.run_command(&server).await.map(|()| true)
    }
}

impl<D> Run<'_, D> {
    /// Stops the service. An error is ignored, because the service may not exist.
    async fn stop_service(&self, server: &Server) {
        let _ = server.ask(&stop_service(&self.plan.node.instance)).await;
    }

    /// Returns whether an earlier start has, or may have, installed the service.
    fn has_service(&self) -> bool {
        self.journal.is_begun_or_done(StepKind::OctopusService)
    }

    /// Returns whether the node is running: something answers at its web portal's address.
    async fn is_up(&self) -> bool {
        let node = &self.plan.node;
        match PingEndpoint::of_portal(&node.web) {
            Some(at) if self.has_service() && node.start_service => ping(&at).await.is_ok(),
            _ => false,
        }
    }
}

/// Runs a command on the instance if it exists. Returns `false` if the instance is not this run's.
async fn take_away<D>(step: &mut StepUndo<'_, D>, command: &OctopusCommand) -> Result<bool, Failure> {
    let journal = &step.run.journal;
    let program = journal.journal.answers.get(FieldId::OctopusServer.id());
    let program = program.ok_or_else(|| Failure::Defect("The journal does not name Octopus Server's program.".into()))?;
    let SignIn::SqlLogin { password, .. } = &step.given_target()?.sign_in;
    let server = Server::without_secrets(&step.run.lock, program.into(), password);
    match find(&server, &journal.journal.instance, &journal.owner().home, None).await? {
        Registration::Absent => Ok(true),
        Registration::Elsewhere(_) | Registration::OtherNode(_) => Ok(false),
        Registration::Ours(_) if command.verb == Verb::DeleteInstance => {
            server.delete_instance(step.kind, &journal.journal.instance, step.report).await.map(|()| true)
        }
        Registration::Ours(_) => server.run(step.kind, command, step.report).await.map(|()| true),
    }
}

/// Returns a step's command.
fn command(plan: &Plan, kind: StepKind) -> Result<OctopusCommand, Failure> {
    let commands = commands(&Setup::from_plan(plan)).map_err(|unwritable| Failure::Defect(unwritable.to_string().into()))?;
    let found = commands.into_iter().find(|command| command.step == kind);
    found.ok_or_else(|| Failure::Defect(format!("There is no command for {}.", kind.id()).into()))
}

/// Whether and how an instance is on Octopus Server's list.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Registration {
    /// It is not on the list.
    Absent,
    /// It is on the list, with the config in this home directory, under this node's name or without one.
    Ours(Listed),
    /// It is on the list, with the config in this home directory, under another node's name.
    OtherNode(Listed),
    /// It is on the list, with another config.
    Elsewhere(Listed),
}

/// Looks up an instance. `node` is the expected node name, if that matters.
async fn find(server: &Server, name: &str, home: &Path, node: Option<&str>) -> Result<Registration, Failure> {
    let said = server.ask(&list_instances()).await?;
    let Some(found) = listed(&said, name) else { return Ok(Registration::Absent) };
    let path = config_in(home);
    let wanted = Untrusted::new(&path.to_string_lossy());
    let same = if cfg!(windows) { found.config.as_str().eq_ignore_ascii_case(wanted.as_str()) } else { found.config == wanted };
    if !same {
        return Ok(Registration::Elsewhere(found));
    }
    // An unreadable config is no reason to refuse; the next command will report the problem.
    let config = octopus_config::read(&path).unwrap_or_default();
    match (config.text(FieldId::NodeName), node) {
        (Some(named), Some(node)) if named != Untrusted::new(node).as_str() => Ok(Registration::OtherNode(found)),
        _ => Ok(Registration::Ours(found)),
    }
}

/// The failure for an instance that is not this run's.
fn in_the_way(listed: Listed) -> Failure {
    Failure::InstanceInTheWay { instance: listed.name, config: listed.config }
}

/// Returns the path of Octopus Server's own config in a home directory.
fn config_in(home: &Path) -> PathBuf {
    PathBuf::from(config(&home.to_string_lossy()))
}

/// Removes the config that the run created.
async fn remove_config(lock: &Arc<InstanceLock>, home: &Path) -> Result<(), Failure> {
    lock.run_in_home(home, |_, folder| {
        let path = folder.join(octopus_config::FILE);
        match std::fs::remove_file(&path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(file(&path)(error)),
            _ => Ok(()),
        }
    })
    .await
}

/// Returns whether Octopus Server's config names another database. Only the first label of server names is compared,
/// because one may be given with its domain and the other without.
fn has_another_database(path: &Path, target: &Target) -> bool {
    let config = octopus_config::read(path).unwrap_or_default();
    let text = |field: FieldId| config.text(field);
    let label = |host: &str| match host.parse::<std::net::IpAddr>() {
        Ok(_) => host.to_lowercase(),
        Err(_) => host.split('.').next().unwrap_or_default().to_lowercase(),
    };
    let other_server =
        |text: &str| ServerAddress::parse(text).is_ok_and(|address| label(&address.host) != label(&target.address.host));
    text(FieldId::Database).is_some_and(|name| !name.eq_ignore_ascii_case(target.database.as_str()))
        || text(FieldId::Server).is_some_and(other_server)
}

/// Returns whether Octopus Server's config names this database. Nothing else of the config is returned, because it also
/// contains a password.
fn uses(path: &Path, database: &str) -> bool {
    let config = octopus_config::read(path).unwrap_or_default();
    config.text(FieldId::Database).is_some_and(|name| name.eq_ignore_ascii_case(database))
}

/// Collects the secrets of a run.
pub(super) fn secrets(plan: &Plan, key: Option<&MasterKey>) -> ClearSecrets {
    let node = &plan.node;
    let SignIn::SqlLogin { password, .. } = &node.target.sign_in;
    let base64 = |xml: &SecretString| {
        let text = Zeroizing::new(BASE64.encode(xml.expose_secret().as_bytes()));
        SecretString::from(text.as_str())
    };
    [
        (Secret::Password, Some(password.clone())),
        (Secret::MasterKey, key.map(MasterKey::to_base64)),
        (Secret::ServicePassword, node.service.password.clone()),
        (Secret::AdminPassword, node.administrator.as_ref().map(|administrator| administrator.password.clone())),
        (Secret::Licence, plan.hand_over.as_ref().and_then(|hand_over| hand_over.licence.as_ref()).map(base64)),
    ]
    .into_iter()
    .collect()
}

/// How many of the last output lines a failure quotes; all lines are reported as well.
const LAST: usize = 20;

/// Octopus Server's program, with the secrets that it gets.
struct Server {
    lock: Arc<InstanceLock>,
    program: PathBuf,
    clear: Arc<ClearSecrets>,
    masks: Masks,
    /// The path of the temporary licence file.
    through: PathBuf,
}

impl Server {
    /// Takes the program from the plan, and only the secrets that the step needs. All of the run's secrets are masked
    /// in its output, because the program may print them from its own config.
    fn new(lock: &Arc<InstanceLock>, plan: &Plan, secrets: &ClearSecrets, needed: &[Secret]) -> Result<Self, Failure> {
        let hand_over = plan.hand_over.as_ref();
        let hand_over = hand_over.ok_or_else(|| Failure::Defect("The plan does not name Octopus Server's program.".into()))?;
        let masks = Masks::new(secrets.texts().chain(&hand_over.licence));
        let (clear, through) = (Arc::new(secrets.only(needed)), lock.places.licence(&plan.node.instance));
        Ok(Self { lock: Arc::clone(lock), program: hand_over.program.clone(), clear, masks, through })
    }

    /// Takes a program that gets no secrets. The password is masked, because the program may print it from its own
    /// config.
    fn without_secrets(lock: &Arc<InstanceLock>, program: PathBuf, password: &SecretString) -> Self {
        let masks = Masks::new([password]);
        Self { lock: Arc::clone(lock), program, clear: Arc::default(), masks, through: PathBuf::new() }
    }

    fn patience(&self) -> Patience {
        self.lock.places.patience
    }

    /// Checks that the program can be run at all.
    async fn is_there(&self, command: &OctopusCommand) -> Result<(), Failure> {
        let program = self.program.clone();
        match self.lock.run_blocking(move |_| Ok(refusal(&program))).await? {
            None => Ok(()),
            Some(says) => Err(self.failed(command, CommandFailure::NotStarted, vec![says.into()])),
        }
    }

    /// Runs a command and reports its output, whether it succeeded or not.
    async fn run(&self, kind: StepKind, command: &OctopusCommand, report: Report<'_>) -> Result<(), Failure> {
        let Ended { outcome, said } = self.call(command).await?;
        report(Progress::Said(kind, said.clone()));
        outcome.map_err(|ended| self.failed(command, ended, said))
    }

    /// Takes an instance off the list, and believes it only once the list says so.
    async fn delete_instance(&self, kind: StepKind, name: &str, report: Report<'_>) -> Result<(), Failure> {
        self.run(kind, &delete_instance(name), report).await?;
        match listed(&self.ask(&list_instances()).await?, name) {
            None => Ok(()),
            Some(_) => Err(Failure::ReadBack { what: format!("Octopus Server's list, which still has instance {name},").into() }),
        }
    }

    /// Runs a command and returns its output instead of reporting it.
    async fn ask(&self, command: &OctopusCommand) -> Result<Vec<Untrusted>, Failure> {
        let Ended { outcome, said } = self.call(command).await?;
        match outcome {
            Ok(()) => Ok(said),
            Err(ended) => Err(self.failed(command, ended, said)),
        }
    }

    async fn call(&self, command: &OctopusCommand) -> Result<Ended, Failure> {
        self.is_there(command).await?;
        let (wanted, clear, through) = (command.clone(), Arc::clone(&self.clear), self.through.clone());
        let call =
            self.lock.run_blocking(move |_| Call::with_secrets(&wanted, &clear, &through).map_err(|error| no_call(&error)));
        let call = call.await?;
        Ok(run(&self.program, &call, &self.masks, self.limit(command)).await)
    }

    fn limit(&self, command: &OctopusCommand) -> Duration {
        let Patience { database, command: any, .. } = self.patience();
        if command.verb == Verb::Database { database } else { any }
    }

    fn failed(&self, command: &OctopusCommand, ended: CommandFailure, mut said: Vec<Untrusted>) -> Failure {
        said.drain(..said.len().saturating_sub(LAST));
        let by_hand = script::command_line(command, &self.program, Shell::of(crate::world::host::platform()));
        Failure::Octopus { ended, said, by_hand: by_hand.unwrap_or_default().into() }
    }
}

fn no_call(error: &NoCall) -> Failure {
    match error {
        NoCall::Missing(_) => Failure::Defect(error.to_string().into()),
        NoCall::Licence(source) => Failure::File { path: "the licence's temporary file".into(), said: source.to_string().into() },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::node::Administrator;
    use crate::world::apply::sample;

    #[test]
    fn a_step_is_given_the_secrets_that_its_command_takes() {
        let mut plan = sample::plan(Path::new("/opt/o"));
        let password = SecretString::from(sample::PASSWORD);
        plan.node.administrator = Some(Administrator { user: "admin".into(), email: String::new(), password });
        plan.node.licensed = true;
        for flow in [Flow::FirstNode, Flow::Join] {
            plan.flow = flow;
            for command in commands(&Setup::from_plan(&plan)).expect("commands") {
                let given = steps::row(command.step).secrets;
                assert!(command.secrets().all(|secret| given.contains(&secret)), "{}", command.step.id());
            }
        }
    }
}
