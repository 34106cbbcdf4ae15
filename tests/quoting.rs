//! Words of bash, read back by bash itself. The rules of the other shells are tested beside them, in `model::quote`.
#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::io::Write as _;
use std::process::{Command, Stdio};

use octopus_setup::model::quote::{Shell, bash};
use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::{Config, TestRunner};

/// What bash makes of each of these words.
fn read_by_bash(words: &[String]) -> Vec<String> {
    let mut script = String::new();
    for word in words {
        script.push_str("printf '%s\\0' ");
        script.push_str(word);
        script.push('\n');
    }
    let mut bash = Command::new("bash").arg("-s").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut stdin = bash.stdin.take().unwrap();
    let writer = std::thread::spawn(move || stdin.write_all(script.as_bytes()));
    let output = bash.wait_with_output().unwrap();
    writer.join().unwrap().unwrap();
    assert!(output.status.success());
    let text = String::from_utf8(output.stdout).unwrap();
    text.split_terminator('\0').map(str::to_owned).collect()
}

#[test]
fn bash_reads_back_what_was_quoted_for_it() {
    let mut texts: Vec<String> = [
        "",
        "'",
        "''",
        "it's; rm -rf /",
        "$HOME `id` $(id)",
        "a\\",
        "\\'",
        "-n",
        "~",
        "!!",
        "a\nb",
        "\u{2019}",
        "*",
        "{a,b}",
        "#x",
    ]
    .map(str::to_owned)
    .to_vec();
    let mut runner = TestRunner::new(Config { cases: 400, ..Config::default() });
    let strategy: &str = "[^\\x00]{0,30}|['\"\\\\$`!{}*?~#&|;<> \n]{0,12}";
    for _ in 0..runner.config().cases {
        texts.push(strategy.new_tree(&mut runner).unwrap().current());
    }
    let words: Vec<String> = texts.iter().flat_map(|text| [bash(text), Shell::Bash.word(text)]).collect();
    let read = read_by_bash(&words);
    let wanted: Vec<String> = texts.iter().flat_map(|text| [text.clone(), text.clone()]).collect();
    assert_eq!(read, wanted);
}
