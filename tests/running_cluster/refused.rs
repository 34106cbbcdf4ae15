//! A folder at the same path that is not the shared one.

use crate::machine::Machine;
use crate::site::Site;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_folder_that_is_not_the_shared_one_is_refused_by_its_canaries() {
    let site = Site::start().await;
    let first = Machine::first(&site, "web01", "daemon");
    first.run(&["first-node"]).ended(0);
    // On the second machine nothing is mounted there: a folder of the same name, empty.
    let aside = site.folder().join("aside");
    std::fs::rename(site.shared(), &aside).unwrap();
    for folder in ["Artifacts", "TaskLogs", "Packages", "Telemetry", "Imports", "EventExports"] {
        std::fs::create_dir_all(site.shared().join(folder)).unwrap();
    }
    let second = Machine::joining(&site, "web02", "games", &first);
    let refused = second.run(&["join"]).ended(4);
    assert!(refused.out.contains("storage-shared") && refused.out.contains("web01"), "{}", refused.told());
    assert!(!second.is_configured() && second.octopus.changes().is_empty(), "nothing was written");
    // Mounted, it is welcome.
    std::fs::remove_dir_all(site.shared()).unwrap();
    std::fs::rename(&aside, site.shared()).unwrap();
    second.run(&["join"]).ended(0);
    // A copy of the folder from before the second node came is not the folder either: its canary is missing there.
    let copied = site.shared().join("TaskLogs").join(".octopus-setup").join("web02.canary");
    std::fs::remove_file(copied).unwrap();
    let checked = first.run(&["check"]);
    assert_eq!(checked.status, Some(2), "{}", checked.told());
    assert!(checked.out.contains("storage-shared") && checked.out.contains("web02"), "{}", checked.told());
}
