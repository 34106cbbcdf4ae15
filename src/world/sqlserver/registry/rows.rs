//! Reads the registry's rows: nodes, shared storage, canaries and licence.

use time::{Date, Month};

use crate::model::facts::Trouble;
use crate::model::licence::NodeLimit;
use crate::model::registry::{CanaryRow, KeptRow, NodeRow};
use crate::model::storage::{SharedFolder, SharedStorage};
use crate::world::sqlserver::batch::{Reply, ReplyRow};

/// Reads a node's row in a `member` or `kept` part. Not cleaned, since it is compared with what is in the database, and written back
/// there.
pub fn node_row(row: &ReplyRow) -> KeptRow {
    let text = |name| row.raw(name).unwrap_or_default().to_owned();
    // A number that does not fit was put there by hand, and is not a port.
    let small = |name| row.number(name).and_then(|number| u16::try_from(number).ok()).unwrap_or_default();
    KeptRow {
        row: NodeRow {
            name: text("name"),
            address: text("address"),
            host: text("host"),
            system: text("operating_system"),
            program: text("program"),
            prefixes: text("prefixes"),
            comms_port: small("comms_port"),
            grpc_port: small("grpc_port"),
            task_cap: small("task_cap"),
        },
        joined: text("joined"),
        last_seen: text("last_seen"),
        drained: row.flag("drained"),
    }
}

/// Reads how many nodes the licence allows, if the registry knows it.
pub fn node_limit(reply: &Reply) -> Result<Option<NodeLimit>, Trouble> {
    let number = reply.rows("licence")?.first().and_then(|row| row.number("node_limit"));
    Ok(number.and_then(|number| NodeLimit::from_row(i32::try_from(number).ok()?)))
}

/// Reads the licence's last day, if the registry knows it.
pub fn licence_ends(reply: &Reply) -> Result<Option<Date>, Trouble> {
    Ok(reply.rows("licence_end")?.first().and_then(|row| row.raw("ends")).and_then(day))
}

/// Reads `2027-01-31`; anything else was put there by hand.
fn day(text: &str) -> Option<Date> {
    let mut numbers = text.trim().splitn(3, '-');
    let (year, month, day) = (numbers.next()?, numbers.next()?.parse::<u8>().ok()?, numbers.next()?);
    Date::from_calendar_date(year.parse().ok()?, Month::try_from(month).ok()?, day.parse().ok()?).ok()
}

/// Reads what the nodes share.
pub fn storage(reply: &Reply) -> Result<SharedStorage, Trouble> {
    let rows = reply.rows("storage")?.iter();
    Ok(SharedStorage::from_rows(rows.filter_map(|row| Some((row.raw("folder")?, row.raw("path")?)))))
}

/// Reads the canaries. Ignores one in a folder that this program does not know.
pub fn canaries(reply: &Reply) -> Result<Vec<CanaryRow>, Trouble> {
    let rows = reply.rows("canary")?.iter();
    Ok(rows
        .filter_map(|row| {
            let folder = SharedFolder::from_id(row.raw("folder")?)?;
            Some(CanaryRow { node: row.raw("node")?.to_owned(), folder, token: row.raw("token")?.trim().to_owned() })
        })
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world::sqlserver::batch::tests::row;

    #[test]
    fn a_port_that_is_none_is_nought() {
        let row = row(&[("name", "web01"), ("comms_port", "#70000"), ("grpc_port", "#8443"), ("drained", "#1")]);
        let kept = node_row(&row);
        assert_eq!((kept.row.name.as_str(), kept.row.comms_port, kept.row.grpc_port), ("web01", 0, 8443));
        assert!(kept.drained);
    }

    #[test]
    fn a_licence_without_end_is_read_as_such_and_nonsense_as_nothing() {
        use crate::world::sqlserver::batch::tests::reply;
        let limit = |number| node_limit(&reply(&[&[("part", "licence"), ("node_limit", number)]]));
        assert_eq!(limit("#3"), Ok(Some(NodeLimit::Nodes(3))));
        assert_eq!(limit("#2147483647"), Ok(Some(NodeLimit::Unlimited)));
        assert_eq!((limit("-"), limit("#0")), (Ok(None), Ok(None)));
        let ends = |text| licence_ends(&reply(&[&[("part", "licence_end"), ("ends", text)]]));
        assert_eq!(ends("2027-01-31"), Ok(Some(time::macros::date!(2027 - 01 - 31))));
        for nonsense in ["-", "", "2027-02-30", "2027-1", "soon"] {
            assert_eq!(ends(nonsense), Ok(None), "{nonsense}");
        }
        assert_eq!(licence_ends(&reply(&[])), Ok(None), "an older registry");
    }

    #[test]
    fn storage_and_canaries_are_read_and_unknown_folders_left_out() {
        use crate::world::sqlserver::batch::tests::reply;
        let token = "0123456789abcdef0123456789abcdef";
        let seen = reply(&[
            &[("part", "storage"), ("folder", "packages"), ("path", "/p")],
            &[("part", "storage"), ("folder", "artifacts"), ("path", "/a")],
            &[("part", "canary"), ("node", "web01"), ("folder", "packages"), ("token", token)],
            &[("part", "canary"), ("node", "web01"), ("folder", "news"), ("token", token)],
        ]);
        let folders = vec![(SharedFolder::Artifacts, "/a".into()), (SharedFolder::Packages, "/p".into())];
        assert_eq!(storage(&seen), Ok(SharedStorage::Folders(folders)));
        let canary = CanaryRow { node: "web01".into(), folder: SharedFolder::Packages, token: token.into() };
        assert_eq!(canaries(&seen), Ok(vec![canary]));
        assert_eq!(storage(&reply(&[])), Ok(SharedStorage::None));
    }
}
