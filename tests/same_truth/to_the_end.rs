//! To the end: each face sets up a first node and a second one, and what they have written is the same.

use std::fmt::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use octopus_setup::model::answers::{Origin, Raw};
use octopus_setup::model::field::FieldId;
use octopus_setup::world::answer_sources::Mode;

use crate::case::Case;
use crate::faces::Face;
use crate::masks::{Masks, volatile};
use crate::scenes::{Scene, SceneId};
use crate::shared::canaries;
use crate::shared::sql;
use crate::{answers, headless, plain, tui};

const DATABASE: &str = "OctopusDeploy";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_nodes_are_the_same_whatever_face_set_them_up() {
    let [one, others @ ..] = &Face::ALL;
    let expected = two_nodes(*one).await;
    for other in others {
        let found = two_nodes(*other).await;
        assert_eq!(found, expected, "{other:?} has written something else than {one:?}");
    }
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/same_truth/written.txt");
    if std::env::var_os("UPDATE_CORPUS").is_some() {
        std::fs::write(file, &expected).unwrap();
    }
    assert_eq!(expected, std::fs::read_to_string(file).unwrap(), "what is written is not what has to be");
}

/// What is there when a face has set up two nodes.
async fn two_nodes(face: Face) -> String {
    let scene = Scene::prepare(SceneId::Web).await;
    let first = Case::named("storage-root");
    let key_file = scene.path("first-key.txt");
    let key_path = key_file.display().to_string();
    let web01 = [(FieldId::NodeName, "web01"), (FieldId::Database, DATABASE), (FieldId::KeyFile, key_path.as_str())];
    let masks = scene.masks();
    install(face, &scene, &first, &masks, &web01).await;
    let key = std::fs::read_to_string(&key_file).unwrap();
    let home = scene.path("home-2").display().to_string();
    let second = Case::named("join-second-node");
    let more = [
        (FieldId::Instance, "Second"),
        (FieldId::Home, home.as_str()),
        (FieldId::Database, DATABASE),
        (FieldId::MasterKey, key.trim()),
    ];
    let second_masks = scene.masks();
    install(face, &scene, &second, &second_masks, &more).await;
    second_masks.mask(&masks.mask(&written(&scene).await))
}

async fn install(face: Face, scene: &Scene, case: &Case, masks: &Masks, changes: &[(FieldId, &str)]) {
    let mode = if face == Face::Headless { Mode::Headless } else { Mode::Interactive };
    let mut loaded = answers::gather(scene, case, masks, mode).await.loaded;
    for (field, text) in changes {
        loaded.answers.set(*field, Raw::of(*field, *text), Origin::File);
    }
    match face {
        Face::Headless => headless::install(scene, &loaded, case).await,
        Face::Plain => plain::install(scene, &loaded.answers, case).await,
        Face::Tui => tui::install(scene, &loaded.answers, case).await,
    }
}

/// The files with their modes, the node configs, and the registry.
async fn written(scene: &Scene) -> String {
    let mut text = String::new();
    let mut files: Vec<_> =
        ["home", "home-2", "shared", "bare"].iter().flat_map(|folder| canaries::files(&scene.path(folder))).collect();
    files.push(scene.path("first-key.txt"));
    files.sort();
    for file in files {
        let mode = std::fs::metadata(&file).unwrap().permissions().mode() & 0o777;
        let _ = writeln!(text, "{} {mode:o}", file.strip_prefix(scene.folder()).unwrap().display());
        if file.ends_with("octopus-node.toml") {
            text.push_str(&config(&file));
        }
    }
    let mut session = sql::session(&scene.server, DATABASE).await;
    let node = "SELECT N'node ' + name, address, operating_system, prefixes, comms_port, grpc_port, task_cap FROM octopus_setup.node ORDER BY name";
    for query in [node, "SELECT N'history ' + what, node FROM octopus_setup.history ORDER BY id"] {
        for row in sql::ask(&mut session, query).await {
            let _ = writeln!(text, "{row}");
        }
    }
    volatile(&text)
}

/// A node config without what is generated or sealed anew for each cluster and machine, and without its times.
fn config(file: &Path) -> String {
    let text = std::fs::read_to_string(file).unwrap();
    let is_own = |line: &&str| !["password =", "id =", "fingerprint =", "#"].iter().any(|beginning| line.starts_with(beginning));
    text.lines().filter(is_own).map(|line| format!("    {line}").trim_end().to_owned() + "\n").collect()
}
