//! The hand-over: the steps that run Octopus Server's own commands, and wait until its node is in.
//!
//! What a command has done cannot be seen from outside, and by Octopus' own words it may be run again. So a step that an
//! earlier start did is run again rather than believed, unless the node runs by now: nothing is configured behind the back
//! of a node that is up. Where something else is asked for by now than was then, the node is stopped first.
//!
//! Undo takes away what is on this machine; what is in the database is Octopus' own, and stays.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use data_encoding::BASE64;
use secrecy::{ExposeSecret, SecretString};
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
use crate::model::secret::Secret;
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

/// The steps that tell Octopus Server what was answered, and that can do so once more.
pub(super) const CONFIGURE: [StepKind; 6] = [
    StepKind::OctopusDatabase,
    StepKind::OctopusConfigure,
    StepKind::OctopusPaths,
    StepKind::OctopusHold,
    StepKind::OctopusService,
    StepKind::OctopusTaskCap,
];

/// The first step of a plan's hand-over, and why its program cannot be run: a run is refused before it is begun rather than
/// stopped in the middle.
pub(super) async fn refused(lock: &Arc<InstanceLock>, plan: &Plan) -> Option<(StepKind, Failure)> {
    let kind = plan.steps.iter().map(|step| step.kind).find(|kind| steps::row(*kind).target == Changes::Octopus)?;
    let refused = async {
        let server = Server::new(lock, plan, &ClearSecrets::default(), &[])?;
        server.is_there(&command(plan, kind)?).await
    };
    refused.await.err().map(|failure| (kind, failure))
}

/// Whether the instance was there before the run, just as it is to be; one that is there otherwise, or a config that
/// nobody has registered, is in the way.
pub(super) async fn is_registered<D>(run: &Run<'_, D>) -> Result<bool, Failure> {
    let (lock, node) = (&run.lock, &run.plan.node);
    let server = Server::new(lock, run.plan, &run.secrets, &[])?;
    let path = config_in(&node.home);
    match find(&server, &node.instance, &node.home, Some(&node.name)).await? {
        Registration::Ours(listed) => {
            let target = node.target.clone();
            // It may be a node that works, of another cluster: it is not pointed to this one's database.
            let elsewhere = lock.run_blocking(move |_| Ok(has_another_database(&path, &target))).await?;
            if elsewhere { Err(in_the_way(listed)) } else { Ok(true) }
        }
        Registration::OtherNode(listed) | Registration::Elsewhere(listed) => Err(in_the_way(listed)),
        Registration::Absent => {
            let there = lock.run_blocking(move |_| Ok(path.symlink_metadata().is_ok().then(|| shown(&path)))).await?;
            there.map_or(Ok(false), |path| Err(Failure::FileInTheWay { path }))
        }
    }
}

/// Registers the instance. What an earlier start may have left half done, or has done for another node's name, is made
/// anew.
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
            server.run(step.kind, &delete_instance(&node.instance), step.report).await?;
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

/// Takes the instance off this machine's list, with the config that the run made.
pub(super) async fn undo_register<D>(step: StepUndo<'_, D>) -> Result<(), Failure> {
    let journal = &step.run.journal;
    let instance = &journal.journal.instance;
    // A service without its instance could not be taken away by its own program any more.
    if journal.is_begun_or_done(StepKind::OctopusService) {
        return Err(Failure::Kept { what: format!("Octopus Server's instance {instance}").into() });
    }
    let (lock, home) = (&step.run.lock, journal.owner().home);
    if take_away(step, &delete_instance(instance)).await? { remove_config(lock, &home).await } else { Ok(()) }
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

/// Leaves what a first node has made in the database.
pub(super) async fn leave_tables<D>(step: StepUndo<'_, D>) -> Result<(), Failure> {
    if step.run.journal.journal.flow == Flow::FirstNode {
        return leave(step, "Octopus' own tables stay").await;
    }
    Ok(())
}

/// Runs the step's command; whether it had its effect cannot be seen.
pub(super) async fn configure<D>(mut step: StepRun<'_, D>) -> Result<StepState, Failure> {
    step.tell().await.map(|_| StepState::Done)
}

/// Says what a step leaves behind in the database.
pub(super) async fn leave<D>(step: StepUndo<'_, D>, what: &str) -> Result<(), Failure> {
    let database = step.run.journal.journal.answers.get(FieldId::Database.id()).map(String::as_str).unwrap_or_default();
    let says = format!("{what} in database {database}: that is Octopus' own, and this program only reads it.");
    (step.report)(Progress::Said(step.kind, vec![Untrusted::new(&says)]));
    Ok(())
}

/// Lets a node that joins take no tasks.
pub(super) async fn hold(step: StepRun<'_, impl ClusterDatabase>) -> Result<StepState, Failure> {
    cap_tasks(step, 0).await
}

/// Lets the node take as many tasks as were asked for.
pub(super) async fn set_task_cap(step: StepRun<'_, impl ClusterDatabase>) -> Result<StepState, Failure> {
    let cap = step.run.plan.node.task_cap;
    cap_tasks(step, cap).await
}

async fn cap_tasks(mut step: StepRun<'_, impl ClusterDatabase>, cap: u16) -> Result<StepState, Failure> {
    if step.tell().await? {
        let name = &step.run.plan.node.name;
        let seen = step.run.database.node(step.target()?, name).await.map_err(Failure::Server)?;
        if seen.and_then(|seen| seen.task_cap).is_some_and(|seen| seen != u32::from(cap)) {
            return Err(Failure::ReadBack { what: format!("the task cap of node {name} in the database").into() });
        }
    }
    Ok(StepState::Done)
}

/// Installs the service, and starts it where that was asked for.
pub(super) async fn install_service<D>(mut step: StepRun<'_, D>) -> Result<StepState, Failure> {
    if step.earlier == StepState::Done && step.run.is_up().await {
        return Ok(StepState::Done);
    }
    let server = step.server()?;
    if step.earlier.is_begun_or_done() {
        // It may run and not answer.
        step.run.stop_service(&server).await;
    }
    step.run_command(&server).await.map(|()| StepState::Done)
}

pub(super) async fn undo_install_service<D>(step: StepUndo<'_, D>) -> Result<(), Failure> {
    let command = take_service_away(&step.run.journal.journal.instance);
    take_away(step, &command).await.map(|_| ())
}

/// Waits until the node answers its load balancer by 200. While it drains (418) it is up, and not in.
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

/// A beat that is no older is this start's: a name is taken over from a node that has been dead for five minutes at least.
const FRESH: Duration = Duration::from_secs(60);

/// Waits until the database has seen the node's heart beat.
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

    /// Runs the step's command; `false` where an earlier start did and the node is up.
    async fn tell(&mut self) -> Result<bool, Failure> {
        let was_done = self.earlier == StepState::Done;
        let is_up = (was_done || self.kind != StepKind::OctopusTaskCap) && self.run.is_up().await;
        if is_up && was_done {
            return Ok(false);
        }
        let server = self.server()?;
        if is_up {
            // Something else is asked for by now, and it is not configured anew behind its own back.
            self.run.stop_service(&server).await;
        }
        self.run_command(&server).await.map(|()| true)
    }
}

impl<D> Run<'_, D> {
    /// Stops the service. What that says of a service that is not there is no matter.
    async fn stop_service(&self, server: &Server) {
        let _ = server.ask(&stop_service(&self.plan.node.instance)).await;
    }

    /// Whether an earlier start has, or may have, installed the service.
    fn has_service(&self) -> bool {
        self.journal.is_begun_or_done(StepKind::OctopusService)
    }

    /// Whether the node runs: something answers where its web portal is to be.
    async fn is_up(&self) -> bool {
        let node = &self.plan.node;
        match PingEndpoint::of_portal(&node.web) {
            Some(at) if self.has_service() && node.start_service => ping(&at).await.is_ok(),
            _ => false,
        }
    }
}

/// Runs a command on the instance, unless there is none, or only one that is not this run's. `false` for the latter.
async fn take_away<D>(step: StepUndo<'_, D>, command: &OctopusCommand) -> Result<bool, Failure> {
    let journal = &step.run.journal;
    let program = journal.journal.answers.get(FieldId::OctopusServer.id());
    let program = program.ok_or_else(|| Failure::Defect("The journal does not name Octopus Server's program.".into()))?;
    let SignIn::SqlLogin { password, .. } = &step.run.target.sign_in;
    let server = Server::without_secrets(&step.run.lock, program.into(), password);
    match find(&server, &journal.journal.instance, &journal.owner().home, None).await? {
        Registration::Absent => Ok(true),
        Registration::Elsewhere(_) | Registration::OtherNode(_) => Ok(false),
        Registration::Ours(_) => server.run(step.kind, command, step.report).await.map(|()| true),
    }
}

/// Returns a step's command.
fn command(plan: &Plan, kind: StepKind) -> Result<OctopusCommand, Failure> {
    let commands = commands(&Setup::from_plan(plan)).map_err(|unwritable| Failure::Defect(unwritable.to_string().into()))?;
    let found = commands.into_iter().find(|command| command.step == kind);
    found.ok_or_else(|| Failure::Defect(format!("There is no command for {}.", kind.id()).into()))
}

/// What the list says of an instance.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Registration {
    /// It is not on it.
    Absent,
    /// It is, with the config in this home, and as this node or as one that nobody has named.
    Ours(Listed),
    /// It is, with the config in this home, and as another node.
    OtherNode(Listed),
    /// It is, with another config.
    Elsewhere(Listed),
}

/// Looks an instance up; `node` is the name that it is to have in the cluster, where that matters.
async fn find(server: &Server, name: &str, home: &Path, node: Option<&str>) -> Result<Registration, Failure> {
    let said = server.ask(&list_instances()).await?;
    let Some(found) = listed(&said, name) else { return Ok(Registration::Absent) };
    let path = config_in(home);
    let wanted = Untrusted::new(&path.to_string_lossy());
    let same = if cfg!(windows) { found.config.as_str().eq_ignore_ascii_case(wanted.as_str()) } else { found.config == wanted };
    if !same {
        return Ok(Registration::Elsewhere(found));
    }
    // One that cannot be read says nothing against it; the next command will say why.
    let config = octopus_config::read(&path).unwrap_or_default();
    match (config.text(FieldId::NodeName), node) {
        (Some(named), Some(node)) if named != Untrusted::new(node).as_str() => Ok(Registration::OtherNode(found)),
        _ => Ok(Registration::Ours(found)),
    }
}

/// An instance that is not this run's.
fn in_the_way(listed: Listed) -> Failure {
    Failure::InstanceInTheWay { instance: listed.name, config: listed.config }
}

/// Octopus Server's own config in a home directory.
fn config_in(home: &Path) -> PathBuf {
    PathBuf::from(config(&home.to_string_lossy()))
}

/// Removes the config, which the run made.
async fn remove_config(lock: &Arc<InstanceLock>, home: &Path) -> Result<(), Failure> {
    let path = config_in(home);
    lock.run_blocking(move |_| match std::fs::remove_file(&path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(file(&path)(error)),
        _ => Ok(()),
    })
    .await
}

/// Whether Octopus Server's config names a database, and another one than this. Of a server's name the first label counts: it
/// may be told with its domain or without it.
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

/// Whether Octopus Server's config names this database. Its password is in there too, so nothing of it is told.
fn uses(path: &Path, database: &str) -> bool {
    let config = octopus_config::read(path).unwrap_or_default();
    config.text(FieldId::Database).is_some_and(|name| name.eq_ignore_ascii_case(database))
}

/// Collects all the secrets that a run is given.
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

/// How many of the last lines a failure quotes; all of them are reported too.
const LAST: usize = 20;

/// Octopus Server's program, with the secrets that it is given.
struct Server {
    lock: Arc<InstanceLock>,
    program: PathBuf,
    clear: Arc<ClearSecrets>,
    masks: Masks,
    /// The file for the licence.
    through: PathBuf,
}

impl Server {
    /// Takes the program from a plan, and those of the run's secrets that a step needs. It may print the others, which are in
    /// its own config.
    fn new(lock: &Arc<InstanceLock>, plan: &Plan, secrets: &ClearSecrets, needed: &[Secret]) -> Result<Self, Failure> {
        let hand_over = plan.hand_over.as_ref();
        let hand_over = hand_over.ok_or_else(|| Failure::Defect("The plan does not name Octopus Server's program.".into()))?;
        let masks = Masks::new(secrets.texts().chain(&hand_over.licence));
        let (clear, through) = (Arc::new(secrets.only(needed)), lock.places.licence(&plan.node.instance));
        Ok(Self { lock: Arc::clone(lock), program: hand_over.program.clone(), clear, masks, through })
    }

    /// Takes a program that is given no secret. It may print the password, which is in its own config.
    fn without_secrets(lock: &Arc<InstanceLock>, program: PathBuf, password: &SecretString) -> Self {
        let masks = Masks::new([password]);
        Self { lock: Arc::clone(lock), program, clear: Arc::default(), masks, through: PathBuf::new() }
    }

    fn patience(&self) -> Patience {
        self.lock.places.patience
    }

    /// Whether its program can be run at all.
    async fn is_there(&self, command: &OctopusCommand) -> Result<(), Failure> {
        let program = self.program.clone();
        match self.lock.run_blocking(move |_| Ok(refusal(&program))).await? {
            None => Ok(()),
            Some(says) => Err(self.failed(command, CommandFailure::NotStarted, vec![says.into()])),
        }
    }

    /// Runs a command; what it said is reported however it ended.
    async fn run(&self, kind: StepKind, command: &OctopusCommand, report: Report<'_>) -> Result<(), Failure> {
        let Ended { outcome, said } = self.call(command).await?;
        report(Progress::Said(kind, said.clone()));
        outcome.map_err(|ended| self.failed(command, ended, said))
    }

    /// Runs a command whose output is not shown, and returns that.
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
