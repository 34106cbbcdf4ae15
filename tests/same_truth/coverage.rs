//! That the corpus is whole: every field that can be given, every check that can be provoked with each of its severities, every
//! set-up flow, and a text for each case.

use std::collections::BTreeSet;

use octopus_setup::model::check::CheckId;
use octopus_setup::model::field::FieldId;
use octopus_setup::model::finding::Severity::{self, Note, Stop, Unknown, Unproven, Warn};
use octopus_setup::model::flow::Flow;

use crate::case::{Case, names};
use crate::outcome::weight;
use crate::scenes::SceneId;

/// What a check can say in a set-up flow, before anything is installed. It has to be found in the corpus.
const fn says(check: CheckId) -> &'static [Severity] {
    match check {
        CheckId::HomeInstance
        | CheckId::HomeWritable
        | CheckId::ServiceAccount
        | CheckId::SqlName
        | CheckId::SqlConnect
        | CheckId::SqlLogin
        | CheckId::DbExists
        | CheckId::DbCopies
        | CheckId::ClusterSystem
        | CheckId::WebPorts
        | CheckId::StorageRights
        | CheckId::StorageSpace
        | CheckId::OctopusInstance
        | CheckId::StateFolder => &[Stop],
        CheckId::HomePath
        | CheckId::HomeDisk
        | CheckId::SqlTls
        | CheckId::DbState
        | CheckId::DbRights
        | CheckId::DbContent
        | CheckId::ClusterKey
        | CheckId::ClusterNode
        | CheckId::KeyFile
        | CheckId::StorageDisk => &[Stop, Warn],
        CheckId::SqlVersion | CheckId::ClusterVersion | CheckId::AdminAccount | CheckId::Licence | CheckId::OctopusProgram => {
            &[Stop, Warn, Note]
        }
        CheckId::DbCollation | CheckId::StorageFolders => &[Stop, Warn, Unproven],
        CheckId::StorageShared => &[Stop, Warn, Unknown],
        CheckId::WebPrefixes => &[Stop, Note],
        CheckId::ClusterNodes => &[Note],
        CheckId::SqlClock | CheckId::DbSnapshot | CheckId::StorageContent => &[Warn, Note],
        CheckId::HomeNode
        | CheckId::SqlLatency
        | CheckId::ClusterLicence
        | CheckId::WebNames
        | CheckId::StorageAccount
        | CheckId::ServiceHome
        | CheckId::LicenceNodes
        | CheckId::OctopusService => &[Warn],
        // `service-rights` warns whoever is not root, which is not for a case to choose. `key-kept` is judged once the key is
        // shown, which is behind the plan. `storage-latency` warns of a slow disk. The others are about nodes that are there
        // already.
        CheckId::ServiceRights
        | CheckId::KeyKept
        | CheckId::NodeConfig
        | CheckId::NodeSeals
        | CheckId::DriftRow
        | CheckId::DriftOctopus
        | CheckId::DriftHost
        | CheckId::StorageLatency
        | CheckId::OctopusLog
        | CheckId::OctopusPing => &[],
    }
}

/// What a check can say besides and no case provokes, with the reason. Unit tests of the checks have them.
const NOT_PROVOKED: [(CheckId, Severity, &str); 10] = [
    (CheckId::ClusterNodes, Warn, "another node with this one's address, which is a name of this very machine"),
    (CheckId::ServiceAccount, Warn, "a directory service that does not answer in time"),
    (CheckId::ServiceRights, Warn, "the tests may run as root or not"),
    (CheckId::DbExists, Warn, "Azure SQL, or a server that does not tell of rights; the practice server is neither"),
    (CheckId::DbCopies, Warn, "an availability group; the practice server has none"),
    (CheckId::DbCopies, Note, "log shipping; the practice server has none"),
    (CheckId::ServiceHome, Unknown, "Windows, whose access control lists are not read"),
    (CheckId::StorageLatency, Warn, "a share that is slow"),
    (CheckId::StorageSpace, Warn, "a disk that is nearly full"),
    (CheckId::OctopusService, Note, "the tests may run as root or not"),
];

/// What the texts say: check and severity.
fn said() -> BTreeSet<(CheckId, &'static str)> {
    let mut said = BTreeSet::new();
    for case in Case::all() {
        for line in case.expected().unwrap_or_default().lines() {
            let words: Vec<&str> = line.split_whitespace().collect();
            let [severity, check, ..] = words[..] else { continue };
            let severity = [Stop, Warn, Unproven, Unknown, Note].map(weight).into_iter().find(|word| *word == severity);
            if let (true, Some(severity), Some(check)) = (line.starts_with("  "), severity, CheckId::from_id(check)) {
                said.insert((check, severity));
            }
        }
    }
    said
}

#[test]
fn every_check_says_everything_that_it_can() {
    let said = said();
    for check in CheckId::ALL {
        for severity in says(check) {
            assert!(said.contains(&(check, weight(*severity))), "no case has {} say {}", check.id(), weight(*severity));
        }
    }
    let known = |check: CheckId, word: &str| says(check).iter().any(|severity| weight(*severity) == word);
    for (check, word) in &said {
        assert!(known(*check, word), "{} says {word}, which is not in the list", check.id());
    }
    for (check, severity, why) in NOT_PROVOKED {
        assert!(!said.contains(&(check, weight(severity))), "{} is provoked after all: {why}", check.id());
    }
}

#[test]
fn every_field_is_given_another_answer_than_its_default() {
    let cases = Case::all();
    for field in FieldId::ALL.into_iter().filter(|field| field.is_presettable()) {
        let given = cases.iter().any(|case| {
            let value = case.text().lines().find_map(|line| line.strip_prefix(field.id())?.trim_start().strip_prefix('='));
            value.is_some_and(|value| value.trim().trim_matches('"') != field.default())
        });
        assert!(given, "no case gives {}", field.id());
    }
}

#[test]
fn every_set_up_flow_and_every_scene_has_cases_that_come_to_the_plan_and_the_flows_some_that_do_not() {
    let cases = Case::all();
    assert!(cases.len() >= 60, "{} cases", cases.len());
    for flow in [Flow::FirstNode, Flow::Join] {
        for beginning in ["The plan", "Checks refuse", "Answers are refused", "The answer file is refused"] {
            let has = |case: &&Case| case.flow == flow && case.expected().is_some_and(|text| text.contains(beginning));
            assert!(cases.iter().any(|case| has(&case)), "{}: {beginning}", flow.id());
        }
    }
    for scene in SceneId::ALL {
        assert!(cases.iter().any(|case| case.scene == scene), "{}", scene.id());
    }
}

#[test]
fn every_case_has_its_text_and_every_text_its_case() {
    assert_eq!(names("toml"), names("txt"));
}
