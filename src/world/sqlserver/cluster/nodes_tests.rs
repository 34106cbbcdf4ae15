use super::*;
use crate::world::sqlserver::batch::tests::reply;

type Cells = &'static [(&'static str, &'static str)];

const WEB01: Cells = &[("part", "member"), ("name", "web01"), ("age", "#100000"), ("task_cap", "#5"), ("drained", "#0")];
const WEB02: Cells = &[("part", "member"), ("name", "Web02"), ("age", "#-3"), ("task_cap", "#5"), ("drained", "#1")];
const NO_OCTOPUS: Cells =
    &[("part", "sight"), ("has_nodes", "#0"), ("has_status", "#0"), ("knows_status", "#0"), ("may_see", "#1")];
const BLIND: Cells = &[("part", "sight"), ("has_nodes", "#0"), ("has_status", "#0"), ("knows_status", "#0"), ("may_see", "#0")];
const NODES: Cells = &[("part", "sight"), ("has_nodes", "#1"), ("has_status", "#0"), ("knows_status", "#0"), ("may_see", "#1")];
const BOTH: Cells = &[("part", "sight"), ("has_nodes", "#1"), ("has_status", "#1"), ("knows_status", "#1"), ("may_see", "#1")];
const DEAF: Cells = &[("part", "sight"), ("has_nodes", "#1"), ("has_status", "#1"), ("knows_status", "#0"), ("may_see", "#1")];

fn beats(rows: &[&[(&str, &str)]]) -> Vec<(String, Beat)> {
    let nodes = read(&reply(rows)).expect("nodes");
    nodes.iter().map(|node| (node.name.as_str().to_owned(), node.beat)).collect()
}

fn ago(seconds: u64) -> Beat {
    Beat::Ago(Duration::from_secs(seconds))
}

#[test]
fn both_sources_are_one_list_by_name_and_the_registry_spells() {
    let beat = [("part", "beat"), ("name", "WEB01"), ("age", "#7"), ("cap", "#9"), ("drain", "#1")];
    let other: Cells = &[("part", "beat"), ("name", "app"), ("age", "#700"), ("cap", "-"), ("drain", "#0")];
    let version = [("part", "installed"), ("node", "Web01"), ("version", "2025.1.3")];
    let nodes = read(&reply(&[WEB02, WEB01, NODES, &beat, other, &version])).expect("nodes");
    let names: Vec<&str> = nodes.iter().map(|node| node.name.as_str()).collect();
    assert_eq!(names, ["app", "web01", "Web02"]);
    let web01 = &nodes[1];
    assert_eq!((web01.beat, web01.task_cap, web01.drained), (ago(7), Some(9), true));
    assert_eq!(web01.version.as_ref().map(Untrusted::as_str), Some("2025.1.3"));
    assert_eq!((nodes[0].row.is_none(), nodes[0].task_cap), (true, None));
    assert_eq!((nodes[2].beat, nodes[2].row_age, nodes[2].drained), (Beat::Never, Some(Duration::ZERO), true));
}

#[test]
fn never_takes_the_right_to_see_that_there_is_nothing() {
    assert_eq!(beats(&[WEB01, NO_OCTOPUS])[0].1, Beat::Never);
    assert_eq!(beats(&[WEB01, BLIND])[0].1, Beat::Unreadable);
    assert_eq!(beats(&[WEB01])[0].1, Beat::Unreadable);
}

#[test]
fn a_table_that_may_not_be_read_tells_nothing_of_any_node() {
    let denied: Cells = &[("part", "trouble"), ("of_part", "beat_name"), ("number", "#229"), ("message", "denied")];
    assert_eq!(beats(&[WEB01, NODES, denied])[0].1, Beat::Unreadable);
}

#[test]
fn a_moment_that_cannot_be_read_costs_the_heart_beat_and_not_the_node() {
    let name: Cells = &[("part", "beat_name"), ("name", "web01"), ("id", "OctopusServerNodes-web01")];
    let cap: Cells = &[("part", "beat_cap"), ("name", "web01"), ("cap", "#3")];
    let failed: Cells = &[("part", "trouble"), ("of_part", "beat_age"), ("number", "#529"), ("message", "no")];
    let nodes = read(&reply(&[WEB01, NODES, name, cap, failed])).expect("nodes");
    assert_eq!((nodes.len(), nodes[0].beat, nodes[0].task_cap), (1, Beat::Unreadable, Some(3)));
}

#[test]
fn the_newer_table_of_heart_beats_is_found_by_name_or_by_id() {
    let node: Cells = &[("part", "beat"), ("name", "web01"), ("id", "OctopusServerNodes-web01"), ("age", "#900000")];
    for key in ["web01", "OctopusServerNodes-WEB01", "OctopusServerNodeStatus-web01"] {
        let status = [("part", "status"), ("node", key), ("age", "#4")];
        let rows: [&[(&str, &str)]; 3] = [BOTH, node, &status];
        assert_eq!(beats(&rows), [("web01".to_owned(), ago(4))], "{key}");
    }
}

#[test]
fn an_old_heart_beat_is_not_believed_where_the_newer_table_cannot_be_read() {
    let old: Cells = &[("part", "beat"), ("name", "web01"), ("id", "x"), ("age", "#900000")];
    let new: Cells = &[("part", "beat"), ("name", "web01"), ("id", "x"), ("age", "#9")];
    assert_eq!(beats(&[DEAF, old])[0].1, Beat::Unreadable);
    assert_eq!(beats(&[DEAF, new])[0].1, ago(9));
    let denied: Cells = &[("part", "trouble"), ("of_part", "status"), ("number", "#229"), ("message", "denied")];
    assert_eq!(beats(&[BOTH, old, denied])[0].1, Beat::Unreadable);
}

#[test]
fn an_id_without_a_name_is_the_name_behind_its_prefix() {
    let node: Cells =
        &[("part", "beat"), ("name", "OctopusServerNodes-web01"), ("id", "OctopusServerNodes-web01"), ("age", "#1")];
    assert_eq!(beats(&[NODES, node]), [("web01".to_owned(), ago(1))]);
}

#[test]
fn rows_of_ours_that_cannot_be_read_are_missing() {
    let denied: Cells = &[("part", "trouble"), ("of_part", "member"), ("number", "#229"), ("message", "denied")];
    assert!(matches!(read(&reply(&[NODES, denied])), Err(Trouble::Sql(said)) if said.number == 229));
}
