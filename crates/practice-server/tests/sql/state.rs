//! What outlives a session and the server, and what a test can arrange.

use practice_server::{Engine, Mark, Personality};

use crate::bench::{Bench, open, personality, run, steps};

#[test]
fn everything_is_there_again_after_a_restart() {
    let (bench, mut session) = Bench::with_database();
    steps(
        &mut session,
        &[
            ("CREATE TABLE T (Id int IDENTITY PRIMARY KEY, W nvarchar(10) UNIQUE); INSERT T (W) VALUES ('a')", ""),
            ("CREATE LOGIN node WITH PASSWORD = 'pw'; CREATE USER node FOR LOGIN node; GRANT INSERT ON T TO node", ""),
            ("ALTER DATABASE d SET READ_COMMITTED_SNAPSHOT ON; BEGIN TRAN; INSERT T (W) VALUES ('lost')", ""),
        ],
    );
    drop(session);
    let Bench { engine, folder } = bench;
    drop(engine);
    let bench = Bench { engine: open(folder.path()), folder };
    let mut session = bench.session("sa", "d");
    steps(
        &mut session,
        &[
            ("SELECT Id, W FROM T; SELECT is_read_committed_snapshot_on FROM sys.databases WHERE name = 'd'", "1|a / 1"),
            ("INSERT T (W) VALUES ('A')", "!2627 Violation…"),
            ("INSERT T (W) OUTPUT inserted.W VALUES ('b')", "b"),
        ],
    );
    assert_eq!(run(&mut bench.session("node", "d"), "INSERT T (W) VALUES ('c')"), "");
}

#[test]
fn marks_and_clock() {
    let folder = tempfile::tempdir().unwrap();
    let engine = Engine::open(folder.path(), Personality { clock_ahead: 3600, ..personality() }, &[]).unwrap();
    assert!(!engine.mark("nope", Mark::Published, true));
    drop(engine);
    let (bench, mut session) = Bench::with_database();
    assert!(bench.engine.mark("d", Mark::Published, true) && bench.engine.mark("d", Mark::Mirrored, true));
    steps(
        &mut session,
        &[
            ("SELECT is_published, is_subscribed FROM sys.databases WHERE name = DB_NAME()", "1|0"),
            ("SELECT mirroring_state_desc FROM sys.database_mirroring WHERE database_id = DB_ID()", "SYNCHRONIZED"),
        ],
    );
    session.describe(true, "127.0.0.1");
    steps(
        &mut session,
        &[("SELECT encrypt_option, client_net_address FROM sys.dm_exec_connections WHERE session_id = @@SPID", "TRUE|127.0.0.1")],
    );
}

#[test]
fn a_reset_session_is_as_new() {
    let (bench, _) = Bench::with_database();
    let mut session = bench.session("sa", "");
    run(&mut session, "USE d; SET XACT_ABORT ON; SET LOCK_TIMEOUT 7; CREATE TABLE T (a int); BEGIN TRAN; INSERT T VALUES (1)");
    session.reset();
    steps(&mut session, &[("SELECT DB_NAME(), @@TRANCOUNT, @@LOCK_TIMEOUT, (SELECT COUNT(*) FROM d.dbo.T)", "master|0|-1|0")]);
}
