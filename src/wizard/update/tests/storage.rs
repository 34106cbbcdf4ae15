//! What the nodes share is the registry's to say: a join reads it, looks there, and asks nothing.

use super::bench::*;
use crate::model::answers::Origin;
use crate::model::storage::SharedStorage;
use crate::model::survey::{Inputs, SurveyId};
use crate::wizard::gate::Gate;
use crate::wizard::view::shared_folders;

/// A join that stands on the storage's screen, all of it answered with these facts; `None` where it does not get there.
fn joining(facts: &Facts) -> Bench {
    let mut bench = Bench::new();
    bench.send(Event::Begin(StartChoice::Flow(Flow::Join)));
    bench.edit(FieldId::NodeName, "web02");
    for _ in 0..40 {
        bench.answer_with(facts);
        match bench.state.place.here {
            ScreenId::Storage => break,
            ScreenId::Cluster => bench.edit(FieldId::MasterKey, samples::KEY),
            _ => {}
        }
        bench.answer_with(facts);
        bench.send(Event::Next);
    }
    bench.answer_with(facts);
    assert_eq!(bench.state.place.here, ScreenId::Storage, "{:?}", bench.state.foremost());
    bench
}

#[test]
fn a_join_looks_at_what_the_registry_names_and_asks_nothing() {
    let bench = joining(&samples::facts_of_a_cluster());
    assert!(bench.state.fields().is_empty());
    let answer = bench.state.answers.get(FieldId::StorageRoot);
    assert_eq!((bench.state.answers.text(FieldId::StorageRoot), answer.origin), (samples::STORAGE, Origin::File));
    let named = SharedStorage::Root(samples::STORAGE.into()).folders();
    let asked = bench.state.tickets.any(|asking| matches!(&asking.inputs, Inputs::Storage { folders, .. } if *folders == named));
    assert!(asked);
    let shares = shared_folders(&bench.state);
    assert_eq!(shares.len(), named.len());
    assert!(shares.iter().all(|share| share.good == Some(true) && share.status == "there"), "{shares:?}");
    assert_eq!(bench.state.gate(), Gate::Open, "{:?}", bench.state.verdicts());
}

#[test]
fn what_was_typed_for_another_cluster_does_not_count() {
    let mut bench = Bench::new();
    bench.edit(FieldId::Storage, "root");
    bench.edit(FieldId::StorageRoot, "/mnt/mine");
    bench.send(Event::Begin(StartChoice::Flow(Flow::Join)));
    assert_eq!(bench.state.answers.text(FieldId::Storage), "none", "while nothing is known of the cluster");
    assert!(!bench.state.tickets.any(|asking| asking.inputs.survey() == SurveyId::Storage));
}

#[test]
fn a_cluster_that_shares_nothing_is_no_dead_end() {
    let mut facts = samples::facts_of_a_cluster();
    facts.cluster.storage = Fact::Seen(SharedStorage::None);
    let mut bench = joining(&facts);
    assert_eq!(bench.state.gate(), Gate::Warned(vec![CheckId::StorageFolders]));
    bench.send(Event::Next);
    bench.send(Event::Next);
    assert_ne!(bench.state.place.here, ScreenId::Storage);
}

#[test]
fn a_folder_that_is_not_the_shared_one_shuts_the_gate() {
    let mut facts = samples::facts_of_a_cluster();
    for folder in &mut facts.storage.folders {
        folder.canaries = Fact::Seen(Vec::new());
    }
    let mut bench = joining(&facts);
    assert_eq!(bench.state.gate(), Gate::Shut(vec![CheckId::StorageShared]));
    bench.send(Event::Next);
    assert_eq!(bench.state.place.here, ScreenId::Storage);
}

#[test]
fn checking_again_asks_the_registry_and_the_folders_anew() {
    let facts = samples::facts_of_a_cluster();
    let mut bench = joining(&facts);
    bench.send(Event::Press(Action::CheckAgain));
    assert_ne!(bench.state.gate(), Gate::Open);
    bench.answer_with(&facts);
    assert_eq!(bench.state.gate(), Gate::Open, "{:?}", bench.state.verdicts());
}

#[test]
fn a_first_node_asks_no_cluster() {
    let mut bench = Bench::new();
    bench.send(Event::Begin(StartChoice::Flow(Flow::FirstNode)));
    bench.send(Event::ProveAll);
    bench.answer_with(&samples::facts());
    assert!(!bench.state.tickets.any(|asking| asking.inputs.survey() == SurveyId::Cluster));
}
