//! A node's row, as the registry holds it.

use crate::model::registry::{KeptRow, NodeRow};
use crate::world::sqlserver::answer::Row;

/// The row in a `member` or `kept` part. As it came and not cleaned: it is compared with what is in the database, and put
/// back there.
pub(super) fn kept(row: &Row) -> KeptRow {
    let text = |name| row.raw(name).unwrap_or_default().to_owned();
    // What does not fit was put there by hand, and is no port.
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world::sqlserver::answer::tests::row;

    #[test]
    fn a_port_that_is_none_is_nought() {
        let row = row(&[("name", "web01"), ("comms_port", "#70000"), ("grpc_port", "#8443"), ("drained", "#1")]);
        let kept = kept(&row);
        assert_eq!((kept.row.name.as_str(), kept.row.comms_port, kept.row.grpc_port), ("web01", 0, 8443));
        assert!(kept.drained);
    }
}
