//! A join has nothing of the whole cluster's in it.

use octopus_setup::model::flow::Flow;
use octopus_setup::model::storage::{SharedFolder, SharedStorage};
use octopus_setup::render::octopus::{Flag, Reach, Verb, Word, commands};
use octopus_setup::render::script::by_reference;
use octopus_setup::render::{Shell, compose};
use proptest::prelude::*;

use crate::nodes::{any_node, ordinary, setup, whole};

#[test]
fn the_table_says_of_what_is_the_clusters_that_it_is() {
    let verbs: Vec<_> = Verb::ALL.into_iter().filter(|verb| verb.reach() == Reach::Cluster).map(Verb::id).collect();
    assert_eq!(verbs, ["admin", "license", "path"]);
    let flags: Vec<_> = Flag::all().filter(|flag| flag.reach() == Reach::Cluster).map(Flag::id).collect();
    assert_eq!(
        flags,
        [
            "--create",
            "--upgrade",
            "--grant",
            "--usernamePasswordIsEnabled",
            "--activeDirectoryIsEnabled",
            "--guestloginenabled",
            "--upgradeCheck",
            "--email",
            "--password",
            "--licenseBase64",
            "--licenseFile",
            "--clusterShared",
            "--artifacts",
            "--taskLogs",
            "--nugetRepository",
            "--telemetry",
            "--imports",
            "--eventExports"
        ]
    );
}

#[test]
fn a_first_node_creates_the_database_and_a_join_does_not() {
    let node = ordinary();
    let has = |flow| {
        let commands = commands(&setup(flow, &node)).unwrap();
        commands.iter().flat_map(|command| &command.options).any(|option| option.flag == Flag::Create)
    };
    assert!(has(Flow::FirstNode) && !has(Flow::Join));
}

fn verbs(flow: Flow, node: &octopus_setup::model::node::Node) -> Vec<Verb> {
    commands(&setup(flow, node)).unwrap().iter().map(|command| command.verb).collect()
}

#[test]
fn the_order_is_that_of_octopus_own_scripts() {
    use Verb::{Admin, Configure, CreateInstance, Database, License, Node, Path, Service};
    let node = ordinary();
    assert_eq!(verbs(Flow::FirstNode, &node), [CreateInstance, Database, Configure, Service, Node]);
    assert_eq!(verbs(Flow::FirstNode, &whole()), [CreateInstance, Database, Configure, Admin, License, Path, Service, Node]);
    // One that joins takes no tasks before it has proven itself, and what concerns the cluster it leaves alone.
    for node in [ordinary(), whole()] {
        assert_eq!(verbs(Flow::Join, &node), [CreateInstance, Database, Configure, Node, Service, Node]);
        let commands = commands(&setup(Flow::Join, &node)).unwrap();
        let cap = |place: usize| commands[place].options.last().and_then(|option| option.value.clone());
        assert_eq!((cap(3), cap(5)), (Some(Word::text("0")), Some(Word::text("5"))));
    }
    let idle = octopus_setup::model::node::Node { start_service: false, ..ordinary() };
    assert_eq!(verbs(Flow::Join, &idle), [CreateInstance, Database, Configure, Service, Node]);
}

proptest! {
    #[test]
    fn a_join_has_no_command_and_no_option_that_others_depend_on(node in any_node()) {
        for flow in Flow::ALL.into_iter().filter(|flow| *flow != Flow::FirstNode) {
            for command in commands(&setup(flow, &node)).unwrap() {
                prop_assert_eq!(command.verb.reach(), Reach::Node);
                for option in command.options {
                    prop_assert_eq!(option.flag.reach(), Reach::Node);
                }
            }
        }
    }
}

#[test]
fn folders_of_their_own_are_handed_over_each_by_its_option() {
    let folders = SharedFolder::ALL.into_iter().map(|folder| (folder, format!("/srv/{}", folder.name()).into())).collect();
    let node = octopus_setup::model::node::Node { storage: SharedStorage::Folders(folders), ..ordinary() };
    let commands = commands(&setup(Flow::FirstNode, &node)).unwrap();
    let path = commands.iter().find(|command| command.verb == Verb::Path).unwrap();
    let flags: Vec<_> = path.options.iter().skip(1).map(|option| option.flag.id()).collect();
    assert_eq!(flags, ["--artifacts", "--taskLogs", "--nugetRepository", "--telemetry", "--imports", "--eventExports"]);
}

#[test]
fn nor_does_the_text_of_a_join_name_any() {
    let node = ordinary();
    let words =
        |text: &str| text.split(|c: char| !(c.is_alphanumeric() || c == '-' || c == '_')).map(str::to_owned).collect::<Vec<_>>();
    for shell in Shell::ALL {
        let words = words(&by_reference(&setup(Flow::Join, &node), shell).unwrap());
        let verbs = Verb::ALL.into_iter().filter(|verb| verb.reach() == Reach::Cluster && *verb != Verb::Path).map(Verb::id);
        let flags = Flag::all().filter(|flag| flag.reach() == Reach::Cluster).map(Flag::id);
        for id in verbs.chain(flags) {
            assert!(!words.iter().any(|word| word == id), "{id}");
        }
    }
    let compose = compose::by_reference(&setup(Flow::Join, &node)).unwrap();
    assert!(!compose.contains("ADMIN_") && !compose.contains("LICENSE"), "{compose}");
}
