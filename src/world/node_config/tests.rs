use super::*;
use crate::model::answers::same_secret;
use crate::model::target::{SignIn, Trust};
use crate::world::apply::sample;
use crate::world::places::Places;
use crate::world::seal::{SealError, Sealer};

fn sealer(folder: &tempfile::TempDir) -> Sealer {
    Sealer::open_or_create(&Places::under(folder.path().join("state"))).expect("a machine key")
}

#[test]
fn what_is_written_is_read_back_and_leads_to_the_same_target() {
    let folder = tempfile::tempdir().expect("a folder");
    let sealer = sealer(&folder);
    for trust in [Trust::SystemRoots, Trust::CaFile("/etc/ca.pem".into()), Trust::Fingerprint([0xab; 32]), Trust::Nothing] {
        let mut plan = sample::plan(folder.path());
        plan.node.target.trust = trust;
        let config = build(&plan, &sealer).expect("sealed");
        write(&config).expect("written");
        let back = read(folder.path()).expect("read");
        assert_eq!(back, config);
        assert_eq!(target(&back, &sealer).expect("opened"), plan.node.target);
        let password = service_password(&back, &sealer).expect("opened").expect("there");
        assert!(same_secret(&password, plan.node.service.password.as_ref().expect("there")));
    }
}

#[test]
fn the_text_holds_no_secret_and_begins_with_who_wrote_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut plan = sample::plan(folder.path());
    plan.node.instance = "a\nb = 1".into();
    let text = render(&build(&plan, &sealer(&folder)).expect("sealed")).expect("rendered");
    assert!(!text.contains(sample::PASSWORD) && !text.contains(sample::SERVICE_PASSWORD), "{text}");
    assert!(text.starts_with("# The node config of the Octopus Server instance \"a b = 1\".\n"), "{text}");
    assert!(text.contains("\n[database]\n") && text.contains("password = \"sealed:1:"), "{text}");
}

#[test]
fn configs_are_the_same_whatever_their_nonces_and_differ_by_a_password() {
    let folder = tempfile::tempdir().expect("a folder");
    let sealer = sealer(&folder);
    let mut plan = sample::plan(folder.path());
    let (one, two) = (build(&plan, &sealer).expect("sealed"), build(&plan, &sealer).expect("sealed"));
    assert_ne!(one, two);
    assert!(same_but_for_seals(&one, &two, &sealer).expect("opened"));
    plan.node.target.sign_in = SignIn::sql_login("octo", "another");
    assert!(!same_but_for_seals(&one, &build(&plan, &sealer).expect("sealed"), &sealer).expect("opened"));
    plan.node.web.comms_port += 1;
    assert!(!same_but_for_seals(&two, &build(&plan, &sealer).expect("sealed"), &sealer).expect("opened"));
}

#[test]
fn a_config_of_another_machine_is_recognised() {
    let (here, there) = (tempfile::tempdir().expect("a folder"), tempfile::tempdir().expect("a folder"));
    let config = build(&sample::plan(here.path()), &sealer(&here)).expect("sealed");
    assert!(matches!(
        target(&config, &sealer(&there)),
        Err(OpenError::Seal { key: "database.password", source: SealError::OtherMachine })
    ));
}

#[test]
fn an_unknown_key_is_refused_with_its_line() {
    let folder = tempfile::tempdir().expect("a folder");
    let text = render(&build(&sample::plan(folder.path()), &sealer(&folder)).expect("sealed")).expect("rendered");
    let line = text.lines().position(|line| line == "[web]").expect("a section") + 2;
    std::fs::write(path(folder.path()), text.replace("[web]\n", "[web]\nnews = true\n")).expect("written");
    match read(folder.path()) {
        Err(TomlFileError::Malformed { line: told, said, .. }) => {
            assert_eq!(told, line);
            assert!(said.as_str().contains("news"), "{said}");
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn storage_is_a_root_or_folders_and_nothing_else() {
    use crate::model::storage::{SharedFolder, SharedStorage};
    let folder = tempfile::tempdir().expect("a folder");
    let sealer = sealer(&folder);
    let mut plan = sample::plan(folder.path());
    let none = render(&build(&plan, &sealer).expect("sealed")).expect("rendered");
    assert!(!none.contains("storage"), "a single node's config is as it always was: {none}");
    let folders = vec![(SharedFolder::Artifacts, "/a b".into()), (SharedFolder::TaskLogs, "\\\\f\\t".into())];
    for (storage, text) in [
        (SharedStorage::Root("/mnt/octopus".into()), "[storage]\nroot = \"/mnt/octopus\"\n"),
        (SharedStorage::Folders(folders), "[storage.folders]\nartifacts = \"/a b\"\ntask-logs = "),
    ] {
        plan.node.storage = storage.clone();
        let config = build(&plan, &sealer).expect("sealed");
        write(&config).expect("written");
        assert!(render(&config).expect("rendered").contains(text), "{:?}", render(&config));
        assert_eq!(read(folder.path()).expect("read").storage, storage);
        assert!(same_but_for_seals(&config, &read(folder.path()).expect("read"), &sealer).expect("opened"));
    }
    for odd in [
        "[storage]",
        "[storage]\nroot = \"\"",
        "[storage]\nroot = \"/a\"\nnews = 1",
        "[storage]\nroot = \"/a\"\n[storage.folders]\nartifacts = \"/b\"",
        "[storage.folders]",
        "[storage.folders]\nnews = \"/b\"",
        "[storage.folders]\nartifacts = \"\"",
    ] {
        std::fs::write(path(folder.path()), format!("{none}\n{odd}\n")).expect("written");
        assert!(matches!(read(folder.path()), Err(TomlFileError::Malformed { .. })), "{odd}");
    }
}
