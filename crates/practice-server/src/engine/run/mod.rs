//! Runs batches and procedures.

mod constraint;
mod control;
mod database;
mod index;
mod insert;
mod procedure;
mod query;
mod security;
mod table;
mod update;

use std::panic::{AssertUnwindSafe, catch_unwind};

use super::bind::Variables;
use super::error::{ErrorScope, INTERRUPTED, SqlError};
use super::session::{Session, Sink};
use crate::reply::{Reply, SqlMessage};
use crate::tsql;
use crate::value::Parameter;

/// A batch, or the text of an `EXECUTE`, while it runs.
pub(super) struct Execution<'a> {
    pub(super) session: &'a mut Session,
    sink: Sink<'a>,
    /// The number of enclosing `TRY` blocks.
    tries: usize,
    /// The number of enclosing `EXECUTE`s.
    level: usize,
    /// The client wants no more replies.
    client_gone: bool,
    /// `INSERT … EXEC`: rows are captured instead of sent.
    captured: Option<query::CapturedRows>,
    /// A result set has started and not ended.
    in_result_set: bool,
}

/// Where control goes after a statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Flow {
    Next,
    Break,
    Continue,
    Return(i32),
}

/// The variables of a batch or of dynamic SQL.
#[derive(Debug, Default)]
struct Frame {
    variables: Variables,
}

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
    if done.is_err() {
        session.rollback_all();
        let error = SqlError::new(50000, "The practice server failed at this batch.").scope(ErrorScope::Batch);
        sink(Reply::Message(error.message()));
        sink(Reply::Done { rows: None });
    }
}

impl Execution<'_> {
    /// Parses and runs a text in a frame.
    fn run_text(&mut self, text: &str, frame: &mut Frame) -> Result<Flow, SqlError> {
        let statements = tsql::parse(text, self.session.settings.quoted)?;
        self.precompile(&statements, frame)?;
        self.statements(&statements, frame)
    }

    fn finish_batch(&mut self, result: Result<(), SqlError>) {
        if let Err(error) = result
            && error.number != INTERRUPTED
        {
            self.send_error(&error);
            self.send(Reply::Done { rows: None });
        }
        if self.session.doomed {
            self.session.rollback_all();
            let error = SqlError::new(
                3998,
                "Uncommittable transaction is detected at the end of the batch. The transaction is rolled back.",
            );
            self.send_error(&error);
        }
    }

    pub(super) fn send(&mut self, reply: Reply) {
        if !self.client_gone {
            match reply {
                Reply::Columns(_) => self.in_result_set = true,
                Reply::Done { .. } => self.in_result_set = false,
                _ => {}
            }
            self.client_gone = !(self.sink)(reply);
        }
    }

    /// Sends an error to the client.
    fn send_error(&mut self, error: &SqlError) {
        self.send(Reply::Message(error.message()));
        if error.terminated {
            self.send(Reply::Message(SqlMessage {
                number: 3621,
                state: 0,
                class: 0,
                text: "The statement has been terminated.".to_owned(),
                procedure: String::new(),
                line: error.line.max(1),
            }));
        }
    }

    /// Sends information to the client.
    fn send_info(&mut self, number: i32, text: &str) {
        let message = SqlError::new(number, text).class(0).message();
        self.send(Reply::Message(message));
    }

    /// Ends a statement that changed or returned rows.
    fn finish_with_rows(&mut self, rows: usize) {
        self.session.row_count = i64::try_from(rows).unwrap_or(i64::MAX);
        let rows = (!self.session.settings.no_count).then(|| u64::try_from(rows).unwrap_or(u64::MAX));
        self.send(Reply::Done { rows });
    }

    /// Ends a statement without rows.
    fn finish(&mut self) {
        self.session.row_count = 0;
        self.send(Reply::Done { rows: None });
    }
}
