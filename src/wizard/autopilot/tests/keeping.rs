//! Where a new master key is kept.

use super::*;

#[test]
fn a_key_that_is_not_kept_leaves_the_run_unfinished() {
    for ways in [
        Ways { save: Some(FileTrouble::Exists), ..Ways::default() },
        Ways { save: Some(FileTrouble::Refused("No space left on device".into())), ..Ways::default() },
        Ways { mismatch: true, ..Ways::default() },
    ] {
        let (outcome, sky) = Sky::new(order(Flow::FirstNode, &[]), samples::facts(), ways).fly();
        let Outcome::Unfinished(says) = outcome else { panic!("{outcome:?}") };
        assert!(says.contains("key.txt") && says.contains("not kept") && says.contains("--key-file"), "{says}");
        assert!(!sky.done.contains(&"close"), "{:?}", sky.done);
    }
}

#[test]
fn a_run_that_lacks_only_its_end_keeps_its_key_no_worse_than_any_other() {
    let mut order = order(Flow::FirstNode, &[]);
    for accepted in [false, true] {
        let elsewhere = "/dev/shm/other.txt";
        let (mut facts, ways) = with_run(journal(&order, 6));
        facts.key_file.spot = Fact::Seen(KeyFileState::Free { network: false, volatile: true });
        order.loaded.answers.set(FieldId::KeyFile, Raw::of(FieldId::KeyFile, elsewhere), Origin::Flag);
        order.loaded.accept = if accepted { vec![CheckId::KeyFile] } else { Vec::new() };
        let (outcome, sky) = Sky::new(order.clone(), facts, ways).fly();
        if accepted {
            assert_eq!((outcome, sky.done), (Outcome::Finished, vec!["save", "read", "close"]));
        } else {
            let Outcome::Unfinished(says) = outcome else { panic!("{outcome:?}") };
            assert!(says.contains("in memory") && says.contains("--accept key-file"), "{says}");
            assert!(sky.done.is_empty(), "{:?}", sky.done);
        }
    }
}

#[test]
fn a_key_in_a_place_that_nobody_chose_is_a_problem_of_a_first_node_s_answers_alone() {
    let unchosen = |flow| {
        let mut order = order(flow, &[]);
        let raw = order.loaded.answers.get(FieldId::KeyFile).raw.clone();
        order.loaded.answers.set(FieldId::KeyFile, raw, Origin::Default);
        problems(flow, &order.loaded)
    };
    let told = unchosen(Flow::FirstNode);
    assert!(matches!(told.as_slice(), [only] if only.fix.contains("--key-file")), "{told:?}");
    assert_eq!(unchosen(Flow::Join), []);
    assert_eq!(problems(Flow::FirstNode, &order(Flow::FirstNode, &[]).loaded), []);
    assert_eq!(problems(Flow::FirstNode, &order(Flow::FirstNode, &[(FieldId::KeyFile, "")]).loaded).len(), 1);
    let relative = problems(Flow::FirstNode, &order(Flow::FirstNode, &[(FieldId::KeyFile, "key.txt")]).loaded);
    assert_eq!(relative.len(), 1, "once: {relative:?}");
}
