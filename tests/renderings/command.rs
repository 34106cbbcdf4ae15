//! `octopus-setup script`, run as it is, on a node config of this machine.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use octopus_setup::model::cluster::ClusterId;
use octopus_setup::model::flow::Flow;
use octopus_setup::model::master_key::MasterKey;
use octopus_setup::model::node_config::NodeConfig;
use octopus_setup::model::plan::Plan;
use octopus_setup::model::survey::AccountKind;
use octopus_setup::world::instances::{self, Instance};
use octopus_setup::world::node_config;
use octopus_setup::world::places::Places;
use octopus_setup::world::seal::{Purpose, Sealer};

use crate::nodes::{CANARIES, with_account};

const KEY: &str = "5qJcW9E6B99teMmrOzaYNA==";

/// A machine with one instance on it.
struct Machine {
    folder: tempfile::TempDir,
}

impl Machine {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let machine = Self { folder };
        let home = machine.home();
        fs::create_dir(&home).unwrap();
        let places = Places::under(machine.state());
        let sealer = Sealer::open_or_create(&places).unwrap();
        let mut node = with_account(AccountKind::Custom);
        node.home.clone_from(&home);
        let key = MasterKey::parse(&octopus_setup::model::secret::SecretString::from(KEY)).unwrap();
        let cluster = ClusterId([7; 16]);
        let plan = Plan {
            flow: Flow::FirstNode,
            node,
            cluster,
            fingerprint: key.fingerprint(),
            steps: Vec::new(),
            accepted: Vec::new(),
            answers: std::collections::BTreeMap::new(),
            before: None,
            certificate: None,
            key_unverified: false,
            licence: None,
            hand_over: None,
            kept_passwords: Vec::new(),
            changes: Vec::new(),
        };
        node_config::write(&node_config::build(&plan, &sealer).unwrap()).unwrap();
        let purpose = Purpose::MasterKey { instance: "OctopusServer", cluster };
        let key_file = sealer.seal(&purpose, key.expose_bytes()).unwrap();
        fs::write(home.join(NodeConfig::KEY_FILE), key_file.0).unwrap();
        let config = node_config::path(&home);
        instances::enter(&places, &Instance { format: 1, name: "OctopusServer".into(), home, config }).unwrap();
        machine
    }

    fn home(&self) -> PathBuf {
        self.folder.path().join("home")
    }

    fn state(&self) -> PathBuf {
        self.folder.path().join("state")
    }

    fn run(&self, words: &[&str]) -> (Option<i32>, String, String) {
        let mut command = Command::new(env!("CARGO_BIN_EXE_octopus-setup"));
        command.arg("script").args(words).env("OCTOPUS_SETUP_STATE_DIR", self.state()).current_dir(self.folder.path());
        let Output { status, stdout, stderr } = command.output().unwrap();
        (status.code(), String::from_utf8(stdout).unwrap(), String::from_utf8(stderr).unwrap())
    }
}

#[test]
fn each_format_is_printed_and_holds_no_secret() {
    let machine = Machine::new();
    for (format, part) in [
        ("bash", "#!/usr/bin/env bash\n"),
        ("powershell", "#Requires -Version 5.1\n"),
        ("compose", "\nservices:\n"),
        ("answers", "password = { env = \"OCTOPUS_SETUP_PASSWORD\" }"),
    ] {
        let (status, text, said) = machine.run(&["--format", format]);
        assert_eq!((status, said.as_str()), (Some(0), ""), "{format}");
        assert!(text.contains(part), "{text}");
        assert!(!text.contains(KEY) && CANARIES.iter().all(|canary| !text.contains(canary)), "{text}");
        let (status, object, _) = machine.run(&["--format", format, "--instance", "octopusserver", "--output", "json"]);
        let object: serde_json::Value = serde_json::from_str(&object).unwrap();
        assert_eq!((status, &object["format"], &object["text"]), (Some(0), &format.into(), &text.into()));
    }
}

#[test]
fn a_node_config_is_a_further_node_s_unless_it_is_said_to_be_the_first_one() {
    let machine = Machine::new();
    let creates = |words: &[&str]| machine.run(words).1.contains("--create ");
    assert!(!creates(&["--format", "bash"]));
    assert!(creates(&["--format", "bash", "--instance", "OctopusServer", "--flow", "first-node"]));
}

#[test]
fn secrets_go_into_a_new_file_of_one_s_own_and_nowhere_else() {
    let machine = Machine::new();
    for format in ["bash", "powershell", "compose"] {
        let file = format!("node.{format}");
        let words = ["--format", format, "--with-secrets", "--out", &file];
        let (status, text, said) = machine.run(&words);
        assert_eq!((status, said.as_str()), (Some(0), ""));
        assert!(text.contains(&file) && !text.contains(KEY), "{text}");
        let path = machine.folder.path().join(&file);
        let script = fs::read_to_string(&path).unwrap();
        assert!(script.contains(KEY) && script.contains(CANARIES[0]), "{script}");
        assert_eq!(script.contains(CANARIES[1]), format != "compose");
        assert!(owner_only(&path));
        let (status, _, said) = machine.run(&words);
        assert_eq!(status, Some(2));
        assert!(said.contains(&file) && !said.contains(KEY), "{said}");
        assert_eq!(fs::read_to_string(&path).unwrap(), script);
    }
    assert_eq!(machine.run(&["--format", "bash", "--with-secrets"]).0, Some(2));
    assert_eq!(machine.run(&["--format", "answers", "--with-secrets", "--out", "x"]).0, Some(2));
    assert!(!machine.folder.path().join("x").exists());
}

#[cfg(unix)]
fn owner_only(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    fs::metadata(path).unwrap().permissions().mode() & 0o777 == 0o600
}

#[cfg(not(unix))]
fn owner_only(_path: &Path) -> bool {
    true
}

#[test]
fn what_cannot_be_read_is_told_with_its_place() {
    let machine = Machine::new();
    for (words, status, part) in [
        (&["--format", "bash", "--config", "absent.toml"][..], 3, "absent.toml"),
        (&["--format", "bash", "--instance", "Other"], 2, "Other"),
    ] {
        let (got, text, said) = machine.run(words);
        assert_eq!((got, text.as_str()), (Some(status), ""), "{said}");
        assert!(said.starts_with("octopus-setup: ") && said.contains(part) && said.ends_with(".\n"), "{said}");
    }
    fs::remove_file(machine.home().join(NodeConfig::KEY_FILE)).unwrap();
    let (status, _, said) = machine.run(&["--format", "bash", "--with-secrets", "--out", "y"]);
    assert_eq!(status, Some(3));
    assert!(said.contains("master key") && !machine.folder.path().join("y").exists(), "{said}");
}

/// Answers of a first node on Windows, as flags.
const ON_WINDOWS: [&str; 18] = [
    "--flow",
    "first-node",
    "--home",
    "C:\\Octopus",
    "--node-name",
    "web01",
    "--server",
    "sql01",
    "--database",
    "Octopus",
    "--user",
    "octopus",
    "--password-from",
    "env:PW",
    "--service-account",
    "custom",
    "--service-user",
    "CORP\\svc-octopus",
];

#[test]
fn a_script_for_another_platform_goes_by_that_platform_s_rules() {
    let machine = Machine::new();
    let on = |platform: &str, more: &[&str]| {
        let words = [&["--platform", platform], &ON_WINDOWS[..], more].concat();
        let mut command = Command::new(env!("CARGO_BIN_EXE_octopus-setup"));
        command.arg("script").args(words).env("OCTOPUS_SETUP_STATE_DIR", machine.state()).env("PW", "Passw0rd-x");
        let Output { status, stdout, stderr } = command.output().unwrap();
        (status.code(), String::from_utf8(stdout).unwrap(), String::from_utf8(stderr).unwrap())
    };
    // Windows wants the password of the account; nothing has to be said of the format.
    let (status, _, said) = on("windows", &[]);
    assert!(status == Some(3) && said.contains("service-password"), "{status:?} {said}");
    let (status, script, said) = on("windows", &["--service-password-from", "env:PW"]);
    assert_eq!((status, said.as_str()), (Some(0), ""));
    assert!(script.starts_with("#Requires -Version 5.1") && script.contains("'C:\\Octopus'"), "{script}");
    let (status, _, said) = on("linux", &["--service-password-from", "env:PW"]);
    assert!(
        status == Some(3) && said.contains("/var/lib/octopus") && !said.contains("C:\\Octopus\\octopus"),
        "{status:?} {said}"
    );
    // A path of Linux is none on Windows, and what to type instead is said in its own words.
    let (status, _, said) =
        on("windows", &["--service-password-from", "env:PW", "--storage", "root", "--storage-root", "/mnt/octopus"]);
    assert!(status == Some(3) && said.contains("\\\\files\\octopus"), "{status:?} {said}");
}

#[test]
fn without_a_format_it_is_a_script_for_the_platform() {
    let machine = Machine::new();
    let (status, text, _) = machine.run(&[]);
    assert_eq!(status, Some(0));
    let start = if octopus_setup::world::host::platform().is_windows() { "#Requires" } else { "#!/usr/bin/env bash" };
    assert!(text.starts_with(start), "{text}");
}
