//! `log-unknown-fatal`, `registry-unreadable`, `toml-lookalikes` and `not-an-octopusserver-config`.

use octopus_setup::catalog::checks::{self, Case};
use octopus_setup::model::answers::{Answers, Origin, Raw};
use octopus_setup::model::check::CheckId;
use octopus_setup::model::facts::Facts;
use octopus_setup::model::field::FieldId;
use octopus_setup::model::finding::{Finding, Severity, Verdict};
use octopus_setup::model::flow::Flow;
use octopus_setup::world::places::Places;
use octopus_setup::world::survey;

use crate::{case, program, run};

fn judged(check: CheckId, flow: Flow, answers: &Answers, facts: &Facts) -> Verdict {
    checks::judge(check, &Case { flow, answers, facts, running: false, resuming: None, key: None, subject: None })
}

fn findings(verdict: Verdict) -> Vec<Finding> {
    match verdict {
        Verdict::Found(findings) => findings,
        other => panic!("{other:?}"),
    }
}

/// What the check says of a log with these lines.
async fn of_log(lines: &str) -> Vec<Finding> {
    let home = tempfile::tempdir().unwrap();
    std::fs::create_dir(home.path().join("Logs")).unwrap();
    let start = "2026-11-30 10:00:00.0000   4711      1 INFO  ==== RunCommand ====\n";
    std::fs::write(home.path().join("Logs/OctopusServer.txt"), format!("{start}{lines}\n")).unwrap();
    let mut facts = Facts::default();
    survey::health(&[], home.path(), |health| facts.health = health).await;
    findings(judged(CheckId::OctopusLog, Flow::Review, &Answers::new(octopus_setup::world::host::platform()), &facts))
}

#[tokio::test]
async fn each_line_of_the_log_is_known_and_quoted() {
    let lines = std::fs::read_to_string(case("log-unknown-fatal").join("lines.txt")).unwrap();
    let mut failed = Vec::new();
    for (id, line) in lines.lines().filter_map(|line| line.split_once('|')) {
        let (_, text) = line.split_once("  ").unwrap();
        let found = of_log(&format!("2026-11-30 10:00:01.0000   4711      9 {line}")).await;
        let start: String = text.chars().take(40).collect();
        let first = &found[0];
        if first.severity != Severity::Warn || !first.says.contains(&start) || first.says.contains("does not know") {
            failed.push(format!("{id}: {first:?}"));
        }
    }
    assert!(failed.is_empty(), "{failed:#?}");
}

#[tokio::test]
async fn the_newest_error_that_nobody_knows_is_quoted_too() {
    let at = "2026-11-30 10:00:01.0000   4711      9";
    let found = of_log(&format!(
        "{at} FATAL  The flux capacitor is empty.\n   at Octopus.Time.Travel()\n{at} INFO  Goes on\n{at} ERROR  Kaputt 0815.\n{at} INFO  Goes on"
    ))
    .await;
    assert!(found[0].severity == Severity::Warn && found[0].says.contains("flux capacitor"), "{found:#?}");
    let found = of_log(&format!("{at} ERROR  Kaputt 0815.\n{at} INFO  Goes on")).await;
    assert!(found[0].severity == Severity::Note && found[0].says.contains("Kaputt 0815"), "{found:#?}");
    // What begins an error is known by the lines that follow it.
    let found =
        of_log(&format!("{at} FATAL  Unhandled exception\nSystem.Exception: Login failed for user 'octopus'.\n   at x")).await;
    assert!(found.len() == 1 && found[0].says.contains("Login failed"), "{found:#?}");
}

/// What the check says of an instance of this name, beside these records.
async fn of_registry(instance: &str) -> Verdict {
    let folder = tempfile::tempdir().unwrap();
    let records = folder.path().join("Instances");
    std::fs::create_dir(&records).unwrap();
    for entry in std::fs::read_dir(case("registry-unreadable")).unwrap() {
        let entry = entry.unwrap();
        std::fs::copy(entry.path(), records.join(entry.file_name())).unwrap();
    }
    #[cfg(unix)]
    std::os::unix::fs::symlink(folder.path().join("nowhere"), records.join("dangling.config")).unwrap();
    let there = folder.path().join("there.config").display().to_string();
    std::fs::write(&there, "<octopus-settings/>").unwrap();
    for (file, text) in [
        ("empty.config", String::new()),
        ("no-config.config", r#"{"Name":"No Config","ConfigurationFilePath":" "}"#.to_owned()),
        ("no-name.config", r#"{"Name":"","ConfigurationFilePath":"/x"}"#.to_owned()),
        ("file-name.config", serde_json::json!({ "Name": "Another Name", "ConfigurationFilePath": there }).to_string()),
    ] {
        std::fs::write(records.join(file), text).unwrap();
    }
    let places = Places { octopus_instances: records, ..Places::under(folder.path().join("state")) };
    let mut answers = Answers::new(octopus_setup::world::host::platform());
    answers.set(FieldId::Instance, Raw::Text(instance.into()), Origin::Typed);
    let mut facts = Facts::default();
    survey::home(&places, &folder.path().join("home"), instance, |home| facts.home = home).await;
    judged(CheckId::HomeInstance, Flow::FirstNode, &answers, &facts)
}

#[tokio::test]
async fn a_record_of_octopus_that_cannot_be_read_is_told_and_its_name_is_taken() {
    let names: &[&str] = if cfg!(unix) { &["Plain", "several", "DANGLING"] } else { &["Plain", "several"] };
    for name in names.iter().chain(&["empty", "No Config", "no-name"]) {
        let found = findings(of_registry(name).await);
        assert!(found[0].severity == Severity::Stop && found[0].says.contains("cannot be read"), "{found:#?}");
    }
    // UTF-16, as PowerShell writes it, is read.
    let found = findings(of_registry("Wide").await);
    assert!(found[0].severity == Severity::Stop && found[0].says.contains(r"C:\Octopus\Wide.config"), "{found:#?}");
    // It leads nowhere on this machine.
    assert!(found[0].says.contains("and there is none"), "{found:#?}");
    // Octopus would write over the file, whatever its record says; and the name in it is taken as well.
    for name in ["File Name", "another-name"] {
        let found = findings(of_registry(name).await);
        assert!(found[0].severity == Severity::Stop && found[0].says.contains("there.config"), "{found:#?}");
        assert!(!found[0].says.contains("and there is none"), "{found:#?}");
    }
    // Another name may be in a record that could not be read.
    let found = findings(of_registry("Free").await);
    assert!(found.iter().all(|finding| finding.severity == Severity::Warn), "{found:#?}");
    let said = found.iter().map(|finding| finding.says.as_str()).collect::<Vec<_>>().join(" ");
    for file in ["plain.config", "several.config", "empty.config", "no-config.config", "no-name.config"] {
        assert!(said.contains(file), "{said}");
    }
}

#[test]
fn a_character_that_only_looks_like_toml_is_named() {
    let state = tempfile::tempdir().unwrap();
    for (file, part) in [
        ("smart.toml", Some("U+201C")),
        ("smartsingle.toml", Some("U+2018")),
        ("nbsp.toml", Some("U+00A0")),
        ("zw.toml", Some("U+200B")),
        ("utf16lenobom.toml", Some("UTF-16")),
        ("nbspvalue.toml", None),
    ] {
        let path = case("toml-lookalikes").join(file).display().to_string();
        let (_, said) = run(program(state.path(), &["answers", "check", "--flow", "first-node", "--answers", &path]));
        match part {
            Some(part) => assert!(said.contains(part), "{file}: {said}"),
            None => assert!(!said.contains("not TOML"), "{file}: {said}"),
        }
    }
}

#[test]
fn what_is_no_config_of_an_octopus_server_is_told_as_what_it_is() {
    let (state, files) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let own = |name: &str, text: &str| {
        let path = files.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    };
    let folder = case("not-an-octopusserver-config");
    let text = |name: &str| std::fs::read_to_string(folder.join(name)).unwrap();
    let (tentacle, server) = ("the config of a Tentacle", "Octopus Server's show-configuration");
    let of_tentacle = r#"{"Octopus":{"Home":"x"},"Tentacle":{"Services":{"PortNumber":10933}}}"#;
    let given = [
        (folder.join("Tentacle.config"), tentacle),
        (own("no-ending", &text("Tentacle.config")), tentacle),
        (folder.join("show.json"), server),
        (own("show.config", &text("show.json")), server),
        (own("behind-an-exception.txt", &format!("System.Exception: no\n   at X.Y()\n{}", text("show.json"))), server),
        (own("tentacle.json", of_tentacle), "show-configuration of a Tentacle"),
        (own("other.json", "{}"), "it is JSON"),
    ];
    for (path, part) in given {
        let path = path.display().to_string();
        for (words, expected) in
            [(&["review", "--check"][..], 3), (&["load-balancer", "nginx"], 3), (&["tentacles"], 3), (&["script"], 3)]
        {
            let (status, said) = run(program(state.path(), &[words, &["--config", &path]].concat()));
            assert_eq!(status, Some(expected), "{words:?}: {said}");
            assert!(said.contains(part), "{words:?} {path}: {said}");
            for wrong in ["made by Octopus Server", "no connection string", "operating system names", "line 1"] {
                assert!(!said.contains(wrong), "{words:?} {path}: {said}");
            }
        }
    }
}
