use std::time::Duration;

use proptest::prelude::*;

use super::*;
use crate::model::registry::{KeptRow, NodeRow};

fn node(name: &str) -> NodeSeen {
    NodeSeen {
        name: name.into(),
        row: None,
        row_age: None,
        beat: Heartbeat::Ago(Duration::ZERO),
        version: None,
        task_cap: None,
        drained: false,
    }
}

fn row(system: &str, program: &str) -> KeptRow {
    let row = NodeRow {
        name: "".into(),
        address: "".into(),
        host: "".into(),
        system: system.into(),
        program: program.into(),
        prefixes: "".into(),
        comms_port: 0,
        grpc_port: 0,
        task_cap: 0,
    };
    KeptRow { row, joined: "".into(), last_seen: "".into(), drained: false }
}

/// Returns a few names in both cases, with letters that are none of ASCII, and one whose lower case is of ASCII (the Kelvin
/// sign).
fn names() -> impl Strategy<Value = Vec<String>> {
    proptest::collection::vec("[aAkKbÜüßİ\u{212a}_Z]{0,3}", 0..24)
}

fn any_node() -> impl Strategy<Value = NodeSeen> {
    let beat = prop_oneof![
        (0_u64..900).prop_map(|age| Heartbeat::Ago(Duration::from_secs(age))),
        Just(Heartbeat::Never),
        Just(Heartbeat::Unreadable)
    ];
    let version = proptest::option::of("202[56]\\.[0-2](\\.[0-1])?");
    let told = proptest::option::of(("(Linux|windows|BSD|)( 1)?", "0\\.[0-2](\\.0)?"));
    (beat, version, told, any::<bool>()).prop_map(|(beat, version, told, drained)| NodeSeen {
        beat,
        version: version.map(|version| version.as_str().into()),
        row: told.map(|(system, program)| row(&system, &program)),
        drained,
        ..node("")
    })
}

/// Returns the first one that no other one surpasses.
fn first_best<'a>(
    nodes: &[&'a NodeSeen],
    told: impl Fn(&'a NodeSeen) -> Option<&'a str>,
    better: Ordering,
) -> Option<&'a NodeSeen> {
    let told: Vec<_> = nodes.iter().filter_map(|node| Some((*node, told(node)?))).collect();
    let surpassed = |text: &str| told.iter().any(|(_, other)| compare_versions(other, text) == better);
    told.iter().find(|(_, text)| !surpassed(text)).map(|(node, _)| *node)
}

proptest! {
    #[test]
    fn a_name_is_found_as_by_looking_at_each(names in names(), wanted in "[aAkKbÜüßİ\u{212a}_Z]{0,3} ?") {
        let nodes: Nodes = names.iter().map(|name| node(name)).collect();
        let naive = nodes.iter().position(|node| node.is_called(&wanted));
        prop_assert_eq!(nodes.place(&wanted), naive);
    }

    #[test]
    fn what_is_counted_once_is_what_counting_each_time_tells(
        rows in proptest::collection::vec(any_node(), 0..14),
        own in 0_usize..16,
    ) {
        let rows: Vec<NodeSeen> =
            rows.into_iter().enumerate().map(|(at, row)| NodeSeen { name: format!("n{at:02}").as_str().into(), ..row }).collect();
        let nodes = Nodes::from(rows);
        let own = format!("N{own:02}");
        let all: Vec<&NodeSeen> = nodes.iter().filter(|node| !node.is_called(&own)).collect();
        let at_work: Vec<&NodeSeen> = all.iter().copied().filter(|node| node.life() != Liveness::Dead).collect();
        let others = nodes.except(&own);
        let count = |fits: fn(&NodeSeen) -> bool| all.iter().filter(|node| fits(node)).count();
        prop_assert_eq!(others.len(), all.len());
        prop_assert_eq!(others.is_empty(), all.is_empty());
        prop_assert_eq!(others.dead(), count(|node| node.life() == Liveness::Dead));
        prop_assert_eq!(others.silent(), count(|node| node.life() == Liveness::Silent));
        prop_assert_eq!(others.drained(), count(|node| node.drained));
        prop_assert_eq!(others.first(), all.first().copied());
        prop_assert_eq!(others.first_alive(), all.iter().copied().find(|node| node.life() == Liveness::Alive));
        let dead: Vec<&NodeSeen> = all.iter().copied().filter(|node| node.life() == Liveness::Dead).take(Nodes::NAMED).collect();
        prop_assert_eq!(others.first_dead().collect::<Vec<_>>(), dead);
        for family in Platform::ALL {
            let runs = |node: &&NodeSeen| node.registered().is_some_and(|row| Platform::of_system(&row.system) == Some(family));
            prop_assert_eq!(others.first_of(family), at_work.iter().copied().find(runs));
        }
        prop_assert_eq!(others.newest(), first_best(&at_work, |node| Some(node.version.as_ref()?.as_str()), Ordering::Greater));
        prop_assert_eq!(others.oldest(), first_best(&at_work, |node| Some(node.version.as_ref()?.as_str()), Ordering::Less));
        prop_assert_eq!(
            others.newest_program(),
            first_best(&at_work, |node| Some(node.registered()?.program.as_str()), Ordering::Greater)
        );
    }
}

#[test]
fn the_same_nodes_are_equal_and_others_are_not() {
    let nodes = Nodes::from([node("web01")]);
    assert_eq!(nodes, nodes.clone());
    assert_eq!(nodes, Nodes::from([node("web01")]));
    assert_ne!(nodes, Nodes::from([node("web02")]));
    assert_eq!(nodes.find(" WEB01 "), nodes.first());
}

fn node_with(beat: Heartbeat, row_age: Option<u64>) -> NodeSeen {
    NodeSeen {
        name: "web01".into(),
        row: None,
        row_age: row_age.map(Duration::from_secs),
        beat,
        version: None,
        task_cap: None,
        drained: false,
    }
}

#[test]
fn a_heart_that_beats_is_life_and_one_that_stopped_is_death_unless_it_was_set_up_just_now() {
    let ago = |seconds| Heartbeat::Ago(Duration::from_secs(seconds));
    for (beat, row_age, life) in [
        (ago(2), None, Liveness::Alive),
        (ago(2), Some(900_000), Liveness::Alive),
        (ago(301), None, Liveness::Dead),
        (ago(301), Some(60), Liveness::Alive),
        (Heartbeat::Never, Some(60), Liveness::Alive),
        (Heartbeat::Never, Some(24 * 3600 + 1), Liveness::Dead),
        (Heartbeat::Unreadable, Some(24 * 3600 + 1), Liveness::Silent),
        (Heartbeat::Unreadable, None, Liveness::Silent),
    ] {
        assert_eq!(node_with(beat, row_age).life(), life, "{beat:?} {row_age:?}");
    }
}

#[test]
fn the_case_of_letters_does_not_make_another_name() {
    assert!(node_with(Heartbeat::Never, None).is_called(" WEB01 "));
    assert!(!node_with(Heartbeat::Never, None).is_called("web02"));
    let foreign = NodeSeen { name: "BÜRO".into(), ..node_with(Heartbeat::Never, None) };
    assert!(foreign.is_called("büro") && !foreign.is_called("buro"));
}
