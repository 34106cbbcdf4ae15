//! Scripts in bash, run by bash itself with a stub in place of Octopus Server.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use octopus_setup::model::flow::Flow;
use octopus_setup::model::node::Node;
use octopus_setup::model::survey::AccountKind;
use octopus_setup::render::octopus::commands;
use octopus_setup::render::script::{by_reference, in_clear};
use octopus_setup::render::{Clear, Language, Secret, Setup};
use proptest::prelude::*;
use secrecy::{ExposeSecret, SecretString};

use crate::expected::{self, Values};
use crate::nodes::{CANARIES, any_node, hostile, ordinary, setup, with_account};

/// Prints what it was called with, each word before a NUL, and of the environment what may be of interest; a call ends with
/// a word that no command line can hold.
const STUB: &str = r#"#!/usr/bin/env bash
printf '%s\0' "$@" >>"$STUB_OUT"
printf 'service=%s\0own=%s%s%s\0\0' "${OCTOPUS_SERVICE_PASSWORD-}" "${OCTOPUS_SETUP_PASSWORD-}" \
    "${OCTOPUS_SETUP_MASTER_KEY-}" "${OCTOPUS_SETUP_SERVICE_PASSWORD-}" >>"$STUB_OUT"
[ "$1" != "${STUB_FAILS-}" ]
"#;

fn run(folder: &Path, script: &str, environment: &[(&str, &str)]) -> (Output, Vec<Vec<String>>) {
    let (server, out, file) = (folder.join("Octopus.Server"), folder.join("out"), folder.join("node.sh"));
    fs::write(&server, STUB).unwrap();
    Command::new("chmod").arg("+x").arg(&server).status().unwrap();
    fs::write(&file, script).unwrap();
    fs::write(&out, "").unwrap();
    let mut command = Command::new("bash");
    command.arg(&file).env("OCTOPUS_SERVER", &server).env("STUB_OUT", &out).env_remove("BASH_ENV");
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
        let clear = Clear {
            password: SecretString::from(values.password.as_str()),
            master_key: Some(SecretString::from(values.master_key.as_str())),
            service_password: Some(SecretString::from(values.service_password.as_str())),
        };
        (in_clear(&setup, Language::Bash, &clear).unwrap().expose_secret().to_owned(), Vec::new())
    } else {
        (by_reference(&setup, Language::Bash).unwrap(), environment(values))
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
            expected::assert_says(&call[place + 1], &node.target.user, &values.password);
        }
    }
}

fn some(text: String) -> String {
    if text.is_empty() { "x".to_owned() } else { text }
}

fn values() -> impl Strategy<Value = Values> {
    (hostile(), hostile(), hostile()).prop_map(|(password, master_key, service_password)| Values {
        password: some(password),
        master_key: some(master_key),
        service_password: some(service_password),
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
    let script = by_reference(&setup(Flow::FirstNode, &node), Language::Bash).unwrap();
    let (output, calls) = run(folder.path(), &script, &[("OCTOPUS_SETUP_PASSWORD", "x"), ("OCTOPUS_SETUP_MASTER_KEY", "")]);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!((output.status.code(), calls.len()), (Some(2), 0), "{said}");
    assert!(said.ends_with(": OCTOPUS_SETUP_MASTER_KEY OCTOPUS_SETUP_SERVICE_PASSWORD.\n"), "{said}");
}

#[test]
fn it_stops_at_the_first_command_that_fails() {
    let folder = tempfile::tempdir().unwrap();
    let script = by_reference(&setup(Flow::Join, &ordinary()), Language::Bash).unwrap();
    let all = [("OCTOPUS_SETUP_PASSWORD", "x"), ("OCTOPUS_SETUP_MASTER_KEY", "y"), ("STUB_FAILS", "configure")];
    let (output, calls) = run(folder.path(), &script, &all);
    let verbs: Vec<_> = calls.iter().map(|call| call[0].as_str()).collect();
    assert!(!output.status.success());
    assert_eq!(verbs, ["create-instance", "database", "configure"]);
}

#[test]
fn scripts_look_like_this() {
    let node = with_account(AccountKind::Custom);
    insta::assert_snapshot!("bash_first_node", by_reference(&setup(Flow::FirstNode, &node), Language::Bash).unwrap());
    insta::assert_snapshot!("bash_join", by_reference(&setup(Flow::Join, &ordinary()), Language::Bash).unwrap());
}

#[test]
fn no_secret_stands_in_a_script_unless_it_was_handed_over() {
    let node = with_account(AccountKind::Custom);
    for language in Language::ALL {
        for flow in [Flow::FirstNode, Flow::Join] {
            let script = by_reference(&setup(flow, &node), language).unwrap();
            assert!(CANARIES.iter().all(|canary| !script.contains(canary)), "{script}");
        }
    }
}

#[test]
fn a_nul_is_refused() {
    let node = Node { name: "web\u{0}01".into(), ..ordinary() };
    for language in Language::ALL {
        assert!(by_reference(&setup(Flow::Join, &node), language).is_err());
    }
}
