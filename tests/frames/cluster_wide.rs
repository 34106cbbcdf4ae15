//! The screens about what concerns the whole cluster, and about the hand-over to Octopus Server.

use std::time::Duration;

use octopus_setup::faces::tui::{Charset, Colours, Scene, TuiOptions};
use octopus_setup::model::answers::{Origin, Raw};
use octopus_setup::model::check::CheckId;
use octopus_setup::model::facts::{Access, Disk, Fact, FolderFacts, FolderPlace, FolderRights};
use octopus_setup::model::field::FieldId;
use octopus_setup::model::finding::{Finding, Verdict};
use octopus_setup::model::flow::Flow;
use octopus_setup::model::screen::ScreenId;
use octopus_setup::model::storage::SharedStorage;
use octopus_setup::wizard::state::{Focus, State};

use crate::clusters::{self, found, good};
use crate::states::{self, all, with};
use crate::text;

const PLAIN: TuiOptions = TuiOptions { charset: Charset::Unicode, colours: Colours::OnDark };

/// The frames of a scene at every size that is held, each under the name with an ending of its own.
pub fn at_every_size(name: &str, scene: &Scene<'_>) {
    insta::assert_snapshot!(name, text(80, 24, PLAIN, scene));
    insta::assert_snapshot!(format!("{name}_wide"), text(120, 40, PLAIN, scene));
    insta::assert_snapshot!(format!("{name}_least"), text(40, 12, PLAIN, scene));
    let ascii = text(80, 24, TuiOptions { charset: Charset::Ascii, colours: Colours::None }, scene);
    assert!(ascii.is_ascii(), "{ascii}");
    insta::assert_snapshot!(format!("{name}_in_ascii"), ascii);
}

/// A first node on one of these screens, with these answers.
pub fn on(screen: ScreenId, answers: &[(FieldId, &str)]) -> State {
    let mut state = states::on(screen);
    for (field, text) in answers {
        state.answers.set(*field, Raw::of(*field, *text), Origin::Typed);
    }
    state.place.focus = state.fields().first().map_or(Focus::Screen, |field| Focus::Field(*field));
    state
}

fn not_begun(name: &str, screen: ScreenId) {
    let state = on(screen, &[]);
    let scene = Scene::new(&state);
    let verdicts = all(&scene, &Verdict::NotYet);
    insta::assert_snapshot!(name, text(80, 24, PLAIN, &with(scene, verdicts)));
}

#[test]
fn nothing_is_begun() {
    not_begun("administrator_not_begun", ScreenId::Octopus);
    not_begun("licence_not_begun", ScreenId::Octopus);
    not_begun("storage_not_begun", ScreenId::Storage);
    not_begun("octopus_not_begun", ScreenId::Octopus);
}

const ADMINISTRATOR: [(FieldId, &str); 3] =
    [(FieldId::AdminUser, "admin"), (FieldId::AdminEmail, "admin@corp.example"), (FieldId::AdminPassword, states::PASSWORD)];

#[test]
fn administrator() {
    let state = on(ScreenId::Octopus, &ADMINISTRATOR);
    let account = good(CheckId::AdminAccount, "admin, with a password that Octopus takes");
    insta::assert_snapshot!("administrator_good", text(80, 24, PLAIN, &with(Scene::new(&state), vec![account])));
    let refused = Finding::stop(
        CheckId::AdminAccount,
        "Octopus Server will refuse this password: it meets 1 of its criteria, and has to meet 3.",
        "Choose one of 8 characters or more that meets 3 of these: a number, a blank, a capital letter, a small letter.",
    )
    .about(FieldId::AdminPassword);
    at_every_size("administrator_refused", &with(Scene::new(&state), vec![found(refused)]));
}

#[test]
fn licence() {
    let licence = "<License><LicensedTo>Acme</LicensedTo></License>";
    let state = on(ScreenId::Octopus, &[(FieldId::Licence, licence)]);
    let verdicts =
        vec![good(CheckId::Licence, "Acme; updates to 2027-06-30"), good(CheckId::LicenceNodes, "3 nodes, this one among them")];
    insta::assert_snapshot!("licence_good", text(80, 24, PLAIN, &with(Scene::new(&state), verdicts)));
    let mut state = on(ScreenId::Octopus, &[(FieldId::LicenceFile, "/root/octopus-licence.xml")]);
    state.place.focus = Focus::Field(FieldId::LicenceFile);
    let one = Finding::warn(
        CheckId::LicenceNodes,
        "The licence is for one node. With a second one Octopus will say: Unfortunately your license limits have been exceeded.",
        "For a single node go on; for high availability have a licence with a higher NodeLimit.",
    );
    let verdicts = vec![good(CheckId::Licence, "Acme; updates to 2027-06-30"), found(one)];
    let scene = with(Scene::new(&state), verdicts);
    at_every_size("licence_for_one_node", &scene);
    for (width, height) in [(40, 12), (80, 24), (160, 50)] {
        let frame = text(width, height, PLAIN, &Scene::new(&on(ScreenId::Octopus, &[(FieldId::Licence, licence)])));
        assert!(!frame.contains("LicensedTo"), "{frame}");
    }
}

pub const ROOT: [(FieldId, &str); 2] = [(FieldId::Storage, "root"), (FieldId::StorageRoot, "/mnt/octopus")];

/// The storage's checks, of which this one differs from good ones.
fn storage_verdicts(other: Option<Finding>) -> Vec<(CheckId, Verdict)> {
    let mut verdicts = vec![
        good(CheckId::StorageFolders, "6 folders under /mnt/octopus"),
        good(CheckId::StorageDisk, "there, on the network (nfs4)"),
        good(CheckId::StorageRights, "created, appended, locked, synced, renamed and deleted a file"),
        good(CheckId::StorageAccount, "local system (root)"),
        good(CheckId::StorageSpace, "400 GiB free"),
        good(CheckId::StorageLatency, "4 ms a file"),
        good(CheckId::StorageShared, "the canaries of web01 and web02 are in it"),
        good(CheckId::StorageContent, "6 of 6 folders have something in them"),
    ];
    if let Some(other) = other
        && let Some(row) = verdicts.iter_mut().find(|(check, _)| *check == other.check)
    {
        row.1 = Verdict::Found(vec![other]);
    }
    verdicts
}

#[test]
fn storage() {
    let mut state = on(ScreenId::Storage, &ROOT);
    insta::assert_snapshot!("storage_good", text(80, 24, PLAIN, &with(Scene::new(&state), storage_verdicts(None))));
    let running = all(&Scene::new(&state), &Verdict::Running);
    insta::assert_snapshot!("storage_running", text(80, 24, PLAIN, &with(Scene::new(&state), running)));
    state.place.focus = Focus::Field(FieldId::StorageRoot);
    let local = Finding::warn(
        CheckId::StorageDisk,
        "All folders: it is on a local disk (ext4), as far as this machine can tell. A second node would not see it.",
        "Type a path on a share or a mount that every node has; go on only if this is a bind mount of one, or a cluster's file system.",
    )
    .about(FieldId::StorageRoot);
    at_every_size("storage_on_a_local_disk", &with(Scene::new(&state), storage_verdicts(Some(local))));
}

#[test]
fn storage_of_each_folder_by_itself() {
    let mut state = on(ScreenId::Storage, &[(FieldId::Storage, "folders"), (FieldId::ArtifactsFolder, "/mnt/artifacts")]);
    state.place.focus = Focus::Field(FieldId::TaskLogsFolder);
    let verdicts = all(&Scene::new(&state), &Verdict::NotYet);
    at_every_size("storage_each_folder", &with(Scene::new(&state), verdicts));
}

#[test]
fn octopus() {
    let program = (FieldId::OctopusServer, "/Octopus/Octopus.Server");
    let mut state = on(ScreenId::Octopus, &[program]);
    let free = [
        good(CheckId::OctopusInstance, "no instance on this machine yet"),
        good(CheckId::OctopusService, "no service of OctopusServer yet"),
    ];
    let note = Finding::note(
        CheckId::OctopusProgram,
        "The last steps run the commands of Octopus Server 2026.4.1, /Octopus/Octopus.Server. Octopus Server takes the master key and the \
         connection string on its command line only: while those two commands run, users of this machine who may list its processes can \
         see them.",
    );
    let verdicts = [vec![found(note)], free.to_vec()].concat();
    insta::assert_snapshot!("octopus_found", text(80, 24, PLAIN, &with(Scene::new(&state), verdicts)));
    state.place.focus = Focus::Field(FieldId::OctopusServer);
    let stop = Finding::stop(
        CheckId::OctopusProgram,
        "There is no program /Octopus/Octopus.Server.",
        "Correct the path; leave it empty to look in the usual places, or have the script shown.",
    )
    .about(FieldId::OctopusServer);
    let verdicts = [vec![found(stop)], free.to_vec()].concat();
    at_every_size("octopus_not_there", &with(Scene::new(&state), verdicts));
}

/// A node that joins a cluster which shares this, and how each folder stands here.
pub fn joining() -> State {
    let mut state = clusters::flow(Flow::Join, ScreenId::Storage);
    clusters::seen(&mut state, clusters::two());
    let storage = SharedStorage::Root("/mnt/octopus".into());
    for (field, text) in ROOT {
        state.answers.set(field, Raw::of(field, text), Origin::File);
    }
    let places = [
        Fact::Seen(FolderPlace::There),
        Fact::Seen(FolderPlace::There),
        Fact::Seen(FolderPlace::Creatable { parent: "/mnt/octopus".into() }),
        Fact::Seen(FolderPlace::NotAFolder),
        Fact::Unknown,
        Fact::Missing(octopus_setup::model::facts::Trouble::TimedOut { waited: Duration::from_secs(5) }),
    ];
    let folders = storage.folders().into_iter().zip(places).map(|((folder, path), place)| FolderFacts {
        place,
        disk: Fact::Seen(Disk { file_system: "nfs4".into(), network: true, volatile: false, free: 400 << 30 }),
        rights: Fact::Seen(FolderRights::ALL),
        account: Fact::Seen(Access::Full),
        ..FolderFacts::new(folder, path.to_string_lossy().as_ref().into())
    });
    state.facts.storage.folders = folders.collect();
    state.facts.cluster.storage = Fact::Seen(storage);
    state
}

#[test]
fn the_shared_storage_of_a_join() {
    let state = joining();
    let absent = Finding::stop(
        CheckId::StorageDisk,
        "Packages (/mnt/octopus/Packages): it is not there, although the other nodes share it.",
        "Mount the share at the same path as on the other nodes, and check again.",
    )
    .command("findmnt --target '/mnt/octopus/Packages'");
    at_every_size("join_storage", &with(Scene::new(&state), storage_verdicts(Some(absent))));
}
