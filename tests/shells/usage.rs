//! A command line that cannot be obeyed, and the help that is read then.

use super::{printed, program};

/// The exit status of bad usage, and what is printed.
fn refused(words: &[&str]) -> (Option<i32>, String) {
    let folder = tempfile::tempdir().unwrap();
    let output = program(folder.path(), words).current_dir(folder.path()).output().unwrap();
    assert!(output.stdout.is_empty(), "{words:?}: {output:?}");
    (output.status.code(), String::from_utf8(output.stderr).unwrap())
}

#[test]
fn a_mistyped_word_is_answered_with_the_nearest_one() {
    for (words, meant) in [
        (&["frist-node"][..], "`first-node`"),
        (&["practise"], "`practice`"),
        (&["loadbalancer"], "`load-balancer`"),
        (&["hlep"], "`help`"),
        (&["practice", "srve"], "`serve`"),
        (&["answers", "chekc"], "`check`"),
        (&["first-node", "--databse", "x"], "`--database`"),
        (&["first-node", "--databse=x"], "`--database`"),
        (&["first-node", "--plian"], "`--plain`"),
        (&["--log", "frist-node", "join", "--dry-rnu"], "`--dry-run`"),
        (&["load-balancer", "--stickey"], "`--sticky`"),
        (&["load-balancer", "nginx", "--stickey"], "`--sticky`"),
        (&["join", "--yess"], "`--yes`"),
        (&["join", "-NodeName", "web02"], "`--node-name`"),
        (&["join", "--pasword=x"], "`--password-from`"),
        (&["undo", "--sql-passwrod", "x"], "`--password-from`"),
        (&["first-node", "--admin-pasword-from", "env:A"], "`--admin-password-from`"),
        (&["script", "--format", "bahs"], "`bash`"),
        (&["answers", "template", "fistnode"], "`first-node`"),
        (&["load-balancer", "ngnix"], "`nginx`"),
        (&["completions", "powershel"], "`powershell`"),
        (&["first-node", "--storage=flders"], "`folders`"),
        (&["first-node", "--create-database=ture"], "`true`"),
    ] {
        let (status, said) = refused(words);
        assert!(said.contains(&format!("Did you mean {meant}?")), "{words:?}: {said}");
        assert!(said.starts_with("error: ") && said.contains("--help") && !said.contains("tip:"), "{words:?}: {said}");
        assert_eq!(status, Some(2), "{words:?}: {said}");
    }
    // Monitoring must not take a typing error for a finding.
    for words in [&["review", "--check", "--output", "jsn"][..], &["check", "--output", "jsn"], &["check", "--otput", "json"]] {
        let (status, said) = refused(words);
        assert!(status == Some(64) && said.contains("Did you mean `"), "{words:?}: {said}");
    }
}

#[test]
fn where_nothing_is_near_nothing_is_guessed() {
    for (words, instead) in [
        (&["frobnicate"][..], "`octopus-setup -h` lists the commands."),
        (&["first-node", "--frobnicate"], "no option `--frobnicate`. `octopus-setup first-node --help` lists its options."),
        (&["first-node", "--stickey"], "`octopus-setup first-node --help` lists its options."),
        (&["first-node", "--sticky"], "It is an option of these commands, and is written after them: load-balancer."),
        (&["--yes", "first-node"], "written after them: edit, first-node, join, leave, migrate, remove, undo."),
        (&["script", "--format", "rtf"], "none of: powershell, bash, compose, answers."),
        (&["migrate", "--to=/x", "--jobs", "65"], "does not take this value: it is not in 1..=64."),
        (&["migrate", "--to=/x", "--jobs", "many"], "does not take this value: invalid digit found in string."),
        (&["join", "-x"], "options begin with `--`"),
    ] {
        let (status, said) = refused(words);
        assert!(said.contains(instead) && !said.contains("Did you mean") && !said.contains("tip:"), "{words:?}: {said}");
        assert_eq!(status, Some(2), "{words:?}: {said}");
    }
}

#[test]
fn what_may_be_a_secret_is_not_repeated() {
    for words in [
        &["hunter2"][..],
        &["answers", "hunter2"],
        &["first-node", "hunter2"],
        &["first-node", "--", "hunter2"],
        &["first-node", "--sql-passwrod=hunter2"],
        &["first-node", "--sql-passwrod", "hunter2"],
        &["first-node", "--passwordhunter2"],
        &["first-node", "--pasword:hunter2"],
        &["first-node", "--frobnicate=hunter2"],
        &["join", "-phunter2"],
        &["join", "-xhunter2"],
        &["join", "-p", "hunter2"],
        &["join", "-Password:hunter2"],
        &["join", "--yes=hunter2"],
        &["join", "--output", "hunter2"],
        &["join", "--output=hunter2"],
        &["join", "--make-registry=hunter2"],
        &["first-node", "--storage", "hunter2"],
        &["migrate", "--to=/x", "--patience", "hunter2"],
        &["load-balancer", "hunter2"],
        &["load-balancer", "nginx", "--grpc", "hunter2"],
        &["completions", "hunter2"],
        &["practice", "serve", "--port", "hunter2"],
        &["check", "--accept", "hunter2"],
        &["review", "--within", "hunter2"],
    ] {
        let (status, said) = refused(words);
        assert!(matches!(status, Some(2 | 64)) && said.starts_with("error: "), "{words:?}: {status:?} {said}");
        assert!(!said.contains("hunter"), "{words:?}: {said}");
    }
}

/// Every command, by the words that lead to it, as the help lists them.
fn commands(path: &mut Vec<String>, found: &mut Vec<Vec<String>>) {
    found.push(path.clone());
    let help = help(path, "-h");
    let listed = help.lines().skip_while(|line| *line != "Commands:").skip(1).take_while(|line| !line.is_empty());
    // The others are the further lines of a description.
    let names = listed.filter_map(|line| line.strip_prefix("  ")).filter(|line| !line.starts_with(' '));
    for name in names.filter_map(|line| line.split(' ').next()).filter(|name| *name != "help") {
        path.push(name.to_owned());
        commands(path, found);
        path.pop();
    }
}

/// A help text in a window of 80 columns.
fn help(path: &[String], option: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    let words: Vec<&str> = path.iter().map(String::as_str).chain([option]).collect();
    let output = program(folder.path(), &words).env("COLUMNS", "80").output().unwrap();
    assert!(output.status.success() && output.stderr.is_empty(), "{words:?}: {output:?}");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn the_short_help_of_every_command_fits_one_screen() {
    let mut found = Vec::new();
    commands(&mut Vec::new(), &mut found);
    assert!(found.len() >= 20, "{found:?}");
    for path in found {
        let short = help(&path, "-h");
        assert!(short.lines().count() <= 40, "{path:?}: {} lines\n{short}", short.lines().count());
        for line in short.lines() {
            assert!(line.chars().count() <= 80, "{path:?}: {line}");
        }
        // Every option of the short help is in the long one.
        let long = help(&path, "--help");
        for option in short.split_whitespace().filter(|word| word.starts_with("--")) {
            assert!(long.contains(option.trim_end_matches(['\'', ')'])), "{path:?}: {option}");
        }
    }
    let wide = printed(&["answers", "check", "--help"]);
    assert!(wide.lines().all(|line| line.chars().count() <= 100), "{wide}");
}
