//! What a batch runs with, and its replies.

use rusqlite::types::Value as Stored;

use crate::engine::bind::Variables;
use crate::engine::error::SqlError;
use crate::engine::session::{Session, Sink};
use crate::reply::{Reply, SqlMessage};
use crate::value::SqlType;

/// The number of each error that has none of SQL Server's.
const UNMAPPED: i32 = 33_557_097;
/// The errors that have one even with [`Personality::quirks`](crate::engine::Personality::quirks).
const MAPPED: &[i32] = &[102, 156, 208, 547, 911, 1205, 1222, 1801, 2601, 2627, 2714, 3701, 8009];

/// A batch, or the text of an `EXECUTE`, while it runs.
pub(super) struct Execution<'a> {
    pub(super) session: &'a mut Session,
    pub(super) sink: Sink<'a>,
    /// The number of enclosing `TRY` blocks.
    pub(super) tries: usize,
    /// The number of enclosing `EXECUTE`s.
    pub(super) level: usize,
    /// The client wants no more replies.
    pub(super) client_gone: bool,
    /// `INSERT … EXEC`: rows are captured instead of sent.
    pub(super) captured: Option<CapturedRows>,
    /// A result set has started and not ended.
    pub(super) in_result_set: bool,
}

/// Where control goes after a statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Flow {
    Next,
    Break,
    Continue,
    Return(i32),
}

/// The variables of a batch or of dynamic SQL.
#[derive(Debug, Default)]
pub(super) struct Frame {
    pub(super) variables: Variables,
}

/// The rows of `INSERT … EXEC`, with their types.
#[derive(Debug, Default)]
pub(super) struct CapturedRows {
    pub(super) rows: Vec<Vec<(Stored, SqlType)>>,
}

impl Execution<'_> {
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
    pub(super) fn send_error(&mut self, error: &SqlError) {
        let mut message = error.message();
        if self.session.quirks() && !MAPPED.contains(&message.number) {
            message.number = UNMAPPED;
        }
        self.send(Reply::Message(message));
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
    pub(super) fn send_info(&mut self, number: i32, text: &str) {
        let message = SqlError::new(number, text).class(0).message();
        self.send(Reply::Message(message));
    }

    /// Ends a statement that changed or returned rows.
    pub(super) fn finish_with_rows(&mut self, rows: usize) {
        self.session.row_count = i64::try_from(rows).unwrap_or(i64::MAX);
        let rows = (!self.session.settings.no_count).then(|| u64::try_from(rows).unwrap_or(u64::MAX));
        self.send(Reply::Done { rows });
    }

    /// Ends a statement without rows.
    pub(super) fn finish(&mut self) {
        self.session.row_count = 0;
        self.send(Reply::Done { rows: None });
    }
}
