use super::*;
use crate::catalog::samples;
use crate::model::answers::{Answers, Raw};
use crate::model::facts::{Fact, Facts, NodeFacts, SealTrouble, Trouble};
use crate::model::field::FieldId;
use crate::model::octopus::OctopusConfig;
use crate::model::platform::Platform;
use crate::wizard::state::State;
use crate::wizard::update;

fn state(node: NodeFacts) -> State {
    let (mut state, _) = update::begin(Answers::new(Platform::Linux), None);
    state.facts = Facts { node, ..samples::facts() };
    for (field, raw) in answers(&state.facts, None) {
        state.answers.set(field, raw, crate::model::answers::Origin::File);
    }
    state
}

fn value(list: &[SettingItem], id: &str) -> (String, SettingSource) {
    let found = list.iter().find(|setting| setting.id == id).unwrap_or_else(|| panic!("no {id} in {list:#?}"));
    (found.value.clone(), found.source)
}

#[test]
fn a_node_config_answers_everything_that_it_says() {
    let state = state(samples::node());
    for (field, text) in [
        (FieldId::Instance, "OctopusServer"),
        (FieldId::NodeName, "web01"),
        (FieldId::Server, "sql01,1433"),
        (FieldId::Encryption, "mandatory"),
        (FieldId::Trust, "system"),
        (FieldId::MultiSubnet, "false"),
        (FieldId::ListenPrefixes, "http://web01/"),
        (FieldId::CommsPort, "10943"),
        (FieldId::TaskCap, "5"),
    ] {
        assert_eq!(state.answers.text(field), text, "{}", field.id());
    }
    for secret in [FieldId::Password, FieldId::MasterKey] {
        assert!(!state.answers.get(secret).raw.is_empty(), "{}", secret.id());
    }
}

#[test]
fn a_secret_that_does_not_open_is_answered_with_nothing() {
    let trouble = Trouble::Seal(SealTrouble::OtherMachine);
    let node = NodeFacts { password: Fact::Missing(trouble.clone()), key: Fact::Missing(trouble), ..samples::node() };
    let state = state(node);
    assert!(state.answers.get(FieldId::Password).raw.is_empty() && state.answers.get(FieldId::MasterKey).raw.is_empty());
    let list = super::list(&state);
    assert_eq!(value(&list, "password"), ("sealed on another machine".into(), SettingSource::NodeConfig));
    assert_eq!(value(&list, "master-key").0, "sealed on another machine");
}

#[test]
fn the_list_is_grouped_tells_where_each_came_from_and_holds_no_secret() {
    let list = super::list(&state(samples::node()));
    let groups: Vec<_> = list.iter().map(|setting| Group::ALL.iter().position(|group| *group == setting.group)).collect();
    assert!(groups.is_sorted(), "{groups:?}");
    assert_eq!(value(&list, "password"), ("sealed, opens here".into(), SettingSource::NodeConfig));
    assert_eq!(value(&list, "host"), ("web01".into(), SettingSource::Host));
    assert_eq!(value(&list, "joined").1, SettingSource::Registry);
    let all = format!("{list:?}");
    assert!(!all.contains(samples::PASSWORD) && !all.contains(samples::KEY), "{all}");
}

#[test]
fn what_octopus_server_s_config_lacks_is_a_default() {
    let secret = Raw::of(FieldId::Password, samples::PASSWORD);
    let config = OctopusConfig {
        path: "/etc/octopus/x.config".into(),
        said: vec![
            (FieldId::Server, Raw::of(FieldId::Server, "sql09")),
            (FieldId::Password, secret),
            (FieldId::CommsPort, Raw::of(FieldId::CommsPort, "10944")),
        ],
        has_connection: true,
        has_master_key: true,
        ..OctopusConfig::default()
    };
    let node = NodeFacts {
        config: Fact::Missing(Trouble::Unasked),
        octopus: Fact::Seen(Some(Box::new(config))),
        ..NodeFacts::default()
    };
    let state = state(node);
    assert_eq!(state.answers.text(FieldId::NodeName), "web01", "the machine's name is Octopus' own default");
    let list = super::list(&state);
    assert_eq!(value(&list, "server"), ("sql09".into(), SettingSource::OctopusConfig));
    assert_eq!(value(&list, "node-name"), ("web01".into(), SettingSource::Default));
    assert_eq!(value(&list, "comms-port"), ("10944".into(), SettingSource::OctopusConfig));
    assert_eq!(value(&list, "listen-prefixes").1, SettingSource::Default);
    assert!(!format!("{list:?}").contains(samples::PASSWORD));
}

#[test]
fn files_that_cannot_be_read_tell_nothing() {
    let node = NodeFacts { config: Fact::Missing(Trouble::Io("denied".into())), ..NodeFacts::default() };
    let state = state(node);
    assert!(list(&state).is_empty() && answers(&state.facts, None).is_empty());
}

#[test]
fn shared_storage_is_listed_and_answered_path_by_path_and_a_single_node_is_told_nothing() {
    use crate::model::storage::{SharedFolder, SharedStorage};
    let with = |storage| {
        let mut config = samples::node_config();
        config.storage = storage;
        state(NodeFacts { config: Fact::Seen(Box::new(config)), ..samples::node() })
    };
    let alone = with(SharedStorage::None);
    assert_eq!(alone.answers.text(FieldId::Storage), "none");
    assert!(list(&alone).iter().all(|setting| setting.group != Group::Storage));
    let root = with(SharedStorage::Root("/mnt/octopus".into()));
    assert_eq!((root.answers.text(FieldId::Storage), root.answers.text(FieldId::StorageRoot)), ("root", "/mnt/octopus"));
    assert_eq!(value(&list(&root), "storage-root"), ("/mnt/octopus".into(), SettingSource::NodeConfig));
    let folders = SharedFolder::ALL.map(|folder| (folder, format!("/mnt/{}", folder.id()).into())).to_vec();
    let shared = SharedStorage::Folders(folders);
    let each = with(shared.clone());
    let list = super::list(&each);
    assert_eq!(list.iter().filter(|setting| setting.group == Group::Storage).count(), 7);
    assert_eq!(crate::catalog::form::read::storage(&each.answers), Ok(shared), "an edit keeps it");
}
