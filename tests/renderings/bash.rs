//! Scripts in bash, run by bash itself with a stub in place of Octopus Server.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use octopus_setup::model::flow::Flow;
use octopus_setup::model::node::Node;
use octopus_setup::model::survey::AccountKind;
use octopus_setup::render::octopus::commands;
use octopus_setup::render::script::{by_reference, command_line, in_clear};
use octopus_setup::render::{Secret, Setup, Shell};
use proptest::prelude::*;
use secrecy::ExposeSecret;

use crate::expected::{self, Values};
use crate::nodes::{CANARIES, any_node, hostile, ordinary, setup, whole, with_account};

/// Prints what it was called with, each word before a NUL, and of the environment what may be of interest; a call ends with
/// a word that no command line can hold.
const STUB: &str = r#"#!/usr/bin/env bash
printf '%s\0' "$@" >>"$STUB_OUT"
printf 'service=%s\0own=%s%s%s\0\0' "${OCTOPUS_SERVICE_PASSWORD-}" "${OCTOPUS_SETUP_PASSWORD-}" \
    "${OCTOPUS_SETUP_MASTER_KEY-}" "${OCTOPUS_SETUP_SERVICE_PASSWORD-}${OCTOPUS_SETUP_ADMIN_PASSWORD-}${OCTOPUS_SETUP_LICENCE-}" >>"$STUB_OUT"
[ "$1" != "${STUB_FAILS-}" ]
"#;

/// Answers 200 at the third time, and writes down what it was asked for.
const CURL: &str = r#"#!/usr/bin/env bash
printf '%s\n' "$*" >>"$STUB_OUT.curl"
if [ "$(wc -l <"$STUB_OUT.curl")" -ge "${CURL_AT:-1}" ]; then printf 200; else printf 000; exit 7; fi
"#;

fn run(folder: &Path, script: &str, environment: &[(&str, &str)]) -> (Output, Vec<Vec<String>>) {
    let (server, out, file) = (folder.join("Octopus.Server"), folder.join("out"), folder.join("node.sh"));
    fs::write(&server, STUB).unwrap();
    let bin = folder.join("bin");
    fs::create_dir_all(&bin).unwrap();
    fs::write(bin.join("curl"), CURL).unwrap();
    Command::new("chmod").arg("+x").arg(&server).arg(bin.join("curl")).status().unwrap();
    let mut path = std::ffi::OsString::from(&bin);
    path.push(":");
    path.push(std::env::var_os("PATH").unwrap_or_default());
    fs::write(&file, script).unwrap();
    fs::write(&out, "").unwrap();
    let mut command = Command::new("bash");
    command.arg(&file).env("OCTOPUS_SERVER", &server).env("STUB_OUT", &out).env_remove("BASH_ENV").env("PATH", path);
    for secret in Secret::ALL {
        command.env_remove(secret.variable());
    }
    command.envs(environment.iter().copied());
    let output = command.output().unwrap();
    let said = fs::read(&out).unwrap();
    let mut calls = Vec::new();
    let mut call = Vec::new();
    for word in said.split(|byte| *byte == 0) {
        call.push(String::from_utf8(word.to_vec()).unwrap());
        if call.last().is_some_and(String::is_empty) && call.len() > 2 && call[call.len() - 2].starts_with("own=") {
            call.pop();
            calls.push(std::mem::take(&mut call));
        }
    }
    (output, calls)
}

fn environment(values: &Values) -> Vec<(&'static str, &str)> {
    Secret::ALL.into_iter().map(|secret| (secret.variable(), values.of(secret))).collect()
}

/// Runs a script and holds what arrived against what had to.
fn holds(node: &Node, flow: Flow, values: &Values, clear: bool) {
    let folder = tempfile::tempdir().unwrap();
    let setup: Setup<'_> = setup(flow, node);
    let (script, environment) = if clear {
        (in_clear(&setup, Shell::Bash, &values.clear()).unwrap().expose_secret().to_owned(), Vec::new())
    } else {
        (by_reference(&setup, Shell::Bash).unwrap(), environment(values))
    };
    let (output, calls) = run(folder.path(), &script, &environment);
    assert!(output.status.success(), "{}\n{script}", String::from_utf8_lossy(&output.stderr));
    assert!(output.stderr.is_empty() && output.stdout.is_empty(), "{output:?}");
    let commands = commands(&setup).unwrap();
    assert_eq!(calls.len(), commands.len(), "{script}");
    for (call, command) in calls.iter().zip(&commands) {
        let mut expected = expected::words(command, values);
        let service = command.environment.map_or("", |(_, secret)| values.of(secret));
        expected.push(format!("service={service}"));
        expected.push("own=".to_owned());
        assert_eq!(*call, expected, "{script}");
        if let Some(place) = call.iter().position(|word| word == "--connectionString") {
            expected::assert_says(&call[place + 1], crate::nodes::login(node), &values.password);
        }
    }
}

fn some(text: String) -> String {
    if text.is_empty() { "x".to_owned() } else { text }
}

fn values() -> impl Strategy<Value = Values> {
    [hostile(), hostile(), hostile(), hostile(), hostile()].prop_map(|texts| {
        let [password, master_key, service_password, admin_password, licence] = texts.map(some);
        Values { password, master_key, service_password, admin_password, licence }
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn whatever_the_values_are_they_arrive_as_they_are(node in any_node(), values in values(), first in any::<bool>(), clear in any::<bool>()) {
        holds(&node, if first { Flow::FirstNode } else { Flow::Join }, &values, clear);
    }
}

#[test]
fn a_missing_variable_is_told_before_anything_is_run() {
    let folder = tempfile::tempdir().unwrap();
    let node = with_account(AccountKind::Custom);
    let script = by_reference(&setup(Flow::FirstNode, &node), Shell::Bash).unwrap();
    let (output, calls) = run(folder.path(), &script, &[("OCTOPUS_SETUP_PASSWORD", "x"), ("OCTOPUS_SETUP_MASTER_KEY", "")]);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!((output.status.code(), calls.len()), (Some(2), 0), "{said}");
    assert!(said.ends_with(": OCTOPUS_SETUP_MASTER_KEY OCTOPUS_SETUP_SERVICE_PASSWORD.\n"), "{said}");
}

#[test]
fn a_node_that_is_started_is_asked_until_it_is_in() {
    for (node, asked) in [(ordinary(), 3), (Node { start_service: false, ..ordinary() }, 0)] {
        let folder = tempfile::tempdir().unwrap();
        let script = by_reference(&setup(Flow::Join, &node), Shell::Bash).unwrap();
        // What sleeps between two tries is not waited for.
        let script = script.replace("sleep 2", "true");
        let all = [("OCTOPUS_SETUP_PASSWORD", "x"), ("OCTOPUS_SETUP_MASTER_KEY", "y"), ("CURL_AT", "3")];
        let (output, calls) = run(folder.path(), &script, &all);
        assert!(output.status.success(), "{output:?}");
        assert_eq!(calls.last().map(|call| &call[..5]).unwrap(), ["node", "--instance", "OctopusServer", "--taskCap", "5"]);
        let said = fs::read_to_string(folder.path().join("out.curl")).unwrap_or_default();
        assert_eq!(said.lines().count(), asked, "{said}");
        assert!(
            said.lines().all(|line| line.ends_with("--connect-to ::127.0.0.1: http://localhost:80/api/octopusservernodes/ping"))
        );
    }
}

#[test]
fn a_command_by_hand_is_the_same_command() {
    let text = |text: &str| text.to_owned();
    let values = Values {
        password: text("a\"b'c$d\\"),
        master_key: text("key=="),
        service_password: text("it's"),
        admin_password: text("$(id)"),
        licence: text("PExpY2Vuc2U+"),
    };
    let node = whole();
    for flow in [Flow::FirstNode, Flow::Join] {
        for command in commands(&setup(flow, &node)).unwrap() {
            let folder = tempfile::tempdir().unwrap();
            let line = command_line(&command, &folder.path().join("Octopus.Server"), Shell::Bash).unwrap();
            let (output, calls) = run(folder.path(), &line, &environment(&values));
            assert!(output.status.success(), "{line}: {}", String::from_utf8_lossy(&output.stderr));
            let mut expected = expected::words(&command, &values);
            expected.push(format!("service={}", command.environment.map_or("", |(_, secret)| values.of(secret))));
            let call = &calls[0];
            assert_eq!(call[..call.len() - 1], expected, "{line}");
            assert!(values_stay_out(&line, &values), "{line}");
        }
    }
}

fn values_stay_out(line: &str, values: &Values) -> bool {
    Secret::ALL.into_iter().all(|secret| !line.contains(values.of(secret)))
}

#[test]
fn it_stops_at_the_first_command_that_fails() {
    let folder = tempfile::tempdir().unwrap();
    let script = by_reference(&setup(Flow::Join, &ordinary()), Shell::Bash).unwrap();
    let all = [("OCTOPUS_SETUP_PASSWORD", "x"), ("OCTOPUS_SETUP_MASTER_KEY", "y"), ("STUB_FAILS", "configure")];
    let (output, calls) = run(folder.path(), &script, &all);
    let verbs: Vec<_> = calls.iter().map(|call| call[0].as_str()).collect();
    assert!(!output.status.success());
    assert_eq!(verbs, ["create-instance", "database", "configure"]);
}

#[test]
fn scripts_look_like_this() {
    let node = whole();
    insta::assert_snapshot!("bash_first_node", by_reference(&setup(Flow::FirstNode, &node), Shell::Bash).unwrap());
    insta::assert_snapshot!("bash_join", by_reference(&setup(Flow::Join, &ordinary()), Shell::Bash).unwrap());
}

#[test]
fn no_secret_stands_in_a_script_unless_it_was_handed_over() {
    let node = with_account(AccountKind::Custom);
    for shell in Shell::ALL {
        for flow in [Flow::FirstNode, Flow::Join] {
            let script = by_reference(&setup(flow, &node), shell).unwrap();
            assert!(CANARIES.iter().all(|canary| !script.contains(canary)), "{script}");
        }
    }
}

#[test]
fn a_nul_is_refused() {
    let node = Node { name: "web\u{0}01".into(), ..ordinary() };
    for shell in Shell::ALL {
        assert!(by_reference(&setup(Flow::Join, &node), shell).is_err());
    }
}
