//! What a burst of clients takes, the server gives back.

#![cfg(target_os = "linux")]
#![expect(clippy::expect_used, reason = "tests")]

#[path = "wire/connect.rs"]
#[expect(dead_code, reason = "shared with other tests")]
mod connect;
#[path = "wire/raw.rs"]
mod raw;

use std::time::Duration;

use tds_wire::packet::{PacketType, read_message, write_message};

const CLIENTS: usize = 128;
/// What may stay, in KiB.
const LIMIT: usize = 48 << 10;

/// Returns the process's own memory in KiB, without its program's and libraries' files.
fn resident() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").expect("the status");
    let line = status.lines().find_map(|line| line.strip_prefix("RssAnon:")).expect("a line");
    line.trim().trim_end_matches(" kB").parse().expect("a number")
}

/// A batch of 30 kB, as a survey of a cluster sends it.
fn survey() -> Vec<u8> {
    let part = "BEGIN TRY\n  IF OBJECT_ID(N'dbo.Thing', N'U') IS NOT NULL OR COL_LENGTH(N'sys.objects', N'name') IS NOT NULL\n    EXEC(N'SELECT N''part'' AS part, \
                o.name, c.name AS column_name, COALESCE(CAST(c.max_length AS int), -1) AS length FROM sys.objects AS o LEFT JOIN sys.columns AS c ON \
                c.object_id = o.object_id WHERE o.is_ms_shipped = 0');\nEND TRY\nBEGIN CATCH\n  SELECT N'trouble' AS part, ERROR_NUMBER() AS number, \
                ERROR_STATE() AS state, ERROR_SEVERITY() AS class, ERROR_MESSAGE() AS message;\nEND CATCH;\n";
    raw::batch(&part.repeat(30))
}

#[test]
fn memory_goes_back_after_a_burst() {
    // Idle threads hold stacks; here they end at once.
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    let runtime = builder.enable_all().thread_keep_alive(Duration::from_millis(50)).build().expect("a runtime");
    runtime.block_on(async {
        let server = connect::start(|_| {}).await;
        let mut clients = Vec::new();
        for _ in 0..CLIENTS {
            let (tcp, answer) = raw::log_in(&server.running, raw::CURRENT).await;
            assert!(answer.is_ok());
            clients.push(tcp);
        }
        let before = resident();
        let survey = survey();
        let work = clients.into_iter().map(|mut tcp| {
            let survey = survey.clone();
            tokio::spawn(async move {
                write_message(&mut tcp, PacketType::SqlBatch, &survey, 4096).await.expect("written");
                let answer = read_message(&mut tcp, 1 << 24).await.expect("an answer");
                assert_eq!(raw::last_done(&answer) & 2, 0, "an error");
            })
        });
        for one in work.collect::<Vec<_>>() {
            one.await.expect("no panic");
        }
        let most = resident();
        for _ in 0..100 {
            tokio::time::sleep(Duration::from_millis(50)).await;
            if resident() < LIMIT / 2 {
                break;
            }
        }
        let after = resident();
        eprintln!("{before} KiB before, {most} KiB after {CLIENTS} clients, {after} KiB in the end");
        assert!(after <= LIMIT, "{after} KiB stay");
    });
}
