//! The machines: what is on this host before the wizard comes, as a closed set.

use std::collections::BTreeMap;
use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use octopus_setup::model::cluster::ClusterId;
use octopus_setup::model::flow::Flow;
use octopus_setup::model::journal::{Journal, StepRecord};
use octopus_setup::model::master_key::Fingerprint;
use octopus_setup::model::plan::{StepKind, StepState};
use octopus_setup::model::storage::{Canary, SharedFolder};
use octopus_setup::world::instances::{self, Instance};
use octopus_setup::world::journals;
use octopus_setup::world::places::Places;

use secrecy::ExposeSecret;

use crate::databases;
use crate::scenes::Scene;

/// A machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MachineId {
    /// Nothing of Octopus on it.
    Bare,
    /// With an instance of ours, `web01`, and one that Octopus Server itself made, `My Server`.
    Busy,
    /// With a run for instance `web01` that stopped in the middle.
    Stopped,
    /// With an Octopus Server 2025.1.0 installed, which has an instance `Default`; and with a service of an instance `Serving`.
    Installed,
    /// Where a file stands in the way of the wizard's state directory.
    Walled,
    /// Whose state directory everybody may write.
    Open,
}

impl MachineId {
    /// Every machine.
    pub const ALL: [Self; 6] = [Self::Bare, Self::Busy, Self::Stopped, Self::Installed, Self::Walled, Self::Open];

    /// Its name in the head of a case.
    pub const fn id(self) -> &'static str {
        match self {
            Self::Bare => "bare",
            Self::Busy => "busy",
            Self::Stopped => "stopped",
            Self::Installed => "installed",
            Self::Walled => "walled",
            Self::Open => "open",
        }
    }

    /// The machine of this name.
    pub fn from_id(id: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|machine| machine.id() == id)
    }
}

/// The machine's own files.
pub fn places(scene: &Scene, machine: MachineId) -> Places {
    let folder = scene.path(machine.id());
    Places {
        octopus_instances: folder.join("octopus-instances"),
        octopus_executables: vec![folder.join("Octopus.Server")],
        unit_folders: vec![folder.join("units")],
        os_release: scene.path("os-release"),
        passwd: scene.path("passwd"),
        group: scene.path("group"),
        ..Places::under(folder.join("state"))
    }
}

/// Makes them, and the files and folders that answers name.
pub fn prepare(scene: &Scene) {
    write(&scene.path("os-release"), "PRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\n");
    write(&scene.path("passwd"), "root:x:0:0::/root:/bin/sh\noctopus:x:990:990::/var/lib/octopus:/usr/sbin/nologin\n");
    write(&scene.path("a-file"), "mine\n");
    write(&scene.path("occupied/letters.txt"), "dear\n");
    write(&scene.path("no-certificate.pem"), "no certificate\n");
    write(&scene.path("nothing-in-it.txt"), "");
    write(&scene.path("open-password.txt"), &format!("{}\n", scene.server.password().expose_secret()));
    write(&scene.path("password.txt"), &format!("{}\n", scene.server.password().expose_secret()));
    write(&scene.path("other-key.txt"), &format!("{}\n", databases::key(databases::OTHER_KEY).to_base64().expose_secret()));
    for (file, mode) in [("password.txt", 0o600), ("open-password.txt", 0o644)] {
        std::fs::set_permissions(scene.path(file), Permissions::from_mode(mode)).unwrap();
    }
    std::fs::create_dir_all(scene.path("empty")).unwrap();
    write(&scene.path("walled"), "not a folder\n");
    let open = scene.path("open/state");
    std::fs::create_dir_all(&open).unwrap();
    std::fs::set_permissions(&open, Permissions::from_mode(0o777)).unwrap();
    busy(scene);
    stopped(&places(scene, MachineId::Stopped));
    installed(&places(scene, MachineId::Installed));
    licences(scene);
    shares(scene);
}

/// The node config of `web01`.
const CONFIG: &str = r#"format = 1
instance = "web01"

[node]
name = "web01"
home = "{home}"
task_cap = 5

[service]
account = "local-system"

[database]
server = "sql01"
name = "Octopus"
user = "octopus"
password = "sealed:1:0000:AAAA"
encryption = "mandatory"
trust = "system"
multi_subnet = false

[cluster]
id = "07070707070707070707070707070707"
fingerprint = "0707-0707"
master_key_file = "octopus-master-key.sealed"

[web]
listen_prefixes = ["http://localhost:80/"]
force_ssl = false

[comms]
port = 10943
grpc_port = 8443
"#;

fn busy(scene: &Scene) {
    let places = places(scene, MachineId::Busy);
    let home = scene.path("web01");
    let config = home.join("octopus-node.toml");
    write(&config, &CONFIG.replace("{home}", &home.display().to_string()));
    instances::enter(&places, &Instance { format: Instance::FORMAT, name: "web01".into(), home, config }).unwrap();
    let record = r#"{"Name":"My Server","ConfigurationFilePath":"/etc/octopus/my-server.config"}"#;
    write(&places.octopus_instances.join("my-server.config"), record);
}

fn stopped(places: &Places) {
    let step = |kind, state| StepRecord { kind, state };
    let journal = Journal {
        format: Journal::FORMAT,
        program: "0.1.0".into(),
        flow: Flow::FirstNode,
        instance: "web01".into(),
        begun: "2026-11-20T12:04:00Z".into(),
        written: "2026-11-20T12:04:09Z".into(),
        cluster: ClusterId([7; 16]),
        fingerprint: Fingerprint([7; 4]),
        accepted: Vec::new(),
        answers: BTreeMap::from([("instance".into(), "web01".into())]),
        run: "07".repeat(16),
        before: None,
        after: None,
        folders: Vec::new(),
        storage: None,
        kept_passwords: Vec::new(),
        changes: Vec::new(),
        steps: vec![step(StepKind::CreateHome, StepState::Done), step(StepKind::SealMasterKey, StepState::Begun)],
    };
    journals::write(places, &journal).unwrap();
}

/// What the Octopus Server of the machine `installed` is.
const OCTOPUS_SERVER: &str = r#"#!/bin/sh
case "$1" in
version) echo 2025.1.0 ;;
list-instances) echo '[{"InstanceName": "Default", "ConfigurationFilePath": "/elsewhere/OctopusServer.config"}]' ;;
*) exit 1 ;;
esac
"#;

fn installed(places: &Places) {
    let executable = &places.octopus_executables[0];
    write(executable, OCTOPUS_SERVER);
    let unit = "[Service]\nExecStart=/Octopus/Octopus.Server run --instance=Serving --noninteractive\n";
    write(&places.unit_folders[0].join("serving-octopus.service"), unit);
    // What others may write is not run.
    for path in [executable, executable.parent().unwrap()] {
        std::fs::set_permissions(path, Permissions::from_mode(0o755)).unwrap();
    }
}

/// A licence with this inside.
pub fn licence(inside: &str) -> String {
    format!(
        "<License Signature=\"c2lnbmF0dXJl\"><LicensedTo>Acme</LicensedTo><LicenseKey>12345-54321</LicenseKey>{inside}</License>"
    )
}

fn licences(scene: &Scene) {
    write(&scene.path("licence.xml"), &licence("<NodeLimit>3</NodeLimit>"));
    write(&scene.path("licence-one-node.xml"), &licence(""));
    let over = "<NodeLimit>3</NodeLimit><MaintenanceExpires>2020-01-01</MaintenanceExpires>";
    write(&scene.path("licence-maintenance.xml"), &licence(over));
    write(&scene.path("licence-over.xml"), &licence("<NodeLimit>3</NodeLimit><ValidTo>2020-01-01</ValidTo>"));
    write(&scene.path("licence-broken.xml"), "<License>");
}

/// The folders that the clusters share, with what their nodes left there; `empty-share` is another disk at the same path,
/// `ran-share` has task logs and nothing else.
fn shares(scene: &Scene) {
    for folder in SharedFolder::ALL {
        let name = folder.name();
        for share in ["share", "ran-share"] {
            let canary = Canary { cluster: databases::CLUSTER, node: "web01".into(), token: databases::TOKEN.into() };
            write(&Canary::path_in(&scene.path(share).join(name), "web01"), &canary.text());
        }
        write(&scene.path("share").join(name).join("something"), "stored\n");
        std::fs::create_dir_all(scene.path("empty-share").join(name)).unwrap();
    }
    write(&scene.path("ran-share/TaskLogs/servertasks-1.txt"), "ran\n");
    write(&scene.path("used-share/TaskLogs/servertasks-1.txt"), "ran\n");
    let private = scene.path("private");
    std::fs::create_dir_all(&private).unwrap();
    std::fs::set_permissions(&private, Permissions::from_mode(0o700)).unwrap();
}

fn write(path: &Path, text: &str) {
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, text).unwrap();
}
