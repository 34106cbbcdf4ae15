//! A failure at each of Octopus Server's commands: told with its words, resumed by the same command, and no harm done.

use crate::machine::Machine;
use crate::site::Site;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_failure_at_each_command_is_told_and_gone_on_from() {
    let site = Site::start().await;
    let first = Machine::first(&site, "web01", "daemon");
    let faults = ["create-instance", "database", "configure", "admin", "license", "path", "service", "node"];
    fails_at_each_of(&first, "first-node", &faults);
    let second = Machine::joining(&site, "web02", "games", &first);
    fails_at_each_of(&second, "join", &["create-instance", "database", "configure", "node@0", "service", "node@5"]);
    assert_eq!((first.ping(), second.ping()), (200, 200));
    let made = |machine: &Machine| machine.octopus.keeps().len();
    assert_eq!((made(&first), made(&second)), (3, 3), "an instance, a service and a running node each");
}

/// Every command fails once; the same order goes on behind each, until all is done.
fn fails_at_each_of(machine: &Machine, flow: &str, faults: &[&str]) {
    for fault in faults {
        machine.octopus.fault(fault, "once fail 9");
    }
    for fault in faults {
        let ended = machine.run(&[flow]).ended(7);
        let verb = fault.split('@').next().unwrap();
        let told = format!("{}{}", ended.out, ended.err);
        assert!(told.contains(&format!("Something is wrong with {verb}")), "{fault}: {}", ended.told());
        assert!(told.contains("status 9"), "{fault}: {}", ended.told());
    }
    machine.run(&[flow]).ended(0);
    assert!(machine.is_configured());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn programs_are_told_what_a_command_that_failed_printed() {
    let site = Site::start().await;
    let first = Machine::first(&site, "web01", "daemon");
    // It prints all that it was given, secrets and all.
    first.octopus.fault("database", "once leak");
    let ended = first.run(&["first-node", "--output", "json"]).ended(7);
    let all: Vec<serde_json::Value> = ended.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let said: Vec<&serde_json::Value> = all.iter().filter(|value| value["event"] == "said").collect();
    assert_eq!(
        (said.len(), &said[0]["step"], &said[0]["schema"]),
        (1, &"octopus-database".into(), &1.into()),
        "{}",
        ended.told()
    );
    let lines = said[0]["lines"].as_array().unwrap();
    assert!((1..=20).contains(&lines.len()), "{lines:?}");
    assert!(!ended.out.contains(site.password()), "a secret is in it: {}", ended.told());
    let failed = all.iter().position(|value| value["event"] == "step" && value["state"] == "failed").unwrap();
    let place = all.iter().position(|value| value["event"] == "said").unwrap();
    assert_eq!(place, failed + 1, "right behind the step");
}
