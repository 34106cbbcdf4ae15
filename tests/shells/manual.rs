//! The manual page, judged by the formatters that show it.

use std::io::Write as _;
use std::process::{Command, Output, Stdio};

use octopus_setup::model::field::FieldId;

use super::{have, printed};

/// A formatter's opinion of the page.
fn formatted(program: &str, words: &[&str]) -> Output {
    let mut child = Command::new(program)
        .args(words)
        .env("MANWIDTH", "80")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // Written from a thread: the formatter may print before it has read all.
    let mut page = child.stdin.take().unwrap();
    let text = printed(&["man"]);
    let writer = std::thread::spawn(move || page.write_all(text.as_bytes()).unwrap());
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    output
}

/// Without overstriking, which is how a printer had its bold: a letter, a step back, and the letter once more.
fn plain(text: &str) -> String {
    let mut plain = String::new();
    for character in text.chars() {
        if character == '\u{8}' {
            plain.pop();
        } else {
            plain.push(character);
        }
    }
    plain
}

/// The paths of all commands, as the page heads them.
pub(super) fn commands() -> Vec<Vec<String>> {
    let page = printed(&["man"]);
    let heads = page.lines().filter_map(|line| line.strip_prefix(".SS "));
    heads.map(|head| head.trim_matches('"').split(' ').map(str::to_owned).collect()).collect()
}

#[test]
fn the_page_tells_every_command_and_every_variable() {
    let page = printed(&["man"]).replace("\\-", "-");
    let commands: Vec<String> = commands().into_iter().map(|path| path.join(" ")).collect();
    for command in
        ["first-node", "join", "review", "answers template", "answers check", "answers schema", "script", "man", "practice serve"]
    {
        assert!(commands.iter().any(|path| path == command), "{command}: {commands:?}");
    }
    for field in FieldId::ALL {
        assert_eq!(page.contains(&format!("fB{}\\fR", field.variable())), field.is_presettable(), "{}", field.id());
    }
    for part in
        ["OCTOPUS_SETUP_STATE_DIR", "OCTOPUS_SETUP_LOG", "NO_COLOR", "fBTERM", ".SH \"EXIT STATUS\"", ".SH FILES", ".SH EXAMPLES"]
    {
        assert!(page.contains(part), "{part}");
    }
    assert!(page.is_ascii());
    assert!(!page.contains('\u{1b}'));
}

#[test]
fn groff_has_nothing_to_say_against_it() {
    if have("groff") {
        for device in ["-Tascii", "-Tutf8"] {
            let output = formatted("groff", &[device, "-man", "-ww", "-P-c"]);
            assert!(output.status.success() && output.stderr.is_empty(), "{output:?}");
            let text = plain(&String::from_utf8(output.stdout).unwrap());
            assert!(text.contains("octopus-setup first-node") && text.contains("OCTOPUS_SETUP_NODE_NAME"), "{text}");
        }
    }
}

#[test]
fn mandoc_has_nothing_to_say_against_it_but_for_the_date() {
    if have("mandoc") {
        let output = formatted("mandoc", &["-T", "lint", "-W", "warning"]);
        let said = String::from_utf8(output.stdout).unwrap();
        let others: Vec<&str> = said.lines().filter(|line| !line.contains("missing date")).collect();
        assert!(others.is_empty(), "{others:#?}");
    }
}
