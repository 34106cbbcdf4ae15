//! Connections: what comes on the way to a session, and what ends one.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use octopus_setup::model::cluster::ClusterId;
use octopus_setup::model::facts::{Content, DatabaseSeen, ServerFacts, SqlTrouble, TlsTrouble, Trouble};
use octopus_setup::model::master_key::{Fingerprint, Verifier};
use octopus_setup::model::registry::{CreatedDatabase, GivenCollation, InitialiseOutcome, NewCluster, NodeRow};
use octopus_setup::model::storage::SharedStorage;
use octopus_setup::model::target::{Encryption, Target};
use octopus_setup::world::sqlserver::{Patience, SqlServer};
use tds_wire::packet::PacketType;
use tokio::net::{TcpListener, TcpStream};

use crate::Site;
use crate::support::scenario::{Act, Request, done, error, refusal, routing};

/// Counts what a scenario has seen; clones share the count.
#[derive(Clone, Default)]
struct Count(Arc<AtomicUsize>);

impl Count {
    /// Counts one more, and returns how many there were before.
    fn next(&self) -> usize {
        self.0.fetch_add(1, Ordering::SeqCst)
    }

    fn get(&self) -> usize {
        self.0.load(Ordering::SeqCst)
    }
}

/// A site whose first logins are answered by these errors, and the number of logins so far.
async fn with_logins(errors: &'static [i32]) -> (Site, Count) {
    let logins = Count::default();
    let counted = logins.clone();
    let site = Site::new(move |request| match request.kind {
        PacketType::Login7 => match errors.get(counted.next()) {
            Some(number) => Act::Answer(refusal(*number, 1, 14, "Please try again.")),
            None => Act::Pass,
        },
        _ => Act::Pass,
    })
    .await;
    site.make("Octopus").await;
    (site, logins)
}

fn sql(facts: &ServerFacts) -> Option<&SqlTrouble> {
    match facts.way_blocked() {
        Some(Trouble::Sql(said)) => Some(said),
        _ => None,
    }
}

fn cluster() -> NewCluster {
    let node = NodeRow {
        name: "web01".into(),
        address: "https://web01/".into(),
        host: "web01".into(),
        system: "Linux".into(),
        program: "0.1.0".into(),
        prefixes: "https://web01/".into(),
        comms_port: 10943,
        grpc_port: 8443,
        task_cap: 5,
    };
    NewCluster {
        id: ClusterId([7; 16]),
        verifier: Verifier { salt: [7; 16], hash: [7; 32] },
        fingerprint: Fingerprint([7; 4]),
        node,
        node_limit: None,
        licence_ends: None,
        storage: SharedStorage::None,
        canaries: Vec::new(),
    }
}

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

/// What a far server told stays told when the line breaks in the questions that only measure it.
#[tokio::test]
async fn a_line_that_breaks_behind_the_survey_costs_no_fact_of_it() {
    let late = Duration::from_millis(50);
    let site = Site::new(move |request| match request.kind {
        PacketType::SqlBatch if !request.asks("'identity' AS part") => Act::HangUp,
        _ => Act::PassLate(late),
    })
    .await;
    site.make("Octopus").await;
    let server = SqlServer::new();
    for surveys in 1..=2 {
        let facts = surveyed(&server, &site.target("Octopus")).await;
        assert!(matches!(facts.database.seen(), Some(DatabaseSeen::Open(_))), "{facts:?}");
        assert!(facts.round_trip.seen().is_some_and(|shortest| *shortest >= late) && facts.rights.seen().is_some(), "{facts:?}");
        // Without TLS, the connection that asked for it is followed by one that does not.
        assert_eq!(site.scenario.connections(), 2 * surveys, "the broken session is not kept");
    }
}

#[tokio::test]
async fn trouble_behind_a_redirect_names_both_servers() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let dead = listener.local_addr().unwrap().port();
    drop(listener);
    let site = Site::new(move |request| match request.kind {
        PacketType::Login7 => Act::Answer(routing("127.0.0.1", dead)),
        _ => Act::Pass,
    })
    .await;
    let facts = site.survey("Octopus").await;
    let Some(Trouble::Redirected { from, to, port, trouble, .. }) = facts.way_blocked() else { panic!("{facts:?}") };
    assert_eq!((from.as_str(), *port), (site.scenario.server().as_str(), dead));
    assert_eq!((to.as_str(), &**trouble), (format!("127.0.0.1,{dead}").as_str(), &Trouble::Refused));
    assert_eq!(facts.resolved.seen().map(|resolved| resolved.port), Some(site.scenario.port()), "what the name led to");
}

#[tokio::test]
async fn a_hang_up_at_the_first_message_is_told_as_such_and_gets_no_password() {
    let logins = Count::default();
    let counted = logins.clone();
    let site = Site::new(move |request| {
        if request.kind == PacketType::Login7 {
            counted.next();
        }
        Act::HangUp
    })
    .await;
    let facts = site.survey("Octopus").await;
    assert_eq!(facts.way_blocked(), Some(&Trouble::HungUp { takes_strict: false }));
    assert_eq!((site.scenario.connections(), logins.get()), (2, 0), "the second one tries strict");
}

/// Passes on connections that begin with TLS, and hangs up on others.
async fn strict_only(server: SocketAddr) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((mut near, _)) = listener.accept().await {
            tokio::spawn(async move {
                let mut first = [0];
                if near.peek(&mut first).await.is_ok() && first == [0x16] {
                    let mut far = TcpStream::connect(server).await.unwrap();
                    let _ = tokio::io::copy_bidirectional(&mut near, &mut far).await;
                }
            });
        }
    });
    port
}

#[tokio::test]
async fn a_server_that_takes_strict_only_is_found_out() {
    let site = Site::with(|_| {}, |_| Act::Pass).await;
    let mut target = site.target("Octopus");
    target.address.port = Some(strict_only(site.server.addr()).await);
    target.encryption = Encryption::Mandatory;
    let facts = surveyed(&SqlServer::new(), &target).await;
    assert_eq!(facts.way_blocked(), Some(&Trouble::HungUp { takes_strict: true }));
    target.encryption = Encryption::Strict;
    let facts = surveyed(&SqlServer::new(), &target).await;
    assert!(facts.login.seen().is_some(), "{facts:?}");
}

async fn surveyed(server: &SqlServer, target: &Target) -> ServerFacts {
    let mut last = ServerFacts::default();
    server.survey(target, |facts| last = facts).await;
    last
}

#[tokio::test]
async fn strict_with_a_server_that_does_not_know_it() {
    let site = Site::new(|_| Act::Pass).await;
    let target = Target { encryption: Encryption::Strict, ..site.target("Octopus") };
    let facts = surveyed(&SqlServer::new(), &target).await;
    assert_eq!(facts.way_blocked(), Some(&Trouble::Tls(TlsTrouble::StrictNotOffered)));
}

#[tokio::test]
async fn an_error_in_answer_to_prelogin_keeps_its_number_and_text() {
    let site = Site::new(|_| Act::Answer(error(17809, 2, 10, "The maximum number of connections has been reached."))).await;
    let facts = site.survey("Octopus").await;
    let said = sql(&facts).unwrap();
    assert_eq!((said.number, said.state), (17809, 2));
    assert!(said.text.as_str().contains("maximum number"), "{said:?}");
}

/// FEATUREEXTACK with features that nobody asked for.
#[tokio::test]
async fn what_the_driver_does_not_understand_is_not_the_operating_systems() {
    let site = Site::new(|request| match request.kind {
        PacketType::Login7 => Act::Change(Box::new(|mut answer| {
            let done = answer.len() - done(0).len();
            answer.splice(done..done, [0xae, 9, 1, 0, 0, 0, 1, 0xff]);
            answer
        })),
        _ => Act::Pass,
    })
    .await;
    let facts = site.survey("Octopus").await;
    assert!(matches!(facts.way_blocked(), Some(Trouble::NotUnderstood(_))), "{facts:?}");
}

#[tokio::test]
async fn a_login_that_fails_for_a_moment_is_tried_again_and_that_is_told() {
    for number in [40613, 40197, 983] {
        let (site, logins) = with_logins(match number {
            40613 => &[40613, 40613],
            40197 => &[40197],
            _ => &[983, 983],
        })
        .await;
        let mut waited_for = Vec::new();
        let mut last = ServerFacts::default();
        SqlServer::new()
            .survey(&site.target("Octopus"), |facts| {
                waited_for.extend(facts.waiting.clone().map(|waiting| waiting.trouble));
                last = facts;
            })
            .await;
        assert!(last.login.seen().is_some() && last.waiting.is_none(), "{last:?}");
        assert!(matches!(&waited_for[..], [Trouble::Sql(said), ..] if said.number == number), "{waited_for:?}");
        assert_eq!(waited_for.len() + 1, logins.get());
    }
}

#[tokio::test]
async fn a_refused_login_is_never_tried_again() {
    for errors in [&[18456][..], &[18470], &[18486], &[18487], &[18488], &[18452], &[40615]] {
        let (site, logins) = with_logins(match errors[0] {
            18456 => &[18456],
            18470 => &[18470],
            18486 => &[18486],
            18487 => &[18487],
            18488 => &[18488],
            18452 => &[18452],
            _ => &[40615],
        })
        .await;
        let facts = site.survey("Octopus").await;
        assert_eq!((sql(&facts).map(|said| said.number), logins.get()), (u32::try_from(errors[0]).ok(), 1));
        let again = SqlServer::new().content(&site.target("Octopus")).await;
        assert!(again.is_ok() && logins.get() == 2, "{again:?}");
    }
}

#[tokio::test]
async fn a_refused_login_is_never_tried_again_by_a_step() {
    let refused = |made: Result<(), Trouble>| matches!(made, Err(Trouble::Sql(said)) if said.number == 18456);
    let (site, logins) = with_logins(&[18456]).await;
    assert!(refused(SqlServer::new().content(&site.target("Octopus")).await.map(drop)) && logins.get() == 1);
    let (site, logins) = with_logins(&[18456]).await;
    assert!(refused(SqlServer::new().create_database(&site.target("Another")).await.map(drop)) && logins.get() == 1);
}

#[tokio::test]
async fn what_work_waits_for_is_told() {
    let (site, logins) = with_logins(&[40613]).await;
    let server = SqlServer::new();
    let mut waiting = server.waiting();
    let asked = site.target("Octopus");
    let told = async {
        waiting.changed().await.unwrap();
        let first = waiting.borrow_and_update().clone().unwrap();
        assert!(matches!(&first.trouble, Trouble::Sql(said) if said.number == 40613) && first.limit.as_secs() >= 10, "{first:?}");
        waiting.changed().await.unwrap();
        assert_eq!(*waiting.borrow_and_update(), None);
    };
    let (made, ()) = tokio::join!(server.create_database(&asked), told);
    assert!(made.is_ok() && logins.get() > 1, "{made:?}");
}

/// The connection breaks in the first write; after that two logins say 983, and one 40613.
#[tokio::test]
async fn a_failover_in_the_middle_of_a_step_is_survived() {
    let (broken, logins) = (Count::default(), Count::default());
    let site = Site::new(move |request| {
        if broken.get() == 0 && request.asks("CREATE SCHEMA") {
            broken.next();
            return Act::HangUp;
        }
        if broken.get() > 0
            && request.kind == PacketType::Login7
            && let Some(number) = [983, 983, 40613].get(logins.next())
        {
            return Act::Answer(refusal(*number, 1, 14, "Try the operation again later."));
        }
        Act::Pass
    })
    .await;
    let (server, target) = (SqlServer::new(), site.target("Octopus"));
    assert_eq!(server.create_database(&target).await.map(|created| created.made), Ok(true));
    assert_eq!(server.initialise(&target, &cluster()).await, Ok(InitialiseOutcome::Made));
}

/// 40197 ends the session together with the request.
#[tokio::test]
async fn a_service_that_fails_in_the_middle_of_a_step_is_asked_again() {
    let failed = Count::default();
    let site = Site::new(move |request| {
        if request.asks("CREATE SCHEMA") && failed.next() == 0 {
            return Act::Answer(refusal(40197, 4, 20, "The service has encountered an error. Please try again."));
        }
        Act::Pass
    })
    .await;
    let (server, target) = (SqlServer::new(), site.target("Octopus"));
    assert_eq!(server.create_database(&target).await.map(|created| created.made), Ok(true));
    assert_eq!(server.initialise(&target, &cluster()).await, Ok(InitialiseOutcome::Made));
}

/// Some servers let nobody into a database for a moment after they made it.
#[tokio::test]
async fn a_database_that_was_just_made_is_waited_for() {
    let logins = Count::default();
    let counted = logins.clone();
    let site = Site::new(move |request| {
        // Not from master into the database, but by another login.
        if request.asks("USE [Octopus]") {
            return Act::HangUp;
        }
        if names_database(request, "Octopus") && counted.next() < 3 {
            return Act::Answer(refusal(4060, 1, 11, "Cannot open database \"Octopus\" requested by the login."));
        }
        Act::Pass
    })
    .await;
    let (server, target) = (SqlServer::new(), site.target("Octopus"));
    assert!(matches!(server.content(&target).await, Err(Trouble::Sql(said)) if said.number == 4060), "an answer before");
    assert_eq!(server.create_database(&target).await.map(|created| created.made), Ok(true));
    assert_eq!(server.content(&target).await, Ok(Content::Empty));
    assert_eq!(logins.get(), 4);
}

/// Returns whether a login asks for this database.
fn names_database(request: &Request, name: &str) -> bool {
    request.kind == PacketType::Login7 && request.text().contains(name)
}

#[tokio::test]
async fn a_line_that_breaks_before_the_first_statement_is_replaced() {
    let logins = Count::default();
    let site = Site::new(move |request| match request.kind {
        PacketType::Login7 if logins.next() == 0 => Act::HangUp,
        _ => Act::Pass,
    })
    .await;
    site.make("Octopus").await;
    assert!(SqlServer::new().content(&site.target("Octopus")).await.is_ok());
}

/// A database that is just being opened takes its time for the first answer.
#[tokio::test]
async fn a_slow_first_answer_is_waited_for_twice() {
    let batches = Count::default();
    let site = Site::new(move |request| match request.kind {
        PacketType::SqlBatch if batches.next() == 0 => Act::Silence,
        _ => Act::Pass,
    })
    .await;
    site.make("Octopus").await;
    let server = SqlServer::with_patience(Patience { read: Duration::from_secs(3), ..Patience::default() });
    let (mut last, mut waited) = (ServerFacts::default(), false);
    server
        .survey(&site.target("Octopus"), |facts| {
            waited |= facts.waiting.is_some();
            last = facts;
        })
        .await;
    assert!(waited && matches!(last.database.seen(), Some(DatabaseSeen::Open(_))), "{last:?}");
}

#[tokio::test]
async fn making_a_database_on_a_server_that_fell_silent_ends_soon() {
    let silent = Count::default();
    let site = Site::new(move |request| {
        if request.asks("CREATE DATABASE") {
            silent.next();
        }
        if silent.get() > 0 { Act::Silence } else { Act::Pass }
    })
    .await;
    let patience = Patience { making: Duration::from_millis(100), read: Duration::from_secs(1), ..Patience::default() };
    let made = SqlServer::with_patience(patience).create_database(&site.target("Octopus")).await;
    assert!(matches!(made, Err(Trouble::Silent { .. })), "{made:?}");
}

/// A disk that zeroes files is no silent server.
#[tokio::test]
async fn making_a_database_may_take_long() {
    let site =
        Site::new(|request| if request.asks("CREATE DATABASE") { Act::PassLate(Duration::from_secs(1)) } else { Act::Pass })
            .await;
    let patience = Patience { making: Duration::from_millis(100), read: Duration::from_secs(60), ..Patience::default() };
    assert_eq!(
        SqlServer::with_patience(patience).create_database(&site.target("Octopus")).await.map(|created| created.made),
        Ok(true)
    );
}

/// The second login is the one that asks whether the server is still there.
#[tokio::test]
async fn a_server_that_is_too_busy_for_a_second_login_is_not_silent() {
    for number in [40501, 17809] {
        let asked = Count::default();
        let counted = asked.clone();
        let site = Site::new(move |request| match request.kind {
            _ if request.asks("CREATE DATABASE") => Act::PassLate(Duration::from_secs(3)),
            PacketType::Login7 if counted.next() > 0 => Act::Answer(refusal(number, 1, 14, "Please try again.")),
            _ => Act::Pass,
        })
        .await;
        let patience = Patience { making: Duration::from_millis(100), read: Duration::from_secs(1), ..Patience::default() };
        let made = SqlServer::with_patience(patience).create_database(&site.target("Octopus")).await;
        assert_eq!(made.map(|created| created.made), Ok(true));
        assert!(asked.get() > 1);
    }
}

/// A password that was changed in the meantime is not tried every few seconds.
#[tokio::test]
async fn a_second_login_that_is_refused_is_the_last() {
    let asked = Count::default();
    let counted = asked.clone();
    let site = Site::new(move |request| match request.kind {
        _ if request.asks("CREATE DATABASE") => Act::PassLate(Duration::from_secs(2)),
        PacketType::Login7 if counted.next() > 0 => Act::Answer(refusal(18456, 1, 14, "Login failed for user 'sa'.")),
        _ => Act::Pass,
    })
    .await;
    let patience = Patience { making: Duration::from_millis(100), read: Duration::from_secs(60), ..Patience::default() };
    let made = SqlServer::with_patience(patience).create_database(&site.target("Octopus")).await;
    assert_eq!((made.map(|created| created.made), asked.get()), (Ok(true), 2));
}

#[tokio::test]
async fn one_lost_question_whether_the_server_is_there_ends_nothing() {
    let asked = Count::default();
    let counted = asked.clone();
    let site = Site::new(move |request| match request.kind {
        _ if request.asks("CREATE DATABASE") => Act::PassLate(Duration::from_secs(2)),
        PacketType::Login7 if counted.next() == 1 => Act::HangUp,
        _ => Act::Pass,
    })
    .await;
    let patience = Patience { making: Duration::from_millis(100), read: Duration::from_secs(60), ..Patience::default() };
    let made = SqlServer::with_patience(patience).create_database(&site.target("Octopus")).await;
    assert_eq!(made.map(|created| created.made), Ok(true));
    assert!(asked.get() > 1);
}

#[tokio::test]
async fn a_database_whose_making_was_not_answered_was_made_by_this_run() {
    let asked = Count::default();
    let site =
        Site::new(move |request| if request.asks("CREATE DATABASE") && asked.next() == 0 { Act::HangUpAfter } else { Act::Pass })
            .await;
    let (server, target) = (SqlServer::new(), site.target("Octopus"));
    assert_eq!(server.create_database(&target).await.map(|created| created.made), Ok(true));
    assert_eq!(server.create_database(&target).await.map(|created| created.made), Ok(false), "the next one finds it");
}

#[tokio::test]
async fn a_collation_that_cannot_be_asked_for_costs_no_database() {
    for lost in [true, false] {
        let site = Site::new(move |request| {
            if request.asks("octopus_setup database") {
                return Act::Answer(refusal(2812, 62, 16, "Could not find stored procedure 'sp_getapplock'."));
            }
            match request.asks("'collation' AS part") {
                true if lost => Act::HangUp,
                true => Act::Answer(refusal(1205, 1, 13, "Transaction was deadlocked. Rerun the transaction.")),
                false => Act::Pass,
            }
        })
        .await;
        let created = SqlServer::new().create_database(&site.target("Octopus")).await;
        assert_eq!(created, Ok(CreatedDatabase { made: true, collation: GivenCollation::Unknown }), "{lost}");
    }
}
