//! Compose files, read by a YAML reader that others wrote and by compose's own rule of `$`.

use octopus_setup::model::flow::Flow;
use octopus_setup::render::{Clear, compose};
use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::TestRunner;
use secrecy::{ExposeSecret, SecretString};

use crate::expected;
use crate::nodes::{CANARIES, any_node, hostile, ordinary, setup};
use crate::powershell::python;

/// Reads files that are parted by NULs, puts variables in as compose does, and prints each one's environment as JSON.
const READER: &str = r"
import json, re, sys
try:
    import yaml
except ImportError:
    sys.exit(77)
FORM = re.compile(r'\$(?:(\$)|\{(\w+)(?::([-?])([^{}]*))?\})')
def put(text, variables):
    def one(found):
        if found[1]:
            return '$'
        value = variables.get(found[2], '')
        if not value and found[3] == '?':
            return '<' + found[2] + '>'
        return value or (found[4] or '')
    left = FORM.sub('', text)
    assert '$' not in left, left
    return FORM.sub(one, text)
for entry in json.loads(sys.stdin.buffer.read()):
    service = yaml.safe_load(entry['file'])['services']['octopus']
    texts = {key: put(text, entry['variables']) for key, text in service['environment'].items()}
    assert all(isinstance(text, str) for text in service['ports']), service['ports']
    print(json.dumps({'environment': texts, 'ports': service['ports'], 'image': put(service['image'], {}), 'volumes': service['volumes']}))
";

fn read(entries: &[(String, Vec<(&str, String)>)]) -> Option<Vec<serde_json::Value>> {
    let entries: Vec<_> = entries
        .iter()
        .map(|(file, variables)| {
            let variables: serde_json::Map<_, _> =
                variables.iter().map(|(name, value)| ((*name).to_owned(), value.clone().into())).collect();
            serde_json::json!({ "file": file, "variables": variables })
        })
        .collect();
    let said = python(READER, serde_json::to_string(&entries).unwrap().as_bytes())?;
    Some(said.lines().map(|line| serde_json::from_str(line).unwrap()).collect())
}

/// One run of the reader for many files: starting Python costs more than all of them.
#[test]
fn whatever_the_values_are_the_container_gets_them_as_they_are() {
    let mut runner = TestRunner::deterministic();
    let strategy = (any_node(), hostile(), hostile(), any::<bool>());
    let cases: Vec<_> = (0..300).map(|_| strategy.new_tree(&mut runner).unwrap().current()).collect();
    let entries: Vec<_> = cases
        .iter()
        .map(|(node, password, key, clear)| {
            let setup = setup(Flow::Join, node);
            if *clear {
                let clear = Clear {
                    password: SecretString::from(password.as_str()),
                    master_key: Some(SecretString::from(key.as_str())),
                    ..Clear::default()
                };
                (compose::in_clear(&setup, &clear).unwrap().expose_secret().to_owned(), Vec::new())
            } else {
                let variables = vec![
                    ("OCTOPUS_SETUP_PASSWORD_DOUBLED", password.replace('"', "\"\"")),
                    ("OCTOPUS_SETUP_MASTER_KEY", key.clone()),
                ];
                (compose::by_reference(&setup).unwrap(), variables)
            }
        })
        .collect();
    let Some(files) = read(&entries) else { return };
    assert_eq!(files.len(), cases.len());
    for ((file, (node, password, key, clear)), (text, _)) in files.iter().zip(&cases).zip(&entries) {
        let environment = &file["environment"];
        assert_eq!(environment["OCTOPUS_SERVER_NODE_NAME"], node.name.as_str(), "{text}");
        assert_eq!(environment["TASK_CAP"], node.task_cap.to_string().as_str());
        assert_eq!(environment["OCTOPUS_GRPC_SERVICES_PORT"], node.web.grpc_port.to_string().as_str());
        if *clear || !key.is_empty() {
            assert_eq!(environment["MASTER_KEY"], key.as_str(), "{text}");
        }
        if *clear || !password.is_empty() {
            expected::assert_says(environment["DB_CONNECTION_STRING"].as_str().unwrap(), &node.target.user, password);
        }
    }
}

#[test]
fn what_the_operator_has_to_say_is_asked_for_by_name() {
    let entries: Vec<_> = [Flow::FirstNode, Flow::Join]
        .map(|flow| (compose::by_reference(&setup(flow, &ordinary())).unwrap(), Vec::new()))
        .to_vec();
    let Some(files) = read(&entries) else { return };
    for file in &files {
        assert_eq!(file["environment"]["ACCEPT_EULA"], "<ACCEPT_EULA>");
        assert_eq!(file["environment"]["MASTER_KEY"], "<OCTOPUS_SETUP_MASTER_KEY>");
        assert_eq!(file["image"], "octopusdeploy/octopusdeploy:<OCTOPUS_VERSION>");
        assert_eq!(file["ports"], serde_json::json!(["80:8080", "10943:10943", "8443:8443"]));
    }
    assert_eq!(files[0]["environment"]["ADMIN_PASSWORD"], "");
    assert!(files[1]["environment"].get("ADMIN_PASSWORD").is_none());
}

#[test]
fn compose_files_look_like_this() {
    let first = compose::by_reference(&setup(Flow::FirstNode, &ordinary())).unwrap();
    assert!(CANARIES.iter().all(|canary| !first.contains(canary)), "{first}");
    assert!(first.ends_with("  home:\n"), "a file ends with a line break, and with one");
    insta::assert_snapshot!("compose_first_node", first);
    insta::assert_snapshot!("compose_join", compose::by_reference(&setup(Flow::Join, &ordinary())).unwrap());
}
