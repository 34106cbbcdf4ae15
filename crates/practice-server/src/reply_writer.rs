//! The engine's replies as tokens, in the order and with the bits that clients rely on.
//!
//! A DONE must say whether more follows, and the engine does not know; so the last one is held back until the next
//! reply or the end.

use std::sync::Arc;

use super::reply::{Reply, SqlMessage};
use super::tds::tokens::{self, Change, DoneKind, done};
use super::value::{Column, SqlType, Value};

/// What DONE calls the statement: a SELECT, or nothing that matters.
const SELECT: u16 = 0xC1;

/// A server's message with the state and line that nobody looks at.
pub fn message(number: i32, class: u8, text: impl Into<String>) -> SqlMessage {
    SqlMessage { number, state: 1, class, text: text.into(), procedure: String::new(), line: 1 }
}

/// How a request ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// By itself; another call of the same message follows.
    Next,
    /// By itself.
    Last,
    /// By an Attention.
    Attention,
}

#[derive(Debug, Clone, Copy)]
struct Held {
    kind: DoneKind,
    bits: u16,
    command: u16,
    rows: Option<u64>,
}

/// Turns one request's replies into tokens.
#[derive(Debug)]
pub struct ReplyWriter {
    out: Vec<u8>,
    server: Arc<str>,
    call: bool,
    columns: Vec<Column>,
    /// Result set or not, for the next DONE.
    command: u16,
    held: Option<Held>,
    /// The statement has failed, and its DONE has not come yet.
    failed: bool,
    /// A row of the result set did not fit; the rows after it would look like all of them.
    cut_short: bool,
    /// The number of the last error of the request.
    error: Option<i32>,
    status: Option<i32>,
    values: Vec<(String, SqlType, Value)>,
}

impl ReplyWriter {
    /// For a batch or a transaction request. `server` is the server's name, which errors carry.
    pub fn new(server: Arc<str>) -> Self {
        Self {
            out: Vec::new(),
            server,
            call: false,
            columns: Vec::new(),
            command: 0,
            held: None,
            failed: false,
            cut_short: false,
            error: None,
            status: None,
            values: Vec::new(),
        }
    }

    /// The next call of a message, or the first: its statements end in other tokens than a batch's.
    pub fn begin_call(&mut self) {
        self.call = true;
        self.error = None;
        self.failed = false;
    }

    /// Bytes that are ready.
    pub fn len(&self) -> usize {
        self.out.len()
    }

    /// The first `count` bytes.
    pub fn take(&mut self, count: usize) -> Vec<u8> {
        let rest = self.out.split_off(count.min(self.out.len()));
        std::mem::replace(&mut self.out, rest)
    }

    /// Whether an error was written.
    pub fn has_failed(&self) -> bool {
        self.error.is_some()
    }

    /// A change of the session's environment.
    pub fn change(&mut self, change: &Change<'_>) {
        // The held DONE stays behind it: a change must come before the end of what changed.
        tokens::change(&mut self.out, change);
    }

    /// One reply of the engine.
    pub fn push(&mut self, reply: Reply) {
        match reply {
            Reply::Columns(columns) => {
                self.release();
                tokens::columns(&mut self.out, &columns);
                self.columns = columns;
                self.cut_short = false;
                self.command = SELECT;
            }
            Reply::Row(values) => {
                if !self.cut_short
                    && let Err(misfit) = tokens::row(&mut self.out, &self.columns, &values)
                {
                    self.cut_short = true;
                    self.error(&message(50000, 16, format!("The practice server has a fault: {misfit}.")));
                }
            }
            Reply::Done { rows } => {
                self.release();
                let kind = match (self.call, self.status) {
                    (true, _) => DoneKind::InProcedure,
                    (false, None) => DoneKind::Batch,
                    (false, Some(_)) => DoneKind::Procedure,
                };
                if !self.call {
                    self.status = None;
                }
                let bits = if self.failed { done::ERROR } else { 0 };
                let command = std::mem::take(&mut self.command);
                self.failed = false;
                self.held = Some(Held { kind, bits, command, rows });
            }
            Reply::Message(message) => self.error(&message),
            Reply::Database { old, new } => {
                self.release();
                tokens::change(&mut self.out, &Change::Database(&new, &old));
            }
            Reply::ReturnStatus(status) => {
                self.status = Some(status);
                if !self.call {
                    self.release();
                    tokens::return_status(&mut self.out, status);
                }
            }
            Reply::ReturnValue { name, kind, value } => self.values.push((name, kind, value)),
        }
    }

    /// Writes a message, an error or not.
    fn error(&mut self, message: &SqlMessage) {
        self.release();
        tokens::message(&mut self.out, message, &self.server);
        if message.class > 10 {
            self.failed = true;
            self.error = Some(message.number);
        }
    }

    /// Writes the DONE that was held back: more follows.
    fn release(&mut self) {
        if let Some(held) = self.held.take() {
            let bits = held.bits | done::MORE;
            tokens::done(&mut self.out, held.kind, bits, held.command, held.rows);
        }
    }

    /// The end of a batch, a call or a transaction request.
    pub fn end(&mut self, ending: Ending) {
        if ending == Ending::Attention {
            self.release();
            tokens::done(&mut self.out, DoneKind::Batch, done::ATTENTION, 0, None);
            return;
        }
        if self.call {
            self.end_call(ending);
            return;
        }
        let rest = Held {
            kind: match self.status.take() {
                Some(_) => DoneKind::Procedure,
                None => DoneKind::Batch,
            },
            bits: if self.failed { done::ERROR } else { 0 },
            command: std::mem::take(&mut self.command),
            rows: None,
        };
        let last = if self.failed {
            self.release();
            rest
        } else {
            self.held.take().unwrap_or(rest)
        };
        tokens::done(&mut self.out, last.kind, last.bits, last.command, last.rows);
    }

    fn end_call(&mut self, ending: Ending) {
        if self.failed {
            self.push(Reply::Done { rows: None });
        }
        self.release();
        // A procedure always has a status; after an error SQL Server makes it the error's number.
        let status = self.status.take().or(self.error).unwrap_or(0);
        tokens::return_status(&mut self.out, status);
        let mut ordinal = 0;
        for (name, kind, value) in std::mem::take(&mut self.values) {
            // A value that does not fit is left out: the client finds its variable unset, and the reply stays whole.
            if tokens::return_value(&mut self.out, ordinal, &name, kind, &value).is_ok() {
                ordinal += 1;
            }
        }
        let mut bits = if self.error.is_some() { done::ERROR } else { 0 };
        if ending == Ending::Next {
            bits |= done::MORE;
        }
        tokens::done(&mut self.out, DoneKind::Procedure, bits, 0, None);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tokens_of(replies: Vec<Reply>, call: bool, ending: Ending) -> Vec<u8> {
        let mut writer = ReplyWriter::new("s".into());
        if call {
            writer.begin_call();
        }
        for reply in replies {
            writer.push(reply);
        }
        writer.end(ending);
        writer.out
    }

    const NONE: Reply = Reply::Done { rows: None };

    #[test]
    fn only_the_last_done_of_a_batch_says_that_nothing_follows() {
        let out = tokens_of(vec![NONE, NONE], false, Ending::Last);
        assert_eq!((out[0], out[1], out[13], out[14]), (0xFD, 1, 0xFD, 0));
        assert_eq!(out.len(), 26);
    }

    #[test]
    fn a_batch_without_a_statement_still_ends() {
        assert_eq!(tokens_of(vec![], false, Ending::Last)[..2], [0xFD, 0]);
    }

    #[test]
    fn an_error_marks_the_done_behind_it_even_when_there_is_none() {
        let error = Reply::Message(message(208, 16, "x"));
        let out = tokens_of(vec![NONE, error.clone()], false, Ending::Last);
        assert_eq!(out[..2], [0xFD, 1]);
        assert_eq!(out[out.len() - 13..][..2], [0xFD, 2]);
        let out = tokens_of(vec![error, NONE], false, Ending::Last);
        assert_eq!(out[out.len() - 13..][..2], [0xFD, 2]);
    }

    #[test]
    fn a_failed_call_ends_in_procedure_status_procedure() {
        let error = Reply::Message(message(208, 16, "x"));
        let out = tokens_of(vec![error], true, Ending::Last);
        let end = &out[out.len() - 31..];
        assert_eq!(end[..2], [0xFF, 3]);
        assert_eq!(end[13..18], [0x79, 208, 0, 0, 0]);
        assert_eq!(end[18..20], [0xFE, 2]);
    }

    #[test]
    fn an_attention_ends_in_its_own_bit() {
        let out = tokens_of(vec![NONE], false, Ending::Attention);
        assert_eq!(out[..2], [0xFD, 1]);
        assert_eq!(out[13..15], [0xFD, 0x20]);
    }

    #[test]
    fn a_value_that_fits_no_column_is_an_error_and_not_a_broken_row() {
        let columns = vec![Column { name: "n".to_owned(), kind: SqlType::Int, nullable: false }];
        let row = Reply::Row(vec![Value::Text("x".to_owned())]);
        let out = tokens_of(vec![Reply::Columns(columns), row, NONE], false, Ending::Last);
        assert!(!out.contains(&0xD1));
        assert_eq!(out[out.len() - 13..][..2], [0xFD, 2]);
    }
}
