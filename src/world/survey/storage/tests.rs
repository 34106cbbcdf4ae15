//! On real folders. The tests may run as root, so what is refused is refused by the file system and not by a mode.

use std::sync::mpsc::channel;

use super::*;
use crate::model::cluster::ClusterId;
use crate::model::facts::FolderOperation;

const FOLDER: SharedFolder = SharedFolder::TaskLogs;

async fn seen(path: &Path) -> FolderFacts {
    let places = Places::under(PathBuf::from("/nowhere"));
    let mut last = StorageFacts::default();
    storage(&places, &[(FOLDER, path.to_owned())], "", |facts| last = facts).await;
    last.folders.pop().expect("a folder")
}

fn names(path: &Path) -> Vec<String> {
    std::fs::read_dir(path).expect("read").map(|entry| entry.expect("one").file_name().to_string_lossy().into_owned()).collect()
}

#[tokio::test]
async fn a_good_folder_is_good_whatever_its_name_and_nothing_stays_behind() {
    let root = tempfile::tempdir().expect("a folder");
    for name in ["plain", "it's \"quoted\" and blank", "größe-日本-😀", "-rf", "a\\b"] {
        let path = root.path().join(name);
        std::fs::create_dir(&path).expect("made");
        let facts = seen(&path).await;
        assert_eq!(facts.place, Fact::Seen(FolderPlace::There), "{name}");
        assert_eq!(facts.rights, Fact::Seen(FolderRights::ALL), "{name}");
        assert!(facts.latency.seen().is_some_and(|took| !took.is_zero()), "{name}");
        assert_eq!((facts.entries, facts.canaries), (Fact::Seen(0), Fact::Seen(Vec::new())), "{name}");
        assert_eq!(names(&path), Vec::<String>::new(), "{name}");
        #[cfg(unix)]
        assert_eq!(facts.account, Fact::Seen(Access::Full), "{name}");
        #[cfg(target_os = "linux")]
        assert_eq!(facts.read_only, Fact::Seen(false), "{name}");
    }
}

#[tokio::test]
async fn a_folder_that_is_to_be_made_is_tried_where_it_would_be() {
    let root = tempfile::tempdir().expect("a folder");
    let facts = seen(&root.path().join("a").join("b")).await;
    let parent = shown(root.path());
    assert_eq!(facts.place, Fact::Seen(FolderPlace::Creatable { parent }));
    assert_eq!((facts.rights, facts.entries), (Fact::Seen(FolderRights::ALL), Fact::Seen(0)));
    assert!(facts.disk.seen().is_some() || cfg!(not(target_os = "linux")));
    assert_eq!(names(root.path()), Vec::<String>::new());
}

#[tokio::test]
async fn what_is_no_folder_is_told_and_nothing_is_tried_there() {
    let root = tempfile::tempdir().expect("a folder");
    std::fs::write(root.path().join("file"), "mine").expect("written");
    for path in ["file", "file/below/it"] {
        let facts = seen(&root.path().join(path)).await;
        assert_eq!(facts.place, Fact::Seen(FolderPlace::NotAFolder), "{path}");
        assert_eq!(facts.rights, Fact::Missing(Trouble::Unasked), "{path}");
    }
    assert_eq!(seen(Path::new("relative")).await.place, Fact::Missing(Trouble::Unasked));
    assert_eq!(names(root.path()), ["file"]);
}

#[cfg(unix)]
#[tokio::test]
async fn links_that_lead_nowhere_and_in_circles_are_told_apart() {
    use std::os::unix::fs::symlink;
    let root = tempfile::tempdir().expect("a folder");
    let at = |name: &str| root.path().join(name);
    symlink(at("two"), at("one")).and_then(|()| symlink(at("one"), at("two"))).expect("a circle");
    symlink(at("gone"), at("dead")).expect("a link");
    std::fs::create_dir(at("real")).and_then(|()| symlink(at("real"), at("link"))).expect("a link");
    for (path, place) in [
        ("one", FolderPlace::Loop),
        ("one/below", FolderPlace::Loop),
        ("dead", FolderPlace::DeadLink),
        ("dead/below", FolderPlace::DeadLink),
        ("link", FolderPlace::There),
    ] {
        assert_eq!(seen(&at(path)).await.place, Fact::Seen(place), "{path}");
    }
    let (real, link) = (seen(&at("real")).await.identity, seen(&at("link")).await.identity);
    assert!(real.is_some() && real == link, "{real:?} {link:?}");
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn where_nothing_can_be_made_the_deed_and_its_reason_are_told() {
    // Not even root makes a file there, and it is no disk.
    let facts = seen(Path::new("/proc/self")).await;
    let rights = facts.rights.seen().and_then(|rights| rights.failed.clone());
    assert_eq!(rights.map(|(operation, _)| operation), Some(FolderOperation::Create));
    assert_eq!(facts.latency, Fact::Missing(Trouble::Unasked));
}

#[tokio::test]
async fn canaries_are_read_and_rubbish_is_none() {
    let root = tempfile::tempdir().expect("a folder");
    let folder = Canary::folder_in(root.path());
    std::fs::create_dir(&folder).expect("made");
    let (cluster, token) = (ClusterId([7; 16]), Canary::encode_token([9; 16]));
    for node in ["web02", "Web 01"] {
        let one = Canary { cluster, node: node.into(), token: token.clone() };
        std::fs::write(Canary::path_in(root.path(), node), one.text()).expect("written");
    }
    std::fs::write(folder.join("big.canary"), vec![b'x'; 1 << 20]).expect("written");
    std::fs::write(folder.join("broken.canary"), "cluster=1\n").expect("written");
    std::fs::write(folder.join("notes.txt"), "mine").expect("written");
    std::fs::create_dir(folder.join("folder.canary")).expect("made");
    #[cfg(target_os = "linux")]
    rustix::fs::mknodat(rustix::fs::CWD, folder.join("pipe.canary"), rustix::fs::FileType::Fifo, rustix::fs::Mode::RUSR, 0)
        .expect("a pipe that nobody writes to");
    std::fs::write(root.path().join("log.txt"), "1").expect("written");
    let facts = seen(root.path()).await;
    let file = |node: &str| CanaryFile { cluster, node: node.into(), token: token.as_str().into() };
    assert_eq!(facts.canaries, Fact::Seen(vec![file("Web 01"), file("web02")]));
    assert_eq!(facts.entries, Fact::Seen(1), "the canaries' own folder is not content");
}

#[tokio::test]
async fn each_fact_is_reported_as_it_comes_in_the_folders_order() {
    let root = tempfile::tempdir().expect("a folder");
    let folders: Vec<_> = SharedFolder::ALL.into_iter().map(|folder| (folder, root.path().join(folder.name()))).collect();
    let mut reports = Vec::new();
    storage(&Places::under("/nowhere".into()), &folders, "", |facts| reports.push(facts)).await;
    assert!(reports.len() > folders.len() * 6, "{}", reports.len());
    for facts in &reports {
        let order: Vec<_> = facts.folders.iter().map(|folder| folder.folder).collect();
        assert_eq!(order, SharedFolder::ALL);
    }
    assert!(reports[0].folders.iter().all(|folder| folder.place.is_unknown()));
    let last = &reports[reports.len() - 1].folders;
    assert!(last.iter().all(|folder| !folder.account.is_unknown() && !folder.latency.is_unknown()));
}

#[tokio::test]
async fn a_deed_that_hangs_is_named() {
    let (_open, wait) = channel::<()>();
    let hanging = try_within(Duration::from_millis(1), move |at| {
        at.set(FolderOperation::Lock);
        let _ = wait.recv();
        Ok(())
    });
    let (operation, said) = hanging.await.seen().and_then(|rights| rights.failed.clone()).expect("failed");
    assert!(said.as_str().starts_with("no answer"), "{said}");
    // The thread may not even have begun.
    assert!(matches!(operation, FolderOperation::Create | FolderOperation::Lock));
}
