//! Independent checkers of rendered output: Python programs, which may not be installed.
#![allow(dead_code, reason = "each test program uses its own part of this")]
#![allow(clippy::allow_attributes, reason = "an expectation would fail in the programs that use all of it")]

use std::io::Write as _;
use std::process::{Command, Stdio};

/// Runs a Python program on an input and returns its output. Returns `None` if Python or a module it needs (status 77)
/// is not installed; panics instead if clients are required.
pub fn python(program: &str, input: &[u8]) -> Option<String> {
    let child = Command::new("python3").args(["-c", program]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
    let required = std::env::var_os("OCTOPUS_SETUP_REQUIRE_CLIENTS").is_some_and(|value| value == "1");
    let Ok(mut child) = child else {
        assert!(!required, "python3 is required and not installed");
        return None;
    };
    child.stdin.take().unwrap().write_all(input).unwrap();
    let output = child.wait_with_output().unwrap();
    if output.status.code() == Some(77) {
        assert!(!required, "what the program needs is required and not installed");
        return None;
    }
    assert!(output.status.success(), "{output:?}");
    Some(String::from_utf8(output.stdout).unwrap())
}

/// Checks PowerShell scripts with an independent grammar. Returns the lines with errors; an empty text if there are
/// none.
pub fn powershell_errors(scripts: &[String]) -> Option<String> {
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
