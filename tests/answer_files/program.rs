//! The program itself: exit statuses and what is printed.

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};

fn program(folder: &Path, words: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_octopus-setup"));
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("OCTOPUS_SETUP_") {
            command.env_remove(name);
        }
    }
    command.args(words).current_dir(folder).env("OCTOPUS_SETUP_STATE_DIR", folder.join("state")).stdin(Stdio::null());
    command
}

fn run(folder: &Path, words: &[&str]) -> (Option<i32>, String, String) {
    told(&program(folder, words).output().unwrap())
}

fn told(output: &Output) -> (Option<i32>, String, String) {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.code(), text(&output.stdout), text(&output.stderr))
}

const GOOD: &[&str] = &["--server", "sql01", "--user", "octopus", "--password-from", "env:P", "--home"];
const HOME: &str = if cfg!(windows) { "C:\\O" } else { "/o" };

#[test]
fn a_template_is_checked_and_found_good() {
    let folder = tempfile::tempdir().unwrap();
    for flow in ["first-node", "join"] {
        let (status, template, _) = run(folder.path(), &["answers", "template", flow]);
        assert_eq!(status, Some(0));
        std::fs::write(folder.path().join("a.toml"), template).unwrap();
        let mut command = program(folder.path(), &["answers", "check", "--answers", "a.toml"]);
        let key = "5qJcW9E6B99teMmrOzaYNA==";
        let output = command.env("OCTOPUS_SETUP_PASSWORD", "hunter2").env("OCTOPUS_SETUP_MASTER_KEY", key).output().unwrap();
        let (status, out, err) = told(&output);
        // The key's variable is no answer for a first node, and that is said.
        assert_eq!(status, Some(0), "{out}{err}");
        assert!(out.contains("password  ") || out.contains("password    "), "{out}");
        assert!(!out.contains("hunter2") && !out.contains(key));
    }
}

#[test]
fn bad_answers_are_refused_with_status_3_by_every_command_that_takes_them() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("bad.toml"), "flow = 'first-node'\nservr = 'x'\npassword = 'hunter2'\n").unwrap();
    std::fs::write(folder.path().join("large.toml"), vec![b'#'; 2 << 20]).unwrap();
    for file in ["bad.toml", "none.toml", ".", "large.toml"] {
        for words in [
            &["answers", "check", "--flow", "first-node"][..],
            &["first-node", "--yes"],
            &["first-node", "--dry-run"],
            &["first-node"],
            &["answers", "check"],
            &["answers", "check", "--live"],
            &["script", "--format", "bash"],
        ] {
            let words = [words, &["--answers", file]].concat();
            let (status, out, err) = run(folder.path(), &words);
            assert_eq!(status, Some(3), "{words:?}: {out}{err}");
            assert!((out.clone() + &err).contains(file), "{words:?}: {out}{err}");
            assert!(!out.contains("hunter2") && !err.contains("hunter2"));
        }
    }
    assert!(!folder.path().join("state").exists(), "something was written");
}

#[test]
fn a_check_as_json_holds_problems_and_answers_and_no_secret() {
    let folder = tempfile::tempdir().unwrap();
    let words =
        [&["answers", "check", "--flow", "first-node", "--output", "json", "--trust", "none"][..], GOOD, &[HOME]].concat();
    let (status, out, _) = told(&program(folder.path(), &words).env("P", "hunter2").output().unwrap());
    assert_eq!(status, Some(0), "{out}");
    let value: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!(value["schema"], 1);
    assert_eq!(value["problems"], serde_json::json!([]));
    let answers = value["answers"].as_array().unwrap();
    let of = |field: &str| answers.iter().find(|answer| answer["field"] == field).unwrap();
    assert_eq!(of("server"), &serde_json::json!({ "field": "server", "origin": "flag", "place": "--server", "value": "sql01" }));
    assert_eq!(of("password"), &serde_json::json!({ "field": "password", "origin": "flag", "place": "--password-from" }));
    for live in [&[][..], &["--live"]] {
        let words = [&["answers", "check", "--output", "json", "--answers", "none.toml"][..], live].concat();
        let (status, out, err) = run(folder.path(), &words);
        let value: serde_json::Value = serde_json::from_str(&out).unwrap_or_else(|_| panic!("{words:?}: {out}{err}"));
        assert_eq!((status, &value["problems"][0]["file"]), (Some(3), &serde_json::json!("none.toml")));
    }
    let (_, out, _) = run(folder.path(), &["answers", "check", "--output", "json", "--set", "instance=a\u{9b}31mb"]);
    assert!(out.contains("\"instance\"") && !out.contains('\u{9b}'), "a terminal would obey it: {out:?}");
}

#[test]
fn a_secret_on_the_command_line_is_refused_and_not_repeated() {
    let folder = tempfile::tempdir().unwrap();
    for words in [
        &["first-node", "--yes", "--password=hunter2"][..],
        &["first-node", "--yes", "--password", "hunter2"],
        &["first-node", "--yes", "--password", "-hunter2"],
        &["first-node", "--yes", "--password", "--hunter2"],
        &["first-node", "--yes", "--set", "password=hunter2"],
        &["first-node", "--yes", "--password-from", "hunter2"],
        &["first-node", "--yes", "--password-from", "--hunter2"],
        &["script", "--format", "bash", "--set", "password=hunter2"],
    ] {
        let (status, out, err) = run(folder.path(), words);
        assert_eq!(status, Some(3), "{words:?}: {err}");
        let said = out + &err;
        assert!(said.contains("--password-from env:NAME") && !said.contains("hunter2"), "{words:?}: {said}");
    }
}

#[test]
fn a_mistyped_source_is_never_repeated() {
    let folder = tempfile::tempdir().unwrap();
    let base = ["first-node", "--yes", "--node-name=a", "--server=sql01.invalid", "--user=octo"];
    for (words, status) in [
        (&["--password-from", "env:hunter2"][..], 3),
        (&["--password-from=file:hunter2"], 3),
        (&["--password-from=file:/hunter2/hunter2"], 3),
        (&["--password-from", "env:", "hunter2"], 2),
        (&["hunter2"], 2),
        (&["--", "hunter2"], 2),
        (&["--plain", "hunter2"], 2),
        (&["--pasword=hunter2"], 2),
        (&["--pasword", "hunter2"], 2),
    ] {
        let (ended, out, err) = run(folder.path(), &[&base[..], words].concat());
        let said = out + &err;
        assert!(!said.contains("hunter2") && !said.is_empty(), "{words:?}: {said}");
        assert_eq!(ended, Some(status), "{words:?}: {said}");
    }
    for words in [&["hunter2"][..], &["--plain", "hunter2"], &["review", "--check", "hunter2"]] {
        let (_, out, err) = run(folder.path(), words);
        let said = out + &err;
        assert!(!said.contains("hunter2") && said.contains("is not repeated"), "{words:?}: {said}");
    }
    for text in ["password = { env = 'hunter2' }", "password = { file = 'hunter2' }"] {
        std::fs::write(folder.path().join("a.toml"), format!("flow = 'first-node'\n{text}\n")).unwrap();
        let (status, out, err) = run(folder.path(), &["answers", "check", "--answers", "a.toml"]);
        let said = out + &err;
        assert!(status == Some(3) && !said.contains("hunter2") && said.contains("a.toml, line 2"), "{text}: {said}");
    }
}

#[cfg(unix)]
#[test]
fn a_command_that_somebody_else_could_have_written_is_not_run() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let (place, file) = (folder.path().join("answers"), folder.path().join("answers/a.toml"));
    std::fs::create_dir(&place).unwrap();
    let ran = folder.path().join("ran");
    let text = format!(
        "flow = 'first-node'\nnode-name = 'a'\nserver = 's'\nuser = 'u'\npassword = {{ command = ['sh', '-c', 'echo x; touch {}'] }}\n",
        ran.display()
    );
    std::fs::write(&file, text).unwrap();
    let check = |file_mode, folder_mode| {
        let set = |path: &Path, mode| std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
        set(&file, file_mode);
        set(&place, folder_mode);
        let _ = std::fs::remove_file(&ran);
        let (status, out, err) = run(folder.path(), &["answers", "check", "--answers", "answers/a.toml"]);
        (status, ran.exists(), out + &err)
    };
    assert!(check(0o644, 0o755).1, "readable by others is no reason: {}", check(0o644, 0o755).2);
    for (file_mode, folder_mode, why) in [
        (0o664, 0o755, "(mode 0664)"),
        (0o602, 0o700, "(mode 0602)"),
        (0o600, 0o777, "write the folder"),
        (0o600, 0o775, "write the folder"),
    ] {
        let (status, has_run, said) = check(file_mode, folder_mode);
        assert!(status == Some(3) && !has_run, "{file_mode:o} {folder_mode:o}: {said}");
        assert!(said.contains("password: its command is not run, because") && said.contains(why), "{said}");
    }
    assert!(check(0o600, 0o1777).1, "in a sticky folder only its owner replaces it");
    if std::os::unix::fs::chown(&file, Some(54_321), None).is_ok() {
        let (status, has_run, said) = check(0o600, 0o755);
        assert!(status == Some(3) && !has_run && said.contains("belongs to another account (user number 54321)"), "{said}");
    }
}

#[test]
fn every_field_of_a_flow_has_its_flag_and_its_help() {
    use octopus_setup::catalog::flow as flows;
    use octopus_setup::model::field::FieldId;
    use octopus_setup::wizard::answer_file;
    let folder = tempfile::tempdir().unwrap();
    for flow in answer_file::FLOWS {
        let (status, help, _) = run(folder.path(), &[flow.id(), "--help"]);
        assert_eq!(status, Some(0));
        // Long lines are broken anywhere.
        let words = help.split_whitespace().collect::<Vec<_>>().join(" ");
        for field in FieldId::ALL {
            let is_there =
                help.lines().any(|line| line.trim_start().split(' ').next() == Some(answer_file::flag(field).as_str()));
            assert_eq!(is_there, field.is_presettable() && flows::asks(flow, field), "{flow:?} {}", field.id());
            assert_eq!(words.contains(&format!("[env: {}]", field.variable())), is_there, "{}", field.id());
        }
        assert!(
            words.contains("Exit status: 0 done; of a dry run or a check of answers: no problems found 2 the command line"),
            "{help}"
        );
        assert!(
            words.contains("Precedence: flag or --set (the later one) > environment > answer file (the later one) > default."),
            "{help}"
        );
    }
}

#[test]
fn flags_are_read_as_they_are_written() {
    let folder = tempfile::tempdir().unwrap();
    let value_of = |words: &[&str], field: &str| {
        let words = [&["answers", "check", "--flow", "join", "--output", "json"], words].concat();
        let (_, out, err) = run(folder.path(), &words);
        let value: serde_json::Value = serde_json::from_str(&out).unwrap_or_else(|_| panic!("{words:?}: {out}{err}"));
        let answers = value["answers"].as_array().unwrap().clone();
        answers
            .iter()
            .find(|answer| answer["field"] == field)
            .map(|answer| answer["value"].as_str().unwrap_or_default().to_owned())
    };
    assert_eq!(value_of(&["--force-ssl"], "force-ssl").as_deref(), Some("true"));
    assert_eq!(value_of(&["--force-ssl", "false"], "force-ssl").as_deref(), Some("false"));
    assert_eq!(value_of(&["--force-ssl", "--server", "a"], "force-ssl").as_deref(), Some("true"));
    assert_eq!(value_of(&["--instance", "Web"], "instance").as_deref(), Some("Web"));
    assert_eq!(value_of(&["--set", "server=a", "--server", "b"], "server").as_deref(), Some("b"));
    assert_eq!(value_of(&["--server", "b", "--set", "server=a"], "server").as_deref(), Some("a"), "the later one");
    for words in [&["--trust", "nobody"][..], &["--force-ssl", "yes"], &["--server", "a", "--server", "b"], &["--key-proof", "x"]]
    {
        assert_eq!(run(folder.path(), &[&["join", "--yes"], words].concat()).0, Some(2), "{words:?}");
    }
    assert_eq!(run(folder.path(), &["join", "--key-size", "aes-128"]).0, Some(2), "only for a first node");
}

#[test]
fn answers_come_through_a_pipe() {
    let folder = tempfile::tempdir().unwrap();
    let mut child = program(folder.path(), &["answers", "check", "--answers", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let text = format!("flow = 'first-node'\nserver = 'a'\nuser = 'b'\npassword = 'hunter2'\nhome = '{HOME}'\n");
    child.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
    let (status, out, _) = told(&child.wait_with_output().unwrap());
    assert_eq!(status, Some(0), "{out}");
    assert!(out.contains("4 answers, no problems found"), "{out}");
    assert!(!out.contains("hunter2"));
}

#[test]
fn a_reader_that_has_gone_is_no_defect() {
    let folder = tempfile::tempdir().unwrap();
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let status = program(folder.path(), &["answers", "schema"]).stdout(writer).status().unwrap();
    assert_eq!(status.code(), Some(0));
}

#[test]
fn a_node_config_s_script_takes_no_answers_beside_it() {
    let folder = tempfile::tempdir().unwrap();
    for named in [["--config", "octopus-node.toml"], ["--instance", "OctopusServer"]] {
        for given in [["--answers", "a.toml"], ["--set", "node-name=web02"], ["--node-name", "web02"], ["--set", "password=x"]] {
            let words = [&["script", "--format", "bash"][..], &named, &given].concat();
            let (status, out, err) = run(folder.path(), &words);
            assert_eq!((status, out.as_str()), (Some(2), ""), "{words:?}: {err}");
            assert!(err.contains("answers do not go with --instance and --config"), "{words:?}: {err}");
        }
    }
}

#[test]
fn a_warning_of_the_answers_is_told_before_a_person_is_asked() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.toml");
    std::fs::write(&path, "password = 'hunter2'\n").unwrap();
    super::scene::mode(&path, 0o600);
    let (_, out, err) = run(folder.path(), &["join", "--plain", "--answers", "a.toml"]);
    assert!(err.contains("password: the secret stands in the file itself."), "{err}");
    assert!(!out.contains("hunter2") && !err.contains("hunter2"));
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_told() {
    let folder = tempfile::tempdir().unwrap();
    for words in [&["template", "join"][..], &["schema"]] {
        let full = std::fs::File::options().write(true).open("/dev/full").unwrap();
        let words = [&["answers"], words].concat();
        let (status, _, err) = told(&program(folder.path(), &words).stdout(full).stderr(Stdio::piped()).output().unwrap());
        assert_eq!(status, Some(2), "{words:?}: {err}");
    }
}

/// To run a command is to listen for signals, and tokio never gives them back.
#[cfg(target_os = "linux")]
#[test]
fn a_signal_ends_the_wait_for_standard_input_after_a_command_too() {
    use rustix::process::{Pid, Signal, kill_process};

    for (signal, status) in [(Signal::INT, 130), (Signal::TERM, 143), (Signal::HUP, 129)] {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.toml");
        let text = "server = 'a'\nuser = 'b'\nhome = '/o'\npassword = { command = ['sh', '-c', 'echo $$; echo $$ > pid'] }\n\
                    master-key = { stdin = true }\n";
        std::fs::write(&path, text).unwrap();
        let mut child = program(folder.path(), &["join", "--dry-run", "--answers", "a.toml"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let begun = std::time::Instant::now();
        let patience = |what: &str| assert!(begun.elapsed().as_secs() < 20, "{what}");
        let command = loop {
            patience("the command is run");
            match std::fs::read_to_string(folder.path().join("pid")) {
                Ok(text) if text.ends_with('\n') => break text.trim().to_owned(),
                _ => std::thread::yield_now(),
            }
        };
        while Path::new("/proc").join(&command).exists() {
            patience("the command has ended");
            std::thread::yield_now();
        }
        kill_process(Pid::from_child(&child), signal).unwrap();
        let ended = loop {
            if let Some(ended) = child.try_wait().unwrap() {
                break ended;
            }
            if begun.elapsed().as_secs() >= 20 {
                child.kill().unwrap();
                child.wait().unwrap();
                panic!("{signal:?} is not heard");
            }
            std::thread::yield_now();
        };
        assert_eq!(ended.code(), Some(status), "{ended:?}");
    }
}
