//! Which answer counts: a flag before the environment, that before a file, that before the default.

use octopus_setup::model::answers::Origin;
use octopus_setup::model::field::FieldId;
use octopus_setup::wizard::answer_file::flags;

use super::scene::{password, scene, with};

#[test]
fn a_flag_goes_before_the_environment_that_before_a_file_and_that_before_the_default() {
    let database = |file: bool, variable: bool, flag: bool| {
        let mut scene = if file { with("database = 'F'\n") } else { scene() };
        if variable {
            scene = scene.variable("OCTOPUS_SETUP_DATABASE", "E");
        }
        if flag {
            scene.command_line.flags.push(flags::set("database=A").unwrap());
        }
        let resolved = scene.gather();
        let answer = resolved.loaded.answers.get(FieldId::Database).clone();
        (resolved.loaded.answers.text(FieldId::Database).to_owned(), answer.origin)
    };
    assert_eq!(database(false, false, false), ("OctopusDeploy".into(), Origin::Default));
    assert_eq!(database(true, false, false), ("F".into(), Origin::File));
    assert_eq!(database(true, true, false), ("E".into(), Origin::Environment));
    assert_eq!(database(false, true, false), ("E".into(), Origin::Environment));
    for (file, variable) in [(true, true), (true, false), (false, true), (false, false)] {
        assert_eq!(database(file, variable, true), ("A".into(), Origin::Flag));
    }
}

#[test]
fn of_two_files_and_of_two_flags_the_later_one_counts() {
    let mut scene = with("database = 'one'\ntask-cap = 1\n");
    scene.file("b.toml", b"database = 'two'\n");
    for set in ["server=a", "server=b"] {
        scene.command_line.flags.push(flags::set(set).unwrap());
    }
    let answers = scene.gather().loaded.answers;
    assert_eq!((answers.text(FieldId::Database), answers.text(FieldId::Server)), ("two", "b"));
}

#[test]
fn every_field_of_each_flow_can_be_given_by_its_variable() {
    use octopus_setup::model::flow::Flow;
    for flow in [Flow::FirstNode, Flow::Join] {
        for field in FieldId::ALL.into_iter().filter(|field| field.is_presettable()) {
            let mut scene = scene().variable(&field.variable(), "canary");
            scene.command_line.flags.clear();
            scene.command_line.flow = Some(flow);
            // What decides whether others are asked.
            for set in ["service-account=custom", "trust=ca-file", "admin-user=admin"] {
                scene.command_line.flags.push(flags::set(set).unwrap());
            }
            let storage = if field == FieldId::StorageRoot { "storage=root" } else { "storage=folders" };
            if flow == Flow::FirstNode {
                scene.command_line.flags.push(flags::set(storage).unwrap());
            }
            if field == FieldId::Fingerprint {
                scene.command_line.flags.push(flags::set("trust=fingerprint").unwrap());
            }
            let loaded = scene.gather().loaded;
            let is_flag = matches!(field, FieldId::ServiceAccount | FieldId::Trust | FieldId::AdminUser)
                || (field == FieldId::Storage && flow == Flow::FirstNode);
            let expected = match octopus_setup::catalog::flow::asks(flow, field) {
                true if is_flag => Origin::Flag,
                true => Origin::Environment,
                false => Origin::Default,
            };
            assert_eq!(loaded.answers.get(field).origin, expected, "{flow:?} {}", field.id());
        }
    }
}

#[test]
fn an_empty_variable_is_none_and_an_unknown_one_is_told() {
    let mut scene = with("password = { env = 'P' }\n")
        .variable("P", "x")
        .variable("OCTOPUS_SETUP_PASSWORD", "")
        .variable("OCTOPUS_SETUP_DATABSE", "x");
    assert_eq!(password(&scene.gather()), "x");
    let told = scene.told();
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].starts_with("Warn environment variable OCTOPUS_SETUP_DATABSE: no field has this variable"), "{told:?}");
    assert!(told[0].ends_with("Did you mean OCTOPUS_SETUP_DATABASE?"), "{told:?}");
}

#[cfg(unix)]
#[test]
fn a_variable_that_is_no_text_is_told() {
    use std::os::unix::ffi::OsStringExt;
    let mut scene = scene().variable("OCTOPUS_SETUP_PASSWORD", "x");
    scene.environment.insert("OCTOPUS_SETUP_DATABASE".into(), std::ffi::OsString::from_vec(vec![b'a', 0xff]));
    let told = scene.told();
    assert!(told[0].contains("database: the variable's value is not UTF-8 text."), "{told:?}");
}

#[test]
fn what_does_not_count_is_not_fetched() {
    let text = "password = { file = 'never' }\nservice-password = { command = ['/never'] }\nmaster-key = { file = 'never' }\n";
    let mut scene = with(text).variable("OCTOPUS_SETUP_PASSWORD", "x");
    let told = scene.told();
    assert_eq!(told.len(), 2, "{told:#?}");
    assert!(told[0].contains("service-password: this counts only with service-account = \"custom\""), "{told:#?}");
    assert!(told[1].contains("master-key: first-node does not ask this, so it is ignored."), "{told:#?}");
}
