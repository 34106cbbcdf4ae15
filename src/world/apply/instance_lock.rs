//! Where a run works: this machine's places, under the instance's lock.

use std::convert::Infallible;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;

use crate::model::plan::Failure;
use crate::world::lock::Lock;
use crate::world::octopus_server;
use crate::world::places::Places;
use crate::world::toml_file::shown;

/// The places, and the lock on them.
#[derive(Debug)]
pub(super) struct InstanceLock {
    pub(super) places: Places,
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
            octopus_server::forget(&licence).map_err(file(&licence))?;
            Ok(Arc::new(Self { places, _lock: lock, _held: held }))
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
}

async fn blocking<T, W>(work: W) -> Result<T, Failure>
where
    T: Send + 'static,
    W: FnOnce() -> Result<T, Failure> + Send + 'static,
{
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => done,
        Err(error) => Err(Failure::Defect(error.to_string().into())),
    }
}

/// Turns an error of the operating system into the failure that names the file.
pub(super) fn file(path: &Path) -> impl FnOnce(io::Error) -> Failure {
    let path = shown(path);
    move |error| Failure::File { path, said: error.to_string().into() }
}
