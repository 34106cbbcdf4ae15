//! How far a move is, who works on what since when, and whether it is to end: what the threads that touch the disks share with
//! the one that talks to people.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::migration::model::{Figures, Phase, Progress};

/// How long an operation lasts before it is told that it does.
const TELLING: Duration = Duration::from_secs(3);

/// How long an operation gets once the run is to end.
const LAST: Duration = Duration::from_secs(5);

/// A move as all of its threads see it.
#[derive(Debug)]
pub struct Watch {
    begun: Instant,
    /// How long one operation may take.
    patience: Duration,
    stop: AtomicBool,
    phase: AtomicU8,
    all: [AtomicU64; 2],
    files: AtomicU64,
    /// Each byte counts once when it is written and once when it is read back.
    halves: AtomicU64,
    pulses: Mutex<Vec<Arc<Pulse>>>,
}

impl Watch {
    /// Nothing is done yet. No single operation of a disk gets longer than `patience`.
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

    /// Asks for the end: what is under way is ended, nothing more is begun.
    pub fn stop(&self) {
        self.stop.store(true, Relaxed);
    }

    /// Whether the end was asked for.
    pub fn stopped(&self) -> bool {
        self.stop.load(Relaxed)
    }

    /// How long one operation may take from now on.
    pub(super) fn patience(&self) -> Duration {
        if self.stopped() { self.patience.min(LAST) } else { self.patience }
    }

    /// A phase begins, with so much to do.
    pub(super) fn begin(&self, phase: Phase, all: Figures) {
        let phase = match phase {
            Phase::Walking => 0,
            Phase::Comparing => 1,
            Phase::Copying => 2,
        };
        self.files.store(0, Relaxed);
        self.halves.store(0, Relaxed);
        self.found(all);
        self.phase.store(phase, Relaxed);
    }

    /// So much there is to do.
    pub(super) fn found(&self, all: Figures) {
        self.all[0].store(all.files, Relaxed);
        self.all[1].store(all.bytes, Relaxed);
    }

    /// A file is done.
    pub(super) fn file(&self) {
        self.files.fetch_add(1, Relaxed);
    }

    /// So many bytes are done once: written, or read back.
    pub(super) fn bytes(&self, bytes: u64) {
        self.halves.fetch_add(bytes, Relaxed);
    }

    /// So many bytes have to be done once more.
    pub(super) fn again(&self, bytes: u64) {
        self.halves.fetch_sub(bytes, Relaxed);
    }

    /// How far it is.
    pub fn progress(&self) -> Progress {
        let now = self.now();
        let longest =
            self.pulses().iter().filter_map(|pulse| Some((pulse.since(now)?, pulse.clone()))).max_by_key(|(since, _)| *since);
        Progress {
            phase: match self.phase.load(Relaxed) {
                0 => Phase::Walking,
                1 => Phase::Comparing,
                _ => Phase::Copying,
            },
            all: Figures { files: self.all[0].load(Relaxed), bytes: self.all[1].load(Relaxed) },
            done: Figures { files: self.files.load(Relaxed), bytes: self.halves.load(Relaxed) / 2 },
            waits: longest.filter(|(since, _)| *since >= TELLING).map(|(since, pulse)| (pulse.on(), since.as_secs())),
        }
    }

    /// An operation that took longer than any may, and that nobody gave up: on what, and the time it had. Threads of a pool are given
    /// up at once, so this is one that there is no other in the place of.
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

    /// Milliseconds since the beginning, and one, so that nought is free for nothing.
    fn now(&self) -> u64 {
        u64::try_from(self.begun.elapsed().as_millis()).unwrap_or(u64::MAX - 1) + 1
    }
}

/// What one thread is doing. A call that the operating system never answers cannot be called off: the thread is given up, and
/// its pulse tells so from outside.
#[derive(Debug)]
pub(super) struct Pulse {
    watch: Arc<Watch>,
    since: AtomicU64,
    on: Mutex<PathBuf>,
    item: AtomicUsize,
    given_up: AtomicBool,
}

impl Pulse {
    /// An operation on this path begins.
    pub(super) fn begin(&self, path: &Path) {
        path.clone_into(&mut self.on.lock().unwrap_or_else(PoisonError::into_inner));
        self.beat();
    }

    /// The next operation on the same path begins.
    pub(super) fn beat(&self) {
        self.since.store(self.watch.now(), Relaxed);
    }

    /// Nothing is done right now.
    pub(super) fn rest(&self) {
        self.since.store(0, Relaxed);
    }

    /// It works on this item.
    pub(super) fn take(&self, item: usize) {
        self.item.store(item, Relaxed);
    }

    /// Its item.
    pub(super) fn item(&self) -> usize {
        self.item.load(Relaxed)
    }

    /// What it works on.
    pub(super) fn on(&self) -> PathBuf {
        self.on.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Whether its operation takes longer than any may.
    pub(super) fn hangs(&self) -> bool {
        self.since(self.watch.now()).is_some_and(|since| since > self.watch.patience())
    }

    /// Nobody waits for it any more.
    pub(super) fn give_up(&self) {
        self.given_up.store(true, Relaxed);
        self.rest();
    }

    /// Whether nothing more may be done by this thread: what it did has been told as not done.
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
