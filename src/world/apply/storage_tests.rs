use super::*;

fn own() -> Canary {
    Canary { cluster: ClusterId([9; 16]), node: "web01".into(), token: Canary::encode_token([1; 16]) }
}

#[tokio::test]
async fn a_share_that_hangs_costs_its_budget_and_says_so() {
    let (_open, wait) = std::sync::mpsc::channel::<()>();
    let ended = on_share(Path::new("/mnt/octopus"), Duration::from_millis(1), move || {
        let _ = wait.recv();
        Ok(())
    })
    .await;
    let Err(Failure::File { path, said }) = ended else { panic!("{ended:?}") };
    assert_eq!(path.as_str(), "/mnt/octopus");
    assert!(said.as_str().starts_with("The storage gave no answer within"), "{said}");
}

#[tokio::test]
async fn a_path_of_another_system_makes_no_folder_here() {
    let mut record = StorageRecord {
        node: "web01".into(),
        storage: crate::model::storage::SharedStorage::Root("\\\\files\\octopus".into()),
        made: Vec::new(),
        canaries: Vec::new(),
    };
    if cfg!(unix) {
        let ended = agree(StepKind::ShareStorage, &mut record).await;
        assert!(matches!(ended, Err(Failure::File { .. })), "{ended:?}");
    }
}

#[test]
fn a_canary_is_left_once_and_taken_by_its_nonce() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("web01.canary");
    for _ in 0..2 {
        leave(&path, &own()).expect("left");
        assert_eq!(std::fs::read_to_string(&path).expect("read"), own().text());
    }
    std::fs::write(folder.path().join(".web01.canary.Xy12.octopus-setup-tmp"), "torn").expect("written");
    take(&path, &Canary { token: Canary::encode_token([2; 16]), ..own() }).expect("left alone");
    assert!(path.exists());
    take(&path, &own()).and_then(|()| take(&path, &own())).expect("taken, and gone is no error");
    assert_eq!(std::fs::read_dir(folder.path()).expect("a folder").count(), 0, "torn files go too");
}

#[cfg(unix)]
#[test]
fn a_pipe_or_a_folder_in_its_place_is_in_the_way_and_waits_for_nobody() {
    let root = tempfile::tempdir().expect("a folder");
    let (pipe, folder) = (root.path().join("pipe"), root.path().join("folder"));
    std::fs::create_dir(&folder).expect("made");
    rustix::fs::mknodat(rustix::fs::CWD, &pipe, rustix::fs::FileType::Fifo, rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR, 0)
        .expect("made");
    for path in [pipe, folder] {
        assert!(matches!(leave(&path, &own()), Err(Failure::FileInTheWay { .. })), "{}", path.display());
        take(&path, &own()).expect("left alone");
        assert!(path.exists());
    }
}

#[test]
fn a_folder_goes_only_while_it_is_empty() {
    let root = tempfile::tempdir().expect("a folder");
    let path = root.path().join("a");
    make(&path).and_then(|()| make(&path)).expect("made once");
    std::fs::write(path.join("x"), "x").expect("written");
    remove_empty(&path).expect("left alone");
    assert!(path.exists());
    std::fs::remove_file(path.join("x")).expect("removed");
    remove_empty(&path).and_then(|()| remove_empty(&path)).expect("removed, and gone is no error");
    std::fs::write(&path, "x").expect("written");
    remove_empty(&path).expect("no folder of ours");
    assert!(matches!(make(&path), Err(Failure::FileInTheWay { .. })));
}
