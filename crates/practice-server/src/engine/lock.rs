//! Locks between sessions: one writer per database, and application locks; with waiting, timeouts, interruption and deadlock
//! detection.

use std::any::Any;
use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use rusqlite::InterruptHandle;

/// What can be locked.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Resource {
    /// Writing to a database: `SQLite` has one writer at a time.
    Write(i64),
    /// `sp_getapplock`: database, database principal, name.
    Application(i64, i64, String),
}

/// The mode of a lock, from weak to strong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum LockMode {
    IntentShared,
    IntentExclusive,
    Shared,
    Update,
    Exclusive,
}

impl LockMode {
    fn is_compatible_with(self, other: Self) -> bool {
        use LockMode::{Exclusive, IntentExclusive, IntentShared, Shared, Update};
        let pair = (self.min(other), self.max(other));
        pair.1 != Exclusive && matches!(pair, (IntentShared, _) | (IntentExclusive, IntentExclusive) | (Shared, Shared | Update))
    }
}

/// How long a lock is held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LockDuration {
    Transaction,
    Session,
}

#[derive(Debug, Clone)]
struct HeldLock {
    session: i16,
    mode: LockMode,
    until: LockDuration,
    times: u32,
}

#[derive(Debug, Default)]
struct LockTable {
    held: HashMap<Resource, Vec<HeldLock>>,
    waiting: HashMap<i16, (Resource, LockMode)>,
    /// Sessions are served in the order in which they came.
    queue: Vec<(i16, Resource, LockMode)>,
}

/// The locks of all sessions.
#[derive(Debug, Default)]
pub(crate) struct Locks {
    state: Mutex<LockTable>,
    changed: Condvar,
}

/// How a request for a lock ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LockOutcome {
    AtOnce,
    AfterWaiting,
    TimedOut,
    Interrupted,
    Deadlock,
}

/// Stops what a session runs, or ends the session.
#[derive(Default)]
pub(crate) struct StopSignal {
    flag: AtomicBool,
    killed: AtomicBool,
    handles: Mutex<Vec<InterruptHandle>>,
    wake: Mutex<Option<Box<dyn Fn() + Send + Sync>>>,
    place: Mutex<Option<Box<dyn Any + Send>>>,
}

impl StopSignal {
    pub(crate) fn flag(&self) -> &AtomicBool {
        &self.flag
    }

    /// Makes the running statement end as soon as possible.
    pub(crate) fn set(&self) {
        self.flag.store(true, Ordering::SeqCst);
        for handle in self.handles.lock().unwrap_or_else(PoisonError::into_inner).iter() {
            handle.interrupt();
        }
    }

    /// Forgets a stop, before the next request runs; a session that was ended stays stopped.
    pub(crate) fn clear(&self) {
        self.flag.store(self.is_killed(), Ordering::SeqCst);
    }

    pub(crate) fn add(&self, handle: InterruptHandle) {
        self.handles.lock().unwrap_or_else(PoisonError::into_inner).push(handle);
    }

    pub(crate) fn on_kill(&self, wake: Box<dyn Fn() + Send + Sync>) {
        *self.wake.lock().unwrap_or_else(PoisonError::into_inner) = Some(wake);
    }

    pub(crate) fn is_killed(&self) -> bool {
        self.killed.load(Ordering::SeqCst)
    }

    /// Keeps the place among the running requests until the request waits or ends.
    pub(crate) fn hold_place(&self, place: Box<dyn Any + Send>) {
        *self.place.lock().unwrap_or_else(PoisonError::into_inner) = Some(place);
    }

    /// Gives the place to another request, because this one waits or has ended.
    pub(crate) fn give_up_place(&self) {
        self.place.lock().unwrap_or_else(PoisonError::into_inner).take();
    }

    pub(crate) fn kill(&self) {
        self.killed.store(true, Ordering::SeqCst);
        self.set();
        if let Some(wake) = &*self.wake.lock().unwrap_or_else(PoisonError::into_inner) {
            wake();
        }
    }
}

impl std::fmt::Debug for StopSignal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("StopSignal").field("flag", &self.flag).field("killed", &self.killed).finish_non_exhaustive()
    }
}

impl LockTable {
    fn blockers(&self, session: i16, resource: &Resource, mode: LockMode) -> Vec<i16> {
        let mut blockers: Vec<i16> = self
            .held
            .get(resource)
            .into_iter()
            .flatten()
            .filter(|held| held.session != session && !held.mode.is_compatible_with(mode))
            .map(|held| held.session)
            .collect();
        let already = self.held.get(resource).into_iter().flatten().any(|held| held.session == session);
        if !already {
            let ahead = self.queue.iter().take_while(|(waiter, one, _)| *waiter != session || one != resource);
            blockers.extend(
                ahead
                    .filter(|(waiter, one, wanted)| *waiter != session && one == resource && !wanted.is_compatible_with(mode))
                    .map(|(waiter, _, _)| *waiter),
            );
        }
        blockers
    }

    /// Returns whether the session waits, through others, for itself.
    fn is_deadlocked(&self, session: i16) -> bool {
        let mut seen = vec![session];
        let mut at = 0;
        while at < seen.len() {
            if let Some((resource, mode)) = self.waiting.get(&seen[at]) {
                for blocker in self.blockers(seen[at], resource, *mode) {
                    if blocker == session {
                        return true;
                    }
                    if !seen.contains(&blocker) {
                        seen.push(blocker);
                    }
                }
            }
            at += 1;
        }
        false
    }
}

impl Locks {
    fn state(&self) -> MutexGuard<'_, LockTable> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a lock, waiting at most `limit` milliseconds; a negative limit waits forever.
    pub(crate) fn take(
        &self,
        session: i16,
        resource: &Resource,
        mode: LockMode,
        until: LockDuration,
        limit: i64,
        stop: &StopSignal,
    ) -> LockOutcome {
        let deadline = u64::try_from(limit).ok().map(|limit| Instant::now() + Duration::from_millis(limit));
        let mut state = self.state();
        let mut waited = false;
        loop {
            if state.blockers(session, resource, mode).is_empty() {
                state.waiting.remove(&session);
                state.queue.retain(|(waiter, one, _)| *waiter != session || one != resource);
                let list = state.held.entry(resource.clone()).or_default();
                match list.iter_mut().find(|held| held.session == session && held.until == until) {
                    Some(held) => {
                        held.mode = held.mode.max(mode);
                        held.times += 1;
                    }
                    None => list.push(HeldLock { session, mode, until, times: 1 }),
                }
                return if waited { LockOutcome::AfterWaiting } else { LockOutcome::AtOnce };
            }
            let end = if stop.flag().load(Ordering::SeqCst) {
                Some(LockOutcome::Interrupted)
            } else if deadline.is_some_and(|deadline| Instant::now() >= deadline) {
                Some(LockOutcome::TimedOut)
            } else {
                None
            };
            if !waited && end.is_none() {
                waited = true;
                state.queue.push((session, resource.clone(), mode));
                state.waiting.insert(session, (resource.clone(), mode));
            }
            let end = end.or_else(|| state.is_deadlocked(session).then_some(LockOutcome::Deadlock));
            if let Some(end) = end {
                state.waiting.remove(&session);
                state.queue.retain(|(waiter, one, _)| *waiter != session || one != resource);
                drop(state);
                self.changed.notify_all();
                return end;
            }
            stop.give_up_place();
            state = match deadline {
                Some(deadline) => {
                    let left = deadline.saturating_duration_since(Instant::now());
                    self.changed.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0
                }
                None => self.changed.wait(state).unwrap_or_else(PoisonError::into_inner),
            };
        }
    }

    /// Returns the strongest lock that a session holds on the resource, of either duration.
    pub(crate) fn holds(&self, session: i16, resource: &Resource) -> Option<LockMode> {
        self.state().held.get(resource)?.iter().filter(|held| held.session == session).map(|held| held.mode).max()
    }

    /// Releases one grant; returns `false` if there was none.
    pub(crate) fn release_one(&self, session: i16, resource: &Resource, until: LockDuration) -> bool {
        let mut state = self.state();
        let Some(list) = state.held.get_mut(resource) else {
            return false;
        };
        let Some(at) = list.iter().position(|held| held.session == session && held.until == until) else {
            return false;
        };
        list[at].times -= 1;
        if list[at].times == 0 {
            list.swap_remove(at);
        }
        if list.is_empty() {
            state.held.remove(resource);
        }
        drop(state);
        self.changed.notify_all();
        true
    }

    /// Releases all locks that last until the end of the transaction, or all of them.
    pub(crate) fn release(&self, session: i16, all: bool) {
        let mut state = self.state();
        state.held.retain(|_, list| {
            list.retain(|held| held.session != session || (!all && held.until == LockDuration::Session));
            !list.is_empty()
        });
        drop(state);
        self.changed.notify_all();
    }

    /// Wakes all waiters, so that they check their stop flags.
    pub(crate) fn wake(&self) {
        // Taking the lock orders this after a waiter's last look at its flag.
        drop(self.state());
        self.changed.notify_all();
    }

    /// Waits without a lock until the time is over (`WAITFOR DELAY`); returns `false` if it was stopped.
    pub(crate) fn pause(&self, span: Duration, stop: &StopSignal) -> bool {
        let deadline = Instant::now() + span;
        stop.give_up_place();
        let mut state = self.state();
        loop {
            if stop.flag().load(Ordering::SeqCst) {
                return false;
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return true;
            }
            state = self.changed.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn app(name: &str) -> Resource {
        Resource::Application(5, 0, name.to_owned())
    }

    #[test]
    fn shared_locks_share_and_exclusive_ones_do_not() {
        let locks = Locks::default();
        let go = StopSignal::default();
        let take = |session, mode| locks.take(session, &app("a"), mode, LockDuration::Session, 0, &go);
        assert_eq!(take(1, LockMode::Shared), LockOutcome::AtOnce);
        assert_eq!(take(2, LockMode::Shared), LockOutcome::AtOnce);
        assert_eq!(take(3, LockMode::Exclusive), LockOutcome::TimedOut);
        locks.release(1, true);
        assert!(locks.release_one(2, &app("a"), LockDuration::Session));
        assert_eq!(take(3, LockMode::Exclusive), LockOutcome::AtOnce);
        assert!(!locks.release_one(2, &app("a"), LockDuration::Session));
    }

    #[test]
    fn a_stopped_waiter_leaves_the_queue() {
        let locks = Locks::default();
        let go = StopSignal::default();
        let stopped = StopSignal::default();
        stopped.set();
        assert_eq!(locks.take(1, &app("a"), LockMode::Exclusive, LockDuration::Session, -1, &go), LockOutcome::AtOnce);
        assert_eq!(locks.take(2, &app("a"), LockMode::Exclusive, LockDuration::Session, -1, &stopped), LockOutcome::Interrupted);
        locks.release(1, true);
        assert_eq!(locks.take(3, &app("a"), LockMode::Exclusive, LockDuration::Session, 0, &go), LockOutcome::AtOnce);
    }

    #[test]
    fn a_circle_is_a_deadlock() {
        let locks = std::sync::Arc::new(Locks::default());
        let go = StopSignal::default();
        locks.take(1, &app("a"), LockMode::Exclusive, LockDuration::Session, -1, &go);
        locks.take(2, &app("b"), LockMode::Exclusive, LockDuration::Session, -1, &go);
        let other = std::sync::Arc::clone(&locks);
        let waiter = std::thread::spawn(move || {
            let go = StopSignal::default();
            let granted = other.take(1, &app("b"), LockMode::Exclusive, LockDuration::Session, -1, &go);
            other.release(1, true);
            granted
        });
        // The second one completes the cycle; the other gets its lock.
        let second = locks.take(2, &app("a"), LockMode::Exclusive, LockDuration::Session, -1, &go);
        locks.release(2, true);
        let first = waiter.join().unwrap_or(LockOutcome::Interrupted);
        if second != LockOutcome::Deadlock {
            assert_eq!(first, LockOutcome::Deadlock);
        }
    }
}
