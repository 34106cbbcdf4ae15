//! The surveys of this host, on places of their own.

#![expect(clippy::expect_used, reason = "tests")]

use std::path::Path;

use octopus_setup::model::cluster::ClusterId;
use octopus_setup::model::facts::{Fact, HomeFacts, HomeState, Trouble};
use octopus_setup::model::flow::Flow;
use octopus_setup::model::journal::Journal;
use octopus_setup::model::master_key::Fingerprint;
use octopus_setup::model::node_config::NodeConfig;
use octopus_setup::model::plan::{StepKind, StepState};
use octopus_setup::world::instances::{self, Instance};
use octopus_setup::world::places::Places;
use octopus_setup::world::{journals, survey};

#[tokio::test]
async fn what_earlier_runs_kept_elsewhere_is_told() {
    let mut host = host();
    host.places.other_state = Some(host.root.path().join("own"));
    let machine = survey::machine(&host.places, |_| {}).await;
    let said = machine.unreadable.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ");
    assert!(said.contains("/own, and this machine's are in ") && said.contains("OCTOPUS_SETUP_STATE_DIR"), "{said}");
}

#[tokio::test]
async fn the_config_of_an_unfinished_run_is_seen_as_soon_as_it_is_written() {
    let host = host();
    let home = host.root.path().join("home");
    journals::write(&host.places, &journal("Begun", &home)).expect("written");
    let seen = async || survey::machine(&host.places, |_| {}).await.unfinished.remove(0).config;
    assert!(seen().await.is_empty());
    std::fs::create_dir(&home).and_then(|()| std::fs::write(home.join("octopus-node.toml"), "")).expect("written");
    assert_eq!(seen().await.as_str(), home.join("octopus-node.toml").to_string_lossy());
}

#[cfg(unix)]
#[tokio::test]
async fn a_journal_that_another_account_could_have_written_is_told_and_not_gone_on_with() {
    use std::os::unix::fs::PermissionsExt;
    let host = host();
    journals::write(&host.places, &journal("Begun", &host.root.path().join("home"))).expect("written");
    let path = host.places.journal("Begun");
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o666)).expect("set");
    let machine = survey::machine(&host.places, |_| {}).await;
    assert!(machine.unfinished.is_empty());
    let said = machine.unreadable[0].as_str();
    assert!(said.contains(&*path.to_string_lossy()) && said.contains("is not believed, because accounts other"), "{said}");
    let resumed = octopus_setup::world::apply::resume(&host.places, "Begun").await;
    let refused = resumed.expect_err("refused");
    assert!(format!("{refused:?}").contains("StateFile"), "{refused:?}");
}

struct Host {
    root: tempfile::TempDir,
    places: Places,
}

fn host() -> Host {
    let root = tempfile::tempdir().expect("a folder");
    let mut places = Places::under(root.path().join("state"));
    places.octopus_instances = root.path().join("octopus");
    places.octopus_executables = vec![root.path().join("Octopus.Server")];
    places.os_release = root.path().join("os-release");
    Host { root, places }
}

fn journal(instance: &str, home: &Path) -> Journal {
    let mut journal = Journal {
        format: Journal::FORMAT,
        program: "0.1.0".into(),
        flow: Flow::FirstNode,
        instance: instance.into(),
        begun: "2026-11-21T12:04:05Z".into(),
        written: "2026-11-21T12:04:06Z".into(),
        cluster: ClusterId([7; 16]),
        fingerprint: Fingerprint([1, 2, 3, 4]),
        accepted: Vec::new(),
        answers: [("home".to_owned(), home.to_string_lossy().into_owned())].into(),
        run: String::new(),
        before: None,
        after: None,
        folders: Vec::new(),
        storage: None,
        kept_passwords: Vec::new(),
        changes: Vec::new(),
        steps: Vec::new(),
    };
    journal.mark(StepKind::CreateHome, StepState::Done);
    journal.mark(StepKind::SealMasterKey, StepState::Begun);
    journal
}

fn enter(places: &Places, name: &str, home: &Path) {
    let instance = Instance { format: 1, name: name.into(), home: home.into(), config: home.join("octopus-node.toml") };
    instances::enter(places, &instance).expect("entered");
}

#[tokio::test]
async fn an_empty_machine_is_seen_as_such_and_nothing_is_written() {
    let host = host();
    let machine = survey::machine(&host.places, |_| {}).await;
    assert_eq!(machine.octopus_version, Fact::Missing(Trouble::Unasked));
    assert!(machine.instances.is_empty() && machine.octopus_instances.is_empty() && machine.unfinished.is_empty());
    assert_eq!(machine.unreadable, []);
    assert!(!machine.system.is_empty() && !machine.host_name.is_empty());
    assert_eq!(std::fs::read_dir(host.root.path()).expect("a folder").count(), 0);
}

#[tokio::test]
async fn instances_of_both_kinds_and_unfinished_runs_are_found_and_garbage_is_told() {
    let host = host();
    enter(&host.places, "Ours", Path::new("/opt/ours"));
    journals::write(&host.places, &journal("Half", Path::new("/opt/half"))).expect("written");
    std::fs::write(host.places.journal("bad"), [0xff]).expect("written");
    std::fs::create_dir(&host.places.octopus_instances).expect("created");
    let record = r#"{"Name":"Theirs","ConfigurationFilePath":"/etc/theirs.config"}"#;
    std::fs::write(host.places.octopus_instances.join("theirs.config"), record).expect("written");
    std::fs::write(host.places.octopus_instances.join("torn.config"), &record[..20]).expect("written");
    std::fs::write(&host.places.os_release, "PRETTY_NAME=\"Test \u{1b}[31mOS\"\n").expect("written");

    let mut reports = Vec::new();
    let machine = survey::machine(&host.places, |facts| reports.push(facts)).await;
    // The start screen does not wait for the executable.
    assert!(reports[0].octopus_version.is_unknown() && reports[0].unfinished.len() == 1);
    assert_eq!((reports.len(), &reports[1]), (2, &machine));
    let ours: Vec<_> = machine.instances.iter().map(|seen| (seen.name.as_str(), seen.home.as_str())).collect();
    assert_eq!(ours, [("Ours", "/opt/ours")]);
    assert_eq!(machine.octopus_instances, [("Theirs".into(), "/etc/theirs.config".into())]);
    let run = &machine.unfinished[0];
    assert_eq!((run.instance.as_str(), run.done, run.steps, run.when.as_str()), ("Half", 1, 2, "2026-11-21 12:04"));
    assert_eq!(machine.unreadable.len(), 2, "{:?}", machine.unreadable);
    assert!(machine.unreadable.iter().all(|sentence| sentence.as_str().ends_with('.')));
    if cfg!(target_os = "linux") {
        assert_eq!(machine.system.as_str(), "Test ^[[31mOS");
    }
}

async fn home(host: &Host, path: &Path, instance: &str) -> HomeFacts {
    let mut reports = 0;
    let facts = survey::home(&host.places, path, instance, |_| reports += 1).await;
    assert_eq!(reports, 4, "each fact is reported as it comes");
    facts
}

#[tokio::test]
async fn a_home_that_can_be_made_is_proven_in_its_nearest_parent_and_leaves_nothing() {
    let host = host();
    let path = host.root.path().join("a").join("b");
    let facts = home(&host, &path, "New").await;
    assert_eq!(facts.folder, Fact::Seen(HomeState::Creatable { parent: (*host.root.path().to_string_lossy()).into() }));
    assert_eq!(facts.writable, Fact::Seen(()));
    assert_eq!(facts.taken, Fact::Seen(None));
    if cfg!(target_os = "linux") {
        assert!(facts.disk.seen().is_some_and(|disk| disk.free > 0), "{:?}", facts.disk);
    }
    assert_eq!(std::fs::read_dir(host.root.path()).expect("a folder").count(), 0);
}

#[tokio::test]
async fn what_stands_at_the_path_is_told_apart() {
    let host = host();
    let at = |name: &str| host.root.path().join(name);
    std::fs::create_dir(at("empty")).expect("created");
    std::fs::create_dir(at("full")).expect("created");
    std::fs::write(at("full").join("x"), "").expect("written");
    std::fs::create_dir(at("config")).expect("created");
    std::fs::write(at("config").join("octopus-node.toml"), "format = 99").expect("written");
    std::fs::write(at("file"), "").expect("written");
    for left in ["left", "left-key", "left-more"] {
        std::fs::create_dir(at(left)).expect("created");
        std::fs::write(at(left).join("octopus-node.toml.20261201-120000.bak"), "").expect("written");
    }
    for left in ["left-key", "left-more"] {
        std::fs::write(at(left).join(NodeConfig::KEY_FILE), "").expect("written");
    }
    std::fs::write(at("left-more").join("x"), "").expect("written");
    for (path, expected) in [
        (at("empty"), HomeState::Empty),
        (at("full"), HomeState::Occupied { entries: 1 }),
        (at("config"), HomeState::NodeConfig { instance: "".into() }),
        (at("left"), HomeState::Empty),
        (at("left-key"), HomeState::KeyOnly),
        (at("left-more"), HomeState::Occupied { entries: 2 }),
        (at("file"), HomeState::NotAFolder),
        (at("file").join("below"), HomeState::NotAFolder),
    ] {
        assert_eq!(home(&host, &path, "New").await.folder, Fact::Seen(expected), "{}", path.display());
    }
    let relative = home(&host, Path::new("relative"), "New").await;
    assert!(relative.folder.trouble().is_some() && relative.writable.trouble().is_some());
}

#[cfg(unix)]
#[tokio::test]
async fn a_link_that_leads_nowhere_is_in_the_way() {
    let host = host();
    let link = host.root.path().join("link");
    std::os::unix::fs::symlink("/nowhere/at/all", &link).expect("linked");
    assert_eq!(home(&host, &link, "New").await.folder, Fact::Seen(HomeState::NotAFolder));
}

#[tokio::test]
async fn a_name_is_taken_whatever_its_case_and_blanks() {
    let host = host();
    enter(&host.places, "My Node", Path::new("/opt/ours"));
    std::fs::create_dir(&host.places.octopus_instances).expect("created");
    let record = r#"{"Name":"Their Node","ConfigurationFilePath":"/etc/theirs.config"}"#;
    std::fs::write(host.places.octopus_instances.join("their-node.config"), record).expect("written");
    let path = host.root.path().join("new");
    let taken = async |name| home(&host, &path, name).await.taken;
    assert_eq!(taken("my-node").await, Fact::Seen(Some("/opt/ours/octopus-node.toml".into())));
    assert_eq!(taken("their NODE").await, Fact::Seen(Some("/etc/theirs.config".into())));
    assert_eq!(taken("mynode").await, Fact::Seen(None));
}

#[tokio::test]
async fn an_unfinished_run_is_no_obstacle_to_itself() {
    let host = host();
    let path = host.root.path().join("home");
    std::fs::create_dir(&path).expect("created");
    std::fs::write(path.join("octopus-master-key.sealed"), "sealed:1:x").expect("written");
    enter(&host.places, "Half", &path);
    journals::write(&host.places, &journal("Half", &path)).expect("written");
    let facts = home(&host, &path, "half").await;
    assert_eq!((facts.folder, facts.taken), (Fact::Seen(HomeState::Empty), Fact::Seen(None)));
    // To another instance it is.
    assert_eq!(home(&host, &path, "Other").await.folder, Fact::Seen(HomeState::KeyOnly));
}
