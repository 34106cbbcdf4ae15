//! The threads that touch the disks, any of which may hang in the operating system: what they share with the thread that reports
//! (progress, who works on what since when, whether the run has to end), and the pool that they work in.

use std::collections::{BTreeMap, VecDeque};
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering::Relaxed;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, AtomicUsize};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::migration::model::{CopyPhase, CopyProgress, Figures};

/// How long an operation may take before it is reported.
const REPORT_AFTER: Duration = Duration::from_secs(3);

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
    activities: Mutex<Vec<Arc<Activity>>>,
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
            activities: Mutex::default(),
        })
    }

    /// Asks the run to end: current work is finished or broken off, and nothing more is begun.
    pub fn stop(&self) {
        self.stop.store(true, Relaxed);
    }

    /// Returns whether the run has to end.
    pub fn is_stopped(&self) -> bool {
        self.stop.load(Relaxed)
    }

    /// Returns how long one operation may take from now on.
    pub(super) fn patience(&self) -> Duration {
        if self.is_stopped() { self.patience.min(LAST) } else { self.patience }
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

    /// Returns how far a migration is.
    pub fn progress(&self) -> CopyProgress {
        let now = self.now();
        let longest = self
            .activities()
            .iter()
            .filter_map(|activity| Some((activity.since(now)?, activity.clone())))
            .max_by_key(|(since, _)| *since);
        CopyProgress {
            phase: match self.phase.load(Relaxed) {
                0 => CopyPhase::Walking,
                1 => CopyPhase::Comparing,
                _ => CopyPhase::Copying,
            },
            all: Figures { files: self.all[0].load(Relaxed), bytes: self.all[1].load(Relaxed) },
            done: Figures { files: self.files.load(Relaxed), bytes: self.halves.load(Relaxed) / 2 },
            waits: longest.filter(|(since, _)| *since >= REPORT_AFTER).map(|(since, activity)| (activity.on(), since.as_secs())),
        }
    }

    /// Returns an operation that takes too long and was not given up: its path, and the time it had. Pools give up their threads at
    /// once, so this one has no replacement.
    pub fn stuck(&self) -> Option<(PathBuf, Duration)> {
        let (now, patience) = (self.now(), self.patience());
        let late = |activity: &&Arc<Activity>| activity.since(now).is_some_and(|since| since > patience + REPORT_AFTER);
        let activity = self.activities().iter().find(late).cloned();
        activity.map(|activity| (activity.on(), patience))
    }

    pub(super) fn activity(self: &Arc<Self>) -> Arc<Activity> {
        let activity = Arc::new(Activity {
            watch: self.clone(),
            since: AtomicU64::new(0),
            on: Mutex::default(),
            item: AtomicUsize::new(usize::MAX),
            given_up: AtomicBool::new(false),
        });
        self.activities().push(activity.clone());
        activity
    }

    pub(super) fn forget(&self, activity: &Arc<Activity>) {
        self.activities().retain(|other| !Arc::ptr_eq(other, activity));
    }

    fn activities(&self) -> MutexGuard<'_, Vec<Arc<Activity>>> {
        self.activities.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns the milliseconds since the beginning plus one, so that zero can mean nothing.
    fn now(&self) -> u64 {
        u64::try_from(self.begun.elapsed().as_millis()).unwrap_or(u64::MAX - 1) + 1
    }
}

/// What one thread is doing. A call that the operating system never answers cannot be cancelled, so its thread is given up through
/// the pulse.
#[derive(Debug)]
pub(super) struct Activity {
    watch: Arc<Watch>,
    since: AtomicU64,
    on: Mutex<PathBuf>,
    item: AtomicUsize,
    given_up: AtomicBool,
}

impl Activity {
    /// Begins an operation on a path.
    pub(super) fn begin(&self, path: &Path) {
        path.clone_into(&mut self.on.lock().unwrap_or_else(PoisonError::into_inner));
        self.renew();
    }

    /// Begins the next operation on the same path.
    pub(super) fn renew(&self) {
        self.since.store(self.watch.now(), Relaxed);
    }

    /// Ends the operation.
    pub(super) fn end(&self) {
        self.since.store(0, Relaxed);
    }

    /// Sets the item that the thread works on.
    fn set_item(&self, item: usize) {
        self.item.store(item, Relaxed);
    }

    fn item(&self) -> usize {
        self.item.load(Relaxed)
    }

    /// Returns the path that it works on.
    fn on(&self) -> PathBuf {
        self.on.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Returns whether its operation takes too long.
    fn is_hanging(&self) -> bool {
        self.since(self.watch.now()).is_some_and(|since| since > self.watch.patience())
    }

    /// Gives the thread up.
    fn give_up(&self) {
        self.given_up.store(true, Relaxed);
        self.end();
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

/// How an item ended.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum ItemOutcome<R> {
    Done(R),
    /// An operation on this path hangs, and its thread was given up.
    Hung(PathBuf),
    /// It was not begun, because the run has to end or too many threads hang.
    NotBegun,
}

/// How often the threads are checked.
const LOOK: Duration = Duration::from_millis(100);

type Queue<T> = Arc<Mutex<VecDeque<(usize, T)>>>;
type Work<T, R> = Arc<dyn Fn(&Activity, T) -> R + Send + Sync>;

/// Works on all items with `jobs` threads, and calls `each` once per item on this thread. A thread that hangs is replaced, until as
/// many hang as were to work: then the share counts as dead, and nothing more is begun.
pub(super) fn run<T, R>(
    watch: &Arc<Watch>,
    jobs: usize,
    items: Vec<T>,
    work: impl Fn(&Activity, T) -> R + Send + Sync + 'static,
    mut each: impl FnMut(usize, ItemOutcome<R>),
) where
    T: Send + 'static,
    R: Send + 'static,
{
    let mut open = items.len();
    let mut reported = vec![false; items.len()];
    let queue: Queue<T> = Arc::new(Mutex::new(items.into_iter().enumerate().collect()));
    let work: Work<T, R> = Arc::new(work);
    let (sender, results) = channel();
    let mut activities = BTreeMap::new();
    let mut hung = 0;
    for number in 0..jobs.max(1).min(open) {
        activities.insert(number, thread(watch, number, &queue, &work, &sender));
    }
    let mut number = activities.len();
    while open > 0 {
        let mut report = |item: usize, ended| {
            // A thread that was given up may still return an item that was reported before.
            if let Some(reported) = reported.get_mut(item).filter(|reported| !**reported) {
                *reported = true;
                open -= 1;
                each(item, ended);
            }
        };
        match results.recv_timeout(LOOK) {
            Ok(Some((item, result))) => report(item, ItemOutcome::Done(result)),
            Ok(None) => {}
            Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => {
                let late: Vec<usize> =
                    activities.iter().filter(|(_, activity)| activity.is_hanging()).map(|(number, _)| *number).collect();
                for dead in late {
                    let Some(activity) = activities.remove(&dead) else { continue };
                    let (item, on) = (activity.item(), activity.on());
                    activity.give_up();
                    watch.forget(&activity);
                    hung += 1;
                    report(item, ItemOutcome::Hung(on));
                    if hung < jobs {
                        activities.insert(number, thread(watch, number, &queue, &work, &sender));
                        number += 1;
                    }
                }
            }
        }
        if watch.is_stopped() || hung >= jobs.max(1) {
            let rest: Vec<_> = queue.lock().unwrap_or_else(PoisonError::into_inner).drain(..).collect();
            for (item, _) in rest {
                report(item, ItemOutcome::NotBegun);
            }
        }
    }
    for activity in activities.values() {
        watch.forget(activity);
    }
}

fn thread<T, R>(
    watch: &Arc<Watch>,
    number: usize,
    queue: &Queue<T>,
    work: &Work<T, R>,
    sender: &Sender<Option<(usize, R)>>,
) -> Arc<Activity>
where
    T: Send + 'static,
    R: Send + 'static,
{
    let activity = watch.activity();
    let (mine, queue, work, sender) = (activity.clone(), queue.clone(), work.clone(), sender.clone());
    let watch = watch.clone();
    let body = move || {
        while !mine.is_given_up() && !watch.is_stopped() {
            let next = {
                let mut queue = queue.lock().unwrap_or_else(PoisonError::into_inner);
                let next = queue.pop_front();
                // Under the queue's lock, so that each item is seen either in the queue or in a thread's hands.
                if let Some((item, _)) = &next {
                    mine.set_item(*item);
                }
                next
            };
            let Some((item, value)) = next else { return };
            let result = work(&mine, value);
            mine.end();
            if sender.send(Some((item, result))).is_err() {
                return;
            }
        }
    };
    // If no thread can be started, the work is done here.
    if std::thread::Builder::new().name(format!("copy-{number}")).spawn(body.clone()).is_err() {
        body();
    }
    activity
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_item_is_told_once_whatever_the_number_of_threads() {
        for jobs in [0, 1, 3, 50] {
            let watch = Watch::new(Duration::from_secs(60));
            let mut told = vec![0; 20];
            run(
                &watch,
                jobs,
                (0..20).collect(),
                |_, item: usize| item * 2,
                |item, ended| {
                    assert_eq!(ended, ItemOutcome::Done(item * 2));
                    told[item] += 1;
                },
            );
            assert_eq!(told, vec![1; 20]);
        }
    }

    #[test]
    fn a_thread_that_hangs_costs_its_item_and_the_others_go_on() {
        let (_open, wait) = channel::<()>();
        let wait = Mutex::new(wait);
        let watch = Watch::new(Duration::from_millis(1));
        let mut told = Vec::new();
        let work = move |activity: &Activity, item: usize| {
            if item == 0 {
                activity.begin(std::path::Path::new("/dead"));
                let _ = wait.lock().expect("a lock").recv();
            }
            item
        };
        run(&watch, 2, (0..10).collect(), work, |item, ended| told.push((item, ended)));
        assert_eq!(told.len(), 10);
        assert!(told.contains(&(0, ItemOutcome::Hung("/dead".into()))));
        assert!((1..10).all(|item| told.contains(&(item, ItemOutcome::Done(item)))));
    }

    #[test]
    fn a_dead_share_ends_the_run() {
        let (_open, wait) = channel::<()>();
        let wait = Mutex::new(wait);
        let watch = Watch::new(Duration::from_millis(1));
        let mut told = Vec::new();
        let work = move |activity: &Activity, item: usize| {
            activity.begin(std::path::Path::new("/dead"));
            let _ = wait.lock().expect("a lock").recv();
            item
        };
        run(&watch, 2, (0..10).collect(), work, |item, ended| told.push((item, ended)));
        assert_eq!(told.len(), 10);
        let of = |wanted: fn(&ItemOutcome<usize>) -> bool| told.iter().filter(|(_, ended)| wanted(ended)).count();
        let (hung, not_begun) = (of(|ended| matches!(ended, ItemOutcome::Hung(_))), of(|ended| *ended == ItemOutcome::NotBegun));
        // The replacement of the first thread may have taken an item before the second one was given up.
        assert!((2..=3).contains(&hung) && hung + not_begun == 10, "{hung} {not_begun}");
    }

    #[test]
    fn what_is_stopped_begins_nothing_more() {
        let watch = Watch::new(Duration::from_secs(60));
        let stopping = watch.clone();
        let mut told = Vec::new();
        let work = move |_: &Activity, item: usize| {
            stopping.stop();
            item
        };
        run(&watch, 1, (0..10_000).collect(), work, |item, ended| told.push((item, ended)));
        assert_eq!(told.len(), 10_000);
        assert!(told.iter().any(|(_, ended)| *ended == ItemOutcome::NotBegun));
    }
}
