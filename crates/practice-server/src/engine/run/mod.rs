//! Runs batches and procedures.
//!
//! `execution` holds what runs; `query` reads; `rows`, `dml`, `table`, `index`, `database` and `security` change; `procedure` and
//! `session` hold what needs no other statement; `batch` runs statements in order, and those that contain others.

mod batch;
mod database;
mod dml;
mod execution;
mod index;
mod precompile;
mod procedure;
mod query;
mod rows;
mod security;
mod session;
mod table;

use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::engine::error::{ErrorScope, SqlError};
use crate::engine::session::{Session, Sink};
use crate::reply::Reply;
use crate::value::Parameter;
use execution::{Execution, Frame};

impl Session {
    /// Runs a batch of T-SQL.
    pub fn batch(&mut self, text: &str, sink: Sink<'_>) {
        run_guarded(self, sink, |run| {
            let result = run.run_text(text, &mut Frame::default());
            run.finish_batch(result.map(|_| ()));
        });
    }

    /// Runs a remote procedure call: `sp_executesql`, `sp_getapplock`, …; error 2812 if the procedure is unknown.
    pub fn call(&mut self, procedure: &str, parameters: &[Parameter], sink: Sink<'_>) {
        run_guarded(self, sink, |run| {
            let result = run.remote(procedure, parameters);
            run.finish_batch(result);
        });
    }
}

/// Turns a panic into an error, so that a defect of the engine does not end the connection.
fn run_guarded(session: &mut Session, sink: Sink<'_>, work: impl FnOnce(&mut Execution<'_>)) {
    session.clear_stop();
    let done = catch_unwind(AssertUnwindSafe(|| {
        let mut run = Execution {
            session: &mut *session,
            sink: &mut *sink,
            tries: 0,
            level: 0,
            client_gone: false,
            captured: None,
            in_result_set: false,
        };
        work(&mut run);
    }));
    session.caught = None;
    session.release_memory();
    if done.is_err() {
        session.rollback_all();
        let error = SqlError::new(50000, "The practice server failed at this batch.").scope(ErrorScope::Batch);
        sink(Reply::Message(error.message()));
        sink(Reply::Done { rows: None });
    }
}
