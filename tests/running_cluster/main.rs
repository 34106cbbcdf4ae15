//! From nothing to a running cluster, with the program itself: two nodes with a home, a state and an account of their own and one
//! shared folder come up through unattended runs, each with its own stand-in for Octopus Server; they stand behind a real nginx
//! that runs what `load-balancer` printed; and a folder that is not the shared one is refused by its canaries.
#![cfg(all(target_os = "linux", feature = "practice"))]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

#[path = "../support/mod.rs"]
mod support;

mod balanced;
mod commands;
mod machine;
mod moved;
mod refused;
mod site;

use machine::Machine;
use site::Site;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_nodes_come_up_and_answer() {
    let site = Site::start().await;
    let first = Machine::first(&site, "web01", "daemon");
    first.run(&["first-node"]).ended(0);
    assert_eq!(first.ping(), 200);
    let second = Machine::joining(&site, "web02", "games", &first);
    second.run(&["join"]).ended(0);
    assert_eq!((first.ping(), second.ping()), (200, 200));

    // What concerns all nodes was said once.
    let said = |machine: &Machine, verb: &str| machine.octopus.changes().iter().filter(|call| call.verb() == verb).count();
    for verb in ["admin", "license", "path"] {
        assert_eq!((said(&first, verb), said(&second, verb)), (1, 0), "{verb}");
    }
    let accounts = [&first, &second].map(|machine| {
        let calls = machine.octopus.changes();
        calls.iter().find_map(|call| (call.verb() == "service").then(|| call.value("--username").unwrap().to_owned())).unwrap()
    });
    assert_eq!(accounts, ["daemon", "games"]);
    // The one that joined took no tasks until it had answered and its heart was seen to beat.
    let caps: Vec<_> = second.octopus.changes().iter().filter_map(|call| call.value("--taskCap").map(str::to_owned)).collect();
    assert_eq!(caps, ["0", "5"]);
    for folder in ["Artifacts", "TaskLogs", "Packages", "Telemetry", "Imports", "EventExports"] {
        let canaries = std::fs::read_dir(site.shared().join(folder).join(".octopus-setup")).unwrap();
        let mut names: Vec<_> = canaries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        assert_eq!(names, ["web01.canary", "web02.canary"], "{folder}");
    }
    // And nothing stands against either of them afterwards.
    for machine in [&first, &second] {
        let checked = machine.run(&["check"]);
        assert!(matches!(checked.status, Some(0 | 1)), "{}", checked.told());
        assert!(!checked.out.contains("  stop"), "{}", checked.told());
    }
}
