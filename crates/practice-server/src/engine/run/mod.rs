//! Running batches and procedures.

mod applock;
mod change;
mod constraint;
mod control;
mod database;
mod delete;
mod dynamic;
mod index;
mod insert;
mod output;
mod permission;
mod precompile;
mod procedure;
mod query;
mod raise;
mod role;
mod schema;
mod security;
mod setting;
mod table;
mod table_column;
mod transaction;
mod update;

use std::panic::{AssertUnwindSafe, catch_unwind};

use super::bind::Variables;
use super::fault::{Fault, INTERRUPTED, Reach};
use super::session::{Session, Sink};
use crate::reply::{Reply, SqlMessage};
use crate::tsql;
use crate::value::Parameter;

/// A batch, or what `EXECUTE` runs, at work.
pub(super) struct Run<'a> {
    pub(super) session: &'a mut Session,
    sink: Sink<'a>,
    /// How many `TRY` blocks are around.
    tries: usize,
    /// How many `EXECUTE`s are around.
    level: usize,
    /// Nobody listens any more.
    gone: bool,
    /// `INSERT … EXEC`: rows are kept instead of sent.
    kept: Option<query::Kept>,
    /// A result set has begun and not ended.
    open: bool,
}

/// Where control goes after a statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Flow {
    Next,
    Break,
    Continue,
    Return(i32),
}

/// Variables of a batch or of dynamic SQL.
#[derive(Debug, Default)]
struct Frame {
    variables: Variables,
}

impl Session {
    /// Runs a batch of T-SQL.
    pub fn batch(&mut self, text: &str, sink: Sink<'_>) {
        guarded(self, sink, |run| {
            let result = run.text(text, &mut Frame::default());
            run.ended(result.map(|_| ()));
        });
    }

    /// Runs a remote procedure call: `sp_executesql`, `sp_getapplock`, …; error 2812 if the procedure is unknown.
    pub fn call(&mut self, procedure: &str, parameters: &[Parameter], sink: Sink<'_>) {
        guarded(self, sink, |run| {
            let result = run.remote(procedure, parameters);
            run.ended(result);
        });
    }
}

/// A fault of the engine itself must not take the connection with it.
fn guarded(session: &mut Session, sink: Sink<'_>, work: impl FnOnce(&mut Run<'_>)) {
    session.clear_stop();
    let done = catch_unwind(AssertUnwindSafe(|| {
        let mut run = Run { session: &mut *session, sink: &mut *sink, tries: 0, level: 0, gone: false, kept: None, open: false };
        work(&mut run);
    }));
    session.caught = None;
    if done.is_err() {
        session.rollback_all();
        let fault = Fault::new(50000, "The practice server failed at this batch.").reach(Reach::Batch);
        sink(Reply::Message(fault.message()));
        sink(Reply::Done { rows: None });
    }
}

impl Run<'_> {
    /// Reads and runs a text in a frame.
    fn text(&mut self, text: &str, frame: &mut Frame) -> Result<Flow, Fault> {
        let statements = tsql::parse(text, self.session.settings.quoted)?;
        self.precompile(&statements, frame)?;
        self.statements(&statements, frame)
    }

    fn ended(&mut self, result: Result<(), Fault>) {
        if let Err(fault) = result
            && fault.number != INTERRUPTED
        {
            self.report(&fault);
            self.say(Reply::Done { rows: None });
        }
        if self.session.doomed {
            self.session.rollback_all();
            let fault = Fault::new(
                3998,
                "Uncommittable transaction is detected at the end of the batch. The transaction is rolled back.",
            );
            self.report(&fault);
        }
    }

    pub(super) fn say(&mut self, reply: Reply) {
        if !self.gone {
            match reply {
                Reply::Columns(_) => self.open = true,
                Reply::Done { .. } => self.open = false,
                _ => {}
            }
            self.gone = !(self.sink)(reply);
        }
    }

    /// An error to the client.
    fn report(&mut self, fault: &Fault) {
        self.say(Reply::Message(fault.message()));
        if fault.terminated {
            self.say(Reply::Message(SqlMessage {
                number: 3621,
                state: 0,
                class: 0,
                text: "The statement has been terminated.".to_owned(),
                procedure: String::new(),
                line: fault.line.max(1),
            }));
        }
    }

    /// Information to the client.
    fn inform(&mut self, number: i32, text: &str) {
        let message = Fault::new(number, text).class(0).message();
        self.say(Reply::Message(message));
    }

    /// A statement that changed rows is done.
    fn counted(&mut self, rows: usize) {
        self.session.row_count = i64::try_from(rows).unwrap_or(i64::MAX);
        let rows = (!self.session.settings.no_count).then(|| u64::try_from(rows).unwrap_or(u64::MAX));
        self.say(Reply::Done { rows });
    }

    /// A statement without rows is done.
    fn done(&mut self) {
        self.session.row_count = 0;
        self.say(Reply::Done { rows: None });
    }
}
