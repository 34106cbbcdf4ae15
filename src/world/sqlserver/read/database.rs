//! The row of `sys.databases`, and the database's part in copying data about.

use crate::model::facts::{DatabaseState, Fact, Standing, Trouble};
use crate::world::sqlserver::answer::{Answer, Row};

/// The database's state; `None` when the server shows no such database.
pub fn state(answer: &Answer) -> Result<Option<DatabaseState>, Trouble> {
    let rows = answer.rows("database")?;
    // Names are compared without case, since some servers fold them; where two differ by case only, the exact one.
    let row = rows.iter().find(|row| row.flag("exact")).or_else(|| rows.first());
    Ok(row.map(|row| of_row(row, super::fact(standing(answer)))))
}

fn of_row(row: &Row, standing: Fact<Standing>) -> DatabaseState {
    let is = |column: &str, value: &str| row.raw(column).is_some_and(|text| text.eq_ignore_ascii_case(value));
    DatabaseState {
        name: row.text("name"),
        state: row.text("state"),
        read_only: row.flag("read_only") || is("updateability", "READ_ONLY"),
        single_user: is("user_access", "SINGLE_USER"),
        restricted_user: is("user_access", "RESTRICTED_USER"),
        compatibility: row.int("compatibility"),
        read_committed_snapshot: row.flag("read_committed_snapshot"),
        auto_close: row.flag("auto_close"),
        standing,
    }
}

/// Mirroring, log shipping and groups are told by views that other editions lack and other logins may not read: there,
/// they count as "not so". Only replication, which is told by `sys.databases` itself, is asked of everybody.
fn standing(answer: &Answer) -> Result<Standing, Trouble> {
    let replication = answer.rows("replication")?.first().ok_or(Trouble::Unasked)?;
    let counted = |part: &str| answer.row(part).is_ok_and(|row| row.count("how_many") > 0);
    let groups = answer.rows("availability_group").unwrap_or_default();
    let listeners = groups.iter().map(|row| row.text("listener")).filter(|name| !name.is_empty());
    Ok(Standing {
        replicated: ["published", "subscribed", "merge_published", "distributor"].iter().any(|name| replication.flag(name)),
        mirrored: counted("mirroring"),
        log_shipping: counted("log_shipping"),
        availability_group: groups.first().map(|row| row.text("name")),
        listeners: listeners.collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::untrusted::Untrusted;
    use crate::world::sqlserver::answer::tests::answer;

    const ROW: &[(&str, &str)] = &[
        ("part", "database"),
        ("name", "Octopus"),
        ("state", "ONLINE"),
        ("read_only", "#0"),
        ("user_access", "MULTI_USER"),
        ("compatibility", "#160"),
        ("read_committed_snapshot", "#1"),
        ("auto_close", "#0"),
        ("updateability", "READ_WRITE"),
        ("exact", "#1"),
    ];

    #[test]
    fn an_ordinary_database_has_nothing_special() {
        let replication = [("part", "replication"), ("published", "#0"), ("subscribed", "#0")];
        let state = state(&answer(&[ROW, &replication])).expect("read").expect("there");
        assert!(!state.read_only && !state.single_user && state.read_committed_snapshot);
        assert_eq!(state.compatibility, 160);
        assert_eq!(state.standing, Fact::Seen(Standing::default()));
    }

    #[test]
    fn a_secondary_is_read_only_by_its_updateability() {
        let row: Vec<_> =
            ROW.iter().map(|(name, value)| (*name, if *name == "updateability" { "READ_ONLY" } else { *value })).collect();
        assert!(state(&answer(&[&row])).expect("read").expect("there").read_only);
    }

    #[test]
    fn groups_listeners_and_mirroring_are_told() {
        let group = |listener| [("part", "availability_group"), ("name", "ag1"), ("listener", listener)];
        let answer = answer(&[
            ROW,
            &[("part", "replication"), ("merge_published", "#1")],
            &[("part", "mirroring"), ("how_many", "#1")],
            &group("sql-ag"),
            &group("sql-ag2"),
        ]);
        let standing = state(&answer).expect("read").expect("there").standing;
        let standing = standing.seen().expect("seen");
        assert!(standing.replicated && standing.mirrored && !standing.log_shipping);
        assert_eq!(standing.availability_group, Some(Untrusted::new("ag1")));
        assert_eq!(standing.listeners.len(), 2);
    }

    #[test]
    fn the_exact_name_wins_and_none_is_none() {
        let other = [("part", "database"), ("name", "OCTOPUS"), ("exact", "#0")];
        assert_eq!(state(&answer(&[&other, ROW])).expect("read").expect("there").name.as_str(), "Octopus");
        assert_eq!(state(&answer(&[])), Ok(None));
    }
}
