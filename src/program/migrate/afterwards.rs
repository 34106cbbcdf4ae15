//! What comes after a complete copy: Octopus Server is told where its files are, and the registry what the nodes share.

use std::io::Stdout;

use octopus_setup::faces::migration::{After, Teller};
use octopus_setup::world::migrate::sources::Node;

use super::super::cli::Migrate;
use super::super::outside::Outside;

/// Does it, step by step, each recognised where it is done already; whether nothing is left that failed.
#[expect(clippy::unused_async, reason = "the steps are wired next")]
pub(super) async fn settle(asked: &Migrate, _outside: &Outside, _node: Option<&Node>, teller: &mut Teller<Stdout>) -> bool {
    let root = asked.to.display();
    teller.after("Octopus Server is told where its files are, once for all nodes", &After::ByHand(format!("path --clusterShared {root}")));
    true
}
