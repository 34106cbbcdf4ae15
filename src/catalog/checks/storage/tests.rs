//! Each check at each severity.

use std::time::Duration;

use super::*;
use crate::catalog::checks::tests::{case, evidence, judged, judged_in, stop, unknown, unproven, warn};
use crate::catalog::samples::{self, STORAGE};
use crate::model::answers::Answers;
use crate::model::cluster::ClusterId;
use crate::model::facts::{
    Access, CanaryFile, Disk, Facts, FolderIdentity, FolderOperation, FolderRights, Heartbeat, Nodes, Trouble,
};
use crate::model::platform::Platform;
use crate::model::registry::CanaryRow;

const ALL: [CheckId; 8] = [
    CheckId::StorageFolders,
    CheckId::StorageDisk,
    CheckId::StorageRights,
    CheckId::StorageAccount,
    CheckId::StorageSpace,
    CheckId::StorageLatency,
    CheckId::StorageShared,
    CheckId::StorageContent,
];

fn first(changes: &[(FieldId, &str)]) -> Answers {
    first_on(Platform::Linux, changes)
}

fn first_on(platform: Platform, changes: &[(FieldId, &str)]) -> Answers {
    samples::with_on(platform, &[&[(FieldId::Storage, "root"), (FieldId::StorageRoot, STORAGE)], changes].concat())
}

fn by_itself(changes: &[(FieldId, &str)]) -> Answers {
    let folders = [
        (FieldId::Storage, "folders"),
        (FieldId::ArtifactsFolder, "/a/artifacts"),
        (FieldId::TaskLogsFolder, "/a/logs"),
        (FieldId::PackagesFolder, "/b/packages"),
    ];
    samples::with(&[&folders, changes].concat())
}

/// A first node's facts, changed in each folder.
fn first_facts(change: impl Fn(&mut FolderFacts)) -> Facts {
    let mut facts = samples::facts();
    facts.storage = samples::new_storage();
    facts.storage.folders.iter_mut().for_each(change);
    facts
}

fn of_first(check: CheckId, change: impl Fn(&mut FolderFacts)) -> Verdict {
    judged(check, &first(&[]), &first_facts(change))
}

fn of_join(check: CheckId, change: impl FnOnce(&mut Facts)) -> Verdict {
    let mut facts = samples::facts_of_a_cluster();
    change(&mut facts);
    let answers = samples::sharing();
    judged_in(&Case { flow: Flow::Join, ..case(&answers, &facts) }, check)
}

fn of_review(check: CheckId, change: impl FnOnce(&mut Facts)) -> Verdict {
    let mut facts = samples::facts_of_a_node();
    samples::share(&mut facts);
    change(&mut facts);
    let answers = samples::sharing();
    judged_in(&Case { flow: Flow::Review, ..case(&answers, &facts) }, check)
}

fn each(facts: &mut Facts, change: impl Fn(&mut FolderFacts)) {
    facts.storage.folders.iter_mut().for_each(change);
}

fn note(verdict: &Verdict) -> Finding {
    match verdict {
        Verdict::Found(findings) if findings[0].severity == Severity::Note => findings[0].clone(),
        other => panic!("not a note: {other:?}"),
    }
}

#[test]
fn good_storage_is_good_for_a_first_node_a_join_and_a_review() {
    for check in ALL {
        evidence(&of_first(check, |_| {}));
        evidence(&of_join(check, |_| {}));
        evidence(&of_review(check, |_| {}));
    }
    assert_eq!(evidence(&of_first(CheckId::StorageFolders, |_| {})), format!("6 folders under {STORAGE}"));
    assert_eq!(evidence(&of_join(CheckId::StorageShared, |_| {})), "those of web01 are there");
    assert_eq!(evidence(&of_review(CheckId::StorageShared, |_| {})), "those of web01 and web02 are there");
    assert!(evidence(&of_first(CheckId::StorageShared, |_| {})).starts_with("left at the install"));
}

#[test]
fn a_single_node_shares_nothing_and_that_is_right() {
    for check in ALL {
        assert_eq!(judged(check, &samples::answers(), &samples::facts()), Verdict::DoesNotApply);
    }
}

#[test]
fn a_join_to_a_cluster_that_shares_nothing_is_warned_and_can_go_on() {
    let none = |facts: &mut Facts| facts.cluster.storage = Fact::Seen(SharedStorage::None);
    let finding = warn(&of_join(CheckId::StorageFolders, none));
    assert!(finding.remedy.is_some_and(|remedy| remedy.text() == "octopus-setup migrate --to ROOT"));
    for check in &ALL[1..] {
        assert_eq!(of_join(*check, none), Verdict::DoesNotApply);
    }
    // A review of a node that is the only one has nothing to say.
    let alone = |facts: &mut Facts| {
        none(facts);
        facts.cluster.nodes = Fact::Seen(Nodes::from([samples::node_seen("web02", Heartbeat::Ago(Duration::from_secs(1)))]));
    };
    assert_eq!(of_review(CheckId::StorageFolders, alone), Verdict::DoesNotApply);
    warn(&of_review(CheckId::StorageFolders, none));
}

#[test]
fn a_cluster_without_a_registry_does_not_tell_and_that_is_said() {
    let facts = samples::facts_of_octopus();
    let answers = samples::with(&[]);
    let of = |check| judged_in(&Case { flow: Flow::Join, ..case(&answers, &facts) }, check);
    assert!(unproven(&of(CheckId::StorageFolders)).says.contains("no registry"));
    for check in &ALL[1..] {
        assert_eq!(of(*check), Verdict::DoesNotApply);
    }
    let lost = |facts: &mut Facts| facts.cluster.storage = Fact::Missing(Trouble::ConnectionLost);
    assert!(unproven(&of_join(CheckId::StorageFolders, lost)).says.contains("could not be read"));
    let unknown = |facts: &mut Facts| facts.cluster.storage = Fact::Unknown;
    for check in ALL {
        assert_eq!(of_join(check, unknown), Verdict::NotYet);
    }
}

#[test]
fn a_path_is_refused_for_what_it_is() {
    for (root, part) in [
        (samples::HOME.to_owned(), "is in the home directory"),
        (format!("{}/shared", samples::HOME), "is in the home directory"),
        ("/var/lib".to_owned(), "the home directory"),
        ("/mnt/../x".to_owned(), ".."),
        ("/".to_owned(), "root of the disk"),
        ("\\\\files\\octopus".to_owned(), "a path of Windows"),
    ] {
        let answers = first(&[(FieldId::StorageRoot, &root)]);
        let finding = stop(&judged(CheckId::StorageFolders, &answers, &samples::facts()));
        assert!(finding.says.contains(part), "{finding:?}");
        assert_eq!(finding.about, Some(FieldId::StorageRoot));
    }
}

#[test]
fn folders_by_themselves_are_each_their_own() {
    for (field, path, part, severity) in [
        (FieldId::TaskLogsFolder, "/a/artifacts/", "are the same folder", Severity::Stop),
        (FieldId::TaskLogsFolder, "/a/Artifacts", "upper and lower case", Severity::Stop),
        (FieldId::TaskLogsFolder, "/a/artifacts/logs", "TaskLogs is in the folder of Artifacts", Severity::Stop),
        (FieldId::TaskLogsFolder, "/a", "Artifacts is in the folder of TaskLogs", Severity::Stop),
    ] {
        let Verdict::Found(findings) = judged(CheckId::StorageFolders, &by_itself(&[(field, path)]), &first_facts(|_| {})) else {
            panic!("{path}")
        };
        assert!(findings[0].says.contains(part) && findings[0].severity == severity, "{findings:?}");
        assert_eq!(findings[0].about, Some(field));
    }
    let good = judged(CheckId::StorageFolders, &by_itself(&[(FieldId::TaskLogsFolder, "/a/artifacts2")]), &first_facts(|_| {}));
    assert_eq!(evidence(&good), "3 folders, each by itself");
    assert_eq!(
        judged(CheckId::StorageFolders, &by_itself(&[(FieldId::TaskLogsFolder, "x")]), &samples::facts()),
        Verdict::NotYet
    );
}

#[test]
fn two_paths_that_lead_to_one_folder_stop() {
    let finding = stop(&of_first(CheckId::StorageFolders, |folder| folder.identity = Some(FolderIdentity(1, 1))));
    assert!(finding.says.contains("lead to the same folder"), "{finding:?}");
}

#[test]
fn on_windows_a_drive_letter_is_warned_of() {
    let facts = first_facts(|_| {});
    let on = |root: &str| judged(CheckId::StorageFolders, &first_on(Platform::Windows, &[(FieldId::StorageRoot, root)]), &facts);
    assert!(warn(&on("S:\\Octopus")).fix.contains("\\\\files"));
    assert!(stop(&on("C:\\Octopus\\shared")).says.contains("in the home directory"));
    assert!(stop(&on("\\\\files\\x\\..\\y")).says.contains(".."));
}

#[test]
fn a_place_that_is_wrong_stops_and_hides_what_is_behind_it() {
    for (place, part) in [
        (Fact::Seen(FolderPlace::NotAFolder), "a file is in its place"),
        (Fact::Seen(FolderPlace::Loop), "in a circle"),
        (Fact::Seen(FolderPlace::DeadLink), "not there"),
        (Fact::Missing(Trouble::Io("Stale file handle".into())), "Stale file handle"),
        (Fact::Missing(Trouble::TimedOut { waited: Duration::from_secs(5) }), "no answer within 5 s"),
    ] {
        let change = |folder: &mut FolderFacts| folder.place = place.clone();
        let finding = stop(&of_first(CheckId::StorageDisk, change));
        assert!(finding.says.starts_with("All folders: ") && finding.says.contains(part), "{finding:?}");
        for check in &ALL[2..] {
            assert_eq!(of_first(*check, change), Verdict::NotYet, "{}", check.id());
        }
    }
}

#[test]
fn a_folder_may_be_made_by_the_first_node_only() {
    let to_be_made = |folder: &mut FolderFacts| folder.place = Fact::Seen(FolderPlace::Creatable { parent: "/mnt".into() });
    assert!(evidence(&of_first(CheckId::StorageDisk, to_be_made)).starts_with("can be made"));
    let finding = stop(&of_join(CheckId::StorageDisk, |facts| each(facts, to_be_made)));
    assert!(finding.says.contains("the other nodes share it"), "{finding:?}");
    assert_eq!(of_join(CheckId::StorageShared, |facts| each(facts, to_be_made)), Verdict::NotYet);
}

fn disk(file_system: &str, network: bool, volatile: bool, free: u64) -> Fact<Disk> {
    Fact::Seen(Disk { file_system: file_system.into(), network, volatile, free })
}

#[test]
fn a_local_disk_warns_memory_and_read_only_stop() {
    let local = |folder: &mut FolderFacts| folder.disk = disk("ext4", false, false, 40 << 30);
    assert!(warn(&of_first(CheckId::StorageDisk, local)).says.contains("local disk (ext4)"));
    assert!(
        stop(&of_first(CheckId::StorageDisk, |folder| folder.disk = disk("tmpfs", false, true, 40 << 30)))
            .says
            .contains("memory")
    );
    let finding = stop(&of_first(CheckId::StorageDisk, |folder| folder.read_only = Fact::Seen(true)));
    assert!(finding.remedy.is_some_and(|remedy| remedy.text().contains("remount,rw")));
    // The other nodes' canaries prove more than the disk's name.
    assert!(evidence(&of_join(CheckId::StorageDisk, |facts| each(facts, local))).contains("yet shared"));
    let elsewhere = |facts: &mut Facts| {
        each(facts, local);
        each(facts, |folder| folder.canaries = Fact::Seen(Vec::new()));
    };
    warn(&of_join(CheckId::StorageDisk, elsewhere));
}

#[test]
fn each_deed_that_fails_is_a_stop_of_its_own_words() {
    let mut words = std::collections::HashSet::new();
    for operation in FolderOperation::ALL {
        let failed = Fact::Seen(FolderRights { failed: Some((operation, "Permission denied".into())) });
        let finding = stop(&of_first(CheckId::StorageRights, |folder| folder.rights = failed.clone()));
        assert!(finding.says.ends_with(": Permission denied."), "{finding:?}");
        words.insert((finding.says, finding.fix));
    }
    assert_eq!(words.len(), FolderOperation::ALL.len());
}

#[test]
fn what_is_so_of_one_folder_names_it() {
    let one = |folder: &mut FolderFacts| {
        if folder.folder == SharedFolder::TaskLogs {
            folder.rights = Fact::Seen(FolderRights { failed: Some((FolderOperation::Lock, "No locks available".into())) });
        }
    };
    let finding = stop(&of_first(CheckId::StorageRights, one));
    assert!(finding.says.starts_with("TaskLogs (") && finding.fix.contains("nolock"), "{finding:?}");
    let two = |folder: &mut FolderFacts| {
        if matches!(folder.folder, SharedFolder::TaskLogs | SharedFolder::Artifacts) {
            folder.place = Fact::Seen(FolderPlace::NotAFolder);
        }
    };
    assert!(stop(&of_first(CheckId::StorageDisk, two)).says.starts_with("Artifacts and TaskLogs: "));
}

#[test]
fn room_and_speed() {
    let free = |free| move |folder: &mut FolderFacts| folder.disk = disk("nfs4", true, false, free);
    assert_eq!(evidence(&of_first(CheckId::StorageSpace, free(4 << 30))), "4.0 GiB free");
    assert!(warn(&of_first(CheckId::StorageSpace, free(512 << 20))).says.contains("only 512 MiB"));
    assert!(stop(&of_first(CheckId::StorageSpace, free(1 << 20))).says.contains("full"));
    assert_eq!(evidence(&of_first(CheckId::StorageLatency, |_| {})), "4.0 ms for a small file");
    let slow = |folder: &mut FolderFacts| folder.latency = Fact::Seen(Duration::from_millis(700));
    assert!(warn(&of_first(CheckId::StorageLatency, slow)).says.contains("700 ms"));
    let hanging = |folder: &mut FolderFacts| folder.latency = Fact::Missing(Trouble::TimedOut { waited: Duration::from_secs(5) });
    warn(&of_first(CheckId::StorageLatency, hanging));
    for check in [CheckId::StorageSpace, CheckId::StorageLatency] {
        let unseen = |folder: &mut FolderFacts| {
            (folder.disk, folder.latency) = (Fact::Missing(Trouble::Unasked), Fact::Missing(Trouble::Unasked));
        };
        assert!(["this machine cannot tell", "not tried"].contains(&unknown(&of_first(check, unseen)).as_str()));
    }
}

#[test]
fn the_service_account_is_proven_denied_or_cannot_be_told() {
    let custom = [(FieldId::ServiceAccount, "custom"), (FieldId::ServiceUser, "octo'pus")];
    let of = |place: FolderPlace, account: Fact<Access>| {
        let facts = first_facts(|folder| (folder.place, folder.account) = (Fact::Seen(place.clone()), account.clone()));
        judged(CheckId::StorageAccount, &first(&custom), &facts)
    };
    let there = || FolderPlace::There;
    assert!(evidence(&of(there(), Fact::Seen(Access::Full))).contains("full control"));
    assert!(unknown(&of(there(), Fact::Missing(Trouble::Unasked))).contains("cannot tell"));
    let command = |verdict| warn(&verdict).remedy.map(|remedy| remedy.text().to_owned()).unwrap_or_default();
    // Whoever becomes the owner of a shared folder takes it from the accounts of the other nodes.
    assert_eq!(command(of(there(), Fact::Seen(Access::Less))), "");
    let made = FolderPlace::Creatable { parent: "/mnt".into() };
    assert!(command(of(made, Fact::Seen(Access::Less))).starts_with("sudo install -d -m 0770 -o 'octo'"));
    assert!(command(of(there(), Fact::Seen(Access::Barred("/mnt".into())))).ends_with(":x '/mnt'"));
    assert_eq!(
        evidence(&of_first(CheckId::StorageAccount, |folder| folder.account = Fact::Seen(Access::Full))),
        "local system (root)"
    );
}

#[test]
fn on_windows_the_right_is_not_read_but_its_command_is_ready() {
    let facts = first_facts(|folder| folder.account = Fact::Missing(Trouble::Unasked));
    let share = (FieldId::StorageRoot, "S:\\Octopus");
    let custom = first_on(Platform::Windows, &[(FieldId::ServiceAccount, "custom"), (FieldId::ServiceUser, "CORP\\svc"), share]);
    let Verdict::Found(findings) = judged(CheckId::StorageAccount, &custom, &facts) else { panic!("a finding") };
    let finding = &findings[0];
    assert_eq!(finding.severity, Severity::Unknown);
    let remedy = finding.remedy.as_ref().map(|remedy| remedy.text().to_owned()).unwrap_or_default();
    assert_eq!(remedy, "icacls \"S:\\Octopus\" /grant \"CORP\\svc:(OI)(CI)F\"");
}

#[test]
fn a_folder_without_the_other_node_s_canary_is_not_the_shared_one() {
    let empty = |facts: &mut Facts| each(facts, |folder| folder.canaries = Fact::Seen(Vec::new()));
    let finding = stop(&of_join(CheckId::StorageShared, empty));
    assert_eq!(finding.says, "All folders: this folder is not the one that node web01 sees; its canary is not in it.");
    let old = |facts: &mut Facts| {
        each(facts, |folder| {
            let file = CanaryFile { cluster: samples::CLUSTER, node: "WEB01".into(), token: "0".repeat(32).as_str().into() };
            folder.canaries = Fact::Seen(vec![file]);
        });
    };
    assert!(stop(&of_join(CheckId::StorageShared, old)).says.contains("an old copy"));
    // Of a node that nobody has heard of for long, it only warns.
    let dead = |facts: &mut Facts| {
        empty(facts);
        facts.cluster.nodes = Fact::Seen(Nodes::from([samples::dead_node("web01")]));
    };
    warn(&of_join(CheckId::StorageShared, dead));
    // A node under review looks for its own as well.
    let own = |facts: &mut Facts| {
        each(facts, |folder| {
            let only = folder.canaries.seen().into_iter().flatten().filter(|file| file.node.as_str() == "web01");
            folder.canaries = Fact::Seen(only.cloned().collect());
        });
    };
    assert!(stop(&of_review(CheckId::StorageShared, own)).says.contains("its own canary is gone"));
    evidence(&of_join(CheckId::StorageShared, own));
}

#[test]
fn a_wrong_folder_is_told_once_however_many_nodes_see_another_one() {
    let many = |facts: &mut Facts, token: &str| {
        let names: Vec<String> = (0..2_000).map(|number| format!("web{number:05}")).collect();
        let row = |name: &String, folder| CanaryRow { node: name.clone(), folder, token: "1".repeat(32) };
        let rows = |name| SharedFolder::ALL.into_iter().map(move |folder| row(name, folder));
        facts.cluster.canaries = Fact::Seen(names.iter().flat_map(rows).collect());
        let alive = |name: &String| samples::node_seen(name, Heartbeat::Ago(Duration::from_secs(2)));
        let mut nodes: Vec<_> = names.iter().map(alive).collect();
        nodes[7] = samples::dead_node(&names[7]);
        facts.cluster.nodes = Fact::Seen(nodes.into());
        let file = |name: &String| CanaryFile { cluster: samples::CLUSTER, node: name.as_str().into(), token: token.into() };
        let files: Vec<CanaryFile> = if token.is_empty() { Vec::new() } else { names.iter().map(file).collect() };
        each(facts, |folder| folder.canaries = Fact::Seen(files.clone()));
    };
    for (token, says) in
        [("", "nodes web00000, web00001, web00002, web00003, web00004 and 1994 more see;"), ("0", "1994 more in it")]
    {
        let Verdict::Found(found) = of_join(CheckId::StorageShared, |facts| many(facts, token)) else { panic!("good") };
        assert_eq!(found.len(), 2, "{found:#?}");
        assert!(found[0].severity == Severity::Stop && found[0].says.contains(says), "{found:#?}");
        assert!(found[1].severity == Severity::Warn && found[1].says.contains("node web00007 "), "{found:#?}");
    }
}

#[test]
fn canaries_that_are_not_known_or_not_readable_are_told() {
    let none = |facts: &mut Facts| facts.cluster.canaries = Fact::Seen(Vec::new());
    assert!(unproven(&of_join(CheckId::StorageShared, none)).says.contains("knows no canary of web01"));
    let unread = |facts: &mut Facts| {
        each(facts, |folder| folder.canaries = Fact::Missing(Trouble::Io("Permission denied".into())));
    };
    assert!(stop(&of_join(CheckId::StorageShared, unread)).says.contains("Permission denied"));
    let running = |facts: &mut Facts| each(facts, |folder| folder.canaries = Fact::Unknown);
    assert_eq!(of_join(CheckId::StorageShared, running), Verdict::NotYet);
}

#[test]
fn another_cluster_s_canary_warns() {
    let strange = |folder: &mut FolderFacts| {
        let file = CanaryFile { cluster: ClusterId([9; 16]), node: "old01".into(), token: "0".repeat(32).as_str().into() };
        folder.canaries = Fact::Seen(vec![file]);
    };
    assert!(warn(&of_first(CheckId::StorageShared, strange)).says.contains("node old01 of another cluster"));
    let facts = first_facts(|folder| folder.canaries = samples::storage().folders[0].canaries.clone());
    let answers = first(&[]);
    evidence(&judged_in(&Case { resuming: Some(samples::CLUSTER), ..case(&answers, &facts) }, CheckId::StorageShared));
}

#[test]
fn content_that_should_not_be_there_or_should_be_there_is_told() {
    let full = |folder: &mut FolderFacts| folder.entries = Fact::Seen(2);
    assert!(warn(&of_first(CheckId::StorageContent, full)).says.contains("12 entries"));
    let empty = |facts: &mut Facts| each(facts, |folder| folder.entries = Fact::Seen(0));
    assert!(note(&of_review(CheckId::StorageContent, empty)).says.ends_with("right as long as no task has run yet."));
    let finding = warn(&of_review(CheckId::StorageContent, |facts: &mut Facts| {
        empty(facts);
        facts.cluster.ran_tasks = Fact::Seen(true);
    }));
    assert!(finding.says.starts_with("Artifacts, TaskLogs and Packages: empty"), "{finding:?}");
    let young = |facts: &mut Facts| {
        each(facts, |folder| {
            if folder.folder == SharedFolder::Artifacts {
                folder.entries = Fact::Seen(0);
            }
        });
    };
    assert!(note(&of_review(CheckId::StorageContent, young)).says.contains("right as long as"));
    let never_ran = |facts: &mut Facts| {
        empty(facts);
        facts.cluster.nodes = Fact::Seen(Nodes::from([samples::node_seen("web01", Heartbeat::Never)]));
    };
    assert!(evidence(&of_join(CheckId::StorageContent, never_ran)).starts_with("empty"));
}

#[test]
fn an_unknown_fact_is_never_good() {
    let unknown = |folder: &mut FolderFacts| *folder = FolderFacts::new(folder.folder, folder.path.clone());
    for check in &ALL[1..] {
        assert_eq!(of_first(*check, unknown), Verdict::NotYet, "{}", check.id());
    }
}
