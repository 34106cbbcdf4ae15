//! What the threads that touch the disks share with the one that reports: progress, who works on what since when, and whether the run
//! has to end.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::migration::model::{CopyPhase, CopyProgress, Figures};

/// How long an operation may take before it is reported.
const TELLING: Duration = Duration::from_secs(3);

/// How long an operation may take once the run has to end.
const LAST: Duration = Duration::from_secs(5);

/// A migration, as all of its threads see it.
#[derive(Debug)]
pub struct Watch {
    begun: Instant,
    /// The longest that one operation may take.
    patience: Duration,
    stop: AtomicBool,
    phase: AtomicU8,
    all: [AtomicU64; 2],
    files: AtomicU64,
    /// Bytes, each counted when it is written and again when it is read back.
    halves: AtomicU64,
    pulses: Mutex<Vec<Arc<Pulse>>>,
}

impl Watch {
    /// Returns a watch with no progress. No single operation of a disk may take longer than `patience`.
    pub fn new(patience: Duration) -> Arc<Self> {
        Arc::new(Self {
            begun: Instant::now(),
            patience,
            stop: AtomicBool::new(false),
            phase: AtomicU8::new(0),
            all: Default::default(),
            files: AtomicU64::new(0),
            halves: AtomicU64::new(0),
            pulses: Mutex::default(),
        })
    }

    /// Asks the run to end: current work is finished or broken off, and nothing more is begun.
    pub fn stop(&self) {
        self.stop.store(true, Relaxed);
    }

    /// Returns whether the run has to end.
    pub fn stopped(&self) -> bool {
        self.stop.load(Relaxed)
    }

    /// Returns how long one operation may take from now on.
    pub(super) fn patience(&self) -> Duration {
        if self.stopped() { self.patience.min(LAST) } else { self.patience }
    }

    /// Begins a phase.
    pub(super) fn begin(&self, phase: CopyPhase, all: Figures) {
        let phase = match phase {
            CopyPhase::Walking => 0,
            CopyPhase::Comparing => 1,
            CopyPhase::Copying => 2,
        };
        self.files.store(0, Relaxed);
        self.halves.store(0, Relaxed);
        self.found(all);
        self.phase.store(phase, Relaxed);
    }

    /// Sets the amount of work.
    pub(super) fn found(&self, all: Figures) {
        self.all[0].store(all.files, Relaxed);
        self.all[1].store(all.bytes, Relaxed);
    }

    /// Counts a file as done.
    pub(super) fn file(&self) {
        self.files.fetch_add(1, Relaxed);
    }

    /// Counts bytes that were written or read back.
    pub(super) fn bytes(&self, bytes: u64) {
        self.halves.fetch_add(bytes, Relaxed);
    }

    /// Takes back bytes that have to be done again.
    pub(super) fn again(&self, bytes: u64) {
        self.halves.fetch_sub(bytes, Relaxed);
    }

    /// How far a migration is.
    pub fn progress(&self) -> CopyProgress {
        let now = self.now();
        let longest =
            self.pulses().iter().filter_map(|pulse| Some((pulse.since(now)?, pulse.clone()))).max_by_key(|(since, _)| *since);
        CopyProgress {
            phase: match self.phase.load(Relaxed) {
                0 => CopyPhase::Walking,
                1 => CopyPhase::Comparing,
                _ => CopyPhase::Copying,
            },
            all: Figures { files: self.all[0].load(Relaxed), bytes: self.all[1].load(Relaxed) },
            done: Figures { files: self.files.load(Relaxed), bytes: self.halves.load(Relaxed) / 2 },
            waits: longest.filter(|(since, _)| *since >= TELLING).map(|(since, pulse)| (pulse.on(), since.as_secs())),
        }
    }

    /// Returns an operation that takes too long and was not given up: its path, and the time it had. Pools give up their threads at
    /// once, so this one has no replacement.
    pub fn stuck(&self) -> Option<(PathBuf, Duration)> {
        let (now, patience) = (self.now(), self.patience());
        let late = |pulse: &&Arc<Pulse>| pulse.since(now).is_some_and(|since| since > patience + TELLING);
        let pulse = self.pulses().iter().find(late).cloned();
        pulse.map(|pulse| (pulse.on(), patience))
    }

    pub(super) fn pulse(self: &Arc<Self>) -> Arc<Pulse> {
        let pulse = Arc::new(Pulse {
            watch: self.clone(),
            since: AtomicU64::new(0),
            on: Mutex::default(),
            item: AtomicUsize::new(usize::MAX),
            given_up: AtomicBool::new(false),
        });
        self.pulses().push(pulse.clone());
        pulse
    }

    pub(super) fn forget(&self, pulse: &Arc<Pulse>) {
        self.pulses().retain(|other| !Arc::ptr_eq(other, pulse));
    }

    fn pulses(&self) -> MutexGuard<'_, Vec<Arc<Pulse>>> {
        self.pulses.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns the milliseconds since the beginning plus one, so that zero can mean nothing.
    fn now(&self) -> u64 {
        u64::try_from(self.begun.elapsed().as_millis()).unwrap_or(u64::MAX - 1) + 1
    }
}

/// What one thread is doing. A call that the operating system never answers cannot be cancelled, so its thread is given up through
/// the pulse.
#[derive(Debug)]
pub(super) struct Pulse {
    watch: Arc<Watch>,
    since: AtomicU64,
    on: Mutex<PathBuf>,
    item: AtomicUsize,
    given_up: AtomicBool,
}

impl Pulse {
    /// Begins an operation on a path.
    pub(super) fn begin(&self, path: &Path) {
        path.clone_into(&mut self.on.lock().unwrap_or_else(PoisonError::into_inner));
        self.beat();
    }

    /// Begins the next operation on the same path.
    pub(super) fn beat(&self) {
        self.since.store(self.watch.now(), Relaxed);
    }

    /// Ends the operation.
    pub(super) fn rest(&self) {
        self.since.store(0, Relaxed);
    }

    /// Sets the item that the thread works on.
    pub(super) fn take(&self, item: usize) {
        self.item.store(item, Relaxed);
    }

    pub(super) fn item(&self) -> usize {
        self.item.load(Relaxed)
    }

    /// Returns the path that it works on.
    pub(super) fn on(&self) -> PathBuf {
        self.on.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Returns whether its operation takes too long.
    pub(super) fn hangs(&self) -> bool {
        self.since(self.watch.now()).is_some_and(|since| since > self.watch.patience())
    }

    /// Gives the thread up.
    pub(super) fn give_up(&self) {
        self.given_up.store(true, Relaxed);
        self.rest();
    }

    /// Returns whether the thread was given up. It must do nothing more then, because its item was reported as failed.
    pub(super) fn is_given_up(&self) -> bool {
        self.given_up.load(Relaxed)
    }

    fn since(&self, now: u64) -> Option<Duration> {
        match self.since.load(Relaxed) {
            0 => None,
            since => Some(Duration::from_millis(now.saturating_sub(since))),
        }
    }
}
