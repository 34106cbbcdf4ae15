//! A run that is killed at any system call with all its threads, or whose disk is full from it on: the same command brings it to the end that
//! an undisturbed run has.
//!
//! The injector counts the system calls of all threads, so that each number is one point of the run. A sample of the points is tried;
//! `KILL_POINTS=1300` tries as many as that, over all cases and both faults.
#![cfg(all(feature = "practice", target_os = "linux", target_arch = "x86_64"))]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

#[path = "../support/mod.rs"]
mod support;

mod machine;
mod migration;

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use machine::{Case, Fault, Machine};
use support::walk::Site;

/// How many points of each case and fault are tried, of this share of them all.
fn sample(share: usize) -> usize {
    std::env::var("KILL_POINTS").ok().and_then(|text| text.parse().ok()).unwrap_or(200) / share
}

/// How many machines work at the same time.
const AT_ONCE: usize = 3;

/// Spreads points over a run of so many system calls: the same ones each time.
fn points(calls: usize, sample: usize) -> Vec<usize> {
    let sample = sample.min(calls).max(1);
    (0..sample).map(|number| 1 + (2 * number + 1) * calls / (2 * sample)).map(|point| point.min(calls)).collect()
}

/// Disturbs a run at each point, and gives the same command again.
async fn each_point_is_survived(case: Case, fault: Fault, share: usize) {
    let site = Site::start().await;
    // The others share one cluster, and are compared but for their names.
    let key = if case.shares_a_cluster() { machine::cluster(&site) } else { String::new() };
    let undisturbed = Machine::new(&site, case, "0", &key);
    let (outcome, calls) = tokio::task::block_in_place(|| undisturbed.disturbed_at(fault, 0));
    assert!(outcome.is_done(), "{outcome}");
    let end = undisturbed.end().await;
    let points = points(calls, sample(share));
    let (next, cut, failed) = (AtomicUsize::new(0), AtomicUsize::new(0), Mutex::new(Vec::new()));
    let runtime = tokio::runtime::Handle::current();
    let work = || {
        while let Some(point) = points.get(next.fetch_add(1, Ordering::Relaxed)) {
            let machine = Machine::new(&site, case, &point.to_string(), &key);
            let (disturbed, _) = machine.disturbed_at(fault, *point);
            if fault == Fault::Killed && !disturbed.is_done() && !disturbed.is_killed() {
                failed.lock().unwrap().push(format!("{point} of {calls}: the run itself failed: {disturbed}"));
                continue;
            }
            cut.fetch_add(usize::from(!disturbed.is_done()), Ordering::Relaxed);
            let again = machine.again();
            let found = runtime.block_on(machine.end());
            if !again.is_done() {
                failed.lock().unwrap().push(format!("{point} of {calls}: {disturbed}\nthe same command fails: {again}"));
            }
            if found != end {
                failed.lock().unwrap().push(format!("{point} of {calls}: another end:\n{}\n", machine::difference(&end, &found)));
            }
        }
    };
    tokio::task::block_in_place(|| {
        std::thread::scope(|scope| {
            for _ in 0..AT_ONCE {
                scope.spawn(work);
            }
        });
    });
    let failed = failed.into_inner().unwrap();
    let cut = cut.into_inner();
    println!(
        "{case:?}, {fault:?}: {} of {calls} system calls were points, {cut} cut the run off; {} failed",
        points.len(),
        failed.len()
    );
    assert!(cut > 0, "nothing was disturbed");
    assert!(failed.is_empty(), "{} of {} points fail:\n{}", failed.len(), points.len(), failed.join("\n"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_first_node_survives_a_kill_at_any_system_call() {
    each_point_is_survived(Case::FirstNode, Fault::Killed, 5).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hand_over_survives_a_kill_at_any_system_call() {
    each_point_is_survived(Case::HandOver, Fault::Killed, 10).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_join_survives_a_kill_at_any_system_call() {
    each_point_is_survived(Case::Join, Fault::Killed, 5).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_edit_survives_a_kill_at_any_system_call() {
    each_point_is_survived(Case::Edit, Fault::Killed, 5).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn leaving_survives_a_kill_at_any_system_call() {
    each_point_is_survived(Case::Leave, Fault::Killed, 5).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_first_node_survives_a_full_disk_at_any_system_call() {
    each_point_is_survived(Case::FirstNode, Fault::DiskFull, 10).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_join_survives_a_full_disk_at_any_system_call() {
    each_point_is_survived(Case::Join, Fault::DiskFull, 10).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_edit_survives_a_full_disk_at_any_system_call() {
    each_point_is_survived(Case::Edit, Fault::DiskFull, 20).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn leaving_survives_a_full_disk_at_any_system_call() {
    each_point_is_survived(Case::Leave, Fault::DiskFull, 20).await;
}
