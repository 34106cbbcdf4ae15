//! A time budget for calls that the operating system may never answer.

use std::path::Path;
use std::time::Duration;

use tokio::sync::oneshot;

use crate::model::facts::{Fact, Trouble};
use crate::model::secret::on_clean_stack;
use crate::model::untrusted::Untrusted;
use crate::world::ownership;

/// Runs blocking work on a thread of its own and waits for at most `budget`.
///
/// A thread, not `spawn_blocking`: `statfs` on a dead NFS mount cannot be interrupted, and a runtime that is dropped
/// waits for its blocking pool, so the program could not end. A thread that hangs is left behind and dies with us.
pub(super) async fn within<T, W>(budget: Duration, work: W) -> Result<T, Trouble>
where
    T: Send + 'static,
    W: FnOnce() -> T + Send + 'static,
{
    let (answer, answered) = oneshot::channel();
    let job = move || {
        // This fails once nobody waits any more.
        let _ = answer.send(on_clean_stack(work));
    };
    std::thread::Builder::new().name("survey".into()).spawn(job).map_err(|error| io(&error))?;
    match tokio::time::timeout(budget, answered).await {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(_)) => Err(Trouble::Io(Untrusted::new("The work ended without an answer."))),
        Err(_) => Err(Trouble::TimedOut { waited: budget }),
    }
}

/// Like [`within`], for work that returns a fact.
pub(super) async fn fact_within<T, W>(budget: Duration, work: W) -> Fact<T>
where
    T: Send + 'static,
    W: FnOnce() -> Fact<T> + Send + 'static,
{
    within(budget, work).await.unwrap_or_else(Fact::Missing)
}

/// Turns an error of the operating system into a trouble.
pub(super) fn io(error: &std::io::Error) -> Trouble {
    Trouble::Io(Untrusted::new(&error.to_string()))
}

/// Turns the error of a file into a trouble, which says whose the file is where it may not be looked at.
pub(super) fn io_at(path: &Path, error: &std::io::Error) -> Trouble {
    Trouble::Io(ownership::explain(path, error).into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn work_that_never_ends_costs_its_budget_and_no_more() {
        let (_open, wait) = std::sync::mpsc::channel::<()>();
        let budget = Duration::from_millis(1);
        let got = within(budget, move || wait.recv().is_ok()).await;
        assert_eq!(got, Err(Trouble::TimedOut { waited: budget }));
    }

    #[tokio::test]
    async fn an_answer_is_handed_on() {
        assert_eq!(within(Duration::from_secs(60), || 7).await, Ok(7));
    }
}
