//! Encodes the engine's replies as tokens, in the order and with the bits that clients rely on.
//!
//! A DONE must say whether more follows, which the engine does not know; so the last one is held back until the next reply
//! or the end.

use std::sync::Arc;

use super::reply::{Reply, SqlMessage};
use super::tds::tokens::{self, DoneToken, EnvChange, done};
use super::value::{Column, SqlType, Value};

/// The command code of SELECT in DONE; others do not matter to clients.
const SELECT: u16 = 0xC1;

/// Creates a message with state 1 and line 1, which no client evaluates.
pub fn message(number: i32, class: u8, text: impl Into<String>) -> SqlMessage {
    SqlMessage { number, state: 1, class, text: text.into(), procedure: String::new(), line: 1 }
}

/// How a request ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// Another call of the same message follows.
    NextCall,
    /// Nothing follows in this message.
    Last,
}

#[derive(Debug, Clone, Copy)]
struct HeldDone {
    kind: DoneToken,
    bits: u16,
    command: u16,
    rows: Option<u64>,
}

/// Encodes the replies of one request.
#[derive(Debug)]
pub struct ReplyWriter {
    out: Vec<u8>,
    server: Arc<str>,
    call: bool,
    columns: Vec<Column>,
    /// The command code for the next DONE.
    command: u16,
    held: Option<HeldDone>,
    /// The statement has failed and its DONE has not been written yet.
    failed: bool,
    /// A row of the result set could not be encoded; the rows after it are dropped, or they would look like all of them.
    cut_short: bool,
    /// The number of the request's last error.
    error: Option<i32>,
    status: Option<i32>,
    values: Vec<(String, SqlType, Value)>,
}

impl ReplyWriter {
    /// Creates a writer for a batch or a transaction request. `server` is the server's name, which errors carry.
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

    /// Starts a call of a message; its statements end in other tokens than a batch's.
    pub fn begin_call(&mut self) {
        self.call = true;
        self.error = None;
        self.failed = false;
    }

    /// Returns the number of encoded bytes that have not been taken.
    pub fn len(&self) -> usize {
        self.out.len()
    }

    /// Takes the first `count` bytes.
    pub fn take(&mut self, count: usize) -> Vec<u8> {
        let rest = self.out.split_off(count.min(self.out.len()));
        std::mem::replace(&mut self.out, rest)
    }

    /// Returns whether an error has been written.
    pub fn has_failed(&self) -> bool {
        self.error.is_some()
    }

    /// Writes a change of the session's environment.
    pub fn change(&mut self, change: &EnvChange<'_>) {
        // A held DONE is sent after it: the change must come before the end of its statement.
        tokens::change(&mut self.out, change);
    }

    /// Writes one reply of the engine.
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
                    && let Err(mismatch) = tokens::row(&mut self.out, &self.columns, &values)
                {
                    tracing::warn!("a row could not be encoded: {mismatch}");
                    self.cut_short = true;
                    self.error(&message(40510, 16, "A value of this result is not supported by the practice server."));
                }
            }
            Reply::Done { rows } => {
                self.release();
                let kind = match (self.call, self.status) {
                    (true, _) => DoneToken::InProcedure,
                    (false, None) => DoneToken::Batch,
                    (false, Some(_)) => DoneToken::Procedure,
                };
                if !self.call {
                    self.status = None;
                }
                let bits = if self.failed { done::ERROR } else { 0 };
                let command = std::mem::take(&mut self.command);
                self.failed = false;
                self.held = Some(HeldDone { kind, bits, command, rows });
            }
            Reply::Message(message) => self.error(&message),
            Reply::Database { old, new } => {
                self.release();
                tokens::change(&mut self.out, &EnvChange::Database(&new, &old));
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

    /// Writes a message, an error or information.
    fn error(&mut self, message: &SqlMessage) {
        self.release();
        tokens::message(&mut self.out, message, &self.server);
        if message.class > 10 {
            self.failed = true;
            self.error = Some(message.number);
        }
    }

    /// Writes the DONE that was held back, because more follows.
    fn release(&mut self) {
        if let Some(held) = self.held.take() {
            let bits = held.bits | done::MORE;
            tokens::done(&mut self.out, held.kind, bits, held.command, held.rows);
        }
    }

    /// Ends a batch, a call or a transaction request.
    pub fn end(&mut self, ending: Ending) {
        if self.call {
            self.end_call(ending);
            return;
        }
        let rest = HeldDone {
            kind: match self.status.take() {
                Some(_) => DoneToken::Procedure,
                None => DoneToken::Batch,
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
        // A procedure always has a status; after an error it is the error's number.
        let status = self.status.take().or(self.error).unwrap_or(0);
        tokens::return_status(&mut self.out, status);
        let mut ordinal = 0;
        for (name, kind, value) in std::mem::take(&mut self.values) {
            // A value that does not fit is omitted: the client's variable stays unset, and the reply stays valid.
            if tokens::return_value(&mut self.out, ordinal, &name, kind, &value).is_ok() {
                ordinal += 1;
            }
        }
        let mut bits = if self.error.is_some() { done::ERROR } else { 0 };
        if ending == Ending::NextCall {
            bits |= done::MORE;
        }
        tokens::done(&mut self.out, DoneToken::Procedure, bits, 0, None);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn encode_replies(replies: Vec<Reply>, call: bool, ending: Ending) -> Vec<u8> {
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
        let out = encode_replies(vec![NONE, NONE], false, Ending::Last);
        assert_eq!((out[0], out[1], out[13], out[14]), (0xFD, 1, 0xFD, 0));
        assert_eq!(out.len(), 26);
    }

    #[test]
    fn a_batch_without_a_statement_still_ends() {
        assert_eq!(encode_replies(vec![], false, Ending::Last)[..2], [0xFD, 0]);
    }

    #[test]
    fn an_error_marks_the_done_behind_it_even_when_there_is_none() {
        let error = Reply::Message(message(208, 16, "x"));
        let out = encode_replies(vec![NONE, error.clone()], false, Ending::Last);
        assert_eq!(out[..2], [0xFD, 1]);
        assert_eq!(out[out.len() - 13..][..2], [0xFD, 2]);
        let out = encode_replies(vec![error, NONE], false, Ending::Last);
        assert_eq!(out[out.len() - 13..][..2], [0xFD, 2]);
    }

    #[test]
    fn a_failed_call_ends_in_procedure_status_procedure() {
        let error = Reply::Message(message(208, 16, "x"));
        let out = encode_replies(vec![error], true, Ending::Last);
        let end = &out[out.len() - 31..];
        assert_eq!(end[..2], [0xFF, 3]);
        assert_eq!(end[13..18], [0x79, 208, 0, 0, 0]);
        assert_eq!(end[18..20], [0xFE, 2]);
    }

    #[test]
    fn a_value_that_fits_no_column_is_an_error_and_not_a_broken_row() {
        let columns = vec![Column { name: "n".to_owned(), kind: SqlType::Int, nullable: false }];
        let row = Reply::Row(vec![Value::Text("x".to_owned())]);
        let out = encode_replies(vec![Reply::Columns(columns), row, NONE], false, Ending::Last);
        assert!(!out.contains(&0xD1));
        assert_eq!(out[out.len() - 13..][..2], [0xFD, 2]);
    }
}
