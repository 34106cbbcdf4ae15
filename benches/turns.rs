//! What the server costs: turns of each part of a first node, and the database screen's time beside FreeTDS' `tsql`, which
//! logs in and sends one small batch. Both talk to the same practice server, in turn, without and with a round trip.
//!
//! The server is a process' neighbour here, not a network: only the two columns of one line can be compared.

#![expect(clippy::expect_used, reason = "a measurement that cannot go on ends")]

use std::io::Write as _;
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use octopus_setup::model::cluster::ClusterId;
use octopus_setup::model::facts::{DatabaseSeen, Fact, ServerFacts};
use octopus_setup::model::master_key::{Fingerprint, Verifier};
use octopus_setup::model::names::DatabaseName;
use octopus_setup::model::registry::{NewCluster, NodeRow};
use octopus_setup::model::target::{Encryption, ServerAddress, SignIn, Target, Trust};
use octopus_setup::world::sqlserver::SqlServer;
use practice_server::{PracticeServer, RunningServer, ServerOptions};
use secrecy::ExposeSecret as _;

/// Pairs of runs behind each median.
const PAIRS: usize = 15;

/// A server on a thread of its own, so that the client's CPU time is the client's alone.
fn serve(data: &std::path::Path, round_trip: Duration) -> RunningServer {
    let (sender, receiver) = mpsc::channel();
    let mut options = ServerOptions::new(data);
    options.faults.round_trip = round_trip;
    thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(async {
            sender.send(PracticeServer::start(options).await.expect("started")).expect("sent");
            std::future::pending::<()>().await;
        });
    });
    receiver.recv().expect("a server")
}

fn target(server: &RunningServer, database: &str, encryption: Encryption) -> Target {
    Target {
        address: ServerAddress { host: "localhost".into(), instance: None, port: Some(server.addr().port()) },
        database: DatabaseName::parse(database).expect("a name"),
        sign_in: SignIn::sql_login(server.user(), server.password().clone()),
        encryption,
        trust: Trust::CaFile(server.ca_file().to_owned()),
        multi_subnet: false,
    }
}

async fn survey(handle: &SqlServer, target: &Target) -> ServerFacts {
    let mut newest = ServerFacts::default();
    handle.survey(target, |facts| newest = facts).await;
    newest
}

/// Turns since the last call, each connection's TCP among them.
fn turns(server: &RunningServer, before: &mut u64) -> u64 {
    let now = server.turns() + server.connections();
    std::mem::replace(before, now).abs_diff(now)
}

/// Survey, database, cluster, proof.
async fn first_node(server: &RunningServer, target: &Target) -> [u64; 4] {
    let node = NodeRow {
        name: "web01".into(),
        address: "https://web01/".into(),
        host: "web01".into(),
        system: "Linux".into(),
        program: "0".into(),
        prefixes: "https://web01/".into(),
        comms_port: 10943,
        grpc_port: 8443,
        task_cap: 5,
    };
    let verifier = Verifier { salt: [1; 16], hash: [1; 32] };
    let cluster = NewCluster {
        id: ClusterId([1; 16]),
        verifier,
        fingerprint: Fingerprint([1; 4]),
        node,
        node_limit: None,
        licence_ends: None,
        storage: octopus_setup::model::storage::SharedStorage::None,
        canaries: Vec::new(),
    };
    let handle = SqlServer::new();
    let mut before = server.turns() + server.connections();
    let absent = survey(&handle, target).await.database == Fact::Seen(DatabaseSeen::Absent);
    let surveyed = turns(server, &mut before);
    if absent {
        handle.create_database(target).await.expect("created");
    }
    let created = turns(server, &mut before);
    handle.initialise(target, &cluster).await.expect("initialised");
    let initialised = turns(server, &mut before);
    handle.prove(target, cluster.id, "web01").await.expect("proven");
    [surveyed, created, initialised, turns(server, &mut before)]
}

/// One login and one batch by `tsql`, or `None` where there is none.
fn tsql(server: &RunningServer) -> Option<Duration> {
    let begun = Instant::now();
    let port = server.addr().port().to_string();
    let mut child = Command::new("tsql")
        .args(["-H", "127.0.0.1", "-p", &port, "-U", server.user(), "-P", server.password().expose_secret()])
        .args(["-D", "master", "-o", "q"])
        .env("TDSVER", "7.4")
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .ok()?;
    child.stdin.take()?.write_all(b"SELECT @@VERSION\ngo\nexit\n").ok()?;
    child.wait().ok()?.success().then(|| begun.elapsed())
}

/// This thread's time on the CPU.
fn cpu() -> Duration {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    Duration::from_nanos(text.split(' ').next().and_then(|first| first.parse().ok()).unwrap_or_default())
}

fn median(mut all: Vec<Duration>) -> String {
    all.sort();
    let ms = |time: &Duration| time.as_secs_f64() * 1000.0;
    match (all.first(), all.get(all.len() / 2), all.last()) {
        (Some(least), Some(middle), Some(most)) => format!("{:.1} [{:.1}-{:.1}] ms", ms(middle), ms(least), ms(most)),
        _ => "not there".to_owned(),
    }
}

fn main() {
    let folder = tempfile::tempdir().expect("a folder");
    let client = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");

    let near = serve(&folder.path().join("near"), Duration::ZERO);
    let begun = cpu();
    client.block_on(survey(&SqlServer::new(), &target(&near, "Bench", Encryption::Mandatory)));
    println!(
        "CPU of the process' first survey (TLS, login, batch): {:.1} ms",
        cpu().saturating_sub(begun).as_secs_f64() * 1000.0
    );

    println!("turns: survey, create the database, initialise, prove; all");
    let kinds = [Encryption::Mandatory, Encryption::Strict];
    for (number, (encryption, there)) in kinds.into_iter().flat_map(|kind| [(kind, true), (kind, false)]).enumerate() {
        let target = target(&near, &format!("Number{number}"), encryption);
        if there {
            client.block_on(SqlServer::new().create_database(&target)).expect("created");
        }
        let parts = client.block_on(first_node(&near, &target));
        let database = if there { "database there" } else { "database to be made" };
        println!("  {encryption:?}, {database}: {parts:?}; {}", parts.iter().sum::<u64>());
    }

    let far = serve(&folder.path().join("far"), Duration::from_millis(50));
    for (server, name) in [(&near, "0 ms"), (&far, "50 ms")] {
        let target = target(server, "Bench", Encryption::Mandatory);
        client.block_on(SqlServer::new().create_database(&target)).expect("created");
        let (mut ours, mut theirs) = (Vec::new(), Vec::new());
        for _ in 0..PAIRS {
            let begun = Instant::now();
            client.block_on(survey(&SqlServer::new(), &target));
            ours.push(begun.elapsed());
            theirs.extend(tsql(server));
        }
        println!("round trip {name}: whole survey {}, tsql with one batch {}", median(ours), median(theirs));
    }
    let begun = Instant::now();
    client.block_on(first_node(&far, &target(&far, "Three", Encryption::Mandatory)));
    println!("round trip 50 ms: a whole first node that makes its database {:.0} ms", begun.elapsed().as_secs_f64() * 1000.0);
}
