//! Completions, judged by the shells that they are for.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::{have, printed};

/// A shell's completions in a file, with a folder to complete names of files in.
fn script(folder: &Path, shell: &str) -> PathBuf {
    let path = folder.join(format!("completions.{shell}"));
    std::fs::write(&path, printed(&["completions", shell])).unwrap();
    path
}

/// What bash would offer for the last of these words.
fn bash(words: &[&str]) -> Vec<String> {
    let folder = tempfile::tempdir().unwrap();
    let script = script(folder.path(), "bash");
    std::fs::write(folder.path().join("first.toml"), "").unwrap();
    let code = r#"
        source "$1"; shift
        COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
        # Outside of a completion it has nothing to set.
        compopt() { :; }
        # As the shell would: by the name under which the script has registered itself.
        function=$(complete -p octopus-setup | sed 's/.* -F \([^ ]*\) .*/\1/')
        "$function" "$1" "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}" || exit 1
        printf '%s\n' "${COMPREPLY[@]}"
    "#;
    let output = Command::new("bash")
        .args(["--norc", "-c", code, "bash"])
        .arg(script)
        .arg("octopus-setup")
        .args(words)
        .current_dir(folder.path())
        .output()
        .unwrap();
    assert!(output.stderr.is_empty(), "{output:?}");
    String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect()
}

#[test]
fn bash_takes_the_script_and_completes() {
    let folder = tempfile::tempdir().unwrap();
    let script = script(folder.path(), "bash");
    assert!(Command::new("bash").arg("-n").arg(&script).status().unwrap().success());

    assert_eq!(bash(&["fir"]), ["first-node"]);
    assert_eq!(bash(&["answers", "te"]), ["template"]);
    assert_eq!(bash(&["first-node", "--dry"]), ["--dry-run"]);
    assert_eq!(bash(&["script", "--format", "po"]), ["powershell"]);
    assert_eq!(bash(&["completions", "z"]), ["zsh"]);
    assert_eq!(bash(&["join", "--accept", "sql-cl"]), ["sql-clock"], "checks by their names");
    assert_eq!(bash(&["join", "--answers", "fir"]), ["first.toml"], "a file");
    assert_eq!(bash(&["--log", "fir"]), ["first.toml"], "a file");
    assert_eq!(bash(&["review", "--instance", "fir"]), ["fir"], "no file");
    for secret in ["--password", "--service-password", "--master-key"] {
        assert!(!bash(&["join", secret]).contains(&secret.to_owned()), "secrets have no flags");
    }
}

#[test]
fn every_subcommand_is_offered() {
    let offered = bash(&[""]);
    for word in ["first-node", "join", "review", "answers", "script", "completions", "man", "practice"] {
        assert!(offered.iter().any(|line| line == word), "{word}: {offered:?}");
    }
}

#[test]
fn zsh_takes_the_script() {
    if have("zsh") {
        let folder = tempfile::tempdir().unwrap();
        let script = script(folder.path(), "zsh");
        assert!(std::fs::read_to_string(&script).unwrap().starts_with("#compdef octopus-setup\n"));
        // As it is used: found by its name in a folder of functions, and loaded by the completion system.
        std::fs::rename(&script, folder.path().join("_octopus-setup")).unwrap();
        let code = "fpath=($1 $fpath); autoload -Uz compinit && compinit -D -u && autoload +X _octopus-setup && \
                    print -r -- $_comps[octopus-setup]";
        let output = Command::new("zsh").args(["-f", "-c", code, "zsh"]).arg(folder.path()).output().unwrap();
        assert_eq!(String::from_utf8_lossy(&output.stdout), "_octopus-setup\n", "{output:?}");
        assert!(Command::new("zsh").arg("-n").arg(folder.path().join("_octopus-setup")).status().unwrap().success());
    }
}

#[test]
fn fish_takes_the_script_and_completes() {
    if have("fish") {
        let folder = tempfile::tempdir().unwrap();
        let script = script(folder.path(), "fish");
        let complete = |line: &str| {
            let output = Command::new("fish")
                .args(["--no-config", "-c", "source $argv[1]; complete -C $argv[2]"])
                .arg(&script)
                .arg(line)
                .stdin(Stdio::null())
                .env("HOME", folder.path())
                .output()
                .unwrap();
            assert!(output.status.success(), "{output:?}");
            String::from_utf8(output.stdout).unwrap()
        };
        assert!(complete("octopus-setup fir").starts_with("first-node\t"));
        assert!(complete("octopus-setup join --dry").starts_with("--dry-run\t"));
        assert!(complete("octopus-setup join --accept sql-cl").starts_with("sql-clock"));
    }
}

#[test]
fn powershell_gets_a_completer() {
    let script = printed(&["completions", "powershell"]);
    assert!(script.contains("Register-ArgumentCompleter -Native -CommandName 'octopus-setup'"));
    assert!(script.contains("'octopus-setup;first-node'"));
    assert_eq!(script.matches('{').count(), script.matches('}').count());
}

#[test]
fn a_shell_that_is_not_known_is_told_with_those_that_are() {
    let output = super::run(&["completions", "tcsh"]);
    assert_eq!(output.status.code(), Some(2));
    let said = String::from_utf8(output.stderr).unwrap();
    for shell in ["bash", "zsh", "fish", "powershell"] {
        assert!(said.contains(shell), "{said}");
    }
}
