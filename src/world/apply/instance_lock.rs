//! Where a run works: this machine's places, under the instance's lock.

use std::convert::Infallible;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::mpsc;

use crate::model::plan::Failure;
use crate::model::secret::on_clean_stack;
use crate::model::untrusted::Untrusted;
use crate::world::folder::HeldFolder;
use crate::world::lock::Lock;
use crate::world::places::Places;
use crate::world::toml_file::shown;
use crate::world::{octopus_server, ownership};

/// The places, and the lock on them.
#[derive(Debug)]
pub(super) struct InstanceLock {
    pub(super) places: Places,
    /// The home directory, from the first work on its files to the end of the run.
    home: Mutex<Option<HeldFolder>>,
    // Dropped in this order: the lock is free by the time its release is seen.
    _lock: Lock,
    _held: mpsc::Sender<Infallible>,
}

/// Waits until the lock is free again.
pub(super) struct Release(mpsc::Receiver<Infallible>);

impl Release {
    /// How long to wait: a disk that does not answer may keep the lock for ever.
    const AT_MOST: Duration = Duration::from_secs(2);

    /// Waits for blocking work of a cancelled step that still holds the lock, so that an immediate second try is not refused
    /// because of another wizard.
    pub(super) async fn wait(mut self) {
        let _ = tokio::time::timeout(Self::AT_MOST, self.0.recv()).await;
    }
}

impl InstanceLock {
    /// Takes the instance's lock, and removes the licence's file that a killed start may have left.
    pub(super) async fn take(places: &Places, instance: &str) -> Result<(Arc<Self>, Release), Failure> {
        let (places, instance) = (places.clone(), instance.to_owned());
        let (held, release) = mpsc::channel(1);
        let lock = blocking(move || {
            let lock = Lock::take(&places, &instance)?;
            let licence = places.licence(&instance);
            octopus_server::forget(&licence).map_err(state_file(&licence))?;
            Ok(Arc::new(Self { places, home: Mutex::default(), _lock: lock, _held: held }))
        })
        .await?;
        Ok((lock, Release(release)))
    }

    /// Does blocking work on a thread for that. The work holds the lock too: if the run is dropped meanwhile, no other run
    /// begins before the work has ended.
    pub(super) async fn run_blocking<T, W>(self: &Arc<Self>, work: W) -> Result<T, Failure>
    where
        T: Send + 'static,
        W: FnOnce(&Places) -> Result<T, Failure> + Send + 'static,
    {
        let lock = Arc::clone(self);
        blocking(move || work(&lock.places)).await
    }

    /// Does blocking work on the files of a home directory, which is held open from then on: the work reaches it by the path that it is
    /// given, and a link in the home's place leads nowhere. A home that does not exist is reached by its own name.
    pub(super) async fn run_in_home<T, W>(self: &Arc<Self>, home: &Path, work: W) -> Result<T, Failure>
    where
        T: Send + 'static,
        W: FnOnce(&Places, &Path) -> Result<T, Failure> + Send + 'static,
    {
        let (lock, home) = (Arc::clone(self), home.to_owned());
        blocking(move || {
            let reached = lock.hold(&home)?;
            work(&lock.places, &reached).map_err(|failure| named(failure, &reached, &home))
        })
        .await
    }

    /// Opens the home directory, unless it is open already, and returns the path that reaches it. Fails if its name leads to another folder
    /// than at first.
    fn hold(&self, home: &Path) -> Result<PathBuf, Failure> {
        let mut held = self.home.lock().unwrap_or_else(PoisonError::into_inner);
        let is_absent = |error: &io::Error| error.kind() == io::ErrorKind::NotFound;
        if let Some(folder) = held.as_ref().filter(|held| held.path() == home) {
            match folder.is_at_its_path() {
                Ok(true) => return Ok(folder.reached().to_owned()),
                Ok(false) => {
                    let said = "it is another folder now than the one that this run began with, and nothing is written there";
                    return Err(Failure::File { path: shown(home), said: said.into() });
                }
                // Somebody has removed it, and the work may make it again.
                Err(error) if is_absent(&error) => *held = None,
                Err(error) => return Err(file(home)(error)),
            }
        }
        match HeldFolder::open(home) {
            Ok(folder) => Ok(held.insert(folder).reached().to_owned()),
            Err(error) if is_absent(&error) => Ok(home.to_owned()),
            Err(error) => Err(file(home)(error)),
        }
    }
}

/// Returns a failure with the home's own name in place of the path that reached it.
fn named(failure: Failure, reached: &Path, home: &Path) -> Failure {
    let (reached, home) = (shown(reached), shown(home));
    let named = |text: Untrusted| Untrusted::new(&text.as_str().replace(reached.as_str(), home.as_str()));
    match failure {
        Failure::File { path, said } => Failure::File { path: named(path), said: named(said) },
        Failure::FileInTheWay { path } => Failure::FileInTheWay { path: named(path) },
        Failure::SealBroken { path } => Failure::SealBroken { path: named(path) },
        Failure::ReadBack { what } => Failure::ReadBack { what: named(what) },
        Failure::Kept { what } => Failure::Kept { what: named(what) },
        other => other,
    }
}

async fn blocking<T, W>(work: W) -> Result<T, Failure>
where
    T: Send + 'static,
    W: FnOnce() -> Result<T, Failure> + Send + 'static,
{
    match tokio::task::spawn_blocking(|| on_clean_stack(work)).await {
        Ok(done) => done,
        Err(error) => Err(Failure::Defect(error.to_string().into())),
    }
}

/// Turns an error of the operating system into the failure that names the file.
pub(super) fn file(path: &Path) -> impl FnOnce(io::Error) -> Failure {
    let path = path.to_owned();
    move |error| Failure::File { path: shown(&path), said: ownership::explain(&path, &error).into() }
}

/// Like [`file`], for a file of the state directory.
pub(super) fn state_file(path: &Path) -> impl FnOnce(io::Error) -> Failure {
    let path = path.to_owned();
    move |error| Failure::StateFile { path: shown(&path), said: ownership::explain(&path, &error).into() }
}
