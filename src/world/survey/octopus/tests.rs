//! The survey against programs that are made for it: small scripts that tell, stay silent, hang, or print without end.

#![cfg(unix)]

use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::time::Duration;

use super::*;

struct Scene {
    folder: tempfile::TempDir,
    places: Places,
}

impl Scene {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let mut places = Places::under(folder.path().join("state"));
        places.octopus_executables = vec![folder.path().join("none"), folder.path().join("Octopus.Server")];
        places.octopus_instances = folder.path().join("instances");
        places.unit_folders = vec![folder.path().join("units")];
        Self { folder, places }
    }

    /// A script at this name. All of a test's are written before one is run: while one is open for writing, a child that
    /// another thread starts would inherit it, and the kernel runs no file that is open for writing.
    fn script(&self, name: &str, text: &str, mode: u32) -> PathBuf {
        let path = self.folder.path().join(name);
        std::fs::write(&path, format!("#!/bin/sh\n{text}\n")).expect("written");
        std::fs::set_permissions(&path, PermissionsExt::from_mode(mode)).expect("changed");
        path
    }

    async fn survey(&self, program: Option<&Path>) -> OctopusFacts {
        let mut last = OctopusFacts::default();
        octopus(&self.places, program, "OctopusServer", |facts| last = facts).await;
        last
    }
}

fn said(trouble: Option<&Trouble>) -> &str {
    match trouble {
        Some(Trouble::Io(said)) => said.as_str(),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_program_tells_its_version_and_its_instances() {
    let scene = Scene::new();
    let tells = r#"case "$1 $2" in
  "version ") echo 2026.4.1;;
  "list-instances --format=json")
    echo 'Error: something in String[] before it' >&2
    echo '[ { "InstanceName": "Default", "ConfigurationFilePath": "/o/x.config" } ]';;
esac"#;
    scene.script("Octopus.Server", tells, 0o755);
    std::fs::create_dir(&scene.places.unit_folders[0]).expect("a folder");
    std::fs::write(scene.places.unit_folders[0].join("OctopusServer.service"), "").expect("written");
    let facts = scene.survey(None).await;
    assert_eq!(facts.program, Fact::Seen(Some(scene.places.octopus_executables[1].clone())));
    assert_eq!(facts.version, Fact::Seen("2026.4.1".into()));
    assert_eq!(facts.instances, Fact::Seen(vec![("Default".into(), "/o/x.config".into())]));
    assert_eq!(facts.service, Fact::Seen(Some("OctopusServer.service".into())));
}

#[tokio::test]
async fn without_a_program_the_registry_s_files_tell_the_instances() {
    let scene = Scene::new();
    let facts = scene.survey(None).await;
    assert_eq!((&facts.program, &facts.instances), (&Fact::Seen(None), &Fact::Missing(Trouble::Unasked)));
    assert_eq!(facts.service, Fact::Seen(None));
    std::fs::create_dir(&scene.places.octopus_instances).expect("a folder");
    let record = r#"{"Name":"b","ConfigurationFilePath":"/b"}"#;
    std::fs::write(scene.places.octopus_instances.join("b.config"), record).expect("written");
    assert_eq!(scene.survey(None).await.instances, Fact::Seen(vec![("b".into(), "/b".into())]));
    let asked = scene.folder.path().join("not there");
    assert_eq!(scene.survey(Some(&asked)).await.program, Fact::Seen(None), "one that was asked for is looked for there only");
}

#[tokio::test]
async fn a_program_that_tells_nothing_or_lies_is_told_of_with_its_own_words() {
    let scene = Scene::new();
    let mute = scene.script("mute", "exit 3", 0o755);
    let lies = scene.script("lies", "echo 'I am \x1b[31mfine'; exit 0", 0o755);
    let open = scene.script("open", "echo 2024.4.6962", 0o777);
    let dull = scene.script("dull", "echo 2024.4.6962", 0o644);
    let much = scene.script("much", "echo 2024.4.1; head -c 100000000 /dev/zero | tr '\\0' 'y'", 0o755);

    let facts = scene.survey(Some(&mute)).await;
    assert_eq!(said(facts.version.trouble()), "asked for its version, it ended with status 3 and printed nothing");
    let facts = scene.survey(Some(&lies)).await;
    assert!(said(facts.version.trouble()).ends_with("and printed: I am ^[[31mfine"), "{facts:?}");
    assert!(said(facts.instances.trouble()).starts_with("asked for its instances, it ended with status 0"), "{facts:?}");
    assert!(said(scene.survey(Some(&open)).await.version.trouble()).contains("can be changed by others"));
    assert!(said(scene.survey(Some(&dull)).await.version.trouble()).contains("denied"));
    let facts = scene.survey(Some(&much)).await;
    assert_eq!(facts.version, Fact::Seen("2024.4.1".into()));
    assert!(said(facts.instances.trouble()).contains("and printed: 2024.4.1 yyyy"));
}

#[tokio::test]
async fn a_program_that_hangs_is_ended() {
    let scene = Scene::new();
    let hangs = scene.script("hangs", "echo 2024.4.1; echo $$ > \"$0.pid\"; sleep 600 & sleep 600", 0o755);
    let waited = Duration::from_millis(300);
    assert_eq!(ask_version(&hangs, waited).await, Fact::Missing(Trouble::TimedOut { waited }));
    // Where it came so far as to write its number, it is gone. (What it started belongs to somebody else by now, who may not
    // have collected it yet.)
    let pid = std::fs::read_to_string(scene.folder.path().join("hangs.pid")).unwrap_or_default();
    if let Some(group) = pid.trim().parse().ok().and_then(rustix::process::Pid::from_raw) {
        assert_eq!(rustix::process::test_kill_process(group), Err(rustix::io::Errno::SRCH));
    }
}
