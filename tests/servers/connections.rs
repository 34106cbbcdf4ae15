//! Connections: what comes on the way to a session, and what ends one.

use std::time::Duration;

use tds_wire::packet::PacketType;

use crate::Site;
use crate::support::scenario::Act;

/// A busy machine answers the first messages late, and is no far server.
#[tokio::test]
async fn the_best_of_several_round_trips_counts() {
    let late = Duration::from_secs(1);
    let site = Site::new(move |request| match request.kind {
        PacketType::SqlBatch if request.nth > 1 => Act::Pass,
        _ => Act::PassLate(late),
    })
    .await;
    let facts = site.survey("Octopus").await;
    assert!(facts.round_trip.seen().is_some_and(|shortest| *shortest < late), "{facts:?}");
}
