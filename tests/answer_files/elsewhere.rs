//! Answers that stand elsewhere: in files, in the output of commands, on standard input, with a person.

use std::time::{Duration, Instant};

use octopus_setup::model::flow::Flow;
use octopus_setup::wizard::answer_file;
use octopus_setup::world::answer_sources::{DEPTH_VARIABLE, Mode};

use super::scene::{Scene, mode, password, scene, with};

/// What is said where the password is the output of this shell script.
fn script(script: &str) -> Scene {
    let mut scene = with("password = { command = ['./secret.sh', 'argument'] }\n");
    let path = scene.write("secret.sh", format!("#!/bin/sh\n{script}\n").as_bytes());
    mode(&path, 0o700);
    scene.environment.insert("PATH".into(), std::env::var_os("PATH").unwrap());
    scene
}

#[test]
fn a_secrets_file_loses_its_line_breaks_and_nothing_else() {
    for (bytes, secret) in [
        (&b"s3cret"[..], "s3cret"),
        (b"s3cret\n", "s3cret"),
        (b" s3cret \r\n\r\n", " s3cret "),
        (b"\xef\xbb\xbfs3cret\n", "s3cret"),
        (b"\xff\xfes\x003\0\r\0\n\0", "s3"),
    ] {
        let mut scene = with("password = { file = 'secret' }\n");
        scene.write("secret", bytes);
        let resolved = scene.gather();
        assert_eq!(resolved.judge(), []);
        assert_eq!(password(&resolved), secret);
    }
}

#[test]
fn a_bad_secrets_file_is_told_with_the_place_and_the_file() {
    for (bytes, part) in [
        (&b""[..], "password: secret is empty."),
        (b"\n\r\n", "password: secret is empty."),
        (b"\xff", "password: secret is neither UTF-8 nor UTF-16 text."),
        ("x".repeat(70_000).as_bytes(), "password: secret has 70000 bytes, and may have 65536."),
    ] {
        let mut scene = with("password = { file = 'secret' }\n");
        scene.write("secret", bytes);
        let told = scene.told();
        assert_eq!(told.len(), 1, "{told:?}");
        assert!(told[0].starts_with("Stop a.toml, line 1, column 1: ") && told[0].contains(part), "{told:?}");
    }
    let mut scene = with("password = { file = 'none' }\ndatabase = { file = '/' }\n");
    let told = scene.told();
    assert!(
        told[0].contains("database: / is a folder") && told[1].contains("password: the file that is named here is not there."),
        "{told:?}"
    );
}

#[test]
fn a_secrets_file_that_others_can_read_is_warned_of() {
    let mut scene = with("password = { file = 'secret' }\n");
    mode(&scene.write("secret", b"x"), 0o644);
    let told = scene.told();
    assert_eq!(told, ["Warn a.toml, line 1, column 1: password: secret can be read by others than its owner. chmod 600 secret"]);
    let mut scene = with("password = { env = 'P' }\ndatabase = { file = 'name' }\n").variable("P", "x");
    mode(&scene.write("name", b"Octo"), 0o644);
    assert_eq!(scene.told(), Vec::<String>::new(), "a database's name is no secret");
}

#[test]
fn a_command_gets_its_words_as_they_are_and_runs_in_the_files_folder() {
    let mut scene = script("echo \"$1 $(basename \"$PWD\")\"");
    let name = scene.folder.path().file_name().unwrap().to_string_lossy().into_owned();
    assert_eq!(password(&scene.gather()), format!("argument {name}"));
    let mut scene = with("password = { command = ['printf', '%s', '$HOME; `id`'] }\n");
    scene.environment.insert("PATH".into(), std::env::var_os("PATH").unwrap());
    assert_eq!(password(&scene.gather()), "$HOME; `id`");
}

#[test]
fn a_command_gets_the_environment_without_our_secrets_and_nothing_to_read() {
    let mut scene =
        script("cat; echo \"$ORDINARY,$OCTOPUS_SETUP_MASTER_KEY,$OCTOPUS_SETUP_SERVICE_PASSWORD,$OCTOPUS_SETUP_DEPTH\"")
            .variable("ORDINARY", "yes")
            .variable("OCTOPUS_SETUP_MASTER_KEY", "hunter2")
            .variable("OCTOPUS_SETUP_SERVICE_PASSWORD", "hunter2");
    assert_eq!(password(&scene.gather()), "yes,,,1");
}

#[test]
fn a_command_that_gives_nothing_is_told_with_what_it_said() {
    for (text, part) in [
        (
            "echo no such vault for hunter2 >&2; exit 3",
            "password: the command ./secret.sh failed (exit status: 3); what it said is not shown, because the secret may be in it.",
        ),
        ("kill -9 $$", "failed (signal: 9"),
        ("true", "password: what the command ./secret.sh printed is empty."),
        ("printf '\\377'", "printed is neither UTF-8 nor UTF-16 text."),
        ("head -c 100000 /dev/zero", "printed more than 65536 bytes."),
        ("head -c 100000 /dev/zero >&2; exit 1", "failed (exit status: 1)"),
    ] {
        let told = script(text).told();
        assert_eq!(told.len(), 1, "{text}: {told:?}");
        assert!(told[0].starts_with("Stop a.toml, line 1, column 1: ") && told[0].contains(part), "{text}: {told:?}");
        assert!(told[0].len() < 3000 && !told[0].contains("hunter2"));
    }
    let told = with("password = { command = ['/no/such/program'] }\n").told();
    assert!(told[0].contains("the command /no/such/program cannot be started: No such file"), "{told:?}");
}

#[test]
fn what_the_command_of_no_secret_said_is_shown() {
    for (text, part) in [
        ("echo no such vault >&2; exit 3", "it said: no such vault."),
        ("printf '\\033[31mred' >&2; exit 1", "it said: ^[[31mred."),
    ] {
        let mut scene = with("password = { env = 'P' }\ndatabase = { command = ['./name.sh'] }\n").variable("P", "x");
        mode(&scene.write("name.sh", format!("#!/bin/sh\n{text}\n").as_bytes()), 0o700);
        let told = scene.told();
        assert!(told.len() == 1 && told[0].contains(part), "{told:?}");
    }
}

#[test]
fn a_variable_that_another_answer_reads_is_not_passed_on_either() {
    let scene = with(
        "password = { command = ['./secret.sh'] }\nservice-account = 'custom'\nservice-user = 'u'\nservice-password = { env = 'VAULT_WORD_91' }\n",
    );
    mode(&scene.write("secret.sh", b"#!/bin/sh\necho \"seen:$VAULT_WORD_91,$OCTOPUS_SETUP_NODE_NAME\"\n"), 0o700);
    let mut scene = scene.variable("VAULT_WORD_91", "hunter2").variable("OCTOPUS_SETUP_NODE_NAME", "web01");
    scene.environment.insert("PATH".into(), std::env::var_os("PATH").unwrap());
    assert_eq!(password(&scene.gather()), "seen:,");
}

#[test]
fn a_command_that_hangs_is_ended_with_what_it_started() {
    // It holds its output open, and has begun a process that would hold it open after its end.
    let mut scene = script("echo $$ > pid; sleep 600 & echo $! > child; wait");
    scene.limit = Duration::from_millis(500);
    let began = Instant::now();
    let told = scene.told();
    assert!(began.elapsed() < Duration::from_secs(10));
    assert!(told[0].contains("the command ./secret.sh did not end within 0.5 s, and was ended."), "{told:?}");
    for name in ["pid", "child"] {
        let id = std::fs::read_to_string(scene.folder.path().join(name)).unwrap();
        let stat = format!("/proc/{}/stat", id.trim());
        let is_over = || std::fs::read_to_string(&stat).map_or(true, |stat| stat.contains(") Z"));
        while !is_over() {
            assert!(began.elapsed() < Duration::from_secs(20), "{name} still runs");
            std::thread::yield_now();
        }
    }
}

#[test]
fn a_command_that_starts_us_again_ends_there() {
    let mut scene = script("echo never").variable(DEPTH_VARIABLE, "1");
    let told = scene.told();
    assert!(told[0].contains("is not run: this program was itself started by such a command."), "{told:?}");
}

#[test]
fn standard_input_gives_a_line_for_each_secret_in_the_order_of_the_fields() {
    let text =
        "password = { stdin = true }\nservice-password = { stdin = true }\nservice-account = 'custom'\nservice-user = 'svc'\n";
    let mut scene = with(text);
    scene.stdin = Some("for the service\r\nfor sql\n");
    let resolved = scene.gather();
    assert_eq!(resolved.judge(), []);
    assert_eq!(password(&resolved), "for sql");
    for (input, part) in [
        ("one\n", "password: standard input has ended. Give one line for each secret"),
        ("one\n\ntwo\n", "password: the line of standard input is empty."),
        ("", "service-password: standard input has ended."),
    ] {
        scene.stdin = Some(input);
        let told = scene.told();
        assert!(told.iter().any(|told| told.contains(part)), "{input:?}: {told:?}");
    }
}

#[test]
fn a_person_is_asked_for_what_is_to_be_asked_or_missing_and_again_where_it_is_no_good() {
    let mut scene = with("password = { prompt = true }\n");
    scene.typed = Some(vec!["", "a\tb", "good"]);
    let resolved = scene.gather();
    assert_eq!((resolved.judge(), password(&resolved).as_str()), (Vec::new(), "good"));
    assert_eq!(scene.asked.len(), 3, "{:?}", scene.asked);
    assert_eq!(scene.asked[1], "password Nothing was typed.");
    assert!(scene.asked[2].starts_with("password The password holds a line break or another control character"));

    let mut scene = super::scene::scene();
    scene.typed = Some(vec!["typed"]);
    assert_eq!(password(&scene.gather()), "typed", "missing, and somebody is there");
    assert_eq!(scene.asked, ["password"]);

    let mut scene = with("password = { stdin = true }\n");
    scene.typed = Some(vec!["typed"]);
    assert_eq!(password(&scene.gather()), "typed", "standard input is the terminal");
}

#[test]
fn who_leaves_at_a_question_has_left() {
    let mut scene = scene();
    scene.typed = Some(Vec::new());
    assert_eq!(scene.gather().left, Some(130));
}

#[test]
fn nobody_is_asked_where_the_answers_are_refused_anyway() {
    let mut scene = with("servr = 'x'\npassword = { prompt = true }\n");
    scene.typed = Some(vec!["typed"]);
    let told = scene.told();
    assert!(scene.asked.is_empty(), "{:?}", scene.asked);
    assert_eq!(told.len(), 1, "and that nobody was asked is no problem of the answers: {told:?}");
    let judged = answer_file::judge(Flow::FirstNode, &scene.gather().loaded);
    assert_eq!(judged.len(), 1, "nor for the run itself: {judged:?}");
}

#[test]
fn without_a_terminal_nobody_is_asked_and_that_is_told() {
    let told = with("password = { prompt = true }\n").told();
    let expected = "Stop a.toml, line 1, column 1: password: there is no terminal to ask at. Give it by OCTOPUS_SETUP_PASSWORD or \
                    --password-from.";
    assert_eq!(told, [expected]);
    let told = super::scene::scene().told();
    assert!(told[0].contains("Give it as `password` in an answer file"), "{told:?}");
}

#[test]
fn a_look_leaves_open_what_only_the_run_can_have() {
    for text in ["password = { prompt = true }\n", "password = { stdin = true }\n"] {
        let mut scene = with(text);
        scene.mode = Mode::CheckOnly;
        assert_eq!(scene.told(), Vec::<String>::new());
        assert_eq!(scene.gather().loaded.open.len(), 1);
    }
}
