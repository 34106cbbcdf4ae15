//! The words: every screen file parses, every id is worded exactly once, every sentence ends.

use std::collections::BTreeMap;

use octopus_setup::catalog::checks;
use octopus_setup::catalog::flow;
use octopus_setup::faces::tui::bindings::fill;
use octopus_setup::model::advice::Advice;
use octopus_setup::model::check::CheckId;
use octopus_setup::model::field::{FieldId, Kind};
use octopus_setup::model::flow::Flow;
use octopus_setup::model::screen::ScreenId;
use octopus_setup::words;

#[test]
fn every_screen_file_parses() {
    for screen in ScreenId::ALL {
        let parsed = words::parse(words::source(screen));
        assert!(parsed.is_ok(), "screens/{}.toml: {}", screen.id(), parsed.unwrap_err());
    }
}

#[test]
fn the_line_of_a_name_says_it_and_each_check_knows_its_screen() {
    for screen in ScreenId::ALL {
        assert_eq!(words::name(screen), words::screen(screen).name, "{}", screen.id());
        for check in words::screen(screen).checks() {
            assert_eq!(checks::row(check).screen, screen, "{}", check.id());
        }
    }
}

#[test]
fn every_file_in_the_folder_is_a_screen() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("screens");
    let mut files: Vec<String> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    let mut screens: Vec<String> = ScreenId::ALL.iter().map(|screen| format!("{}.toml", screen.id())).collect();
    files.sort();
    screens.sort();
    assert_eq!(files, screens);
}

#[test]
fn every_field_that_a_flow_asks_is_on_exactly_one_of_its_screens() {
    let mut asked: BTreeMap<FieldId, usize> = BTreeMap::new();
    for flow in Flow::ALL {
        for field in FieldId::ALL {
            let on = flow::path(flow).iter().filter(|screen| words::screen(**screen).field(field).is_some()).count();
            if flow::asks(flow, field) {
                // A first node is named on its home screen, one that joins beside the others: it has words for both, and the
                // flow says which.
                let wanted = if (flow, field) == (Flow::Join, FieldId::NodeName) { 2 } else { 1 };
                assert_eq!(on, wanted, "{} in {}", field.id(), flow.id());
                *asked.entry(field).or_default() += 1;
            }
        }
    }
    for field in FieldId::ALL {
        assert!(asked.contains_key(&field), "{} is asked by no flow", field.id());
    }
}

#[test]
fn every_check_is_on_exactly_one_screen() {
    let mut seen: BTreeMap<CheckId, usize> = BTreeMap::new();
    for screen in ScreenId::ALL {
        for check in words::screen(screen).checks() {
            *seen.entry(check).or_default() += 1;
        }
    }
    for check in CheckId::ALL {
        assert_eq!(seen.get(&check), Some(&1), "{}", check.id());
    }
}

#[test]
fn every_value_of_a_choice_has_a_name() {
    for screen in ScreenId::ALL {
        let screen = words::screen(screen);
        for field in screen.fields() {
            let words = screen.field(field).unwrap();
            let expected: Vec<&str> = match field.kind() {
                Kind::Choice(values) => values.to_vec(),
                Kind::Toggle => vec!["true", "false"],
                _ => Vec::new(),
            };
            let mut expected = expected.clone();
            expected.sort_unstable();
            assert_eq!(words.choices.keys().map(String::as_str).collect::<Vec<_>>(), expected, "{}", field.id());
        }
    }
}

#[test]
fn sentences_end_with_a_full_stop_and_labels_do_not() {
    let sentence = |text: &str| fill(text).trim_end().ends_with(['.', '?']);
    for id in ScreenId::ALL {
        let screen = words::screen(id);
        assert!(sentence(&screen.intro), "{}: intro", id.id());
        assert!(sentence(&screen.help), "{}: help", id.id());
        assert!(!screen.name.ends_with('.'), "{}: name", id.id());
        for flow in Flow::ALL {
            assert!(sentence(screen.intro(Some(flow))), "{} in {}: intro", id.id(), flow.id());
            assert!(sentence(screen.help(Some(flow))), "{} in {}: help", id.id(), flow.id());
        }
        for advice in Advice::ALL {
            assert_eq!(screen.advice(advice).is_some(), id == ScreenId::Done, "{}: {advice:?}", id.id());
            assert!(screen.advice(advice).is_none_or(sentence), "{}: {advice:?}", id.id());
        }
        for field in screen.fields() {
            let words = screen.field(field).unwrap();
            assert!(sentence(&words.hint), "{}: hint", field.id());
            assert!(sentence(&words.help), "{}: help", field.id());
            assert!(!words.label.ends_with('.') && words.label.chars().count() <= 14, "{}: label", field.id());
        }
        for check in screen.checks() {
            let words = screen.check(check).unwrap();
            assert!(sentence(&words.proves), "{}: proves", check.id());
            assert!(!words.label.ends_with('.') && words.label.chars().count() <= 14, "{}: label", check.id());
        }
    }
}

#[test]
fn an_unknown_id_or_key_is_refused() {
    let good = words::source(ScreenId::Done);
    assert!(words::parse(good).is_ok());
    assert!(words::parse(&format!("{good}\nif = \"x\"\n")).is_err());
    let field = "[[field]]\nid = \"nothing\"\nlabel = \"x\"\nhint = \"x.\"\nhelp = \"x.\"\n";
    let error = words::parse(&format!("{good}\n{field}")).unwrap_err();
    assert!(error.to_string().contains("nothing"), "{error}");
}
