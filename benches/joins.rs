//! What a join costs: its turns with the server, its time with a round trip of 50 ms, and the time of many at once beside
//! that of one. The server and all wizards share this process, so that times without a round trip are those of its work
//! on the machine's processors more than of anybody's waiting.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a measurement that cannot go on ends")]

#[path = "../tests/support/stand_in.rs"]
#[expect(dead_code, reason = "only its free port is wanted")]
mod stand_in;
#[path = "../tests/support/walk.rs"]
#[expect(dead_code, reason = "the tests use the rest")]
mod walk;

use std::time::{Duration, Instant};

use futures_util::future::join_all;
use octopus_setup::engine::Engine;
use octopus_setup::model::field::FieldId;
use octopus_setup::model::flow::Flow;
use octopus_setup::model::screen::ScreenId;
use octopus_setup::wizard::event::Event;
use secrecy::ExposeSecret as _;
use walk::{Site, last_six, to, type_in};

/// How many join at once.
const MANY: usize = 32;
/// Runs behind each median.
const RUNS: usize = 5;

/// A first node; the cluster's master key.
async fn first(site: &Site) -> String {
    let mut engine = site.wizard("node-1", Some(Flow::FirstNode));
    to(&mut engine, ScreenId::MasterKey).await;
    let key = engine.state().custody().generated.as_ref().unwrap().key.to_base64().expose_secret().to_owned();
    let proof = last_six(&engine);
    type_in(&mut engine, FieldId::KeyProof, &proof);
    engine.handle(Event::Next);
    engine.run_until_idle().await;
    key
}

/// A wizard on a machine of its own that is to join.
fn joining(site: &Site, key: &str, name: &str) -> Engine {
    let mut engine = site.wizard_with_state(name, &format!("state-{name}"), Some(Flow::Join));
    type_in(&mut engine, FieldId::MasterKey, key);
    engine
}

async fn join(mut engine: Engine) {
    to(&mut engine, ScreenId::Done).await;
    engine.run_until_idle().await;
}

fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}

async fn measure(round_trip: Duration) {
    let site = Site::with(|options| options.faults.round_trip = round_trip).await;
    let key = first(&site).await;
    println!("round trip {:.0} ms", ms(round_trip));
    let mut engine = joining(&site, &key, "by-screen");
    for screen in [ScreenId::Database, ScreenId::Cluster, ScreenId::Review, ScreenId::Done] {
        let (before, begun) = ((site.server.turns(), site.server.connections()), Instant::now());
        to(&mut engine, screen).await;
        engine.run_until_idle().await;
        let (turns, connections) = (site.server.turns() - before.0, site.server.connections() - before.1);
        println!("  to {screen:?}: {} turns, {connections} of them TCP, {:.0} ms", turns + connections, ms(begun.elapsed()));
    }
    let mut ones = Vec::new();
    for run in 0..RUNS {
        let engine = joining(&site, &key, &format!("one-{run}"));
        let begun = Instant::now();
        join(engine).await;
        ones.push(begun.elapsed());
    }
    ones.sort();
    let one = ones[RUNS / 2];
    let engines: Vec<Engine> = (0..MANY).map(|number| joining(&site, &key, &format!("many-{number}"))).collect();
    let begun = Instant::now();
    join_all(engines.into_iter().map(|engine| tokio::spawn(join(engine)))).await.into_iter().for_each(|ended| ended.unwrap());
    let many = begun.elapsed();
    println!(
        "  a whole join {:.0} ms [{:.0}-{:.0}]; {MANY} at once {:.0} ms: {:.2} times the time of one",
        ms(one),
        ms(ones[0]),
        ms(ones[RUNS - 1]),
        ms(many),
        many.as_secs_f64() / one.as_secs_f64()
    );
}

fn main() {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        measure(Duration::from_millis(50)).await;
        measure(Duration::ZERO).await;
    });
}
