//! `--record` and `--replay` on the command line.

use std::path::Path;

use super::*;

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// A recording of the start screen, left at once.
fn record(folder: &Path, file: &str) -> Output {
    program(&folder.join("state"), &["--plain", "--record", file]).current_dir(folder).output().unwrap()
}

fn replay(folder: &Path, words: &[&str]) -> Output {
    program(&folder.join("other-state"), words).current_dir(folder).output().unwrap()
}

#[test]
fn a_recording_is_its_owner_s_alone_is_never_written_over_and_is_replayed_without_a_trace() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let recorded = record(folder.path(), "run.jsonl");
    assert_eq!(recorded.status.code(), Some(130), "{recorded:?}");
    let path = folder.path().join("run.jsonl");
    assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    let first = std::fs::read_to_string(&path).unwrap();
    let header: serde_json::Value = serde_json::from_str(first.lines().next().unwrap()).unwrap();
    assert_eq!((header["format"].as_u64(), header["program"].as_str()), (Some(1), Some(env!("CARGO_PKG_VERSION"))));
    assert_eq!(header["size"], serde_json::Value::Null);

    for words in [&["--replay", "run.jsonl"][..], &["--plain", "--replay", "run.jsonl"]] {
        let shown = replay(folder.path(), words);
        assert!(shown.status.success() && shown.stderr.is_empty(), "{shown:?}");
        let shown = text(&shown.stdout);
        assert!(shown.starts_with("Recorded by octopus-setup ") && shown.ends_with("The recording ends here.\n"), "{shown}");
        assert!(shown.contains("press Quit"), "{shown}");
    }
    assert!(!folder.path().join("other-state").exists(), "a replay writes nothing");

    let again = record(folder.path(), "run.jsonl");
    assert_eq!(again.status.code(), Some(2));
    assert!(text(&again.stderr).contains("the recording run.jsonl cannot be written: "), "{again:?}");
    assert_eq!(std::fs::read_to_string(&path).unwrap(), first);
}

#[test]
fn what_cannot_be_replayed_is_refused_with_two_and_the_line() {
    let folder = tempfile::tempdir().unwrap();
    record(folder.path(), "run.jsonl");
    let whole = std::fs::read_to_string(folder.path().join("run.jsonl")).unwrap();
    let first = whole.lines().next().unwrap();
    for (content, says) in [
        (String::new(), "it is empty."),
        (whole[..whole.len() - 5].to_owned(), "breaks off: the recording is cut short there."),
        (whole.replacen("\"format\":1", "\"format\":7", 1), "line 1: its format is 7, "),
        (format!("{first}\n{{}}\n"), "line 2 cannot be read: missing field `at`"),
    ] {
        std::fs::write(folder.path().join("bad.jsonl"), content).unwrap();
        let refused = replay(folder.path(), &["--replay", "bad.jsonl"]);
        assert_eq!(refused.status.code(), Some(2), "{refused:?}");
        assert!(refused.stdout.is_empty() && text(&refused.stderr).contains(says), "{refused:?}");
    }
    let absent = replay(folder.path(), &["--replay", "absent.jsonl"]);
    assert_eq!(absent.status.code(), Some(2));
    assert!(text(&absent.stderr).starts_with("octopus-setup: the recording absent.jsonl cannot be replayed: "), "{absent:?}");
}

#[test]
fn what_is_not_recorded_says_so() {
    let folder = tempfile::tempdir().unwrap();
    for (words, status) in [
        (&["--record", "x", "answers", "schema"][..], 2),
        (&["check", "--record", "x"], 2),
        (&["--replay", "x", "join"], 2),
        (&["--replay", "x", "--record", "y"], 2),
        (&["--replay", "x", "review", "--check"], 64),
    ] {
        let refused = replay(folder.path(), words);
        assert_eq!(refused.status.code(), Some(status), "{words:?}: {refused:?}");
        assert!(text(&refused.stderr).starts_with("octopus-setup: --re"), "{refused:?}");
        assert!(!folder.path().join("x").exists());
    }
}

#[test]
fn a_run_without_a_screen_is_recorded_too() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(
        folder.path().join("a.toml"),
        "server = \"nowhere.invalid\"\nuser = \"octo\"\npassword = { env = \"SECRET\" }\nmaster-key = { env = \"KEY\" }\n",
    )
    .unwrap();
    let mut command =
        program(&folder.path().join("state"), &["join", "--answers", "a.toml", "--dry-run", "--record", "run.jsonl"]);
    let key = "aHVudGVyMi1rZXktLS0tLQ==";
    let output = command.current_dir(folder.path()).env("SECRET", "hunter2-hunter2").env("KEY", key).output().unwrap();
    assert_eq!(output.status.code(), Some(4), "{output:?}");
    let mut command =
        program(&folder.path().join("state"), &["review", "--check", "--config", "/none.toml", "--record", "review.jsonl"]);
    let output = command.current_dir(folder.path()).output().unwrap();
    assert_eq!(output.status.code(), Some(3), "{output:?}");
    let shown = replay(folder.path(), &["--replay", "review.jsonl"]);
    assert!(shown.status.success() && text(&shown.stdout).contains("node-config"), "{shown:?}");
    for file in ["run.jsonl", "review.jsonl"] {
        let text = std::fs::read_to_string(folder.path().join(file)).unwrap();
        assert!(text.lines().count() > 1 && !text.contains("hunter2") && !text.contains(key), "{text}");
    }
}

#[test]
fn a_run_whose_answers_are_refused_leaves_no_recording() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("a.toml"), "no-such-field = 1\n").unwrap();
    let mut command = program(&folder.path().join("state"), &["join", "--answers", "a.toml", "--yes", "--record", "run.jsonl"]);
    let output = command.current_dir(folder.path()).output().unwrap();
    assert_eq!(output.status.code(), Some(3), "{output:?}");
    assert!(!folder.path().join("run.jsonl").exists());
}
