//! The whole wizard against a T-SQL server that others wrote, as the practice server plays one (`Personality::quirks`).

use octopus_setup::model::facts::{Content, DatabaseSeen, Fact, Product};

use super::support::scenario::refusal;
use super::*;

/// A server with the quirks.
async fn site() -> Site {
    let change = |options: &mut ServerOptions| {
        options.tls = TlsPolicy::Missing;
        options.personality.quirks = true;
    };
    Site::with(change, |_| Act::Pass).await
}

#[tokio::test]
async fn a_name_that_the_server_lacks_costs_one_fact() {
    let site = site().await;
    site.make("Octopus").await;
    let own = site.survey("Octopus").await;
    let Fact::Seen(DatabaseSeen::Open(state)) = &own.database else { panic!("{:?}", own.database) };
    assert!(state.replication.seen().is_some_and(|replication| replication.listeners.is_none()), "{state:?}");
    assert!(own.rights.seen().is_some_and(|rights| rights.control && rights.view_definition == Some(true)), "{:?}", own.rights);
    assert!(own.collation.seen().is_some_and(|collation| !collation.name.is_empty()), "{:?}", own.collation);
    assert!(own.clock_ahead_ms.seen().is_some(), "{:?}", own.clock_ahead_ms);
    assert_eq!(own.content.seen(), Some(&Content::Empty));
    assert_eq!(own.version.seen().unwrap().product, Some(Product::Babelfish));
}

#[tokio::test]
async fn each_part_that_a_broken_batch_leaves_out_is_asked_again_by_itself() {
    // The batch as a whole is refused, and the part about rights too; each other part by itself is not.
    let site = Site::new(|request| {
        let whole = request.asks("'identity' AS part") && request.asks("'rights' AS part");
        if whole {
            Act::Answer(refusal(33_557_097, 1, 16, "relation \"sys.x\" does not exist"))
        } else if request.asks("'rights' AS part") {
            Act::Answer(refusal(195, 10, 15, "'HAS_PERMS_BY_NAME' is not a recognized built-in function name."))
        } else {
            Act::Pass
        }
    })
    .await;
    site.make("Octopus").await;
    let facts = site.survey("Octopus").await;
    assert!(matches!(&facts.rights, Fact::Missing(octopus_setup::model::facts::Trouble::Sql(said)) if said.number == 195));
    assert!(facts.version.seen().is_some() && facts.database.seen().is_some() && facts.collation.seen().is_some(), "{facts:?}");
    assert_eq!(facts.content.seen(), Some(&Content::Empty), "{facts:?}");
}
