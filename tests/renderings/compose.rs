//! Compose files, read by a YAML reader that others wrote and by compose's own rule of `$`.

use octopus_setup::model::flow::Flow;
use octopus_setup::model::node::{Administrator, Node};
use octopus_setup::model::secret::SecretString;
use octopus_setup::model::storage::{SharedFolder, SharedStorage};
use octopus_setup::render::{Secret, compose};
use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::TestRunner;
use secrecy::ExposeSecret;

use crate::expected;
use crate::judges::python;
use crate::nodes::{CANARIES, any_node, hostile, ordinary, setup};

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
                let texts = [(Secret::Password, password), (Secret::MasterKey, key)];
                let clear = texts.map(|(secret, text)| (secret, Some(SecretString::from(text.as_str())))).into_iter().collect();
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
            expected::assert_says(environment["DB_CONNECTION_STRING"].as_str().unwrap(), crate::nodes::login(node), password);
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

/// A node that has everything that a first node can bring.
fn endowed(storage: SharedStorage) -> Node {
    let password = SecretString::from("c4nary-admin$'\"");
    let administrator = Administrator { user: "ann$1".into(), email: "ann@example.com".into(), password };
    Node { storage, administrator: Some(administrator), licensed: true, ..ordinary() }
}

#[test]
fn what_the_cluster_has_once_is_the_first_node_s_and_what_it_shares_is_mounted() {
    let root = endowed(SharedStorage::Root("/mnt/octo pus$".into()));
    let folders = endowed(SharedStorage::Folders(vec![
        (SharedFolder::Artifacts, "/mnt/a: b".into()),
        (SharedFolder::TaskLogs, "\\\\files\\logs".into()),
        (SharedFolder::Telemetry, "/mnt/t".into()),
    ]));
    let texts = [(Secret::Password, ""), (Secret::AdminPassword, "c4nary-admin$'\""), (Secret::Licence, "PExpY2Vuc2U+")];
    let clear = texts.map(|(secret, text)| (secret, Some(SecretString::from(text)))).into_iter().collect();
    let entries = [
        (compose::by_reference(&setup(Flow::FirstNode, &root)).unwrap(), Vec::new()),
        (compose::in_clear(&setup(Flow::FirstNode, &root), &clear).unwrap().expose_secret().to_owned(), Vec::new()),
        (compose::by_reference(&setup(Flow::Join, &folders)).unwrap(), Vec::new()),
    ];
    assert!(!entries[0].0.contains("c4nary") && entries[2].0.contains("no mount for telemetry"));
    assert!(entries[2].0.contains("no path of Linux") && !entries[0].0.contains("no path of Linux"));
    let Some(files) = read(&entries) else { return };
    for (file, password, licence) in [
        (&files[0], "<OCTOPUS_SETUP_ADMIN_PASSWORD>", "<OCTOPUS_SETUP_LICENCE>"),
        (&files[1], "c4nary-admin$'\"", "PExpY2Vuc2U+"),
    ] {
        let environment = &file["environment"];
        assert_eq!(environment["ADMIN_USERNAME"], "ann$1");
        assert_eq!(environment["ADMIN_EMAIL"], "ann@example.com");
        assert_eq!(environment["ADMIN_PASSWORD"], password);
        assert_eq!(environment["OCTOPUS_SERVER_BASE64_LICENSE"], licence);
        assert_eq!(environment["CLUSTER_SHARED_MODE"], "CLUSTER_SHARED");
        assert_eq!(
            (&file["volumes"][1]["source"], &file["volumes"][1]["target"]),
            (&"/mnt/octo pus$$".into(), &"/clusterShared".into())
        );
    }
    let joined = &files[2];
    for once in ["ADMIN_USERNAME", "OCTOPUS_SERVER_BASE64_LICENSE", "CLUSTER_SHARED_MODE"] {
        assert!(joined["environment"].get(once).is_none(), "{once}");
    }
    let volumes = joined["volumes"].as_array().unwrap();
    let targets: Vec<_> = volumes.iter().filter_map(|volume| volume["target"].as_str()).collect();
    assert_eq!(targets, ["/artifacts", "/taskLogs"]);
    assert_eq!(volumes[2]["source"], "\\\\files\\logs");
    assert_eq!(volumes[2]["bind"]["create_host_path"], false);
}

#[test]
fn compose_files_look_like_this() {
    let first = compose::by_reference(&setup(Flow::FirstNode, &ordinary())).unwrap();
    assert!(CANARIES.iter().all(|canary| !first.contains(canary)), "{first}");
    assert!(first.ends_with("  home:\n"), "a file ends with a line break, and with one");
    insta::assert_snapshot!("compose_first_node", first);
    insta::assert_snapshot!("compose_join", compose::by_reference(&setup(Flow::Join, &ordinary())).unwrap());
}
