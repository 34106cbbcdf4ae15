//! Answer files that cannot be read, and secrets that stand in them.

use octopus_setup::model::answers::AnswerPlace;
use octopus_setup::world::answer_sources::Mode;

use super::scene::{mode, password, scene, with};

/// What is said of an answer file with these bytes.
fn said_of(bytes: &[u8]) -> Vec<String> {
    let mut scene = scene().variable("OCTOPUS_SETUP_PASSWORD", "x");
    scene.file("a.toml", bytes);
    scene.told()
}

#[test]
fn a_good_file_gives_its_answers_and_their_places() {
    let mut scene = with("password = { env = 'P' }\ndatabase = 'Octo'\n").variable("P", "s3cret");
    let resolved = scene.gather();
    assert_eq!(resolved.judge(), []);
    assert_eq!(password(&resolved), "s3cret");
    let place = &resolved.loaded.places[&octopus_setup::model::field::FieldId::Database];
    assert!(matches!(place, AnswerPlace::Line { line: 2, column: 1, .. }), "{place:?}");
    assert!(!format!("{resolved:?}").contains("s3cret"), "Debug shows a secret");
}

#[test]
fn what_is_no_small_text_file_is_told_with_its_name() {
    assert_eq!(said_of(b"\xef\xbb\xbfdatabase = 'x'\n"), Vec::<String>::new(), "a mark is fine");
    for (bytes, part) in [
        (&b"a\n\xff"[..], "is not UTF-8 text; the first wrong byte is in line 2. Save it as UTF-8."),
        (b"\xff\xfea\0", "is UTF-16 text, and must be UTF-8. Save it as UTF-8."),
        (b"\xfe\xff\0a", "is UTF-16 text"),
    ] {
        let told = said_of(bytes);
        assert_eq!(told.len(), 1, "{told:?}");
        assert!(told[0].starts_with("Stop a.toml: the answer file ") && told[0].contains(part), "{told:?}");
    }
}

#[test]
fn a_file_of_fifty_megabytes_is_refused_without_being_read() {
    let mut scene = scene().variable("OCTOPUS_SETUP_PASSWORD", "x");
    let path = scene.folder.path().join("large.toml");
    std::fs::File::create(&path).unwrap().set_len(50 << 20).unwrap();
    scene.command_line.files.push(path);
    let told = scene.told();
    assert_eq!(told.len(), 1);
    assert!(told[0].contains("the answer file has 52428800 bytes, and may have 1048576."), "{told:?}");
}

#[test]
fn what_is_not_there_or_a_folder_is_told() {
    let mut scene = scene().variable("OCTOPUS_SETUP_PASSWORD", "x");
    scene.command_line.files = vec![scene.folder.path().join("none.toml"), scene.folder.path().to_owned()];
    let told = scene.told();
    assert_eq!(told.len(), 2);
    assert_eq!(told[0], "Stop none.toml: the answer file is not there. See whether the path is right.");
    assert!(told[1].contains("the answer file is a folder, and must be a file."), "{told:?}");
}

#[cfg(unix)]
#[test]
fn a_pipe_a_device_and_a_link_to_nowhere_are_told_and_do_not_hang() {
    let mut scene = scene().variable("OCTOPUS_SETUP_PASSWORD", "x");
    let pipe = scene.folder.path().join("pipe");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let link = scene.folder.path().join("link");
    std::os::unix::fs::symlink("nowhere", &link).unwrap();
    scene.command_line.files = vec![pipe, "/dev/zero".into(), link];
    let told = scene.told();
    assert!(told[0].contains("is a device or a pipe, and must be a file.") && told[0].contains("--answers -"), "{told:?}");
    assert!(told[1].contains("is a device or a pipe"), "{told:?}");
    assert!(told[2].contains("is a symbolic link to nowhere, which is not there. Fix the link."), "{told:?}");
}

#[cfg(unix)]
#[test]
fn a_secret_in_clear_is_refused_where_others_can_read_it_and_warned_of_where_not() {
    for (rights, expected) in [
        (0o644, "Stop a.toml, line 1, column 1: password: the secret stands in a file that others can read, so it is refused."),
        (0o640, "Stop "),
        (0o604, "Stop "),
        (0o600, "Warn a.toml, line 1, column 1: password: the secret stands in the file itself."),
        (0o400, "Warn "),
    ] {
        let mut scene = with("password = 'hunter2'\n");
        mode(&scene.command_line.files[0], rights);
        let told = scene.told();
        assert_eq!(told.len(), 1, "{rights:o}: {told:?}");
        assert!(told[0].starts_with(expected), "{rights:o}: {told:?}");
        assert!(!told[0].contains("hunter2"));
        assert_eq!(password(&scene.gather()) == "hunter2", expected.starts_with("Warn"));
    }
}

#[test]
fn a_secret_in_clear_is_refused_even_where_a_variable_goes_before_it() {
    let mut scene = with("password = 'hunter2'\n").variable("OCTOPUS_SETUP_PASSWORD", "x");
    mode(&scene.command_line.files[0], 0o644);
    assert_eq!(scene.told().len(), usize::from(cfg!(unix)), "it has been read by others all the same");
}

#[test]
fn standard_input_can_be_an_answer_file_and_a_secret_in_it_is_nobody_elses() {
    let mut scene = scene();
    scene.command_line.files.push("-".into());
    scene.stdin = Some("password = 'hunter2'\n");
    let resolved = scene.gather();
    assert_eq!(resolved.judge(), []);
    assert_eq!(password(&resolved), "hunter2");
    scene.stdin = Some("pasword = 'hunter2'\n");
    let told = scene.told();
    assert!(told[0].starts_with("Stop standard input, line 1, column 1: unknown key `pasword`."), "{told:?}");
    scene.stdin = None;
    assert!(scene.told()[0].contains("is to come from standard input, and that is a terminal. Pipe the answers in."));
    scene.stdin = Some("password = { stdin = true }\n");
    assert!(scene.told()[0].contains("password: standard input was read already."), "{:?}", scene.told());
}

#[test]
fn everything_that_is_wrong_with_every_file_is_told_at_once() {
    let mut scene = with("servr = 1\nuser = 2\n");
    scene.file("b.toml", b"[[[\n");
    scene.command_line.files.push("/nowhere.toml".into());
    let told = scene.told();
    for part in ["a.toml, line 1", "a.toml, line 2", "b.toml, line 1", "/nowhere.toml", "password: Type the login"] {
        assert!(told.iter().any(|told| told.contains(part)), "{part}: {told:#?}");
    }
}

#[test]
fn a_file_for_the_other_flow_is_refused() {
    let mut scene = with("flow = 'join'\n").variable("OCTOPUS_SETUP_PASSWORD", "x");
    let told = scene.told();
    assert!(
        told[0].starts_with("Stop a.toml, line 1, column 8: these answers are for join, and this is first-node."),
        "{told:?}"
    );
    scene.command_line.flow = None;
    assert_eq!(scene.gather().flow.map(octopus_setup::model::flow::Flow::id), Some("join"));
    scene.command_line.files.clear();
    assert!(scene.told()[0].contains("nothing says which flow the answers are for."));
}

#[test]
fn with_a_face_what_is_only_missing_is_left_to_it() {
    let mut scene = with("password = { env = 'UNSET' }\nservice-password = { prompt = true }\n");
    scene.mode = Mode::Interactive;
    let resolved = scene.gather();
    assert_eq!(resolved.loaded.problems, []);
    scene.mode = Mode::Headless;
    let told = scene.told();
    let expected = "password: the environment variable that is named here is not set. Set it, or give the answer by OCTOPUS_SETUP_PASSWORD or by \
                    --password-from.";
    assert!(told[0].contains(expected), "{told:?}");
}
