//! Sessions side by side, on threads of their own.

use std::sync::mpsc;
use std::thread;

use practice_server::{Parameter, SqlType, Value};

use crate::bench::{Bench, call, reply_text, run};

#[test]
fn an_application_lock_is_waited_for() {
    let (bench, mut first) = Bench::with_database();
    let mut second = bench.session("sa", "d");
    assert_eq!(run(&mut first, "DECLARE @r int EXEC @r = sp_getapplock 'x', 'Exclusive', 'Session' SELECT @r"), "0");
    assert_eq!(
        run(
            &mut second,
            "DECLARE @r int EXEC @r = sp_getapplock @Resource = 'x', @LockMode = 'Exclusive', @LockOwner = 'Session', @LockTimeout = 0 SELECT @r"
        ),
        "-1"
    );
    let waiter = thread::spawn(move || {
        run(&mut second, "DECLARE @r int EXEC @r = sp_getapplock 'x', 'Exclusive', 'Session', 20000 SELECT @r")
    });
    assert_eq!(run(&mut first, "WAITFOR DELAY '00:00:00.020' EXEC sp_releaseapplock 'x', 'Session'"), "");
    let granted = waiter.join().unwrap();
    // 1 after waiting; 0 if this thread was so slow that there was nothing to wait for.
    assert!(granted == "1" || granted == "0", "{granted}");
    assert!(run(&mut first, "EXEC sp_releaseapplock 'x', 'Session'").starts_with("!1223"));
    assert!(run(&mut first, "EXEC sp_getapplock 'x', 'Exclusive'").starts_with("!3918"));
}

#[test]
fn a_lost_session_gives_everything_back() {
    let (bench, mut first) = Bench::with_database();
    let mut second = bench.session("sa", "d");
    assert_eq!(
        run(
            &mut first,
            "CREATE TABLE T (a int); EXEC sp_getapplock 'x', 'Exclusive', 'Session'; BEGIN TRAN; INSERT T VALUES (1)"
        ),
        ""
    );
    assert_eq!(run(&mut second, "SELECT COUNT(*) FROM T"), "0");
    assert_eq!(run(&mut second, "SET LOCK_TIMEOUT 0; INSERT T VALUES (2)"), "!1222 Lock request time out period exceeded.");
    drop(first);
    assert_eq!(
        run(
            &mut second,
            "INSERT T VALUES (2); DECLARE @r int EXEC @r = sp_getapplock 'x', 'Exclusive', 'Session', 0 SELECT @r, (SELECT SUM(a) FROM T)"
        ),
        "0|2"
    );
}

#[test]
fn two_first_nodes_make_one_cluster() {
    let (bench, mut sa) = Bench::with_database();
    assert_eq!(run(&mut sa, "CREATE TABLE cluster (one int NOT NULL CONSTRAINT PK_c PRIMARY KEY CHECK (one = 1), who int)"), "");
    let runs: Vec<_> = (0..4)
        .map(|who| {
            let mut session = bench.session("sa", "d");
            thread::spawn(move || run(&mut session, &format!("INSERT cluster VALUES (1, {who})")))
        })
        .collect();
    let results: Vec<String> = runs.into_iter().map(|run| run.join().unwrap()).collect();
    assert_eq!(results.iter().filter(|result| result.is_empty()).count(), 1, "{results:?}");
    assert_eq!(results.iter().filter(|result| result.starts_with("!2627")).count(), 3, "{results:?}");
}

#[test]
fn an_interrupt_ends_waiting_and_working() {
    let (bench, mut holder) = Bench::with_database();
    run(&mut holder, "EXEC sp_getapplock 'x', 'Exclusive', 'Session'");
    let endless = "WITH r AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM r WHERE n < 2000000000) SELECT COUNT(*) FROM r";
    for text in
        ["EXEC sp_getapplock 'x', 'Exclusive', 'Session', -1", "WAITFOR DELAY '00:10:00'", "WHILE 1 = 1 PRINT 'x'", endless]
    {
        let mut session = bench.session("sa", "d");
        let interrupt = session.interrupt();
        let (sender, started) = mpsc::channel();
        let batch = format!("PRINT 'started'; {text}");
        let worker = thread::spawn(move || {
            session.batch(&batch, &mut |_| {
                let _ = sender.send(());
                true
            });
            run(&mut session, "SELECT 1")
        });
        started.recv().unwrap();
        // Between the message and the wait there is a moment in which an interrupt must not be lost either.
        interrupt.stop();
        while !worker.is_finished() {
            interrupt.stop();
            thread::yield_now();
        }
        let after = worker.join().unwrap();
        assert!(after == "1" || after.is_empty(), "{text}: {after}");
    }
}

#[test]
fn a_deadlock_has_a_victim() {
    let (bench, mut first) = Bench::with_database();
    let mut second = bench.session("sa", "d");
    let take = |name: &str| format!("DECLARE @r int EXEC @r = sp_getapplock '{name}', 'Exclusive', 'Session' SELECT @r");
    assert_eq!(run(&mut first, &take("a")), "0");
    assert_eq!(run(&mut second, &take("b")), "0");
    let b = take("b");
    let a = take("a");
    let one = thread::spawn(move || run(&mut first, &b));
    let two = thread::spawn(move || run(&mut second, &a));
    let results = [one.join().unwrap(), two.join().unwrap()];
    assert!(results.contains(&"-3".to_owned()), "{results:?}");
    assert!(results.iter().any(|result| result == "0" || result == "1"), "{results:?}");
}

fn parameter(name: &str, value: Value, kind: Option<SqlType>) -> Parameter {
    Parameter { name: name.to_owned(), kind, value, output: false }
}

#[test]
fn remote_procedure_calls() {
    let (_bench, mut session) = Bench::with_database();
    let text = |text: &str| parameter("", Value::Text(text.to_owned()), Some(SqlType::NVarChar(Some(4000))));
    let mut output = parameter("@b", Value::Null, None);
    output.output = true;
    let all = call(
        &mut session,
        "sp_executesql",
        &[
            text("SET @b = @a + 1; SELECT @a"),
            text("@a int, @b int OUTPUT"),
            parameter("@a", Value::Int(4), Some(SqlType::Int)),
            output,
        ],
    );
    assert_eq!(reply_text(&all), "4");
    assert!(format!("{all:?}").contains("ReturnValue { name: \"@b\", kind: Int, value: Int(5) }"), "{all:?}");
    assert_eq!(
        reply_text(&call(&mut session, "sp_nope", &[])),
        "!40510 The procedure sp_nope is not supported by the practice server."
    );
    let lock = call(&mut session, "sp_getapplock", &[text("x"), text("Exclusive"), text("Session")]);
    assert!(format!("{lock:?}").contains("ReturnStatus(0)"));
}

#[test]
fn transaction_requests() {
    let (bench, mut session) = Bench::with_database();
    run(&mut session, "CREATE TABLE T (a int)");
    session.begin();
    let began = session.transaction();
    assert!(began.is_some() && began == session.transaction());
    run(&mut session, "INSERT T VALUES (1)");
    session.end(false, &mut |_| true);
    assert_eq!(session.transaction(), None);
    session.begin();
    let again = session.transaction();
    assert_ne!(began, again);
    run(&mut session, "INSERT T VALUES (2)");
    session.end(true, &mut |_| true);
    assert_eq!(session.transaction(), None);
    assert_eq!(run(&mut bench.session("sa", "d"), "SELECT a FROM T"), "2");
}
