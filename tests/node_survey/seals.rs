//! Sealed secrets, and the machine's list of configs.

use std::fs;

use octopus_setup::model::facts::{Fact, SealTrouble, Trouble};
use octopus_setup::model::master_key::MasterKey;
use octopus_setup::model::node::Maker;
use octopus_setup::model::node_config::{NodeConfig, SealedSignIn};
use octopus_setup::world::node_config::render;
use octopus_setup::world::places::Places;
use octopus_setup::world::seal::Sealer;
use secrecy::ExposeSecret;

use crate::bench::{Bench, INSTANCE, bench, exposed, key, secret};

const fn sealed<T>(trouble: SealTrouble) -> Fact<T> {
    Fact::Missing(Trouble::Seal(trouble))
}

fn key_text() -> String {
    key().to_base64().expose_secret().to_owned()
}

#[tokio::test]
async fn all_secrets_of_a_good_node_are_opened() {
    let bench = bench();
    bench.install();
    let facts = bench.node().await;
    assert_eq!(facts.config.seen().map(|config| config.node.name.as_str()), Some("web01"));
    assert_eq!(secret(&facts.password), "hunter2");
    assert_eq!(facts.service_password.seen().and_then(Option::as_ref).map(exposed).as_deref(), Some("correct horse"));
    assert_eq!(secret(&facts.key), key_text());
    assert_eq!(facts.listed, Fact::Seen(Some((*bench.path().to_string_lossy()).into())));
    assert_eq!((facts.octopus, facts.backups), (Fact::Seen(None), Fact::Seen(Vec::new())));
}

#[tokio::test]
async fn a_service_without_a_password_has_none() {
    let bench = bench();
    let mut config = bench.config("hunter2");
    config.service.password = None;
    fs::write(bench.path(), render(&config).expect("rendered")).expect("written");
    assert_eq!(bench.node().await.service_password, Fact::Seen(None));
}

#[tokio::test]
async fn a_config_of_another_machine_is_recognised_and_no_machine_key_is_made() {
    let mut bench = bench();
    bench.install();
    // A machine that never sealed anything, and one with a key of its own.
    bench.places = Places { state: bench.root.path().join("elsewhere"), ..bench.places };
    for made in [false, true] {
        if made {
            Sealer::open_or_create(&bench.places).expect("a key");
        }
        let facts = bench.node().await;
        assert!(facts.config.seen().is_some());
        assert_eq!(facts.password, sealed(SealTrouble::OtherMachine));
        assert_eq!(facts.service_password, sealed(SealTrouble::OtherMachine));
        assert_eq!(facts.key, sealed(SealTrouble::OtherMachine));
        assert_eq!(facts.listed, Fact::Seen(None));
        assert_eq!(bench.places.machine_key().exists(), made);
    }
}

#[tokio::test]
async fn a_damaged_secret_is_distinguished_from_a_missing_one() {
    let bench = bench();
    bench.install();
    let mut config = bench.config("hunter2");
    *sealed_password(&mut config) = "hunter2".into();
    fs::write(bench.path(), render(&config).expect("rendered")).expect("written");
    assert_eq!(bench.node().await.password, sealed(SealTrouble::Damaged));
    *sealed_password(&mut config) = String::new();
    fs::write(bench.path(), render(&config).expect("rendered")).expect("written");
    assert_eq!(bench.node().await.password, sealed(SealTrouble::Absent));

    let file = bench.home.join(NodeConfig::KEY_FILE);
    for (content, expected) in
        [(&b"sealed:1:"[..], SealTrouble::Damaged), (b"\xff\xff", SealTrouble::Damaged), (b"\n", SealTrouble::Absent)]
    {
        fs::write(&file, content).expect("written");
        assert_eq!(bench.node().await.key, sealed(expected), "{content:?}");
    }
    // Another key than the config's, and another instance's.
    bench.put_key(&bench.home, &MasterKey::from_bytes(&[8; 32]).expect("a key"), INSTANCE);
    assert_eq!(bench.node().await.key, sealed(SealTrouble::Damaged));
    bench.put_key(&bench.home, &key(), "Other");
    assert_eq!(bench.node().await.key, sealed(SealTrouble::Damaged));
    fs::remove_file(&file).expect("removed");
    assert_eq!(bench.node().await.key, sealed(SealTrouble::Absent));
    config.cluster.master_key_file = "../home/octopus-master-key.sealed".into();
    bench.put_key(&bench.home, &key(), INSTANCE);
    fs::write(bench.path(), render(&config).expect("rendered")).expect("written");
    assert_eq!(bench.node().await.key, sealed(SealTrouble::Absent), "a name that leads out of the folder is not followed");
}

#[cfg(unix)]
#[tokio::test]
async fn a_machine_key_that_others_can_read_is_reported() {
    use std::os::unix::fs::PermissionsExt;
    let bench = bench();
    bench.install();
    fs::set_permissions(bench.places.machine_key(), fs::Permissions::from_mode(0o644)).expect("changed");
    match bench.node().await.password {
        Fact::Missing(Trouble::Io(said)) => assert!(said.as_str().contains("it must be 0600"), "{said}"),
        other => panic!("{other:?}"),
    }
}

/// A copy of the config in another folder.
fn copied(bench: &Bench) -> std::path::PathBuf {
    let folder = bench.root.path().join("elsewhere");
    fs::create_dir(&folder).expect("created");
    let path = folder.join("copy.toml");
    fs::copy(bench.path(), &path).expect("copied");
    path
}

#[tokio::test]
async fn a_config_elsewhere_finds_its_key_beside_it_or_in_the_home() {
    let bench = bench();
    bench.install();
    let path = copied(&bench);
    let facts = bench.look(&path, Maker::Wizard).await;
    assert_eq!(secret(&facts.key), key_text());
    // The list names the one at home.
    assert_eq!(facts.listed, Fact::Seen(Some((*bench.path().to_string_lossy()).into())));
    // One beside it that does not open hides none that does; a good one beside it is enough.
    let beside = path.with_file_name(NodeConfig::KEY_FILE);
    fs::write(&beside, "sealed:1:nonsense").expect("written");
    assert_eq!(secret(&bench.look(&path, Maker::Wizard).await.key), key_text());
    fs::rename(bench.home.join(NodeConfig::KEY_FILE), &beside).expect("moved");
    assert_eq!(secret(&bench.look(&path, Maker::Wizard).await.key), key_text());
}

#[cfg(unix)]
#[tokio::test]
async fn the_list_recognises_a_file_by_any_path_to_it() {
    let bench = bench();
    bench.install();
    let link = bench.root.path().join("link");
    std::os::unix::fs::symlink(&bench.home, &link).expect("linked");
    let path = link.join(NodeConfig::FILE);
    let facts = bench.look(&path, Maker::Wizard).await;
    assert_eq!(facts.listed, Fact::Seen(Some((*path.to_string_lossy()).into())));
}

#[tokio::test]
async fn an_unreadable_list_entry_is_reported() {
    let bench = bench();
    bench.install();
    fs::write(bench.places.instance(INSTANCE), "format = 1\nnews = 2\n").expect("written");
    assert!(matches!(bench.node().await.listed, Fact::Missing(Trouble::Config(_))));
}

fn sealed_password(config: &mut NodeConfig) -> &mut String {
    let SealedSignIn::SqlLogin { password, .. } = &mut config.database.sign_in;
    &mut password.0
}
