use super::*;
use crate::model::cluster::ClusterId;
use crate::world::sqlserver::batch::tests::reply;

type Cells = &'static [(&'static str, &'static str)];

const DONE: Cells = &[("part", "past"), ("done_at", "#7"), ("undone_at", "#3")];
const NEVER: Cells = &[("part", "past"), ("done_at", "#0"), ("undone_at", "#0")];
const KEPT: Cells = &[("part", "kept"), ("name", "web01"), ("host", "a"), ("joined", "j"), ("last_seen", "s"), ("drained", "#1")];

fn row(host: &str) -> NodeRow {
    NodeRow {
        name: "web01".into(),
        address: String::new(),
        host: host.into(),
        system: String::new(),
        program: String::new(),
        prefixes: String::new(),
        comms_port: 0,
        grpc_port: 0,
        task_cap: 0,
    }
}

fn before() -> KeptRow {
    KeptRow { row: row("a"), joined: "j".into(), last_seen: "s".into(), drained: false }
}

fn ended(deed: Deed, rows: &[Cells]) -> Result<Changed, Trouble> {
    let change = RowChange { cluster: ClusterId([1; 16]), run: "r".into(), host: "h".into(), deed };
    RowOutcome::read(&reply(rows), &change)?.after_change(&change.deed)
}

#[test]
fn ours_is_what_this_run_did_and_what_still_stands() {
    let (insert, other) = (Deed::Insert(row("a")), Deed::Insert(row("b")));
    assert_eq!(ended(insert.clone(), &[DONE, KEPT]), Ok(Changed::Ours));
    assert!(matches!(ended(insert.clone(), &[NEVER, KEPT]), Ok(Changed::Taken(_))), "another run with the same row");
    assert!(matches!(ended(other, &[DONE, KEPT]), Ok(Changed::Taken(_))), "changed since");
    assert_eq!(ended(insert, &[NEVER]), Err(Trouble::Unasked));
    assert_eq!(ended(Deed::Drain { before: before() }, &[DONE, KEPT]), Ok(Changed::Ours));
}

#[test]
fn a_row_that_is_not_there_is_gone_and_removed_only_by_whoever_did_it() {
    assert_eq!(ended(Deed::Remove { before: before() }, &[DONE]), Ok(Changed::Ours));
    assert_eq!(ended(Deed::Remove { before: before() }, &[NEVER]), Ok(Changed::Gone));
    assert_eq!(ended(Deed::Update { before: before(), after: row("a") }, &[DONE]), Ok(Changed::Gone));
    assert!(matches!(ended(Deed::Remove { before: before() }, &[DONE, KEPT]), Ok(Changed::Taken(_))));
}

#[test]
fn without_our_cluster_it_says_what_is_there() {
    let empty: Cells = &[("part", "content"), ("tables", "#0")];
    assert_eq!(ended(Deed::Insert(row("a")), &[empty]), Ok(Changed::NotThere(Content::Empty)));
    assert_eq!(ended(Deed::Insert(row("a")), &[]), Err(Trouble::Unasked));
}

#[test]
fn an_error_in_the_transaction_is_the_servers() {
    let failed: Cells = &[("part", "trouble"), ("of_part", "made"), ("number", "#229"), ("message", "denied")];
    assert!(matches!(ended(Deed::Insert(row("a")), &[failed]), Err(Trouble::Sql(said)) if said.number == 229));
}
