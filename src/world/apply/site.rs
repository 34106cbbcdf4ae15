//! Where a run works: this machine's places, under the instance's lock.

use std::io;
use std::path::Path;
use std::sync::Arc;

use crate::model::plan::Failure;
use crate::world::lock::Lock;
use crate::world::octopus_server;
use crate::world::places::Places;
use crate::world::toml_file::shown;

/// The places, and the lock on them.
#[derive(Debug)]
pub(super) struct Site {
    pub(super) places: Places,
    _lock: Lock,
}

impl Site {
    /// Takes the instance's lock. The licence's file that a killed start may have left goes at once, whatever is done next.
    pub(super) async fn take(places: &Places, instance: &str) -> Result<Arc<Self>, Failure> {
        let (places, instance) = (places.clone(), instance.to_owned());
        blocking(move || {
            let lock = Lock::take(&places, &instance)?;
            let licence = places.licence(&instance);
            octopus_server::forget(&licence).map_err(file(&licence))?;
            Ok(Arc::new(Self { places, _lock: lock }))
        })
        .await
    }

    /// Does blocking work where it blocks nobody. The work holds the lock for itself: when the run is dropped in the
    /// middle of it, no other run begins before it has come to its end.
    pub(super) async fn off<T, W>(self: &Arc<Self>, work: W) -> Result<T, Failure>
    where
        T: Send + 'static,
        W: FnOnce(&Places) -> Result<T, Failure> + Send + 'static,
    {
        let site = Arc::clone(self);
        blocking(move || work(&site.places)).await
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

/// A file that the operating system would not let us have.
pub(super) fn file(path: &Path) -> impl FnOnce(io::Error) -> Failure {
    let path = shown(path);
    move |error| Failure::File { path, said: error.to_string().into() }
}
