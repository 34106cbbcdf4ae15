//! Load balancers and polling Tentacles: what is written for them, and what the real nginx and HAProxy do with it between two
//! stand-ins for nodes.
//!
//! A program that is not installed is skipped with a word; with `OCTOPUS_SETUP_REQUIRE_CLIENTS=1` that is a failure.
#![cfg(all(unix, feature = "practice"))]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

#[path = "../support/mod.rs"]
mod support;

mod cli;
mod live;
mod running;
mod stand_in;
mod tentacles;
mod texts;

use std::io::Write as _;
use std::process::{Command, Stdio};

/// Whether a program is there; where programs are required, as in CI, it has to be.
fn have(program: &str) -> bool {
    let mut probe = Command::new("sh");
    // Debian has these where only root looks.
    probe.args(["-c", &format!("PATH=$PATH:/usr/sbin; command -v {program}")]).stdout(Stdio::null());
    let there = probe.status().unwrap().success();
    let required = std::env::var_os("OCTOPUS_SETUP_REQUIRE_CLIENTS").is_some_and(|value| value == "1");
    assert!(there || !required, "{program} is required and not installed");
    if !there {
        eprintln!("skipped: {program} is not installed");
    }
    there
}

/// What a Python program says to an input; `None` where Python, or what it needs (status 77), is not installed.
fn python(program: &str, input: &[u8]) -> Option<String> {
    if !have("python3") {
        return None;
    }
    let mut child = Command::new("python3").args(["-c", program]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(input).unwrap();
    let output = child.wait_with_output().unwrap();
    if output.status.code() == Some(77) {
        let required = std::env::var_os("OCTOPUS_SETUP_REQUIRE_CLIENTS").is_some_and(|value| value == "1");
        assert!(!required, "what the program needs is required and not installed");
        return None;
    }
    assert!(output.status.success(), "{output:?}");
    Some(String::from_utf8(output.stdout).unwrap())
}

/// Says which lines of scripts in PowerShell a grammar that others wrote finds wrong.
fn powershell_errors(scripts: &[String]) -> Option<String> {
    let program = r"
import sys
try:
    import tree_sitter, tree_sitter_powershell
except ImportError:
    sys.exit(77)
parser = tree_sitter.Parser(tree_sitter.Language(tree_sitter_powershell.language()))
def words(node):
    if node.type == 'ERROR' or node.is_missing:
        print('error at line', node.start_point[0] + 1)
    for child in node.children:
        words(child)
for script in sys.stdin.buffer.read().split(b'\0'):
    words(parser.parse(script).root_node)
";
    python(program, scripts.join("\0").as_bytes())
}
