//! What stands in the way, what was changed in between, and what is somebody else's.

use octopus_setup::model::cluster::ClusterId;
use octopus_setup::model::node_config::NodeConfig;
use octopus_setup::model::plan::Failure;
use octopus_setup::model::registry::CanaryRow;
use octopus_setup::model::storage::{Canary, SharedFolder, SharedStorage};
use octopus_setup::world::{apply, journals};

use crate::apply_support::{Bench, Call, INSTANCE, key};
use crate::scene::{CLUSTER, Case, assert_no_canary_is_missed, before, files, go, install, old_token, plan, share, storage};

fn read(bench: &Bench, node: &str) -> String {
    std::fs::read_to_string(Canary::path_in(&share(bench).join("Packages"), node)).unwrap()
}

#[tokio::test]
async fn another_cluster_s_canary_of_the_same_name_is_in_the_way_and_stays() {
    let bench = before(Case::Join);
    let theirs = Canary { cluster: ClusterId([1; 16]), node: "web01".into(), token: old_token() };
    for text in [theirs.text(), "somebody's own file".to_owned(), "x".repeat(10_000)] {
        let path = Canary::path_in(&share(&bench).join("Packages"), "web01");
        std::fs::write(&path, &text).unwrap();
        let ended = go(Case::Join, &bench).await;
        assert!(matches!(&ended, Err(Failure::FileInTheWay { path }) if path.as_str().contains("web01.canary")), "{ended:?}");
        assert_eq!(read(&bench, "web01"), text);
        assert_eq!(bench.database.count(Call::Register), 0);
        assert_eq!(bench.undo(|_| {}).await, Some(true));
        assert_eq!(read(&bench, "web01"), text, "and undo leaves it");
    }
}

#[tokio::test]
async fn what_an_older_node_of_the_name_left_in_this_cluster_is_written_over() {
    for case in [Case::Join, Case::Replace] {
        let bench = before(case);
        crate::scene::put(
            &share(&bench).join("Packages"),
            &Canary { cluster: CLUSTER, node: "WEB01".into(), token: old_token() },
        );
        assert_eq!(go(case, &bench).await, Ok(()));
        assert!(!read(&bench, "web01").contains(&old_token()), "{case:?}");
        assert!(read(&bench, "web00").contains(&old_token()), "{case:?}");
        assert_no_canary_is_missed(&bench, "written over");
    }
}

#[tokio::test]
async fn a_registry_that_says_otherwise_is_believed() {
    for (others, told) in
        [(Some(SharedStorage::Root("/elsewhere".into())), SharedStorage::Root("/elsewhere".into())), (None, SharedStorage::None)]
    {
        let bench = before(Case::Join);
        let set = others.map(|storage| (storage, "web00".to_owned()));
        bench.database.server.lock().unwrap().cluster().storage = set;
        assert_eq!(go(Case::Join, &bench).await, Err(Failure::StorageOtherwise(told)));
        assert_eq!(bench.undo(|_| {}).await, Some(true));
        assert!(!Canary::path_in(&share(&bench).join("Packages"), "web01").exists());
    }
}

#[tokio::test]
async fn a_share_that_is_not_mounted_any_more_is_not_made_by_a_join() {
    let bench = before(Case::Join);
    std::fs::remove_dir_all(share(&bench)).unwrap();
    let ended = go(Case::Join, &bench).await;
    assert!(matches!(ended, Err(Failure::File { .. })), "{ended:?}");
    assert!(!share(&bench).exists());
    assert_eq!(bench.undo(|_| {}).await, Some(true));
    assert!(!share(&bench).exists());
}

#[tokio::test]
async fn a_file_in_a_folder_s_place_is_in_the_way() {
    let bench = before(Case::Root);
    std::fs::create_dir_all(share(&bench)).unwrap();
    std::fs::write(share(&bench).join("TaskLogs"), "x").unwrap();
    let ended = go(Case::Root, &bench).await;
    assert!(matches!(ended, Err(Failure::FileInTheWay { .. })), "{ended:?}");
    assert_eq!(bench.undo(|_| {}).await, Some(true));
    let left: Vec<String> = files(&bench).into_keys().collect();
    assert_eq!(left, ["mnt/", "mnt/octopus/", "mnt/octopus/TaskLogs"]);
}

#[tokio::test]
async fn undo_leaves_what_somebody_put_there_since_and_what_was_there_before() {
    let bench = before(Case::Root);
    std::fs::create_dir_all(share(&bench).join("Imports")).unwrap();
    go(Case::Root, &bench).await.expect("no failure");
    std::fs::write(share(&bench).join("Artifacts/mine.bin"), "x").unwrap();
    let theirs = Canary { cluster: CLUSTER, node: "web07".into(), token: old_token() };
    crate::scene::put(&share(&bench).join("Packages"), &theirs);
    // A later run of this node left another one.
    let later = Canary { node: "web01".into(), ..theirs };
    crate::scene::put(&share(&bench).join("Telemetry"), &later);
    assert_eq!(bench.undo(|_| {}).await, Some(true));
    let left: Vec<String> = files(&bench).into_keys().collect();
    let expected = [
        "mnt/",
        "mnt/octopus/",
        "mnt/octopus/Artifacts/",
        "mnt/octopus/Artifacts/mine.bin",
        "mnt/octopus/Imports/",
        "mnt/octopus/Packages/",
        "mnt/octopus/Packages/.octopus-setup/",
        "mnt/octopus/Packages/.octopus-setup/web07.canary",
        "mnt/octopus/Telemetry/",
        "mnt/octopus/Telemetry/.octopus-setup/",
        "mnt/octopus/Telemetry/.octopus-setup/web01.canary",
    ];
    assert_eq!(left, expected);
}

#[tokio::test]
async fn storage_that_another_node_relies_on_stays_and_its_folders_too() {
    let bench = before(Case::Root);
    go(Case::Root, &bench).await.expect("no failure");
    {
        let mut server = bench.database.server.lock().unwrap();
        let cluster = server.cluster();
        cluster.enter(crate::scene::row("web02"));
        let token = old_token();
        cluster.canaries.push(CanaryRow { node: "web02".into(), folder: SharedFolder::Artifacts, token: token.clone() });
        crate::scene::put(&share(&bench).join("Artifacts"), &Canary { cluster: CLUSTER, node: "web02".into(), token });
    }
    // The cluster itself stays as well: it has a second node.
    assert_eq!(bench.undo(|_| {}).await, Some(false));
    assert!(bench.database.server().cluster().storage.is_some());
    for folder in SharedFolder::ALL {
        assert!(share(&bench).join(folder.name()).is_dir(), "{folder:?}");
    }
    assert_no_canary_is_missed(&bench, "undone");
}

#[tokio::test]
async fn another_storage_is_another_run_once_it_was_touched() {
    let bench = before(Case::Root);
    bench.database.plot(Call::Initialise, crate::apply_support::Act::CrashBefore);
    let key = key();
    assert!(install(&bench, &plan(Case::Root, &bench, &key), &key, |_| {}).await.is_none());
    let mut other = plan(Case::Root, &bench, &key);
    other.node.storage = storage(Case::Folders, &bench);
    let ended = install(&bench, &other, &key, |_| {}).await.expect("no crash");
    assert!(matches!(ended, Err(Failure::OtherRun { .. })), "{ended:?}");
    assert_eq!(go(Case::Root, &bench).await, Ok(()));
}

#[tokio::test]
async fn a_later_start_under_another_name_takes_the_first_name_s_canaries_back() {
    let bench = before(Case::Join);
    bench.database.plot(Call::Register, crate::apply_support::Act::CrashAfter);
    let key = key();
    assert!(install(&bench, &plan(Case::Join, &bench, &key), &key, |_| {}).await.is_none());
    assert!(Canary::path_in(&share(&bench).join("Packages"), "web01").exists());
    let mut plan = plan(Case::Join, &bench, &key);
    (plan.node.name, plan.before) = ("web05".into(), None);
    assert_eq!(install(&bench, &plan, &key, |_| {}).await, Some(Ok(())));
    assert!(!Canary::path_in(&share(&bench).join("Packages"), "web01").exists());
    assert!(Canary::path_in(&share(&bench).join("Packages"), "web05").exists());
    let cluster = bench.database.server().cluster.unwrap();
    assert_eq!(cluster.canaries.iter().filter(|canary| canary.node == "web05").count(), 6);
    assert!(cluster.canaries.iter().all(|canary| canary.node != "web01"), "{:?}", cluster.canaries);
    assert_no_canary_is_missed(&bench, "renamed");
}

#[tokio::test]
async fn the_config_has_the_storage_and_neither_administrator_nor_licence() {
    for case in Case::ALL {
        let bench = before(case);
        let key = key();
        let mut plan = plan(case, &bench, &key);
        plan.node.licensed = true;
        plan.node.administrator = Some(octopus_setup::model::node::Administrator {
            user: "the-admin".into(),
            email: "admin@example.com".into(),
            password: "Hunter-2-Hunter".to_owned().into(),
        });
        install(&bench, &plan, &key, |_| {}).await.expect("no crash").expect("no failure");
        let text = std::fs::read_to_string(bench.home.join(NodeConfig::FILE)).unwrap();
        let config: NodeConfig = toml::from_str(&text).unwrap();
        assert_eq!(config.storage, storage(case, &bench), "{text}");
        for secret in ["the-admin", "admin@example", "Hunter-2", "icence", "icense"] {
            assert!(!text.contains(secret), "{secret} in {text}");
        }
        let journal = std::fs::read_to_string(bench.places.journal(INSTANCE)).unwrap();
        assert!(!journal.contains("Hunter-2") && !journal.contains("hunter2"), "{journal}");
    }
}

#[tokio::test]
async fn a_journal_of_an_older_program_still_reads() {
    let bench = before(Case::Root);
    go(Case::Root, &bench).await.expect("no failure");
    let path = bench.places.journal(INSTANCE);
    let text = std::fs::read_to_string(&path).unwrap();
    let begin = text.find("[storage]").or_else(|| text.find("[[storage")).expect("the storage");
    let end = text[begin..].find("[[steps]]").map_or(text.len(), |end| begin + end);
    std::fs::write(&path, format!("{}{}", &text[..begin], &text[end..])).unwrap();
    let journal = journals::read(&bench.places, INSTANCE).expect("read").expect("there");
    assert_eq!(journal.storage, None);
    apply::close(&bench.places, INSTANCE).await.expect("closed");
}

#[cfg(unix)]
#[tokio::test]
async fn other_accounts_may_read_a_canary_as_far_as_the_umask_lets_them() {
    use std::os::unix::fs::PermissionsExt;
    let bench = before(Case::Root);
    go(Case::Root, &bench).await.expect("no failure");
    let plain = bench.root.path().join("plain");
    std::fs::write(&plain, "x").unwrap();
    let mode = |path: &std::path::Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&Canary::path_in(&share(&bench).join("Packages"), "web01")), mode(&plain));
}
