//! A pool of threads, any of which may hang in the operating system.

use std::collections::{BTreeMap, VecDeque};
use std::path::PathBuf;
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::watch::{Pulse, Watch};

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
type Work<T, R> = Arc<dyn Fn(&Pulse, T) -> R + Send + Sync>;

/// Works on all items with `jobs` threads, and calls `each` once per item on this thread. A thread that hangs is replaced, until as
/// many hang as were to work: then the share counts as dead, and nothing more is begun.
pub(super) fn run<T, R>(
    watch: &Arc<Watch>,
    jobs: usize,
    items: Vec<T>,
    work: impl Fn(&Pulse, T) -> R + Send + Sync + 'static,
    mut each: impl FnMut(usize, ItemOutcome<R>),
) where
    T: Send + 'static,
    R: Send + 'static,
{
    let mut open = items.len();
    let mut told = vec![false; items.len()];
    let queue: Queue<T> = Arc::new(Mutex::new(items.into_iter().enumerate().collect()));
    let work: Work<T, R> = Arc::new(work);
    let (sender, results) = channel();
    let mut pulses = BTreeMap::new();
    let mut hung = 0;
    for number in 0..jobs.max(1).min(open) {
        pulses.insert(number, thread(watch, number, &queue, &work, &sender));
    }
    let mut number = pulses.len();
    while open > 0 {
        let mut tell = |item: usize, ended| {
            // A thread that was given up may still return an item that was reported before.
            if let Some(told) = told.get_mut(item).filter(|told| !**told) {
                *told = true;
                open -= 1;
                each(item, ended);
            }
        };
        match results.recv_timeout(LOOK) {
            Ok(Some((item, result))) => tell(item, ItemOutcome::Done(result)),
            Ok(None) => {}
            Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => {
                let late: Vec<usize> = pulses.iter().filter(|(_, pulse)| pulse.hangs()).map(|(number, _)| *number).collect();
                for dead in late {
                    let Some(pulse) = pulses.remove(&dead) else { continue };
                    let (item, on) = (pulse.item(), pulse.on());
                    pulse.give_up();
                    watch.forget(&pulse);
                    hung += 1;
                    tell(item, ItemOutcome::Hung(on));
                    if hung < jobs {
                        pulses.insert(number, thread(watch, number, &queue, &work, &sender));
                        number += 1;
                    }
                }
            }
        }
        if watch.stopped() || hung >= jobs.max(1) {
            let rest: Vec<_> = queue.lock().unwrap_or_else(PoisonError::into_inner).drain(..).collect();
            for (item, _) in rest {
                tell(item, ItemOutcome::NotBegun);
            }
        }
    }
    for pulse in pulses.values() {
        watch.forget(pulse);
    }
}

fn thread<T, R>(
    watch: &Arc<Watch>,
    number: usize,
    queue: &Queue<T>,
    work: &Work<T, R>,
    sender: &Sender<Option<(usize, R)>>,
) -> Arc<Pulse>
where
    T: Send + 'static,
    R: Send + 'static,
{
    let pulse = watch.pulse();
    let (mine, queue, work, sender) = (pulse.clone(), queue.clone(), work.clone(), sender.clone());
    let watch = watch.clone();
    let body = move || {
        while !mine.is_given_up() && !watch.stopped() {
            let next = {
                let mut queue = queue.lock().unwrap_or_else(PoisonError::into_inner);
                let next = queue.pop_front();
                // Under the queue's lock, so that each item is seen either in the queue or in a thread's hands.
                if let Some((item, _)) = &next {
                    mine.take(*item);
                }
                next
            };
            let Some((item, value)) = next else { return };
            let result = work(&mine, value);
            mine.rest();
            if sender.send(Some((item, result))).is_err() {
                return;
            }
        }
    };
    // If no thread can be started, the work is done here.
    if std::thread::Builder::new().name(format!("copy-{number}")).spawn(body.clone()).is_err() {
        body();
    }
    pulse
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
        let work = move |pulse: &Pulse, item: usize| {
            if item == 0 {
                pulse.begin(std::path::Path::new("/dead"));
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
        let work = move |pulse: &Pulse, item: usize| {
            pulse.begin(std::path::Path::new("/dead"));
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
        let work = move |_: &Pulse, item: usize| {
            stopping.stop();
            item
        };
        run(&watch, 1, (0..10_000).collect(), work, |item, ended| told.push((item, ended)));
        assert_eq!(told.len(), 10_000);
        assert!(told.iter().any(|(_, ended)| *ended == ItemOutcome::NotBegun));
    }
}
