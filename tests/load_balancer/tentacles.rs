//! What polling Tentacles are told.

use std::os::unix::fs::PermissionsExt as _;

use octopus_setup::model::backend::Backends;
use octopus_setup::render::Shell;
use octopus_setup::render::tentacles::{
    API_KEY, AddressScheme, PolledNode, Polling, PollingError, SETTING, json, write, xml_line,
};

use crate::have;
use crate::support::judges::{powershell_errors, python};

fn nodes() -> Backends {
    let nodes = ["web01=http://web01.corp", "web02=https://[2001:db8::2]:8443/octopus,10999", "web03=http://web03.corp"];
    Backends::from_texts(&nodes.map(str::to_owned)).unwrap()
}

fn shared(first_port: u16) -> AddressScheme {
    AddressScheme::Shared { address: "polling.example.com".into(), first_port }
}

fn polling(scheme: &AddressScheme) -> Polling {
    Polling::new(&nodes(), scheme).unwrap()
}

#[test]
fn every_node_has_its_own_address_or_its_own_port() {
    let addresses = |scheme| polling(&scheme).nodes.iter().map(PolledNode::address).collect::<Vec<_>>();
    assert_eq!(
        addresses(AddressScheme::Own),
        ["https://web01.corp:10943", "https://[2001:db8::2]:10999", "https://web03.corp:10943"]
    );
    assert_eq!(
        addresses(shared(10_943)),
        ["https://polling.example.com:10943", "https://polling.example.com:10944", "https://polling.example.com:10945"]
    );
    assert_eq!(Polling::new(&nodes(), &shared(65_534)), Err(PollingError::NoPort("web03".into())));
    assert_eq!(Polling::new(&Backends::default(), &AddressScheme::Own), Err(PollingError::NoNode));
}

#[test]
fn the_setting_is_json_and_its_line_is_xml() {
    let known = Polling {
        thumbprint: Some("A".repeat(40)),
        subscription: Some("poll://g3662re9njtelsyfhm7t/".into()),
        ..polling(&AddressScheme::Own)
    };
    let text = json(&known);
    let read: serde_json::Value = serde_json::from_str(&text).unwrap();
    let first = &read[0];
    assert_eq!(read.as_array().unwrap().len(), 3);
    assert_eq!(first["Thumbprint"], "A".repeat(40));
    assert_eq!((&first["CommunicationStyle"], &first["Squid"]), (&2.into(), &serde_json::Value::Null));
    assert_eq!(
        (&first["Address"], &first["SubscriptionId"]),
        (&"https://web01.corp:10943".into(), &"poll://g3662re9njtelsyfhm7t/".into())
    );
    let program = r"
import sys, xml.etree.ElementTree as tree
element = tree.fromstring(sys.stdin.buffer.read().decode())
print(element.attrib['key'])
sys.stdout.write(element.text)
";
    for polling in [known, polling(&AddressScheme::Own)] {
        let Some(said) = python(program, xml_line(&polling).as_bytes()) else { return };
        assert_eq!(said, format!("{SETTING}\n{}", json(&polling)));
    }
}

/// A stand-in for Tentacle that says what it was told.
#[test]
fn bash_tells_every_further_node_and_restarts() {
    if !have("bash") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let tentacle = folder.path().join("Tentacle");
    std::fs::write(&tentacle, "#!/bin/sh\nprintf '%s\\n' \"$*\" \"key in the environment: ${OCTOPUS_SETUP_API_KEY:-none}\"\n")
        .unwrap();
    std::fs::set_permissions(&tentacle, std::fs::Permissions::from_mode(0o755)).unwrap();
    let script = write(&polling(&shared(10_943)), Shell::Bash).unwrap();
    let run = |key: Option<&str>| {
        let mut command = std::process::Command::new("bash");
        command.args(["-c", &script]).env("TENTACLE", &tentacle).env("TENTACLE_INSTANCE", "My Tentacle").env_remove(API_KEY);
        if let Some(key) = key {
            command.env(API_KEY, key);
        }
        command.output().unwrap()
    };
    let output = run(Some("API-it's a \"key\""));
    assert!(output.status.success(), "{output:?}");
    let none = "key in the environment: none\n";
    let line = |server: &str, port: u16| {
        format!(
            "poll-server --instance My Tentacle --server {server} --apiKey API-it's a \"key\" \
             --server-comms-address https://polling.example.com --server-comms-port {port}\n{none}"
        )
    };
    let expected = [
        line("https://[2001:db8::2]:8443/octopus", 10_944),
        line("http://web03.corp:80", 10_945),
        format!("service --instance My Tentacle --restart\n{none}"),
    ];
    assert_eq!(String::from_utf8(output.stdout).unwrap(), expected.concat());
    assert_eq!(run(None).status.code(), Some(2));
}

#[test]
fn scripts_look_like_this() {
    let powershell = write(&polling(&AddressScheme::Own), Shell::PowerShell).unwrap();
    assert!(powershell.is_ascii(), "a script means the same in each encoding");
    insta::assert_snapshot!("tentacles_bash_shared", write(&polling(&shared(10_943)), Shell::Bash).unwrap());
    insta::assert_snapshot!("tentacles_powershell_own", &powershell);
    if let Some(said) = powershell_errors(&[powershell]) {
        assert_eq!(said, "");
    }
}
