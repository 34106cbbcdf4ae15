//! How a running node fares: its ping and its log.

mod log;
mod ping;

use std::path::Path;

use futures_util::future::{Either, select};

use crate::model::facts::HealthFacts;
use crate::model::prefixes::ListenPrefix;
use crate::world::budget::fact_within;

/// Asks the ping and reads the newest part of the log, both at once; what is known first is told first.
pub async fn health(prefixes: &[ListenPrefix], home: &Path, mut report: impl FnMut(HealthFacts) + Send) {
    let home = home.to_owned();
    let ping = Box::pin(ping::ping(prefixes));
    let log = Box::pin(fact_within(log::BUDGET, move || log::newest(&home)));
    let mut facts = HealthFacts::default();
    match select(ping, log).await {
        Either::Left((ping, log)) => {
            facts.ping = ping;
            report(facts.clone());
            facts.log = log.await;
        }
        Either::Right((log, ping)) => {
            facts.log = log;
            report(facts.clone());
            facts.ping = ping.await;
        }
    }
    report(facts);
}
