//! The command for the next node, read by bash and by its own words.

use std::process::Command;

use octopus_setup::model::flow::Flow;
use octopus_setup::model::node::Node;
use octopus_setup::model::survey::AccountKind;
use octopus_setup::model::target::{Target, Trust};
use octopus_setup::model::web::ListenPrefix;
use octopus_setup::render::{Shell, next_node};
use proptest::prelude::*;

use crate::nodes::{CANARIES, any_node, ordinary, setup, with_account};

fn command(node: &Node, shell: Shell) -> String {
    next_node::words(&setup(Flow::FirstNode, node), shell).join(" ")
}

#[test]
fn an_ordinary_one() {
    assert_eq!(
        command(&ordinary(), Shell::Bash),
        "octopus-setup join --server sql01.corp.example,1433 --database OctopusDeploy --user octopus --encryption mandatory --trust system \
         --home /var/lib/octopus --password-from env:OCTOPUS_SETUP_PASSWORD --master-key-from env:OCTOPUS_SETUP_MASTER_KEY --yes"
    );
}

#[test]
fn what_differs_from_the_defaults_is_told_and_a_name_of_its_own_is_left_to_fill_in() {
    let node = Node {
        target: Target { trust: Trust::Fingerprint([0x9c; 32]), multi_subnet: true, ..ordinary().target },
        ..with_account(AccountKind::Custom)
    };
    let mut node = Node { instance: "My Node".into(), ..node };
    node.web.prefixes = ListenPrefix::parse_all("http://WEB01.corp.example/, http://+:8080/").unwrap();
    node.web.comms_port = 10944;
    let command = command(&node, Shell::Bash);
    for part in [
        " --trust fingerprint --fingerprint 9c9c9c9c",
        " --multi-subnet true",
        " --instance 'My Node'",
        " --service-account custom --service-user 'CORP\\svc-octopus$'",
        " --listen-prefixes 'http://<name>.corp.example:80/,http://+:8080/'",
        " --comms-port 10944",
        " --service-password-from env:OCTOPUS_SETUP_SERVICE_PASSWORD --yes",
    ] {
        assert!(command.contains(part), "{part}: {command}");
    }
    assert!(!command.contains("--grpc-port") && !command.contains("--node-name"), "{command}");
}

#[test]
fn powershell_has_quotes_of_its_own() {
    let node = Node { instance: "it's \u{2019}x".into(), ..with_account(AccountKind::Managed) };
    let command = command(&node, Shell::PowerShell);
    assert!(command.contains(" --instance 'it''s \u{2019}\u{2019}x'"), "{command}");
    assert!(command.contains(" --service-user 'CORP\\svc-octopus$'"), "{command}");
}

/// The words that bash makes of a text in place of `octopus-setup`'s own.
fn bash(text: &str) -> Vec<String> {
    let program = format!("octopus-setup() {{ printf '%s\\0' \"$@\"; }}\n{text}\n");
    let output = Command::new("bash").args(["-c", &program]).output().unwrap();
    assert!(output.status.success() && output.stderr.is_empty(), "{output:?}\n{text}");
    let said = String::from_utf8(output.stdout).unwrap();
    said.split_terminator('\0').map(str::to_owned).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn wrapped_or_not_bash_reads_the_same_words_and_no_secret(node in any_node(), columns in 20usize..100) {
        let setup = setup(Flow::Join, &node);
        let words = bash(&command(&node, Shell::Bash));
        let lines = next_node::lines(&setup, Shell::Bash, columns);
        prop_assert_eq!(&bash(&lines.join("\n")), &words);
        for line in &lines {
            prop_assert!(line.chars().count() <= columns || line.trim().trim_end_matches(" \\").starts_with("--") || columns < 24, "{}", line);
        }
        for (flag, text) in [("--user", crate::nodes::login(&node)), ("--instance", &node.instance)] {
            let clean = octopus_setup::model::untrusted::Untrusted::new(text);
            if clean.as_str() == text && !text.is_empty() && text != "OctopusServer" && !text.starts_with('-') {
                let place = words.iter().position(|word| word == flag).unwrap();
                prop_assert_eq!(&words[place + 1], text);
            }
        }
        prop_assert!(words.iter().all(|word| CANARIES.iter().all(|canary| !word.contains(canary))));
    }
}
