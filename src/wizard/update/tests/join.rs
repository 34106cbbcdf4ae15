//! A node that joins, and the shared storage that the registry names.

use super::*;
use crate::model::answers::Origin;
use crate::model::finding::Severity;
use crate::model::key_evidence::{KeyBasis, KeyVerdict, NoBasis};
use crate::model::storage::SharedStorage;
use crate::model::survey::{Inputs, SurveyId};
use crate::wizard::gate::Gate;
use crate::wizard::view::is_asked;
use crate::wizard::view::shared_folders;

/// A join that has come to this screen in this world, with the samples' key.
fn at(screen: ScreenId, facts: &Facts) -> Bench {
    let mut bench = Bench::new();
    bench.send(Event::Begin(StartChoice::Flow(Flow::Join)));
    bench.edit(FieldId::NodeName, "web02");
    walk(&mut bench, screen, facts);
    bench
}

fn walk(bench: &mut Bench, screen: ScreenId, facts: &Facts) {
    for _ in 0..24 {
        bench.answer_with(facts);
        if bench.state.place.here == screen {
            return;
        }
        if bench.state.place.here == ScreenId::Cluster {
            bench.edit(FieldId::MasterKey, samples::KEY);
        }
        bench.send(Event::Next);
        bench.install_all();
    }
    panic!("never came to {screen:?}; stands at {:?}, gate {:?}", bench.state.place, bench.state.gate());
}

fn with_verdict(verdict: KeyVerdict) -> Facts {
    let mut facts = samples::facts_of_a_cluster();
    facts.key.verdict = Fact::Seen(verdict);
    facts
}

#[test]
fn a_join_draws_nothing_shows_no_key_and_ends_on_done() {
    let facts = samples::facts_of_a_cluster();
    let mut bench = at(ScreenId::Review, &facts);
    let plan = bench.state.run().plan.as_ref().expect("a plan");
    assert_eq!((plan.flow, plan.cluster, plan.fingerprint), (Flow::Join, samples::CLUSTER, samples::key().fingerprint()));
    bench.send(Event::Next);
    let given = bench.effects.iter().find_map(|effect| match effect {
        Effect::Install(plan, key) => Some((plan.fingerprint, key.as_ref().map(MasterKey::fingerprint))),
        _ => None,
    });
    let fingerprint = samples::key().fingerprint();
    assert_eq!(given, Some((fingerprint, Some(fingerprint))));
    bench.install_all();
    bench.send(Event::Next);
    assert_eq!(bench.state.place.here, ScreenId::Done);
    assert!(bench.effects.iter().any(|effect| matches!(effect, Effect::CloseRun(name) if name == "OctopusServer")));
    assert!(!bench.effects.iter().any(|effect| matches!(effect, Effect::GenerateKey(_))));
    bench.send(Event::Next);
    assert_eq!(bench.state.ending, Some(Ending::Finished));
}

#[test]
fn the_node_s_name_is_asked_beside_the_others_and_not_before() {
    let facts = samples::facts_of_a_cluster();
    let bench = at(ScreenId::Home, &facts);
    assert!(!bench.state.fields().contains(&FieldId::NodeName));
    let bench = at(ScreenId::Cluster, &facts);
    assert_eq!(bench.state.fields(), [FieldId::MasterKey, FieldId::NodeName, FieldId::TaskCap]);
    let mut first = Bench::new();
    first.send(Event::Begin(StartChoice::Flow(Flow::FirstNode)));
    assert!(first.state.fields().contains(&FieldId::NodeName));
}

#[test]
fn a_question_is_asked_where_it_has_an_occasion() {
    let asked = |facts: &Facts, name: &str, field| {
        let mut state = at(ScreenId::Cluster, facts).state;
        state.answers.set(FieldId::NodeName, Raw::Text(name.to_owned()), Origin::Typed);
        state.facts = facts.clone();
        is_asked(field, &state)
    };
    let correct = samples::facts_of_a_cluster();
    assert!(!asked(&correct, "web02", FieldId::UnverifiedKey));
    assert!(asked(&with_verdict(KeyVerdict::Unverifiable(NoBasis::Nothing)), "web02", FieldId::UnverifiedKey));
    assert!(!asked(&with_verdict(KeyVerdict::Wrong(KeyBasis::Verifier)), "web02", FieldId::UnverifiedKey));
    let mut dead = samples::facts_of_a_cluster();
    let bare = crate::model::facts::NodeSeen { row: None, row_age: None, ..samples::dead_node("web-bare") };
    dead.cluster.nodes = Fact::Seen(crate::model::facts::Nodes::from([samples::dead_node("web-old"), bare]));
    assert!(asked(&dead, "WEB-old", FieldId::ReplaceNode) && !asked(&dead, "web02", FieldId::ReplaceNode));
    assert!(!asked(&dead, "web-bare", FieldId::ReplaceNode), "the registry has no row to give");
    let mut octopus = samples::facts_of_octopus();
    assert!(asked(&octopus, "web02", FieldId::MakeRegistry) && !asked(&correct, "web02", FieldId::MakeRegistry));
    octopus.key.verdict = Fact::Seen(KeyVerdict::Unverifiable(NoBasis::Nothing));
    assert!(!asked(&octopus, "web02", FieldId::MakeRegistry));
}

#[test]
fn a_whole_key_is_proven_as_it_is_pasted_and_a_half_one_is_not() {
    let facts = samples::facts_of_a_cluster();
    let mut bench = at(ScreenId::Cluster, &facts);
    bench.edit(FieldId::MasterKey, &samples::KEY[..20]);
    assert!(bench.state.tickets.running(SurveyId::Key).is_none());
    bench.edit(FieldId::MasterKey, samples::KEY);
    assert!(bench.state.tickets.running(SurveyId::Key).is_some());
    bench.answer_with(&facts);
    assert_eq!((bench.state.place.here, bench.state.gate()), (ScreenId::Cluster, Gate::Open));
}

#[test]
fn a_wrong_key_opens_no_gate() {
    let facts = with_verdict(KeyVerdict::Wrong(KeyBasis::Verifier));
    let mut bench = at(ScreenId::Cluster, &facts);
    bench.edit(FieldId::MasterKey, samples::KEY);
    for _ in 0..6 {
        bench.send(Event::Next);
        bench.answer_with(&facts);
    }
    assert_eq!((bench.state.place.here, bench.state.gate()), (ScreenId::Cluster, Gate::Shut(vec![CheckId::ClusterKey])));
}

#[test]
fn an_unverifiable_key_takes_a_choice_and_its_acceptance_and_the_plan_records_both() {
    let facts = with_verdict(KeyVerdict::Unverifiable(NoBasis::Nothing));
    let mut bench = at(ScreenId::Cluster, &facts);
    bench.edit(FieldId::MasterKey, samples::KEY);
    bench.send(Event::Next);
    bench.answer_with(&facts);
    assert_eq!(bench.state.gate(), Gate::Shut(vec![CheckId::ClusterKey]));
    bench.edit(FieldId::UnverifiedKey, "true");
    assert_eq!(bench.state.gate(), Gate::Warned(vec![CheckId::ClusterKey]));
    walk(&mut bench, ScreenId::Review, &facts);
    let plan = bench.state.run().plan.as_ref().expect("a plan");
    assert!(plan.key_unverified && plan.accepted.contains(&CheckId::ClusterKey));
}

#[test]
fn what_was_said_of_one_key_or_node_is_not_said_of_the_next() {
    let facts = with_verdict(KeyVerdict::Unverifiable(NoBasis::Nothing));
    let mut bench = at(ScreenId::Cluster, &facts);
    bench.edit(FieldId::MasterKey, samples::KEY);
    bench.edit(FieldId::UnverifiedKey, "true");
    bench.edit(FieldId::ReplaceNode, "true");
    let checks = [CheckId::ClusterKey, CheckId::ClusterNode, CheckId::SqlClock];
    bench.accept(&checks);
    let accepted = |bench: &Bench| bench.state.accepted_verdicts().iter().map(|(check, _)| *check).collect::<Vec<_>>();
    // Half of it yet, so that nothing is asked anew.
    bench.edit(FieldId::MasterKey, "Nc91+1kfZszMpe7D");
    assert!(!bench.state.answers.is_on(FieldId::UnverifiedKey) && bench.state.answers.is_on(FieldId::ReplaceNode));
    assert_eq!(accepted(&bench), [CheckId::ClusterNode, CheckId::SqlClock]);
    bench.edit(FieldId::NodeName, "web03");
    assert!(!bench.state.answers.is_on(FieldId::ReplaceNode));
    assert_eq!(accepted(&bench), [CheckId::SqlClock]);
}

#[test]
fn another_key_makes_another_plan_s_key() {
    let facts = samples::facts_of_a_cluster();
    let mut bench = at(ScreenId::Review, &facts);
    bench.send(Event::Jump(ScreenId::Cluster));
    bench.edit(FieldId::MasterKey, "Nc91+1kfZszMpe7DMne8wg==");
    bench.send(Event::Next);
    walk(&mut bench, ScreenId::Review, &facts);
    let plan = bench.state.run().plan.as_ref().expect("a plan");
    let key = bench.state.run().key.as_ref().expect("a key");
    assert_eq!(plan.fingerprint, key.fingerprint());
}

#[test]
fn the_key_of_one_flow_is_not_another_s() {
    let facts = samples::facts_of_a_cluster();
    let mut bench = at(ScreenId::Review, &facts);
    bench.send(Event::KeyGenerated(generated_key()));
    let run = bench.state.run();
    assert_eq!(run.plan.as_ref().map(|plan| plan.cluster), Some(samples::CLUSTER), "a late draw");
    assert_eq!((run.key.as_ref(), bench.state.custody().generated.is_none()), (Some(&samples::key()), true));
    while bench.state.flow().is_some() {
        bench.send(Event::Back);
    }
    bench.send(Event::Begin(StartChoice::Flow(Flow::FirstNode)));
    assert!(bench.state.custody().generated.is_none(), "a new cluster must never be given an old one's key");
    assert!(bench.state.run().plan.is_none());
}

#[test]
fn what_is_not_proven_any_more_is_proven_again_before_the_install() {
    let facts = samples::facts_of_a_cluster();
    let mut bench = at(ScreenId::Review, &facts);
    let key = Inputs::Key {
        target: Box::new(crate::catalog::form::read::target(&bench.state.answers).expect("a target")),
        key: samples::key(),
    };
    let ticket = bench.state.tickets.begin(key, Duration::ZERO);
    let lost = crate::model::facts::KeyFacts { verdict: Fact::Missing(Trouble::ConnectionLost) };
    bench.observed(ticket, Observed::Key(lost), true);
    bench.send(Event::Next);
    assert_eq!((bench.state.place.here, bench.state.run().phase), (ScreenId::Cluster, Phase::Idle));
}

#[test]
fn a_password_that_nobody_has_tried_is_tried_once_and_not_by_the_cluster_s_surveys() {
    let facts = samples::facts_of_a_cluster();
    let mut bench = at(ScreenId::Octopus, &facts);
    bench.send(Event::Jump(ScreenId::Database));
    bench.edit(FieldId::Password, "another");
    for back in [Event::Jump(ScreenId::Cluster), Event::Jump(ScreenId::Octopus), Event::Back] {
        bench.effects.clear();
        bench.send(back);
        let asked = |effect: &Effect| matches!(effect, Effect::Survey { inputs: Inputs::Cluster(_) | Inputs::Key { .. }, .. });
        assert!(!bench.effects.iter().any(asked), "{:?}", bench.effects);
        assert_ne!(bench.state.place.here, ScreenId::Cluster);
    }
    assert_eq!(bench.state.place.here, ScreenId::Database);
    assert!(bench.notice().contains("proven again"), "{}", bench.notice());
}

#[test]
fn stopping_what_is_waited_for_leaves_the_table_that_is_kept_fresh() {
    let facts = samples::facts_of_a_cluster();
    let mut bench = at(ScreenId::Cluster, &facts);
    bench.send(Event::Refresh);
    bench.edit(FieldId::MasterKey, samples::KEY);
    assert!(bench.state.tickets.awaited(SurveyId::Key) && bench.state.tickets.running(SurveyId::Cluster).is_some());
    bench.send(Event::Press(Action::Cancel));
    assert!(bench.state.tickets.running(SurveyId::Key).is_none());
    assert!(bench.state.facts.cluster.nodes.seen().is_some(), "the table is empty");
    assert!(bench.state.tickets.running(SurveyId::Cluster).is_some());
}

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
fn a_canary_that_another_run_leaves_or_takes_back_meanwhile_is_not_missing() {
    let complete = samples::facts_of_a_cluster();
    let mut without_files = complete.clone();
    for folder in &mut without_files.storage.folders {
        folder.canaries = Fact::Seen(Vec::new());
    }
    let mut without_rows = without_files.clone();
    without_rows.cluster.canaries = Fact::Seen(Vec::new());
    let answer = |bench: &mut Bench, facts: &Facts| {
        let asked = std::mem::take(&mut bench.asked);
        let surveys: Vec<SurveyId> = asked.iter().map(|(_, inputs)| inputs.survey()).collect();
        for (ticket, inputs) in asked {
            bench.observed(ticket, samples::observed(&inputs, facts), true);
        }
        surveys
    };
    // The folders were looked into before the file was there, and the registry after its row was.
    let mut bench = joining(&complete);
    bench.send(Event::Press(Action::CheckAgain));
    answer(&mut bench, &without_files);
    assert_eq!(bench.state.gate(), Gate::Waiting, "{:?}", bench.state.verdict(CheckId::StorageShared));
    answer(&mut bench, &complete);
    bench.answer_with(&complete);
    assert_eq!(bench.state.gate(), Gate::Open, "{:?}", bench.state.verdicts());
    // The row was there, then both were taken back.
    bench.send(Event::Press(Action::CheckAgain));
    answer(&mut bench, &without_files);
    for _ in 0..3 {
        assert_eq!(bench.state.gate(), Gate::Waiting, "{:?}", bench.state.verdict(CheckId::StorageShared));
        if answer(&mut bench, &without_rows).contains(&SurveyId::Cluster) {
            break;
        }
    }
    assert_ne!(bench.state.verdict(CheckId::StorageShared).severity(), Some(Severity::Stop));
    // It is missing if the registry says so before and after.
    bench.send(Event::Press(Action::CheckAgain));
    bench.answer_with(&without_files);
    assert_eq!(bench.state.gate(), Gate::Shut(vec![CheckId::StorageShared]));
    assert!(bench.asked.is_empty(), "it does not ask for ever");
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
