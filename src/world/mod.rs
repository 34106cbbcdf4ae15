//! The only code that touches network, disk, processes, clock and randomness; and the handle to it that the engine holds.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use crate::model::secret::SecretString;

use crate::model::export::CopyWay;
use crate::model::facts::{Fact, KeyFacts, Trouble, Waiting};
use crate::model::journal::Resumption;
use crate::model::master_key::{GeneratedKey, KeySize, MasterKey};
use crate::model::plan::{Failure, Plan, Progress};
use crate::model::survey::{Inputs, Observed};
use crate::model::target::Target;
use crate::world::apply::Cancel;
use crate::world::budget::within;
use crate::world::clipboard::{Desktop, Surroundings};
use crate::world::key_file::KeyFileError;
use crate::world::places::Places;
use crate::world::random::NoRandomness;
use crate::world::sqlserver::SqlServer;

pub mod answer_sources;
pub mod apply;
pub mod atomic_write;
mod budget;
pub mod clipboard;
pub mod clock;
pub mod departed;
pub(crate) mod folder;
pub mod host;
pub mod instances;
pub mod journals;
pub mod key_file;
pub mod lock;
pub mod log;
pub mod node_config;
pub mod octopus_config;
pub mod octopus_server;
mod own_variables;
mod ownership;
pub mod places;
pub mod probe;
pub mod process;
pub mod random;
pub mod recordings;
pub mod seal;
pub mod small_file;
pub mod sqlserver;
pub mod survey;
pub mod toml_file;

/// The budget for a file of the operator's choosing, which may be on a share or a stick.
const FILE_BUDGET: Duration = Duration::from_secs(15);
/// The budget for the desktop's clipboard.
const COPY_BUDGET: Duration = Duration::from_secs(3);

/// Everything outside the program. Clones share it.
#[derive(Clone)]
pub struct World {
    inner: Arc<Inner>,
}

struct Inner {
    places: Places,
    surroundings: Surroundings,
    server: SqlServer,
    desktop: Desktop,
}

impl std::fmt::Debug for World {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("World").field("places", &self.inner.places).finish_non_exhaustive()
    }
}

impl World {
    pub fn new(places: Places, surroundings: Surroundings) -> Self {
        let inner = Inner { places, surroundings, server: SqlServer::new(), desktop: Desktop::default() };
        Self { inner: Arc::new(inner) }
    }

    pub fn places(&self) -> &Places {
        &self.inner.places
    }

    /// Gathers facts, and reports a whole new snapshot whenever more is known; the last one is complete. With `fresh`, nothing kept from
    /// an earlier survey is used. Drop the future to cancel it.
    pub async fn survey(&self, inputs: &Inputs, fresh: bool, mut report: impl FnMut(Observed) + Send) {
        let places = &self.inner.places;
        match inputs {
            Inputs::Machine => {
                survey::machine(places, |facts| report(Observed::Machine(facts))).await;
            }
            Inputs::Home { path, instance } => {
                survey::home(places, path, instance, |facts| report(Observed::Home(facts))).await;
            }
            Inputs::Service { kind, user, home } => report(Observed::Service(survey::service(places, *kind, user, home).await)),
            Inputs::Server(target) => {
                if fresh {
                    self.inner.server.forget();
                }
                self.inner.server.survey(target, |facts| report(Observed::Server(Box::new(facts)))).await;
            }
            Inputs::Ports { ports, prefixes } => {
                survey::ports(ports, prefixes, |facts| report(Observed::Ports(facts))).await;
            }
            Inputs::Cluster(target) => report(Observed::Cluster(Box::new(self.inner.server.cluster(target, fresh).await))),
            Inputs::Key { target, key } => {
                let verdict = match self.inner.server.key_verdict(target, key).await {
                    Ok(verdict) => Fact::Seen(verdict),
                    Err(trouble) => Fact::Missing(trouble),
                };
                report(Observed::Key(KeyFacts { verdict }));
            }
            Inputs::KeyFile(path) => report(Observed::KeyFile(survey::key_file(path).await)),
            Inputs::Storage { folders, user } => {
                survey::storage(places, folders, user, |facts| report(Observed::Storage(facts))).await;
            }
            Inputs::Licence(source) => report(Observed::Licence(Box::new(survey::licence(source).await))),
            Inputs::Octopus { program, instance } => {
                survey::octopus(places, program.as_deref(), instance, |facts| report(Observed::Octopus(facts))).await;
            }
            Inputs::Health { prefixes, home } => {
                survey::health(prefixes, home, |facts| report(Observed::Health(facts))).await;
            }
            Inputs::Node(subject) => report(Observed::Node(Box::new(survey::node(places, subject).await))),
        }
    }

    /// Generates a new cluster's id and master key.
    pub fn generate_key(&self, size: KeySize) -> Result<GeneratedKey, NoRandomness> {
        random::generate_key(size)
    }

    /// Runs a plan's steps, or the remaining ones; see [`apply::install`].
    pub async fn install(
        &self,
        plan: &Plan,
        key: Option<&MasterKey>,
        cancel: &Cancel,
        report: impl FnMut(Progress) + Send,
    ) -> Result<(), Failure> {
        apply::install(&self.inner.places, &self.inner.server, plan, key, cancel, report).await
    }

    /// Undoes what this instance's unfinished run made; see [`apply::undo`].
    pub async fn undo(&self, instance: &str, target: Option<&Target>, report: impl FnMut(Progress) + Send) -> bool {
        apply::undo(&self.inner.places, &self.inner.server, instance, target, report).await
    }

    /// Does work, and reports meanwhile what it waits for.
    pub async fn report_waiting<T>(&self, work: impl Future<Output = T>, report: impl Fn(Option<Waiting>)) -> T {
        let mut waiting = self.inner.server.waiting();
        tokio::pin!(work);
        loop {
            tokio::select! {
                biased;
                done = &mut work => return done,
                Ok(()) = waiting.changed() => {
                    let waiting = waiting.borrow_and_update().clone();
                    report(waiting);
                }
            }
        }
    }

    /// Loads an instance's unfinished run; see [`apply::resume`].
    pub async fn resume(&self, instance: &str) -> Result<Resumption, Failure> {
        apply::resume(&self.inner.places, instance).await
    }

    /// Removes the journal of a run that is done and whose key is kept; see [`apply::close`].
    pub async fn close_run(&self, instance: &str) -> Result<(), Failure> {
        apply::close(&self.inner.places, instance).await
    }

    /// Removes what a run that was killed while it closed left beside its journal; see [`apply::remove_copies`].
    pub async fn remove_copies(&self, instance: &str) -> Result<(), Failure> {
        apply::remove_copies(&self.inner.places, instance).await
    }

    /// Saves the master key to a new file, 0600, and reads it back; see [`key_file::save`].
    pub async fn save_key(&self, path: PathBuf, key: &MasterKey) -> Result<(), KeyFileError> {
        let key = key.clone();
        in_time(within(FILE_BUDGET, move || key_file::save(&path, &key)).await)
    }

    /// Saves a text to a new file, 0600.
    pub async fn save_text(&self, path: PathBuf, text: String) -> Result<(), KeyFileError> {
        in_time(within(FILE_BUDGET, move || key_file::save_text(&path, text.as_bytes())).await)
    }

    /// Reads a master key from a file.
    pub async fn read_key_file(&self, path: PathBuf) -> Result<MasterKey, KeyFileError> {
        in_time(within(FILE_BUDGET, move || key_file::read(&path)).await)
    }

    /// How a text gets to the operator's clipboard. [`CopyWay::Terminal`] is taken by the face.
    pub fn copy_way(&self) -> CopyWay {
        clipboard::way(self.inner.surroundings)
    }

    /// Puts a text on the desktop's clipboard. The error is a part of a sentence; OSC 52 can be tried then.
    pub async fn copy(&self, text: SecretString) -> Result<(), String> {
        let desktop = self.inner.desktop.clone();
        match within(COPY_BUDGET, move || desktop.copy(&text)).await {
            Ok(done) => done,
            Err(_) => Err("the desktop's clipboard does not answer".into()),
        }
    }
}

fn in_time<T>(answer: Result<Result<T, KeyFileError>, Trouble>) -> Result<T, KeyFileError> {
    answer.unwrap_or(Err(KeyFileError::TimedOut))
}

#[cfg(test)]
mod tests {
    use super::*;

    use crate::world::apply::sample;

    fn world(folder: &tempfile::TempDir) -> World {
        World::new(Places::under(folder.path().join("state")), Surroundings { ssh: true, ..Surroundings::default() })
    }

    #[test]
    fn all_of_its_work_can_be_put_into_tasks() {
        fn is_send<T: Send>(_: &T) {}
        let folder = tempfile::tempdir().expect("a folder");
        let (world, plan) = (world(&folder), sample::plan(folder.path()));
        let key = world.generate_key(KeySize::Aes256).expect("random").key;
        let cancel = Cancel::default();
        is_send(&world);
        is_send(&world.survey(&Inputs::Machine, false, |_| {}));
        is_send(&world.install(&plan, Some(&key), &cancel, |_| {}));
        is_send(&world.undo("", Some(&plan.node.target), |_| {}));
        is_send(&world.resume(""));
        is_send(&world.close_run(""));
        is_send(&world.save_key(PathBuf::new(), &key));
        is_send(&world.copy(SecretString::from("")));
    }

    #[tokio::test]
    async fn a_key_goes_to_a_file_and_comes_back() {
        let folder = tempfile::tempdir().expect("a folder");
        let world = world(&folder);
        let (path, key) = (folder.path().join("key"), world.generate_key(KeySize::Aes128).expect("random").key);
        world.save_key(path.clone(), &key).await.expect("saved");
        let back = world.read_key_file(path.clone()).await.expect("read");
        assert_eq!(back.expose_bytes(), key.expose_bytes());
        world.save_key(path.clone(), &key).await.expect("it is saved there already");
        let other = world.generate_key(KeySize::Aes128).expect("random").key;
        assert!(matches!(world.save_key(path, &other).await, Err(KeyFileError::Exists)));
        assert_eq!(world.copy_way(), CopyWay::Terminal);
    }

    #[tokio::test]
    async fn a_run_that_never_was_can_be_closed_undone_and_not_resumed() {
        let folder = tempfile::tempdir().expect("a folder");
        let (world, plan) = (world(&folder), sample::plan(folder.path()));
        assert_eq!(world.close_run("My Node").await, Ok(()));
        let mut reports = Vec::new();
        assert!(world.undo(&plan.node.instance, Some(&plan.node.target), |progress| reports.push(progress)).await);
        assert_eq!(reports, [Progress::UndoEnded(true)]);
        assert!(matches!(world.resume("My Node").await, Err(Failure::ReadBack { .. })));
    }
}
