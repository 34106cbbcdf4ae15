//! Doing the steps.

use std::path::Path;
use std::sync::Arc;

use super::super::database::ClusterDatabase;
use super::super::instance_lock::InstanceLock;
use super::instance::{self, Found};
use super::server::Server;
use super::{awaiting, command};
use crate::model::field::FieldId;
use crate::model::master_key::MasterKey;
use crate::model::plan::{Failure, Plan, Progress, StepKind, StepState};
use crate::model::target::{ServerAddress, Target};
use crate::model::web::PingEndpoint;
use crate::render::octopus::{delete_instance, stop_service};
use crate::world::octopus_config;
use crate::world::octopus_server::ping;
use crate::world::toml_file::shown;

/// A run that hands over.
pub(in crate::world::apply) struct HandingOver<'a, D> {
    lock: &'a Arc<InstanceLock>,
    database: &'a D,
    plan: &'a Plan,
    server: Server,
    /// Whether an earlier start has, or may have, installed the service.
    has_service: bool,
}

impl<'a, D: ClusterDatabase> HandingOver<'a, D> {
    /// That of a plan.
    pub(in crate::world::apply) fn of(
        lock: &'a Arc<InstanceLock>,
        database: &'a D,
        plan: &'a Plan,
        key: Option<&MasterKey>,
        has_service: bool,
    ) -> Result<Self, Failure> {
        Ok(Self { lock, database, plan, server: Server::of(lock, plan, key)?, has_service })
    }

    /// Whether the instance was there before the run, just as it is to be; one that is there otherwise, or a config that
    /// nobody has registered, is in the way.
    pub(in crate::world::apply) async fn is_registered(&self) -> Result<bool, Failure> {
        match self.find().await? {
            Found::Ours(listed) => {
                let (path, target) = (instance::config_in(&self.plan.node.home), self.plan.node.target.clone());
                // It may be a node that works, of another cluster: it is not pointed to this one's database.
                let elsewhere = self.lock.run_blocking(move |_| Ok(has_another_database(&path, &target))).await?;
                if elsewhere { Err(instance::in_the_way(listed)) } else { Ok(true) }
            }
            Found::OtherNode(listed) | Found::Elsewhere(listed) => Err(instance::in_the_way(listed)),
            Found::Absent => {
                let path = instance::config_in(&self.plan.node.home);
                let there = self.lock.run_blocking(move |_| Ok(path.symlink_metadata().is_ok().then(|| shown(&path)))).await?;
                there.map_or(Ok(false), |path| Err(Failure::FileInTheWay { path }))
            }
        }
    }

    /// Does a step. `earlier` is where it stood before this start, `there` whether what it makes was there before the run.
    pub(in crate::world::apply) async fn act(
        &self,
        kind: StepKind,
        earlier: StepState,
        there: bool,
        report: &mut (impl FnMut(Progress) + Send),
    ) -> Result<StepState, Failure> {
        match kind {
            StepKind::OctopusInstance if there => return Ok(StepState::Already),
            StepKind::OctopusInstance => self.register(earlier, report).await?,
            StepKind::AwaitPing => awaiting::ping(self.server.patience(), self.ping_at()).await?,
            StepKind::AwaitBeat => awaiting::beat(self.server.patience(), self.database, &self.plan.node).await?,
            _ if earlier == StepState::Done && self.is_up().await => {}
            StepKind::OctopusService => {
                if matches!(earlier, StepState::Begun | StepState::Done) {
                    // It may run and not answer. What a stop says of a service that is not there is no matter.
                    let _ = self.server.ask(&stop_service(&self.plan.node.instance)).await;
                }
                self.server.run(kind, &command(self.plan, kind)?, report).await?;
            }
            _ => {
                // Something else is asked for by now, and it is not configured anew behind its own back.
                if kind != StepKind::OctopusTaskCap && self.is_up().await {
                    let _ = self.server.ask(&stop_service(&self.plan.node.instance)).await;
                }
                self.server.run(kind, &command(self.plan, kind)?, report).await?;
                self.verify(kind).await?;
            }
        }
        Ok(StepState::Done)
    }

    /// Registers the instance. What an earlier start may have left half done, or has done for another node's name, is made
    /// anew.
    async fn register(&self, earlier: StepState, report: &mut (impl FnMut(Progress) + Send)) -> Result<(), Failure> {
        let (kind, node) = (StepKind::OctopusInstance, &self.plan.node);
        match self.find().await? {
            Found::Ours(_) if earlier == StepState::Done => return Ok(()),
            Found::Elsewhere(listed) => return Err(instance::in_the_way(listed)),
            Found::Ours(_) | Found::OtherNode(_) => {
                if self.has_service {
                    let _ = self.server.ask(&stop_service(&node.instance)).await;
                }
                self.server.run(kind, &delete_instance(&node.instance), report).await?;
                self.remove_config().await?;
            }
            Found::Absent if earlier == StepState::Begun => self.remove_config().await?,
            Found::Absent => {}
        }
        self.server.run(kind, &command(self.plan, kind)?, report).await?;
        match self.find().await? {
            Found::Ours(_) => Ok(()),
            _ => Err(Failure::ReadBack { what: format!("instance {} in Octopus Server's list", node.instance).into() }),
        }
    }

    /// Looks whether a command that says it did has done so, as far as that can be seen.
    async fn verify(&self, kind: StepKind) -> Result<(), Failure> {
        let node = &self.plan.node;
        match kind {
            StepKind::OctopusDatabase => {
                let (path, database) = (instance::config_in(&node.home), node.target.database.to_string());
                let says_so = move || if uses(&path, &database) { Ok(()) } else { Err(Failure::ReadBack { what: shown(&path) }) };
                self.lock.run_blocking(move |_| says_so()).await
            }
            StepKind::OctopusHold | StepKind::OctopusTaskCap => {
                let wanted = if kind == StepKind::OctopusHold { 0 } else { u32::from(node.task_cap) };
                let seen = self.database.node(&node.target, &node.name).await.map_err(Failure::Server)?;
                match seen.and_then(|seen| seen.task_cap) {
                    Some(cap) if cap != wanted => {
                        Err(Failure::ReadBack { what: format!("the task cap of node {} in the database", node.name).into() })
                    }
                    _ => Ok(()),
                }
            }
            _ => Ok(()),
        }
    }

    /// Whether the node runs: something answers where its web portal is to be.
    async fn is_up(&self) -> bool {
        match self.ping_at() {
            Some(at) if self.has_service && self.plan.node.start_service => ping(&at).await.is_ok(),
            _ => false,
        }
    }

    fn ping_at(&self) -> Option<PingEndpoint> {
        PingEndpoint::of_portal(&self.plan.node.web)
    }

    async fn find(&self) -> Result<Found, Failure> {
        let node = &self.plan.node;
        instance::find(&self.server, &node.instance, &node.home, Some(&node.name)).await
    }

    async fn remove_config(&self) -> Result<(), Failure> {
        let home = self.plan.node.home.clone();
        self.lock.run_blocking(move |_| instance::remove_config(&home)).await
    }
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
