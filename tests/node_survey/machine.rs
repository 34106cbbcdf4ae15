//! What the start screen shows of the instances on this machine.

use std::fs;

use octopus_setup::model::facts::{Fact, Trouble};
use octopus_setup::world::survey;

use crate::bench::{CLUSTER, bench};

#[tokio::test]
async fn each_instance_is_listed_with_its_cluster_and_the_date_of_its_config() {
    let mut bench = bench();
    bench.places.octopus_executables = Vec::new();
    bench.install();
    let machine = survey::machine(&bench.places, |_| {}).await;
    let seen = &machine.instances[0];
    assert_eq!((seen.cluster, seen.written.as_str().len()), (Some(CLUSTER), "2026-11-18".len()));
    // A config that cannot be read, or is gone, is told where it is reviewed.
    fs::write(bench.path(), "format = 9").expect("written");
    let machine = survey::machine(&bench.places, |_| {}).await;
    assert_eq!((machine.instances[0].cluster, machine.instances[0].written.is_empty()), (None, false));
    fs::remove_file(bench.path()).expect("removed");
    let machine = survey::machine(&bench.places, |_| {}).await;
    assert_eq!((machine.instances[0].cluster, machine.instances[0].written.is_empty()), (None, true));
    assert_eq!(machine.unreadable, []);
    assert_eq!(machine.octopus_version, Fact::Missing(Trouble::Unasked));
}

#[cfg(unix)]
#[tokio::test]
async fn an_installed_octopus_server_is_asked_for_its_version_after_the_first_report() {
    use std::os::unix::fs::PermissionsExt;
    let mut bench = bench();
    let path = bench.root.path().join("Octopus.Server");
    fs::write(&path, "#!/bin/sh\necho 2024.4.6962\n").expect("written");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("changed");
    bench.places.octopus_executables = vec![bench.root.path().join("not-there"), path];
    let mut reports = Vec::new();
    let machine = survey::machine(&bench.places, |facts| reports.push(facts.octopus_version)).await;
    assert_eq!(machine.octopus_version, Fact::Seen("2024.4.6962".into()));
    assert_eq!(reports, [Fact::Unknown, machine.octopus_version]);
}
